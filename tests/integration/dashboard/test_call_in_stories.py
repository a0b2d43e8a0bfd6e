"""A surge calls people in: the list, the rounds, answers by phone and page, arrivals, replacements, other staff, release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk.counter import NOON, Counter
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.commands import Answer, Command, Dial, SignIn, SignOut, StopDialling
from callcenter.roles import Role
from callcenter.site.desk import Notices, Robot
from callcenter.site.dialling import CallIn, Dialling
from callcenter.site.schema import Network, SeatConfig
from callcenter.storm import Coming
from crm.agentlog.models import AgentStateRow
from crm.callin import calling
from crm.callin.calling import CallingIn
from crm.callin.keeper import CallInKeeper
from crm.callin.letters import call_in_letters
from crm.callin.mobiles import Mobiles
from crm.callin.models import CalledRow, CallInPerson, CallInRow
from crm.callin.rounds import Act
from crm.calls.journal import parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.dialling.caller import Dialler
from crm.dialling.models import DialTask
from crm.letters.deliverer import Deliverer
from crm.notices.words import Letter
from crm.outbox.models import OutboxEntry
from crm.purposes import purposes
from crm.roster.models import Leave, Shift
from crm.staff.agents import seed_agents
from crm.staff.audit import audit_of
from crm.staff.models import User

SURGE = 7
HOUR = timedelta(hours=1)


class Storm:
    """crm's threads, a round at a time, with an acd that begins whatever it is asked for."""

    def __init__(self, counter: Counter, folder: Path) -> None:
        self.counter, self.database, self.clock, self.site = counter, counter.database, counter.clock, counter.site
        self.log = folder / "queue_log"
        self.asked: list[Dial] = []
        self.said: list[str] = []
        self.calling = CallingIn(self.site)
        self.recorder = Recorder(self.database, (Source("q", self.log, parse_queue_log),), node="node1",
                                 tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=self.clock, purposes=purposes(self.site))
        self.dialler = Dialler(self.database, self.site, purposes(self.site), self.clock, ask=self._ask,
                               read_until=lambda: self.recorder.read_until)
        self.orders: list[Command] = []
        self.keeper = CallInKeeper(self.database, self.calling, self.clock, Mobiles(self.database, self.site, self._ask))
        self.deliverer = Deliverer(self.database, [call_in_letters(self.site)], {"robot:duty": self, "robot:office": self},
                                   self.clock, lambda *_: None)

    def _ask(self, command: Command) -> Answer:
        if isinstance(command, Dial):
            self.asked.append(command)
        elif not isinstance(command, StopDialling):
            self.orders.append(command)
        return Answer("", "done", "node1")

    def send(self, letter: Letter, address: str, now: datetime) -> None:      # as a group chat's robot
        tz: tzinfo = ZoneInfo("Asia/Shanghai")
        self.said.append(f"{letter.subject('zh')}\n{letter.body('zh', tz)}")

    def goes_on(self, seconds: float = 1) -> list[str]:
        """The numbers that are rung now."""
        self.clock.advance(seconds)
        before = len(self.asked)
        self.recorder.poll()
        self.keeper.step()
        self.dialler.step()
        return [order.number[-1] for order in self.asked[before:]]

    def ends(self, digit: str, result: str, key: str = "") -> list[str]:
        """The call to the number that ends so; and who is rung next."""
        order = [order for order in self.asked if order.number.endswith(digit)][-1]
        with self.log.open("a") as log:
            log.write(f"{int(self.clock.now().timestamp())}|node1-dialled-x-1.1|NONE|NONE|DIALLED|"
                      f"{order.task_id}|{order.attempt}|{result}|{key}\n")
        return self.goes_on()

    def coming(self) -> dict[str, Coming]:
        with self.database.reading() as session:
            return {one.name: one.state for one in self.calling.coming(session, SURGE)}


@pytest.fixture
def storm(migrated_url: str, tmp_path: Path) -> Iterator[Storm]:
    counter = Counter(migrated_url, tmp_path)
    robots = tuple(Robot(id=name, kind="wecom", url="https://chat.example/send", tell=(role,))
                   for name, role in (("duty", Role.AGENT), ("office", Role.OFFICE)))
    counter.site = counter.site.model_copy(update={
        "call_in": CallIn(at_once=2, wanted=(0, 1), tries=2, retry=300, come_within=1800), "dialling": Dialling(at_once=10),
        "notices": Notices(robots=robots), "network": Network(pages="https://desk.example")})
    counter.app = counter.another_process()
    with counter.database.writing.begin() as session:
        seed_agents(session, counter.site, {}, NOON)
    yield Storm(counter, tmp_path)
    counter.close()


