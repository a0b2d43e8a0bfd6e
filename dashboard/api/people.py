"""`/people/{id}/erase`: a person who asks to be forgotten. For centre managers, with a reason."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from callcenter.text_types import lines
from crm.privacy.erase import MAY_ERASE, ErasureDone, erase_person
from crm.staff.actor import Actor
from dashboard.access import acting
from dashboard.manners import ONCE, Once
from dashboard.problems import responses
from dashboard.services import Given, Writing

router = APIRouter(prefix="/people", tags=["privacy"])

Managers = Annotated[Actor, Depends(acting(*MAY_ERASE), scope="function")]
Reason = Annotated[str, lines(500)]


class ErasureAsked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


@router.post("/{person_id}/erase", responses=responses(400, 401, 403, 404, *ONCE, 503))
def erase(actor: Managers, session: Writing, services: Given, once: Once, person_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
          given: ErasureAsked) -> ErasureDone:
    """Name, numbers, private fields, recordings and messages of the person's calls. What must stay is named, and until when.
    Figures stay as they are."""
    return once(ErasureDone, lambda: erase_person(session, actor, person_id, given.reason, services.clock.now()))
