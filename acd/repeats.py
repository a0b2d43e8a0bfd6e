"""app_queue tells a member's whole state for each of its queues at every change of its phone: most of it says nothing new.

On a floor of many queues these are nearly all of AMI (asterisk/asterisk issue 1972). What is read of them is penalty and pause
(acd/ami_events.py, MemberChanged); the phone's state comes from DeviceStateChange, calls from their channels. A message that
tells the penalty and pause which the last one about the same member told is a repeat, whatever it counts besides.
"""

from __future__ import annotations

from typing import Final

REMOVED: Final = "queuememberremoved"
MEMBER_EVENTS: Final = frozenset({"queuememberstatus", "queuememberpause", "queuememberpenalty", "queuememberadded", REMOVED})


class Repeats:
    """What was last told about each member, since the link is up. Reads nothing that has not the shape it knows."""

    def __init__(self) -> None:
        self._last: dict[str, str] = {}       # queue, member and membership, as written → penalty and pause, as written

    def says_nothing_new(self, text: str) -> bool:
        """Of one of MEMBER_EVENTS, as it came."""
        who, penalty, counts, paused = (text.find("\r\nQueue: "), text.find("\r\nPenalty: "), text.find("\r\nCallsTaken: "),
                                        text.find("\r\nPaused: "))
        if not 0 < who < penalty < counts < paused:
            return False
        member, news = text[who:penalty], text[penalty:counts] + text[paused:]
        if text.startswith("Event: QueueMemberRemoved\r\n"):
            self._last.pop(member, None)
            return False
        if self._last.get(member) == news:
            return True
        self._last[member] = news
        return False
