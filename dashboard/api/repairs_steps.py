"""`/repairs/{id}/steps`: what an engineer's phone has done, sent when there is a network; and what a leader must see to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from callcenter.roles import Role
from crm.paging import Page
from crm.repairs import reading, taking
from crm.repairs.reading import StepShown
from crm.repairs.steps import Rules
from crm.repairs.taking import StepGiven, Taken
from crm.staff.actor import SYSTEM, Actor
from crm.tickets import attachments
from crm.tickets.schemas import AttachmentShown
from dashboard.access import acting, view_of
from dashboard.api.repairs import Money
from dashboard.api.tickets import Line, TicketId, Works
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Services, Writing
from dashboard.uploads import body_up_to, described

router = APIRouter(prefix="/repairs", tags=["repairs"])

Leads = Annotated[Actor, Depends(acting(Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE, Role.ADMIN),
                                 scope="function")]
LARGEST: Final = 20_000        # characters of a step's data
_FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
_LAST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def _clamped(moment: datetime) -> datetime:
    """A phone whose battery was flat may say anything; the step is flagged, and its batch is not refused for it."""
    if moment <= _FIRST:
        return _FIRST
    return min(moment, _LAST).astimezone(UTC)


def _not_huge(data: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(data)) > LARGEST:
        raise ValueError("too large")
    return data


class OneStep(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID = Field(description="made by the phone; the same step sent again has the same")
    after: UUID | None = Field(None, description="the step of this phone upon which it was made; null: the first")
    order: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{3,26}$")] | None = Field(
        None, description="number of the work order, as the phone knew it; null: the newest that you had when it arrives")
    what: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")] = Field(
        description="accepted, declined, on_site, graded, found, charged, uncharged, priced, agreed, refused, begun, waits, "
                    "photo, noted, tried, signed, paid, handed_back")
    done_at: Annotated[AwareDatetime, AfterValidator(_clamped)] = Field(description="by the phone's clock")
    data: Annotated[dict[str, JsonValue], AfterValidator(_not_huge)] = Field({}, description="see crm/repairs/steps.py")


class StepsGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    steps: Annotated[list[OneStep], Field(max_length=200, description="in any order; an empty list tries again what waits")]


class DealtGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    note: Line


@router.get("/steps", responses=responses(401, 403, 422, 503))
def list_steps(
    actor: Leads, session: Reading, services: Given,
    waiting: Annotated[bool, Query(description="those that wait for a step before them or for a file")] = False,
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[StepShown]:
    """Steps that did not fit, or whose time cannot be right, and that nobody has seen to; oldest first."""
    return reading.steps_to_see(session, view_of(actor, services), waiting=waiting, cursor=cursor, limit=limit)


@router.post("/steps/{step_id}/dealt", responses=responses(400, 401, 403, 404, *ONCE, 503))
def deal_with(actor: Money, session: Writing, services: Given, once: Once, step_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
              given: DealtGiven) -> StepShown:
    """Seen to; the first one who says so stays."""
    def work() -> StepShown:
        step = reading.deal_with(session, actor, step_id, given.note, services.clock.now())
        return reading.steps_shown(session, view_of(actor, services), [step])[0]

    return once(StepShown, work)


@router.post("/{ticket_id}/steps", responses=responses(400, 401, 403, 404, *ONCE, 503))
def send_steps(actor: Works, session: Writing, services: Given, once: Once, ticket_id: TicketId, given: StepsGiven) -> Taken:
    """By whoever has or had the work order. Safe to send again, in any order: each step is done once. What no longer fits is kept
    and shown to a leader; the answer says of each what became of it. Needs no `If-Match`: a phone has seen an older version."""
    batch = [StepGiven(str(one.id), one.what, one.done_at, str(one.after) if one.after else None, one.order, one.data)
             for one in given.steps]
    return once(Taken, lambda: taking.take(session, actor, ticket_id, batch, services.clock.now(), services.timezone,
                                           rules(services)))


@router.post("/{ticket_id}/files", status_code=201, openapi_extra=described("application/octet-stream"),
             responses=responses(400, 401, 403, 404, 409, 413, 415, 422, 503))
def send_file(
    actor: Works, session: Writing, services: Given, ticket_id: TicketId,
    body: Annotated[bytes, Depends(body_up_to(attachments.LARGEST))],
    name: Annotated[str, Query(max_length=200, description="as it is shown; means nothing else")] = "",
) -> AttachmentShown:
    """A photo or a signature, as the body: also when the order is somebody else's by now. Steps name it by its SHA-256."""
    taking.of_engineer(session, actor, ticket_id)
    sender = Actor(actor.name, actor.user_id, is_system=SYSTEM.is_system)     # the order is the right to it, not the ticket's kind
    return attachments.attach(session, sender, services.attachments, ticket_id, name, body, services.clock.now())


def rules(services: Services) -> Rules:
    given = services.site.repairs
    return Rules(timedelta(seconds=given.phone_slack_s), timedelta(hours=given.sent_late_h))