def listed(storm: Storm) -> dict[str, int]:
    """Six agents and one of the office: 2 is on duty, 3 on holiday, 4 ill, 5 has no number, 6 is signed in."""
    boss = storm.counter.person(Role.SUPERVISOR)
    found = {}
    codes = [agent.code for agent in storm.site.agents][:6]
    for place, code in enumerate(codes, 1):
        name = f"a{place}"
        storm.counter.person(Role.AGENT, name)
        answer = boss.ask("POST", "/call-in/people", key=f"add-{place}", json={
            "name": f"员{place}", "tier": 2, "number": f"1390000000{place}" if place != 5 else "", "user": name, "agent": code,
            "place": place})
        assert answer.status_code == 201, answer.text
        found[name] = answer.json()["person_id"]
    storm.counter.person(Role.OFFICE, "helper")
    done = boss.ask("POST", "/call-in/people", json={"name": "助理", "tier": 3, "number": "13900000008", "user": "helper"})
    found["helper"] = done.json()["person_id"]
    with storm.database.writing.begin() as session:
        users = dict(session.execute(select(User.name, User.id)).all())
        times: dict[str, Any] = {"begins_at": NOON - HOUR, "ends_at": NOON + 8 * HOUR, "made_at": NOON, "made_by": "x"}
        session.add_all([Shift(user_id=users["a2"], duty="desk", **times), Leave(user_id=users["a3"], why="holiday", **times),
                         Leave(user_id=users["a4"], why="sick", **times)])
    signs_in(storm, codes[5], "1002")
    return found


def signs_in(storm: Storm, agent: str, seat: str) -> None:
    with storm.database.writing.begin() as session:
        session.add(AgentStateRow(node="node1", agent=agent, seat=seat, state="ready", reason="", by="phone",
                                  began_at=storm.clock.now()))


@pytest.mark.rule("B3", part="a seat is kept for nobody who sits elsewhere")
def test_the_seat_of_who_sits_down_elsewhere_is_the_next_one_s(storm: Storm) -> None:
    ids, leader = listed(storm), storm.counter.person(Role.LEADER)
    with storm.database.writing.begin() as session:
        path = f"/call-in/{storm.calling.call_in(session, SURGE, 2, storm.clock.now()).id}"

    def seats() -> dict[str, str | None]:
        return {one["name"]: one["seat"] for one in leader.read(path)["called"]}

    assert leader.ask("POST", f"{path}/people/{ids['a5']}/answer", json={"answer": "accept"}).status_code == 200
    assert seats()["员5"] == "1001"
    signs_in(storm, storm.site.agents[4].code, "1003")
    storm.goes_on()
    assert storm.coming()["员5"] is Coming.ARRIVED
    assert leader.ask("POST", f"{path}/people/{ids['a1']}/answer", json={"answer": "accept"}).status_code == 200
    assert (seats()["员1"], seats()["员5"]) == ("1001", None)


