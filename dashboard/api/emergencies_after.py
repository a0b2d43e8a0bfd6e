"""`/emergencies/{id}/…`: its written report (H7), households that are rung and chat groups that are told (H5)."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, ConfigDict, Field

from callcenter.roles import Role
from callcenter.site.parts import Ident
from callcenter.text_types import lines
from crm.incidents.declared import broadcast, chat, report
from crm.incidents.declared.schemas import BroadcastShown, ChatShown, ReportShown, ReportWords
from crm.notices.words import Named
from crm.staff.actor import Actor
from dashboard.access import acting, view_of
from dashboard.api.emergencies import ADDS, CHANGES, EmergencyId, Sees, Works, rules
from dashboard.api.tickets import Text
from dashboard.manners import IF_MATCH, IfMatch, Once, etag
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/emergencies/{emergency_id}", tags=["emergencies"])

Leads = Annotated[Actor, Depends(acting(Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER), scope="function")]
BroadcastId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Prose = Annotated[str, lines(20_000, least=0)]


class DraftGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    language: Literal["zh", "en"] = "zh"


class WordsGiven(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    what: Prose | None = None
    occurred: Prose | None = None
    place: Prose | None = None
    course: Prose | None = None
    conclusion: Prose | None = None


class BroadcastGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    whole_estate: bool = Field(False, description="else its building, where it has one; for who leads")
    urgent: bool | None = Field(None, description="quiet hours do not hold it back; null: of level 1; below it for who leads")


class BroadcastList(BaseModel):
    items: list[BroadcastShown]


class ChatGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    robots: Annotated[tuple[Ident, ...], Field(min_length=1, max_length=50)]
    zh: Text | None = Field(None, description="with `en`: other words than the type's")
    en: Text | None = None


@router.get("/report", responses=responses(401, 403, 404, 422, 503))
def read_report(actor: Sees, session: Reading, services: Given, response: Response, emergency_id: EmergencyId) -> ReportShown:
    return told(response, report.report(session, view_of(actor, services), emergency_id, services.clock.now()))


@router.post("/report", responses=CHANGES)
def draft_report(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                 emergency_id: EmergencyId, given: DraftGiven) -> ReportShown:
    """From the timeline as it is now, while nobody signed it; the conclusion stays. The ETag is the emergency's."""
    return told(response, once(ReportShown, lambda: report.draft(
        session, view_of(actor, services), rules(services), emergency_id, given.language, services.clock.now(), if_version)))


@router.patch("/report", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def change_report(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response,
                  emergency_id: EmergencyId, given: WordsGiven) -> ReportShown:
    words = ReportWords(given.what, given.occurred, given.place, given.course, given.conclusion)
    return told(response, report.change(session, view_of(actor, services), emergency_id, words, services.clock.now(), if_version))


@router.post("/report/sign", responses=CHANGES)
def sign_report(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                emergency_id: EmergencyId) -> ReportShown:
    """By the commander or who leads, once it is over; its clock ends (H7)."""
    return told(response, once(ReportShown, lambda: report.sign(
        session, view_of(actor, services), emergency_id, services.clock.now(), if_version)))


@router.post("/report/approve", responses=CHANGES)
def approve_report(actor: Leads, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   emergency_id: EmergencyId) -> ReportShown:
    """By one who leads and did not sign it; its PDF is kept with the ticket and never changes again."""
    return told(response, once(ReportShown, lambda: report.approve(
        session, view_of(actor, services), rules(services), services.attachments, emergency_id, services.clock.now(), if_version)))


@router.get("/report.pdf", response_class=Response, responses={
    200: {"description": "the report", "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
    **responses(401, 403, 404, 409, 422, 503)})
def print_report(actor: Works, session: Reading, services: Given, emergency_id: EmergencyId) -> Response:
    """As it is now, signed or not; with the photos of its ticket."""
    made = report.printed(session, view_of(actor, services), rules(services), services.attachments, emergency_id)
    return Response(made.content, media_type="application/pdf", headers={
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}", "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store"})


@router.get("/broadcasts", responses=responses(401, 403, 404, 422, 503))
def list_broadcasts(actor: Sees, session: Reading, emergency_id: EmergencyId) -> BroadcastList:
    """How far each is: who was rung, heard it, pressed 1, was not reached."""
    return BroadcastList(items=broadcast.broadcasts(session, actor, emergency_id))


@router.post("/broadcasts", status_code=201, responses=CHANGES)
def start_broadcast(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, emergency_id: EmergencyId,
                    given: BroadcastGiven) -> BroadcastShown:
    """Automatic calls to the households concerned, press 1 when heard. By the commander or who leads; all the estate, and
    urgent of a level other than 1, only by who leads."""
    return once(BroadcastShown, lambda: broadcast.start(
        session, actor, services.site.incidents, emergency_id, given.urgent, services.clock.now(), if_version,
        whole_estate=given.whole_estate))


@router.post("/broadcasts/{broadcast_id}/again", responses=ADDS)
def ring_again(actor: Works, session: Writing, services: Given, once: Once, emergency_id: EmergencyId,
               broadcast_id: BroadcastId) -> BroadcastShown:
    """Who was not reached, at another number of the household where it has one."""
    return once(BroadcastShown, lambda: broadcast.again(
        session, actor, services.site.incidents, emergency_id, broadcast_id, services.clock.now()))


@router.post("/broadcasts/{broadcast_id}/stop", responses=ADDS)
def stop_broadcast(actor: Works, session: Writing, services: Given, once: Once, emergency_id: EmergencyId,
                   broadcast_id: BroadcastId) -> BroadcastShown:
    return once(BroadcastShown, lambda: broadcast.stop(session, actor, emergency_id, broadcast_id, services.clock.now()))


@router.get("/chat", responses=responses(401, 403, 404, 422, 503))
def read_chat(actor: Sees, session: Reading, services: Given, emergency_id: EmergencyId) -> ChatShown:
    """Text for the chat groups in both languages, to copy; the robots that may send it, and what was sent."""
    return chat.chat(session, view_of(actor, services), services.site, emergency_id, services.timezone)


@router.post("/chat", status_code=201, responses=ADDS)
def send_chat(actor: Works, session: Writing, services: Given, once: Once, emergency_id: EmergencyId,
              given: ChatGiven) -> ChatShown:
    """By the commander or who leads, through robots of the site file that are for its estate."""
    own = Named(given.zh, given.en) if given.zh and given.en else None
    return once(ChatShown, lambda: chat.send(
        session, view_of(actor, services), services.site, emergency_id, given.robots, own, services.clock.now(), services.timezone))


def told(response: Response, found: ReportShown) -> ReportShown:
    response.headers["ETag"] = etag(found.version)
    return found
