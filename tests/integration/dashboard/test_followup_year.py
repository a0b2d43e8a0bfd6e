"""A year of periodic follow-ups under a fake clock; surveys and figures; calls about a known incident (G1, G2, G3, H6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import Counter, Person
from sqlalchemy import event, func, insert, select

from callcenter.events import Health
from callcenter.roles import Role
from callcenter.site.desk import FollowUps
from crm.calls.models import CallRow, ContactEntry
from crm.followups import keeper
from crm.followups.keeper import FollowUpKeeper
from crm.followups.models import FollowUpDraw, FollowUpPick, FollowUpTask
from crm.followups.rules import Outcome
from crm.followups.schemas import Result
from crm.followups.tasks import Wish, claim, finish
from crm.households.models import Building, Consent, Household, PhoneNumber
from crm.households.models import Person as Resident
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.errors import Fault, FieldsUnfit

HOMES = 40
RULE = FollowUps()


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def estate_of_forty(counter: Counter) -> list[int]:
    """More rooms in the first estate: two of them say "do not call", one withdrew its consent, one has no number."""
    now = counter.clock.now()
    with counter.database.writing.begin() as session:
        building = Building(estate_id=counter.estates[0], name="9")
        session.add(building)
        session.flush()
        ids = list(session.scalars(insert(Household).returning(Household.id), [
            {"building_id": building.id, "estate_id": counter.estates[0], "unit": "1", "room": str(n), "label": f"9-1-{n}",
             "room_key": f"9-1-{n}", "tags": ["elderly"] if n % 8 == 0 else [], "language": "zh", "version": 1}
            for n in range(1, HOMES)]))
        for place, home in enumerate(ids):
            person = Resident(household_id=home, name=f"人{home}", role="owner", no_call_since=now if place < 2 else None)
            session.add(person)
            session.flush()
            if place == 2:
                session.add(Consent(person_id=person.id, what="calls", how="phone", given_at=now, taken_by="a", withdrawn_at=now,
                                    withdrawn_by="a"))
            session.add(PhoneNumber(number=f"+861390000{home:04}", person_id=person.id, added_at=now))
    return ids


@pytest.mark.rule("G3")
@pytest.mark.rule("G1", part="periodic")
def test_over_a_year_half_of_the_households_are_reached_drawn_month_by_month_once_each(counter: Counter) -> None:
    estate_of_forty(counter)
    manager, leader = counter.person(Role.MANAGER), counter.person(Role.LEADER)
    start = datetime(2027, 1, 4, 2, 0, tzinfo=UTC)
    counter.clock.advance((start - counter.clock.now()).total_seconds())
    given = {"estate_id": counter.estates[0], "year": 2027, "seed": 42}
    assert leader.ask("POST", "/followups/plans", json=given).status_code == 403
    made = manager.ask("POST", "/followups/plans", json=given)
    assert made.status_code == 201, made.text
    assert manager.ask("POST", "/followups/plans", json=given).json()["code"] == "plan_exists"
    plan = made.json()["plan_id"]
    keeper = [FollowUpKeeper(counter.database, counter.site, counter.clock, lambda *_: None) for _ in range(2)]
    with counter.database.writing.begin() as session:
        user = User(name="caller", roles=["agent"], password_hash="-", created_at=start)
        session.add(user)
        session.flush()
        actor = Actor("caller", user.id, frozenset({Role.AGENT}))
    answered = 0
    for week in range(52):
        for each in keeper:     # as after a restart: nothing is drawn or opened twice
            each.step()
        while True:
            with counter.database.writing.begin() as session:
                held = claim(session, actor, Wish(), counter.clock.now(), RULE)
                if held is None:
                    break
                answered += 1
                result = Result(Outcome.NOT_REACHED) if answered % 3 == 0 else Result(Outcome.REACHED, score=1, said="好")
                finish(session, actor, held.claim_id, result, counter.clock.now(), RULE)
        if week == 26:
            half = leader.read(f"/followups/plans/{plan}")
            assert 8 <= half["reached"] <= 14, "spread over the months"
            assert half["forecast"] == pytest.approx(0.5, abs=0.08)
        counter.clock.advance(timedelta(days=7).total_seconds())
    counter.clock.advance(-timedelta(days=5).total_seconds())      # the last days of the year
    done = leader.read(f"/followups/plans/{plan}")
    assert done["households"] == HOMES
    assert done["share_so_far"] >= 0.5
    assert done["reached"] >= done["target"] == 20
    assert all(month["drawn"] <= 6 for month in done["months"])
    assert done["months"][0]["excluded"] == {"no_call": 2, "no_consent": 1, "no_number": 1}, "counted apart"
    with counter.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(FollowUpDraw)) == 12
        most = session.scalars(select(func.count()).select_from(FollowUpPick).join(
            FollowUpTask, FollowUpTask.ticket_id == FollowUpPick.ticket_id).where(FollowUpTask.outcome == "reached")
            .group_by(FollowUpPick.household_id)).all()
        assert set(most) == {1}, "never twice a year"
    [first, *_] = leader.read(f"/followups/plans/{plan}/picks", month=1)["items"]
    assert first["weight"] >= 1
    assert first["ticket_id"] is not None
    changed = manager.ask("PUT", f"/followups/plans/{plan}", version=1, json={"share": 0.6})
    assert (changed.status_code, changed.json()["share"]) == (200, 0.6)
    assert manager.ask("PUT", f"/followups/plans/{plan}", version=1, json={}).json()["code"] == "changed"
    other = counter.person(Role.MANAGER, "elsewhere", [counter.estates[1]])
    assert other.ask("GET", f"/followups/plans/{plan}").status_code == 404
    counter.clock.advance(timedelta(days=10).total_seconds())
    keeper[0].step()
    assert [one["year"] for one in leader.read("/followups/plans")["plans"]] == [2028, 2027], "it goes on by itself"


ROWS = "小区,房号,满意度,意见,是否回访\n"


def sends(person: Person, text: str, **params: object) -> Any:
    answer = person.ask("POST", "/followups/surveys", content=text.encode(), params={"name": "2026年度", **params},
                        headers={"Content-Type": "text/csv"})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.rule("G1", part="after an opinion survey")
@pytest.mark.rule("G2", part="of surveys and calls; the figures open their rows")
def test_a_survey_is_brought_in_whole_or_not_at_all_and_its_dissatisfied_are_followed_up(counter: Counter) -> None:
    manager, leader = counter.person(Role.MANAGER), counter.person(Role.LEADER)
    bad = sends(manager, ROWS + "江湾,3-1-502,很好,,\n江湾,9-9-999,1,,\n不知,1,1,,\n云栖,3栋1单元502室,1,,也许\n")
    assert [(one["row"], one["column"], one["code"]) for one in bad["faults"]] == [
        (2, "score", "score"), (3, "room", "room_unknown"), (4, "estate", "estate_unknown"), (5, "call_back", "yes_no")]
    assert bad["faults"][0]["zh"].startswith("只能是")
    odd = sends(manager, ROWS.replace("是否回访", "回访吗") + "江湾,3-1-502,1,,是\n", dry_run=True)
    assert (odd["faults"], odd["followups"], odd["ignored"]) == ([], 0, ["回访吗"]), "nobody is left to believe that it was read"
    good = ROWS + "江湾,3-1-502,不满意,垃圾多,\n云栖,3栋1单元502室,满意,好,\n"
    asked: list[str] = []
    event.listen(counter.app.state.services.database.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))
    assert sends(manager, good, dry_run=True)["followups"] == 1
    looked = [one for one in asked if "households.room_key" in one]
    assert looked
    assert all("households.room_key IN" in one for one in looked), "a register of a million is not read for two rows"
    assert leader.read("/tickets", kind="followup")["items"] == []
    done = sends(manager, good)
    assert (done["results"], done["followups"], done["thanked"]) == (2, 1, 1)
    again = sends(manager, good)
    assert (again["results"], again["known"]) == (0, 2)
    [follow_up] = leader.read("/tickets", kind="followup")["items"]
    assert (follow_up["category"], follow_up["reason"], follow_up["notes"]) == ("survey", "not_satisfied", "垃圾多")
    assert leader.ask("POST", "/followups/surveys", content=b"", params={"name": "x"}).status_code == 403
    with counter.database.writing.begin() as session:
        session.add(CallRow(call_id="n-1.1", node="n", dialled="8", menu_keys=[], stage=0, seats_rung=[], fold={}, rating=3,
                            entered_at=counter.clock.now(), household_id=counter.households[0]))
    period = {"from": "2026-11-01T00:00:00+08:00", "to": "2026-12-01T00:00:00+08:00"}
    figures = leader.read("/followups/figures", **period)
    assert (figures["dissatisfied"], figures["missing"], figures["rated"], figures["satisfied"]) == (2, 1, 3, 1)
    assert [(one["why"], one["made"], one["done"]) for one in figures["kinds"]] == [("survey", 1, 0)]
    [missing] = leader.read("/followups/figures/rows", figure="dissatisfied_missing", **period)["items"]
    assert (missing["call_id"], missing["ticket_id"]) == ("n-1.1", None)
    rated = leader.read("/followups/figures/rows", figure="rated", limit=2, **period)
    more = leader.read("/followups/figures/rows", figure="rated", limit=2, cursor=rated["next"], **period)
    assert len(rated["items"]) + len(more["items"]) == 3
    [row] = leader.read("/followups/figures/rows", figure="not_done", why="survey", **period)["items"]
    assert row["number"] == follow_up["number"]
    away = counter.person(Role.LEADER, "away", [counter.estates[1]])
    assert away.read("/followups/figures", **period)["dissatisfied"] == 0
    assert away.read("/followups/tasks")["items"] == []


@pytest.mark.rule("H6")
@pytest.mark.rule("H10", part="who called about it is followed up")
def test_further_calls_about_a_known_incident_are_tied_to_it_and_called_back_once_when_it_is_over(counter: Counter) -> None:
    agent, lead = counter.person(Role.AGENT), counter.person(Role.DUTY_LEAD)
    homes = estate_of_forty(counter)
    with counter.database.writing.begin() as session:
        building = session.get_one(Household, homes[0]).building_id
        session.add(CallRow(call_id="n-1.7", node="n", dialled="8", menu_keys=[], stage=0, seats_rung=[], fold={},
                            number="+8613900000555", entered_at=counter.clock.now(), household_id=homes[5]))
        session.add(ContactEntry(source="call", call_id="n-1.7", at=counter.clock.now(), declined_contact=False))
    about = {"kind": "emergency", "category": "power"}
    incident = agent.opens("emergency", {"place": "9栋", "what": "停电"}, category="power", household_id=homes[3])
    [young] = agent.read("/tickets/known", household_id=homes[4], **about)["candidates"]
    assert (young["ticket_id"], young["marked"], young["callers"]) == (incident["ticket_id"], False, 0)
    assert agent.read("/tickets/known", household_id=counter.households[0], **about)["candidates"] == [], "another building"
    assert agent.read("/tickets/known", household_id=homes[4], kind="emergency", category="gas")["candidates"] == []
    marked = lead.changes(incident, "PUT", "/known", building_id=building, hours=6)
    assert marked.status_code == 200, marked.text
    [known] = agent.read("/tickets/known", household_id=homes[4])["candidates"]
    assert (known["marked"], known["building"]) == (True, "9")
    again = {"kind": "emergency", "category": "power", "household_id": homes[4], "fields": {"place": "9栋", "what": "没有电"}}
    refused = agent.ask("POST", "/tickets", json=again)
    assert (refused.status_code, refused.json()["code"]) == (409, "known_incident"), "what is known is not opened again"
    assert agent.ask("POST", "/tickets", json={**again, "category": "gas"}).status_code == 201, "another matter is"
    assert agent.ask("POST", "/tickets", json={**again, "household_id": counter.households[0]}).status_code == 201, "another place"
    other = agent.ask("POST", "/tickets", json={**again, "despite_known": True})
    assert other.status_code == 201, "who says that it is another matter opens it"
    path = f"/tickets/{incident['ticket_id']}/calls"
    tied = agent.ask("POST", path, json={"call_id": "n-1.7"}, key="call-7")
    assert (tied.status_code, tied.json()["household_id"]) == (201, homes[5]), tied.text
    assert agent.ask("POST", path, json={"call_id": "n-1.7"}, key="call-7").json() == tied.json()
    assert agent.ask("POST", path, json={"call_id": "n-1.7"}).json()["code"] == "call_tied"
    for given in ({"household_id": homes[5]}, {"household_id": homes[6]}, {"contact_number": "13900000777"},
                  {"contact_number": "13900000777"}, {"household_id": homes[3]}):
        assert agent.ask("POST", path, json=given).status_code == 201
    seen = lead.read(path)
    assert (seen["households"], seen["households_called"], seen["callers"], seen["calls"]) == (HOMES - 1, 3, 4, 6)
    assert seen["items"][3]["contact_number"] == "139****0777"
    assert agent.read("/tickets/known", household_id=homes[4], **about)["candidates"][0]["callers"] == 4
    with counter.database.reading() as session:
        assert session.scalars(select(ContactEntry.ticket_id).where(ContactEntry.call_id == "n-1.7")).one() == incident["ticket_id"]
    events = [event["what"] for event in lead.read(f"/tickets/{incident['ticket_id']}/timeline")["items"]]
    assert events.count("called") == 6
    keeper = FollowUpKeeper(counter.database, counter.site, counter.clock, lambda *_: None)
    assert keeper.step() == 0, "not before it is over"
    assert lead.moves(incident, "on_scene").status_code == 200
    assert lead.moves(incident, "over", {"course": "已送电"}).status_code == 200
    assert lead.moves(incident, "closed", {"told": True}).status_code == 200
    keeper.step()
    assert keeper.step() == 0
    made = lead.read("/tickets", kind="followup")["items"]
    assert sorted((one["category"], one["household_id"] or 0) for one in made) == sorted(
        ("incident", home) for home in (0, homes[3], homes[5], homes[6])), "one each, however often they called"
    assert {one["parent_id"] for one in made} == {incident["ticket_id"]}
    assert lead.read(path)["known"]["over_at"] is not None
    assert lead.read("/followups/tasks", why="incident")["items"][0]["rank"] == 1
    assert agent.ask("POST", path, json={"household_id": homes[6]}).json()["code"] == "ticket_closed"
    counter.clock.advance(7 * 3600)
    [left] = agent.read("/tickets/known", household_id=homes[4], **about)["candidates"]
    assert (left["number"], left["marked"]) == (other.json()["ticket"]["number"], False)


def test_what_of_the_keeper_s_work_is_refused_holds_up_none_of_the_rest(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    agent, lead = counter.person(Role.AGENT), counter.person(Role.DUTY_LEAD)
    incident = agent.opens("emergency", {"place": "3栋", "what": "停电"}, category="power", household_id=counter.households[0])
    tied = agent.ask("POST", f"/tickets/{incident['ticket_id']}/calls", json={"household_id": counter.households[0]})
    assert tied.status_code == 201, tied.text
    for stage, fields in (("on_scene", {}), ("over", {"course": "已送电"}), ("closed", {"told": True})):
        assert lead.moves(incident, stage, fields).status_code == 200

    def refuses(*_: object) -> int:
        raise FieldsUnfit([Fault("what", "missing")])

    states: list[tuple[object, ...]] = []
    follows = FollowUpKeeper(counter.database, counter.site, counter.clock, lambda *said: states.append(said))
    with monkeypatch.context() as broken:
        broken.setattr(keeper, "open_due", refuses)
        assert follows.step() == 1
    assert lead.read("/tickets", kind="followup")["items"][0]["parent_id"] == incident["ticket_id"]
    assert follows.step() == 0
    assert states == [("followups", Health.DEGRADED, "open_due"), ("followups", Health.OK, "")]
