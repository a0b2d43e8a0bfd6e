"""What makes itself: the suggestions of a day, lists and checks of vacant flats; and what a kind may say of it (E8, J2, J4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest
from desk.counter import Counter
from desk.stories import faults, ledgers, notices, until, well
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from callcenter.events import Health
from callcenter.roles import Role
from crm.households.models import Household
from crm.households.tags import set_tags
from crm.kinds.load import shipped_texts
from crm.ledgers import keeper
from crm.ledgers.service import Due, make_some
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.models import Ticket

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.mark.rule("E8")
def test_good_suggestions_are_compiled_once_at_the_end_of_each_day_and_the_caller_is_rung(counter: Counter) -> None:
    agent, leader, supervisor = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.SUPERVISOR))
    bound = counter.person(Role.SUPERVISOR, "second", [counter.estates[1]])
    ledgers(counter).step()      # what was before today
    first = agent.opens("suggestion", {"what": "增设快递柜"}, household_id=counter.households[0], contact_number="13900001234")
    second = agent.opens("suggestion", {"what": "加装充电桩"}, household_id=counter.households[1])
    plain = agent.opens("suggestion", {"what": "没有理由"}, household_id=counter.households[0])
    for ticket in (first, second):
        well(leader.changes(ticket, "PATCH", "", fields={"good": True}))
    well(leader.moves(second, "compiled"))
    until(counter, datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC))
    ledgers(counter).step()
    assert supervisor.read("/tickets", kind="digest")["items"] == [], "not before the site's end of the day"
    until(counter, datetime(2026, 11, 22, 10, 0, tzinfo=UTC))
    for _ in range(3):
        ledgers(counter).step()
    digests = supervisor.read("/tickets", kind="digest")["items"]
    assert {one["title"] for one in digests} == {"2026-11-22 1 条"}
    assert len(digests) == 2, "one for each estate"
    assert [one["estate_id"] for one in bound.read("/tickets", kind="digest")["items"]] == [counter.estates[1]]
    assert notices(supervisor).count(("digest", "told", "supervisor")) == 2
    assert notices(bound) == [("digest", "told", "supervisor")]
    [mine] = [one for one in digests if one["estate_id"] == counter.estates[0]]
    children = supervisor.read(f"/tickets/{mine['ticket_id']}")["children"]
    assert [(one["number"], one["stage"]) for one in children] == [(first["number"], "compiled")]
    assert agent.read(f"/tickets/{plain['ticket_id']}")["ticket"]["stage"] == "received"

    late = agent.opens("suggestion", {"what": "晚间来电的建议", "good": True}, household_id=counter.households[0])
    ledgers(counter).step()
    until(counter, datetime(2026, 11, 25, 3, 0, tzinfo=UTC))     # nobody ran it for days
    ledgers(counter).step()
    assert supervisor.read("/tickets", kind="digest", state="open")["items"][0]["title"] == "2026-11-24 1 条"
    assert len(supervisor.read("/tickets", kind="digest")["items"]) == 3
    assert agent.read(f"/tickets/{late['ticket_id']}")["ticket"]["stage"] == "compiled"

    well(supervisor.moves(first, "adopted", {"decision": "下月安装两组"}))
    well(supervisor.moves(late, "declined", {"decision": "场地不足"}))
    tasks = {one["parent_id"]: one for one in agent.read("/tickets", kind="callback")["items"]}
    ring = tasks[first["ticket_id"]]
    assert (ring["contact_number"], ring["household_id"], ring["owner"]) == ("139****1234", counter.households[0], "agent")
    said = agent.read(f"/tickets/{ring['ticket_id']}")["fields"]["what"]
    assert said == f"告知来电人：建议 {first['number']}（增设快递柜）已采纳。下月安装两组 感谢来电人。"
    assert "未采纳。原因：场地不足" in agent.read(f"/tickets/{tasks[late['ticket_id']]['ticket_id']}")["fields"]["what"]
    assert faults(agent.moves(first, "closed")) == [("told", "other_value_needed")]
    well(agent.moves(ring, "done", {"result": "已告知"}))
    well(agent.moves(first, "closed", {"told": True}))


@pytest.mark.rule("E8")
def test_what_of_a_kind_is_refused_holds_up_no_other_ledger_and_is_named(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    manager, agent, leader = (counter.person(role) for role in (Role.MANAGER, Role.AGENT, Role.LEADER))
    more = shipped_texts()["suggestion"].replace("compiled: {who: [leader, supervisor, duty_lead], needs: [good]",
                                                 "compiled: {who: [leader, supervisor, duty_lead], needs: [decision]")
    well(manager.ask("PUT", "/kinds/suggestion", content=more.encode(), headers={"Content-Type": "text/yaml"}))
    with counter.database.writing.begin() as session:
        set_tags(session, session.get_one(Household, counter.households[0]), ["vacant"])
    states: list[tuple[str, Health, str]] = []

    def told(component: str, state: Health, detail: str = "") -> None:
        states.append((component, state, detail))

    def refuses(session: Session, one: Due, now: datetime, tz: tzinfo) -> bool:
        if one.kind.kind == broken:
            raise FieldsUnfit([Fault("category", "missing")])
        return make_some(session, one, now, tz)

    broken = "digest"
    monkeypatch.setattr(keeper, "make_some", refuses)
    keeps = ledgers(counter, told)
    assert keeps.step() == 2
    assert states == [("ledgers", Health.DEGRADED, "digest")]
    assert len(agent.read("/tickets", kind="vacant_check")["items"]) == 1, "made, though another kind is not"
    broken = ""
    keeps.step()
    assert states[-1] == ("ledgers", Health.OK, "")

    short = agent.opens("suggestion", {"what": "增设快递柜", "good": True}, household_id=counter.households[0])
    until(counter, datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    asked: list[str] = []
    event.listen(counter.database.engine, "before_cursor_execute", lambda *given: asked.append(" ".join(given[2].split())))
    keeps.step()
    numbers = next(place for place, one in enumerate(asked) if one.startswith("INSERT INTO ticket_counters"))
    holds = [one for one in asked[:numbers] if one.startswith("SELECT tickets.id FROM tickets WHERE tickets.id IN")]
    assert len(holds) == 1, "who moves a ticket holds it before the day's numbers, and so does the digest"
    assert holds[0].endswith("FOR UPDATE") or counter.database.engine.dialect.name == "sqlite"
    [digest] = leader.read("/tickets", kind="digest")["items"]
    now = leader.read(f"/tickets/{short['ticket_id']}")["ticket"]
    assert (now["stage"], now["parent_id"]) == ("received", digest["ticket_id"]), "in the digest, to be moved by hand"
    events = leader.read(f"/tickets/{short['ticket_id']}/timeline")["items"]
    assert [one["data"] for one in events if one["what"] == "not_moved"] == [{"to": "compiled", "missing": ["decision"]}]


@pytest.mark.rule("J2")
def test_vacant_flats_are_listed_each_week_and_checked_each_month_by_themselves(counter: Counter) -> None:
    office, engineer, agent = (counter.person(role) for role in (Role.OFFICE, Role.ENGINEER, Role.AGENT))
    with counter.database.writing.begin() as session:
        for ident in counter.households:
            set_tags(session, session.get_one(Household, ident), ["vacant"])
    ledgers(counter).step()
    checks = office.read("/tickets", kind="vacant_check")["items"]
    assert [(one["category"], one["household_id"]) for one in checks] == [
        ("monthly", home) for home in reversed(counter.households)]
    lists = office.read("/tickets", kind="vacant_list")["items"]
    assert {(one["title"], one["estate_id"]) for one in lists} == {("2026-W47 1 套", estate) for estate in counter.estates}
    assert office.read(f"/tickets/{lists[0]['ticket_id']}")["fields"]["rooms"] == "3-1-502"
    assert notices(office).count(("vacant_list", "told", "office")) == 2
    done = {"checked_on": "2026-11-22", "state": ["doors"], "findings": "窗户破损"}
    well(engineer.moves(checks[0], "found", done))
    [repair] = office.read(f"/tickets/{checks[0]['ticket_id']}")["children"]
    assert (repair["kind"], repair["household_id"], repair["title"]) == ("repair", counter.households[1], "报修 3-1-502")
    well(office.moves(checks[0], "passed_on"))
    well(engineer.moves(checks[1], "fine", {**done, "findings": None}))
    flats = office.read("/ledgers/vacant-flats")["items"]
    assert [(one["found"], one["open_repairs"], one["check_id"]) for one in flats] == [(False, 0, None), (True, 1, None)]

    with counter.database.writing.begin() as session:
        set_tags(session, session.get_one(Household, counter.households[1]), [])      # let, in the middle of the month
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    while moment <= datetime(2027, 3, 1, tzinfo=UTC):    # a process that is started anew, now and then
        until(counter, moment)
        for _ in range(2):
            ledgers(counter).step()
        moment += timedelta(days=7)
    made = [one for one in agent.read("/tickets", kind="vacant_check", limit=200)["items"]
            if one["household_id"] == counter.households[0]]
    months = [datetime.fromisoformat(one["created_at"]).strftime("%m") for one in reversed(made)]
    assert months == ["11", "12", "01", "02", "03"]
    assert len(agent.read("/tickets", kind="vacant_check", limit=200)["items"]) == 6
    assert len(agent.read("/tickets", kind="vacant_list", limit=200)["items"]) == 2 + 15, "fifteen Mondays"
    assert [one["check_id"] for one in office.read("/ledgers/vacant-flats", estate_id=counter.estates[0])["items"]] == [
        made[0]["ticket_id"]]


def test_what_a_kind_says_of_others_is_refused_with_line_and_reason_and_new_versions_of_shipped_ones_come_by_themselves(
        counter: Counter) -> None:
    manager = counter.person(Role.MANAGER)
    text = shipped_texts()["vacant_check"]
    for old, new, key, problem in (
            ("each: household, tag: vacant,", "each: household,", "recurs.each", "would make a ticket for every household"),
            ("every: month, day: 1", "every: week, day: 9", "recurs.day", "a week has no day 9"),
            ('at: "08:00"', 'at: "8"', "recurs.at", "`8` is no time of a day"),
            ("kind: repair, as: part", "kind: repare, as: part", "stages.found.makes.0.kind", "no kind repare"),
            ("发现：{findings}", "发现：{finding}", "stages.found.makes.0.fields.what", "{finding} is not known here")):
        assert text.count(old) == 1, old
        wrong = text.replace(old, new)
        answer = manager.ask("PUT", "/kinds/vacant_check", content=wrong.encode(), headers={"Content-Type": "text/yaml"})
        assert answer.status_code == 422, answer.text
        [fault] = [one for one in answer.json()["definition"] if one["key"] == key]
        assert problem in fault["problem"]
        assert wrong.splitlines()[fault["line"] - 1].strip() != ""
    with counter.database.reading() as session:
        assert session.scalar(select(Ticket.id).limit(1)) is None
