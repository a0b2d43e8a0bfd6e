"""Rosters and price lists come as files: who is on duty then, what counts then, and every bad row is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk.counter import NOON, Counter
from desk.repairs import done, two_engineers
from sqlalchemy import event, text

from callcenter.roles import Role


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def test_who_is_on_duty_is_known_and_a_bad_row_of_a_roster_is_named(counter: Counter) -> None:
    office, agent = counter.person(Role.OFFICE), counter.person(Role.AGENT)
    wei, _ = two_engineers(counter)
    at = {"at": NOON.isoformat()}
    assert [one["user"] for one in agent.read("/roster/on-duty", **at)["items"]] == ["bo", "wei"]
    assert [one["user"] for one in agent.read("/roster/on-duty", estate_id=counter.estates[1], **at)["items"]] == ["bo"]
    assert agent.read("/roster/on-duty", duty="desk", **at)["items"] == []
    away = done(office.ask("POST", "/roster/leave", json={"user": "bo", "begins_at": "2026-11-22T00:00:00Z", "why": "sick",
                                                          "ends_at": "2026-11-23T00:00:00Z"}))
    assert [one["user"] for one in agent.read("/roster/on-duty", **at)["items"]] == ["wei"]
    assert office.ask("DELETE", f"/roster/leave/{away['leave_id']}").status_code == 204
    rows = ["用户,班次,小区,开始,结束", "wei,engineer,江湾,2026-11-22 08:00,2026-11-22 20:00",
            "who,engineer,,2026-11-23 08:00,2026-11-23 20:00", "wei,engineer,江湾,2026-11-22 19:00,2026-11-22 23:00",
            "bo,engineer,,2026-11-23 08:00,2026-11-23 07:00", "bo,X,月亮,soon,"]
    report = done(office.ask("POST", "/roster/import", content="\n".join(rows).encode()))
    assert [(fault["row"], fault["column"], fault["code"]) for fault in report["faults"]] == [
        (3, "user", "user_unknown"), (5, "to", "order"), (6, "from", "moment"), (6, "to", "empty"), (6, "duty", "code"),
        (6, "estate", "estate_unknown")]
    report = done(office.ask("POST", "/roster/import", content="\n".join([*rows[:2], rows[3]]).encode()))
    assert [(fault["row"], fault["code"]) for fault in report["faults"]] == [(3, "overlaps")]
    asked: list[str] = []
    event.listen(counter.app.state.services.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert done(office.ask("POST", "/roster/import", content="\n".join(rows[:2]).encode()))["same"] == 1
    shifts = next(place for place, one in enumerate(asked) if "FROM shifts" in one)
    holds = [one for one in asked[:shifts] if "WHERE users.id IN" in one]
    assert len(holds) == 1, "of two who bring in the same month at once, the second finds what the first has brought"
    assert holds[0].endswith("FOR UPDATE") or counter.database.engine.dialect.name == "sqlite"
    [shift] = agent.read("/roster/shifts", user="wei", since="2026-11-22T00:00:00Z", before="2026-11-23T00:00:00Z")["items"]
    path, times = f"/roster/shifts/{shift['shift_id']}", {"begins_at": "2026-11-22T05:00:00Z", "ends_at": "2026-11-22T09:00:00Z"}
    assert wei.ask("PATCH", path, version=1, json=times).status_code == 403
    assert [office.ask("PATCH", path, version=1, json=times).status_code for _ in range(2)] == [200, 412]
    assert [one["user"] for one in agent.read("/roster/on-duty", **at)["items"]] == ["bo"]
    double = {"user": "wei", "duty": "engineer", "estate_id": counter.estates[0]} | times
    assert office.ask("POST", "/roster/shifts", json=double).json()["code"] == "shift_overlaps"
    assert office.ask("DELETE", path, version=2).status_code == 204


def test_a_file_is_tried_while_somebody_writes_and_a_long_one_asks_no_more_of_the_database(counter: Counter) -> None:
    boss = counter.person(Role.MANAGER)
    two_engineers(counter)
    prices = ["code,estate,zh,en,sort,unit,price,free_in_warranty,valid_from",
              *(f"c{number},江湾,n,n,part,个,1.00,no,2026-11-01" for number in range(40))]
    roster = ["user,duty,estate,from,to",
              *(f"wei,engineer,江湾,2026-12-{day:02} 08:00,2026-12-{day:02} 20:00" for day in range(1, 31))]
    asked: list[str] = []
    engine = counter.app.state.services.database.engine
    event.listen(engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    for path, rows in (("/repairs/prices/import", prices), ("/roster/import", roster)):
        with counter.database.writing.begin() as session:
            session.execute(text("SELECT 1"))
            report = done(boss.ask("POST", path, params={"dry_run": True}, content="\n".join(rows).encode()))
        assert (report["added"], report["faults"]) == (len(rows) - 1, [])
    assert len(asked) < 20


@pytest.mark.rule("K1", part="skills and leave of other estates' people")
def test_leave_and_skills_are_kept_by_the_persons_own_estates_and_why_somebody_is_away_is_not_everybodys_business(
        counter: Counter) -> None:
    own, other = counter.estates
    engineer = counter.person(Role.ENGINEER, "wei", [own])
    counter.person(Role.ENGINEER, "bo")
    here, there = counter.person(Role.OFFICE, "here", [own]), counter.person(Role.OFFICE, "there", [other])
    leave = {"user": "wei", "why": "sick", "begins_at": "2026-11-22T00:00:00Z", "ends_at": "2026-11-29T00:00:00Z"}
    assert there.ask("POST", "/roster/leave", json=leave).status_code == 404
    assert there.ask("PUT", "/roster/people/wei/skills", json={"skills": []}).status_code == 404
    assert here.ask("POST", "/roster/leave", json=leave | {"user": "bo"}).status_code == 404, "who works for all estates"
    given = done(here.ask("POST", "/roster/leave", json=leave))
    path, span = f"/roster/leave/{given['leave_id']}", {"since": "2026-11-01T00:00:00Z", "before": "2026-12-01T00:00:00Z"}
    assert there.ask("DELETE", path).status_code == 404
    for who, why in ((here, "sick"), (engineer, "sick"), (counter.person(Role.MANAGER), "sick"), (there, None),
                     (counter.person(Role.ENGINEER, "bo"), None), (counter.person(Role.AGENT), None)):
        assert [(one["user"], one["why"]) for one in who.read("/roster/leave", **span)["items"]] == [("wei", why)], who.name
    assert [[one["name"] for one in who.read("/repairs/engineers")["items"]] for who in (here, there)] == [["bo", "wei"], ["bo"]]
    assert done(here.ask("PUT", "/roster/people/wei/skills", json={"skills": ["plumbing"]}))["skills"] == ["plumbing"]
    assert here.ask("DELETE", path).status_code == 204


@pytest.mark.rule("F6", part="the price list as a file")
def test_a_price_list_is_read_in_whole_or_not_at_all_and_every_bad_row_is_named(counter: Counter) -> None:
    boss, leader = counter.person(Role.MANAGER), counter.person(Role.LEADER)
    head = "code,estate,zh,en,sort,unit,price,free_in_warranty,valid_from"
    bad = "\n".join([head, "tap,,龙头,Tap,part,个,80.00,yes,2026-11-01", "Tap!,,龙头,Tap,part,个,80,no,2026-11-01",
                     "b,nowhere,x,x,thing,个,8.123,maybe,soon", "tap,,龙头,Tap,part,个,81.00,no,2026-11-01"])
    for dry in (True, False):
        report = done(boss.ask("POST", "/repairs/prices/import", content=bad.encode(), params={"dry_run": dry}))
        assert [(fault["row"], fault["column"]) for fault in report["faults"]] == [
            (3, "code"), (4, "estate"), (4, "sort"), (4, "price"), (4, "free_in_warranty"), (4, "valid_from"), (5, "code")]
        assert all(fault["zh"] and fault["en"] for fault in report["faults"])
    assert leader.read("/repairs/prices")["items"] == [], "nothing was kept"
    good = "\n".join([head, "tap,,龙头,Tap,part,个,80.00,yes,2026-11-01", "tap,江湾,龙头,Tap,part,个,75.00,yes,2026-11-01"])
    assert done(boss.ask("POST", "/repairs/prices/import", content=good.encode(), params={"dry_run": True}))["added"] == 2
    assert leader.read("/repairs/prices")["items"] == []
    assert done(boss.ask("POST", "/repairs/prices/import", content=good.encode()))["added"] == 2
    [general], [own] = (leader.read("/repairs/prices", **asked)["items"] for asked in ({}, {"estate_id": counter.estates[0]}))
    assert (general["price"], own["price"]) == ("80.00", "75.00")
    done(boss.ask("POST", "/repairs/prices", json={
        "code": "cold", "zh": "-10℃防冻阀", "en": "@ -10 °C", "sort": "part", "unit": "个", "price": "30.00",
        "valid_from": NOON.isoformat()}))
    exported = boss.ask("GET", "/repairs/prices/export").content
    assert "'-10℃防冻阀".encode() in exported, "nothing that a spreadsheet would run"
    report = done(boss.ask("POST", "/repairs/prices/import", content=exported))
    assert (report["added"], report["same"], report["faults"]) == (0, 3, [])
    assert leader.ask("POST", "/repairs/prices/import", content=good.encode()).status_code == 403
