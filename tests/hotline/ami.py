"""A few AMI actions for tests, spoken directly: tests must not see the line through the program that they test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from types import TracebackType
from typing import Self

from callcenter.phones import PATIENCE_S

Message = dict[str, str]


class Ami:
    def __init__(self, port: int, secret: str) -> None:
        self._port, self._secret = port, secret
        self._ids = count(1)

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        await self._reader.readline()
        answer = (await self.act("Login", Username="sixring", Secret=self._secret, Events="off"))[0]
        if answer.get("Response") != "Success":
            raise ConnectionError(f"AMI refused: {answer}")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None,
                        trace: TracebackType | None) -> None:
        self._writer.close()

    async def act(self, action: str, *, ends_with: str | None = None, **fields: str) -> list[Message]:
        """The answer, and for a list its events up to the one named `ends_with`."""
        ident = str(next(self._ids))
        lines = [f"Action: {action}", f"ActionID: {ident}", *(f"{key}: {value}" for key, value in fields.items())]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        answers: list[Message] = []
        async with asyncio.timeout(PATIENCE_S):
            while True:
                message = await self.message()
                if message.get("ActionID") != ident:
                    continue
                answers.append(message)
                if ends_with is None or message.get("Event") == ends_with or message.get("Response") == "Error":
                    return answers

    async def channels(self) -> list[Message]:
        answers = await self.act("CoreShowChannels", ends_with="CoreShowChannelsComplete")
        return [answer for answer in answers if answer.get("Event") == "CoreShowChannel"]

    async def message(self) -> Message:
        raw = await self._reader.readuntil(b"\r\n\r\n")
        pairs = (line.partition(": ") for line in raw.decode(errors="replace").split("\r\n") if line)
        return {key: value for key, _, value in pairs}


@asynccontextmanager
async def listening(ami: Ami) -> AsyncIterator[list[Message]]:
    """Every event from now on, as it comes; a header is a key, so one that was smuggled in is one too."""
    heard: list[Message] = []
    async with ami:
        await ami.act("Events", EventMask="on")

        async def listen() -> None:
            while True:
                heard.append(await ami.message())

        task = asyncio.create_task(listen())
        try:
            yield heard
        finally:
            task.cancel()
