"""The floor as it should be, in Asterisk's words: members of queues, and the switches in astdb that the dialplan reads.

The same types hold what Asterisk has (`Actual`), so that the difference is a subtraction: acd/reconcile/difference.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from acd.ami.members import Member, Place
from acd.desired.book import Book, SignedIn
from acd.plan import FloorPlan, QueuePlan
from callcenter.roster import Agent, Roster
from callcenter.stages import Pool, Stage, asterisk_queue, stage_of


@dataclass(frozen=True)
class Wanted:
    """`queues` are ours to fill: whoever is in one of them and not in `members` does not belong there."""

    members: dict[Place, Member] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)    # astdb below the family `sixring`: "closed/repair" → "1"
    queues: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Actual:
    """`switches` is the whole family, with what is not acd's to reconcile; `queues` are those that Asterisk has loaded."""

    members: dict[Place, Member] = field(default_factory=dict)
    switches: dict[str, str] = field(default_factory=dict)
    queues: frozenset[str] = frozenset()


SWITCHES: Final = frozenset({"agent-at", "at-seat", "closed", "mobile", "tier", "treat"})
FOR_ALL: Final = "-all"      # in place of an estate: no estate's id begins like that
SIGNED_OUT: Final = "signed_out"
# In a surge, after every skill: a level is at most 9, so a skill's penalty at most 8.
PULLED_IN: Final = 9
EXTRA: Final = 10


def is_switch(key: str) -> bool:
    """Whether acd alone writes this key of the family; the others (estimates, `notice` and `switched`, which a person
    writes, also with acd dead) are none of its business."""
    family, slash, _ = key.partition("/")
    return family in SWITCHES or (family == "notice" and bool(slash))


def interface_of(seat: str) -> str:
    return f"PJSIP/{seat}"


def pause_of(entry: SignedIn, now: datetime) -> str:
    """Why this agent is not to be rung; "" when there is no reason."""
    if entry.pause:
        return entry.pause.value
    if entry.away:
        return "away"
    return "wrapup" if entry.wrapup_until and entry.wrapup_until > now else ""


def wanted_floor(plan: FloorPlan, book: Book, roster: Roster, now: datetime) -> Wanted:
    """docs/contracts.md, "Members wanted". Who is signed in at another node's seat, or is in no roster, is nobody here."""
    present = {entry.seat: (entry, agent) for entry in book.agents.values()
               if entry.seat in plan.seats and (agent := roster.agents.get(entry.agent))}
    pauses = {seat: pause_of(entry, now) for seat, (entry, _) in present.items()}
    by_backup = {seat: [queue for queue in plan.queues.values() if seat in queue.backup] for seat in present}
    with_teams = [queue for queue in plan.queues.values() if queue.teams]
    members, wrapup = {}, plan.own_wrapup(book.tier)
    pulled_in = tuple(_pulled_in(plan, book.tier, PULLED_IN))
    for seat, (_, agent) in present.items():
        interface, pause = interface_of(seat), pauses[seat]
        for name, penalty in (*pulled_in, *_rung(plan, agent, by_backup[seat], with_teams)):
            if plan.seats[seat].mobile and not _has_time(plan, name):
                continue
            members[Place(name, interface)] = Member(penalty, bool(pause), pause, wrapup=wrapup)
    for seat in plan.extra_seats:
        if seat not in present and plan.always_on(seat):
            members |= {Place(name, interface_of(seat)): Member(penalty, wrapup=wrapup)
                        for name, penalty in _pulled_in(plan, book.tier, EXTRA)}
    for name, seat in _static(plan):
        pause = pauses.get(seat, "" if plan.always_on(seat) else SIGNED_OUT)
        members[Place(name, interface_of(seat))] = Member(0, bool(pause), pause, dynamic=False)
    return Wanted(members, _switches(plan, book, present), frozenset(_queues(plan)))


def next_change(book: Book, now: datetime) -> datetime | None:
    """When the wanted floor changes with nobody asking: an extended wrap-up ends."""
    return min((entry.wrapup_until for entry in book.agents.values() if entry.wrapup_until and entry.wrapup_until > now),
               default=None)


def _rung(plan: FloorPlan, agent: Agent, backup: list[QueuePlan], with_teams: list[QueuePlan]) -> Iterator[tuple[str, int]]:
    """(Asterisk's queue, penalty) of everywhere the agent rings; `backup` are the queues that have the agent's seat as backup."""
    for skill, level in agent.skills.items():
        queue = plan.queues.get(skill)
        if queue and _may(agent, queue):
            yield queue.queue, level - 1
            yield from ((name, 0) for name in _with_backup(queue))
            for estate in queue.estates:
                if estate in agent.estates:
                    yield asterisk_queue(Stage(skill, Pool.ESTATE, estate)), level - 1
            for language in queue.languages:
                if language in agent.languages:
                    yield asterisk_queue(Stage(skill, Pool.LANGUAGE, language)), level - 1
    for queue in backup:
        if _may(agent, queue):
            yield from ((name, 0) for name in _with_backup(queue))
    for queue in with_teams:
        if _may(agent, queue):
            yield asterisk_queue(Stage(queue.queue, Pool.TEAMS)), 0


