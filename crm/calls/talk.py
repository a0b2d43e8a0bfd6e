"""Who talked when: bridges, as CEL tells of them, become segments of talk. Pure.

Asterisk tells which channel entered and left which bridge. Who is in one bridge hears each other; the two halves of a Local
channel make two bridges one. A consultation begins as a call of its own (its own linked id) and may become part of this one, so
the moves of such calls are folded in too: those that share a bridge or a channel with this call, wholly; of the others only
what a seat says on a second line that it dialled itself while it had this caller on the first: one that rings it about
another call, and one that it had dialled before it was given this caller, is talk of that call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

# A swap in a bridge lets two pass each other for microseconds: no talk, and no end of one.
GLITCH: Final = timedelta(milliseconds=50)


class TalkKind(StrEnum):
    TALK = "talk"                # alone with the caller
    CONSULT = "consult"          # with each other, the caller is elsewhere or on hold
    CONFERENCE = "conference"    # more than one with the caller


@dataclass(frozen=True)
class Move:
    """A channel entered or left a bridge. `seat` and `number`: whose channel it is, where that is known."""

    at: datetime
    channel: str                 # its unique id
    bridge: str
    entered: bool
    seat: str | None = None
    number: str | None = None
    local: str | None = None     # a half of this Local channel: it carries the voices of others
    speaks: bool = True          # False: in a bridge that only holds, such as a parking place


@dataclass(frozen=True)
class Segment:
    seat: str | None             # None: somebody outside, whose number is `number`, None when it is not known
    number: str | None
    kind: TalkKind
    began_at: datetime
    ended_at: datetime

    @property
    def seconds(self) -> float:
        return (self.ended_at - self.began_at).total_seconds()


@dataclass(frozen=True)
class Linked:
    """All moves under one linked id. `began_at`: when it was dialled, if that is known."""

    linked_id: str
    moves: tuple[Move, ...]
    began_at: datetime | None = None


@dataclass(frozen=True)
class _Person:
    seat: str | None
    number: str | None
    channel: str | None          # tells strangers without a number apart


def segments(call: Linked, ended_at: datetime, others: Iterable[Linked] = ()) -> tuple[Segment, ...]:
    """Everybody's but the caller's, in order of their beginning; those of one person never overlap. None of them ends after
    the call did, which also closes what a crash left open."""
    others = tuple(others)
    joined, aside = _related(call, others)
    moves = sorted(joined + aside, key=lambda move: (move.at, move.entered))
    own = frozenset(move.channel for move in joined)
    dialled = {other.linked_id: other.began_at or min(move.at for move in other.moves)
               for other in others if other.moves and other.linked_id not in own}
    asking: dict[str, frozenset[_Person]] = {}
    callers = _callers(call.linked_id, sorted(joined, key=lambda move: move.at))
    open_: dict[_Person, Segment] = {}
    done: list[Segment] = []
    where: dict[str, Move] = {}
    for at, now in _moments(moves):
        if at >= ended_at:
            break
        asking |= {channel: _holders(where, callers) for channel, since in dialled.items()
                   if since <= at and channel not in asking}
        for move in now:
            if move.entered:
                where[move.channel] = move
            elif move.channel in where and where[move.channel].bridge == move.bridge:
                del where[move.channel]
        doing = _doing(where, callers, own, asking)
        over = [person for person in open_ if doing.get(person) is not open_[person].kind]
        done += [replace(open_.pop(person), ended_at=at) for person in over]
        for person, kind in doing.items():
            open_.setdefault(person, Segment(person.seat, person.number, kind, at, at))
    done += [replace(segment, ended_at=ended_at) for segment in open_.values()]
    return _without_glitches(done)


def _related(call: Linked, others: Sequence[Linked]) -> tuple[list[Move], list[Move]]:
    """The call's own moves with those that came to it, and those of calls that never met it."""
    joined, rest = list(call.moves), list(others)
    while True:
        bridges = {move.bridge for move in joined}
        channels = {move.channel for move in joined}
        met = [other for other in rest if any(move.bridge in bridges or move.channel in channels for move in other.moves)]
        if not met:
            return joined, [move for other in rest for move in other.moves]
        joined += [move for other in met for move in other.moves]
        rest = [other for other in rest if other not in met]


