"""The surge's thread in the crm process."""

from __future__ import annotations

import threading

from callcenter.clock import Clock
from callcenter.orders import Asker
from callcenter.settings import Settings
from callcenter.site import Site
from crm.database import Database
from crm.herald import Herald
from crm.surge.board import BoardReader
from crm.surge.following import CallsIn
from crm.surge.keeper import SurgeKeeper
from crm.surge.lately import Expected
from crm.threads import started


def surge_thread(database: Database, site: Site, settings: Settings, clock: Clock, herald: Herald, stop: threading.Event, *,
                 calls_in: CallsIn | None = None, expected: Expected | None = None) -> threading.Thread:
    """Running. It ends within seconds of `stop`."""
    asker = Asker(settings.redis_url, clock)
    keeper = SurgeKeeper(database, site, clock, herald.report, board=BoardReader(settings.redis_url),
                         ask=lambda command: asker.ask(command, "crm"), tell=herald.tell, calls_in=calls_in, expected=expected)
    return started("surge", keeper.rounds, stop, herald.report, reports_itself=True)
