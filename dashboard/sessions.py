"""`/api/v1/session`: signing in, who I am, signing out. The token is in a cookie that no script can read."""

from __future__ import annotations

import math
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from callcenter.roles import SEES_BOARD, STAFF, Role
from callcenter.site import Site
from callcenter.text_types import line
from crm.households.rights import CHANGE, READ
from crm.staff import service as staff
from crm.staff.audit import record_audit
from crm.staff.schemas import Refused, SignedIn
from dashboard.access import COOKIE, DESK, EVERYBODY, LEADS, SUPERVISES, public, require, sees_callers
from dashboard.problems import problem, responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(tags=["session"])

log = structlog.get_logger("dashboard.session")


class Credentials(BaseModel):
    name: Annotated[str, line(40, strip=False)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    seat: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")] | None = Field(
        None, description="where the agent sits")


class WordsShown(BaseModel):
    zh: str
    en: str


class QueueShown(BaseModel):
    id: str
    name: WordsShown
    service_level_s: int


class DepartmentShown(BaseModel):
    id: str
    name: WordsShown


class TeamShown(BaseModel):
    id: str
    name: WordsShown


class DeskShown(BaseModel):
    call_minutes: int = Field(description="A4: nobody cuts a call, but everybody is told")
    wrapup_extension_s: int = Field(description="the longest that a wrap-up is extended to")


class SiteShown(BaseModel):
    """What a page must know of the site file to name things and to draw rings."""

    company: WordsShown
    timezone: str
    language: Literal["zh", "en"]
    ring_s: int
    answer_within: int = Field(description="rings (A1)")
    overflow_after: int = Field(description="rings (A2)")
    queues: list[QueueShown]
    departments: list[DepartmentShown]
    has_office: bool = Field(description="a management office can be called into an emergency (F5)")
    teams: list[TeamShown]
    free_seating: bool = Field(description="false: every seat is its own agent")
    browser_seats: list[str] = Field(description="seats where the page itself is the phone")
    desk: DeskShown


class SessionShown(BaseModel):
    name: str
    roles: list[Role]
    seat: str | None
    sees_board: bool
    sees_callers: bool
    works_at_desk: bool = Field(description="may use the agent's page")
    leads: bool = Field(description="may use the leader's page")
    supervises: bool = Field(description="may close and open queues")
    handles_tickets: bool = Field(description="may use the pages of tickets; which ones it sees, the kinds say")
    reads_households: bool = Field(description="may use the pages of households")
    changes_households: bool
    site: SiteShown


@router.post("/session", status_code=201, response_model=SessionShown, dependencies=[Depends(public)],
             responses=responses(400, 401, 403, 422, 429, 503))
def sign_in(given: Credentials, request: Request, response: Response, reading: Reading, session: Writing,
            services: Given) -> SessionShown | Response:
    """A refusal is an answer and not an exception: the failed attempt is committed with it. What is throttled is not in the
    audit, which is kept for years and which nobody may fill who is not signed in; the tries that throttled it are."""
    now = services.clock.now()
    address = request.client.host if request.client else ""
    compared = staff.compare(reading, given.name, given.password, address, now)
    found = compared if isinstance(compared, Refused) else staff.authenticate(session, given.name, compared, address, now)
    if isinstance(found, Refused):
        if found.retry_at is not None:
            log.warning("sign_in_throttled", name=given.name, address=address)
            wait = max(1, math.ceil((found.retry_at - now).total_seconds()))
            return problem(429, "too_many_requests", headers={"Retry-After": str(wait)})
        record_audit(session, at=now, who=given.name, action="session.refused", subject=f"user:{given.name}",
                     detail=address)
        return problem(401, "wrong_credentials")
    if old := request.cookies.get(COOKIE):
        staff.sign_out(session, old, now)
    token = staff.sign_in(session, found.user_id, now, seat=given.seat)
    record_audit(session, at=now, who=found.name, user_id=found.user_id, action="session.opened",
                 subject=f"user:{found.name}", detail=address)
    response.set_cookie(COOKIE, token, max_age=int(staff.SIGNED_IN_FOR.total_seconds()), path="/", httponly=True,
                        samesite="strict", secure=request.url.scheme == "https")
    who = staff.signed_in(session, token, now)
    assert who is not None  # made two lines above, in this transaction
    return _shown(who, services.site)


@router.get("/session", responses=responses(401, 503))
def current(who: Annotated[SignedIn, Depends(require(*EVERYBODY))], services: Given) -> SessionShown:
    return _shown(who, services.site)


@router.delete("/session", status_code=204, responses=responses(401, 403, 503))
def sign_out(who: Annotated[SignedIn, Depends(require(*EVERYBODY))], request: Request, response: Response,
             session: Writing, services: Given) -> None:
    now = services.clock.now()
    staff.sign_out(session, request.cookies.get(COOKIE, ""), now)
    record_audit(session, at=now, who=who.user.name, user_id=who.user.user_id, action="session.closed",
                 subject=f"user:{who.user.name}")
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def _shown(who: SignedIn, site: Site) -> SessionShown:
    return SessionShown(
        name=who.user.name, roles=sorted(who.user.roles), seat=who.seat,
        sees_board=bool(who.user.roles & SEES_BOARD), sees_callers=sees_callers(who),
        works_at_desk=bool(who.user.roles & DESK), leads=bool(who.user.roles & LEADS),
        supervises=bool(who.user.roles & SUPERVISES),
        handles_tickets=bool(who.user.roles & STAFF),
        reads_households=bool(who.user.roles & READ), changes_households=bool(who.user.roles & CHANGE),
        site=SiteShown(
            company=WordsShown(zh=site.company.name.zh, en=site.company.name.en), timezone=site.timezone,
            language=site.language, ring_s=site.ring.seconds, answer_within=site.ring.answer_within,
            overflow_after=site.ring.overflow_after,
            queues=[QueueShown(id=queue.id, name=WordsShown(zh=queue.name.zh, en=queue.name.en),
                               service_level_s=queue.service_level) for queue in site.queues],
            departments=[DepartmentShown(id=department.id, name=WordsShown(zh=department.name.zh, en=department.name.en))
                         for department in site.departments],
            has_office=site.office is not None or any(estate.office for estate in site.estates),
            teams=[TeamShown(id=team.id, name=WordsShown(zh=team.name.zh, en=team.name.en)) for team in site.teams],
            free_seating=site.free_seating, browser_seats=list(site.browser_seats),
            desk=DeskShown(call_minutes=site.desk.call_minutes, wrapup_extension_s=site.desk.wrapup_extension)))
