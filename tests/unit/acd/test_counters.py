"""What app_queue says of its own counters, as one event a queue."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from acd.health.counters import counted_in
from callcenter.events import AsteriskCounted

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
LOCAL = NOW.astimezone().replace(microsecond=0)
CORE = {"corestartupdate": LOCAL.date().isoformat(), "corestartuptime": LOCAL.time().isoformat()}


def test_each_queue_is_told_with_its_stage_and_since_when_it_counts() -> None:
    rows = [{"event": "QueueParams", "queue": "repair.backup", "calls": "2", "completed": "7", "abandoned": "3"},
            {"event": "QueueMember", "queue": "repair.backup", "name": "1001"},
            {"event": "QueueParams", "queue": "seat.1001", "calls": "", "completed": "x", "abandoned": "0"}]
    assert counted_in("node1", CORE, rows, NOW) == [
        AsteriskCounted(NOW, "node1", "repair.backup", "repair", 1, 2, 7, 3, NOW),
        AsteriskCounted(NOW, "node1", "seat.1001", "", None, 0, 0, 0, NOW)]


@pytest.mark.parametrize("core", [{}, {"corestartupdate": "2026-11-22"}, {"corestartupdate": "x", "corestartuptime": "y"}])
def test_an_asterisk_that_does_not_say_when_it_began_counts_nothing(core: dict[str, str]) -> None:
    assert counted_in("node1", core, [{"event": "QueueParams", "queue": "repair"}], NOW) == []
