"""What changes agents: made, renamed, other skills, another PIN, gone. Every change is audited and reaches acd."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.site import Site
from crm.staff.agents import agent_named, raise_roster_version, set_pin
from crm.staff.agents_models import AgentRow, AgentSkill
from crm.staff.audit import record_audit
from crm.staff.models import User
from crm.staff.schemas import UserShown

PIN_DIGITS: Final = 6


class AgentExists(Conflict):
    code = "agent_exists"


class UserTaken(Conflict):
    """A user is one agent at most."""

    code = "user_taken"


class UnknownInSite(Conflict):
    """A queue, team or estate that the site file does not have."""

    code = "unknown_in_site"
    status = 422


@dataclass(frozen=True)
class AgentGiven:
    """A new agent; `user` is a user's name."""

    code: str
    name: str
    team: str | None = None
    skills: dict[str, int] | None = None
    languages: tuple[str, ...] = ("zh",)
    estates: tuple[str, ...] = ()
    user: str | None = None
    spokesperson: bool = False
    leader: bool = False


@dataclass(frozen=True)
class AgentChange:
    """None leaves a thing as it is; "" as `team` or `user` takes it away."""

    name: str | None = None
    team: str | None = None
    skills: dict[str, int] | None = None
    languages: tuple[str, ...] | None = None
    estates: tuple[str, ...] | None = None
    user: str | None = None
    spokesperson: bool | None = None
    leader: bool | None = None
    active: bool | None = None


def create_agent(session: Session, given: AgentGiven, site: Site, by: UserShown, now: datetime) -> tuple[AgentRow, str]:
    """The agent and its first PIN, which is shown once. Raises AgentExists, UserTaken, UnknownInSite, NotFound (user)."""
    if session.scalar(select(AgentRow.id).where(AgentRow.code == given.code)) is not None:
        raise AgentExists(given.code)
    _known(site, given.skills or {}, given.team, given.estates)
    row = AgentRow(code=given.code, name=given.name, team=given.team or None, languages=list(given.languages),
                   estates=list(given.estates), spokesperson=given.spokesperson, leader=given.leader, active=True,
                   created_at=now, user_id=_free_user(session, given.user, given.code) if given.user else None,
                   skills=[AgentSkill(queue=queue, level=level) for queue, level in (given.skills or {}).items()])
    session.add(row)
    session.flush()
    pin = new_pin()
    set_pin(session, given.code, pin)
    _done(session, row, "agent.created", by, now, None)
    return row, pin


def change_agent(session: Session, code: str, change: AgentChange, site: Site, by: UserShown, now: datetime) -> AgentRow:
    """Raises NotFound (agent or user), UserTaken, UnknownInSite."""
    row = agent_named(session, code)
    _known(site, change.skills or {}, change.team, change.estates or ())
    for name in ("name", "spokesperson", "leader", "active"):
        if (value := getattr(change, name)) is not None:
            setattr(row, name, value)
    if change.team is not None:
        row.team = change.team or None
    if change.languages is not None:
        row.languages = list(change.languages)
    if change.estates is not None:
        row.estates = list(change.estates)
    if change.user is not None:
        row.user_id = _free_user(session, change.user, code) if change.user else None
    if change.skills is not None:
        _teach(row, change.skills)
    said = "; ".join(f"{item.name}={value}" for item in fields(change) if (value := getattr(change, item.name)) is not None)
    _done(session, row, "agent.changed", by, now, said)
    return row


def reset_pin(session: Session, code: str, by: UserShown, now: datetime) -> str:
    """The new PIN, which is shown once and stored nowhere. Raises NotFound."""
    pin = new_pin()
    set_pin(session, code, pin)
    record_audit(session, at=now, who=by.name, user_id=by.user_id, action="agent.pin_reset", subject=f"agent:{code}")
    return pin


def new_pin() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(PIN_DIGITS))


def _teach(row: AgentRow, skills: dict[str, int]) -> None:
    known = {skill.queue: skill for skill in row.skills}
    for queue, level in skills.items():
        if queue in known:
            known[queue].level = level
        else:
            row.skills.append(AgentSkill(queue=queue, level=level))
    for queue in known.keys() - skills.keys():
        row.skills.remove(known[queue])


def _known(site: Site, skills: dict[str, int], team: str | None, estates: tuple[str, ...]) -> None:
    if (skills.keys() - {queue.id for queue in site.queues} or set(estates) - {estate.id for estate in site.estates}
            or (team and team not in {known.id for known in site.teams})):
        raise UnknownInSite


def _free_user(session: Session, name: str, code: str) -> int:
    user_id = session.scalar(select(User.id).where(User.name == name))
    if user_id is None:
        raise NotFound(f"user {name}")
    if session.scalar(select(AgentRow.id).where(AgentRow.user_id == user_id, AgentRow.code != code)) is not None:
        raise UserTaken(name)
    return user_id


def _done(session: Session, row: AgentRow, action: str, by: UserShown, now: datetime, detail: str | None) -> None:
    session.flush()
    raise_roster_version(session)
    record_audit(session, at=now, who=by.name, user_id=by.user_id, action=action, subject=f"agent:{row.code}", detail=detail)
