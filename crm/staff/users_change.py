"""Changes of users by an administrator: made, other roles, other estates, another password, gone. Every one is audited (K1)."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound
from callcenter.roles import Role
from crm.households.models import Estate
from crm.staff import service as staff
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User
from crm.staff.schemas import UserShown


class UnknownEstate(Conflict):
    code = "unknown_estate"
    status = 422


class LastAdmin(Conflict):
    """Somebody must be left who can change users."""

    code = "last_admin"


class NoRole(Conflict):
    """A user without a role could do nothing at all: disable the user instead."""

    code = "no_role"
    status = 422


@dataclass(frozen=True)
class UserChange:
    """None leaves a thing as it is. `estates` are ids; `all_estates` takes every limit away."""

    roles: frozenset[Role] | None = None
    estates: frozenset[int] | None = None
    all_estates: bool = False
    active: bool | None = None
    password: str | None = None
    superior: str | None = None          # a user's name
    no_superior: bool = False


class NoSuperior(Conflict):
    """Nobody of that name, or the user."""

    code = "no_superior"
    status = 422


def create_user(session: Session, actor: Actor, name: str, roles: Collection[Role], password: str, now: datetime,
                estates: frozenset[int] | None = None) -> UserShown:
    """Raises Conflict (the name is taken), WeakPassword, NoRole, UnknownEstate."""
    if not roles:
        raise NoRole
    made = staff.add_user(session, name, roles, password, now)
    user = session.get_one(User, made.user_id)
    user.estates = None if estates is None else _known(session, estates)
    session.flush()
    _audit(session, actor, "user.created", name, now, roles=sorted(roles), estates=user.estates)
    return staff.shown(user)


def change_user(session: Session, actor: Actor, name: str, change: UserChange, now: datetime) -> UserShown:
    """Raises NotFound, WeakPassword, NoRole, UnknownEstate, LastAdmin, NoSuperior. A new password, and going, end every sign-in."""
    user = session.scalar(select(User).where(User.name == name).with_for_update())
    if user is None:
        raise NotFound(f"user {name}")
    said: dict[str, object] = {}
    was_admin = user.active and Role.ADMIN in user.roles
    if change.roles is not None:
        if not change.roles:
            raise NoRole
        user.roles = sorted(change.roles)
        said["roles"] = user.roles
    if change.all_estates or change.estates is not None:
        user.estates = None if change.all_estates or change.estates is None else _known(session, change.estates)
        said["estates"] = user.estates
    if change.no_superior or change.superior is not None:
        user.superior_id = None if change.no_superior else _superior(session, user, change.superior)
        said["superior"] = change.superior
    if change.password is not None:
        staff.set_password(session, name, change.password, now)
        said["new_password"] = True
    if change.active is False:
        staff.disable_user(session, name, now)
    elif change.active:
        user.active = True
    if change.active is not None:
        said["active"] = change.active
    session.flush()
    if was_admin and not any(Role.ADMIN in one.roles and one.active for one in staff.users(session)):
        raise LastAdmin
    _audit(session, actor, "user.changed", name, now, **said)
    return staff.shown(user)


def estate_ids(session: Session, names: Collection[str]) -> frozenset[int]:
    """Of estates by name, in either language, or by id. Raises UnknownEstate."""
    known = {key: row.id for row in session.scalars(select(Estate)) for key in (row.name, row.name_en, str(row.id)) if key}
    if unknown := [name for name in names if name not in known]:
        raise UnknownEstate(", ".join(unknown))
    return frozenset(known[name] for name in names)


def _superior(session: Session, user: User, name: str | None) -> int:
    found = session.scalar(select(User.id).where(User.name == name, User.active))
    if found is None or found == user.id:
        raise NoSuperior
    return found


def _known(session: Session, estates: frozenset[int]) -> list[int]:
    if estates - set(session.scalars(select(Estate.id).where(Estate.id.in_(estates)))):
        raise UnknownEstate
    return sorted(estates)


def _audit(session: Session, actor: Actor, action: str, name: str, now: datetime, **said: object) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=action, subject=f"user:{name}",
                 detail=json.dumps(said, ensure_ascii=False))
