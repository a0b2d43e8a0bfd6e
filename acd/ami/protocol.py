"""One connection of AMI: messages told apart, events read, answers brought to who asked. The only importer of panoramisk.

Of panoramisk this uses the protocol, the parser of responses and the action; its Manager is left out because each of its
duties is a fault here: it re-sends actions after a reconnect (a second Originate is a second call), pings without
waiting for the answer, and runs handlers inside the socket's callback. The rest is mended below, each with a test:
characters split over two reads, a handler's exception that closes the connection, values that inject headers, lists
that end in an error and never resolve, events that carry a pending ActionID and reach nobody.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import structlog
from panoramisk.actions import Action  # type: ignore[import-untyped]
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]
from panoramisk.message import Message  # type: ignore[import-untyped]

from acd.ami.errors import AmiLost, AmiRefused
from acd.ami.events import AmiEvent
from acd.ami.headers import END_OF_LINE, Headers, happened_at, headers_of, text_of
from acd.ami.news import LinkEvents, LinkItem
from acd.ami.readers import Readers
from acd.ami.repeats import Repeats

log = structlog.get_logger(__name__)

END_OF_MESSAGE: Final = END_OF_LINE * 2
EVENT: Final = b"Event: "
ACTION_ID: Final = b"\r\nActionID: "
LONGEST_MESSAGE: Final = 1_000_000   # bytes without an end: this is not AMI
_UNSAFE: Final = str.maketrans(dict.fromkeys("\r\n\0", " "))


def safe_value(value: str) -> str:
    """The value without CR, LF and NUL, which would begin a header of their own."""
    return value.translate(_UNSAFE)


class Ask(Action):  # type: ignore[misc]  # panoramisk has no types
    """An action whose end is explicit: one response, or a list up to `EventList: Complete`, or an error."""

    def __init__(self, name: str, headers: Mapping[str, str], *, as_list: bool) -> None:
        if any(set(key) & set("\r\n\0: ") for key in headers):
            raise ValueError(f"{name}: a header's name holds a separator")
        fields = {"Action": name} | {key: safe_value(value) for key, value in headers.items()}
        super().__init__(fields, as_list=as_list)
        self.collected: list[Headers] = []

    def add_message(self, headers: Headers) -> bool:
        """True when the answer is complete."""
        if self.future.done():
            return True
        if "response" in headers:
            if headers["response"] not in Message.success_responses:
                self.future.set_exception(AmiRefused(f"{self['Action']}: {headers.get('message', '')}"))
            elif not self.as_list:
                self.future.set_result([headers])
        elif headers.get("eventlist", "").lower() == "complete":
            self.future.set_result(self.collected)
        else:
            self.collected.append(headers)
        return bool(self.future.done())


class Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Bytes in, events and answers out. Messages are told apart as bytes, so that no read can cut through a character."""

    encoding = "utf-8"

    def __init__(self, node: str, deliver: Callable[[LinkItem], None]) -> None:
        self._node, self._deliver = node, deliver
        self._readers = Readers(Repeats())
        self._rest = b""
        self._expired: deque[str] = deque(maxlen=100)   # lists given up: their late items are nobody's events
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        *messages, self._rest = (self._rest + data).split(END_OF_MESSAGE)
        events: list[tuple[AmiEvent, datetime | None]] = []
        for message in messages:
            # What cannot be handled costs itself, never the connection.
            try:
                if (event := self._event(message)) is not None:
                    events.append((event, happened_at(message)))
            except Exception:
                log.exception("ami_message_failed", message=message[:40])
        try:
            if events:
                self._deliver(LinkEvents(self._node, events))
        except Exception:
            log.exception("ami_events_failed", events=len(events))
        if len(self._rest) > LONGEST_MESSAGE:
            log.error("ami_message_endless")
            self.abort()

    def _event(self, message: bytes) -> AmiEvent | None:
        """What the message says, when it is for everybody and somebody wants it."""
        if not message.startswith(EVENT):
            # A response, or what is not the start of a message: the greeting, a line feed too many.
            if (response := Message.from_line(text_of(message).strip())) is not None:
                self._answer(_headers(response))
            return None
        if (self.responses or self._expired) and ACTION_ID in message and self._answer(headers_of(message)):
            return None     # unless something is asked, nothing is an answer
        end = message.find(END_OF_LINE)
        read = self._readers[message[len(EVENT):end] if end >= 0 else message[len(EVENT):]]
        return read(message) if read is not None else None

    def _answer(self, headers: Headers) -> bool:
        """Whether this was an answer, or a part of one that came too late."""
        ident = headers.get("actionid", "")
        action = self.responses.get(ident) if ident else None
        if action is None or not ("response" in headers or action.as_list):
            return bool(ident) and ident in self._expired
        if action.add_message(headers):
            self.responses.pop(ident, None)
        return True

    def send_ask(self, action: Ask) -> None:
        self.responses[action.action_id] = action
        self.transport.write(str(action).encode(self.encoding))

    def forget(self, action: Ask) -> None:
        if self.responses.pop(action.action_id, None) is not None and action.as_list:
            self._expired.append(action.action_id)

    def connection_lost(self, exc: BaseException | None) -> None:  # noqa: ARG002 - asyncio's signature
        self.close()

    def close(self) -> None:
        """Pending actions fail; panoramisk would keep them for the next connection."""
        self.closed = True
        self.lost.set()
        for action in list(self.responses.values()):
            if not action.future.done():
                action.future.set_exception(AmiLost(f"{action['Action']}: link lost before the answer"))
        self.responses.clear()

    def abort(self) -> None:
        self.transport.abort()
        self.close()


def _headers(message: Any) -> Headers:
    return {key.lower(): "\n".join(value) if isinstance(value, list) else value for key, value in message.items()}
