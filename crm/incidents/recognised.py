"""Missed calls from a place with a known incident are tied to it (H6). Nobody has heard what they were about: whoever rang is
called back all the same, and is counted among those who called about it. Callers commit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from crm.households.models import Household
from crm.incidents.declared.acts import call_tied
from crm.incidents.models import IncidentCall, KnownIncident
from crm.incidents.service import callers_of
from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.tickets.errors import TicketClosed
from crm.tickets.models import Ticket
from crm.tickets.service import changed, record, to_work_on


@dataclass(frozen=True)
class HeldIncident:
    """Its ticket, locked."""

    row: Ticket
    kind: Kind


def known_at(session: Session, homes: Collection[int], at: datetime) -> dict[int, HeldIncident]:
    """By household: what is known in its building, else in all of its estate, the newest; locked, as it must be before a ticket
    gets its number. One statement when there is nothing, none without households."""
    if not homes:
        return {}
    here = or_(KnownIncident.building_id.is_(None), KnownIncident.building_id == Household.building_id)
    newest: dict[int, int] = dict(session.execute(
        select(Household.id, KnownIncident.ticket_id)
        .join(KnownIncident, and_(KnownIncident.estate_id == Household.estate_id, here))
        .join(Ticket, Ticket.id == KnownIncident.ticket_id)
        .where(Household.id.in_(sorted(homes)), KnownIncident.until > at, Ticket.state == "open")
        .order_by(KnownIncident.building_id.is_not(None), KnownIncident.since, KnownIncident.ticket_id)).all())
    held: dict[int, HeldIncident] = {}
    for ticket_id in sorted(set(newest.values())):
        try:
            held[ticket_id] = HeldIncident(*to_work_on(session, SYSTEM, ticket_id, None))
        except TicketClosed:
            continue             # meanwhile
    return {home: held[ticket_id] for home, ticket_id in newest.items() if ticket_id in held}


def tie_missed(session: Session, incident: HeldIncident, callbacks: Sequence[Ticket], at: datetime) -> None:
    """The calls for which these tickets were opened. One that an agent has tied already, before it was cut off, is left."""
    row = incident.row
    tied = set(session.scalars(select(IncidentCall.call_id).where(
        IncidentCall.ticket_id == row.id, IncidentCall.call_id.in_([ticket.call_id for ticket in callbacks]))))
    further = [ticket for ticket in callbacks if ticket.call_id not in tied]
    if not further:
        return
    session.add_all(IncidentCall(ticket_id=row.id, at=ticket.created_at, who=SYSTEM.name, call_id=ticket.call_id,
                                 household_id=ticket.household_id, contact_number=ticket.contact_number) for ticket in further)
    session.flush()
    callers = callers_of(session, [row.id]).get(row.id, 0)
    for ticket in further:
        record(session, row, SYSTEM, at, "called", {"call_id": ticket.call_id, "household": ticket.household_id,
                                                    "callers": callers, "missed": ticket.id})
    changed(session, row, incident.kind, at)
    call_tied(session, SYSTEM, row.id, at, callers)
    note(session, at, "incident.called", f"ticket:{row.id}", estate_id=row.estate_id, callers=callers, household=None)
    session.flush()
