"""Who stands above somebody: to whom an upheld complaint about them goes (E2)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.roles import Role
from crm.staff.agents_models import AgentRow
from crm.staff.models import User

# Where nobody is named: the lowest of these roles that somebody at all has.
ABOVE: Final = {Role.LEADER: (Role.SUPERVISOR, Role.MANAGER), Role.DUTY_LEAD: (Role.MANAGER,), Role.SUPERVISOR: (Role.MANAGER,),
                Role.MANAGER: (Role.OPERATIONS,)}
OF_OTHERS: Final = (Role.LEADER, Role.SUPERVISOR, Role.MANAGER)


def superior_of(session: Session, user_id: int) -> int | None:
    """Who is named as the user's superior; else the leader of the agent's team; else who leads at the user's estates. Active,
    and never the user. None: there is nobody."""
    user = session.get(User, user_id)
    if user is None:
        return None
    if user.superior_id is not None and session.scalar(select(User.active).where(User.id == user.superior_id)):
        return user.superior_id
    agent = session.scalar(select(AgentRow).where(AgentRow.user_id == user_id))
    if agent is not None and agent.team is not None and not agent.leader:
        leader = session.scalar(
            select(AgentRow.user_id).join(User, User.id == AgentRow.user_id)
            .where(AgentRow.team == agent.team, AgentRow.leader, AgentRow.active, User.active, User.id != user_id)
            .order_by(AgentRow.code).limit(1))
        if leader is not None:
            return leader
    people = session.scalars(select(User).where(User.active, User.id != user_id).order_by(User.id)).all()
    own = frozenset(Role(role) for role in user.roles)
    above = next((roles for role, roles in reversed(ABOVE.items()) if role in own), OF_OTHERS)
    for role in above:
        for person in people:
            if role in person.roles and (person.estates is None or user.estates is None or set(person.estates) & set(user.estates)):
                return person.id
    return None
