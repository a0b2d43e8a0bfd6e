"""The tick: reads only what is due, however many clocks are not; each thing once, whoever crashes or ticks at the same time."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hotline.sessions import are_noticed_dead
from sqlalchemy import bindparam, select, text

from callcenter.clock import FakeClock
from callcenter.events import Health
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from callcenter.site.schema import Schedule
from crm.clocks import service
from crm.clocks.keeper import ClockKeeper
from crm.clocks.models import TicketClock
from crm.clocks.office import set_office_hours
from crm.database import Database, UtcDateTime, open_database
from crm.kinds.schema import ClockRule
from crm.outbox.models import OutboxEntry
from crm.threads import started
from crm.tickets.models import Ticket, TicketEvent

NOW = datetime(2026, 12, 31, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULE = ClockRule.model_validate({"name": {"zh": "响应", "en": "Response"}, "runs_in": ["new"], "allowed": "1h",
                                 "ladder": [{"tell": "leader"}]})
DUE = 20
PATIENCE_S = 60.0
WHATEVER_IS_DUE = ["broken", "climbed", "warned"]


def add_tickets(database: Database, count: int, rule: ClockRule = RULE, started: datetime = NOW) -> None:
    with database.writing.begin() as session:
        for number in range(count):
            made = Ticket(number=f"D{number}", kind="repair", stage="new", fields={}, created_at=started)
            session.add(made)
            service.follow(session, made, {"response": rule}, started)


NOT_DUE = """
INSERT INTO ticket_clocks (ticket_id, clock, run, calendar, planned_by, terms, promised, standing, step, round, allowed, spent,
                           started_at, since, due_at, next_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT :ticket, clock, i, calendar, planned_by, terms, promised, standing, step, round, allowed, spent, started_at, since,
       :later, :later FROM ticket_clocks, n WHERE ticket_clocks.id = 1
"""


def add_clocks_that_are_not_due(database: Database, count: int) -> None:
    """Of one ticket, as runs of it: what the tick reads does not ask whose they are."""
    with database.writing.begin() as session:
        made = Ticket(number=f"N{count}", kind="repair", stage="new", fields={}, created_at=NOW)
        session.add(made)
        session.flush()
        session.execute(text(NOT_DUE).bindparams(bindparam("later", NOW + 900 * HOUR, UtcDateTime())),
                        {"count": count, "ticket": made.id})
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE ticket_clocks"))


def plan(database: Database, now: datetime) -> str:
    """How the database reads what is due, with what it counted on the way where it says so."""
    query = service.due(now, 50)
    with database.writing() as session:
        compiled = str(query.compile(database.engine, compile_kwargs={"literal_binds": True}))
        if database.engine.dialect.name == "postgresql":
            rows = session.execute(text(f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) {compiled}"))
        else:
            rows = session.execute(text(f"EXPLAIN QUERY PLAN {compiled}"))
        return "\n".join(str(row[-1]) for row in rows)


def steps_of_sqlite(database: Database, now: datetime) -> int:
    """Instructions of SQLite's machine that finding what is due takes: rows visited, in the only unit that it tells."""
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    with database.writing() as session:
        raw = session.connection().connection.dbapi_connection
        assert raw is not None
        raw.set_progress_handler(count, 1)
        found = session.execute(service.due(now, 50)).all()
        raw.set_progress_handler(None, 0)
    assert len(found) == DUE
    return steps


def pages_of_postgres(database: Database, now: datetime) -> int:
    """Pages that finding what is due touched."""
    first = next(line for line in plan(database, now).splitlines() if "Buffers:" in line)
    return sum(int(part.split("=")[1]) for part in first.split("shared ")[1].split() if part.split("=")[0] in ("hit", "read"))


def test_two_hundred_thousand_clocks_that_are_not_due_cost_the_tick_nothing(database: Database) -> None:
    add_tickets(database, DUE)
    work = pages_of_postgres if database.engine.dialect.name == "postgresql" else steps_of_sqlite
    add_clocks_that_are_not_due(database, 200)
    work(database, NOW + 2 * HOUR)      # leaves the first time's reading of the catalogue behind
    few = work(database, NOW + 2 * HOUR)
    add_clocks_that_are_not_due(database, 200_000)
    work(database, NOW + 2 * HOUR)
    many = work(database, NOW + 2 * HOUR)
    # A higher tree, and pages that a vacuum has or has not come to. Not one for each of 200,000, which are thousands of pages.
    assert many <= few * 2 + 50
    assert "ix_ticket_clocks_next_at" in plan(database, NOW + 2 * HOUR)
    with database.writing.begin() as session:
        assert service.tick(session, NOW + 2 * HOUR) == DUE
        assert service.tick(session, NOW + 2 * HOUR) == 0


def counted(database: Database) -> Counter[tuple[str, int]]:
    """How often each thing was told of each ticket, the timeline and the outbox agreeing."""
    with database.reading() as session:
        outbox = Counter((entry.what.removeprefix("clock."), int(entry.subject.removeprefix("ticket:")))
                         for entry in session.scalars(select(OutboxEntry)) if entry.what.startswith("clock."))
        timeline = Counter((event.data["did"], event.ticket_id) for event in session.scalars(select(TicketEvent)))
    assert outbox == timeline
    return outbox


CRASHING = """
import os, sys
from datetime import datetime
from sqlalchemy import event
from crm import tables
from crm.clocks import service
from crm.database import open_database

url, now, where = sys.argv[1:]
database = open_database(url)
if where == "before_commit":
    event.listen(database.engine, "commit", lambda connection: os._exit(9))
with database.writing.begin() as session:
    if where == "while_writing":
        def written(*_):
            os._exit(9)
        event.listen(session, "after_flush_postexec", written)
    service.tick(session, datetime.fromisoformat(now))
os._exit(9)
"""


@pytest.mark.parametrize("where", ["while_writing", "before_commit", "after_commit"])
def test_each_thing_is_told_once_whenever_the_ticking_process_is_killed(database: Database, database_url: str, where: str) -> None:
    add_tickets(database, 5)
    killed = subprocess.run([sys.executable, "-c", CRASHING, database_url, (NOW + 2 * HOUR).isoformat(), where],
                            check=False, cwd=CHECKOUT, timeout=60)
    assert killed.returncode == 9
    are_noticed_dead(database)
    told = counted(database)
    assert set(told.values()) == {1}
    assert (("broken", 1) in told) == (where == "after_commit")
    with database.writing.begin() as session:
        assert service.tick(session, NOW + 2 * HOUR) == (0 if where == "after_commit" else 5)
    after = counted(database)
    assert set(after.values()) == {1}
    assert sorted(what for what, ticket in after if ticket == 1) == sorted(["started", *WHATEVER_IS_DUE])


def test_two_crm_processes_tick_at_once_and_each_thing_is_told_once(database: Database, database_url: str) -> None:
    """As keepers, who on SQLite may be told that another writes, and then come back a second later."""
    add_tickets(database, 120)
    site, stop = load_site(CHECKOUT / "asterisk-config/site.yaml"), threading.Event()
    others = [open_database(database_url) for _ in range(2)]
    keepers = [ClockKeeper(one, site, FakeClock(NOW + 2 * HOUR), Told()) for one in others]
    threads = [started("clocks", keeper.rounds, stop, Told()) for keeper in keepers]
    end = time.monotonic() + PATIENCE_S
    while is_due(database) and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    for thread in threads:
        thread.join()
    for one in others:
        one.close()
    assert not is_due(database)
    assert set(counted(database).values()) == {1}
    assert len(counted(database)) == 120 * (1 + len(WHATEVER_IS_DUE))


def is_due(database: Database) -> bool:
    with database.reading() as session:
        return session.scalars(select(TicketClock.id).where(TicketClock.next_at.is_not(None)).limit(1)).first() is not None


def test_a_ticket_that_somebody_is_changing_is_passed_by_and_its_clock_told_of_by_the_change(database: Database) -> None:
    """On PostgreSQL; on SQLite whoever writes is alone."""
    if database.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer")
    add_tickets(database, 2)
    with database.writing.begin() as session:
        changed = session.scalars(select(Ticket).where(Ticket.number == "D0").with_for_update()).one()
        with database.writing.begin() as other:
            assert service.tick(other, NOW + 2 * HOUR) == 1
        changed.stage = "done"
        service.follow(session, changed, {"response": RULE}, NOW + 2 * HOUR)
    assert {what for what, ticket in counted(database) if ticket == changed.id} == {"started", *WHATEVER_IS_DUE, "stopped"}


class Told:
    def __init__(self) -> None:
        self.health: dict[str, tuple[Health, str]] = {}

    def __call__(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)


def test_the_keeper_goes_on_after_a_restart_from_where_the_rows_are(database: Database) -> None:
    """Months pass, on a fake clock; every other day another process."""
    clock, site, told = FakeClock(NOW), load_site(CHECKOUT / "asterisk-config/site.yaml"), Told()
    months = ClockRule.model_validate({**RULE.model_dump(by_alias=True), "allowed": "90d", "ladder": [
        {"after": "0m", "tell": "leader"}, {"after": "7d", "tell": "supervisor"}, {"after": "30d", "tell": "operations"}]})
    add_tickets(database, 1, months)
    days: dict[str, int] = {}
    for day in range(0, 140, 2):
        ClockKeeper(database, site, clock, told).step()
        for what, _ in counted(database):
            days.setdefault(what, day)
        clock.advance(2 * 86_400)
    assert days == {"started": 0, "warned": 72, "broken": 90, "climbed": 90}
    assert Counter(what for what, _ in counted(database).elements())["climbed"] == 3
    assert told.health["clocks"] == (Health.OK, "")


def test_a_clock_that_cannot_be_followed_holds_up_no_other_and_is_tried_again(database: Database) -> None:
    clock, site, told = FakeClock(NOW + 2 * HOUR), load_site(CHECKOUT / "asterisk-config/site.yaml"), Told()
    add_tickets(database, 3)
    with database.writing.begin() as session:
        first = session.scalars(select(TicketClock).order_by(TicketClock.id)).first()
        assert first is not None
        ident, terms = first.id, first.terms
        first.terms = {"by": "an older version"}
    keeper = ClockKeeper(database, site, clock, told)
    assert keeper.step() == 2
    assert Counter(what for what, _ in counted(database).elements())["broken"] == 2
    assert told.health["clocks"] == (Health.DEGRADED, "clock_failed")
    with database.writing.begin() as session:
        session.get_one(TicketClock, ident).terms = terms
    keeper.step()
    assert told.health["clocks"] == (Health.DEGRADED, "clock_failed"), "not every second"
    clock.advance(301)
    keeper.step()
    assert Counter(what for what, _ in counted(database).elements())["broken"] == 3
    assert told.health["clocks"] == (Health.OK, "")


def test_office_hours_that_change_move_what_is_not_due_yet(database: Database) -> None:
    """The State Council gives 4 January off; the site file says so when a clock is running already."""
    hours = {"hours": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}]}
    office = ClockRule.model_validate({**RULE.model_dump(by_alias=True), "allowed": "2h", "calendar": "office", "ladder": []})
    with database.writing.begin() as session:
        assert set_office_hours(session, Schedule.model_validate(hours), "Asia/Shanghai")
        assert not set_office_hours(session, Schedule.model_validate(hours), "Asia/Shanghai")
    add_tickets(database, 1, office, started=datetime(2026, 12, 31, 9, 0, tzinfo=UTC))     # 17:00
    with database.writing.begin() as session:
        row = session.scalars(select(TicketClock)).one()
        assert row.due_at == datetime(2027, 1, 4, 2, 0, tzinfo=UTC)
        set_office_hours(session, Schedule.model_validate({**hours, "closed_days": ["2027-01-04"]}), "Asia/Shanghai")
        session.flush()
        assert service.plan_anew(session, NOW + 12 * HOUR) == 1
        assert service.plan_anew(session, NOW + 12 * HOUR) == 0
        assert row.due_at == datetime(2027, 1, 5, 2, 0, tzinfo=UTC)
