"""Agents: who they are, what acd is told of them, their PINs, and how the site file's become rows at the first start.

What changes one of them is in agents_change.py. Every change raises the roster's version: see `roster_version`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session, selectinload

from callcenter.errors import Conflict, NotFound
from callcenter.roster import Agent, Roster
from callcenter.site import Site
from crm.staff.agents_models import AgentRow, AgentSkill, FailedPin, RosterVersion
from crm.staff.audit import record_audit
from crm.staff.hashes import hash_of, matches
from crm.staff.models import User
from crm.staff.service import TRIES_PER_NAME, TRIES_WINDOW

PIN: Final = re.compile(r"[0-9]{4,8}")
_THE_ONLY_ROW: Final = 1


class BadPin(Conflict):
    """Four to eight digits: it is typed on a phone."""

    code = "bad_pin"
    status = 422


def agent_of(session: Session, user_id: int) -> Agent | None:
    """The active agent whom this user is."""
    row = session.scalar(_rows().where(AgentRow.user_id == user_id, AgentRow.active))
    return as_agent(row) if row else None


def agent_named(session: Session, code: str) -> AgentRow:
    """Raises NotFound; also who is not active."""
    row = session.scalar(_rows().where(AgentRow.code == code))
    if row is None:
        raise NotFound(f"agent {code}")
    return row


def agents(session: Session) -> list[AgentRow]:
    """All, by code; those who left too."""
    return list(session.scalars(_rows().order_by(AgentRow.code)))


def user_names(session: Session) -> dict[int, str]:
    """Of those users who are agents."""
    return dict(session.execute(select(User.id, User.name).join(AgentRow, AgentRow.user_id == User.id)).all())


def roster(session: Session) -> Roster:
    """What acd is told: active agents only."""
    return Roster({row.code: as_agent(row) for row in session.scalars(_rows().where(AgentRow.active).order_by(AgentRow.code))})


def roster_version(session: Session) -> int:
    return session.scalar(select(RosterVersion.version).where(RosterVersion.id == _THE_ONLY_ROW)) or 0


def raise_roster_version(session: Session) -> None:
    """To be called by whatever changes an agent, in its transaction."""
    session.execute(update(RosterVersion).where(RosterVersion.id == _THE_ONLY_ROW).values(version=RosterVersion.version + 1))


def compare_pin(session: Session, code: str, pin: str, now: datetime) -> str | None:
    """The agent's hash, if the PIN fits it. In a transaction that only reads (see crm.staff.service.compare)."""
    if _is_throttled(session, code, now):
        return None
    hashed = session.scalar(select(AgentRow.pin_hash).where(AgentRow.code == code, AgentRow.active))
    return hashed if matches(hashed, pin) else None


def check_pin(session: Session, code: str, fits: str | None, now: datetime) -> bool:
    """Whether what the PIN fits is the agent's. Commit whatever the answer: a wrong one has written the failed attempt, and too
    many of those refuse even the right PIN for a while."""
    if _is_throttled(session, code, now):
        return False
    hashed = session.scalar(select(AgentRow.pin_hash).where(AgentRow.code == code, AgentRow.active))
    if fits is None or hashed != fits:
        session.add(FailedPin(code=code[:6], at=now))
        return False
    session.execute(delete(FailedPin).where((FailedPin.code == code) | (FailedPin.at <= now - TRIES_WINDOW)))
    return True


def _is_throttled(session: Session, code: str, now: datetime) -> bool:
    tries = session.scalar(select(func.count()).select_from(FailedPin)
                           .where(FailedPin.code == code[:6], FailedPin.at > now - TRIES_WINDOW))
    return (tries or 0) >= TRIES_PER_NAME


def set_pin(session: Session, code: str, pin: str) -> None:
    """Raises NotFound, BadPin. Who was refused for too many tries may try again."""
    if not PIN.fullmatch(pin):
        raise BadPin
    agent_named(session, code).pin_hash = hash_of(pin)
    session.execute(delete(FailedPin).where(FailedPin.code == code))


def seed_agents(session: Session, site: Site, pins: Mapping[str, str], now: datetime) -> list[str]:
    """Adds the site file's agents whose code is not there yet; the codes of those. Who is there is left as it is: the
    database says what holds. An agent's user is linked if it exists and is nobody else's."""
    there = set(session.scalars(select(AgentRow.code)))
    taken = set(session.scalars(select(AgentRow.user_id).where(AgentRow.user_id.is_not(None))))
    users = dict(session.execute(select(User.name, User.id)).all())
    added = []
    for given in site.agents:
        if given.code in there:
            continue
        user_id = users.get(given.user) if given.user else None
        pin = pins.get(given.code)
        session.add(AgentRow(
            code=given.code, name=given.name, team=given.team, user_id=None if user_id in taken else user_id,
            pin_hash=hash_of(pin) if pin else None, languages=list(given.languages), estates=list(given.estates),
            spokesperson=given.spokesperson, leader=given.leader, active=True, created_at=now,
            skills=[AgentSkill(queue=queue, level=level) for queue, level in given.skills.items()]))
        record_audit(session, at=now, who="site file", action="agent.created", subject=f"agent:{given.code}")
        taken.add(user_id)
        added.append(given.code)
    if added:
        raise_roster_version(session)
    session.flush()
    return added


def as_agent(row: AgentRow) -> Agent:
    return Agent(code=row.code, name=row.name, team=row.team or "", skills={skill.queue: skill.level for skill in row.skills},
                 languages=tuple(row.languages), estates=tuple(row.estates), spokesperson=row.spokesperson, leader=row.leader)


def _rows() -> Select[AgentRow]:
    return select(AgentRow).options(selectinload(AgentRow.skills))
