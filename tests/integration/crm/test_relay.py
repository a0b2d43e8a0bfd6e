"""What the desk has written is told, whoever dies or is away meanwhile, on both databases and by a real Redis."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from hotline.own_redis import Redis
from hotline.sessions import are_noticed_dead
from sqlalchemy import func, select
from wall.rig import until

from callcenter.bus import START, STREAM, Publisher, entries_of
from callcenter.clock import FakeClock
from callcenter.events import AnyEvent, DeskChanged, Health, event_from_json
from callcenter.settings import CHECKOUT, new_settings
from crm.database import Database, open_database
from crm.outbox import relay as relay_module
from crm.outbox.models import OutboxEntry
from crm.outbox.relay import KEPT_FOR, Relay, drop_told
from crm.outbox.service import note
from crm.threads import keep_going, started
from crm.tickets.models import Ticket

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Redis]:
    made = Redis(tmp_path / "redis")
    made.start()
    yield made
    made.lose()


def write(database: Database, *numbers: int) -> None:
    """A transaction for each."""
    for number in numbers:
        with database.writing.begin() as session:
            note(session, NOW, "ticket.moved", f"ticket:{number}", stage="done")


def told(store: Redis) -> list[DeskChanged]:
    client = redis.Redis.from_url(store.url)
    found = [event_from_json(fields[b"type"].decode(), fields[b"body"])
             for _, fields in entries_of(client.xread({STREAM: START}))]
    client.close()
    return [event for event in found if isinstance(event, DeskChanged)]


def subjects(store: Redis) -> list[str]:
    return [event.subject for event in told(store)]


def waiting(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).where(OutboxEntry.relayed_at.is_(None))) or 0


def relay_of(database: Database, store: Redis) -> Relay:
    return Relay(database, Publisher(store.url, tries_once=True), FakeClock(NOW))


@contextmanager
def running(relay: Relay) -> Iterator[None]:
    stop = threading.Event()
    thread = started("relay", relay.rounds, stop, lambda *_: None)
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_what_was_written_is_told_in_its_order_and_once(database: Database, store: Redis) -> None:
    write(database, 1, 2, 3)
    relay = relay_of(database, store)
    assert [relay.tell_waiting(), relay.tell_waiting()] == [3, 0]
    assert [(event.subject, event.what, event.at, event.data) for event in told(store)] == [
        (f"ticket:{number}", "ticket.moved", NOW, {"stage": "done"}) for number in (1, 2, 3)]
    assert [event.entry_id for event in told(store)] == sorted({event.entry_id for event in told(store)})


@pytest.mark.rule("K1", part="kinds on the live feed")
def test_what_is_about_a_ticket_is_told_with_its_kind(database: Database, store: Redis) -> None:
    with database.writing.begin() as session:
        ticket = Ticket(number="ME20261122-0001", kind="media", stage="received", created_at=NOW)
        session.add(ticket)
        session.flush()
        note(session, NOW, "clock.broken", f"ticket:{ticket.id}", clock="taken")
        note(session, NOW, "notice.sent", "notice:3", ticket=ticket.id, about="broken")
        note(session, NOW, "household.changed", f"household:{ticket.id}")
    assert relay_of(database, store).tell_waiting() == 3
    assert [event.data for event in told(store)] == [
        {"clock": "taken", "kind": "media"}, {"ticket": ticket.id, "about": "broken", "kind": "media"}, {}]
    with database.reading() as session:
        assert [entry.data for entry in session.scalars(select(OutboxEntry).order_by(OutboxEntry.id))] == [
            {"clock": "taken"}, {"ticket": ticket.id, "about": "broken"}, {}], "webhooks are told as ever"


def test_what_was_rolled_back_is_not_told(database: Database, store: Redis) -> None:
    with database.writing.begin() as session:
        note(session, NOW, "ticket.moved", "ticket:1")
        session.flush()
        session.rollback()
    assert relay_of(database, store).tell_waiting() == 0


def test_while_redis_is_away_rows_wait_and_then_they_are_told(
    database: Database, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "LONGEST_RETRY_S", 0.2)
    with running(relay_of(database, store)):
        write(database, 1)
        until(lambda: subjects(store) == ["ticket:1"], what="the first is told")
        store.lose()
        write(database, 2, 3)
        assert waiting(database) == 2
        store.start()
        until(lambda: subjects(store)[-2:] == ["ticket:2", "ticket:3"], what="the others are told")
    assert waiting(database) == 0


def test_what_this_process_has_written_is_told_at_once_and_what_another_has_at_the_next_look(
    database: Database, store: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    with running(relay_of(database, store)):
        write(other, 1)
        until(lambda: subjects(store) == ["ticket:1"], what="it looks by itself")
        monkeypatch.setattr(relay_module, "POLL_S", 3600)
        time.sleep(0.6)      # its last short look is over
        write(database, 2)
        until(lambda: subjects(store) == ["ticket:1", "ticket:2"], what="it is woken")
        write(database, 3)
        until(lambda: len(subjects(store)) == 3, what="it is woken again")
        monkeypatch.undo()
        write(database, 4)   # so that it ends
    other.close()


def test_a_redis_that_hangs_keeps_nobody_from_writing(database: Database) -> None:
    asked, answers = threading.Event(), threading.Event()

    class Hangs:
        def ping(self) -> None:
            asked.set()
            answers.wait(30)
            raise redis.TimeoutError

        def publish_all(self, events: Sequence[AnyEvent]) -> None:
            raise AssertionError("it did not answer")

    write(database, 1)
    with running(Relay(database, Hangs(), FakeClock(NOW))):
        assert asked.wait(30)
        write(database, 2, 3)
        answers.set()
    assert waiting(database) == 3


def test_after_a_fault_of_ours_the_relay_is_shown_as_down_and_what_waits_is_told_when_it_has_gone(database: Database) -> None:
    faults = [ZeroDivisionError()]
    told, stop = [], threading.Event()

    class Broken:
        def ping(self) -> None:
            if faults:
                raise faults.pop()

        def publish_all(self, events: Sequence[AnyEvent]) -> None: ...

    def report(component: str, state: Health, detail: str = "") -> None:
        told.append((component, state, detail, waiting(database)))
        if state is Health.OK:
            stop.set()

    write(database, 1)
    keep_going("relay", Relay(database, Broken(), FakeClock(NOW)).rounds, stop, report, first_retry_s=0)
    assert told == [("relay", Health.DOWN, "ZeroDivisionError", 1), ("relay", Health.OK, "", 0)]


def test_two_relays_at_once_tell_nothing_twice(database: Database, store: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "BATCH", 7)
    with database.writing.begin() as session:
        for number in range(200):
            note(session, NOW, "ticket.moved", f"ticket:{number}")
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    with running(relay_of(database, store)), running(relay_of(other, store)):
        until(lambda: waiting(database) == 0, what="all are told")
    assert Counter(subjects(store)) == Counter(f"ticket:{number}" for number in range(200))
    other.close()


DIES = textwrap.dedent("""
    import os, signal, sys
    from datetime import UTC, datetime
    from callcenter.bus import Publisher
    from callcenter.clock import SystemClock
    from crm import tables
    from crm.database import open_database
    from crm.outbox.relay import Relay
    from crm.outbox.service import note

    url, redis_url, moment = sys.argv[1:]
    die = lambda: os.kill(os.getpid(), signal.SIGKILL)

    class Bus(Publisher):
        def publish_all(self, events):
            if moment == "before_telling":
                die()
            super().publish_all(events)
            if moment == "before_marking":
                die()

    database = open_database(url)
    with database.writing.begin() as session:
        note(session, datetime(2026, 11, 22, 4, 0, tzinfo=UTC), "ticket.moved", "ticket:1")
    if moment == "after_the_work":
        die()
    Relay(database, Bus(redis_url, tries_once=True), SystemClock()).tell_waiting()
    die()
