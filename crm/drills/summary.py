"""What came of a drill, by the words for figures of all calls; and against the last one of its name. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Final

from crm.calls.record import Outcome
from crm.reports.figures import Counted, Rules, answered_in_2_rings, asa_s, count, service_level, settled

GAVE_WAY: Final = "gave_way"
STOPPED: Final = "stopped"
SHARE: Final = 0.9


@dataclass(frozen=True)
class DrillCalled:
    """One call of it. `outcome` is calls.record.Outcome, or why acd ended it before anybody answered."""

    queue: str | None
    entered_at: datetime | None
    queued_at: datetime | None
    rang_at: datetime | None
    answered_at: datetime | None
    outcome: str | None
    stage: int
    wait_s: float | None
    talk_s: float | None
    over: str | None = None      # acd ended it, also in mid-talk: real callers came first, or the drill was stopped


@dataclass(frozen=True)
class DrillFigures:
    """Rates are of calls whose fate was their own: neither gave way nor stopped. None: there was nothing to count it of."""

    offered: int = 0             # entered a queue
    answered: int = 0
    abandoned: int = 0
    short_abandons: int = 0
    overflowed: int = 0          # went to the backup seats or further: nobody had answered by the sixth ring (A2)
    mean_wait_s: float | None = None         # of those who were answered
    wait_90_s: float | None = None           # nine in ten waited no longer, whatever came of it
    longest_wait_s: float | None = None
    answered_in_2_rings: float | None = None     # with simulated seats nobody can say: they do not ring
    service_level: float | None = None
    mean_talk_s: float | None = None


@dataclass(frozen=True)
class Summary:
    planned: int                 # callers of the scenario
    calls: int                   # that were on the line
    menu: int                    # … and never entered a queue
    gave_way: int                # acd ended them because a real caller waited, some in mid-talk
    stopped: int                 # … because the drill was stopped
    lost: int                    # … with Asterisk
    open: int                    # of which no end was journalled
    refused: Mapping[str, int]   # that did not come, by why: cap, callers, late, acd_silent …
    all: DrillFigures = field(default_factory=DrillFigures)
    queues: Mapping[str, DrillFigures] = field(default_factory=dict)


def summed(calls: Sequence[DrillCalled], planned: int, refused: Mapping[str, int], rules: Rules) -> Summary:
    ends = Counter(call.outcome for call in calls)
    queues = sorted({call.queue for call in calls if call.queue and call.queued_at})
    return Summary(
        planned, sum(call.entered_at is not None for call in calls), ends[Outcome.MENU],
        sum(call.over == GAVE_WAY for call in calls), sum(call.over == STOPPED for call in calls), ends[Outcome.LOST], ends[None],
        dict(refused), figures(calls, rules),
        {queue: figures([call for call in calls if call.queue == queue], rules) for queue in queues})


def figures(calls: Sequence[DrillCalled], rules: Rules) -> DrillFigures:
    own = settled(_counted(call) for call in calls if call.queued_at and call.outcome not in (GAVE_WAY, STOPPED, Outcome.LOST))
    waits = sorted(call.wait_s for call in own if call.wait_s is not None)
    talks = [call.talk_s for call in own if call.talk_s is not None]
    asa, rings = asa_s(own), any(call.rang_at for call in own)
    return DrillFigures(
        len(own), count("answered", own, rules), count("abandoned", own, rules), count("short_abandons", own, rules),
        count("overflowed", own, rules), _rounded(asa), _rounded(_nine_in_ten(waits)), _rounded(max(waits, default=None)),
        _rounded(answered_in_2_rings(own, rules), 3) if rings else None, _rounded(service_level(own, rules), 3),
        _rounded(math.fsum(talks) / len(talks)) if talks else None)


def compared(now: DrillFigures, before: DrillFigures) -> dict[str, float | None]:
    """Each figure's difference; None where one of the two has none."""
    old = asdict(before)
    return {name: None if value is None or old[name] is None else round(value - old[name], 3)
            for name, value in asdict(now).items()}


def _counted(call: DrillCalled) -> Counted:
    assert call.queued_at is not None  # the caller has looked
    known = call.outcome if call.outcome in set(Outcome) else None
    return Counted(call.queue or "", call.queued_at, Outcome(known) if known else None, call.rang_at, call.answered_at, call.wait_s,
                   call.talk_s, call.stage)


def _nine_in_ten(waits: Sequence[float]) -> float | None:
    """Nearest rank."""
    return waits[math.ceil(SHARE * len(waits)) - 1] if waits else None


def _rounded(value: float | None, digits: int = 1) -> float | None:
    return None if value is None else round(value, digits)
