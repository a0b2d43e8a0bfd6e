"""That today's figures, of which the settled part is kept, are at every look those of the whole day; and that a settled call is
not read again."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.events import Figures
from callcenter.site import Site, load_site
from crm.calls.journal import parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.database import Database, open_database
from crm.reports import today as today_module
from crm.reports.figures import Counted
from crm.reports.service import day_figures
from crm.reports.sources import visited_by_call
from crm.reports.today import Today

TZ = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2026, 11, 22, 16, 0, tzinfo=UTC)     # the 23rd begins there
T = int(MIDNIGHT.timestamp())


@dataclass(frozen=True)
class Simulated:
    """Seconds after midnight, and how long each part lasts. `delay`: its last lines are written so much later."""

    begin: int
    wait: int
    talk: int | None             # None: given up
    passed: bool                 # … to another queue, where another agent talks as long
    wrapup: int
    delay: int

    def lines(self, number: int) -> list[tuple[int, str]]:
        """(when it is written, line)."""
        call, agent, seat = f"node1-{T + self.begin}.{number}", f"8{number:02}", f"10{number:02}"
        at = self.begin
        found = [(at, f"{call}|NONE|NONE|ENTERED|8000|139{number:08}|node1"),
                 (at + 2, f"{call}|repair|NONE|ENTERQUEUE||139|1")]
        end = at + 2 + self.wait
        if self.talk is None:
            found += [(end, f"{call}|repair|NONE|ABANDON|1|1|{self.wait}")]
        else:
            found += [(end, f"{call}|repair|{seat}|CONNECT|{self.wait}||3"),
                      (end, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|TALKING||")]
            end += self.talk
            if self.passed:
                found += [(end, f"{call}|repair|{seat}|BLINDTRANSFER|*602|transfers"),
                          (end, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|WRAPUP||"),
                          (end + 1, f"{call}|complaint|NONE|ENTERQUEUE||139|1"),
                          (end + 1 + self.wait, f"{call}|complaint|19{number:02}|CONNECT|{self.wait}||3")]
                end += 1 + self.wait + self.talk
                found += [(end, f"{call}|complaint|19{number:02}|COMPLETECALLER|{self.wait}|{self.talk}|1")]
            else:
                found += [(end, f"{call}|repair|{seat}|COMPLETECALLER|{self.wait}|{self.talk}|1"),
                          (end, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|WRAPUP||")]
            found += [(end + self.wrapup, f"NONE|NONE|{seat}|AGENTSTATE|{agent}|READY||")]
        ended = (end, f"{call}|NONE|NONE|ENDED|16")
        return [*((moment, f"{T + moment}|{said}\n") for moment, said in found),
                (ended[0] + self.delay, f"{T + ended[0]}|{ended[1]}\n")]


CALLS = st.lists(st.builds(
    Simulated, st.integers(-400, 3_000), st.integers(1, 90), st.none() | st.integers(1, 900), st.booleans(),
    st.sampled_from([0, 20, 20, 2_500]), st.sampled_from([0, 0, 0, 1_000])), min_size=1, max_size=7)


class Floor:
    """A crm that reads what is journalled by and by."""

    def __init__(self, empty: Path, folder: Path, site: Site, calls: list[Simulated]) -> None:
        shutil.copy(empty, folder / "crm.db")
        self.database: Database = open_database(f"sqlite:///{folder}/crm.db")
        self.journal, self.site, self.clock = folder / "queue_log", site, FakeClock(MIDNIGHT)
        self.lines = sorted(line for number, call in enumerate(calls, 1) for line in call.lines(number))
        self.recorder = Recorder(self.database, (Source("node1/queue_log", self.journal, parse_queue_log),), node="node1", tz=TZ,
                                 short_abandon_s=5, clock=self.clock, seats_are_agents=False)
        self.today = Today(site, TZ)

    def look(self, second: int) -> tuple[list[Figures], list[Figures]]:
        """The fast way's and the slow way's."""
        self.clock.advance((MIDNIGHT + timedelta(seconds=second) - self.clock.now()).total_seconds())
        due = [line for at, line in self.lines if at <= second]
        self.lines = self.lines[len(due):]
        with self.journal.open("a") as file:
            file.writelines(due)
        while (batch := self.recorder.poll()).lines:
            assert batch.rejected == 0
            self.today.touched(batch.oldest)
        day: date = self.clock.now().astimezone(TZ).date()
        with self.database.reading() as session:
            return (self.today.look(session, day, self.clock.now(), self.recorder.read_until),
                    day_figures(session, day, TZ, self.site, self.clock.now()))


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(Path(__file__).resolve().parents[3] / "asterisk-config/site.yaml")


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls=CALLS)
def test_at_every_look_the_figures_are_those_of_the_whole_day(calls: list[Simulated], migrated_file: Path, site: Site) -> None:
    with tempfile.TemporaryDirectory() as folder:
        floor = Floor(migrated_file, Path(folder), site, calls)
        for second in (30, 400, 1_200, 2_300, 3_100, 4_200, 7_000):
            fast, slow = floor.look(second)
            for mine, theirs in zip(fast, slow, strict=True):
                same = {name: pytest.approx(value) for name, value in vars(theirs).items() if name != "queue"}
                assert {name: value for name, value in vars(mine).items() if name != "queue"} == same, f"after {second} s"
        floor.database.close()


def test_a_settled_call_is_read_no_more_and_counts_once_more_when_the_journal_tells_of_it(
        migrated_file: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def reads(session: Session, since: datetime, end: datetime, short: float,
              now: datetime) -> list[tuple[datetime, list[Counted]]]:
        found = visited_by_call(session, since, end, short, now)
        read.append(len(found))
        return found

    monkeypatch.setattr(today_module, "visited_by_call", reads)
    calls = [Simulated(10 * number, 5, 30, False, 10, 0) for number in range(20)]
    floor = Floor(migrated_file, tmp_path, site, [*calls, Simulated(15, 5, 60, False, 10, 1_500)])
    offered = [floor.look(second)[0][0].offered for second in (300, 700, 1_000)]
    assert offered == [21, 21, 21]
    assert read[0] == 21
    assert read[2] == 20 - 1       # the call whose end was not told yet holds back those after it: the first two are settled
    floor.look(1_600)
    floor.look(2_000)
    assert floor.look(2_100)[0][0].offered == 21
    assert read[-1] == 0
    floor.lines.append((2_150, f"{T + 2_150}|node1-{T}.1|NONE|NONE|SURVEY|3\n"))
    assert floor.look(2_200)[0][0].offered == 21
    assert read[-1] == 21
    floor.database.close()
