"""The difference between the floor as it is and as it should be, as actions. Pure: the same two floors, the same actions.

Each action is safe to repeat and to lose: what is still missing afterwards is in the next round's difference. Never touched
are queues and keys that are not ours, and whether a static member is there.

    in the queue, not wanted, dynamic          Remove
    in the queue, not wanted, static           nothing: queues.conf says so
    wanted, not in the queue, dynamic          Add, with penalty and pause
    wanted, not in the queue, static           nothing: comes with the next reload
    in the queue with another wrap-up, dynamic Remake: out and in again, in one breath
    in the queue with another penalty          ChangePenalty
    in the queue, paused otherwise             SetPause; one for all queues where all must become the same
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from acd.ami.members import Member, Place
from acd.reconcile.wanted import Actual, Wanted, is_switch


class Add(NamedTuple):
    place: Place
    member: Member


class Remove(NamedTuple):
    place: Place


class Remake(NamedTuple):
    """app_queue takes a member's own wrap-up when the member is added, and at no other time. One after the other, each without
    a moment in between: a queue that nobody is in sends its callers away."""

    place: Place
    member: Member


class ChangePenalty(NamedTuple):
    place: Place
    penalty: int


class SetPause(NamedTuple):
    interface: str
    paused: bool
    reason: str
    queue: str | None = None     # None: in every queue where the interface is a member


class PutSwitch(NamedTuple):
    key: str
    value: str


class DeleteSwitch(NamedTuple):
    key: str


Action = Add | Remove | Remake | ChangePenalty | SetPause | PutSwitch | DeleteSwitch


def reconcile(wanted: Wanted, actual: Actual) -> tuple[Action, ...]:
    """Actions that bring the actual to the wanted floor, none when they agree: remove, remake, pause, penalty, add, switches."""
    remade: list[Action] = []
    additions: list[Action] = []
    penalties: list[Action] = []
    misplaced: dict[Place, Member] = {}          # members whose pause must change → as they should be
    there = actual.members.get
    for place, want in wanted.members.items():
        have = there(place)
        if have is None:
            if want.dynamic and place.queue in actual.queues:
                additions.append(Add(place, want))
        elif have != want:
            if have.wrapup != want.wrapup and have.dynamic and want.dynamic:
                remade.append(Remake(place, want))
                continue
            if have.penalty != want.penalty:
                penalties.append(ChangePenalty(place, want.penalty))
            if have.paused != want.paused or have.reason != want.reason:
                misplaced[place] = want
    removals = [Remove(place) for place, have in actual.members.items()
                if place not in wanted.members and have.dynamic and place.queue in wanted.queues]
    return (*removals, *remade, *_pauses(misplaced, wanted, actual), *penalties, *additions, *_switches(wanted, actual))


def unasked(before: Wanted | None, actual: Actual, actions: tuple[Action, ...]) -> tuple[Action, ...]:
    """Drift: of the actions, those that were needed already for the floor that had been reached. None known: no drift."""
    if before is None or not actions:
        return ()
    needed = set(reconcile(before, actual))
    return tuple(action for action in actions if action in needed)


def contradicts(wanted: Wanted, place: Place, seen: Member | None) -> bool:
    """Whether a member that Asterisk told about (None: removed) is not as wanted; a hint to look, no verdict."""
    want = wanted.members.get(place)
    if want is None:
        return seen is not None and seen.dynamic and place.queue in wanted.queues
    if seen is None:
        return want.dynamic
    if seen == want:
        return False
    remade = seen.dynamic and want.dynamic and seen.wrapup != want.wrapup
    return remade or seen[:3] != want[:3]               # who keeps the member does not change


def _pauses(misplaced: dict[Place, Member], wanted: Wanted, actual: Actual) -> list[Action]:
    by_interface: dict[str, list[Place]] = defaultdict(list)
    for place in misplaced:
        by_interface[place.interface].append(place)
    several = {interface for interface, places in by_interface.items() if len(places) > 1}
    uniform = _uniform(several, wanted, actual) if several else set()
    actions: list[Action] = []
    for interface, places in by_interface.items():
        those = places[:1] if interface in uniform else places
        actions += [SetPause(interface, misplaced[place].paused, misplaced[place].reason,
                             None if interface in uniform else place.queue) for place in those]
    return actions


def _uniform(interfaces: set[str], wanted: Wanted, actual: Actual) -> set[str]:
    """Those that are to be paused alike wherever they are; who is anywhere that is not ours is not among them."""
    ends: dict[str, set[tuple[bool, str] | None]] = defaultdict(set)
    for place, have in actual.members.items():
        if place.interface in interfaces:
            want = wanted.members.get(place)
            if want or not have.dynamic or place.queue not in wanted.queues:     # else it is removed before
                ends[place.interface].add((want.paused, want.reason) if want else None)
    return {interface for interface, those in ends.items() if len(those) == 1 and None not in those}


def _switches(wanted: Wanted, actual: Actual) -> list[Action]:
    put: list[Action] = [PutSwitch(key, value) for key, value in wanted.switches.items() if actual.switches.get(key) != value]
    return put + [DeleteSwitch(key) for key in actual.switches if key not in wanted.switches and is_switch(key)]
