"""The agents of the play: they sign in, out and elsewhere, take breaks, and come back when they were set away."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any, Final

from hotline.whole import Whole

from callcenter.clock import SystemClock
from callcenter.commands import Command, MoveSeat, Pause, PauseReason, Resume, SignIn, SignOut
from callcenter.events import AgentState, SeatState
from callcenter.orders import Asker

BY: Final = "soak"
SKILLS: Final = ({"repair": 1, "complaint": 2}, {"repair": 2, "enquiry": 1}, {"complaint": 1, "enquiry": 2}, {"enquiry": 1})
ACTS: Final = ((40, "break"), (30, "signs out and in"), (30, "moves"))


def agents_of_site(count: int) -> list[dict[str, Any]]:
    return [{"code": str(801 + place), "name": f"客服{place + 1}", "skills": SKILLS[place % len(SKILLS)]} for place in range(count)]


@dataclass
class Agents:
    """As many as there are desks but one: the last is spare, to be moved to."""

    whole: Whole
    desks: tuple[str, ...]
    seed: int
    did: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._asker = Asker(self.whole.settings.redis_url, SystemClock())
        self._at = {str(801 + place): seat for place, seat in enumerate(self.desks[:-1])}

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(self._at)

    async def sign_in(self) -> None:
        for agent, seat in self._at.items():
            # `up` has returned; crm's roster and the phone, which has just registered, may still be on their way to acd.
            await self.whole.board_where(lambda board, agent=agent, seat=seat: agent in board.agents and seat in board.seats  # type: ignore[misc]
                                         and board.seats[seat].state is not SeatState.OFFLINE, f"{agent} and a phone at {seat}")
            if not await self._ask(SignIn(agent, seat)):
                self.faults.append(f"agent {agent} could not sign in at {seat}: {self.did}")

    async def live(self) -> None:
        """Until cancelled: something every few seconds."""
        draw = random.Random(f"{self.seed}/agents")
        while True:
            await asyncio.sleep(draw.uniform(2, 6))
            await self.come_back()
            agent = draw.choice(sorted(self._at))
            act = draw.choices([name for _, name in ACTS], [weight for weight, _ in ACTS])[0]
            rest = draw.uniform(1, 3)
            match act:
                case "break":
                    if await self._ask(Pause(agent, draw.choice(list(PauseReason)))):
                        await asyncio.sleep(rest)
                        await self._ask(Resume(agent))
                case "signs out and in":
                    if await self._ask(SignOut(agent)):
                        await asyncio.sleep(rest)
                        await self._ask(SignIn(agent, self._at[agent]))
                case "moves":
                    free = next(seat for seat in self.desks if seat not in self._at.values())
                    if await self._ask(MoveSeat(agent, free)):
                        self._at[agent] = free

    async def come_back(self) -> None:
        """Who was set away after calls that were not answered, or is paused or signed out still, is ready again."""
        board = await self.whole.board_where(lambda _: True, "a board")
        for code, shown in board.agents.items():
            if code not in self._at:
                continue
            if shown.state is AgentState.SIGNED_OUT:
                await self._ask(SignIn(code, self._at[code]))
            elif shown.state in (AgentState.AWAY, AgentState.PAUSED):
                await self._ask(Resume(code))

    async def _ask(self, command: Command) -> bool:
        answer = await asyncio.to_thread(self._asker.ask, command, BY)
        what = f"agent {type(command).__name__}: {answer.code}"
        self.did[what] = self.did.get(what, 0) + 1
        return answer.is_done
