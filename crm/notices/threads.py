"""The desk's threads in the crm process: the clocks' and the reports'."""

from __future__ import annotations

import threading

from callcenter.clock import Clock
from callcenter.site import Site
from crm.clocks.keeper import ClockKeeper
from crm.database import Database
from crm.reports.schedules.keeper import ReportKeeper
from crm.threads import Reports, started


def desk_threads(database: Database, site: Site, clock: Clock, report: Reports, stop: threading.Event) -> list[threading.Thread]:
    """Running. They end within seconds of `stop`."""
    return [started("reports", ReportKeeper(database, site, clock, report).rounds, stop, report, reports_itself=True),
            started("clocks", ClockKeeper(database, site, clock, report).rounds, stop, report, reports_itself=True)]
