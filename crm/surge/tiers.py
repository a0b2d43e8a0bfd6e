"""The tiers of a surge as a pure machine over figures and time: the line, the drills and the simulator run the same.

`step` is given every reading of the figures; it changes the tier by one at most. Clocks count only time that was seen: after a
gap of more than `blind_after`, and after the wall clock was put back, they go on where they stood.

    tier 0 ── a threshold crossed for so long, or by hand ──► 1
    tier n ── not under control for tier_<n+1>_after in it ──► n + 1
    tier n ── under control for down_after in it ──► n − 1        (to 0: and no threshold is crossed)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from callcenter.errors import Conflict
from callcenter.site.surge import SurgePolicy
from callcenter.storm import CalledIn, Surge

TOP: Final = 3


class Why(StrEnum):
    ARRIVALS = "arrivals"
    WAITING = "waiting"
    LONGEST_WAIT = "longest_wait"
    SERVICE_LEVEL = "service_level"
    BY_HAND = "by_hand"


class NoSurge(Conflict):
    code = "no_surge"


class TopTier(Conflict):
    code = "top_tier"


class NotHeld(Conflict):
    code = "not_held"


@dataclass(frozen=True)
class Signals:
    """A reading. `arrivals_ratio` and `service_level` are None when nobody can say."""

    at: datetime
    waiting: int
    longest_wait_s: float
    arrivals_ratio: float | None = None
    service_level: float | None = None
    agents: int = 0              # signed in and not paused: for reports, decides nothing


@dataclass(frozen=True)
class State:
    """`declared_at`, `tier_since` and what ends at a time (`…_until`) are the wall clock's; the rest are clocks of time seen."""

    tier: int = 0
    declared_at: datetime | None = None
    tier_since: datetime | None = None
    why: tuple[Why, ...] = ()
    reason: str = ""
    by: str = ""
    held_by: str = ""
    held_until: datetime | None = None
    stays_until: datetime | None = None          # raised by hand: not lowered by itself before
    rests_until: datetime | None = None          # ended by hand: does not declare itself before
    seen_at: datetime | None = None              # the last reading
    over: Mapping[Why, datetime] = field(default_factory=dict)     # thresholds that are crossed, since when
    quiet_since: datetime | None = None          # no threshold is crossed
    fine_since: datetime | None = None           # the last readings keep to the limits of "under control"
    unfine_since: datetime | None = None         # … do not
    controlled_since: datetime | None = None     # in a surge: under control
    uncontrolled_since: datetime | None = None   # … not
    in_tier_since: datetime | None = None

    @property
    def held(self) -> bool:
        return self.held_until is not None


CLOCKS: Final = ("quiet_since", "fine_since", "unfine_since", "controlled_since", "uncontrolled_since", "in_tier_since")
MOMENTS: Final = ("declared_at", "tier_since", "held_until", "stays_until", "rests_until")
assert {*CLOCKS, *MOMENTS} <= {each.name for each in fields(State)}


def step(policy: SurgePolicy, state: State, signals: Signals) -> State:
    """The state after one more reading."""
    at = signals.at
    state = _watched(policy, _carried(policy, state, at), signals)
    if state.held_until is not None and at >= state.held_until:
        return replace(state, held_by="", held_until=None)
    if state.tier == 0:
        return _declared(policy, state, at)
    if (due := next_at(policy, state)) is not None and at >= due:
        return _in_tier(replace(state, why=tuple(state.over) or state.why), state.tier + 1, at)
    if (due := down_at(policy, state)) is not None and at >= due:
        return _in_tier(state, state.tier - 1, at)
    return state


def raised(policy: SurgePolicy, state: State, at: datetime, by: str, reason: str) -> State:
    """By hand, one tier up; ends a hold. Raises TopTier."""
    if state.tier == TOP:
        raise TopTier
    state = _carried(policy, state, at)
    why = state.why if Why.BY_HAND in state.why else (*state.why, Why.BY_HAND)
    risen = _in_tier(state, state.tier + 1, at)
    return replace(risen, why=why, by=by, reason=reason, stays_until=at + timedelta(seconds=policy.raised_stays),
                   rests_until=None)


def held(policy: SurgePolicy, state: State, at: datetime, by: str) -> State:
    """By hand: neither up nor down by itself, until somebody lets go, raises or lowers, or it was forgotten. Raises NoSurge."""
    if state.tier == 0:
        raise NoSurge
    return replace(_carried(policy, state, at), held_by=by, held_until=at + timedelta(seconds=policy.held_at_most))


def let_go(policy: SurgePolicy, state: State, at: datetime) -> State:
    """Clocks have run on meanwhile: what is due comes with the next reading. Raises NoSurge, NotHeld."""
    if state.tier == 0:
        raise NoSurge
    if not state.held:
        raise NotHeld
    return replace(_carried(policy, state, at), held_by="", held_until=None)


def lowered(policy: SurgePolicy, state: State, at: datetime) -> State:
    """By hand, one tier down; ends a hold. From tier 1 the surge is over and rests. Raises NoSurge."""
    if state.tier == 0:
        raise NoSurge
    below = _in_tier(_carried(policy, state, at), state.tier - 1, at)
    if below.tier == 0:
        return replace(below, over={}, rests_until=at + timedelta(seconds=policy.rests))
    return below


