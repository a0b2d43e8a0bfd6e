"""The only importer of panoramisk: one AMI link that says when it is up or down and never acts twice.

Of panoramisk this uses the protocol, the parser of responses and the action; its Manager is left out because each of its
duties is a fault here: it re-sends actions after a reconnect (a second Originate is a second call), pings without
waiting for the answer, and runs handlers inside the socket's callback. The rest is mended below, each with a test:
characters split over two reads, a handler's exception that closes the connection, values that inject headers, lists
that end in an error and never resolve, events that carry a pending ActionID and reach nobody. Events, nearly all of the
traffic, are read no further than somebody asks, and those that nobody wants not beyond their name (bench/acd.py ingest).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final, NamedTuple

import structlog
from panoramisk.actions import Action  # type: ignore[import-untyped]
from panoramisk.ami_protocol import AMIProtocol  # type: ignore[import-untyped]
from panoramisk.message import Message  # type: ignore[import-untyped]

from acd.ami_events import HANDLED, AmiEvent
from acd.headers import END_OF_LINE, NAMES_KEPT, EventHeaders, Headers, dialplan_headers, happened_at, headers_of, text_of
from acd.repeats import MEMBER_EVENTS, Repeats
from callcenter.errors import SixringError, Unavailable

log = structlog.get_logger(__name__)

END_OF_MESSAGE: Final = END_OF_LINE * 2
EVENT: Final = b"Event: "
PHONE: Final = b"PJSIP/"
ACTION_ID: Final = b"\r\nActionID: "
LONGEST_MESSAGE: Final = 1_000_000   # bytes without an end: this is not AMI
Reader = Callable[[bytes], AmiEvent | None]
_UNSAFE: Final = str.maketrans(dict.fromkeys("\r\n\0", " "))


class AmiLost(Unavailable):
    """The link is, or went, down before the answer. Whether Asterisk acted is unknown: it is never asked again."""

    code: ClassVar[str] = "ami_lost"


class AmiTimedOut(Unavailable):
    """No answer within the deadline."""

    code: ClassVar[str] = "ami_timed_out"


class AmiRefused(SixringError):
    """Asterisk answered with an error."""

    code: ClassVar[str] = "ami_refused"


@dataclass(frozen=True)
class AmiAddress:
    node: str
    host: str
    port: int
    username: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class LinkLimits:
    """Seconds. A half-open link is noticed after at most `ping_every + ping_reply`."""

    connect: float = 3.0
    answer: float = 5.0
    ping_every: float = 2.0
    ping_reply: float = 2.5
    first_retry: float = 0.2
    last_retry: float = 1.0


@dataclass(frozen=True)
class LinkUp:
    """Logged in. Asterisk says FullyBooted on its own as soon as asking makes sense, perhaps before this."""

    node: str


@dataclass(frozen=True)
class LinkDown:
    node: str
    reason: str      # an error's code


class LinkEvents(NamedTuple):
    """What one reading of the socket brought, in order, each with Asterisk's own time of it; None when it did not say."""

    node: str
    events: Sequence[tuple[AmiEvent, datetime | None]]


LinkItem = LinkUp | LinkDown | LinkEvents
News = LinkUp | LinkDown | AmiEvent
Listener = Callable[[str, Any], None]
"""Is given the node and the news."""
Listeners = Mapping[type[News], Listener]


def safe_value(value: str) -> str:
    """The value without CR, LF and NUL, which would begin a header of their own."""
    return value.translate(_UNSAFE)


