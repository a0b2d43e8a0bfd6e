"""`/letters`: reply letters, their words and their approval (E6)."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from callcenter.roles import STAFF
from callcenter.text_types import line, lines
from crm.complaints.letters import service, wording
from crm.complaints.letters.service import House, LetterShown
from crm.complaints.letters.wording import NewTemplate, TemplateList, TemplateShown
from crm.kinds.schema import ID
from crm.staff.actor import Actor
from dashboard.access import acting, view_of
from dashboard.api.tickets import TicketId, Works
from dashboard.manners import IF_MATCH, ONCE, IfMatch, Once, etag
from dashboard.moments import Moment
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing

router = APIRouter(prefix="/letters", tags=["letters"])
of_tickets = APIRouter(prefix="/tickets/{ticket_id}/letters", tags=["letters"])

Desk = Annotated[Actor, Depends(acting(*STAFF), scope="function")]
RowId = Annotated[int, Path(ge=1, le=2**31 - 1)]
Subject = Annotated[str, line(200)]
Body = Annotated[str, lines(20_000)]
Code = Annotated[str, StringConstraints(pattern=ID)]


class TemplateGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Code = Field(description="of tickets")
    code: Code = Field(description="receipt, result, …")
    language: Literal["zh", "en"]
    subject: Subject
    body: Body = Field(description="{{ name }}; {% if name is defined %} … {% endif %}; nothing else")


class DraftGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    code: Code
    language: Literal["zh", "en"] = "zh"


class WordsGiven(BaseModel):
    """What is left out stays."""

    model_config = ConfigDict(extra="forbid")

    subject: Subject | None = None
    body: Body | None = None


class SentGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    how: Literal["post", "mail", "hand"]
    at: Moment | None = Field(None, description="when; left out: now")


class LetterList(BaseModel):
    items: list[LetterShown]


@router.get("/templates", responses=responses(401, 403, 404, 422, 503))
def list_templates(actor: Desk, session: Reading, kind: Annotated[Code | None, Query()] = None) -> TemplateList:
    """Newest first of each; with `kind`, also the names that its templates may have."""
    return wording.templates(session, actor, kind)


@router.post("/templates", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def write_template(actor: Desk, session: Writing, services: Given, once: Once, given: TemplateGiven) -> TemplateShown:
    """A new version. A wrong one is refused with part, line and reason (422 `definition_unfit`)."""
    new = NewTemplate(given.kind, given.code, given.language, given.subject, given.body)
    return once(TemplateShown, lambda: wording.write_template(session, actor, new, services.clock.now()))


@router.post("/templates/{template_id}/approve", responses=responses(401, 403, 404, *ONCE, 503))
def approve_template(actor: Desk, session: Writing, services: Given, once: Once, template_id: RowId) -> TemplateShown:
    """By a leader, supervisor or manager who did not write it; letters are drafted from it from then on."""
    return once(TemplateShown, lambda: wording.approve_template(session, actor, template_id, services.clock.now()))


@router.get("/{letter_id}", responses=responses(401, 403, 404, 422, 503))
def read_letter(actor: Works, session: Reading, services: Given, response: Response, letter_id: RowId) -> LetterShown:
    return told(response, service.letter(session, view_of(actor, services), letter_id))


@router.get("/{letter_id}/print", response_class=HTMLResponse, responses={
    200: {"description": "the letter", "content": {"text/html": {"schema": {"type": "string"}}}},
    **responses(401, 403, 404, 409, 422, 503)})
def print_letter(actor: Works, session: Reading, services: Given, letter_id: RowId) -> HTMLResponse:
    """As a page to print, of one that was approved. The PDF is the ticket's attachment."""
    return HTMLResponse(service.printed_page(session, view_of(actor, services), _house(services), letter_id))


@router.patch("/{letter_id}", responses=responses(400, 401, 403, 404, 409, *IF_MATCH, 422, 503))
def reword_letter(actor: Works, session: Writing, services: Given, if_version: IfMatch, response: Response, letter_id: RowId,
                  given: WordsGiven) -> LetterShown:
    """While it is a draft."""
    return told(response, service.reword(session, view_of(actor, services), letter_id, given.subject, given.body,
                                         services.clock.now(), if_version))


@router.post("/{letter_id}/approve", responses=responses(401, 403, 404, *ONCE, *IF_MATCH, 503))
def approve_letter(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                   letter_id: RowId) -> LetterShown:
    """By a leader, supervisor or manager whose words it does not have. It has a number and a PDF then, and never changes again."""
    return told(response, once(LetterShown, lambda: service.approve(
        session, view_of(actor, services), _house(services), letter_id, services.clock.now(), if_version)))


@router.post("/{letter_id}/sent", responses=responses(400, 401, 403, 404, *ONCE, *IF_MATCH, 503))
def letter_was_sent(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                    letter_id: RowId, given: SentGiven) -> LetterShown:
    """What the ticket's kind says of its letters follows: fields are filled in, and it moves on where nothing else is missing."""
    return told(response, once(LetterShown, lambda: service.sent(
        session, view_of(actor, services), _house(services), letter_id, given.how, given.at, services.clock.now(), if_version)))


@router.post("/{letter_id}/withdraw", responses=responses(401, 403, 404, *ONCE, *IF_MATCH, 503))
def withdraw_letter(actor: Works, session: Writing, services: Given, if_version: IfMatch, once: Once, response: Response,
                    letter_id: RowId) -> LetterShown:
    return told(response, once(LetterShown, lambda: service.withdraw(
        session, view_of(actor, services), letter_id, services.clock.now(), if_version)))


@of_tickets.get("", responses=responses(401, 403, 404, 422, 503))
def list_letters(actor: Works, session: Reading, services: Given, ticket_id: TicketId) -> LetterList:
    return LetterList(items=service.letters(session, view_of(actor, services), ticket_id))


@of_tickets.post("", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 503))
def draft_letter(actor: Works, session: Writing, services: Given, once: Once, response: Response, ticket_id: TicketId,
                 given: DraftGiven) -> LetterShown:
    """From the approved words, filled from the ticket; 422 `fields_unfit` names what the ticket does not have yet."""
    return told(response, once(LetterShown, lambda: service.draft(
        session, view_of(actor, services), _house(services), ticket_id, given.code, given.language, services.clock.now())))


def told(response: Response, letter: LetterShown) -> LetterShown:
    response.headers["ETag"] = etag(letter.version)
    return letter


def _house(services: Services) -> House:
    return House(services.site.company.name, services.timezone, services.attachments)
