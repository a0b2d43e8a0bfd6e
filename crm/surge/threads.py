"""The surge's threads in the crm process: the keeper's and its letters'."""

from __future__ import annotations

import threading
from zoneinfo import ZoneInfo

from callcenter.clock import Clock
from callcenter.orders import Asker
from callcenter.settings import Settings
from callcenter.site import Site
from crm.database import Database
from crm.herald import Herald
from crm.notices.deliverer import Deliverer, channels_of
from crm.surge.board import BoardReader
from crm.surge.following import CallsIn
from crm.surge.keeper import SurgeKeeper
from crm.surge.lately import Expected
from crm.surge.letters import SurgeLetters
from crm.threads import started


def surge_threads(database: Database, site: Site, settings: Settings, clock: Clock, herald: Herald, stop: threading.Event, *,
                  calls_in: CallsIn | None = None, expected: Expected | None = None) -> list[threading.Thread]:
    """Running. They end within seconds of `stop`."""
    asker = Asker(settings.redis_url, clock)
    keeper = SurgeKeeper(database, site, clock, herald.report, board=BoardReader(settings.redis_url),
                         ask=lambda command: asker.ask(command, "crm"), tell=herald.tell, calls_in=calls_in, expected=expected)
    letters = Deliverer(database, site, channels_of(site, settings.secrets), clock, herald.report,
                        out=SurgeLetters(site, ZoneInfo(site.timezone)), component="surge_letters")
    return [started("surge", keeper.rounds, stop, herald.report, reports_itself=True),
            started("surge_letters", letters.rounds, stop, herald.report, reports_itself=True)]
