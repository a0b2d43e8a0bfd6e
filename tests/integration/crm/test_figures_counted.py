"""Figures from a journal that the recorder has read, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, text

from callcenter.clock import FakeClock
from callcenter.events import AgentState
from callcenter.site import Site, load_site
from crm.agentlog.models import AgentStateRow
from crm.calls.journal import parse_queue_log
from crm.calls.models import CallRow, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.reports.service import Asked, TooLong, calls_of_figure, day_figures, figure_rows
from crm.reports.slices import By, FigureRow, Interval

TZ = ZoneInfo("Asia/Shanghai")
T = 1_795_000_000
NOW = datetime.fromtimestamp(T + 3600, UTC)
DAY = datetime.fromtimestamp(T, TZ).date()
FIRST, SECOND = f"node1-{T}.1", f"node1-{T + 100}.2"


@pytest.fixture
def site() -> Site:
    return load_site(Path(__file__).resolve().parents[3] / "asterisk-config/site.yaml")


@pytest.fixture
def journal(database: Database, tmp_path: Path) -> Database:
    """801 answers a call, holds it once and passes it on to 802; a second call rings out at 801 and is given up."""
    lines = [
        (0, "NONE", "NONE", "1001", "AGENTSTATE|801|READY||anna"), (0, "NONE", "NONE", "1002", "AGENTSTATE|802|READY||ben"),
        (0, FIRST, "NONE", "NONE", "ENTERED|8000|13900000001|node1"), (2, FIRST, "repair", "NONE", "ENTERQUEUE||139|1"),
        (3, FIRST, "NONE", "1001", "AGENTSTATE|801|RINGING||"), (6, FIRST, "repair", "1001", "CONNECT|4||3"),
        (6, FIRST, "NONE", "1001", "AGENTSTATE|801|TALKING||"), (26, FIRST, "NONE", "1001", "AGENTSTATE|801|HELD||"),
        (36, FIRST, "NONE", "1001", "AGENTSTATE|801|TALKING||"), (46, FIRST, "NONE", "1001", "TRANSFERRED|801|agent|802|blind"),
        (46, FIRST, "NONE", "1001", "AGENTSTATE|801|WRAPUP||"), (46, FIRST, "repair", "1001", "BLINDTRANSFER|1002|x"),
        (48, FIRST, "NONE", "1002", "AGENTSTATE|802|TALKING||"), (56, "NONE", "NONE", "1001", "AGENTSTATE|801|READY||"),
        (108, FIRST, "NONE", "1002", "AGENTSTATE|802|READY||"), (108, FIRST, "NONE", "NONE", "ENDED|16"),
        (100, SECOND, "NONE", "NONE", "ENTERED|8000|13900000002|node1"), (102, SECOND, "repair", "NONE", "ENTERQUEUE||139|1"),
        (112, SECOND, "repair", "1001", "RINGNOANSWER|10000"), (132, SECOND, "repair", "NONE", "ABANDON|1|1|30"),
        (132, SECOND, "NONE", "NONE", "ENDED|16"),
        (1000, "NONE", "NONE", "1001", "AGENTSTATE|801|PAUSED|meal|anna"),
        (2000, "NONE", "NONE", "NONE", "AGENTSTATE|801|SIGNED_OUT||anna"),
        (2000, "NONE", "NONE", "NONE", "AGENTSTATE|802|SIGNED_OUT||ben"),
    ]
    (tmp_path / "queue_log").write_text("".join(
        f"{T + at}|{call}|{queue}|{seat}|{said}\n" for at, call, queue, seat, said in lines))
    recorder = Recorder(database, (Source("node1/queue_log", tmp_path / "queue_log", parse_queue_log),), node="node1", tz=TZ,
                        short_abandon_s=5, clock=FakeClock(NOW), seats_are_agents=False)
    assert recorder.poll().rejected == 0
    return database


def found(database: Database, site: Site, by: By, interval: Interval = Interval.DAY) -> dict[str, FigureRow]:
    with database.reading() as session:
        return {row.key: row for row in figure_rows(session, Asked(by, DAY, DAY, interval), TZ, site, NOW)}


@pytest.mark.rule("K3", part="misses, handling time and occupancy of each agent")
def test_each_agents_figures_are_its_own_also_through_a_transfer(journal: Database, site: Site) -> None:
    rows = found(journal, site, By.AGENT)
    first, second = rows["801"], rows["802"]
    assert (first.answered, first.misses, first.offered, first.transfers, first.holds) == (1, 1, 2, 1, 1)
    assert first.aht_s == 20 + 10 + 10 + 10                # talk, hold, talk, wrap-up
    assert first.signed_in_s == 1000
    assert first.occupancy == pytest.approx(50 / 1000)
    assert (second.answered, second.aht_s) == (0, 60)      # passed on to it: worked, and not answered from a queue
    assert second.occupancy == pytest.approx(60 / 2000)


def test_a_queues_figures_count_each_call_once_and_all_that_was_done_for_it(journal: Database, site: Site) -> None:
    repair = found(journal, site, By.QUEUE)["repair"]
    assert (repair.offered, repair.answered, repair.abandoned, repair.misses, repair.transfers, repair.holds) == (2, 1, 1, 1, 1, 1)
    assert repair.aht_s == 40 + 10     # before CEL says more: the first seat's 40 s; the agents' wrap-up
    with journal.writing.begin() as session:
        began = datetime.fromtimestamp(T + 6, UTC)
        for place, (agent, begin, end) in enumerate([("801", 0, 40.5), ("802", 42, 102.25)]):
            session.add(TalkSegment(call_id=FIRST, place=place, seat="100" + agent[-1], agent=agent, kind="talk",
                                    began_at=began + timedelta(seconds=begin), ended_at=began + timedelta(seconds=end)))
    assert found(journal, site, By.QUEUE)["repair"].aht_s == 40.5 + 60.25 + 10
    assert found(journal, site, By.AGENT)["802"].aht_s == 60.25


WAITED_TWICE, WENT_ON = f"node1-{T + 200}.3", f"node1-{T + 300}.4"


@pytest.fixture
def transferred(database: Database, tmp_path: Path) -> Database:
    """One call is answered by repair after 4 s and passed to complaint, where it waits 40 s, and to repair again, where the
    caller gives up after 30 s. Another waits 9 s in repair, is moved to complaint and answered there after 11 s."""
    call, moved = WAITED_TWICE, WENT_ON
    lines = [
        (200, call, "NONE", "NONE", "ENTERED|8000|13900000003|node1"), (201, call, "repair", "NONE", "ESTIMATE|10"),
        (202, call, "repair", "NONE", "ENTERQUEUE||139|1"), (206, call, "repair", "1001", "CONNECT|4||3"),
        (226, call, "repair", "1001", "BLINDTRANSFER|*602|transfers"),
        (227, call, "complaint", "NONE", "ENTERQUEUE||139|1"), (228, call, "complaint", "NONE", "ESTIMATE|90"),
        (267, call, "complaint", "1002", "CONNECT|40||3"), (277, call, "complaint", "1002", "BLINDTRANSFER|*601|transfers"),
        (278, call, "repair", "NONE", "ENTERQUEUE||139|1"), (308, call, "repair", "NONE", "ABANDON|1|1|30"),
        (308, call, "NONE", "NONE", "ENDED|16"),
        (300, moved, "NONE", "NONE", "ENTERED|8000|13900000004|node1"), (301, moved, "repair", "NONE", "ESTIMATE|30"),
        (302, moved, "repair", "NONE", "ENTERQUEUE||139|1"), (311, moved, "repair", "NONE", "WITHDRAW|"),
        (311, moved, "complaint", "NONE", "ENTERQUEUE||139|1"), (322, moved, "complaint", "1002", "CONNECT|11||3"),
        (342, moved, "complaint", "1002", "COMPLETECALLER|11|20|1"), (342, moved, "NONE", "NONE", "ENDED|16"),
    ]
    (tmp_path / "queue_log").write_text("".join(
        f"{T + at}|{call_id}|{queue}|{seat}|{said}\n" for at, call_id, queue, seat, said in sorted(lines, key=lambda one: one[0])))
    recorder = Recorder(database, (Source("node1/queue_log", tmp_path / "queue_log", parse_queue_log),), node="node1", tz=TZ,
                        short_abandon_s=5, clock=FakeClock(NOW))
    assert recorder.poll().rejected == 0
    return database


def test_a_call_counts_once_for_each_visit_to_a_queue(transferred: Database, site: Site) -> None:
    rows = found(transferred, site, By.QUEUE)
    wrapup = {queue.id: queue.wrapup for queue in site.queues}
    repair, complaint = rows["repair"], rows["complaint"]
    assert (repair.offered, repair.answered, repair.abandoned) == (3, 1, 1)      # answered, left by the caller, moved away
    assert (repair.asa_s, repair.aht_s) == (4, 20 + wrapup["repair"])
    assert (complaint.offered, complaint.answered, complaint.abandoned) == (2, 2, 0)
    assert complaint.asa_s == pytest.approx((40 + 11) / 2)
    assert complaint.aht_s == pytest.approx((10 + 20) / 2 + wrapup["complaint"])
    with transferred.reading() as session:
        today = {figures.queue: figures for figures in day_figures(session, DAY, TZ, site, NOW)}
        asked = Asked(By.QUEUE, DAY, DAY)
        behind = calls_of_figure(session, asked, "complaint", "answered", TZ, site, NOW)
    assert [(today[queue].offered, today[queue].answered) for queue in ("repair", "complaint")] == [(3, 1), (2, 2)]
    assert [(call.call_id, call.wait_s) for call in behind] == [(WAITED_TWICE, 40), (WENT_ON, 11)]


def test_for_an_estate_a_call_that_visited_several_queues_is_one(transferred: Database, site: Site) -> None:
    assert (found(transferred, site, By.ESTATE)[""].offered, found(transferred, site, By.ESTATE)[""].answered) == (2, 2)


def test_the_estimate_is_held_against_the_wait_of_who_was_told_it_and_was_answered(transferred: Database, site: Site) -> None:
    rows = found(transferred, site, By.QUEUE)
    assert rows["repair"].estimate_error_s == 10 - 4       # the second call went on unanswered
    assert rows["complaint"].estimate_error_s is None      # nobody was told one there first


def test_intervals_add_up_to_the_day(journal: Database, site: Site) -> None:
    with journal.reading() as session:
        rows = figure_rows(session, Asked(By.QUEUE, DAY, DAY, Interval.QUARTER), TZ, site, NOW)
        assert sum(row.offered for row in rows) == 2
        today = {figures.queue: figures for figures in day_figures(session, DAY, TZ, site, NOW)}["repair"]
    assert (today.offered, today.answered, today.aht_s) == (2, 1, found(journal, site, By.QUEUE)["repair"].aht_s)


def test_the_calls_behind_a_figure_are_named(journal: Database, site: Site) -> None:
    with journal.reading() as session:
        def behind(by: By, key: str, figure: str) -> list[str]:
            asked = Asked(by, DAY, DAY)
            return [call.call_id for call in calls_of_figure(session, asked, key, figure, TZ, site, NOW)]
        assert behind(By.QUEUE, "repair", "offered") == [FIRST, SECOND]
        assert behind(By.QUEUE, "repair", "abandoned") == [SECOND]
        assert behind(By.AGENT, "801", "answered") == [FIRST]
        assert behind(By.AGENT, "802", "answered") == []
        assert behind(By.ESTATE, "", "answered") == [FIRST]


def test_more_intervals_than_one_answer_holds_are_refused(journal: Database, site: Site) -> None:
    with journal.reading() as session:
        for first, last in ((date(2026, 1, 1), date(2026, 12, 31)), (date(2026, 2, 1), date(2026, 1, 1))):
            with pytest.raises(TooLong):
                figure_rows(session, Asked(By.QUEUE, first, last, Interval.QUARTER), TZ, site, NOW)


def test_the_number_of_queries_does_not_grow_with_the_calls_and_time_is_looked_up_in_an_index(
        database: Database, site: Site) -> None:
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    begin = datetime.fromtimestamp(T, UTC)

    def add(first: int, count: int) -> None:
        with database.writing.begin() as session:
            session.execute(CallRow.__table__.insert(), [_call(number, begin) for number in range(first, first + count)])
            session.execute(AgentStateRow.__table__.insert(), [
                {"node": "node1", "agent": "801", "seat": "1001", "state": AgentState.TALKING, "reason": "", "by": "",
                 "call_id": f"node1-{T}.{number}", "began_at": begin, "ended_at": begin + timedelta(seconds=30)}
                for number in range(first, first + count)])

    def asked() -> int:
        statements.clear()
        assert found(database, site, By.AGENT)["801"].answered > 0
        return len(statements)

    add(0, 10)
    few = asked()
    add(10, 2000)
    assert asked() == few < 12
    if database.engine.dialect.name == "sqlite":
        with database.engine.connect() as connection:
            for table, column in (("calls", "queued_at"), ("missed_rings", "at"), ("agent_events", "at")):
                query = f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {column} >= '2026' AND {column} < '2027'"
                plan = str(connection.execute(text(query)).all())
                assert "USING INDEX" in plan, plan


def _call(number: int, begin: datetime) -> dict[str, Any]:
    return {"call_id": f"node1-{T}.{number}", "node": "node1", "menu_keys": [], "queue": "repair", "stage": 0, "fold": {},
            "entered_at": begin, "queued_at": begin, "rang_at": begin, "answered_at": begin + timedelta(seconds=5),
            "ended_at": begin + timedelta(seconds=35), "answered_by": "1001", "answered_agent": "801", "seats_rung": ["1001"],
            "outcome": "answered", "wait_s": 5.0, "ring_s": 5.0, "talk_s": 30.0}
