"""Engineers as they are proposed: who they are, what they can, what they have open, when they are on duty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.roles import Role
from crm.repairs.models import WorkOrder
from crm.repairs.proposing import Engineer, Proposal, Wanted, propose, skill_for, weight
from crm.roster.models import Skill, UserSkill
from crm.roster.service import around
from crm.staff.models import User
from crm.tickets.models import Ticket

REPAIR: Final = "repair"
OVER: Final = ("finished",)      # nothing more for its engineer to do


def proposals(session: Session, ticket: Ticket, weights: Mapping[str, float], now: datetime,
              planned_at: datetime | None = None) -> tuple[Proposal, ...]:
    """`planned_at`: the appointment that it is about to get, instead of the one that it has."""
    return all_proposals(session, [ticket], weights, now, planned_at)[ticket.id]


def all_proposals(session: Session, tickets: Sequence[Ticket], weights: Mapping[str, float], now: datetime,
                  planned_at: datetime | None = None) -> dict[int, tuple[Proposal, ...]]:
    """By the tickets' ids; the engineers and their load are read once."""
    wanted = all_wanted(session, tickets)
    if planned_at is not None:
        wanted = {ident: replace(one, at=planned_at) for ident, one in wanted.items()}
    people = engineers(session, weights, [now, *(max(now, one.at) for one in wanted.values() if one.at is not None)])
    return {ident: propose(one, people, now) for ident, one in wanted.items()}


def wanted_for(session: Session, ticket: Ticket) -> Wanted:
    return all_wanted(session, [ticket])[ticket.id]


def all_wanted(session: Session, tickets: Sequence[Ticket]) -> dict[int, Wanted]:
    """What their categories ask for, or the other trade that the last engineer found one needs."""
    orders: dict[int, list[WorkOrder]] = defaultdict(list)
    for order in session.scalars(select(WorkOrder).where(WorkOrder.ticket_id.in_([one.id for one in tickets]))
                                 .order_by(WorkOrder.run)):
        orders[order.ticket_id].append(order)
    serves: dict[str, list[str]] = {row.code: row.serves for row in session.scalars(
        select(Skill).where(Skill.retired.is_(False)))}
    return {one.id: _wanted(one, orders[one.id], serves) for one in tickets}


def engineers(session: Session, weights: Mapping[str, float], moments: list[datetime]) -> list[Engineer]:
    """Active users of the role, by name."""
    shifts, away = around(session, moments)
    skills: dict[int, set[str]] = defaultdict(set)
    for user_id, skill in session.execute(select(UserSkill.user_id, UserSkill.skill)).all():
        skills[user_id].add(skill)
    users = [user for user in session.scalars(select(User).where(User.active).order_by(User.name)) if is_engineer(user)]
    load, count = _load(session, weights, [user.id for user in users])
    return [Engineer(
        user.id, user.name, frozenset(skills[user.id]), None if user.estates is None else frozenset(user.estates),
        load[user.id], count[user.id], tuple(one for one in shifts if one.user_id == user.id),
        tuple(one for one in away if one.user_id == user.id)) for user in users]


def is_engineer(user: User) -> bool:
    return Role.ENGINEER.value in user.roles


def _wanted(ticket: Ticket, orders: Sequence[WorkOrder], serves: Mapping[str, Sequence[str]]) -> Wanted:
    # Without one that is retired since: nobody is given that any more.
    told = next((order.needs_skill for order in reversed(orders) if order.needs_skill in serves), None)
    at = ticket.fields.get("appointment")
    return Wanted(told or skill_for(ticket.category, serves), ticket.estate_id,
                  datetime.fromisoformat(at) if isinstance(at, str) else None,
                  frozenset(order.engineer_id for order in orders if order.state in ("declined", "handed_back")))


def _load(session: Session, weights: Mapping[str, float], ids: Sequence[int]) -> tuple[dict[int, float], dict[int, int]]:
    """What they have open: its weight, and how many. Counted by the database: there may be thousands."""
    open_ones = select(Ticket.assignee_id, Ticket.fields["urgency"].as_string().label("urgency"),
                       Ticket.fields["grade"].as_string().label("grade")).where(
        Ticket.assignee_id.in_(ids), Ticket.state == "open", Ticket.kind == REPAIR, Ticket.stage.not_in(OVER)).subquery().c
    asked = (open_ones.assignee_id, open_ones.urgency, open_ones.grade)
    load: dict[int, float] = defaultdict(float)
    count: dict[int, int] = defaultdict(int)
    # In one order, so that the same load is the same number.
    for user_id, urgency, grade, many in session.execute(select(*asked, func.count()).group_by(*asked).order_by(*asked)):
        load[user_id] += many * weight(urgency, grade, weights)
        count[user_id] += many
    return load, count
