"""One AMI message as headers, read no further than somebody asks: most events are asked for five of their twenty headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

Headers = Mapping[str, str]
"""Header names in lower case; a header that comes several times is joined by line feeds."""

END_OF_LINE: Final = b"\r\n"
NAMES_KEPT: Final = 2_000


class _Lowered(dict[str, str]):
    """Names in lower case, remembered: the same few hundred come all day. Asterisk's users may invent more."""

    def __missing__(self, name: str) -> str:
        lowered = name.lower()
        if len(self) < NAMES_KEPT:
            self[name] = lowered
        return lowered


lowered: Final = _Lowered()

_SPELLED: Final = {name.lower(): b"\r\n%s: " % name.encode() for name in (
    "Timestamp", "Uniqueid", "Linkedid", "Channel", "ChannelState", "CallerIDNum", "Context", "Exten", "Queue", "Interface",
    "DestUniqueid", "RingTime", "Membership", "Penalty", "Paused", "PausedReason", "BridgeUniqueid", "Cause", "Device", "State",
    "Variable", "Value", "UserEvent")}
"""As Asterisk writes those that come once in an event, with what stands before and after the name."""

_TIMESTAMP: Final = _SPELLED["timestamp"]
_USER_EVENT: Final = _SPELLED["userevent"]


def text_of(message: bytes) -> str:
    return message.decode("utf-8", "replace")


def headers_of(message: bytes) -> dict[str, str]:
    """All of them. A line without a separator is a header without a value."""
    lines = text_of(message).split("\r\n")
    headers = {lowered[name]: value for name, _, value in [line.partition(": ") for line in lines]}
    if len(headers) == len(lines) and "" not in headers:
        return headers
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name:
            key = lowered[name]
            headers[key] = f"{headers[key]}\n{value}" if key in headers else value
    return headers


def happened_at(message: bytes) -> datetime | None:
    """Asterisk's own time of the event (`timestampevents`), right even when the reader lags."""
    at = message.find(_TIMESTAMP)
    if at < 0:
        return None
    start = at + len(_TIMESTAMP)
    try:
        return datetime.fromtimestamp(float(message[start:message.find(END_OF_LINE, start)]), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def dialplan_headers(message: bytes) -> dict[str, str]:
    """Of a UserEvent: what the dialplan says stands after its name; of what stands before, only whose words they are."""
    at = message.find(_USER_EVENT)
    if at < 0:
        return headers_of(message)
    channel = EventHeaders(message[:at])
    return {"event": "UserEvent", "channel": channel.get("channel"), "uniqueid": channel.get("uniqueid"),
            **headers_of(message[at + len(END_OF_LINE):])}


class EventHeaders(Mapping[str, str]):
    """Of an event's bytes: a header is looked for where Asterisk writes it; only if it is not there are all of them read."""

    __slots__ = ("_all", "_message")

    def __init__(self, message: bytes) -> None:
        self._message = message
        self._all: dict[str, str] | None = None

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one default for all, and no None
        message, spelled = self._message, _SPELLED.get(name)
        # From the end, where most of what is asked for stands.
        if spelled is None or (start := message.rfind(spelled)) < 0:
            return self._read().get(name, default)
        start += len(spelled)
        end = message.find(END_OF_LINE, start)
        value = message[start:end] if end >= 0 else message[start:]
        try:
            return value.decode()
        except UnicodeDecodeError:
            return text_of(value)

    def __getitem__(self, name: str) -> str:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, str]:
        if self._all is None:
            self._all = headers_of(self._message)
        return self._all
