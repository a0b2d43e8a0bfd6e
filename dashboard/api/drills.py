"""`/drills`: simulated callers on the live line (H12): begun with a scenario, stopped at once, summed up and compared."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from callcenter.commands import DONE, StopDrill
from callcenter.errors import Unavailable
from callcenter.roles import SEES_BOARD, Role
from callcenter.text_types import lines
from crm.drills import service
from crm.drills.scenario import Scenario
from crm.drills.service import DrillShown
from crm.paging import Page
from crm.staff.actor import Actor
from dashboard.access import LEADS, acting
from dashboard.manners import ONCE, Cursor, Limit, Once
from dashboard.problems import responses
from dashboard.services import Given, Reading, Writing

router = APIRouter(prefix="/drills", tags=["drills"])

BEGINS: Final = (Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER)
Reads = Annotated[Actor, Depends(acting(*(SEES_BOARD - {Role.WALLBOARD})), scope="function")]
Begins = Annotated[Actor, Depends(acting(*BEGINS), scope="function")]
Leads = Annotated[Actor, Depends(acting(*LEADS), scope="function")]
DrillNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]
Words = Annotated[str, lines(200)]


class DrillGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    scenario: Scenario
    reason: Annotated[Words, Field(description="what it is for")]


class NoteGiven(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, lines(1000), Field(
        description="what was noticed; what the plan should change")]


class StopShown(BaseModel):
    drill: DrillShown
    acd: str = Field(description="`done`: none of its calls is on the line any more; else why acd did not say so; crm asks again")


@router.get("", responses=responses(401, 403, 422, 503))
def list_drills(actor: Reads, session: Reading, cursor: Cursor = None, limit: Limit = 20) -> Page[DrillShown]:  # noqa: ARG001
    """Newest first."""
    return service.drills(session, cursor=cursor, limit=limit)


@router.post("", status_code=201, responses=responses(400, 401, 403, 409, *ONCE, 422, 503))
def begin_drill(actor: Begins, session: Writing, once: Once, services: Given, given: DrillGiven) -> DrillShown:
    """One at a time (409 `drill_on`), none in a surge (409 `surge_on`). 422 `fields_unfit`: the site file does not allow it."""
    def work() -> DrillShown:
        row = service.begin(session, services.site, actor, given.scenario, given.reason, services.clock.now())
        return service.drill(session, row.id)

    return once(DrillShown, work)


@router.get("/{drill_id}", responses=responses(401, 403, 404, 422, 503))
def drill(actor: Reads, session: Reading, drill_id: DrillNumber) -> DrillShown:  # noqa: ARG001
    """With what was noticed."""
    return service.drill(session, drill_id)


@router.post("/{drill_id}/stop", responses=responses(401, 403, 404, 422, 503))
def stop_drill(actor: Leads, services: Given, drill_id: DrillNumber) -> StopShown:
    """At once: acd is asked from here, with crm dead too. Safe to repeat; of one that is over nothing changes.

    In transactions of its own: no caller is begun any more from the first on, whatever acd says and however long it takes.
    """
    with services.database.writing.begin() as session:
        is_over = service.stop(session, actor, drill_id, services.clock.now()).state == "over"
    said = DONE
    if not is_over:
        try:
            said = services.asker.ask(StopDrill(drill_id), actor.name).code
        except Unavailable as error:
            said = error.code
    with services.database.reading() as session:
        return StopShown(drill=service.drill(session, drill_id), acd=said)


@router.post("/{drill_id}/notes", status_code=201, responses=responses(400, 401, 403, 404, *ONCE, 422, 503))
def note_drill(actor: Leads, session: Writing, once: Once, services: Given, drill_id: DrillNumber, given: NoteGiven) -> DrillShown:
    """Also while it lasts."""
    def work() -> DrillShown:
        service.add_note(session, actor, drill_id, given.text, services.clock.now())
        return service.drill(session, drill_id)

    return once(DrillShown, work)
