"""That the figures of queues that the database sums are those of every call counted by itself, on both databases: with transfers,
moves, holds, wrap-ups that name no call, calls that go on, seconds in fractions, and days on which the clock changes."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select

from callcenter.clock import FakeClock
from callcenter.site import Site, load_site
from crm.calls.journal import parse_queue_log
from crm.calls.models import CallRow, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.reports.service import Asked, figure_rows, figure_rows_one_by_one
from crm.reports.slices import By, FigureRow, Interval

AGENTS = ("801", "802", "803")
QUEUES = ("repair", "complaint", "gone")        # the site has no such queue any more
DAYS = ((ZoneInfo("Asia/Shanghai"), date(2026, 5, 4)), (ZoneInfo("Europe/Berlin"), date(2026, 10, 25)),
        (ZoneInfo("Europe/Berlin"), date(2026, 3, 29)), (ZoneInfo("Asia/Kathmandu"), date(2026, 5, 4)))


@dataclass(frozen=True)
class Simulated:
    """Seconds after midnight, and how long each part lasts."""

    begin: int
    queue: str
    wait: int
    talk: int | None             # None: given up
    agent: int
    goes_on: str                 # "": it does not; to another queue, or to another agent
    wrapup: int | None
    is_named: bool               # the wrap-up names its call
    is_held: bool
    missed_ms: int | None
    told: int | None
    ends: bool
    late_us: int                 # so much longer than 10 s it rang
    segments: tuple[tuple[int, int], ...]        # talk by CEL: whose, and microseconds
    wraps_first: bool = False    # a wrap-up of the call before any talk, which counts for nothing

    def lines(self, call: str) -> list[tuple[int, str]]:
        agent, seat, other = AGENTS[self.agent], f"100{self.agent}", (self.agent + 1) % len(AGENTS)
        at = self.begin
        found = [(at, f"{call}|NONE|NONE|ENTERED|8000|13900000001|node1")]
        if self.told is not None:
            found.append((at, f"{call}|{self.queue}|NONE|ESTIMATE|{self.told}"))
        found.append((at + 1, f"{call}|{self.queue}|NONE|ENTERQUEUE||139|1"))
        if self.missed_ms is not None:
            found.append((at + 1, f"{call}|{self.queue}|{seat}|RINGNOANSWER|{self.missed_ms}"))
        at += 1 + self.wait
        if self.talk is None:
            if self.goes_on == "queue":
                found += [(at, f"{call}|{self.queue}|NONE|WITHDRAW|"), (at, f"{call}|complaint|NONE|ENTERQUEUE||139|1")]
            if self.ends:
                found += [(at, f"{call}|{self.queue}|NONE|ABANDON|1|1|{self.wait}"), (at, f"{call}|NONE|NONE|ENDED|16")]
            return found
        if self.wraps_first:
            found.append((at - 1, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|WRAPUP||"))
        found += [(at, f"{call}|{self.queue}|{seat}|CONNECT|{self.wait}||3"),
                  (at, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|TALKING||")]
        if self.is_held:
            found += [(at + 1, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|HELD||"),
                      (at + 2, f"{call}|NONE|{seat}|AGENTSTATE|{agent}|TALKING||")]
        at += self.talk
        if self.goes_on:
            found.append((at, f"{call}|NONE|{seat}|TRANSFERRED|{agent}|agent|{AGENTS[other]}|blind"))
        if self.wrapup is not None:
            found += [(at, f"{call if self.is_named else 'NONE'}|NONE|{seat}|AGENTSTATE|{agent}|WRAPUP||"),
                      (at + self.wrapup, f"NONE|NONE|{seat}|AGENTSTATE|{agent}|READY||")]
        if self.goes_on == "queue":
            found += [(at, f"{call}|{self.queue}|{seat}|BLINDTRANSFER|*602|transfers"),
                      (at + 1, f"{call}|complaint|NONE|ENTERQUEUE||139|1")]
        if self.goes_on:
            found += [(at + 5, f"{call}|NONE|100{other}|AGENTSTATE|{AGENTS[other]}|TALKING||"),
                      (at + 9, f"{call}|NONE|100{other}|AGENTSTATE|{AGENTS[other]}|WRAPUP||"),
                      (at + 12, f"NONE|NONE|100{other}|AGENTSTATE|{AGENTS[other]}|READY||")]
        if self.goes_on == "queue":
            found += [(at + 5, f"{call}|complaint|100{other}|CONNECT|4||3")]
        if self.ends and not self.goes_on:
            found += [(at, f"{call}|{self.queue}|{seat}|COMPLETECALLER|{self.wait}|{self.talk}|1")]
        return [*found, (at + 10, f"{call}|NONE|NONE|ENDED|16")] if self.ends else found


CALLS = st.lists(st.builds(
    Simulated, begin=st.integers(-7_100, 90_000) | st.integers(-100, 400), queue=st.sampled_from(QUEUES),
    wait=st.integers(0, 60) | st.integers(0, 6),
    talk=st.none() | st.integers(0, 400), agent=st.integers(0, 2), goes_on=st.sampled_from(["", "", "queue", "agent"]),
    wrapup=st.none() | st.sampled_from([0, 7, 30]), is_named=st.booleans(), is_held=st.booleans(),
    missed_ms=st.none() | st.sampled_from([0, 3_000, 5_000, 10_000]), told=st.none() | st.integers(1, 100),
    ends=st.booleans(), late_us=st.sampled_from([-9_000_000, -1, 0, 1, 400]),
    segments=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 400_000_000)), max_size=2).map(tuple),
    wraps_first=st.booleans()), min_size=1, max_size=9)


PLAIN = Simulated(begin=0, queue="repair", wait=5, talk=30, agent=0, goes_on="", wrapup=10, is_named=True, is_held=False,
                  missed_ms=None, told=None, ends=True, late_us=0, segments=((1, 30_000_000),))
SOME = [PLAIN, replace(PLAIN, begin=100, is_held=True, goes_on="agent", is_named=False), replace(PLAIN, begin=200, goes_on="queue"),
        replace(PLAIN, begin=300, talk=None), replace(PLAIN, begin=400, talk=None, wait=20, missed_ms=10_000),
        replace(PLAIN, begin=500, told=20, segments=()), replace(PLAIN, begin=600, wraps_first=True),
        replace(PLAIN, begin=86_390, wait=8_000, segments=((1, 20_000_000),))]      # talks hours after the day


class Floor:
    """A database in which the examples' calls pile up, each under names of its own."""

    def __init__(self, database: Database, folder: Path, site: Site) -> None:
        self.database, self.folder, self.site, self.numbers = database, folder, site, count()
        self.seen: set[str] = set()

    def holds_alike(self, calls: list[Simulated], tz: ZoneInfo, day: date, interval: Interval) -> None:
        number = next(self.numbers)
        first = datetime.combine(day, time(), tz).astimezone(UTC)
        now = first + timedelta(days=3)
        self._journal(calls, number, int(first.timestamp()), now, tz)
        for asked in (Asked(By.QUEUE, day, day + timedelta(days=1), interval), Asked(By.QUEUE, day, day, Interval.DAY, "repair")):
            with self.database.reading() as session:
                fast = figure_rows(session, asked, tz, self.site, now)
                slow = figure_rows_one_by_one(session, asked, tz, self.site, now)
            assert [vars_of(row) for row in fast] == [_near(row) for row in slow]
            for row in slow:
                self.seen |= {name for name, value in vars_of(row).items() if value}

    def _journal(self, calls: list[Simulated], number: int, zero: int, now: datetime, tz: ZoneInfo) -> None:
        ids = [f"node1-{zero + call.begin}.{number}{place:03}" for place, call in enumerate(calls)]
        lines = sorted((at, place, line) for call_id, call in zip(ids, calls, strict=True)
                       for place, (at, line) in enumerate(call.lines(call_id)))
        file = self.folder / f"queue_log{number}"
        file.write_text("".join(f"{zero + at}|{line}\n" for at, _, line in lines))
        recorder = Recorder(self.database, (Source(f"node1/{file.name}", file, parse_queue_log),), node="node1", tz=tz,
                            short_abandon_s=5, clock=FakeClock(now), seats_are_agents=False)
        while (batch := recorder.poll()).lines:
            assert batch.rejected == 0
        by_id = dict(zip(ids, calls, strict=True))
        with self.database.writing.begin() as session:
            for row in session.scalars(select(CallRow).where(CallRow.call_id.in_(ids))):
                call = by_id[row.call_id]
                if row.answered_at:
                    row.rang_at = row.answered_at - timedelta(seconds=10, microseconds=call.late_us)
                    row.ring_s = 10 + call.late_us / 1_000_000
                began = row.answered_at or row.queued_at
                assert began is not None
                for place, (agent, microseconds) in enumerate(call.segments):
                    session.add(TalkSegment(
                        call_id=row.call_id, place=place, seat=f"100{agent}" if agent else None, agent=AGENTS[agent], kind="talk",
                        began_at=began + timedelta(microseconds=7), ended_at=began + timedelta(microseconds=7 + microseconds)))


