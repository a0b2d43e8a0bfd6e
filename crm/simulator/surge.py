"""The surge's machine in the simulator: what the engine sees becomes the signals that the line's own machine is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from callcenter.site.surge import SurgePolicy
from crm.simulator.result import Seen
from crm.surge.tiers import Signals, State, step


class TierWatch:
    """`expected`: forecast arrivals by interval of `step_s`, from the scenario's beginning; without, their ratio is unknown."""

    def __init__(self, policy: SurgePolicy, begins_at: datetime, expected: Sequence[float] | None = None,
                 step_s: float = 1800.0) -> None:
        self._policy, self._begins_at = policy, begins_at
        self._expected, self._step_s = expected, step_s
        self.state = State()

    def tier(self, seen: Seen) -> int:
        signals = Signals(self._begins_at + timedelta(seconds=seen.at), seen.waiting, seen.longest_wait_s, self._ratio(seen),
                          seen.service_level, seen.agents)
        self.state = step(self._policy, self.state, signals)
        return self.state.tier

    def _ratio(self, seen: Seen) -> float | None:
        if self._expected is None:
            return None
        rule = self._policy.arrivals
        return seen.arrived / max(expected_in(self._expected, self._step_s, seen.at - rule.window, seen.at), rule.least)


def expected_in(expected: Sequence[float], step_s: float, begin: float, end: float) -> float:
    """Arrivals that were forecast for a time."""
    total = 0.0
    place = max(int(begin // step_s), 0)
    while place < len(expected) and place * step_s < end:
        share = (min(end, (place + 1) * step_s) - max(begin, place * step_s)) / step_s
        total += expected[place] * max(share, 0.0)
        place += 1
    return total
