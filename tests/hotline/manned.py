"""A hotline with Redis, acd, agi and its database beside Asterisk: what agents need, and no more."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import redis
import redis.asyncio

from callcenter.board import BOARD
from callcenter.clock import SystemClock
from callcenter.commands import Answer, Command, SignIn
from callcenter.events import AgentShown, AgentState, Board, SeatState
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S
from hotline.instance import Hotline
from hotline.own_redis import Redis


class Manned:
    """`async with Manned(hotline) as floor:`; the hotline's Asterisk runs already. `users`: name, role and password of each."""

    def __init__(self, hotline: Hotline, pins: dict[str, str], users: Sequence[tuple[str, str, str]] = ()) -> None:
        self.hotline, self._pins, self._users = hotline, pins, users
        self.settings = hotline.settings
        self._store = Redis(self.settings.state / "redis")
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._out: IO[bytes] = (self.settings.state / "python.out").open("ab")

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException:
            self._end()
            raise
        return self

    async def _begin(self) -> None:
        self._store.start()
        people = (*(f"user {' '.join(user)}\n" for user in self._users),
                  *(f"agent {code} {pin}\n" for code, pin in self._pins.items()))
        await asyncio.to_thread(self._crm, "prepare", text="".join(people))
        self.start("agi")
        self.start("acd")
        await self._agi_answers()
        self.asker = Asker(self.settings.redis_url, SystemClock())
        await self.board_where(lambda board: bool(board.seats), "acd knows the floor")

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            process.wait(PATIENCE_S)
        self._store.lose()
        self._out.close()

    async def _agi_answers(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.settings.ports.agi)
                except ConnectionError:
                    await asyncio.sleep(0.1)
                else:
                    writer.close()
                    return

    def start(self, module: str) -> None:
        self._processes[module] = self.hotline.python(module, out=self._out)

    def kill(self, module: str) -> None:
        self._processes[module].kill()
        self._processes[module].wait()

    async def ask(self, command: Command, *, phone_first: bool = True) -> Answer:
        """A sign-in waits for the seat's phone: what has just registered is not known to acd yet."""
        if isinstance(command, SignIn) and phone_first:
            seat = command.seat
            await self.board_where(lambda board: board.seats[seat].state is not SeatState.OFFLINE, f"a phone at seat {seat}")
        return await asyncio.to_thread(self.asker.ask, command, "liufang")

    async def agent_is(self, code: str, state: AgentState, *, seat: str | None = None, within: float = PATIENCE_S) -> AgentShown:
        def right(board: Board) -> bool:
            shown = board.agents.get(code)
            return bool(shown and shown.state is state and seat in (None, shown.seat))

        return (await self.board_where(right, f"{code} {state} at {seat or 'any seat'}", within)).agents[code]

    async def board_where(self, right: Callable[[Board], bool], what: str, within: float = PATIENCE_S) -> Board:
        client: redis.asyncio.Redis = redis.asyncio.Redis.from_url(self.settings.redis_url)
        board = Board()
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        raw = await client.get("sixring:board")
                    except redis.exceptions.ConnectionError:      # it is only just starting
                        raw = None
                    if raw:
                        board = BOARD.validate_python(json.loads(raw)["board"], strict=False)
                        if right(board):
                            return board
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {within:g} s: {what}; {list(board.agents.values())}; "
                                 f"{self._said()}") from None
        finally:
            await client.aclose()

    def _said(self) -> str:
        lines = Path(self._out.name).read_text(errors="replace").splitlines()
        return "\n".join(lines[-25:])

    def _crm(self, *words: str, text: str = "") -> None:
        subprocess.run([sys.executable, "-m", "crm", *words], input=text.encode(), check=True, stdout=self._out,
                       stderr=subprocess.STDOUT, env={**os.environ, "SIXRING_STATE": str(self.settings.state)})
