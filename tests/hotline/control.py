"""acd beside a test's Asterisk: a Redis of its own, `python -m acd`, orders as the dashboard sends them, the board."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Callable
from types import TracebackType
from typing import Self

import redis

from callcenter.board import BOARD, BOARD_KEY
from callcenter.clock import SystemClock
from callcenter.commands import Answer, Command, SignIn
from callcenter.events import Board, SeatState
from callcenter.orders import Asker
from callcenter.phones import PATIENCE_S
from hotline.instance import Hotline
from hotline.own_redis import Redis


class Control:
    """`async with Control(hotline) as control:`; returns once acd knows the floor."""

    def __init__(self, hotline: Hotline) -> None:
        self._hotline = hotline
        self._store = Redis(hotline.settings.state / "redis")
        self._acd: subprocess.Popen[bytes] | None = None
        self._asker = Asker(hotline.settings.redis_url, SystemClock())
        self._redis = redis.Redis.from_url(hotline.settings.redis_url)

    async def __aenter__(self) -> Self:
        try:
            await self._start()
        except BaseException:
            self._stop()
            raise
        return self

    async def _start(self) -> None:
        self._store.start()
        await self.start_acd()

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._stop()

    def _stop(self) -> None:
        self.kill_acd()
        self._redis.close()
        self._store.lose()

    async def start_acd(self) -> None:
        self._redis.delete(BOARD_KEY)
        with (self._hotline.settings.state / "acd.out").open("ab") as out:
            self._acd = self._hotline.python("acd", out=out)
        await self.board_where(lambda board: bool(board.seats), "acd knows the floor")

    def kill_acd(self) -> None:
        if self._acd is not None:
            self._acd.kill()
            self._acd.wait()
            self._acd = None

    async def asks(self, command: Command, by: str = "test") -> Answer:
        return await asyncio.to_thread(self._asker.ask, command, by)

    async def orders(self, command: Command) -> Answer:
        """An order that has to be carried out. A sign-in waits for the seat's phone, which may have registered this moment."""
        if isinstance(command, SignIn):
            seat = command.seat
            await self.board_where(lambda board: seat in board.seats and board.seats[seat].state is not SeatState.OFFLINE,
                                   f"a phone at seat {seat}")
        answer = await self.asks(command)
        assert answer.is_done, (command, answer.code)
        return answer

    def board(self) -> Board | None:
        raw = self._redis.get(BOARD_KEY)
        assert raw is None or isinstance(raw, bytes)
        return BOARD.validate_python(json.loads(raw)["board"], strict=False) if raw else None

    async def board_where(self, right: Callable[[Board], bool], what: str, within: float = PATIENCE_S) -> Board:
        board: Board | None = None
        try:
            async with asyncio.timeout(within):
                while True:
                    board = self.board()
                    if board is not None and right(board):
                        return board
                    await asyncio.sleep(0.05)
        except TimeoutError:
            shown = board and (list(board.calls.values()), list(board.seats.values()))
            raise AssertionError(f"not within {within:g} s: {what}; {shown}") from None
