"""The thread of emergencies in the crm process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from callcenter.clock import Clock
from callcenter.commands import Answer, SetNotice
from callcenter.site import Site
from crm.database import Database
from crm.incidents.declared.broadcast import Rings
from crm.incidents.declared.keeper import IncidentKeeper, Tells
from crm.incidents.declared.load import types_of
from crm.threads import Reports, started

log = structlog.get_logger("incidents")


def incident_thread(database: Database, site: Site, site_file: Path, clock: Clock, herald: Tells, report: Reports,
                    ask: Callable[[SetNotice], Answer], rings: Rings, stop: threading.Event) -> threading.Thread:
    """Running. It ends within seconds of `stop`."""
    types = types_of(site_file)
    for fault in types.faults:
        log.error("type_unfit", fault=str(fault))
    keeper = IncidentKeeper(database, site, types, clock, report, herald, ask, rings)
    return started("incidents", keeper.rounds, stop, report, reports_itself=True)
