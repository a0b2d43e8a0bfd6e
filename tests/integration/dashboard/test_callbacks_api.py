"""`/callbacks`: who may see and cancel them, and that a cancelled one's place is taken out of the queue by acd."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from wall.orders import OrdersReader
from wall.rig import DashboardThread, Redis, signed_in

from callcenter.clock import SystemClock
from callcenter.commands import CancelRingBack
from callcenter.events import AnyEvent, CallbackChanged, CallbackState
from callcenter.orders import Asker
from callcenter.roles import Role
from callcenter.settings import Settings
from crm.callbacks.caller import CallbackCaller
from crm.callbacks.models import CallbackRow
from crm.callbacks.rules import RetryRule
from crm.database import Database, open_database
from crm.staff.models import AuditEntry
from dashboard.access import DESK, LEADS

Rig = tuple[Redis, Settings, DashboardThread]
URL = "/api/v1/callbacks"
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
FIRST, SECOND, TALKING, OVER = (f"node1-1763800000.{number}" for number in (1, 2, 3, 4))
STATES = {FIRST: "waiting", SECOND: "retry", TALKING: "talking", OVER: "done"}
pytestmark = pytest.mark.rule("A11")


@pytest.fixture
def database(own_rig: Rig) -> Iterator[Database]:
    """Four callbacks, asked for one a minute; the first's place waits in the queue."""
    opened = open_database(own_rig[1].database_url)
    with opened.writing.begin() as session:
        for number, (callback_id, state) in enumerate(STATES.items()):
            at = NOON + timedelta(minutes=number)
            session.add(CallbackRow(
                callback_id=callback_id, queue="enquiry" if callback_id == SECOND else "repair",
                number=f"+861390000000{number}", state=state, attempts=number, asked_at=at, since=at, household_id=None,
                language="zh", next_at=None, place="node1-1763800100.9" if callback_id == FIRST else None))
    yield opened
    opened.close()


def test_only_the_desk_sees_callbacks_and_only_who_leads_cancels_one(own_rig: Rig, database: Database) -> None:
    for role in Role:
        with signed_in(own_rig[2].url, role) as client:
            assert client.get(URL).status_code == (200 if role in DESK else 403), role
            # Of one that is not there: who may is told so, and nothing is changed for the next role.
            assert client.post(f"{URL}/node1-1.1/cancel").status_code == (404 if role in LEADS else 403), role
    with database.reading() as session:
        assert {row.callback_id: row.state for row in session.scalars(select(CallbackRow))} == STATES


def test_open_ones_are_listed_first_come_first_shown_and_all_newest_first(own_rig: Rig, database: Database) -> None:
    with signed_in(own_rig[2].url, Role.AGENT) as client:
        def listed(**params: str | int) -> list[str]:
            return [one["callback_id"] for one in client.get(URL, params=params).raise_for_status().json()["callbacks"]]

        assert listed() == [FIRST, SECOND, TALKING]
        assert listed(queue="enquiry") == [SECOND]
        assert listed(all="true") == [OVER, TALKING, SECOND, FIRST]
        assert listed(all="true", limit=1) == [OVER]
        assert client.get(URL, params={"limit": 0}).status_code == 422


def test_a_cancelled_one_is_audited_and_acd_takes_its_place_out_of_the_queue(own_rig: Rig, database: Database) -> None:
    told: list[AnyEvent] = []
    clock = SystemClock()
    asker = Asker(own_rig[0].url, clock)
    with OrdersReader(own_rig[0].url) as acd, signed_in(own_rig[2].url, Role.LEADER) as client:
        caller = CallbackCaller(database, RetryRule(), clock, ask=lambda command: asker.ask(command, "crm"), tell=told.append,
                                read_until=clock.now)
        assert client.post(f"{URL}/{FIRST}/cancel").json()["state"] == "cancelled"
        caller.step()
        assert acd.asked == [CancelRingBack(FIRST)]
    assert [(event.callback.callback_id, event.callback.state) for event in told if isinstance(event, CallbackChanged)] == [
        (FIRST, CallbackState.CANCELLED)]
    with database.reading() as session:
        [row] = session.scalars(select(AuditEntry).where(AuditEntry.action == "callback.cancelled"))
        assert (row.who, row.subject) == ("leader", f"callback:{FIRST}")


@pytest.mark.parametrize("callback_id", [TALKING, OVER])
def test_who_is_talked_to_or_was_rung_is_not_cancelled_and_not_audited(
        own_rig: Rig, database: Database, callback_id: str) -> None:
    with signed_in(own_rig[2].url, Role.LEADER) as client:
        answer = client.post(f"{URL}/{callback_id}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "callback_over")
    with database.reading() as session:
        row = session.get(CallbackRow, callback_id)
        assert row is not None
        assert row.state == STATES[callback_id]
        assert list(session.scalars(select(AuditEntry).where(AuditEntry.action == "callback.cancelled"))) == []