@pytest.mark.rule("B3")
@pytest.mark.rule("B4")
def test_off_duty_agents_are_rung_answer_by_phone_or_page_arrive_or_are_replaced_and_other_staff_are_given_the_plan(
        storm: Storm) -> None:
    ids, counter = listed(storm), storm.counter
    leader, lead = counter.person(Role.LEADER), counter.person(Role.DUTY_LEAD)
    storm.recorder.poll()
    for _ in range(2):       # a surge says it again and again
        with storm.database.writing.begin() as session:
            storm.calling.call_in(session, SURGE, 2, storm.clock.now())
    assert storm.coming() == {"员1": Coming.RINGING, "员3": Coming.RINGING, "员5": Coming.WAITING}, "off duty, on leave, by chat"
    assert storm.goes_on() == ["1", "3"]
    assert (storm.asked[0].prompts, storm.asked[0].keys, storm.asked[0].urgent) == (("callin-ask",), "12", True)
    assert storm.ends("1", "answered", "2") == []
    assert storm.ends("3", "noanswer") == []
    assert storm.coming() == {"员1": Coming.REFUSED, "员3": Coming.WAITING, "员5": Coming.WAITING}
    five, other = counter.person(Role.AGENT, "a5"), counter.person(Role.AGENT, "a6")
    [asked] = five.read("/call-in/mine")["items"]
    path = f"/call-in/{asked['call_in_id']}"
    assert other.read("/call-in/mine")["items"] == []
    assert other.ask("POST", f"{path}/accept").status_code == 404, "nobody answers for somebody else"
    assert other.ask("GET", path).status_code == 403
    [own] = five.ask("POST", f"{path}/accept", key="yes").json()["items"]
    assert (own["state"], own["seat"], own["plan"]) == ("accepted", "1001", None), "a seat where nobody sits is kept"
    assert storm.goes_on(301) == ["3"], "who did not answer is rung a second time"
    assert storm.ends("3", "answered", "1") == []
    read = {one["name"]: one for one in leader.read(path)["called"]}
    assert (read["员3"]["state"], read["员3"]["how"], read["员3"]["seat"]) == ("accepted", "phone", "1003")
    signs_in(storm, storm.site.agents[4].code, "1001")
    storm.goes_on(1801)
    assert storm.coming() == {"员1": Coming.REFUSED, "员3": Coming.LATE, "员5": Coming.ARRIVED}
    # A leader knows better, and somebody who was refused first comes after all.
    assert leader.ask("POST", f"{path}/people/{ids['a1']}/answer", json={"answer": "accept"}).status_code == 200
    assert leader.ask("POST", f"{path}/people/{ids['a3']}/answer", json={"answer": "arrive"}).status_code == 200
    assert storm.coming() == {"员1": Coming.ACCEPTED, "员3": Coming.ARRIVED, "员5": Coming.ARRIVED}
    # Tier 3, by hand: one is wanted, who is given the plan.
    assert leader.ask("POST", "/call-in", json={"tier": 3, "reason": "x"}).status_code == 403
    third = lead.ask("POST", "/call-in", key="third", json={"tier": 3, "reason": "停电，两个小区", "skills": ["repair"]})
    assert third.status_code == 201, third.text
    assert lead.ask("POST", "/call-in", key="third", json={"tier": 3, "reason": "停电，两个小区", "skills": ["repair"]}).json() \
        == third.json()
    assert storm.goes_on() == ["8"]
    helper = counter.person(Role.OFFICE, "helper")
    [own] = helper.ask("POST", f"/call-in/{third.json()['call_in_id']}/accept").json()["items"]
    assert own["state"] == "accepted"
    assert ("新闻发言人" in own["plan"]["zh"], "spokesperson" in own["plan"]["en"]) == (True, True)
    storm.ends("8", "failed")
    assert helper.read("/call-in/mine")["items"][0]["state"] == "accepted", "the call that was called off changes nothing"
    # Over: everybody is told, nobody is rung, and it stays over.
    ended = lead.ask("POST", f"/call-in/{third.json()['call_in_id']}/stop").json()
    assert [one["state"] for one in ended["called"]] == ["released"]
    assert helper.ask("POST", f"/call-in/{third.json()['call_in_id']}/accept").json()["code"] == "call_in_over"
    with storm.database.writing.begin() as session:
        storm.calling.release(session, SURGE, 2, storm.clock.now())
    assert storm.coming() == {}
    assert storm.goes_on(3600) == []
    assert [(one["state"], one["arrived_at"] is not None) for one in leader.read(path)["called"]] == [
        ("released", False), ("released", True), ("released", True)], "who came is known afterwards"
    listing = [(one["tier"], one["begun_by"], one["released_by"]) for one in leader.read("/call-in")["items"]]
    assert listing == [(3, "duty_lead", "duty_lead"), (2, "surge", "surge")]
    assert leader.read("/call-in", open=True)["items"] == []
    while storm.deliverer.step():
        pass
    heads = [text.partition("\n")[0] for text in storm.said]
    assert heads == ["【召回上岗】热线2级应急", "【召回上岗】热线3级应急", "【解除召回】热线3级应急", "【解除召回】热线2级应急"]
    assert "https://desk.example/surge" in storm.said[0]
    assert "新闻发言人" in storm.said[1]
    with storm.database.reading() as session:
        told = [row.what for row in session.scalars(select(OutboxEntry).order_by(OutboxEntry.id))]
        assert told.count("dial.result") == 4
        assert {f"call_in.{what}" for what in ("begun", "ringing", "accepted", "late", "arrived", "released")} <= set(told)
        audited = {entry.action for entry in audit_of(session, f"call_in:{third.json()['call_in_id']}")}
        assert audited == {"call_in.begun", "call_in.accepted", "call_in.released"}


