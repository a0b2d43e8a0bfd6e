"""`/floor`: an agent's own state: signing in at a seat, pauses, wrap-up, help (C1, D2). What holds is the last order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from callcenter.commands import AskHelp, EndHelp, ExtendWrapUp, MoveSeat, Pause, PauseReason, Resume, SignIn, SignOut
from callcenter.errors import Conflict, NotFound
from callcenter.events import AgentShown, AgentState, Call, CallState
from dashboard.access import LEADS
from dashboard.api.floor_desk import Done, NoAgent, Note, Own, OwnDesk, SeatGiven
from dashboard.orders import Attempt, TakeSeat, keep_in_step, take_seat
from dashboard.problems import responses

router = APIRouter(prefix="/floor", tags=["floor"])

AT_THE_EAR = frozenset({AgentState.TALKING, AgentState.HELD, AgentState.RINGING})
ORDER = responses(401, 403, 404, 409, 503)
ORDER_WITH_BODY = responses(400, 401, 403, 404, 409, 422, 503)


class SeatTaken(Conflict):
    code = "seat_taken"


class UnknownSeat(NotFound):
    code = "unknown_seat"


class NotInFixedSeating(Conflict):
    """Every seat is its own agent there; one leaves it by taking another."""

    code = "refused"      # as acd says it


class MeShown(BaseModel):
    code: str | None = Field(description="my agent; null for a user who is none")
    seat: str | None
    agent: AgentShown | None = Field(description="my agent as the board shows it; null while acd has not told")
    call: Call | None = Field(description="the call that I talk to, or else the one that rings at my seat")


class PauseGiven(BaseModel):
    reason: PauseReason


class WrapUpGiven(BaseModel):
    seconds: Annotated[int, Field(ge=1, le=3600, description="from now; the site file says how much is allowed")]


class HelpGiven(BaseModel):
    reason: Note = ""


@router.get("/me", responses=responses(401, 403, 503))
def me(own: Own) -> MeShown:
    """Also makes the session follow its agent to the seat where the phone's keypad has put them."""
    if own.shown is not None and own.services.hub.cause is None:
        keep_in_step(own.services, own.who, own.seat)
    return MeShown(code=own.code, seat=own.seat, agent=own.shown, call=_call(own))


@router.post("/sign-in", responses=ORDER_WITH_BODY)
def sign_in(own: Own, given: SeatGiven) -> Done:
    """At a free seat. Who leads without being an agent, and everybody in fixed seating, takes the seat for this session."""
    if own.services.site.free_seating and own.code is not None:
        own.order("sign_in", SignIn(own.agent, given.seat), then=TakeSeat(given.seat))
        return Done()
    if own.services.site.free_seating and not own.who.user.roles & LEADS:
        raise NoAgent
    if given.seat not in {seat.seat for seat in own.services.site.seats}:
        raise UnknownSeat
    if own.services.site.free_seating and _sits_at(own, given.seat):
        raise SeatTaken
    take_seat(own.services, own.who, Attempt("floor.take_seat", f"seat:{given.seat}", {}), given.seat)
    return Done()


@router.post("/sign-out", responses=ORDER)
def sign_out(own: Own) -> Done:
    if own.services.site.free_seating and own.code is not None:
        own.order("sign_out", SignOut(own.agent), then=TakeSeat(None))
    else:
        take_seat(own.services, own.who, Attempt("floor.leave_seat", f"seat:{own.who.seat or ''}", {}), None)
    return Done()


@router.post("/move", responses=ORDER_WITH_BODY)
def move(own: Own, given: SeatGiven) -> Done:
    """To a spare seat in one act, state and all (C1)."""
    if not own.services.site.free_seating:
        raise NotInFixedSeating
    own.order("move", MoveSeat(own.agent, given.seat), then=TakeSeat(given.seat))
    return Done()


@router.post("/pause", responses=ORDER_WITH_BODY)
def pause(own: Own, given: PauseGiven) -> Done:
    own.order("pause", Pause(own.agent, given.reason))
    return Done()


@router.post("/resume", responses=ORDER)
def resume(own: Own) -> Done:
    """Ready: ends a pause, an absence and a wrap-up."""
    own.order("resume", Resume(own.agent))
    return Done()


@router.post("/wrap-up", responses=ORDER_WITH_BODY)
def wrap_up(own: Own, given: WrapUpGiven) -> Done:
    own.order("wrap_up", ExtendWrapUp(own.agent, given.seconds))
    return Done()


@router.post("/help", responses=ORDER_WITH_BODY)
def ask_help(own: Own, given: HelpGiven) -> Done:
    """D2: one button."""
    own.order("help", AskHelp(own.agent, given.reason))
    return Done()


@router.post("/help/end", responses=ORDER)
def end_help(own: Own) -> Done:
    own.order("help_end", EndHelp(own.agent))
    return Done()


def _call(own: OwnDesk) -> Call | None:
    calls = own.services.hub.board.calls
    if own.shown is not None and own.shown.state in AT_THE_EAR and own.shown.call_id in calls:
        return calls[own.shown.call_id]
    mine = [call for call in calls.values() if own.seat is not None and own.seat in (call.seat, *call.ringing)
            and call.state in (CallState.TALKING, CallState.RINGING)]
    return max(mine, key=lambda call: (call.seat == own.seat, call.since), default=None)


def _sits_at(own: OwnDesk, seat: str) -> bool:
    return any(agent.seat == seat for agent in own.services.hub.board.agents.values())
