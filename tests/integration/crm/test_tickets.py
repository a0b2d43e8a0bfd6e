"""Tickets: a number is never given twice, a cause never makes two."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crm.database import Database
from crm.kinds.service import write_kind
from crm.privacy.service import View
from crm.staff.actor import SYSTEM
from crm.tickets.listing import Wanted, tickets
from crm.tickets.models import Ticket
from crm.tickets.schemas import CALLBACK, NewTicket
from crm.tickets.service import close_by_machine, open_ticket

TZ = ZoneInfo("Asia/Shanghai")


def opened(database: Database, now: datetime, cause: str | None = None, household_id: int | None = None) -> Ticket | None:
    with database.writing.begin() as session:
        return open_ticket(session, SYSTEM, NewTicket(CALLBACK, cause=cause, household_id=household_id), now, TZ)


def test_numbers_count_up_within_a_local_day(database: Database) -> None:
    before_midnight = datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    numbers = [opened(database, before_midnight + timedelta(seconds=n)) for n in (0, 0, 1)]
    assert [ticket.number for ticket in numbers if ticket] == ["CB20261122-0001", "CB20261122-0002", "CB20261123-0001"]


@pytest.mark.rule("E1", part="the number")
def test_many_at_once_get_as_many_numbers_without_a_hole(database: Database, now: datetime) -> None:
    threads_count, each = 8, 10
    found: list[str] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(each):
                ticket = opened(database, now)
                assert ticket
                found.append(ticket.number)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(threads_count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(found) == [f"CB20261122-{n:04d}" for n in range(1, threads_count * each + 1)]


def test_the_same_cause_makes_one_ticket(database: Database, now: datetime) -> None:
    assert opened(database, now, cause="callback:x")
    assert opened(database, now, cause="callback:x") is None


def test_a_household_that_is_gone_does_not_stop_its_ticket(database: Database, now: datetime) -> None:
    ticket = opened(database, now, household_id=999_999)
    assert ticket
    assert ticket.household_id is None


def test_open_tickets_are_listed_newest_first_a_page_at_a_time_and_closed_once(database: Database, now: datetime) -> None:
    made = [opened(database, now) for _ in range(3)]
    ids = [ticket.id for ticket in made if ticket]
    everything = View(SYSTEM)
    with database.writing.begin() as session:
        first = tickets(session, everything, Wanted(state="open"), limit=2)
        assert [ticket.ticket_id for ticket in first.items] == [ids[2], ids[1]]
        second = tickets(session, everything, Wanted(state="open"), limit=2, cursor=first.next)
        assert ([ticket.ticket_id for ticket in second.items], second.next) == ([ids[0]], None)
        closed = close_by_machine(session, ids[0], now, TZ)
        assert closed
        assert (closed.stage, closed.state, closed.closed_at) == ("done", "closed", now)
        assert close_by_machine(session, ids[0], now, TZ) is None
        assert [ticket.ticket_id for ticket in tickets(session, everything, Wanted(state="open")).items] == [ids[2], ids[1]]


def test_the_journal_s_tickets_are_opened_and_closed_whatever_the_kind_has_become(database: Database, now: datetime) -> None:
    """A site may have a callback of its own: other stages, other categories, fields that people must fill in."""
    own = ("kind: callback\nname: {zh: 回拨, en: Ring back}\nprefix: HB\nopens_in: new\nopened_by: [agent]\nseen_by: [agent]\n"
           "retired: true\nfields:\n  why: {name: {zh: 为何, en: Why}, type: text, required: true}\n"
           "stages:\n  new: {name: {zh: 新, en: New}, moves: {rung: {who: [agent], needs: [why]}}}\n"
           "  rung: {name: {zh: 已拨, en: Rung}, final: true}\n")
    with database.writing.begin() as session:
        write_kind(session, SYSTEM, CALLBACK, own, now)
        made = open_ticket(session, SYSTEM, NewTicket(CALLBACK, category="missed", cause="callback:x"), now, TZ)
        assert made
        assert (made.number, made.stage, made.category, made.kind_version) == ("HB20261122-0001", "new", None, 2)
        closed = close_by_machine(session, made.id, now, TZ)
        assert closed
        assert (closed.stage, closed.state) == ("rung", "closed")
