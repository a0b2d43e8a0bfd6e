"""`/clocks` and `/notices` through the API, on both databases: promises kept and missed, who sees which, who acknowledges."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from wall.desk import NOW, SITE, Client, Desk, desk

from callcenter.roles import Role
from callcenter.site import load_site
from crm.clocks.keeper import ClockKeeper
from crm.database import open_database
from crm.households.models import Estate
from crm.notices.models import Notice
from crm.staff.models import User
from crm.tickets.models import Ticket
from dashboard.access import LEADS

HOUR = timedelta(hours=1)
YUNQI, JIANGWAN = 1, 2


@pytest.fixture
def given(migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    database = open_database(migrated_url)
    with database.writing.begin() as session:
        session.add_all([Estate(id=YUNQI, name="云栖花园"), Estate(id=JIANGWAN, name="江湾一号")])
    with desk(database, migrated_url, tmp_path) as made:
        yield made
    database.close()


def promised(client: Client, due: datetime, estate_id: int = YUNQI) -> int:
    answer = client("POST", "/tickets", json={"kind": "promise", "estate_id": estate_id, "fields": {
        "what": "回电说明停水时间", "due": due.isoformat(), "agreed": True}})
    assert answer.status_code == 201, answer.text
    ticket_id: int = answer.json()["ticket"]["ticket_id"]
    return ticket_id


def at(given: Desk, after: timedelta) -> None:
    """The crm process, so long after the beginning."""
    given.clock.advance((NOW + after - given.clock.now()).total_seconds())
    ClockKeeper(given.database, load_site(SITE), given.clock, lambda component, state, detail="": None).step()


def listed(client: Client, path: str, **params: Any) -> list[dict[str, Any]]:
    answer = client("GET", path, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


@pytest.mark.rule("A6", part="the alert of a missed promise")
@pytest.mark.rule("E3", part="the promised time, whom it tells, the leader's list")
def test_a_missed_promise_is_an_alert_to_its_owner_and_to_the_leader_of_its_estate(given: Desk) -> None:
    agent, leader = given.user(Role.AGENT), given.user(Role.LEADER, estates=[YUNQI])
    elsewhere = given.user(Role.LEADER, estates=[JIANGWAN], name="elsewhere")
    kept, missed = promised(agent, NOW + 2 * HOUR), promised(agent, NOW + 3 * HOUR)
    tomorrow = promised(agent, NOW + 30 * HOUR)
    assert [one["ticket_id"] for one in listed(leader, "/clocks/promises")] == [kept, missed]
    assert [one["ticket_id"] for one in listed(leader, "/clocks/promises", state="due")] == [kept, missed, tomorrow]
    at(given, HOUR)
    read = agent("GET", f"/tickets/{kept}")
    moved = agent("POST", f"/tickets/{kept}/move", headers={"If-Match": read.headers["ETag"]},
                  json={"to": "kept", "fields": {"result": "已回电"}})
    assert moved.status_code == 200, moved.text
    at(given, 2 * HOUR + timedelta(minutes=50))
    assert [(one["what"], one["whom"]) for one in listed(agent, "/notices")] == [("warned", "owner")]
    assert listed(leader, "/notices") == []
    at(given, 3 * HOUR)
    assert [(one["ticket_id"], one["what"], one["whom"]) for one in listed(agent, "/notices")] == [
        (missed, "broken", "owner"), (missed, "warned", "owner")]
    assert [(one["what"], one["whom"], one["is_waiting"]) for one in listed(leader, "/notices")] == [("broken", "leader", True)]
    assert listed(elsewhere, "/notices") == []
    assert [one["ticket_id"] for one in listed(leader, "/clocks/promises", state="missed")] == [missed]
    assert [(one["ticket_id"], one["kept"]) for one in listed(leader, "/clocks/promises")] == [(kept, True), (missed, None)]
    assert [one["ticket_id"] for one in listed(leader, "/clocks", state="broken")] == [missed]
    assert listed(elsewhere, "/clocks/promises", state="missed") == []


def test_a_notice_is_acknowledged_by_whom_it_told_and_says_who_it_was(given: Desk) -> None:
    agent, leader = given.user(Role.AGENT), given.user(Role.LEADER)
    second, stranger = given.user(Role.LEADER, name="second"), given.user(Role.MANAGER)
    promised(agent, NOW + HOUR)
    at(given, HOUR)
    [notice] = listed(leader, "/notices")
    path = f"/notices/{notice['notice_id']}/acknowledge"
    assert stranger("POST", path).status_code == 404
    assert agent("POST", "/notices/99999/acknowledge").status_code == 404
    key = {"Idempotency-Key": "leader-1"}
    first = leader("POST", path, headers=key)
    assert (first.status_code, first.json()["acknowledged_by"], first.json()["is_waiting"]) == (200, "leader", False)
    given.clock.advance(60)
    assert leader("POST", path, headers=key).json() == first.json()
    assert second("POST", path).json() == first.json()
    assert listed(second, "/notices") == []
    assert [one["acknowledged_by"] for one in listed(second, "/notices", all=True)] == ["leader"]
    at(given, HOUR + timedelta(minutes=40))
    assert [(one["what"], one["whom"]) for one in listed(stranger, "/notices", all=True)] == []


@pytest.mark.rule("D3", part="a notice of before it was known whom it is about")
def test_whom_a_ticket_has_come_to_be_about_has_no_notice_of_it_to_acknowledge(given: Desk) -> None:
    agent, leader = given.user(Role.AGENT), given.user(Role.LEADER)
    ticket_id = promised(agent, NOW + HOUR)
    at(given, HOUR)
    [notice] = listed(leader, "/notices")
    with given.database.writing.begin() as session:
        session.get_one(Ticket, ticket_id).about_id = session.scalars(select(User.id).where(User.name == "leader")).one()
    assert listed(leader, "/notices") == []
    assert leader("POST", f"/notices/{notice['notice_id']}/acknowledge").status_code == 404
    with given.database.reading() as session:
        assert session.get_one(Notice, notice["notice_id"]).acknowledged_at is None


def test_lists_go_on_behind_a_cursor_and_a_cursor_of_another_list_is_refused(given: Desk) -> None:
    agent = given.user(Role.AGENT)
    made = [promised(agent, NOW + hours * HOUR) for hours in (5, 3, 4)]
    page = agent("GET", "/clocks/promises", params={"state": "due", "limit": 2}).json()
    assert [one["ticket_id"] for one in page["items"]] == [made[1], made[2]]
    rest = agent("GET", "/clocks/promises", params={"state": "due", "limit": 2, "cursor": page["next"]}).json()
    assert ([one["ticket_id"] for one in rest["items"]], rest["next"]) == ([made[0]], None)
    refused = agent("GET", "/clocks", params={"cursor": page["next"]})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_cursor")


def test_what_is_due_soon_is_what_is_due_within_the_minutes_asked_for_and_runs(given: Desk) -> None:
    agent = given.user(Role.AGENT)
    soon, later = promised(agent, NOW + 30 * timedelta(minutes=1)), promised(agent, NOW + 2 * HOUR)
    assert [one["ticket_id"] for one in listed(agent, "/clocks", state="due_soon")] == [soon]
    assert [one["ticket_id"] for one in listed(agent, "/clocks", state="due_soon", within=180)] == [soon, later]
    assert [one["ticket_id"] for one in listed(agent, "/clocks", kind="promise", estate_id=YUNQI)] == [soon, later]
    assert listed(agent, "/clocks", kind="repair") == listed(agent, "/clocks", estate_id=JIANGWAN) == []


def test_the_clocks_of_a_ticket_are_for_whoever_sees_the_ticket(given: Desk) -> None:
    agent, elsewhere = given.user(Role.AGENT), given.user(Role.LEADER, estates=[JIANGWAN])
    ticket_id = promised(agent, NOW + HOUR)
    [clock] = agent("GET", f"/tickets/{ticket_id}/clocks").json()["clocks"]
    assert (clock["clock"], clock["standing"], clock["promised"], clock["name"]["en"]) == ("due", "running", True, "Promised time")
    assert datetime.fromisoformat(clock["due_at"]) == NOW + HOUR
    assert elsewhere("GET", f"/tickets/{ticket_id}/clocks").status_code == 404
    assert given.user(Role.WALLBOARD)("GET", "/clocks").status_code == 403


def test_the_on_time_rate_counts_what_ended_in_the_period(given: Desk) -> None:
    agent, leader = given.user(Role.AGENT), given.user(Role.LEADER)
    tickets = [promised(agent, NOW + hours * HOUR) for hours in (1, 5, 6, 7)]
    at(given, 2 * HOUR)
    for ticket_id in tickets[:3]:
        tag = agent("GET", f"/tickets/{ticket_id}").headers["ETag"]
        assert agent("POST", f"/tickets/{ticket_id}/move", headers={"If-Match": tag},
                     json={"to": "kept", "fields": {"result": "已回电"}}).status_code == 200
    period = {"since": NOW.isoformat(), "before": (NOW + 3 * HOUR).isoformat()}
    [row] = leader("GET", "/clocks/on-time", params=period).json()["clocks"]
    assert (row["kind"], row["clock"], row["kept"], row["ended"]) == ("promise", "due", 2, 3)
    assert row["rate"] == pytest.approx(2 / 3)
    for role in set(Role) - {Role.AGENT, Role.LEADER}:
        allowed = role in LEADS | {Role.OPERATIONS}
        assert given.user(role)("GET", "/clocks/on-time", params=period).status_code == (200 if allowed else 403), role


@pytest.mark.rule("F2", part="through the API: urgent an hour, ordinary a day, complex a week")
@pytest.mark.parametrize(("urgency", "allowed"), [("urgent", HOUR), ("ordinary", 24 * HOUR), ("complex", 7 * 24 * HOUR)])
def test_a_repairs_response_clock_runs_all_day_every_day(given: Desk, urgency: str, allowed: timedelta) -> None:
    agent = given.user(Role.AGENT)
    answer = agent("POST", "/tickets", json={"kind": "repair", "estate_id": YUNQI, "fields": {
        "what": "厨房漏水", "urgency": urgency}})
    assert answer.status_code == 201, answer.text
    [clock] = agent("GET", f"/tickets/{answer.json()['ticket']['ticket_id']}/clocks").json()["clocks"]
    assert datetime.fromisoformat(clock["due_at"]) - NOW == allowed


def test_each_list_is_served_by_its_index(given: Desk) -> None:
    """Asked of SQLite, whose planner says so however few rows there are."""
    if given.database.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a small table whole")
    manager, asked = given.user(Role.MANAGER), list[tuple[str, Any]]()
    engine = given.app.state.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, statement, given_with, *_: asked.append((statement, given_with)))
    for path, index in (("/clocks", "open"), ("/clocks?state=broken", "broken"), ("/clocks?state=due_soon", "standing_due_at_id"),
                        ("/clocks/promises", "promised"), ("/clocks/promises?state=missed", "promised")):
        asked.clear()
        assert manager("GET", path).status_code == 200
        [(statement, parameters)] = [(said, with_) for said, with_ in asked if "FROM ticket_clocks" in said]
        with given.database.engine.connect() as connection:
            plan = [str(row[-1]) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert f"ix_ticket_clocks_{index}" in plan[0], (path, plan)
        assert not any("ORDER BY" in step for step in plan), (path, plan)
