"""The ladder of outages (C2) on a machine whose clock is put back: nothing waits for the old time to come again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.outages import ladder
from crm.outages.ladder import Began, Ended, Happening, Limits, Look, Policy, Rung, Seen, State, Told

T = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
STEP, HOUR = timedelta(seconds=5), timedelta(hours=1)
POLICY = Policy(rungs=(Rung(0, ("leader",)), Rung(300, ("supervisor",)), Rung(600, ("operations",))),
                limits={"database": Limits(down_s=15)}, well_for_s=60, gap_s=15)


class Line:
    """A machine whose database is looked at every 5 s."""

    def __init__(self) -> None:
        self.state, self.now, self.happened = State(), T, list[Happening]()

    def look(self, seconds: int, look: Look) -> list[Happening]:
        before = len(self.happened)
        for _ in range(seconds // 5):
            self.now += STEP
            self.state, new = ladder.step(POLICY, self.state, {"database": Seen(look)}, self.now)
            self.happened += new
        return self.happened[before:]


@pytest.mark.rule("C2", part="a clock that is put back in an outage")
@pytest.mark.parametrize("well_s", [0, 30])
def test_a_clock_that_is_put_back_keeps_neither_an_outage_open_nor_a_rung_untold(well_s: int) -> None:
    line = Line()
    line.look(200, Look.DOWN)
    line.look(well_s, Look.OK)
    line.now -= HOUR
    if not well_s:      # its first look after the jump says nothing of how much time has passed
        assert [one.tell for one in line.look(110, Look.DOWN) if isinstance(one, Told)] == [("supervisor",)]
    became_well = line.now + STEP - (timedelta(seconds=well_s) - STEP if well_s else timedelta(0))
    assert line.look(65 - well_s + 5 * bool(well_s), Look.OK) == [Ended("database-20261123-040005", line.now, became_well)]
    assert [type(one) for one in line.look(60, Look.DOWN)] == [Began, Told], "the next one is one of its own"


@pytest.mark.rule("C2", part="a clock that is put back while nobody looks")
def test_after_a_restart_an_outage_from_the_time_to_come_climbs_on_from_its_last_rung() -> None:
    line = Line()
    line.look(320, Look.DOWN)
    line.state, line.now = ladder.fold(line.happened), line.now - HOUR
    first = line.now + STEP
    found = line.look(320, Look.DOWN)
    assert [(one.tell, one.at - first) for one in found if isinstance(one, Told)] == [(("operations",), timedelta(seconds=300))]
