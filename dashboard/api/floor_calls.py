"""`/floor`: what an agent does with the call that they talk to: transfer, conference, park, recording (A8, A9)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from callcenter.commands import (
    CancelTransfer,
    CompleteTransfer,
    Conference,
    JoinOffice,
    Park,
    PauseRecording,
    ResumeRecording,
    Retrieve,
    Transfer,
)
from dashboard.api.floor import ORDER, ORDER_WITH_BODY
from dashboard.api.floor_desk import Done, Note, Own, TargetGiven

router = APIRouter(prefix="/floor", tags=["floor"])


class TransferGiven(BaseModel):
    to: TargetGiven
    attended: bool = False


class ConferenceGiven(BaseModel):
    """`to` may be left out once an attended transfer has begun."""

    to: TargetGiven | None = None


class RetrieveGiven(BaseModel):
    slot: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,6}$")]


class RecordingGiven(BaseModel):
    reason: Note = ""


@router.post("/transfer", responses=ORDER_WITH_BODY)
def transfer(own: Own, given: TransferGiven) -> Done:
    """Blind, or attended: then the caller waits until it is completed or cancelled."""
    return Done(detail=own.order("transfer", Transfer(own.agent, given.to.target(), given.attended)).detail)


@router.post("/transfer/complete", responses=ORDER)
def complete_transfer(own: Own) -> Done:
    return Done(detail=own.order("transfer_complete", CompleteTransfer(own.agent)).detail)


@router.post("/transfer/cancel", responses=ORDER)
def cancel_transfer(own: Own) -> Done:
    return Done(detail=own.order("transfer_cancel", CancelTransfer(own.agent)).detail)


@router.post("/conference", responses=ORDER_WITH_BODY)
def conference(own: Own, given: ConferenceGiven) -> Done:
    return Done(detail=own.order("conference", Conference(own.agent, given.to.target() if given.to else None)).detail)


@router.post("/office", responses=ORDER)
def join_office(own: Own) -> Done:
    """The management office of the caller's estate joins the talk (F5); `detail` is its department."""
    return Done(detail=own.order("office", JoinOffice(own.agent)).detail)


@router.post("/park", responses=ORDER)
def park(own: Own) -> Done:
    """`detail` is the slot where the call waits."""
    return Done(detail=own.order("park", Park(own.agent)).detail)


@router.post("/retrieve", responses=ORDER_WITH_BODY)
def retrieve(own: Own, given: RetrieveGiven) -> Done:
    return Done(detail=own.order("retrieve", Retrieve(own.agent, given.slot)).detail)


@router.post("/recording/pause", responses=ORDER_WITH_BODY)
def pause_recording(own: Own, given: RecordingGiven) -> Done:
    """While a caller gives private data; `reason` is `private_field` when a page does it by itself."""
    own.order("recording_pause", PauseRecording(own.agent, given.reason))
    return Done()


@router.post("/recording/resume", responses=ORDER)
def resume_recording(own: Own) -> Done:
    own.order("recording_resume", ResumeRecording(own.agent))
    return Done()
