"""A seat's phone in a process of its own, so that a test can let it die without a word.

As a program: `lone_phone.py PORT SEAT PASSWORD` registers, and does what it reads, a word a line: `answer`, `hold`.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import suppress
from types import TracebackType
from typing import Self

from callcenter.phones import PATIENCE_S, Leg, PhoneError, Phones, Seat, Switch


class LonePhone:
    def __init__(self, port: int, seat: str, password: str) -> None:
        self._words = (str(port), seat, password)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, __file__, *self._words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        await self.says("registered")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        await self.dies()

    async def does(self, word: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(f"{word}\n".encode())
        await self._process.stdin.drain()

    async def says(self, word: str, within: float = PATIENCE_S) -> None:
        await self.says_one_of(word, within=within)

    async def says_one_of(self, *words: str, within: float = PATIENCE_S) -> str:
        async with asyncio.timeout(within):
            while (line := await self._reads()) not in words:
                continue
        return line

    async def rung_by(self, within: float = PATIENCE_S) -> str:
        """The number that rings first. Raises TimeoutError."""
        async with asyncio.timeout(within):
            while not (line := await self._reads()).startswith("from "):
                continue
        return line.removeprefix("from ")

    async def lives_on(self, seconds: float) -> None:
        """Unless its process ends before."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), seconds)

    async def _reads(self) -> str:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        assert line, "the phone's process ended"
        return line.decode().strip()

    async def dies(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await self._process.wait()


async def _live(port: int, number: str, password: str) -> None:
    async with Phones(Switch(port), rtp_ports=(61_000, 65_400)) as phones:
        seat = await phones.seat(number, password)
        say("registered")
        legs: list[Leg] = []

        def on_ring(leg: Leg) -> None:
            legs.append(leg)
            say("rings")
            say(f"from {leg.peer}")

        seat.on_ring = on_ring
        await _obey(seat, legs)


async def _obey(seat: Seat, legs: list[Leg]) -> None:
    while word := (await asyncio.to_thread(sys.stdin.readline)).strip():
        if word == "answer":
            try:
                await legs[-1].answer()
                await legs[-1].answered()
            except PhoneError:
                say("answer failed")         # the caller was quicker
                continue
        elif word == "hold":
            await asyncio.sleep(0.5)     # Asterisk's own re-INVITE after the answer would take it back
            await legs[-1].hold()
        say(f"{word} done")


def say(word: str) -> None:
    print(word, flush=True)


if __name__ == "__main__":
    asyncio.run(_live(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