""")


@pytest.mark.parametrize(("moment", "times"), [("after_the_work", 1), ("before_telling", 1), ("before_marking", 2), ("late", 1)])
def test_killed_at_any_moment_after_its_commit_work_is_told_and_twice_only_with_the_same_id(
    database: Database, database_url: str, store: Redis, moment: str, times: int
) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, database_url, store.url, moment], cwd=CHECKOUT, check=False)
    assert died.returncode == -signal.SIGKILL
    are_noticed_dead(database)
    relay_of(database, store).tell_waiting()
    assert subjects(store) == ["ticket:1"] * times
    assert len({event.entry_id for event in told(store)}) == 1
    assert waiting(database) == 0


@contextmanager
def crm(state: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (state / "crm.log").open("ab") as out:
        process = subprocess.Popen([sys.executable, "-m", "crm"], cwd=CHECKOUT, stdout=out, stderr=out,
                                   env=os.environ | {"SIXRING_STATE": str(state)})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_the_process_is_killed_again_and_again_while_others_write_and_nothing_is_lost(
    database: Database, database_url: str, store: Redis, tmp_path: Path
) -> None:
    settings = new_settings(tmp_path / "state", offset=4600, site_file=CHECKOUT / "asterisk-config/site.yaml",
                            database_url=database_url, redis_url=store.url)
    settings.save()
    settings.queue_log.parent.mkdir(parents=True)
    settings.cel_log.parent.mkdir(parents=True)
    draw = random.Random(6)
    over = threading.Event()
    numbers: list[int] = []

    def work() -> None:
        while not over.is_set():
            number = len(numbers)
            write(database, number)
            numbers.append(number)
            over.wait(0.005)

    working = threading.Thread(target=work)
    working.start()
    try:
        for _ in range(2):
            before = len(told(store))
            with crm(settings.state) as process:
                until(lambda: len(told(store)) > before + 20, what="it tells")  # noqa: B023 - used within the loop
                time.sleep(draw.random() / 10)      # any moment
                process.send_signal(signal.SIGKILL)
    finally:
        over.set()
        working.join()
    with crm(settings.state):
        until(lambda: waiting(database) == 0, what="the rest is told")
    # The process does its other work too: what it opens by itself after some seconds (the day's lists) is told as well.
    ours = [event for event in told(store) if event.subject.startswith("ticket:")]
    assert {event.subject for event in ours} == {f"ticket:{number}" for number in numbers}
    assert len({event.entry_id for event in ours}) == len(numbers)


def test_rows_told_long_ago_go_and_those_that_wait_stay(database: Database, store: Redis) -> None:
    write(database, 1)
    relay_of(database, store).tell_waiting()
    write(database, 2)

    def drop(after: timedelta) -> int:
        with database.writing.begin() as session:
            return drop_told(session, NOW + after)

    assert [drop(KEPT_FOR), drop(KEPT_FOR + timedelta(seconds=1)), waiting(database)] == [0, 1, 1]

