"""What is known of numbers besides their households, read whole: agi keeps it at hand, a caller waits for no query of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from crm.callers.models import Treatment
from crm.calls.models import CallRow
from crm.tickets.models import Ticket

AGAIN_WITHIN: Final = timedelta(hours=1)
KNOWN_FOR: Final = timedelta(hours=24)      # an agent is preferred for so long after the last call, while a ticket is open
MOST_MATTERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Held:
    """A treatment that holds, until `until` if there is one."""

    level: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Came:
    number: str
    call_id: str
    at: datetime


def treatments_held(session: Session) -> dict[str, Held]:
    rows = session.execute(select(Treatment.number, Treatment.level, Treatment.until).where(Treatment.state == "active"))
    return {number: Held(level, until) for number, level, until in rows}


def calls_since(session: Session, since: datetime) -> list[Came]:
    rows = session.execute(select(CallRow.number, CallRow.call_id, CallRow.entered_at)
                           .where(CallRow.entered_at > since, CallRow.number.is_not(None)))
    return [Came(number, call_id, at) for number, call_id, at in rows if number and at]


def agents_of_open_matters(session: Session, since: datetime) -> dict[str, str]:
    """By number: who answered its last call after `since`, where a ticket of the number or its household is open. A seat stands
    for the agent where nobody signs in. A complaint about somebody leads back to nobody (D3)."""
    is_open = exists(select(Ticket.id).where(Ticket.state == "open", Ticket.about_id.is_(None), or_(
        Ticket.household_id == CallRow.household_id, Ticket.contact_number == CallRow.number)))
    rows = session.execute(
        select(CallRow.number, func.coalesce(CallRow.answered_agent, CallRow.answered_by))
        .where(CallRow.entered_at > since, CallRow.number.is_not(None), CallRow.answered_by.is_not(None), is_open)
        .order_by(CallRow.entered_at.desc()).limit(MOST_MATTERS))
    found: dict[str, str] = {}
    for number, agent in rows:
        if number:
            found.setdefault(number, agent)
    return found
