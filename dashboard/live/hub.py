"""The fan-out: the board as this process knows it, the last events for who resumes, a bounded queue per client.

No I/O. Everything here runs on one event loop and never awaits between reading the board and queueing for a client, so
that no client can miss an event between its snapshot and its first delta.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING

from callcenter.board import apply_event
from callcenter.events import AnyEvent, Board, HealthChanged
from dashboard.live.frames import Cause, Frame, Listener, degraded_frame, event_frame, ping_frame, snapshot_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callcenter.clock import Clock

KEPT_FRAMES = 5_000     # about a minute of a very busy line: longer than a page needs to reconnect
CLIENT_FRAMES = 1_000   # a client this far behind is dropped; its queue never holds more than about 1 MB
_CURSOR = re.compile(r"^(\d{1,20})-(\d{1,20})$")


class Client:
    """A page's queue. When it overflows it is emptied and `dropped` is set: the page will come back for a snapshot."""

    def __init__(self, listener: Listener, limit: int) -> None:
        self.listener = listener
        self.dropped = asyncio.Event()
        self._queue: asyncio.Queue[str] = asyncio.Queue(limit)

    def offer(self, text: str | None) -> None:
        if text is None or self.dropped.is_set():
            return
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.dropped.set()
            self._queue = asyncio.Queue(1)

    async def next(self) -> str:
        return await self._queue.get()


class Hub:
    def __init__(self, clock: Clock, *, kept: int = KEPT_FRAMES, client_frames: int = CLIENT_FRAMES) -> None:
        self._clock = clock
        self._client_frames = client_frames
        self._clients: set[Client] = set()
        self._recent: deque[tuple[tuple[int, int], Frame]] = deque(maxlen=kept)
        self._begins = (0, 0)  # every event after this cursor, up to the present one, is in `_recent`
        self._epoch = ""
        self._cursor = "0-0"
        self._cause: Cause | None = Cause.NO_BOARD
        self.board = Board()

    @property
    def clients(self) -> int:
        return len(self._clients)

    @property
    def cause(self) -> Cause | None:
        """Why the feed stands still; None while it runs."""
        return self._cause

    @property
    def cursor(self) -> str:
        return self._cursor

    def restore(self, epoch: str, cursor: str, board: Board, since: Sequence[tuple[str, AnyEvent]] = ()) -> None:
        """A truth read anew from the bus: every client gets it whole.

        `since` are the events after `cursor`, kept for clients that another process served before this one.
        """
        self._epoch, self._cursor, self.board, self._cause = epoch, cursor, board, None
        self._begins = _parsed(cursor) or (0, 0)
        self._recent.clear()
        for place, event in since:
            self._remember(place, event)
        for client in self._clients:
            client.offer(self._snapshot(client.listener))

    def publish(self, cursor: str, event: AnyEvent) -> None:
        self._broadcast(self._remember(cursor, event))

    def degrade(self, cause: Cause) -> None:
        if cause is not self._cause:
            self._cause = cause
            self._broadcast(degraded_frame(cause))

    def ping(self) -> None:
        self._broadcast(ping_frame(self._clock.now()))

    def join(self, listener: Listener, *, epoch: str = "", cursor: str = "") -> Client:
        """A client that resumes after `cursor` where that is possible, and begins with a snapshot where it is not."""
        client = Client(listener, self._client_frames)
        self._clients.add(client)
        if self._cause is not None:
            client.offer(degraded_frame(self._cause).text(listener))
            return client
        missed = self._missed(epoch, cursor)
        if missed is None:
            client.offer(self._snapshot(listener))
            return client
        client.offer(ping_frame(self._clock.now()).text(listener))
        for frame in missed:
            client.offer(frame.text(listener))
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)

    def _remember(self, cursor: str, event: AnyEvent) -> Frame:
        place = _parsed(cursor)
        if place is None:
            raise ValueError(f"not a cursor: {cursor}")
        self._cursor = cursor
        self.board = apply_event(self.board, event)
        frame = event_frame(cursor, event)
        if len(self._recent) == self._recent.maxlen:
            self._begins = self._recent[0][0]
        self._recent.append((place, frame))
        return frame

    def _missed(self, epoch: str, cursor: str) -> list[Frame] | None:
        """Frames after the cursor, and the present health (it has no place on the bus); None: only a snapshot helps."""
        place = _parsed(cursor)
        present = _parsed(self._cursor) or (0, 0)
        if place is None or not epoch or epoch != self._epoch or not self._begins <= place <= present:
            return None
        missed = [frame for at, frame in self._recent if at > place]
        if len(missed) > self._client_frames // 2:
            return None
        now = self._clock.now()
        return missed + [event_frame(self._cursor, HealthChanged(at=now, health=health))
                         for health in self.board.health.values()]

    def _snapshot(self, listener: Listener) -> str:
        return snapshot_text(listener, self._epoch, self._cursor, self.board, self._clock.now())

    def _broadcast(self, frame: Frame) -> None:
        for client in self._clients:
            client.offer(frame.text(client.listener))


def _parsed(cursor: str) -> tuple[int, int] | None:
    found = _CURSOR.match(cursor)
    return (int(found[1]), int(found[2])) if found else None
