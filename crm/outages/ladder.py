"""What the health of the components over time makes of it (C2): outages that begin and end, and the rungs that are due. Pure.

| component  | looks bad                                     | looks well                                             |
|------------|-----------------------------------------------|--------------------------------------------------------|
| no outage  | its bad time adds up; beyond its limit: begun | after `well_for_s` without a bad look the sum is zero  |
| outage     | rungs are told at their times since it began  | no rung; after `well_for_s`: ended, when it became well|

So what comes and goes faster than `well_for_s` is one outage, and a process that dies every few seconds is one too. Nobody's
acknowledgement stops a rung: it is shown with it. When the clock is put back, what was seen goes back with it: else nothing would
end, and no rung would be due, before the old time has come again. What is told is a `Happening`; `fold` of all of them is the
state after a restart, but for sums of bad time: who was not yet out begins to count anew.

Standard library only: the guard, which runs this, has to be small and to outlive what the others stand on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce


class Look(StrEnum):
    """What a component looks like; the words of `callcenter.events.Health`, without what it imports."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True)
class Seen:
    look: Look
    detail: str = ""       # a code or a figure


@dataclass(frozen=True)
class Rung:
    after_s: float                 # since the outage began
    tell: tuple[str, ...]          # roles
    vendor: bool = False           # … and who sold us the thing


@dataclass(frozen=True)
class Limits:
    """How much bad time makes an outage; None: no amount of it."""

    down_s: float | None = None
    degraded_s: float | None = None     # of bad time of either kind


@dataclass(frozen=True)
class Policy:
    rungs: tuple[Rung, ...]
    limits: Mapping[str, Limits]        # by component; what is not here is not watched
    well_for_s: float
    gap_s: float                        # between two looks that lie further apart nobody knows: only so much is counted


@dataclass(frozen=True)
class Began:
    outage_id: str
    component: str
    at: datetime                   # when it was told apart from a hiccup
    began_at: datetime
    detail: str = ""


@dataclass(frozen=True)
class Told:
    """A rung is due: it is told from now on, until it is delivered or the outage is over."""

    outage_id: str
    at: datetime
    rung: int                      # its place
    after_s: float
    tell: tuple[str, ...]
    vendor: bool = False


@dataclass(frozen=True)
class Acknowledged:
    outage_id: str
    at: datetime
    by: str


@dataclass(frozen=True)
class Ended:
    outage_id: str
    at: datetime
    ended_at: datetime             # when it became well


Happening = Began | Told | Acknowledged | Ended


@dataclass(frozen=True)
class Outage:
    """`rungs`: how many were told."""

    outage_id: str
    component: str
    began_at: datetime
    detail: str = ""
    rungs: int = 0
    step_s: float = 0
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True)
class Watched:
    """What a component looked like lately."""

    at: datetime                        # of the last look
    look: Look | None = None            # None: nobody could say
    bad_since: datetime | None = None
    well_since: datetime | None = None  # since then, after bad time
    down_s: float = 0
    bad_s: float = 0


@dataclass(frozen=True)
class State:
    open: Mapping[str, Outage] = field(default_factory=dict)        # by component
    watched: Mapping[str, Watched] = field(default_factory=dict)


def step(policy: Policy, state: State, looks: Mapping[str, Seen], now: datetime) -> tuple[State, list[Happening]]:
    """A round of looking. A component that is in no look is one of which nobody can say how it is."""
    state = _put_back(state, now)
    watched = {name: _looked(state.watched.get(name), looks.get(name), policy, now) for name in policy.limits}
    happened: list[Happening] = []
    for name, limits in policy.limits.items():
        seen, one = looks.get(name), watched[name]
        outage = state.open.get(name)
        if outage is None and seen is not None and _is_out(one, limits):
            began_at = one.bad_since or now
            happened.append(Began(f"{name}-{began_at:%Y%m%d-%H%M%S}", name, now, began_at, seen.detail))
    for outage in state.open.values():
        if outage.component not in policy.limits:      # watched no more
            happened.append(Ended(outage.outage_id, now, now))
            continue
        one = watched[outage.component]
        if one.look is Look.OK and one.well_since and _s(now - one.well_since) >= policy.well_for_s:
            happened.append(Ended(outage.outage_id, now, one.well_since))
    after = replace(fold(happened, state), watched=watched)
    rungs = [told for outage in after.open.values() for told in _due(policy, outage, watched[outage.component], now)]
    return fold(rungs, after), [*happened, *rungs]


def acknowledged(state: State, outage_id: str, by: str, now: datetime) -> tuple[State, list[Happening]]:
    """The first one is kept; of an outage that is over, nothing."""
    wanted = [Acknowledged(outage_id, now, by) for one in state.open.values()
              if one.outage_id == outage_id and not one.acknowledged_by]
    return fold(wanted, state), list(wanted)


