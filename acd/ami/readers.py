"""Which events are wanted, and how each is read: the rest of AMI is not read beyond an event's name (bench/acd.py ingest)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acd.ami.events import HANDLED, AmiEvent
from acd.ami.headers import NAMES_KEPT, EventHeaders, dialplan_headers, text_of
from acd.ami.repeats import MEMBER_EVENTS, Repeats

PHONE: Final = b"PJSIP/"
Reader = Callable[[bytes], AmiEvent | None]


class Readers(dict[bytes, "Reader | None"]):
    """An event's name as it is written → how its message is read; None: nobody wants it. Filled as names come."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats

    def __missing__(self, written: bytes) -> Reader | None:
        reader = self._reader(text_of(written).lower())
        if len(self) < NAMES_KEPT:
            self[written] = reader
        return reader

    def _reader(self, name: str) -> Reader | None:
        if name == "queuememberremoved":
            return self._repeats.removed
        if name in MEMBER_EVENTS:
            return self._repeats.changed
        read = HANDLED.get(name)
        if read is None:
            return None
        if name == "reload":
            return self._reloaded
        if name == "userevent":
            return lambda message: read(dialplan_headers(message))
        if name == "devicestatechange":     # mostly of queues and of calls that pass through Local channels
            return lambda message: read(EventHeaders(message)) if PHONE in message else None
        return lambda message: read(EventHeaders(message))

    def _reloaded(self, message: bytes) -> AmiEvent | None:
        """It may have changed members without a word."""
        self._repeats.forget()
        return HANDLED["reload"](EventHeaders(message))
