"""`/floor`: what leaders do with agents, waiting calls and queues. Each order is in the audit trail, refused ones too."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from callcenter.commands import (
    CloseQueue,
    Command,
    Monitor,
    Monitoring,
    MoveCall,
    MoveSeat,
    Pause,
    Resume,
    SignOut,
    TakeOver,
)
from crm.staff.schemas import SignedIn
from dashboard.access import LEADS, SUPERVISES, require
from dashboard.api.floor import ORDER_WITH_BODY, PauseGiven
from dashboard.api.floor_desk import AgentCode, Done, Own, QueueId, SeatGiven
from dashboard.orders import attempt_of, carry_out
from dashboard.problems import responses
from dashboard.services import Given, Services

router = APIRouter(prefix="/floor", tags=["floor"])

ORDER_BY_PATH = responses(401, 403, 404, 409, 422, 503)
Leads = Annotated[SignedIn, Depends(require(*LEADS), scope="function")]
Supervises = Annotated[SignedIn, Depends(require(*SUPERVISES), scope="function")]
Code = Annotated[AgentCode, Path(description="the agent's code; in fixed seating the seat's number")]
CallId = Annotated[str, Path(max_length=70, pattern=r"^[A-Za-z0-9._-]+$")]


class MonitorGiven(BaseModel):
    mode: Monitoring


class QueueGiven(BaseModel):
    queue: QueueId


@router.post("/agents/{code}/sign-out", responses=ORDER_BY_PATH)
def sign_out(who: Leads, services: Given, code: Code) -> Done:
    return _of_agent(services, who, code, "sign_out", SignOut(code))


@router.post("/agents/{code}/pause", responses=ORDER_WITH_BODY)
def pause(who: Leads, services: Given, code: Code, given: PauseGiven) -> Done:
    return _of_agent(services, who, code, "pause", Pause(code, given.reason))


@router.post("/agents/{code}/resume", responses=ORDER_BY_PATH)
def resume(who: Leads, services: Given, code: Code) -> Done:
    """Also brings back an agent who is away because of calls that were not answered."""
    return _of_agent(services, who, code, "resume", Resume(code))


@router.post("/agents/{code}/move", responses=ORDER_WITH_BODY)
def move(who: Leads, services: Given, code: Code, given: SeatGiven) -> Done:
    """To a spare seat in one act (C1)."""
    return _of_agent(services, who, code, "move", MoveSeat(code, given.seat))


@router.post("/agents/{code}/monitor", responses=ORDER_WITH_BODY)
def monitor(who: Leads, services: Given, own: Own, code: Code, given: MonitorGiven) -> Done:
    """The leader's own phone rings; asked again with another mode, it changes that (D2)."""
    return _of_agent(services, who, code, "monitor", Monitor(own.phone, code, given.mode))


@router.post("/agents/{code}/take-over", responses=ORDER_BY_PATH)
def take_over(who: Leads, services: Given, own: Own, code: Code) -> Done:
    return _of_agent(services, who, code, "take_over", TakeOver(own.phone, code))


@router.post("/calls/{call_id}/move", responses=ORDER_WITH_BODY)
def move_call(who: Leads, services: Given, call_id: CallId, given: QueueGiven) -> Done:
    command = MoveCall(call_id, given.queue)
    return Done(detail=carry_out(services, who, command, attempt_of("floor.move_call", f"call:{call_id}", command)).detail)


@router.post("/queues/{queue}/close", responses=ORDER_BY_PATH)
def close_queue(who: Supervises, services: Given, queue: Annotated[QueueId, Path()]) -> Done:
    """No new caller enters it until it is opened; who waits goes on waiting."""
    return _of_queue(services, who, CloseQueue(queue, closed=True))


@router.post("/queues/{queue}/open", responses=ORDER_BY_PATH)
def open_queue(who: Supervises, services: Given, queue: Annotated[QueueId, Path()]) -> Done:
    return _of_queue(services, who, CloseQueue(queue, closed=False))


def _of_agent(services: Services, who: SignedIn, code: str, action: str, command: Command) -> Done:
    return Done(detail=carry_out(services, who, command, attempt_of(f"floor.{action}", f"agent:{code}", command)).detail)


def _of_queue(services: Services, who: SignedIn, command: CloseQueue) -> Done:
    action = "floor.close_queue" if command.closed else "floor.open_queue"
    return Done(detail=carry_out(services, who, command, attempt_of(action, f"queue:{command.queue}", command)).detail)
