"""One AMI message as headers, read no further than somebody asks: most events are asked for five of their twenty headers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

Headers = Mapping[str, str]
"""Header names in lower case; a header that comes several times is joined by line feeds."""

END_OF_LINE: Final = "\r\n"
NAMES_KEPT: Final = 2_000


class _Lowered(dict[str, str]):
    """Names in lower case, remembered: the same few hundred come all day. Asterisk's users may invent more."""

    def __missing__(self, name: str) -> str:
        lowered = name.lower()
        if len(self) < NAMES_KEPT:
            self[name] = lowered
        return lowered


lowered: Final = _Lowered()

_SPELLED: Final = {name.lower(): f"{END_OF_LINE}{name}: " for name in (
    "Timestamp", "Uniqueid", "Linkedid", "Channel", "ChannelState", "CallerIDNum", "Context", "Exten", "Queue", "Interface",
    "DestUniqueid", "RingTime", "Membership", "Penalty", "Paused", "PausedReason", "BridgeUniqueid", "Cause", "Device", "State")}
"""As Asterisk writes those that come once in an event, with what stands before and after the name."""


def headers_of(text: str) -> dict[str, str]:
    """Of one message. A line without a separator is a header without a value."""
    lines = text.split(END_OF_LINE)
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


class EventHeaders(Mapping[str, str]):
    """Of an event's text: a header is looked for where Asterisk writes it; only if it is not there are all of them read."""

    __slots__ = ("_all", "_event", "_text")

    def __init__(self, event: str, text: str) -> None:
        """`event`: its name, as it stands in the text."""
        self._event, self._text = event, text
        self._all: dict[str, str] | None = None

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]  # one default for all, and no None
        if name == "event":
            return self._event
        text, spelled = self._text, _SPELLED.get(name)
        if spelled is not None and (at := text.find(spelled)) >= 0:
            start = at + len(spelled)
            end = text.find(END_OF_LINE, start)
            return text[start:end] if end >= 0 else text[start:]
        return self._read().get(name, default)

    def __getitem__(self, name: str) -> str:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())

    def _read(self) -> dict[str, str]:
        if self._all is None:
            self._all = headers_of(self._text)
        return self._all
