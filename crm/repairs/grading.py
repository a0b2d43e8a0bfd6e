"""Grades A, B, C (F3), set by the engineer or the duty manager; a complex repair goes by another response clock (F2)."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from callcenter.errors import Forbidden
from callcenter.roles import Role
from crm.repairs.orders import repair
from crm.staff.actor import Actor
from crm.tickets import service
from crm.tickets.models import Ticket
from crm.tickets.schemas import Changes

GRADES: Final = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE})


def urgency_for(grade: str, urgency: str | None) -> str | None:
    """C makes an ordinary repair complex, A and B make a complex one ordinary again. What is urgent stays so: that it is hard to
    mend is no reason to come later. Pure."""
    if grade == "c":
        return "complex" if urgency in (None, "ordinary") else urgency
    return "ordinary" if urgency == "complex" else urgency


def graded(row: Ticket, grade: str) -> dict[str, object]:
    """The fields that follow; the clocks follow them."""
    before = row.fields.get("urgency")
    after = urgency_for(grade, before if isinstance(before, str) else None)
    return {"grade": grade} | ({"urgency": after} if after != before else {})


def grade(session: Session, actor: Actor, ticket_id: int, to: str, now: datetime, if_version: int | None = None) -> Ticket:
    """By the duty manager. Raises NotFound, Forbidden, Changed, NoRepair, TicketClosed."""
    row, _ = repair(session, actor, ticket_id, if_version)
    if not actor.has(*GRADES):
        raise Forbidden
    return service.fill_in(session, actor, row.id, Changes(graded(row, to)), now)