class AmiLink:
    """One node's AMI: `run()` keeps it up, `deliver` is given everything in order, from the loop's own thread.

    `deliver` must only enqueue.
    """

    def __init__(self, address: AmiAddress, deliver: Callable[[LinkItem], None], *, limits: LinkLimits | None = None) -> None:
        self.node = address.node
        self._address = address
        self._deliver = deliver
        self._limits = limits or LinkLimits()
        self._protocol: _Protocol | None = None

    async def run(self) -> None:
        """Connects, and connects again, until cancelled."""
        retry = self._limits.first_retry
        while True:
            try:
                await self._session()
            except (OSError, TimeoutError, SixringError) as error:
                reason = error.code if isinstance(error, SixringError) else "ami_unreachable"
                up = isinstance(error, AmiLost | AmiTimedOut)
                retry = self._limits.first_retry if up else min(retry * 2, self._limits.last_retry)
                self._deliver(LinkDown(self.node, reason))
                log.warning("ami_link_down", node=self.node, reason=reason, retry_s=retry)
            await asyncio.sleep(retry)

    async def ask(self, action: str, headers: Mapping[str, str] | None = None, *,
                  deadline: float | None = None) -> Headers:
        """The response. Raises AmiLost, AmiTimedOut or AmiRefused; is sent once, whatever happens."""
        return (await self._send(action, headers, as_list=False, deadline=deadline))[0]

    async def ask_list(self, action: str, headers: Mapping[str, str] | None = None, *,
                       deadline: float | None = None) -> list[Headers]:
        """The items of a list action, without the response and the closing event. Raises as `ask` does."""
        return await self._send(action, headers, as_list=True, deadline=deadline)

    def drop(self) -> None:
        """Cuts the link; it comes up again with a resynchronisation. For a reader that cannot follow any more."""
        if self._protocol:
            self._protocol.abort()

    async def _send(self, name: str, headers: Mapping[str, str] | None, *, as_list: bool,
                    deadline: float | None) -> list[Headers]:
        protocol = self._protocol
        if protocol is None or protocol.lost.is_set():
            raise AmiLost(f"{name}: link to {self.node} is down")
        action = _Ask(name, headers or {}, as_list=as_list)
        protocol.send_ask(action)
        try:
            async with asyncio.timeout(deadline or self._limits.answer):
                answer: list[Headers] = await action.future
                return answer
        except TimeoutError:
            raise AmiTimedOut(f"{name}: no answer from {self.node}") from None
        finally:
            protocol.forget(action)

    async def _session(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._limits.connect):
            _, protocol = await loop.create_connection(
                lambda: _Protocol(self.node, self._deliver), self._address.host, self._address.port)
        self._protocol = protocol
        try:
            await self.ask("Login", {
                "Username": self._address.username, "Secret": self._address.secret, "Events": "on"})
            self._deliver(LinkUp(self.node))
            log.info("ami_link_up", node=self.node)
            await self._ping_until_lost(protocol)
        finally:
            self._protocol = None
            protocol.abort()

    async def _ping_until_lost(self, protocol: _Protocol) -> None:
        while True:
            try:
                async with asyncio.timeout(self._limits.ping_every):
                    await protocol.lost.wait()
                raise AmiLost(f"link to {self.node} was closed")
            except TimeoutError:
                await self.ask("Ping", deadline=self._limits.ping_reply)


class _Ask(Action):  # type: ignore[misc]  # panoramisk has no types
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


class _Protocol(AMIProtocol):  # type: ignore[misc]  # panoramisk has no types
    """Bytes in, events and answers out. Messages are told apart as bytes, so that no read can cut through a character."""

    encoding = "utf-8"

    def __init__(self, node: str, deliver: Callable[[LinkItem], None]) -> None:
        self._node, self._deliver = node, deliver
        self._readers = _Readers(Repeats())
        self._rest = b""
        self._read: list[tuple[AmiEvent, datetime | None]] = []
        self._expired: deque[str] = deque(maxlen=100)   # lists given up: their late items are nobody's events
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        *messages, self._rest = (self._rest + data).split(END_OF_MESSAGE)
        for message in messages:
            # What cannot be handled costs itself, never the connection.
            try:
                self._message(message)
            except Exception:
                log.exception("ami_message_failed", message=message[:40])
        events, self._read = self._read, []
        try:
            if events:
                self._deliver(LinkEvents(self._node, events))
        except Exception:
            log.exception("ami_events_failed", events=len(events))
        if len(self._rest) > LONGEST_MESSAGE:
            log.error("ami_message_endless")
            self.abort()

    def _message(self, message: bytes) -> None:
        if not message.startswith(EVENT):
            # A response, or what is not the start of a message: the greeting, a line feed too many.
            if (response := Message.from_line(text_of(message).strip())) is not None:
                self._answer(_headers(response))
        elif (self.responses or self._expired) and ACTION_ID in message and self._answer(headers_of(message)):
            pass     # unless something is asked, nothing is an answer
        else:
            end = message.find(END_OF_LINE)
            read = self._readers[message[len(EVENT):end] if end >= 0 else message[len(EVENT):]]
            if read is not None and (event := read(message)) is not None:
                self._read.append((event, happened_at(message)))

    def _answer(self, headers: Headers) -> bool:
        """Whether this was an answer, or a part of one that came too late."""
        ident = headers.get("actionid", "")
        action = self.responses.get(ident) if ident else None
        if action is None or not ("response" in headers or action.as_list):
            return bool(ident) and ident in self._expired
        if action.add_message(headers):
            self.responses.pop(ident, None)
        return True

    def send_ask(self, action: _Ask) -> None:
        self.responses[action.action_id] = action
        self.transport.write(str(action).encode(self.encoding))

    def forget(self, action: _Ask) -> None:
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


class _Readers(dict[bytes, "Reader | None"]):
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


def _headers(message: Any) -> Headers:
    return {key.lower(): "\n".join(value) if isinstance(value, list) else value for key, value in message.items()}
