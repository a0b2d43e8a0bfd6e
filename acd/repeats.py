"""app_queue tells a member's whole state for each of its queues at every change of its phone: most of it says nothing new.

On a floor of many queues these are nearly all of AMI (asterisk/asterisk issue 1972). Two messages about one member that differ
in nothing but the time and the phone's state are one piece of news: the phone's state comes from DeviceStateChange.
"""

from __future__ import annotations

from typing import Final

REMOVED: Final = "queuememberremoved"
MEMBER_EVENTS: Final = frozenset({"queuememberstatus", "queuememberpause", "queuememberpenalty", "queuememberadded", REMOVED})


class Repeats:
    """What was last told about each member, since the link is up. Reads nothing that has not the shape it knows."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, str]] = {}

    def says_nothing_new(self, text: str) -> bool:
        """Of one of MEMBER_EVENTS, as it came. Queue, member and membership name it; what follows is its state."""
        who, state, status, paused = (text.find("\r\nQueue: "), text.find("\r\nPenalty: "), text.find("\r\nStatus: "),
                                      text.find("\r\nPaused: "))
        if not 0 < who < state < status < paused:
            return False
        member, news = text[who:state], (text[state:status], text[paused:])
        if text.startswith("Event: QueueMemberRemoved\r\n"):
            self._last.pop(member, None)
            return False
        if self._last.get(member) == news:
            return True
        self._last[member] = news
        return False
