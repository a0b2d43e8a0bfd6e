"""app_queue tells a member's whole state for each of its queues at every change of its phone: most of it says nothing new.

On a floor of many queues these are nearly all of AMI (asterisk/asterisk issue 1972). What is read of them is penalty and pause
(acd/ami_events.py, MemberChanged); the phone's state comes from DeviceStateChange, calls from their channels. A message that
tells the penalty and pause which the last one about the same member told is a repeat, whatever it counts besides; and one
that tells what an earlier one told is not read again.
"""

from __future__ import annotations

from typing import Final

from acd.ami_events import AmiEvent, parse
from acd.headers import EventHeaders, headers_of

REMOVED: Final = "queuememberremoved"
WORDINGS_KEPT: Final = 20_000
MEMBER_EVENTS: Final = frozenset({"queuememberstatus", "queuememberpause", "queuememberpenalty", "queuememberadded", REMOVED})


class Repeats:
    """What was last told about each member, since the link is up. Takes nothing for known that has not the shape it knows."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}       # queue, member and membership, as written → penalty and pause, as written
        self._read: dict[str, AmiEvent | None] = {}     # both, as written → what they say

    def news(self, name: str, text: str) -> AmiEvent | None:
        """What one of MEMBER_EVENTS says, as it came; None when it says nothing new."""
        who = text.find("\r\nQueue: ")
        penalty = text.find("\r\nPenalty: ", who)
        counts = text.find("\r\nCallsTaken: ", penalty)
        paused = text.find("\r\nPaused: ", counts)
        if not 0 < who < penalty < counts < paused:
            return parse(EventHeaders(name, text))
        member, news = text[who:penalty], text[penalty:counts] + text[paused:]
        if name == REMOVED:
            self._last.pop(member, None)
            return parse(EventHeaders(name, text))
        if self._last.get(member) == news:
            return None
        self._last[member] = news
        said = member + news
        event = self._read.get(said)
        if event is None:
            if len(self._read) >= WORDINGS_KEPT:
                self._read.clear()
            event = self._read[said] = parse(headers_of(f"Event: {name}{said}"))
        return event
