"""What a site file may say of calls of our own accord, and of calling people in (B3, B4). Times are seconds, from 1 up."""

from __future__ import annotations

from datetime import time
from typing import Annotated

from pydantic import Field

from callcenter.site.parts import PRIVATE_NUMBERS, NumberPattern, Part

Times = Annotated[int, Field(ge=1, le=10)]
UpToADay = Annotated[int, Field(ge=1, le=86_400)]


class Dialling(Part):
    """Locks of every call that the hotline begins by itself, whoever asks for it."""

    numbers: Annotated[tuple[NumberPattern, ...], Field(description="who may be rung of our own accord; nobody else ever is")] \
        = PRIVATE_NUMBERS
    at_once: Annotated[int, Field(ge=1, le=100, description="at most so many at the same time: a surge needs the lines")] = 4
    a_minute: Annotated[int, Field(ge=1, le=600, description="at most so many are begun")] = 60
    ring: Annotated[int, Field(ge=1, le=120, description="s; how long a phone rings")] = 40
    says: Annotated[Times, Field(description="how often the message is said to who presses nothing")] = 3
    tries: Annotated[Times, Field(description="unless whoever asks says otherwise")] = 3
    busy: Annotated[UpToADay, Field(description="s until a number that was busy is tried again")] = 120
    retry: Annotated[UpToADay, Field(description="s until one that did not answer is")] = 600
    quiet_from: Annotated[time, Field(description="only what is urgent rings from then on; equal times: no quiet hours")] = time(21)
    quiet_until: time = time(8)
    pause_from: Annotated[int | None, Field(
        ge=1, le=3, description="tier of a surge from which only what is urgent rings (B2); nothing: never")] = 1

    def is_quiet(self, local: time) -> bool:
        """Over midnight where the quiet ends before it begins."""
        if self.quiet_from <= self.quiet_until:
            return self.quiet_from <= local < self.quiet_until
        return local >= self.quiet_from or local < self.quiet_until


class CallIn(Part):
    """Who is called in when a surge is not under control: off duty and on leave on tier 2, other staff on tier 3."""

    at_once: Annotated[int, Field(ge=1, le=50, description="people who are rung at the same time")] = 4
    wanted: Annotated[tuple[Annotated[int, Field(ge=0, le=200)], Annotated[int, Field(ge=0, le=200)]], Field(
        description="how many should come, on tier 2 and on tier 3; 0: everybody on the list")] = (0, 0)
    tries: Annotated[Times, Field(description="how often somebody who does not answer is rung")] = 2
    retry: Annotated[UpToADay, Field(description="s between two of them, at least")] = 300
    come_within: Annotated[UpToADay, Field(description="s; who accepted and is not signed in by then is late")] = 3600
    night: Annotated[bool, Field(description="also in the quiet hours")] = True
    leave_alone: Annotated[tuple[str, ...], Field(description="kinds of leave from which nobody is called in")] = ("sick",)
