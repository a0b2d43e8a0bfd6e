"""Engineers as they are proposed: who they are, what they can, what they have open, when they are on duty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import select
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


def proposals(session: Session, ticket: Ticket, weights: Mapping[str, float], now: datetime) -> tuple[Proposal, ...]:
    wanted = wanted_for(session, ticket)
    moments = [now] if wanted.at is None else [now, max(now, wanted.at)]
    return propose(wanted, engineers(session, weights, moments), now)


def wanted_for(session: Session, ticket: Ticket) -> Wanted:
    """What its category asks for, or the other trade that the last engineer found it needs."""
    orders = session.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket.id).order_by(WorkOrder.run)).all()
    serves: dict[str, list[str]] = {row.code: row.serves for row in session.scalars(
        select(Skill).where(Skill.retired.is_(False)))}
    told = next((order.needs_skill for order in reversed(orders) if order.needs_skill), None)
    at = ticket.fields.get("appointment")
    return Wanted(told or skill_for(ticket.category, serves), ticket.estate_id,
                  datetime.fromisoformat(at) if isinstance(at, str) else None,
                  frozenset(order.engineer_id for order in orders if order.state in ("declined", "handed_back")))


def engineers(session: Session, weights: Mapping[str, float], moments: list[datetime]) -> list[Engineer]:
    """Active users of the role, by name."""
    shifts, away = around(session, moments)
    skills: dict[int, set[str]] = defaultdict(set)
    for user_id, skill in session.execute(select(UserSkill.user_id, UserSkill.skill)).all():
        skills[user_id].add(skill)
    load: dict[int, list[float]] = defaultdict(list)
    users = [user for user in session.scalars(select(User).where(User.active).order_by(User.name)) if is_engineer(user)]
    ids = [user.id for user in users]
    for row in session.scalars(select(Ticket).where(Ticket.assignee_id.in_(ids), Ticket.state == "open", Ticket.kind == REPAIR,
                                                    Ticket.stage.not_in(OVER))):
        if row.assignee_id is not None:
            load[row.assignee_id].append(weight(row.fields.get("urgency"), row.fields.get("grade"), weights))
    return [Engineer(
        user.id, user.name, frozenset(skills[user.id]), None if user.estates is None else frozenset(user.estates),
        sum(load[user.id]), len(load[user.id]), tuple(one for one in shifts if one.user_id == user.id),
        tuple(one for one in away if one.user_id == user.id)) for user in users]


def is_engineer(user: User) -> bool:
    return Role.ENGINEER.value in user.roles
