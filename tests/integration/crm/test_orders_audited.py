"""Orders dialled at a phone that were refused leave an audit row, once each, however often they are heard of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from wall.rig import Redis, until

from callcenter.bus import Publisher
from callcenter.clock import SystemClock
from callcenter.events import OrderCarriedOut
from crm.database import Database
from crm.staff.models import AuditEntry
from crm.staff.orders import OrdersAudited, audit_orders

AT = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
REFUSED = OrderCarriedOut(AT, "o1", "phone", "SignIn", "agent:801", "seat_taken")


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Redis]:
    server = Redis(tmp_path / "redis")
    server.start()
    yield server
    server.lose()


def rows(database: Database) -> list[tuple[str, str, str, str]]:
    with database.reading() as session:
        return [(row.who, row.action, row.subject, json.loads(row.detail or "{}")["result"])
                for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_a_refused_order_of_a_phone_is_audited_once(database: Database) -> None:
    assert audit_orders(database, [REFUSED, REFUSED]) == 1
    assert audit_orders(database, [REFUSED]) == 0
    assert rows(database) == [("phone", "order.sign_in", "agent:801", "seat_taken")]


def test_what_a_route_or_the_journal_has_audited_is_not_audited_again(database: Database) -> None:
    assert audit_orders(database, [
        OrderCarriedOut(AT, "o2", "leader", "CloseQueue", "queue:repair", "done"),
        OrderCarriedOut(AT, "o3", "leader", "Pause", "agent:801", "refused"),
        OrderCarriedOut(AT, "o4", "phone", "Pause", "agent:801", "done"),
        OrderCarriedOut(AT, "o5", "crm", "RingBack", "callback:x", "not_now"),
        OrderCarriedOut(AT, "o6", "leader", "SwitchLine", "line", "done"),
    ]) == 0
    assert rows(database) == []


@pytest.mark.rule("C7")
def test_a_line_that_was_switched_by_a_phone_or_on_the_console_is_audited_once_whenever_acd_tells_it(database: Database) -> None:
    switched = [OrderCarriedOut(AT, f"line-{by}", by, "SwitchLine", "line", "done", f"announcement {by}")
                for by in ("phone", "console")]
    assert [audit_orders(database, switched), audit_orders(database, switched)] == [2, 0]
    assert rows(database) == [("phone", "order.switch_line", "line", "done"), ("console", "order.switch_line", "line", "done")]


def test_orders_from_before_a_start_are_audited_and_a_second_start_doubles_none(database: Database, bus: Redis) -> None:
    publisher = Publisher(bus.url)
    publisher.publish(REFUSED)
    for number in range(2):
        reader = OrdersAudited(bus.url, database, SystemClock(), lambda *_: None)
        reader.start()
        publisher.publish(OrderCarriedOut(AT, f"later{number}", "phone", "AskHelp", "agent:802", "not_signed_in"))
        until(lambda heard=number: len(rows(database)) == 2 + heard, what="its audit row")
        reader.stop()
    assert [row[1] for row in rows(database)] == ["order.sign_in", "order.ask_help", "order.ask_help"]
