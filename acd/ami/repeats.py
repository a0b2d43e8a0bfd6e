"""app_queue tells a member's whole state for each of its queues at every change of its phone: most of it says nothing new.

On a floor of many queues these are nearly all of AMI (asterisk/asterisk issue 1972). What is read of them is penalty and pause
(acd/ami/events.py, MemberChanged); the phone's state comes from DeviceStateChange, calls from their channels. A message that
tells the penalty and pause which the last one about the same member told is a repeat, whatever it counts besides; and one
that tells what an earlier one told is not read again.
"""

from __future__ import annotations

from typing import Final

from acd.ami.events import AmiEvent, member_changed, member_removed
from acd.ami.headers import EventHeaders

WORDINGS_KEPT: Final = 100     # of one member: pauses and penalties come again and again
MEMBER_EVENTS: Final = frozenset({"queuememberstatus", "queuememberpause", "queuememberpenalty", "queuememberadded"})


class _Member:
    """What was told of one: the last, as it was written, and what all that was written says."""

    __slots__ = ("last", "read")

    def __init__(self) -> None:
        self.last = b""
        self.read: dict[bytes, AmiEvent] = {}


class Repeats:
    """What was last told about each member, since the link is up. Takes nothing for known that has not the shape it knows."""

    def __init__(self) -> None:
        self._members: dict[bytes, _Member] = {}       # by queue, member and membership, as written

    def changed(self, message: bytes) -> AmiEvent | None:
        """What a QueueMemberStatus, …Pause, …Penalty or …Added says; None when it says nothing new."""
        who = message.find(b"\r\nQueue: ")
        penalty = message.find(b"\r\nPenalty: ", who)
        counts = message.find(b"\r\nCallsTaken: ", penalty)
        paused = message.find(b"\r\nPaused: ", counts)
        if not 0 < who < penalty < counts < paused:
            return member_changed(EventHeaders(message))
        key, news = message[who:penalty], message[penalty:counts] + message[paused:]
        member = self._members.get(key)
        if member is None:
            member = self._members[key] = _Member()
        elif member.last == news:
            return None
        event = member.read.get(news)
        if event is None:
            event = member_changed(EventHeaders(message))
            if event != member_changed(EventHeaders(key + news)):
                return event      # what is read stands elsewhere: never taken for known
            if len(member.read) >= WORDINGS_KEPT:
                member.read.clear()
            member.read[news] = event
        member.last = news
        return event

    def removed(self, message: bytes) -> AmiEvent:
        """What a QueueMemberRemoved says: it is always news, and so is whatever is told of the member afterwards."""
        who = message.find(b"\r\nQueue: ")
        self._members.pop(message[who:message.find(b"\r\nPenalty: ", who)], None)
        return member_removed(EventHeaders(message))

    def forget(self) -> None:
        self._members.clear()
