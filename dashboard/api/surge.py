"""`/surge`: which tier holds and why, by hand up and down, what there was, and the situation reports (B)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.roles import SEES_BOARD, Role
from callcenter.site.surge import SurgePolicy
from callcenter.storm import CalledIn
from callcenter.text_types import lines
from crm.notices.words import Language
from crm.paging import Page
from crm.reports.service import rules_of
from crm.staff.actor import Actor
from crm.surge import paper, reports, service, telling
from crm.surge.schemas import SituationListed, SituationShown, SurgeNow, listed, now_shown, report_shown
from crm.surge.service import Hand, SurgePast
from crm.surge.stored import Holding, holding
from dashboard.access import acting
from dashboard.api.reports import file_given
from dashboard.manners import IF_MATCH, ONCE, Cursor, IfMatch, Limit, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/surge", tags=["surge"])

COMMANDS: Final = (Role.LEADER, Role.DUTY_LEAD, Role.SUPERVISOR, Role.MANAGER)
Acts = Annotated[Actor, Depends(acting(*COMMANDS), scope="function")]
Sees = Annotated[Actor, Depends(acting(*SEES_BOARD), scope="function")]
Reads = Annotated[Actor, Depends(acting(*(SEES_BOARD - {Role.WALLBOARD})), scope="function")]
ReportNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
By = Callable[[Session, SurgePolicy, Hand], Holding]
ACT: Final = responses(400, 401, 403, *ONCE, *IF_MATCH, 503)


class ByHand(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Annotated[str, lines(200), Field(
        description="in words, as the wall and the report show it; nobody's name or number")]


class ReportWanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    send: bool = Field(False, description="also to whom a change of tier is reported")


@router.get("", responses=responses(401, 403, 503))
def surge_now(actor: Sees, session: Reading, services: Given, response: Response) -> SurgeNow:  # noqa: ARG001 - who may
    found = _shown(services, holding(session))
    response.headers["ETag"] = etag(found.version)
    return found


@router.post("/raise", responses=ACT)
def raise_surge(actor: Acts, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
                given: ByHand) -> SurgeNow:
    """One tier up; where there is no surge it is declared. 409 `top_tier`."""
    return _acted(service.raise_tier, actor, session, once, if_version, services, response, given)


@router.post("/hold", responses=ACT)
def hold_surge(actor: Acts, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
               given: ByHand) -> SurgeNow:
    """Neither up nor down by itself until somebody lets go, raises or lowers; a hold that is forgotten ends. 409 `no_surge`."""
    return _acted(service.hold, actor, session, once, if_version, services, response, given)


@router.post("/let-go", responses=ACT)
def let_surge_go(actor: Acts, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
                 given: ByHand) -> SurgeNow:
    """Ends a hold; what is due comes at once. 409 `no_surge`, `not_held`."""
    return _acted(service.let_it_go, actor, session, once, if_version, services, response, given)


@router.post("/lower", responses=ACT)
def lower_surge(actor: Acts, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
                given: ByHand) -> SurgeNow:
    """One tier down; from tier 1 the surge is over. 409 `no_surge`."""
    return _acted(service.lower, actor, session, once, if_version, services, response, given)


@router.post("/end", responses=ACT)
def end_surge(actor: Acts, session: Writing, once: Once, if_version: IfMatch, services: Given, response: Response,
              given: ByHand) -> SurgeNow:
    """Down to none, each tier giving back what it took. It does not declare itself again for a while. 409 `no_surge`."""
    return _acted(service.end, actor, session, once, if_version, services, response, given)


@router.get("/history", responses=responses(401, 403, 422, 503))
def surge_history(actor: Sees, session: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[SurgePast]:  # noqa: ARG001
    """Newest first, each with its changes of tier and of hold, and the figures then."""
    return service.history(session, cursor=cursor, limit=limit)


@router.get("/reports", responses=responses(401, 403, 422, 503))
def list_situations(actor: Reads, session: Reading, cursor: Cursor = None, limit: Limit = 50) -> Page[SituationListed]:
    """Newest first, with who was told and who took note."""
    found = reports.reports(session, cursor=cursor, limit=limit)
    told = telling.told(session, [one.report_id for one in found.items])
    return Page(items=[listed(one, told[one.report_id], actor) for one in found.items], next=found.next)


@router.post("/reports", status_code=201, responses=responses(400, 401, 403, *ONCE, 503))
def write_situation(actor: Acts, session: Writing, once: Once, services: Given, given: ReportWanted) -> SituationShown:
    """The situation as it is now, also when there is no surge."""
    def work() -> SituationShown:
        now = services.clock.now()
        made = reports.asked(session, services.site.surge, rules_of(services.site), actor,
                             _coming(services, holding(session).surge_id), now)
        if given.send:
            telling.tell(session, services.site, made, now)
        return _situation(session, services, actor, made.id)

    return once(SituationShown, work)


@router.get("/reports/{situation_id}.pdf", response_class=Response,
            responses=file_given("pdf") | responses(401, 403, 404, 422, 503))
def situation_as_pdf(actor: Reads, session: Reading, services: Given, situation_id: ReportNumber,  # noqa: ARG001
                     language: Annotated[Language | None, Query(description="the site's when left out")] = None) -> Response:
    found = reports.report(session, situation_id)
    said = language or services.site.language
    company = services.site.company.name
    made = paper.pdf(found.situation, found.report_id, company.zh if said == "zh" else company.en, said, services.timezone)
    return Response(made, media_type="application/pdf", headers={
        "Content-Disposition": f'attachment; filename="{paper.number(found.report_id)}.pdf"', "Cache-Control": "no-store"})


@router.get("/reports/{situation_id}", responses=responses(401, 403, 404, 422, 503))
def situation(actor: Reads, session: Reading, services: Given, situation_id: ReportNumber) -> SituationShown:
    """The facts, and the same in words of both languages."""
    return _situation(session, services, actor, situation_id)


@router.post("/reports/{situation_id}/acknowledge", responses=responses(401, 403, 404, *ONCE, 503))
def acknowledge_situation(actor: Reads, session: Writing, once: Once, services: Given,
                          situation_id: ReportNumber) -> SituationShown:
    """By who has a role that was told of it: it climbs no further from there. The first one of a role is kept."""
    def work() -> SituationShown:
        telling.acknowledge(session, actor, situation_id, services.clock.now())
        return _situation(session, services, actor, situation_id)

    return once(SituationShown, work)


def _situation(session: Session, services: Services, actor: Actor, report_id: int) -> SituationShown:
    return report_shown(reports.report(session, report_id), services.timezone, telling.told(session, [report_id])[report_id], actor)


def _acted(by: By, actor: Actor, session: Session, once: Once, version: int, services: Services, response: Response,
           given: ByHand) -> SurgeNow:
    drill = services.hub.board.drill
    hand = Hand(actor, services.clock.now(), given.reason, version, drill=drill is not None and drill.surge)
    found = once(SurgeNow, lambda: _shown(services, by(session, services.site.surge, hand)))
    response.headers["ETag"] = etag(found.version)
    return found


def _shown(services: Services, held: Holding) -> SurgeNow:
    return now_shown(services.site.surge, held, _coming(services, held.surge_id))


def _coming(services: Services, surge_id: int | None) -> tuple[CalledIn, ...]:
    """Who is called in, as the live board has it."""
    there = services.hub.board.surge
    return there.coming if surge_id is not None and there.surge_id == surge_id else ()
