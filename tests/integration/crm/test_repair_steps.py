"""What an engineer's phone sends comes in any order, any number of times, and ends the same; nothing is lost, nothing twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from callcenter.roles import Role
from crm.bills.agreed import bill
from crm.bills.models import Charge, Settlement
from crm.clocks.models import TicketClock
from crm.clocks.service import tick
from crm.database import Database, open_database
from crm.households.models import Estate
from crm.notices.models import Notice
from crm.repairs.models import RepairStep, WorkOrder
from crm.repairs.orders import dispatch
from crm.repairs.prices import NewPrice, put
from crm.repairs.steps import Rules
from crm.repairs.taking import StepGiven, Taken, take
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import User
from crm.tickets import service
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.schemas import NewTicket

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = Rules(2 * MINUTE, timedelta(hours=24))
WEI = Actor("wei", 1, frozenset({Role.ENGINEER}))
BO = Actor("bo", 2, frozenset({Role.ENGINEER}))
WORK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("accepted", {}), ("on_site", {}), ("found", {"fault": "x", "plan": "y", "chargeable": True}),
    ("charged", {"code": "valve", "quantity": "2"}), ("priced", {}), ("charged", {"code": "gold"}), ("agreed", {}),
    ("waits", {"waits_for": "parts"}), ("begun", {}), ("charged", {"code": "valve"}), ("agreed", {}), ("tried", {"result": "ok"}),
    ("signed", {"name": "王"}), ("paid", {"method": "cash", "amount": "30.00", "receipt": "S"}), ("dances", {}))
DONE = ["done"] * 5 + ["kept"] + ["done"] * 8 + ["kept"]


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    made = open_database(migrated_url)
    with made.writing.begin() as session:
        session.add_all([Estate(id=1, name="江湾"), *(
            User(id=actor.user_id, name=actor.name, roles=["engineer"], password_hash="-", created_at=NOW) for actor in (WEI, BO))])
        put(session, SYSTEM, NewPrice("valve", None, "阀", "Valve", "part", "个", Decimal("10.00"), False, NOW - 99 * MINUTE), NOW)
    yield made
    made.close()


def opened(database: Database, urgency: str = "urgent") -> int:
    with database.writing.begin() as session:
        row = service.open_ticket(session, SYSTEM, NewTicket("repair", {"what": "x", "urgency": urgency}, estate_id=1), NOW, UTC)
        assert row is not None
        dispatch(session, SYSTEM, row.id, "wei", NOW, UTC, {})
        return row.id


def chain(work: tuple[tuple[str, dict[str, Any]], ...] = WORK, run: int = 0) -> list[StepGiven]:
    ids = [f"00000000-0000-4000-8000-{run:06d}{place:06d}" for place in range(len(work))]
    return [StepGiven(ids[place], what, NOW + (place + 1) * MINUTE, ids[place - 1] if place else None, None, data)
            for place, (what, data) in enumerate(work)]


def send(database: Database, ticket_id: int, steps: list[StepGiven], actor: Actor = WEI, after: timedelta = 40 * MINUTE) -> Taken:
    with database.writing.begin() as session:
        return take(session, actor, ticket_id, steps, NOW + after, UTC, RULES)


def end_of(database: Database, ticket_id: int) -> tuple[Any, ...]:
    """All that the steps can have altered."""
    with database.reading() as session:
        row = session.get_one(Ticket, ticket_id)
        moves = [(one.data["from"], one.data["to"], one.data.get("done_at")) for one in session.scalars(
            select(TicketEvent).where(TicketEvent.ticket_id == ticket_id, TicketEvent.what == "moved").order_by(TicketEvent.id))]
        steps = session.execute(select(RepairStep.what, RepairStep.outcome, RepairStep.code, RepairStep.counted_at).where(
            RepairStep.ticket_id == ticket_id).order_by(RepairStep.client_id)).all()
        found = bill(session, row)
        clocks = session.execute(select(TicketClock.clock, TicketClock.ended_at, TicketClock.kept, TicketClock.spent).where(
            TicketClock.ticket_id == ticket_id).order_by(TicketClock.id)).all()
        return row.stage, dict(row.fields), moves, [tuple(one) for one in steps], found, [tuple(one) for one in clocks]


@pytest.mark.rule("F1", part="steps sent later")
def test_in_any_order_and_any_number_of_times_the_end_is_the_same(database: Database) -> None:
    steps = chain()
    straight = opened(database)
    assert [one.outcome for one in send(database, straight, steps).steps] == DONE
    wanted = end_of(database, straight)
    assert (wanted[0], wanted[4].total, wanted[4].paid) == ("finished", Decimal("30.00"), Decimal("30.00"))
    @given(st.permutations(range(len(steps))), st.lists(st.integers(1, len(steps)), max_size=5),
           st.lists(st.integers(0, len(steps) - 1), max_size=6))
    @settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def sent_as_the_network_likes(order: list[int], cuts: list[int], again: list[int]) -> None:
        ticket_id = opened(database)
        own = [step if step.what != "paid" else StepGiven(step.client_id, step.what, step.done_at, step.after, None,
                                                          {**step.data, "receipt": f"S{ticket_id}"}) for step in steps]
        begin = 0
        for cut in [*sorted(cuts), len(order)]:
            send(database, ticket_id, [own[place] for place in order[begin:cut]] + [own[place] for place in again[:2]])
            begin = max(begin, cut)
        last = send(database, ticket_id, [own[place] for place in again] + own)
        assert [one.outcome for one in last.steps[-len(steps):]] == DONE
        assert end_of(database, ticket_id) == wanted

    sent_as_the_network_likes()


def test_a_step_that_comes_before_its_base_waits_and_one_whose_id_is_anothers_is_refused(database: Database) -> None:
    ticket_id, steps = opened(database), chain()
    taken = send(database, ticket_id, [steps[1], steps[2]])
    assert [(one.outcome, one.code) for one in taken.steps] == [("waiting", "base_missing")] * 2
    assert [one.outcome for one in send(database, ticket_id, [steps[0]]).steps] == ["done"]
    assert end_of(database, ticket_id)[0] == "on_site", "those that waited were done with it"
    other = StepGiven(steps[0].client_id, "declined", steps[0].done_at, None, None, {"reason": "x"})
    assert [(one.outcome, one.code) for one in send(database, ticket_id, [other]).steps] == [("refused", "id_reused")]
    assert send(database, ticket_id, []).stage == "on_site"


@pytest.mark.rule("F2", part="what was told too late")
def test_a_clock_that_broke_before_the_phone_was_heard_is_kept_and_nobody_climbs_any_more(database: Database) -> None:
    ticket_id = opened(database)
    late = NOW + timedelta(hours=3)
    with database.writing.begin() as session:
        assert tick(session, late) > 0
        clock = session.scalars(select(TicketClock).where(TicketClock.clock == "response")).one()
        assert clock.broken_at == NOW + timedelta(hours=1)
    send(database, ticket_id, chain(WORK[:2]), after=timedelta(hours=3))
    with database.reading() as session:
        clock = session.scalars(select(TicketClock).where(TicketClock.clock == "response")).one()
        assert (clock.kept, clock.broken_at, clock.ended_at) == (True, None, NOW + 2 * MINUTE)
        assert session.scalars(select(Notice.id).where(Notice.settled_at.is_(None))).all() == []
    # A clock set back to before the order gains nothing: then it counts when it arrives.
    cheated = opened(database)
    with database.writing.begin() as session:
        tick(session, late)
    early = [StepGiven(f"a{step.client_id[1:]}", step.what, NOW - timedelta(hours=9), step.after and f"a{step.after[1:]}", None, {})
             for step in chain(WORK[:2])]
    taken = send(database, cheated, early, after=timedelta(hours=3))
    assert [(one.outcome, one.flags[0], one.counted_at) for one in taken.steps] == [("done", "before_dispatch", late)] * 2
    with database.reading() as session:
        clock = session.scalars(select(TicketClock).where(TicketClock.ticket_id == cheated, TicketClock.clock == "response")).one()
        assert (clock.kept, clock.broken_at) == (False, NOW + timedelta(hours=1))
        assert session.scalar(select(func.count()).select_from(RepairStep).where(RepairStep.to_see)) == 2


@pytest.mark.rule("F2", part="waiting while nobody heard of it")
def test_a_pause_that_was_told_late_rests_the_clock_from_when_it_was_made(database: Database) -> None:
    ticket_id = opened(database)
    work = (("accepted", {}), ("waits", {"waits_for": "household"}))
    with database.writing.begin() as session:
        tick(session, NOW + timedelta(hours=2))
    send(database, ticket_id, chain(work), after=timedelta(hours=2))
    with database.reading() as session:
        clock = session.scalars(select(TicketClock).where(TicketClock.clock == "response")).one()
        assert (clock.standing, clock.broken_at, clock.spent) == ("paused", None, 2 * MINUTE)
    ident = "b" * 8 + "-0000-4000-8000-000000000000"
    back = [StepGiven(ident, "accepted", NOW + timedelta(hours=2), chain(work)[1].client_id, None, {})]
    send(database, ticket_id, back, after=timedelta(hours=2))
    with database.writing.begin() as session:
        tick(session, NOW + timedelta(hours=4))
        clock = session.scalars(select(TicketClock).where(TicketClock.clock == "response")).one()
        assert clock.broken_at == NOW + timedelta(hours=2) + 58 * MINUTE, "what is left of its hour, from when it went on"


@pytest.mark.rule("F1", part="two phones, one order")
def test_two_phones_at_once_do_each_step_once_and_an_order_that_changes_hands_has_one_engineer(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":      # one writer at a time: on a busy machine the last waits longer than 5 s
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=60000"))
        database.engine.dispose()
    ticket_id, steps = opened(database), chain()
    gate = threading.Barrier(4)
    errors: list[Exception] = []

    def sends() -> None:
        gate.wait(60)
        try:
            send(database, ticket_id, steps)
        except Exception as error:
            errors.append(error)

    def dispatches() -> None:
        gate.wait(60)
        try:
            with database.writing.begin() as session:
                dispatch(session, SYSTEM, ticket_id, "bo", NOW + MINUTE, UTC, {})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for work in (sends, sends, sends, dispatches)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    codes = {getattr(error, "code", repr(error)) for error in errors}
    assert codes <= {"no_such_move"}, "a repair that is finished is given to nobody"
    with database.reading() as session:
        kept = session.scalars(select(RepairStep).where(RepairStep.ticket_id == ticket_id)).all()
        current = session.scalars(select(WorkOrder).where(WorkOrder.ticket_id == ticket_id, WorkOrder.ended_at.is_(None))).all()
        row = session.get_one(Ticket, ticket_id)
        settled = session.scalar(select(func.count()).select_from(Settlement).where(Settlement.ticket_id == ticket_id))
        charged = session.scalar(select(func.count()).select_from(Charge).where(Charge.ticket_id == ticket_id))
    assert len(kept) == len(steps)
    if errors:      # the phones came first
        assert (row.stage, settled, charged, [one.engineer_id for one in current]) == ("finished", 1, 2, [1])
    else:
        assert (row.stage, settled, charged, [one.engineer_id for one in current]) == ("dispatched", 0, 0, [2])
        assert {step.code for step in kept if step.what == "on_site"} == {"re_dispatched"}
