"""A scripted Asterisk on a real socket and a real Redis that can be killed and started again."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from hotline.own_redis import Redis

from acd.ami.events import AmiEvent
from acd.ami.link import AmiAddress, AmiLink, LinkLimits
from acd.ami.news import LinkEvents, LinkItem, LinkUp

# Quick to come back. Nothing hangs here: how long an answer may take is not what is shown, and a busy machine may take long.
QUICK = LinkLimits(connect=5, answer=10, ping_every=0.1, ping_reply=10, first_retry=0.01, last_retry=0.05)
Action = dict[str, str]
Event = TypeVar("Event", bound=AmiEvent)


@dataclass
class FakeAsterisk:
    """Speaks AMI as far as a test says. `silent` actions get no answer; `scripts` write an answer of their own."""

    port: int = 0
    uptime: int = 60
    actions: list[Action] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    scripts: dict[str, Callable[[Action], bytes]] = field(default_factory=dict)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = [line.split(": ", 1) for line in block.split("\r\n") if ": " in line]
                action = dict(lines)
                self.actions.append(action)
                self.came.set()
                name = action["Action"]
                if name in self.silent:
                    continue
                if script := self.scripts.get(name):
                    writer.write(script(action))
                else:
                    writer.write(f"Response: Success\r\nActionID: {action['ActionID']}\r\n\r\n".encode())
                if name == "Login":
                    writer.write(f"Event: FullyBooted\r\nUptime: {self.uptime}\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def say(self, data: bytes) -> None:
        self.writers[-1].write(data)

    def cut(self) -> None:
        self.writers[-1].close()

    def asked(self, name: str) -> list[Action]:
        return [action for action in self.actions if action["Action"] == name]

    async def until_asked(self, name: str, times: int = 1) -> None:
        while len(self.asked(name)) < times:
            self.came.clear()
            await self.came.wait()


@dataclass
class Heard:
    queue: asyncio.Queue[LinkItem] = field(default_factory=asyncio.Queue)
    fails: int = 0

    def __call__(self, item: LinkItem) -> None:
        if self.fails:
            self.fails -= 1
            raise RuntimeError("a fault in handling")
        self.queue.put_nowait(item)

    async def until(self, kind: type[LinkItem]) -> LinkItem:
        while not isinstance(item := await self.queue.get(), kind):
            pass
        return item

    async def until_event(self, kind: type[Event]) -> Event:
        """The next event of this kind."""
        while True:
            item = await self.queue.get()
            for event, _ in item.events if isinstance(item, LinkEvents) else ():
                if isinstance(event, kind):
                    return event


@asynccontextmanager
async def linked(limits: LinkLimits) -> AsyncIterator[tuple[FakeAsterisk, AmiLink, Heard]]:
    fake, heard = FakeAsterisk(), Heard()
    server = await asyncio.start_server(fake.serve, "127.0.0.1", 0)
    fake.port = server.sockets[0].getsockname()[1]
    link = AmiLink(AmiAddress("node1", "127.0.0.1", fake.port, "sixring", "s"), heard, limits=limits)
    task = asyncio.create_task(link.run())
    try:
        await heard.until(LinkUp)
        yield fake, link, heard
    finally:
        task.cancel()
        server.close()


@pytest.fixture
def scenario() -> Callable[..., None]:
    """Plays a coroutine against a link that is up."""
    def run_it(play: Callable[[FakeAsterisk, AmiLink, Heard], Awaitable[None]], limits: LinkLimits = QUICK) -> None:
        async def run() -> None:
            async with asyncio.timeout(60), linked(limits) as (fake, link, heard):
                await play(fake, link, heard)

        asyncio.run(run())

    return run_it


@pytest.fixture
def fake_asterisk() -> FakeAsterisk:
    return FakeAsterisk()


@pytest.fixture
def redis_server() -> Iterator[Redis]:
    with tempfile.TemporaryDirectory(prefix="sr-") as folder:
        server = Redis(Path(folder))
        server.start()
        yield server
        server.lose()
