"""`/api/v1/live`: who may listen, and how a client is let go. The shell around the hub."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fastapi import WebSocket, WebSocketDisconnect
from starlette.concurrency import run_in_threadpool

from callcenter.errors import Unavailable
from callcenter.roles import SEES_BOARD, SEES_CALLERS
from crm.staff.schemas import UserShown
from dashboard.live.frames import Audience, Listener

if TYPE_CHECKING:
    from dashboard.live.hub import Client, Hub

UNAUTHENTICATED = 4401
FORBIDDEN = 4403
TOO_SLOW = 4408
TRY_LATER = 1013
RECHECK_S = 30.0
FAREWELL_S = 5.0



@dataclass(frozen=True)
class Watcher:
    """`kinds` are those of which the user's roles see tickets; `desk`: they have the desk's pages. The user's roles are those
    that count on the board."""

    user: UserShown
    kinds: frozenset[str]
    desk: bool


WatcherOf = Callable[[str], Watcher | None]


@dataclass(frozen=True)
class LiveFeed:
    """`watcher_of` gives who is behind a session token, None when it has ended. It may block, so it runs in a
    thread; it raises Unavailable while the database does not answer."""

    hub: Hub
    watcher_of: WatcherOf
    cookie: str
    recheck_s: float = RECHECK_S

    async def serve(self, websocket: WebSocket) -> None:
        if not same_origin(websocket.headers.get("origin"), websocket.headers.get("host", "")):
            await websocket.close()  # before accept: HTTP 403, a foreign page learns nothing
            return
        await websocket.accept()
        token = websocket.cookies.get(self.cookie, "")
        try:
            code, listener = await self._admission(token)
        except Unavailable:
            await websocket.close(TRY_LATER)
            return
        if listener is None:
            await websocket.close(code)
            return
        query = websocket.query_params
        client = self.hub.join(listener, epoch=query.get("epoch", ""), cursor=query.get("cursor", ""))
        try:
            code = await self._until_over(websocket, client, token)
        finally:
            self.hub.leave(client)
        if code:
            with contextlib.suppress(TimeoutError, WebSocketDisconnect, RuntimeError):
                await asyncio.wait_for(websocket.close(code), FAREWELL_S)

    async def _admission(self, token: str) -> tuple[int, Listener | None]:
        watcher = await run_in_threadpool(self.watcher_of, token) if token else None
        if watcher is None:
            return UNAUTHENTICATED, None
        user = watcher.user
        if not user.roles & SEES_BOARD:
            return FORBIDDEN, None
        return 0, Listener(Audience.STAFF if user.roles & SEES_CALLERS else Audience.WALL, user.estates, watcher.kinds,
                           user.user_id, watcher.desk)

    async def _until_over(self, websocket: WebSocket, client: Client, token: str) -> int:
        """The close code that is due; 0 when the client itself has gone."""
        endings = [asyncio.create_task(ending) for ending in (
            _pump(websocket, client), _gone(websocket), _dropped(client), self._ended(client, token))]
        try:
            done, _ = await asyncio.wait(endings, return_when=asyncio.FIRST_COMPLETED)
            return max(task.result() for task in done)
        finally:
            for task in endings:
                task.cancel()
            await asyncio.gather(*endings, return_exceptions=True)

    async def _ended(self, client: Client, token: str) -> int:
        """Returns when the session no longer gives what it gave at the beginning."""
        while True:
            await asyncio.sleep(self.recheck_s)
            try:
                code, listener = await self._admission(token)
            except Unavailable:
                continue  # the board does not go dark because the database does
            if listener is None or replace(listener, kinds=client.listener.kinds) != client.listener:
                return code or UNAUTHENTICATED
            client.listener = listener  # a kind that was written meanwhile ends nobody's feed


async def _pump(websocket: WebSocket, client: Client) -> int:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await websocket.send_text(await client.next())
    return 0


async def _gone(websocket: WebSocket) -> int:
    """Reads until the client leaves. It has nothing to say; what it says is thrown away."""
    while (await websocket.receive())["type"] != "websocket.disconnect":
        pass
    return 0


async def _dropped(client: Client) -> int:
    await client.dropped.wait()
    return TOO_SLOW


def same_origin(origin: str | None, host: str) -> bool:
    """A browser always sends Origin with a WebSocket and with an unsafe request; a program without one has no cookies
    of somebody else's to misuse."""
    return origin is None or urlsplit(origin).netloc == host
