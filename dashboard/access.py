"""Who may use a route (K1). Every route names its roles with `require`, or says with `public` that it has none."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session
from starlette.requests import HTTPConnection

from callcenter.errors import Forbidden, Unauthenticated
from callcenter.roles import SEES_CALLERS, Role
from callcenter.site import Site
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.agents import agent_of
from crm.staff.schemas import SignedIn
from crm.staff.service import signed_in
from dashboard.services import Given, Services

COOKIE = "sixring_session"
EVERYBODY = frozenset(Role)
LEADS = frozenset({Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.ADMIN})
STAFFING = frozenset({Role.SUPERVISOR, Role.MANAGER, Role.ADMIN})     # who decides about agents
FAULTS = LEADS | {Role.OPERATIONS, Role.ENGINEER}
DESK = LEADS | {Role.AGENT}
SUPERVISES = LEADS - {Role.LEADER}


def holder(connection: HTTPConnection, services: Given) -> SignedIn:
    """By a session of its own, that ends here: a request that kept a connection while it waits for a thread, and then for a
    second connection to write with, would wait for others that do the same."""
    token = connection.cookies.get(COOKIE)
    if token is None:
        raise Unauthenticated
    with services.database.reading() as session:
        who = signed_in(session, token, services.clock.now())
    if who is None:
        raise Unauthenticated
    return who


class Guard:
    """What guards a route; `roles` is what the test that walks all routes looks for."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles


class Requirement(Guard):
    """The dependency that `require` gives: who is signed in."""

    def __call__(self, who: Annotated[SignedIn, Depends(holder, scope="function")]) -> SignedIn:
        if not who.user.roles & self.roles:
            raise Forbidden
        return who


def require(*roles: Role) -> Requirement:
    return Requirement(frozenset(roles))


def actor_of(who: SignedIn, session: Session, site: Site) -> Actor:
    """The user as the services know one. In fixed seating the seat is the agent."""
    code = who.seat if not site.free_seating else None
    if code is None and (agent := agent_of(session, who.user.user_id)) is not None:
        code = agent.code
    return Actor(who.user.name, who.user.user_id, who.user.roles, who.user.estates, code)


class Acting(Guard):
    """The dependency that `acting` gives: who is signed in, as the desk's services take one."""

    def __call__(self, who: Annotated[SignedIn, Depends(holder, scope="function")], services: Given) -> Actor:
        if not who.user.roles & self.roles:
            raise Forbidden
        with services.database.reading() as session:     # ends here, as `holder`'s
            return actor_of(who, session, services.site)


def acting(*roles: Role) -> Acting:
    """`Annotated[Actor, Depends(acting(*DESK), scope="function")]`: the route serves these roles, and knows for whom."""
    return Acting(frozenset(roles))


def view_of(actor: Actor, services: Services) -> View:
    """What the actor sees of private values."""
    return View(actor, services.site.privacy)


def public() -> None:
    """For the few routes that say nothing to anybody who is not signed in."""


def own_seat(who: SignedIn) -> str | None:
    """The only seat whose calls this user sees; None for one who sees all. An agent without a seat sees none."""
    if who.user.roles & LEADS:
        return None
    if who.seat is None:
        raise Forbidden
    return who.seat


def sees_callers(who: SignedIn) -> bool:
    """On the live board, whose calls are of all estates: who is bound to some of them sees callers only from the desk, where
    each may ring."""
    return bool(who.user.roles & SEES_CALLERS) and (who.user.estates is None or bool(who.user.roles & DESK))


def live_roles(who: SignedIn) -> frozenset[Role]:
    """The roles that count on the live board: a board without callers, like a wall's, for who is bound to estates elsewhere."""
    bound = who.user.roles & SEES_CALLERS and not sees_callers(who)
    return who.user.roles - SEES_CALLERS | {Role.WALLBOARD} if bound else who.user.roles


def own_agent(who: SignedIn, session: Session, site: Site) -> str | None:
    """The code of the only agent whose work this user sees; None for one who sees all. In fixed seating the seat is it."""
    if who.user.roles & LEADS:
        return None
    if not site.free_seating and who.seat is not None:
        return who.seat
    own = agent_of(session, who.user.user_id)
    if own is None:
        raise Forbidden
    return own.code
