"""Every report, a line each module, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from callcenter.errors import NotFound
from crm.reports.shelf import (
    of_agents,
    of_calls,
    of_clocks,
    of_complaints,
    of_deliveries,
    of_followups,
    of_ledgers,
    of_log,
    of_tickets,
)
from crm.reports.shelf.report import Report
from crm.staff.actor import Actor

ALL: Final[tuple[Report, ...]] = (
    *of_calls.REPORTS,
    *of_agents.REPORTS,
    *of_log.REPORTS,
    *of_tickets.REPORTS,
    *of_clocks.REPORTS,
    *of_complaints.REPORTS,
    *of_ledgers.REPORTS,
    *of_followups.REPORTS,
    *of_deliveries.REPORTS,
)
_BY_ID: Final = {report.id: report for report in ALL}
assert len(_BY_ID) == len(ALL), "two reports have the same id"


def reports_for(actor: Actor) -> list[Report]:
    return [report for report in ALL if actor.has(*report.roles)]


def report_for(actor: Actor, report_id: str) -> Report:
    """Raises NotFound, also for one that the actor's roles may not see."""
    report = _BY_ID.get(report_id)
    if report is None or not actor.has(*report.roles):
        raise NotFound(f"report {report_id}")
    return report
