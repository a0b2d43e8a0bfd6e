"""`/users`: who may sign in, with which roles, for which estates (K1). For administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.roles import Role
from crm.households.models import Estate
from crm.staff import service as staff
from crm.staff import users_change
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.staff.schemas import UserShown
from crm.staff.users_change import UserChange
from dashboard.access import acting, require
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/users", tags=["users"])

Administrator = Annotated[Actor, Depends(acting(Role.ADMIN), scope="function")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9._-]{0,39}$")]
Password = Annotated[str, StringConstraints(max_length=200)]
EstateId = Annotated[int, Field(ge=1, le=2**31 - 1)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Estates = Annotated[list[EstateId], Field(max_length=500)]


class UserListed(BaseModel):
    name: str
    roles: list[Role]
    estates: list[int] | None = Field(description="whose matters the user sees, by id; null: all")
    active: bool
    superior: str | None = Field(description="to whom complaints about the user go; null: the leader of the team (E2)")


class EstateListed(BaseModel):
    estate_id: int
    name: str
    name_en: str | None


class UserList(BaseModel):
    users: list[UserListed]
    estates: list[EstateListed] = Field(description="what `estates` may name")


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: Roles
    password: Password
    estates: Estates | None = Field(None, description="null: all")


class UserChanges(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    roles: Roles | None = None
    estates: Estates | None = Field(None, description="given as null: all")
    active: bool | None = None
    password: Password | None = None
    superior: Name | None = Field(None, description="given as null: nobody in particular")


@router.get("", dependencies=[Depends(require(Role.ADMIN))], responses=responses(401, 403, 503))
def list_users(session: Reading) -> UserList:
    return UserList(users=[_listed(session, user) for user in staff.users(session)],
                    estates=[EstateListed(estate_id=row.id, name=row.name, name_en=row.name_en)
                             for row in session.scalars(select(Estate).order_by(Estate.id))])


@router.post("", status_code=201, responses=responses(400, 401, 403, 409, 422, 503))
def create(actor: Administrator, session: Writing, services: Given, given: NewUser) -> UserListed:
    return _listed(session, users_change.create_user(
        session, actor, given.name, frozenset(given.roles), given.password, services.clock.now(),
        None if given.estates is None else frozenset(given.estates)))


@router.patch("/{name}", responses=responses(400, 401, 403, 404, 409, 422, 503))
def change(actor: Administrator, session: Writing, services: Given, name: Annotated[Name, Path()],
           given: UserChanges) -> UserListed:
    """A new password, and `active: false`, end every sign-in of the user. New roles and estates hold from the next request."""
    wanted = UserChange(
        roles=None if given.roles is None else frozenset(given.roles),
        estates=None if given.estates is None else frozenset(given.estates),
        all_estates="estates" in given.model_fields_set and given.estates is None,
        active=given.active, password=given.password, superior=given.superior,
        no_superior="superior" in given.model_fields_set and given.superior is None)
    return _listed(session, users_change.change_user(session, actor, name, wanted, services.clock.now()))


def _listed(session: Session, user: UserShown) -> UserListed:
    superior = session.get(User, user.superior_id) if user.superior_id is not None else None
    return UserListed(name=user.name, roles=sorted(user.roles), active=user.active, superior=superior.name if superior else None,
                      estates=None if user.estates is None else sorted(user.estates))
