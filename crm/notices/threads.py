"""The desk's threads in the crm process: the clocks' and the deliveries'."""

from __future__ import annotations

import threading

from callcenter.clock import Clock
from callcenter.site import Site
from crm.clocks.keeper import ClockKeeper
from crm.database import Database
from crm.notices.channels import Secrets
from crm.notices.deliverer import Deliverer, channels_of
from crm.reports.schedules.keeper import ReportKeeper
from crm.reports.schedules.letters import ReportLetters
from crm.threads import Reports, started


def desk_threads(database: Database, site: Site, secrets: Secrets, clock: Clock, report: Reports,
                 stop: threading.Event) -> list[threading.Thread]:
    """Running. They end within seconds of `stop`."""
    keeper = ClockKeeper(database, site, clock, report)
    deliverer = Deliverer(database, site, channels_of(site, secrets), clock, report)
    channels = channels_of(site, secrets)
    letters = Deliverer(database, site, channels, clock, report, out=ReportLetters(), component="report_letters")
    return [started("reports", ReportKeeper(database, site, clock, report).rounds, stop, report, reports_itself=True),
            started("report_letters", letters.rounds, stop, report, reports_itself=True),
            started("clocks", keeper.rounds, stop, report, reports_itself=True),
            started("notices", deliverer.rounds, stop, report, reports_itself=True)]