@pytest.mark.rule("K1", part="numbers of staff")
def test_the_list_is_kept_by_few_and_a_number_is_seen_by_nobody_unless_they_say_why(storm: Storm) -> None:
    ids, counter = listed(storm), storm.counter
    boss, leader, agent = counter.person(Role.MANAGER), counter.person(Role.LEADER), counter.person(Role.AGENT, "a1")
    assert agent.ask("GET", "/call-in/people").status_code == 403
    assert leader.ask("POST", "/call-in/people", json={"name": "x", "tier": 2}).status_code == 403
    page = leader.read("/call-in/people", tier=2, limit=4)
    rest = leader.read("/call-in/people", tier=2, limit=4, cursor=page["next"])
    assert [one["place"] for one in page["items"] + rest["items"]] == [1, 2, 3, 4, 5, 6]
    path, first = f"/call-in/people/{ids['a1']}", page["items"][0]
    assert first["number"] == "139****0001"
    assert leader.ask("POST", f"{path}/reveal", json={"reason": "I ring them myself"}).json()["value"] == "+8613900000001"
    for wrong, code in (({"number": "0085212345678"}, "number_unusable"), ({"user": "a2"}, "person_exists"),
                        ({"agent": "999"}, "unknown_user"), ({"skills": ["nothing"]}, "unknown_skill"), ({"tier": 1}, "invalid")):
        assert boss.ask("PATCH", path, version=1, json=wrong).json()["code"] == code
    changed = boss.ask("PATCH", path, version=1, json={"number": first["number"], "place": 9, "skills": ["repair"]})
    assert (changed.status_code, changed.json()["version"], changed.json()["skills"]) == (200, 2, ["repair"])
    assert boss.ask("PATCH", path, version=1, json={"place": 1}).status_code == 412
    assert boss.ask("PATCH", path, json={"place": 1}).status_code == 428
    assert leader.ask("POST", f"{path}/reveal", json={"reason": "again"}).json()["value"] == "+8613900000001", "a mask is no number"
    assert boss.ask("DELETE", path, version=2).status_code == 204
    assert boss.ask("PATCH", path, version=3, json={"place": 1}).status_code == 404
    assert leader.ask("POST", f"{path}/reveal", json={"reason": "x"}).status_code == 404, "the number is gone"
    with storm.database.reading() as session:
        actions = [entry.action for entry in audit_of(session, f"call_in_person:{ids['a1']}")]
    assert sorted(actions) == ["call_in.person_added", "call_in.person_changed", "call_in.person_removed", "privacy.revealed",
                               "privacy.revealed"]


def test_who_is_rung_while_a_release_waits_for_the_call_in_is_rung_no_more(
        storm: Storm, monkeypatch: pytest.MonkeyPatch) -> None:
    listed(storm)
    storm.recorder.poll()
    with storm.database.writing.begin() as session:
        storm.calling.call_in(session, SURGE, 2, storm.clock.now())
    assert storm.goes_on() == ["1", "3"]
    if storm.database.engine.dialect.name == "sqlite":       # has one writer at a time: nobody comes in between
        with storm.database.writing.begin() as session:
            storm.calling.release(session, SURGE, 2, storm.clock.now())
        assert storm.goes_on(3600) == []
        return
    held = calling._held
    begun: list[int] = []

    def overtaken(session: Session, call_in_id: int) -> CallInRow | None:
        """The recorder's transaction holds it first, and commits."""
        if not begun:
            begun.append(call_in_id)
            with storm.database.writing.begin() as other:
                row = held(other, call_in_id)
                assert row is not None
                [five] = [one for one in calling._people(other, row) if one.state == Coming.WAITING]
                other.get_one(CallInPerson, five.person_id).number = "+8613900000005"
                one = next(one for one in calling._people(other, row) if one.state == Coming.RINGING)
                storm.calling.act(other, row, one, Act.REFUSE, storm.clock.now())
                storm.calling.go_on(other, row, storm.clock.now())
                assert five.state == Coming.RINGING
        return held(session, call_in_id)

    monkeypatch.setattr(calling, "_held", overtaken)
    with storm.database.writing.begin() as session:
        storm.calling.release(session, SURGE, 2, storm.clock.now())
    assert begun
    assert storm.goes_on(3600) == [], "nobody is rung for what is over"
    with storm.database.reading() as session:
        assert set(session.scalars(select(DialTask.state))) <= {"over", "stopping"}
        assert session.scalars(select(CalledRow.state).order_by(CalledRow.place)).all() == ["refused", "released", "released"]