def next_at(policy: Policy, state: State) -> datetime | None:
    """The next moment at which something may have to be told, if nothing changes."""
    moments = []
    for name, limits in policy.limits.items():
        one, outage = state.watched.get(name), state.open.get(name)
        if outage is not None and one is not None and one.well_since:
            moments.append(one.well_since + timedelta(seconds=policy.well_for_s))
        elif outage is not None and outage.rungs < len(policy.rungs):
            moments.append(rung_at(policy, outage, outage.rungs))
        elif outage is None and one is not None and one.look in (Look.DOWN, Look.DEGRADED):
            left = [limit - had for limit, had in ((limits.down_s if one.look is Look.DOWN else None, one.down_s),
                                                   (limits.degraded_s, one.bad_s)) if limit is not None]
            moments += [one.at + timedelta(seconds=max(0.0, min(left)))] if left else []
    return min(moments, default=None)


def rung_at(policy: Policy, outage: Outage, rung: int) -> datetime:
    return outage.began_at + timedelta(seconds=policy.rungs[rung].after_s)


def fold(happenings: Iterable[Happening], state: State | None = None) -> State:
    return reduce(_after, happenings, state or State())


def after(outage: Outage | None, happening: Happening) -> Outage | None:
    """One outage's own part of the fold; ended ones too."""
    match happening:
        case Began():
            return Outage(happening.outage_id, happening.component, happening.began_at, happening.detail)
        case _ if outage is None:
            return None
        case Told():
            return replace(outage, rungs=max(outage.rungs, happening.rung + 1), step_s=max(outage.step_s, happening.after_s))
        case Acknowledged():
            if outage.acknowledged_by:
                return outage
            return replace(outage, acknowledged_by=happening.by, acknowledged_at=happening.at)
        case Ended():
            return replace(outage, ended_at=happening.ended_at)


def _after(state: State, happening: Happening) -> State:
    before = next((one for one in state.open.values() if one.outage_id == happening.outage_id), None)
    outage = after(before, happening)
    if outage is None:
        return state
    others = {name: one for name, one in state.open.items() if name != outage.component}
    return replace(state, open=others if outage.ended_at else {**others, outage.component: outage})


def _put_back(state: State, now: datetime) -> State:
    """As if the clock had always been what it is now: by what lies between two looks, of which the later one was first. Of an
    outage from before a restart it is known how far it was: at least at its last rung."""
    by = max((one.at - now for one in state.watched.values()), default=timedelta(0))
    if by > timedelta(0):
        watched = {name: replace(one, at=one.at - by, bad_since=one.bad_since and one.bad_since - by,
                                 well_since=one.well_since and one.well_since - by) for name, one in state.watched.items()}
        outages = {name: replace(one, began_at=one.began_at - by) for name, one in state.open.items()}
        state = State(outages, watched)
    return replace(state, open={
        name: one if one.began_at <= now else replace(one, began_at=now - timedelta(seconds=one.step_s))
        for name, one in state.open.items()})


def _looked(before: Watched | None, seen: Seen | None, policy: Policy, now: datetime) -> Watched:
    look = seen.look if seen else None
    if before is None:
        return Watched(now, look, now if look in (Look.DOWN, Look.DEGRADED) else None, now if look is Look.OK else None)
    passed = min(max(0.0, _s(now - before.at)), policy.gap_s)
    one = replace(before, at=now, look=look,
                  down_s=before.down_s + (passed if before.look is Look.DOWN else 0),
                  bad_s=before.bad_s + (passed if before.look in (Look.DOWN, Look.DEGRADED) else 0))
    if look in (Look.DOWN, Look.DEGRADED):
        return replace(one, bad_since=one.bad_since or now, well_since=None)
    if look is None:
        return one
    one = replace(one, well_since=one.well_since or now)
    if one.well_since and _s(now - one.well_since) >= policy.well_for_s:
        return replace(one, bad_since=None, down_s=0, bad_s=0)
    return one


def _is_out(one: Watched, limits: Limits) -> bool:
    if one.look not in (Look.DOWN, Look.DEGRADED):
        return False
    return ((limits.down_s is not None and one.down_s >= limits.down_s)
            or (limits.degraded_s is not None and one.bad_s >= limits.degraded_s))


def _due(policy: Policy, outage: Outage, one: Watched, now: datetime) -> list[Told]:
    """All that are due and not told: also those that came due while nobody watched."""
    if one.well_since is not None:
        return []
    return [Told(outage.outage_id, now, place, rung.after_s, rung.tell, rung.vendor)
            for place, rung in enumerate(policy.rungs) if place >= outage.rungs and now >= rung_at(policy, outage, place)]


def _s(span: timedelta) -> float:
    return span.total_seconds()