def _callers(call_id: str, moves: Sequence[Move]) -> frozenset[str]:
    """The caller's channels. A call that began as a Local channel (a caller who is rung back) has as its caller the first
    from outside who was bridged."""
    own = next((move for move in moves if move.channel == call_id), None)
    if own is None or own.local is None:
        return frozenset({call_id})
    outside = next((move.channel for move in moves if move.entered and not move.seat and not move.local), None)
    return frozenset({call_id, outside} if outside else {call_id})


def _moments(moves: Sequence[Move]) -> Iterator[tuple[datetime, list[Move]]]:
    """Moves that happened at the same time, together."""
    start = 0
    for place in range(1, len(moves) + 1):
        if place == len(moves) or moves[place].at != moves[start].at:
            yield moves[start].at, list(moves[start:place])
            start = place


def _holders(where: dict[str, Move], callers: frozenset[str]) -> frozenset[_Person]:
    """Who is with the caller."""
    with_caller = [move for room in _talking(where, callers) if any(move.channel in callers for move in room) for move in room]
    return frozenset(_person(move) for move in with_caller if move.channel not in callers and not move.local)


def _doing(where: dict[str, Move], callers: frozenset[str], own: frozenset[str],
           asking: dict[str, frozenset[_Person]]) -> dict[_Person, TalkKind]:
    """`own`: channels of this call; `asking`: those that began a call of their own, and who had this caller when they did."""
    rooms, holders = _talking(where, callers), _holders(where, callers)
    doing: dict[_Person, TalkKind] = {}
    for room in rooms:
        if any(move.channel in callers for move in room):
            continue
        people = {_person(move) for move in room if not move.local}
        asks = any(_person(move) in holders & asking.get(move.channel, frozenset()) for move in room)
        if asks or any(move.channel in own for move in room):
            doing |= dict.fromkeys(people, TalkKind.CONSULT)
    listening = [person for person in holders if person not in doing]
    return doing | dict.fromkeys(listening, TalkKind.TALK if len(listening) == 1 else TalkKind.CONFERENCE)


def _talking(where: dict[str, Move], callers: frozenset[str]) -> list[list[Move]]:
    """Rooms in which there is more than one to talk."""
    return [room for room in _rooms(where) if len({_speaker(move, callers) for move in room if not move.local}) > 1]


def _rooms(where: dict[str, Move]) -> list[list[Move]]:
    """Channels that hear each other: those of a bridge, and of bridges that a Local channel makes one."""
    of_bridge: dict[str, str] = {}

    def root(bridge: str) -> str:
        while (above := of_bridge.setdefault(bridge, bridge)) != bridge:
            bridge = above
        return bridge

    halves: dict[str, str] = {}
    speaking = [move for move in where.values() if move.speaks]
    for move in speaking:
        if move.local:
            other = halves.setdefault(move.local, move.bridge)
            of_bridge[root(move.bridge)] = root(other)
    rooms: dict[str, list[Move]] = {}
    for move in speaking:
        rooms.setdefault(root(move.bridge), []).append(move)
    return list(rooms.values())


def _person(move: Move) -> _Person:
    if move.seat:
        return _Person(move.seat, None, None)
    return _Person(None, move.number, None if move.number else move.channel)


def _speaker(move: Move, callers: frozenset[str]) -> _Person | None:
    return None if move.channel in callers else _person(move)


def _without_glitches(found: list[Segment]) -> tuple[Segment, ...]:
    """Drops what is too short to be talk, and joins what such a moment cut in two."""
    kept: list[Segment] = []
    last: dict[tuple[str | None, str | None], int] = {}
    for segment in sorted(found, key=lambda one: (one.began_at, one.ended_at, one.seat or "", one.number or "")):
        if segment.ended_at - segment.began_at < GLITCH:
            continue
        who = segment.seat, segment.number
        before = kept[last[who]] if who in last else None
        # Two strangers without a number may talk at once: only what truly follows is joined.
        if before and before.kind is segment.kind and timedelta(0) <= segment.began_at - before.ended_at < GLITCH:
            kept[last[who]] = replace(before, ended_at=segment.ended_at)
        else:
            last[who] = len(kept)
            kept.append(segment)
    return tuple(kept)