def _pulled_in(plan: FloorPlan, tier: int, penalty: int) -> Iterator[tuple[str, int]]:
    """Where everybody rings in a surge, whatever the skill (B2): not the press (D4). Where the call goes after the sixth ring
    too, or it would be rung at fewer phones there."""
    for queue in plan.queues.values() if tier else ():
        if not queue.press:
            yield queue.queue, penalty
            yield from ((name, 0) for name in _with_backup(queue))


def _with_backup(queue: QueuePlan) -> Iterator[str]:
    """Asterisk's queues in which the backup seats ring with whoever has the skill: from the sixth ring, and at once."""
    yield asterisk_queue(Stage(queue.queue, Pool.BACKUP))
    if queue.emergency:
        yield asterisk_queue(Stage(queue.queue, Pool.EMERGENCY))


def _has_time(plan: FloorPlan, name: str) -> bool:
    """Whether a seat is rung there long enough for a mobile: two rings, as among the primary seats, are over before the network has
    found it and somebody has pressed 1. The backup stage rings everybody for six rings, and at once where nobody else is."""
    stage = stage_of(name)
    return stage.pool in (Pool.BACKUP, Pool.TEAMS, Pool.EMERGENCY) or not plan.queues[stage.queue].backed


def _may(agent: Agent, queue: QueuePlan) -> bool:
    return agent.spokesperson or not queue.press


def _static(plan: FloorPlan) -> Iterator[tuple[str, str]]:
    """(Asterisk's queue, seat) of every member that queues.conf may hold; one that it does not hold is never added."""
    for queue in plan.queues.values():
        home = () if plan.free_seating else queue.seats
        yield from ((queue.queue, seat) for seat in home)
        backup = () if queue.press and plan.free_seating else queue.backup
        yield from ((name, seat) for name in _with_backup(queue) for seat in (*backup, *home))
        if queue.teams and not plan.free_seating:
            yield from ((asterisk_queue(Stage(queue.queue, Pool.TEAMS)), seat) for seat in plan.seats)
    yield from ((asterisk_queue(Stage("", Pool.SEAT, seat)), seat) for seat in plan.seats)


def _queues(plan: FloorPlan) -> Iterator[str]:
    for queue in plan.queues.values():
        yield queue.queue
        yield from (asterisk_queue(Stage(queue.queue, pool)) for pool in (Pool.BACKUP, Pool.TEAMS, Pool.EMERGENCY))
        yield from (asterisk_queue(Stage(queue.queue, Pool.ESTATE, estate)) for estate in queue.estates)
        yield from (asterisk_queue(Stage(queue.queue, Pool.LANGUAGE, language)) for language in queue.languages)
    yield from (asterisk_queue(Stage("", Pool.SEAT, seat)) for seat in plan.seats)


def _switches(plan: FloorPlan, book: Book, present: dict[str, tuple[SignedIn, Agent]]) -> dict[str, str]:
    switches = {f"agent-at/{agent.code}": seat for seat, (_, agent) in present.items()}
    switches |= {f"at-seat/{seat}": agent.code for seat, (_, agent) in present.items()}
    switches |= {f"mobile/{seat}": entry.number for seat, (entry, _) in present.items() if entry.number}
    switches |= {f"closed/{queue}": "1" for queue in book.closed if queue in plan.queues}
    switches |= {f"notice/{estate or FOR_ALL}": prompt for estate, prompt in book.notices.items()}
    switches |= {f"treat/{caller}": level for caller, level in book.treated.items()}
    return switches | ({"tier": str(book.tier)} if book.tier else {})


def told_by(switches: Mapping[str, str], book: Book) -> Book:
    """A book that was lost, with what Asterisk's own database still says of callers: the surge's tier, notices, treatments."""
    below: dict[str, dict[str, str]] = {"notice": {}, "treat": {}}
    for key, value in switches.items():
        family, _, rest = key.partition("/")
        if rest and family in below:
            below[family][rest] = value
    tier = switches.get("tier", "")
    return replace(book, tier=int(tier) if tier in ("1", "2", "3") else 0, treated=below["treat"],
                   notices={"" if estate == FOR_ALL else estate: prompt for estate, prompt in below["notice"].items()})
