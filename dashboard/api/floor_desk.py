"""Whose desk a request comes from: the signed-in user's agent and seat, and the bodies that the floor's routes share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Self

from fastapi import Depends
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, model_validator

from callcenter.commands import Answer, Command, Target, TargetKind
from callcenter.errors import Conflict
from callcenter.events import AgentShown, AgentState
from callcenter.text_types import line, line_without
from crm.staff.agents import agent_of
from crm.staff.schemas import SignedIn
from dashboard.access import DESK, require
from dashboard.orders import TakeSeat, attempt_of, carry_out
from dashboard.services import Given, Services

SeatNumber = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]
AgentCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")]   # in fixed seating a seat's number
QueueId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
Note = Annotated[str, line_without('|;,"\\', 60, least=0)]
Number = Annotated[str, StringConstraints(pattern=r"^\+?[0-9]{2,20}$")]
_VALUE: Final[dict[TargetKind, TypeAdapter[str]]] = {
    "seat": TypeAdapter(SeatNumber), "agent": TypeAdapter(AgentCode), "queue": TypeAdapter(QueueId),
    "department": TypeAdapter(QueueId), "outside": TypeAdapter(Number)}




class NoAgent(Conflict):
    """The user is linked to no agent; in fixed seating: has not taken a seat."""

    code = "no_agent"


class NoSeat(Conflict):
    """What was asked rings the user's own phone, and nobody knows which that is."""

    code = "no_seat"


class Done(BaseModel):
    detail: str = Field(default="", description="a value that the order gave: the slot of a parked call")


class SeatGiven(BaseModel):
    seat: SeatNumber


class TargetGiven(BaseModel):
    """Where a call goes: a seat, an agent's code, a queue, a department of the site file, an outside number."""

    kind: TargetKind
    value: Annotated[str, line(40, strip=False)]

    @model_validator(mode="after")
    def fits(self) -> Self:
        _VALUE[self.kind].validate_python(self.value)
        return self

    def target(self) -> Target:
        return Target(self.kind, self.value)


@dataclass(frozen=True)
class OwnDesk:
    """`code` is the user's agent. In fixed seating a seat is its own agent, so it is the seat that the session has taken."""

    who: SignedIn
    services: Services
    code: str | None

    @property
    def agent(self) -> str:
        if self.code is None:
            raise NoAgent
        return self.code

    @property
    def shown(self) -> AgentShown | None:
        return self.services.hub.board.agents.get(self.code) if self.code else None

    @property
    def seat(self) -> str | None:
        """Where the agent sits: as acd knows it, and else as the session does."""
        if (shown := self.shown) is not None:
            return None if shown.state is AgentState.SIGNED_OUT else shown.seat
        return self.who.seat

    @property
    def phone(self) -> str:
        if self.seat is None:
            raise NoSeat
        return self.seat

    def order(self, action: str, command: Command, *, then: TakeSeat | None = None) -> Answer:
        return carry_out(self.services, self.who, command, attempt_of(f"floor.{action}", f"agent:{self.agent}", command), then=then)


def own_desk(who: Annotated[SignedIn, Depends(require(*DESK), scope="function")], services: Given) -> OwnDesk:
    if not services.site.free_seating:
        return OwnDesk(who, services, who.seat)
    with services.database.reading() as session:
        agent = agent_of(session, who.user.user_id)
    return OwnDesk(who, services, agent.code if agent else None)


Own = Annotated[OwnDesk, Depends(own_desk, scope="function")]
