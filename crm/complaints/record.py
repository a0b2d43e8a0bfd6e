"""Complaints in the record of whom they are about (D3, E2, K3): how many were upheld, by person and time, and what everybody may
know of their own once it is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.complaints.sources import kinds_counted, of_estates
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.agents_models import AgentRow
from crm.staff.models import User
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket
from crm.tickets.schemas import TicketShown
from crm.tickets.showing import shown

MOST: Final = 200
UPHELD: Final = {"valid": "upheld", "partly": "partly", "invalid": "not_upheld"}
COUNTED: Final = ("valid", "partly")     # of an agent
FIGURES: Final = ("upheld", "partly", "not_upheld")
_VALIDITY: Final = Ticket.fields["validity"].as_string()


@dataclass(frozen=True)
class RecordRow:
    """`complaints upheld`: closed within the time and found valid, or partly so; each counts in the month in which it was closed.
    Source: tickets.about_id, .closed_at, field `validity`."""

    user: str
    agent: str | None            # code
    name: str | None             # as an agent
    team: str | None
    upheld: int
    partly: int
    not_upheld: int


@dataclass(frozen=True)
class OwnResult:
    """What the person is told of it: nothing of who complained, nor of the words."""

    closed_at: datetime
    kind: str
    category: str | None
    result: str                  # upheld, partly, not_upheld


@dataclass(frozen=True)
class OwnRecord:
    items: tuple[OwnResult, ...]


def record_of_all(session: Session, actor: Actor, since: datetime, before: datetime) -> list[RecordRow]:
    """Those about whom something was closed within that time, most upheld first; nobody reads of themselves here."""
    each = select(Ticket.about_id, _VALIDITY.label("validity")).where(*_closed(session, actor, since, before)).subquery()
    counted: dict[int, dict[str, int]] = {}
    for about_id, validity, number in session.execute(
            select(each.c.about_id, each.c.validity, func.count()).group_by(each.c.about_id, each.c.validity)):
        counted.setdefault(about_id, dict.fromkeys(FIGURES, 0))[UPHELD[validity]] = number
    people = {user.id: user for user in session.scalars(select(User).where(User.id.in_(counted)))}
    agents = {row.user_id: row for row in session.scalars(select(AgentRow).where(AgentRow.user_id.in_(counted)))}
    made = []
    for user_id, numbers in counted.items():
        agent = agents.get(user_id)
        made.append(RecordRow(people[user_id].name, agent.code if agent else None, agent.name if agent else None,
                              agent.team if agent else None, **numbers))
    return sorted(made, key=lambda row: (-row.upheld, -row.partly, row.user))


def upheld_of_agents(session: Session, actor: Actor, since: datetime, before: datetime) -> list[tuple[str, datetime]]:
    """(agent's code, when it was closed) of each complaint that was upheld, or partly so: K3's figure of an agent's day."""
    rows = session.execute(select(AgentRow.code, Ticket.closed_at).join(AgentRow, AgentRow.user_id == Ticket.about_id).where(
        *_closed(session, actor, since, before), _VALIDITY.in_(COUNTED)).order_by(Ticket.closed_at, Ticket.id))
    return [(code, closed_at) for code, closed_at in rows if closed_at is not None]


def rows_behind(session: Session, view: View, person: str, figure: str, since: datetime, before: datetime, *,
                is_agent: bool = False) -> list[TicketShown]:
    """The complaints that count, newest first, at most two hundred. `person`: a user's name, or an agent's code. `counted`: upheld
    or partly, as in an agent's record. Nothing of one's own, nor of an agent who is no user. Raises NotFound."""
    found = session.execute(select(AgentRow.user_id).where(AgentRow.code == person) if is_agent
                            else select(User.id).where(User.name == person)).first()
    if found is None:
        raise NotFound(f"{figure} of {person}")
    ident = found[0]
    if ident is None or ident == view.actor.user_id:
        return []
    wanted = COUNTED if figure == "counted" else [validity for validity, name in UPHELD.items() if name == figure]
    rows = session.scalars(select(Ticket).where(
        *_closed(session, view.actor, since, before), Ticket.about_id == ident, _VALIDITY.in_(wanted))
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc()).limit(MOST))
    return shown(session, view, list(rows))


def own(session: Session, actor: Actor, since: datetime, before: datetime) -> OwnRecord:
    """Of whoever asks, only what is closed: the newest two hundred, oldest first."""
    rows = session.execute(select(Ticket.closed_at, Ticket.kind, Ticket.category, _VALIDITY).where(
        *_closed(session, SYSTEM, since, before), Ticket.about_id == actor.user_id)
        .order_by(Ticket.closed_at.desc(), Ticket.id.desc()).limit(MOST)).all()
    return OwnRecord(tuple(OwnResult(closed_at, kind, category, UPHELD[validity])
                           for closed_at, kind, category, validity in reversed(rows) if closed_at is not None))


def _closed(session: Session, actor: Actor, since: datetime, before: datetime) -> list[ColumnElement[bool]]:
    return [Ticket.about_id.is_not(None), Ticket.kind.in_(list(kinds_counted(session, actor))), Ticket.state == "closed",
            Ticket.closed_at >= since, Ticket.closed_at < before, _VALIDITY.in_(list(UPHELD)), *of_estates(actor, None),
            *not_about(actor)]
