"""FastAGI peers for tests: one that answers, and the ways in which one can be broken."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager

from agi.server import BACKLOG

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reads all and never says a word."""
    while await reader.read(1024):
        pass


async def half_closed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes its sending half at once and keeps the connection."""
    writer.write_eof()
    while await reader.read(1024):
        pass


async def rubbish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Talks bytes that are no AGI, for as long as anybody listens."""
    try:
        while True:
            writer.write(bytes(range(256)) + b"\n")
            await writer.drain()
            await asyncio.sleep(0.005)
    except ConnectionError:
        return


async def endless_line(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A command that never ends."""
    try:
        while True:
            writer.write(b"A" * 4096)
            await writer.drain()
            await asyncio.sleep(0.005)
    except ConnectionError:
        return


async def slams(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes before it has read anything."""
    writer.close()


def answers(callers: Mapping[str, str]) -> Handler:
    """Sets SIXRING_CALLER as the real look-up does; `callers` gives its value by number."""
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said: dict[str, str] = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(": ")
            said[name] = value
        value = callers.get(said.get("agi_callerid", ""), "||0|")
        writer.write(f'SET VARIABLE SIXRING_CALLER "{value}"\n'.encode())
        await writer.drain()
        await reader.readline()
        writer.close()

    return handle


@asynccontextmanager
async def agi_peer(port: int, handle: Handler) -> AsyncIterator[None]:
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handle(reader, writer)
        except ConnectionError:
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()


@contextmanager
def frozen(port: int) -> Iterator[None]:
    """Listens as agi does and never accepts: a process that was stopped."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(BACKLOG)
        yield
