"""Three minutes of calls in fast patterns, and an audit that finds nothing. `bench/soak.py` does hours."""

from __future__ import annotations

import asyncio

import pytest
from soak.soak import soak

SECONDS = 180.0
SEED = 3


@pytest.mark.rule("A2", part="through misses, phones that go and callers that leave, for minutes and in bench/soak.py for hours")
@pytest.mark.rule("A8", part="every answered call has its recording, no recording is without its call")
@pytest.mark.rule("A9", part="blind and attended from phone to phone, and who talked when")
@pytest.mark.rule("A11", part="callbacks that keep their place: one a number, each rung, answered and tried by rule")
@pytest.mark.timeout(900)
def test_minutes_of_calls_in_fast_patterns_leave_one_right_record_each_and_nobody_stuck() -> None:
    result = asyncio.run(soak(SECONDS, seed=SEED, rate=1.0, deaths=0.0))
    assert result.wrong == []
    assert result.calls >= SECONDS / 2
    assert result.answered_legs >= result.calls / 3
    for pattern in ("seat blind", "seat attended", "seat hangs up", "seat rejects", "seat lets it ring", "gives up soon",
                    "leaves a message", "hangs up in the menu", "phone gone and back",
                    "callback asked for", "customer answers", "agent Pause: done", "agent SignOut: done", "agent MoveSeat: done"):
        assert result.did.get(pattern, 0) > 0, f"{pattern}: {result.did}"