def next_at(policy: SurgePolicy, state: State) -> datetime | None:
    """When the next tier comes, if it stays as it is."""
    if state.held or not 0 < state.tier < policy.highest_by_itself or state.uncontrolled_since is None \
            or state.in_tier_since is None:
        return None
    after = policy.tier_2_after if state.tier == 1 else policy.tier_3_after
    return max(state.uncontrolled_since, state.in_tier_since) + timedelta(seconds=after)


def down_at(policy: SurgePolicy, state: State) -> datetime | None:
    """When a tier is taken back, if it stays as it is."""
    since = [state.controlled_since, state.in_tier_since, *([state.quiet_since] if state.tier == 1 else [])]
    known = [each for each in since if each is not None]
    if state.held or state.tier == 0 or len(known) < len(since):
        return None
    due = max(known) + timedelta(seconds=policy.down_after)
    return max(due, state.stays_until) if state.stays_until else due


def shown(policy: SurgePolicy, state: State, surge_id: int | None, coming: tuple[CalledIn, ...] = (), *,
          drill: bool = False) -> Surge:
    """As the board has it (B8)."""
    if state.tier == 0:
        return Surge()
    return Surge(tier=state.tier, surge_id=surge_id, since=state.declared_at, tier_since=state.tier_since,
                 why=tuple(state.why), reason=state.reason, by=state.by, under_control_since=state.controlled_since,
                 next_at=next_at(policy, state), down_at=down_at(policy, state), held=state.held, held_by=state.held_by,
                 coming=coming, drill=drill)


def _carried(policy: SurgePolicy, state: State, at: datetime) -> State:
    """All clocks moved by the time that does not count: nobody saw it, or it was before (the wall clock was put back)."""
    if state.seen_at is None:
        return replace(state, seen_at=at)
    passed = at - state.seen_at
    if timedelta(0) <= passed <= timedelta(seconds=policy.blind_after):
        return replace(state, seen_at=at)
    names = CLOCKS if passed > timedelta(0) else (*CLOCKS, *MOMENTS)
    moved = {name: value + passed for name in names if (value := getattr(state, name)) is not None}
    return replace(state, seen_at=at, over={why: since + passed for why, since in state.over.items()}, **moved)


def _watched(policy: SurgePolicy, state: State, signals: Signals) -> State:
    at = signals.at
    over = {why: state.over.get(why, at) for why in _crossed(policy, signals)}
    fine = _is_fine(policy, signals)
    fine_since = (state.fine_since or at) if fine else None
    unfine_since = None if fine else (state.unfine_since or at)
    controlled, uncontrolled = state.controlled_since, state.uncontrolled_since
    limits = policy.under_control
    if state.tier == 0:
        controlled = uncontrolled = None
    elif uncontrolled and fine_since and at - fine_since >= timedelta(seconds=limits.gained_after):
        controlled, uncontrolled = fine_since, None
    elif controlled and unfine_since and at - unfine_since >= timedelta(seconds=limits.lost_after):
        controlled, uncontrolled = None, unfine_since
    return replace(state, over=over, quiet_since=None if over else (state.quiet_since or at), fine_since=fine_since,
                   unfine_since=unfine_since, controlled_since=controlled, uncontrolled_since=uncontrolled)


def _crossed(policy: SurgePolicy, signals: Signals) -> Iterator[Why]:
    ratio, level = signals.arrivals_ratio, signals.service_level
    if policy.arrivals.enabled and ratio is not None and ratio > policy.arrivals.above:
        yield Why.ARRIVALS
    if policy.waiting.enabled and signals.waiting > policy.waiting.above:
        yield Why.WAITING
    if policy.longest_wait.enabled and signals.longest_wait_s > policy.longest_wait.above:
        yield Why.LONGEST_WAIT
    if policy.service_level.enabled and level is not None and level < policy.service_level.below:
        yield Why.SERVICE_LEVEL


def _is_fine(policy: SurgePolicy, signals: Signals) -> bool:
    limits, level = policy.under_control, signals.service_level
    return (signals.waiting <= limits.waiting and signals.longest_wait_s <= limits.longest_wait
            and (limits.service_level is None or level is None or level >= limits.service_level))


def _declared(policy: SurgePolicy, state: State, at: datetime) -> State:
    """Declared, when a threshold has been crossed for as long as it says."""
    if not policy.declares_itself or (state.rests_until is not None and at < state.rests_until):
        return state
    sustained = {Why.ARRIVALS: policy.arrivals.sustained, Why.WAITING: policy.waiting.sustained,
                 Why.LONGEST_WAIT: policy.longest_wait.sustained, Why.SERVICE_LEVEL: policy.service_level.sustained}
    why = tuple(each for each, since in state.over.items() if at - since >= timedelta(seconds=sustained[each]))
    return replace(_in_tier(state, 1, at), why=why, rests_until=None) if why else state


def _in_tier(state: State, tier: int, at: datetime) -> State:
    """In another tier: its clock begins, and no hold and no hand's time goes with it. A surge begins as not under control."""
    if tier == 0:
        return State(seen_at=state.seen_at, over=state.over, quiet_since=state.quiet_since, fine_since=state.fine_since,
                     unfine_since=state.unfine_since)
    begins = state.tier == 0
    return replace(state, tier=tier, tier_since=at, in_tier_since=at, held_by="", held_until=None, stays_until=None,
                   declared_at=at if begins else state.declared_at,
                   controlled_since=None if begins else state.controlled_since,
                   uncontrolled_since=at if begins else state.uncontrolled_since)
