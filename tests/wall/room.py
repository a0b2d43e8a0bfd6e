"""A room with everything real: Asterisk, acd, agi, the dashboard, phones, callers, and a Chromium whose microphone speaks."""

from __future__ import annotations

import wave
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path
from typing import Final

from hotline.instance import Hotline, free_offset
from hotline.line import Guest, Line
from hotline.manned import Manned
from hotline.prompts import make_prompts
from hotline.sites import BACKUP, TestSite
from playwright.async_api import Browser

from callcenter.commands import SignIn, SignOut
from callcenter.events import SeatState
from callcenter.phones import Seat
from wall.page_phone import chromium_with_microphone
from wall.rig import DashboardProcess

PASSWORD: Final = "six-rings-and-no-more"
AGENT, LEADER = "chen", "liu"         # users: chen is agent 801
MICROPHONE_HZ: Final = 1000.0
PINS: Final = {"801": "246810", "802": "135791"}
BROWSER_SEAT, LEADERS_SEAT = "1002", "1201"
SITE: Final = TestSite(
    seat_ring=6, overflow_after=12, ring_seconds=5, survey=False,
    more={"desk": {"fault_after": 3},
          "seats": [{"seat": "1001", "name": "一号席"}, {"seat": "1003", "name": "三号席"}, {"seat": "1004", "name": "四号席"},
                    {"seat": BROWSER_SEAT, "name": "网页席", "phone": "browser"},
                    *({"seat": seat, "name": seat, "kind": "backup"} for seat in BACKUP),
                    {"seat": LEADERS_SEAT, "name": "组长席", "kind": "leader"}]},
    agents=[{"code": "801", "name": "陈静", "skills": {"complaint": 1}, "user": AGENT},
            {"code": "802", "name": "李晓梅", "skills": {"complaint": 2}}])


@dataclass(frozen=True)
class Room:
    line: Line
    floor: Manned
    browser: Browser
    url: str

    async def guest(self) -> Guest:
        """Waits in the queue of both agents; 801 is asked first."""
        return await self.line.call_and_press("2")

    async def seat_of(self, agent: str, seat: str) -> Seat:
        """The telephone at which this agent has signed in."""
        phone = await self.line.seat(seat)
        await self.floor.board_where(lambda board: board.seats[seat].state is not SeatState.OFFLINE, f"{seat} is registered")
        assert (await self.floor.ask(SignIn(agent, seat))).is_done
        return phone

    async def rest(self) -> None:
        await self.line.rest()
        for code in PINS:
            await self.floor.ask(SignOut(code))


@asynccontextmanager
async def staffed_room(folder: Path) -> AsyncIterator[Room]:
    sounds = folder / "sounds"
    make_prompts(sounds)
    users = [(AGENT, "agent", PASSWORD), (LEADER, "leader", PASSWORD)]
    with free_offset() as offset:
        async with (Hotline(folder / "hotline", SITE.text(), offset, sounds=sounds) as hotline,
                    Manned(hotline, PINS, users) as floor, hotline.phones() as phones,
                    chromium_with_microphone(_spoken(folder / "agent.wav")) as browser):
            dashboard = DashboardProcess(hotline.settings)
            try:
                dashboard.start()
                yield Room(Line(hotline, phones, sounds), floor, browser, dashboard.url)
            finally:
                dashboard.kill()


def _spoken(path: Path) -> Path:
    """Bursts of a tone: noise suppression takes a tone that never ends for noise."""
    rate = 48_000
    samples = array("h", (round(12_000 * sin(2 * pi * MICROPHONE_HZ * at / rate)) if at % rate < rate * 0.7 else 0
                          for at in range(rate * 2)))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path
