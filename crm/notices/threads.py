"""The desk's threads in the crm process: the clocks' and the deliveries'."""

from __future__ import annotations

import threading

from callcenter.clock import Clock
from callcenter.site import Site
from crm.clocks.keeper import ClockKeeper, Reports
from crm.database import Database
from crm.notices.channels import Secrets
from crm.notices.deliverer import Deliverer, channels_of


def desk_threads(database: Database, site: Site, secrets: Secrets, clock: Clock, report: Reports,
                 stop: threading.Event) -> list[threading.Thread]:
    """Running. They end within seconds of `stop`."""
    keeper = ClockKeeper(database, site, clock, report)
    deliverer = Deliverer(database, site, channels_of(site, secrets), clock, report)
    threads = [threading.Thread(target=work, args=(stop,), name=name, daemon=True)
               for name, work in (("clocks", keeper.run), ("notices", deliverer.run))]
    for thread in threads:
        thread.start()
    return threads
