"""Clocks of tickets on both databases: started, paused, broken and climbed by stages and time, each thing told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.clocks import service
from crm.clocks.models import TicketClock
from crm.database import Database
from crm.kinds.schema import ClockRule
from crm.notices.models import Notice
from crm.outbox.models import OutboxEntry
from crm.tickets.models import Ticket, TicketEvent

START = datetime(2026, 12, 31, 14, 0, tzinfo=UTC)   # 22:00 in Shanghai, two hours before the new year
HOUR = timedelta(hours=1)
WORDS = {"zh": "响应", "en": "Response"}


def rule(**changes: Any) -> ClockRule:
    return ClockRule.model_validate({
        "name": WORDS, "runs_in": ["new"], "pauses_in": ["waiting"], "by_field": "urgency",
        "allowed_by": {"urgent": "1h", "ordinary": "24h", "complex": "7d"},
        "ladder": [{"after": "0m", "tell": "engineer"}, {"after": "30m", "tell": "leader"}, {"after": "2h", "tell": "supervisor"},
                   {"after": "4h", "tell": "manager"}, {"after": "1d", "tell": "operations"}], **changes})


def ticket(session: Session, number: str = "C1", **fields: Any) -> Ticket:
    made = Ticket(number=number, kind="repair", stage="new", fields=fields or {"urgency": "ordinary"}, created_at=START)
    session.add(made)
    session.flush()
    return made


def told(database: Database) -> list[str]:
    with database.reading() as session:
        return [entry.what.removeprefix("clock.") + (f"→{entry.data['tell']}" if "tell" in entry.data else "")
                for entry in session.scalars(select(OutboxEntry).order_by(OutboxEntry.id)) if entry.what.startswith("clock.")]


def ticked(database: Database, now: datetime) -> int:
    with database.writing.begin() as session:
        return service.tick(session, now)


def moved(database: Database, stage: str, now: datetime, **fields: Any) -> None:
    with database.writing.begin() as session:
        found = session.scalars(select(Ticket)).one()
        found.stage = stage
        found.fields = {**found.fields, **fields}
        service.follow(session, found, {"response": rule()}, now)


@pytest.fixture
def opened(database: Database) -> Database:
    with database.writing.begin() as session:
        service.follow(session, ticket(session), {"response": rule()}, START)
    return database


@pytest.mark.rule("F2", part="the clock")
def test_an_unanswered_repair_is_warned_of_broken_and_climbs_to_operations_each_told_once(opened: Database) -> None:
    for minutes in range(0, 60 * 24 * 4, 30):
        ticked(opened, START + timedelta(minutes=minutes))
    assert told(opened) == ["started", "warned", "broken", "climbed→engineer", "climbed→leader", "climbed→supervisor",
                            "climbed→manager", "climbed→operations"]
    with opened.reading() as session:
        timeline = [event.data["did"] for event in session.scalars(select(TicketEvent).order_by(TicketEvent.id))]
        assert timeline == [what.split("→")[0] for what in told(opened)]
        assert session.scalars(select(TicketClock)).one().next_at is None


def test_waiting_for_the_household_costs_nothing_and_following_twice_does_nothing(opened: Database) -> None:
    moved(opened, "waiting", START + HOUR)
    moved(opened, "waiting", START + HOUR)
    assert ticked(opened, START + 500 * HOUR) == 0
    moved(opened, "new", START + 500 * HOUR)
    moved(opened, "new", START + 501 * HOUR)
    with opened.reading() as session:
        assert session.scalars(select(TicketClock)).one().due_at == START + 523 * HOUR
    moved(opened, "done", START + 523 * HOUR - timedelta(seconds=1))
    assert told(opened) == ["started", "paused", "resumed", "warned", "kept"]


def test_a_repair_that_becomes_urgent_after_two_hours_is_broken_at_once_and_its_ladder_begins_then(opened: Database) -> None:
    moved(opened, "new", START + 2 * HOUR, urgency="urgent")
    assert told(opened) == ["started", "changed", "warned", "broken", "climbed→engineer"]
    assert ticked(opened, START + 2 * HOUR + timedelta(minutes=29)) == 0
    assert ticked(opened, START + 2 * HOUR + timedelta(minutes=30)) == 1
    assert told(opened)[-1] == "climbed→leader"


def test_what_was_done_too_late_is_not_kept_though_no_tick_came_in_between(opened: Database) -> None:
    moved(opened, "done", START + 25 * HOUR)
    assert told(opened) == ["started", "warned", "broken", "climbed→engineer", "climbed→leader", "stopped"]
    with opened.reading() as session:
        assert session.scalars(select(TicketClock)).one().kept is False


def test_a_ticket_that_comes_back_runs_a_new_clock_and_the_old_one_stays_as_it_ended(opened: Database) -> None:
    moved(opened, "done", START + HOUR)
    moved(opened, "new", START + 1000 * HOUR)
    with opened.reading() as session:
        first, second = session.scalars(select(TicketClock).order_by(TicketClock.run))
        assert (first.kept, first.ended_at) == (True, START + HOUR)
        assert (second.run, second.due_at) == (2, START + 1024 * HOUR)


def test_another_time_agreed_after_a_missed_one_that_no_tick_saw_is_told_of_when_it_is_missed_too(database: Database) -> None:
    """Both promises are broken in turn, each with notices of its own round."""
    promise = {"due": ClockRule.model_validate({"name": WORDS, "runs_in": ["new"], "until": "by_when"})}
    with database.writing.begin() as session:
        made = ticket(session, by_when=(START + HOUR).isoformat())
        service.follow(session, made, promise, START)
        made.fields = {"by_when": (START + 5 * HOUR).isoformat()}
        service.follow(session, made, promise, START + 2 * HOUR)
    assert ticked(database, START + 5 * HOUR) == 1
    once = ["warned", "broken", "climbed→owner", "climbed→leader"]
    assert told(database) == ["started", *once, "changed", *once]
    with database.reading() as session:
        rounds = [notice.round for notice in session.scalars(select(Notice).where(Notice.what == "broken"))]
        assert sorted(rounds) == [1, 1, 2, 2]
        assert session.scalars(select(TicketClock)).one().broken_at == START + HOUR
