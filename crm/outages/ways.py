"""Whom a rung and the all-clear reach, which messages are due, and when one that failed is tried again (C2). Pure.

The guard asks whether anything is due, the process that it starts sends it: both by this file. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from crm.outages.ladder import Began, Ended, Happening, Outage, Told, after

TRIES: Final = 8
CLEAR: Final = "clear"
VENDOR: Final = "vendor"            # a word beside the roles
TOLD_FOR: Final = timedelta(days=1)  # an outage that ended longer ago is told to nobody any more


@dataclass(frozen=True)
class Way:
    """A robot of a group chat, or an address of mail; `tell`: the roles that it reaches."""

    channel: str                   # "mail", "robot:<id>"
    address: str
    tell: tuple[str, ...]
    components: tuple[str, ...] = ()       # a vendor's: of these only; none: of all


@dataclass(frozen=True)
class Message:
    """`what`: the rung's place, or `clear`."""

    outage_id: str
    what: str
    channel: str
    address: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.outage_id, self.what, self.channel, self.address


@dataclass(frozen=True)
class Tried:
    """One try of a message."""

    message: Message
    at: datetime
    error: str = ""                # "": it was taken

    def written(self) -> dict[str, Any]:
        one = self.message
        return {"what": one.what, "outage_id": one.outage_id, "channel": one.channel, "address": one.address,
                "at": self.at.isoformat(), "error": self.error}


def tried_of(said: Mapping[str, Any]) -> Tried | None:
    try:
        message = Message(str(said["outage_id"]), str(said["what"]), str(said["channel"]), str(said["address"]))
        return Tried(message, datetime.fromisoformat(said["at"]), str(said["error"]))
    except (KeyError, TypeError, ValueError):
        return None


@dataclass(frozen=True)
class Story:
    """All that was told of every outage, as the two files have it."""

    outages: Mapping[str, Outage] = field(default_factory=dict)
    rungs: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    ended: Mapping[str, datetime] = field(default_factory=dict)         # when that was noticed


def story_of(happenings: Iterable[Happening]) -> Story:
    outages: dict[str, Outage] = {}
    rungs: dict[str, tuple[Told, ...]] = {}
    ended: dict[str, datetime] = {}
    for one in happenings:
        outage = after(None if isinstance(one, Began) else outages.get(one.outage_id), one)
        if outage is None:
            continue
        outages[one.outage_id] = outage
        if isinstance(one, Told):
            rungs[one.outage_id] = (*rungs.get(one.outage_id, ()), one)
        elif isinstance(one, Ended):
            ended[one.outage_id] = one.at
    return Story(outages, rungs, ended)


def wait(tries: int) -> timedelta:
    """Before the next try: 10 s, 30 s, 90 s … half an hour, as notices' deliveries."""
    return min(timedelta(seconds=10 * 3 ** (tries - 1)), timedelta(minutes=30))


def due(story: Story, tried: Sequence[Tried], ways: Sequence[Way], now: datetime) -> list[Message]:
    """To be sent now, in the order of the story. An outage that is over is told to those who heard of it, and to nobody else."""
    results: dict[tuple[str, str, str, str], list[Tried]] = {}
    for one in tried:
        results.setdefault(one.message.key, []).append(one)
    return [message for message in _wanted(story, results, ways, now) if _is_due(results.get(message.key, []), now)]


def next_try(story: Story, tried: Sequence[Tried], ways: Sequence[Way], now: datetime) -> datetime | None:
    """When a message that failed is due again; None when none waits."""
    results: dict[tuple[str, str, str, str], list[Tried]] = {}
    for one in tried:
        results.setdefault(one.message.key, []).append(one)
    moments = [moment for message in _wanted(story, results, ways, now)
               if (moment := _due_at(results.get(message.key, []))) is not None and moment > now]
    return min(moments, default=None)


def _wanted(story: Story, results: Mapping[tuple[str, str, str, str], list[Tried]], ways: Sequence[Way],
            now: datetime) -> list[Message]:
    wanted: list[Message] = []
    for outage_id, outage in story.outages.items():
        ended = story.ended.get(outage_id)
        if ended is None:
            wanted += [Message(outage_id, str(told.rung), way.channel, way.address)
                       for told in story.rungs.get(outage_id, ()) for way in ways if _is_meant(told, outage, way)]
        elif now - ended <= TOLD_FOR:
            heard = {(channel, address): None for (ident, what, channel, address), tries in results.items()
                     if ident == outage_id and what != CLEAR and any(not one.error for one in tries)}
            wanted += [Message(outage_id, CLEAR, channel, address) for channel, address in heard]
    return list(dict.fromkeys(wanted))


def _is_meant(told: Told, outage: Outage, way: Way) -> bool:
    if VENDOR in way.tell:
        return told.vendor and (not way.components or outage.component in way.components)
    return bool(set(told.tell) & set(way.tell))


def _is_due(tries: Sequence[Tried], now: datetime) -> bool:
    moment = _due_at(tries)
    return not tries or (moment is not None and moment <= now)


def _due_at(tries: Sequence[Tried]) -> datetime | None:
    """None: at once, or never any more."""
    if not tries or any(not one.error for one in tries) or len(tries) >= TRIES:
        return None
    return max(one.at for one in tries) + wait(len(tries))
