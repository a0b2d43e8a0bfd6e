"""The comparison job on both databases, with a bus that is a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hotline.own_redis import Redis
from wall.rig import until

from callcenter.bus import Publisher
from callcenter.clock import FakeClock
from callcenter.events import AsteriskCounted, Call, CallChanged, CallEnded, CallState, Health
from crm.calls.journal import parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.calls.tally import tally_of
from crm.database import Database
from crm.reports.differences import Comparison, differences
from crm.reports.hearing import Hearing

NOW = datetime.now(UTC)      # the stream numbers its entries by the clock
TZ = ZoneInfo(f"Etc/GMT{NOW.hour - 12:+d}")      # where it is noon: the calls of five minutes ago are today's
T = int((NOW - timedelta(minutes=5)).timestamp())
TODAY = NOW.astimezone(TZ).date()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.lose()


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(T + seconds, UTC)


def one_call(call_id: str, begin: int) -> list[str]:
    lines = [(begin, "NONE", "ENTERED|8000|13900000001|node1"), (begin + 1, "repair", "ENTERQUEUE||1|1"),
             (begin + 31, "repair", "ABANDON|1|1|30"), (begin + 31, "NONE", "ENDED|16")]
    return [f"{T + moment}|{call_id}|{queue}|NONE|{said}\n" for moment, queue, said in lines]


def test_what_was_heard_and_what_was_written_is_compared_and_what_nobody_explains_is_a_fault(
        database: Database, tmp_path: Path, bus: Redis) -> None:
    """Two calls, of which the live feed told one; app_queue counted one more than its entries say."""
    told, untold = f"node1-{T}.1", f"node1-{T}.2"
    lines = [f"{T - 100}|NONE|NONE|NONE|QUEUESTART|\n", *one_call(told, 10), *one_call(untold, 50),
             f"{T + 297}|node1-{T}.3|repair|NONE|ABANDON|1|1|3\n"]      # after app_queue said its counts
    (tmp_path / "queue_log").write_text("".join(lines))
    source = Source("node1/queue_log", tmp_path / "queue_log", parse_queue_log, tally_of)
    recorder = Recorder(database, (source,), node="node1", tz=TZ, short_abandon_s=5, clock=FakeClock(NOW), chunk=200)
    while recorder.poll().lines:
        pass
    publisher = Publisher(bus.url)
    call = Call(told, CallState.QUEUED, at(10), at(11), queue="repair", queued_at=at(11))
    for event in (CallChanged(at(0), "entered", Call("x", CallState.MENU, at(0), at(0))), CallChanged(at(11), "queued", call),
                  CallEnded(at(41), told, "abandoned"),
                  AsteriskCounted(at(290), "node1", "repair", "repair", 0, 0, 0, 3, at(-101))):
        publisher.publish(event)
    hearing = Hearing(bus.url, FakeClock(NOW), TZ, 5, lambda *_: None)
    hearing.start()
    until(hearing.counters, what="what was told is heard")
    said: list[tuple[str, Health, str]] = []
    comparison = Comparison(database, hearing, TZ, 5, lambda *given: said.append(given))
    comparison.look(NOW)
    comparison.look(NOW + timedelta(seconds=60))
    hearing.stop()
    with database.reading() as session:
        found = [(row.between, row.queue, row.figure, row.count, row.rule, row.example) for row in differences(session, TODAY)]
        times = {(row.first_at, row.last_at) for row in differences(session, TODAY)}
    assert found == [("asterisk_journal", "repair", "abandoned", 1, "", None),
                     ("live_journal", "repair", "unknown>abandoned", 1, "", untold)]
    assert times == {(NOW, NOW + timedelta(seconds=60))}
    assert said == [("figures", Health.OK, ""), ("figures", Health.DEGRADED, "unexplained=2")]