@pytest.mark.rule("B3", part="not at night")
def test_without_the_night_who_was_not_rung_before_the_quiet_hours_is_rung_in_the_morning(storm: Storm, tmp_path: Path) -> None:
    counter = storm.counter
    here = storm.clock.now().astimezone(ZoneInfo(counter.site.timezone))
    quiet = Dialling(at_once=10, quiet_from=(here + timedelta(minutes=1)).time(), quiet_until=(here + HOUR).time())
    counter.site = counter.site.model_copy(update={
        "call_in": counter.site.call_in.model_copy(update={"night": False, "tries": 1}), "dialling": quiet})
    storm = Storm(counter, tmp_path)
    listed(storm)
    storm.recorder.poll()
    with storm.database.writing.begin() as session:
        storm.calling.call_in(session, SURGE, 2, storm.clock.now())
        assert set(session.scalars(select(DialTask.until))) == {storm.clock.now() + timedelta(minutes=1)}
    assert storm.goes_on(61) == [], "acd was behind"
    assert storm.goes_on(301) == []
    assert storm.coming() == {"员1": Coming.WAITING, "员3": Coming.WAITING, "员5": Coming.WAITING}
    assert storm.goes_on(3600) == ["1", "3"], "that they were not rung is no try"


@pytest.mark.rule("B3", part="too late")
def test_who_presses_1_after_the_release_is_noted_for_somebody_to_tell_them(storm: Storm) -> None:
    ids = listed(storm)
    storm.recorder.poll()
    with storm.database.writing.begin() as session:
        storm.calling.call_in(session, SURGE, 2, storm.clock.now())
    assert storm.goes_on() == ["1", "3"]
    with storm.database.writing.begin() as session:
        storm.calling.release(session, SURGE, 2, storm.clock.now())
    assert storm.ends("1", "answered", "1") == []
    assert storm.ends("3", "answered", "2") == []
    with storm.database.reading() as session:
        notes = session.scalars(select(OutboxEntry).where(OutboxEntry.what == "call_in.too_late")).all()
        assert [note.data["person"] for note in notes] == [ids["a1"]]
        assert set(session.scalars(select(CalledRow.state))) == {"released"}


@pytest.mark.rule("B3", part="on one's own mobile")
def test_who_takes_calls_on_their_own_mobile_is_signed_in_there_and_out_when_the_call_in_is_over(
        storm: Storm, tmp_path: Path) -> None:
    counter = storm.counter
    mobile = SeatConfig(seat="1401", name="手机席", phone="mobile")
    counter.site = counter.site.model_copy(update={"seats": (*counter.site.seats, mobile)})
    counter.app = counter.another_process()
    storm = Storm(counter, tmp_path)
    listed(storm)
    one = storm.site.agents[0].code
    storm.recorder.poll()
    with storm.database.writing.begin() as session:
        storm.calling.call_in(session, SURGE, 2, storm.clock.now())
    assert storm.goes_on() == ["1", "3"]
    assert [(order.prompts, order.keys) for order in storm.asked] == [
        (("callin-ask", "callin-ask-mobile"), "123"), (("callin-ask",), "12")], "there is one such seat, so one is asked"
    storm.ends("1", "answered", "3")
    first = SignIn(one, "1401", "13900000001")
    assert storm.orders == [first]
    storm.goes_on()
    assert storm.orders == [first, first], "again until the journal says so; at the same seat that is nothing new"
    signs_in(storm, one, "1401")
    storm.goes_on()
    assert storm.coming()["员1"] is Coming.ARRIVED
    five = counter.person(Role.AGENT, "a5")
    [asked] = five.read("/call-in/mine")["items"]
    assert asked["mobile"] is False, "the list has no number of theirs, and no such seat is left"
    assert five.ask("POST", f"/call-in/{asked['call_in_id']}/accept", json={"mobile": True}).json()["code"] == "no_mobile"
    [own] = five.ask("POST", f"/call-in/{asked['call_in_id']}/accept").json()["items"]
    assert own["seat"] == "1001", "never a seat without a phone"
    with storm.database.writing.begin() as session:
        storm.calling.release(session, SURGE, 2, storm.clock.now())
    storm.goes_on()
    assert storm.orders[2:] == [SignOut(one)]
    with storm.database.writing.begin() as session:
        for row in session.scalars(select(AgentStateRow).where(AgentStateRow.agent == one)):
            row.ended_at = storm.clock.now()
    storm.goes_on()
    storm.goes_on()
    assert storm.orders[2:] == [SignOut(one)], "and then never again"
    with storm.database.reading() as session:
        assert session.scalars(select(CalledRow.seat).where(CalledRow.seat.is_not(None))).all() == [], "everything is given back"