def vars_of(row: FigureRow) -> dict[str, object]:
    return dict(zip(FigureRow.__dataclass_fields__, astuple(row), strict=True))


def _near(row: FigureRow) -> dict[str, object]:
    """Sums of fractions depend on their order in the last places; what is counted must be the same."""
    return {name: pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value
            for name, value in vars_of(row).items()}


@pytest.fixture
def site() -> Site:
    return load_site(Path(__file__).resolve().parents[3] / "asterisk-config/site.yaml")


def test_summed_figures_are_those_of_every_call_counted_by_itself(database: Database, site: Site, tmp_path: Path) -> None:
    floor = Floor(database, tmp_path, site)
    floor.holds_alike(SOME, *DAYS[0], Interval.DAY)
    figures = {"offered", "short_abandons", "answered", "abandoned", "misses", "transfers", "holds", "answered_in_2_rings",
               "service_level", "asa_s", "estimate_error_s", "aht_s", "mean_ring_s"}
    assert figures <= floor.seen      # each is something else than nothing

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(calls=CALLS, where=st.sampled_from(DAYS), interval=st.sampled_from(Interval))
    def alike(calls: list[Simulated], where: tuple[ZoneInfo, date], interval: Interval) -> None:
        floor.holds_alike(calls, *where, interval)

    alike()


def test_plain_calls_are_not_read_one_by_one(database: Database, site: Site, tmp_path: Path) -> None:
    plain = [replace(PLAIN, begin=100 * number) for number in range(50)]
    tz, day = DAYS[0]
    floor = Floor(database, tmp_path, site)
    floor.holds_alike(plain, tz, day, Interval.DAY)
    said: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    with database.reading() as session:
        [row] = figure_rows(session, Asked(By.QUEUE, day, day), tz, site, datetime(2026, 5, 8, tzinfo=UTC))
    assert row.offered == row.answered == 50
    assert row.aht_s == 40
    said = [statement for statement in said if statement != "BEGIN" and not statement.startswith("SET LOCAL")]
    assert len(said) == 6
    assert not [statement for statement in said if "fold" in statement or "call_id IN (" in statement]      # none by its name
