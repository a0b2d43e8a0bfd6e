"""Complaints through the API, over months of a clock that the test moves: who knows, who is told, what is counted, what goes
out in writing, what makes itself (D3, E1 to E9, J1, J2)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Counter, Person
from desk.stories import faults, notices, until, well
from hotline.pdf import sheets
from sqlalchemy import event, select

from callcenter.events import HIDDEN_FROM
from callcenter.roles import Role
from callcenter.site.desk import Privacy
from crm.calls.models import CallRow, ContactEntry
from crm.complaints import record
from crm.complaints.figures import RULES
from crm.outbox.models import OutboxEntry
from crm.outbox.relay import Relay
from crm.staff.actor import Actor
from crm.staff.agents_models import AgentRow
from crm.staff.models import User
from dashboard.live.frames import Audience, Listener, event_frame

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def team(counter: Counter, agent: str, leader: str) -> None:
    with counter.database.writing.begin() as session:
        for code, name, leads in (("901", agent, False), ("902", leader, True)):
            user = session.scalars(select(User).where(User.name == name)).one()
            session.add(AgentRow(code=code, name=name, team="front", user_id=user.id, languages=[], estates=[], leader=leads,
                                 created_at=NOON))


SERVICE = {"what": "接线员安娜态度差", "about": "anna"}
FOUND = {"validity": "valid", "found": "录音证实", "measures": "已致歉", "cause": "conduct"}
PROMISE = {"reply_by": "2026-11-23T18:00:00+08:00"}


@pytest.mark.rule("D3")
@pytest.mark.rule("E2")
@pytest.mark.rule("K3", part="complaints upheld, by person and time")
def test_whom_a_complaint_is_about_never_knows_of_it_and_its_result_goes_to_the_superior_and_the_record(counter: Counter) -> None:
    anna, bert = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert")
    other, boss, manager = counter.person(Role.LEADER, "other"), counter.person(Role.LEADER, "boss"), counter.person(Role.MANAGER)
    team(counter, "anna", "boss")
    home = counter.households[0]
    ticket = bert.opens("complaint", {"what": "态度差"}, household_id=home, category="service/desk")
    well(bert.changes(ticket, "POST", "/owner/offer", user="anna", summary="请你处理"))
    assert anna.read("/tickets", mine=True)["items"], "as long as it is about nobody she sees it"
    well(other.changes(ticket, "PATCH", "", fields=SERVICE))
    path = f"/tickets/{ticket['ticket_id']}"
    assert other.read(path)["ticket"]["offered_to"] is None, "it is taken back from whom it is about"
    for below in ("", "/timeline", "/clocks", "/attachments", "/letters"):
        assert anna.ask("GET", path + below).status_code == 404
    assert anna.ask("POST", f"{path}/notes", json={"text": "x"}).status_code == 404
    well(other.moves(ticket, "handling", PROMISE))
    refused = other.changes(ticket, "PUT", "/assignee", user="anna")
    assert refused.json()["code"] == "barred"
    well(other.moves(ticket, "replied", FOUND))

    for query in ({}, {"kind": "complaint"}, {"mine": True}, {"household_id": home}, {"kind": "followup"}, {"text": "服务"}):
        assert anna.read("/tickets", **query)["items"] == []
    visit = {"name": "王芳", "contact": "13900001234", "room": "3-1-502", "matter": "投诉安娜", "kind": "complaint",
             "result": "已登记", "household_id": home, "ticket_id": ticket["ticket_id"]}
    well(bert.ask("POST", "/contact-log/visits", json=visit))
    assert {one["what"] for one in bert.read(f"/households/{home}/history")["items"]} == {"ticket", "visit"}
    assert anna.read(f"/households/{home}/history")["items"] == []
    assert anna.read("/clocks", state="open")["items"] == []
    assert {one["kind"] for one in bert.read("/tickets", household_id=home)["items"]} == {"complaint", "followup"}
    assert live_feed(counter, "anna") == []
    assert {what.partition(".")[0] for what in live_feed(counter, "bert")} >= {"ticket", "clock"}

    assert notices(boss)[0] == ("upheld", "told", "owner")      # the leader of her team, and no other
    assert notices(other) == []
    [told] = boss.read("/tickets", kind="upheld", mine=True)["items"]
    assert (told["owner"], told["parent_id"]) == ("boss", ticket["ticket_id"])
    assert boss.read(f"/tickets/{told['ticket_id']}")["fields"]["found"] == "有效。录音证实"
    assert anna.ask("GET", f"/tickets/{told['ticket_id']}").status_code == 404
    assert faults(boss.moves(told, "acknowledged")) == [("agreed", "missing")]

    span = {"from": "2026-11-01", "to": "2026-11-30"}
    assert manager.read("/complaints/record", **span)["items"] == [], "while it is open it counts for nobody"
    assert anna.read("/complaints/record/mine", **span)["items"] == []
    well(boss.moves(told, "acknowledged", {"agreed": "已谈话，参加培训"}))
    well(other.moves(ticket, "closed"))
    assert manager.read("/complaints/record", **span)["items"] == [{
        "user": "anna", "agent": "901", "name": "anna", "team": "front", "upheld": 1, "partly": 0, "not_upheld": 0}]
    [behind] = manager.read("/complaints/record/rows", agent="901", **span)["items"]
    assert behind["number"] == ticket["number"]
    for given in ({}, {"agent": "901", "user": "anna"}):
        assert manager.ask("GET", "/complaints/record/rows", params={**span, **given}).json()["code"] == "user_or_agent"
    assert upheld_days(manager, **span) == [("901", 1)], "on a day on which she had no call"
    assert (upheld_days(manager, **span, agent="901"), upheld_days(manager, **span, agent="902")) == ([("901", 1)], [])
    assert (upheld_days(manager, **span, team="front"), upheld_days(manager, **span, team="back")) == ([("901", 1)], [])
    [own] = anna.read("/complaints/record/mine", **span)["items"]
    assert own == {"closed_at": own["closed_at"], "kind": "complaint", "category": "service/desk", "result": "upheld"}
    assert anna.read("/tickets")["items"] == [], "it stays hidden; the result alone is hers"
    assert manager.read("/complaints/record", **{"from": "2026-12-01", "to": "2026-12-31"})["items"] == []
    for reader, path, more in ((manager, "record", {}), (anna, "record/mine", {}), (manager, "record/rows", {"agent": "901"}),
                               (manager, "rows", {"figure": "received"})):
        reader.read(f"/complaints/{path}", **{"from": "2025-10-27", "to": "2026-11-30"}, **more)
        for first, last in (("2025-10-26", "2026-11-30"), ("2026-11-30", "2026-11-01")):
            asked = reader.ask("GET", f"/complaints/{path}", params={"from": first, "to": last, **more})
            assert (asked.status_code, asked.json()["code"]) == (422, "range_too_long"), path
    asked_of: list[str] = []
    event.listen(counter.database.engine, "before_cursor_execute", lambda *given: asked_of.append(given[2]))
    with counter.database.reading() as session:
        user = session.scalars(select(User).where(User.name == "anna")).one()
        assert len(record.own(session, Actor("anna", user.id), NOON, NOON + timedelta(days=9)).items) == 1
    [of_tickets] = [one for one in asked_of if "FROM tickets" in one]
    assert "about_id = " in of_tickets, "of her own only"
    assert "contact_number" not in of_tickets, "and no whole rows"

    lead = counter.person(Role.LEADER, "lead")
    again = bert.opens("complaint", {"what": "组长失职", "about": "lead"}, category="service/desk")
    well(boss.moves(again, "handling", PROMISE))
    well(boss.moves(again, "replied", FOUND))
    with counter.database.writing.begin() as session:
        for call_id in ("node1-7.7", "node1-8.8"):
            session.add(CallRow(
                call_id=call_id, node="node1", number="13900001234", menu_keys=[], queue="repair", stage=0, seats_rung=[], fold={},
                household_id=home, entered_at=NOON, answered_at=NOON, ended_at=NOON, answered_by="1001", outcome="answered",
                recording=f"2026/11/22/{call_id}.wav", recording_state="kept", recording_s=9.0, recording_bytes=9))
        session.add(ContactEntry(source="call", call_id="node1-7.7", seat="1001", at=NOON, ticket_id=again["ticket_id"],
                                 declined_contact=False))
    for asked in ({}, {"household_id": home}, {"call_id": "node1-7.7"}):
        assert "node1-7.7" in [one["call_id"] for one in other.read("/recordings", **asked)["items"]]
        assert "node1-7.7" not in [one["call_id"] for one in lead.read("/recordings", **asked)["items"]], asked
    assert lead.read("/recordings")["items"][0]["call_id"] == "node1-8.8", "what is not of it she hears"
    for below in ("recordings/node1-7.7/notes", "recordings/node1-7.7/waveform", "calls/node1-7.7/recording"):
        assert lead.ask("GET", f"/{below}").status_code == 404, below
    assert lead.ask("POST", "/recordings/node1-7.7/export", json={"reason": "x"}).status_code == 404
    assert other.read("/recordings/node1-7.7/notes")["notes"] == []
    assert lead.ask("GET", "/recordings", params={"ticket_id": again["ticket_id"]}).status_code == 404
    with counter.database.writing.begin() as session:      # as forgetting leaves it
        forgotten = session.get_one(CallRow, "node1-8.8")
        forgotten.household_id, forgotten.estate_id = None, counter.estates[0]
    bound, here = (counter.person(Role.LEADER, name, [counter.estates[place]]) for name, place in (("bound", 1), ("here", 0)))
    assert bound.read("/recordings")["items"] == []
    assert bound.ask("GET", "/recordings/node1-8.8/notes").status_code == 404
    assert here.read("/recordings/node1-8.8/notes")["notes"] == []
    assert lead.ask("GET", f"/tickets/{again['ticket_id']}").status_code == 404
    [mine] = manager.read("/tickets", kind="upheld", state="open")["items"]
    assert mine["owner"] == "manager", "nobody is named, and no supervisor is there: the next one up"
    assert lead.read("/complaints/report", month="2026-11")["counts"]["received"] == 1, "and she does not count her own"
    admin = counter.person(Role.ADMIN)
    assert well(admin.ask("PATCH", "/users/lead", json={"superior": "boss"}))["superior"] == "boss"
    assert admin.ask("PATCH", "/users/lead", json={"superior": "lead"}).json()["code"] == "no_superior"


def upheld_days(who: Person, **asked: str) -> list[tuple[str, int]]:
    """(agent, complaints upheld) of the rows of agents' days."""
    [sheet] = who.read("/reports/agent-days", **asked)["sheets"]
    names = [column["id"] for column in sheet["columns"]]
    rows = [dict(zip(names, (cell["value"] for cell in row), strict=True)) for row in sheet["rows"]]
    return [(row["agent"], row["upheld"]) for row in rows]


def live_feed(counter: Counter, name: str) -> list[str]:
    """What of all that was told this user's feed has; nobody's has whom it was hidden from."""
    told: list[Any] = []

    class Bus:
        def ping(self) -> None: ...
        def publish_all(self, events: Any) -> None:
            told.extend(events)

    with counter.database.writing.begin() as session:
        for entry in session.scalars(select(OutboxEntry)):
            entry.relayed_at = None
        user = session.scalars(select(User).where(User.name == name)).one()
        listener = Listener(Audience.STAFF, None, None, user.id)
    relay = Relay(counter.database, Bus(), counter.clock)
    while relay.tell_waiting():
        pass
    texts = [(event.what, event_frame("1-0", event).text(listener)) for event in told]
    assert not any(HIDDEN_FROM in text for _, text in texts if text is not None)
    return [what for what, text in texts if text is not None and not what.startswith("kind.")]


@pytest.mark.rule("E3")
@pytest.mark.rule("E4")
@pytest.mark.rule("E7")
def test_the_chain_from_the_first_word_to_the_close(counter: Counter) -> None:
    """A promise with its leader, a department until it answers, up with a summary of its own each time, closed by who may."""
    anna, bert = counter.person(Role.AGENT, "anna"), counter.person(Role.AGENT, "bert")
    leader, supervisor = counter.person(Role.LEADER), counter.person(Role.SUPERVISOR)
    ticket = anna.opens("complaint", {"what": "电梯异响"}, category="building")
    assert faults(anna.moves(ticket, "handling")) == [("reply_by", "missing")], "no promise without a time"
    well(anna.moves(ticket, "handling", PROMISE))
    until(counter, datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC))
    assert ("complaint", "broken", "leader") in notices(leader), "the leader answers for every promise"
    well(anna.moves(ticket, "raised", {"summary": "业主要求书面说明，已上门一次"}))
    assert ("complaint", "told", "leader") in notices(leader)
    well(leader.moves(ticket, "handling", {"reply_by": "2026-11-25T18:00:00+08:00"}))
    assert faults(leader.moves(ticket, "raised")) == [("summary", "missing")], "each time up with a summary of its own"
    well(leader.moves(ticket, "raised", {"summary": "已检修，业主仍不满意"}))
    well(supervisor.moves(ticket, "handling"))
    well(leader.changes(ticket, "POST", "/department", department="works", question="何时更换导轨？"))
    well(supervisor.moves(ticket, "replied", {**FOUND, "cause": "equipment"}))
    assert bert.moves(ticket, "closed").status_code == 403
    assert supervisor.moves(ticket, "closed").json()["code"] == "department_asked", "it is on the ticket until it answers"
    well(leader.changes(ticket, "POST", "/department/answer", answer="周五完成"))
    well(supervisor.moves(ticket, "closed"))
    events = leader.read(f"/tickets/{ticket['ticket_id']}/timeline")["items"]
    summaries = [event["data"]["fields"]["summary"]["to"] for event in events if "summary" in event["data"].get("fields", {})]
    assert summaries == ["业主要求书面说明，已上门一次", "已检修，业主仍不满意"]


LETTER = {"sender": "李女士", "received_on": "2026-11-20", "what": "来信反映地下车库漏水"}


@pytest.mark.rule("E6")
def test_a_written_complaint_is_answered_by_a_letter_that_was_approved_numbered_and_sent(counter: Counter) -> None:
    agent, leader, supervisor = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.SUPERVISOR))
    words = {"kind": "written_complaint", "code": "result", "language": "zh", "subject": "答复 {{ number }}"}
    wrong = "您好\n{{ sendr }}\n{% for x in y %}{% endfor %}\n{{ what.upper() }}"
    bad = leader.ask("POST", "/letters/templates", json={**words, "body": wrong})
    assert [(one["line"], one["key"], one["problem"]) for one in bad.json()["definition"]] == [
        (2, "body", "there is no sendr"), (3, "body", "For does not belong into a letter"),
        (4, "body", "Call does not belong into a letter")]
    assert agent.ask("POST", "/letters/templates", json={**words, "body": "x"}).status_code == 403
    right = "{{ sender }}：\n\n{{ what }}。{{ remedy }}{% if cause is defined %}（{{ cause }}）{% endif %}"
    mine = well(leader.ask("POST", "/letters/templates", json={**words, "body": right}))
    assert mine["version"] == 2, "after the shipped one"
    ticket = agent.opens("written_complaint", LETTER, category="letter", household_id=counter.households[0])
    path = f"/tickets/{ticket['ticket_id']}/letters"
    assert agent.ask("POST", path, json={"code": "result"}).status_code == 404, "nothing is approved yet"
    approve = f"/letters/templates/{mine['template_id']}/approve"
    assert leader.ask("POST", approve).json()["code"] == "own_words"
    assert well(supervisor.ask("POST", approve))["in_use"]

    well(agent.moves(ticket, "handling", {"acknowledged": "2026-11-22T10:00:00+08:00", "reply_by": "2026-11-27T18:00:00+08:00"}))
    assert faults(agent.ask("POST", path, json={"code": "result"})) == [("remedy", "missing")], "and not what the words do without"
    found = {"validity": "valid", "found": "管道老化", "remedy": "已更换管道，减免当月车位费"}
    well(agent.changes(ticket, "PATCH", "", fields=found))
    drafted = well(agent.ask("POST", path, json={"code": "result"}, key="draft-1"))
    assert well(agent.ask("POST", path, json={"code": "result"}, key="draft-1"))["letter_id"] == drafted["letter_id"]
    letter = f"/letters/{drafted['letter_id']}"
    assert drafted["body"] == "李女士：\n\n来信反映地下车库漏水。已更换管道，减免当月车位费"
    assert leader.ask("GET", f"{letter}/print").json()["code"] == "letter_state"
    reworded = well(agent.ask("PATCH", letter, version=1, json={"body": drafted["body"] + "\n\n此致 <敬礼>"}))
    assert agent.ask("PATCH", letter, version=1, json={"body": "x"}).status_code == 412
    assert agent.ask("POST", f"{letter}/approve", version=2).status_code == 403
    assert leader.ask("POST", f"{letter}/sent", version=2, json={"how": "post"}).json()["code"] == "letter_state"
    approved = well(leader.ask("POST", f"{letter}/approve", version=reworded["version"]))
    assert (approved["state"], approved["number"], approved["approved_by"]) == ("approved", "LT2026-00001", "leader")
    assert leader.ask("PATCH", letter, version=3, json={"body": "x"}).json()["code"] == "letter_state"
    [file] = agent.read(f"/tickets/{ticket['ticket_id']}/attachments")["items"]
    content = agent.ask("GET", f"/tickets/{ticket['ticket_id']}/attachments/{file['attachment_id']}").content
    assert (file["name"], file["type"]) == ("LT2026-00001.pdf", "application/pdf")
    assert file["sha256"] == hashlib.sha256(content).hexdigest()
    [printed] = sheets(content)
    for said in ("安和物业", "LT2026-00001", f"答复{ticket['number']}", "李女士", "已更换管道，减免当月车位费", "2026年11月22日"):
        assert said in printed
    page = leader.ask("GET", f"{letter}/print")
    assert page.headers["content-type"].startswith("text/html")
    assert "此致 &lt;敬礼&gt;" in page.text

    until(counter, datetime(2026, 11, 26, 2, 0, tzinfo=UTC))
    early = agent.ask("POST", f"{letter}/sent", version=3, json={"how": "post", "at": "2026-12-01T00:00:00Z"})
    assert early.json()["code"] == "sent_in_future"
    for never in ("0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"):
        refused = agent.ask("POST", f"{letter}/sent", version=3, json={"how": "post", "at": never})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid"), never
    gone = well(agent.ask("POST", f"{letter}/sent", version=3, json={"how": "post"}))
    assert (gone["state"], gone["sent_how"], gone["sent_by"]) == ("sent", "post", "agent")
    now = agent.read(f"/tickets/{ticket['ticket_id']}")
    assert now["ticket"]["stage"] == "replied"
    assert (now["fields"]["reply"], now["fields"]["sent_by"]) == ([file["attachment_id"]], "post")
    clocks = {one["clock"]: one["kept"] for one in agent.read(f"/tickets/{ticket['ticket_id']}/clocks")["clocks"]}
    assert clocks["reply"] is True, "the letter kept the promise"
    assert agent.ask("POST", f"{letter}/withdraw", version=4).json()["code"] == "letter_state"
    events = agent.read(f"/tickets/{ticket['ticket_id']}/timeline")["items"]
    assert [event["data"]["did"] for event in events if event["what"] == "letter"] == ["drafted", "reworded", "approved", "sent"]

    [english] = [one for one in supervisor.read("/letters/templates", kind="written_complaint")["items"]
                 if (one["code"], one["language"]) == ("result", "en")]
    well(leader.ask("POST", f"/letters/templates/{english['template_id']}/approve"))
    other = well(agent.ask("POST", path, json={"code": "result", "language": "en"}))
    assert "received" not in other["subject"]
    assert "Upheld" in other["body"]
    assert well(leader.ask("POST", f"/letters/{other['letter_id']}/approve", version=1))["number"] == "LT2026-00002"
    assert leader.ask("GET", f"/letters/{other['letter_id']}/print").status_code == 200
    well(leader.ask("POST", f"/letters/{other['letter_id']}/withdraw", version=2))
    assert leader.ask("GET", f"/letters/{other['letter_id']}/print").json()["code"] == "letter_state", "nobody sends it by mistake"


@pytest.mark.rule("E6")
def test_who_wrote_any_of_a_letter_does_not_approve_it_and_what_says_nothing_new_changes_nothing(counter: Counter) -> None:
    agent, leader, supervisor = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.SUPERVISOR))
    counter.site = counter.site.model_copy(update={"privacy": Privacy(unmasked={})})
    masked = Person(counter.another_process(), counter.token(Role.AGENT, "bert"), "bert")
    words = {"kind": "written_complaint", "code": "own", "language": "zh", "subject": "答复 {{ number }}", "body": "{{ what }}"}
    deep = ("{% if room is defined %}" * 400 + "x" + "{% endif %}" * 400, "{{ " + "(" * 3000 + "number" + ")" * 3000 + " }}",
            "{{ " + "(" * 40 + "number" + ")" * 40 + " }}", "{% if " + "not " * 40 + "room is defined %}x{% endif %}")
    for body in deep:
        refused = leader.ask("POST", "/letters/templates", json={**words, "body": body})
        assert refused.status_code == 422, refused.text
        assert [one["problem"] for one in refused.json()["definition"]] == ["is too deeply nested"]
    mine = well(leader.ask("POST", "/letters/templates", json=words))
    well(supervisor.ask("POST", f"/letters/templates/{mine['template_id']}/approve"))
    ticket = agent.opens("written_complaint", LETTER, category="letter")
    drafted = well(leader.ask("POST", f"/tickets/{ticket['ticket_id']}/letters", json={"code": "own"}))
    letter = f"/letters/{drafted['letter_id']}"
    private = "请回电 13800000001"
    well(leader.ask("PATCH", letter, version=1, json={"body": private}))
    shown = masked.read(letter)
    assert shown["body"] == "请回电 138****0001"
    for nothing in ({}, {"body": shown["body"]}, {"subject": shown["subject"]}):
        assert well(masked.ask("PATCH", letter, version=2, json=nothing))["version"] == 2
    assert leader.read(letter)["body"] == private
    assert leader.ask("POST", f"{letter}/approve", version=2).json()["code"] == "own_words"
    well(supervisor.ask("PATCH", letter, version=2, json={"subject": "答复"}))
    well(agent.ask("PATCH", letter, version=3, json={"subject": "关于来信的答复"}))
    for writer in (leader, supervisor):
        assert writer.ask("POST", f"{letter}/approve", version=4).json()["code"] == "own_words", "some of it was theirs"
    assert well(counter.person(Role.MANAGER).ask("POST", f"{letter}/approve", version=4))["state"] == "approved"


@pytest.mark.rule("E9")
def test_the_month_s_complaints_are_counted_and_every_figure_opens_its_rows(counter: Counter) -> None:
    agent, leader = counter.person(Role.AGENT), counter.person(Role.LEADER)
    bound = counter.person(Role.LEADER, "bound", [counter.estates[1]])
    here, there = counter.households

    def complain(category: str, home: int, *, cause: str | None = None, reply: bool = True) -> Any:
        ticket = agent.opens("complaint", {"what": "x"}, category=category, household_id=home)
        if reply:
            well(agent.moves(ticket, "replied", {"measures": "y", "validity": "valid", **({"cause": cause} if cause else {})}))
        return ticket

    complain("noise", here)                                          # November: the month before
    until(counter, datetime(2026, 12, 2, 2, 0, tzinfo=UTC))
    again = complain("noise", here, cause="process")                 # the same within 90 days
    complain("service/guard", there, cause="conduct")
    complain("service/desk", here)
    slow = complain("parking", here, reply=False)
    gone = complain("parking", there, reply=False)
    well(leader.moves(gone, "withdrawn", {"reason": "误报"}))
    until(counter, datetime(2026, 12, 3, 2, 0, tzinfo=UTC))          # `start` (2 h) of the slow one is broken
    well(agent.moves(slow, "handling", {"reply_by": "2026-12-20T18:00:00+08:00"}))
    agent.opens("written_complaint", LETTER, category="letter", household_id=there)

    report = leader.read("/complaints/report", month="2026-12", trend=2)
    assert {name: report["counts"][name] for name in ("received", "handled", "open", "withdrawn", "late", "repeats", "upheld")} == {
        "received": 6, "handled": 3, "open": 2, "withdrawn": 1, "late": 1, "repeats": 1, "upheld": 3}
    assert report["counts"]["handling_rate"] == pytest.approx(3 / 5)
    assert report["counts"]["timeliness_rate"] == pytest.approx(4 / 5), "three were solved at once, one was withdrawn in time"
    assert {row["key"]: row["counts"]["received"] for row in report["by_category"]} == {
        "service": 2, "service/guard": 1, "service/desk": 1, "parking": 2, "noise": 1, "letter": 1}
    assert {row["key"]: row["counts"]["received"] for row in report["by_cause"]} == {"process": 1, "conduct": 1, None: 4}
    assert {row["key"]: row["counts"]["received"] for row in report["by_kind"]} == {"complaint": 5, "written_complaint": 1}
    assert {row["name"]["zh"]: row["counts"]["received"] for row in report["by_estate"]} == {"江湾": 3, "云栖": 3}
    assert [(row["month"], row["counts"]["received"], row["change"]) for row in report["trend"]] == [
        ("2026-10", 0, None), ("2026-11", 1, None), ("2026-12", 6, 5.0)]
    december = {"from": "2026-12-01", "to": "2026-12-31"}
    for figure in RULES:
        rows = leader.read("/complaints/rows", **december, figure=figure)["items"]
        assert len(rows) == report["counts"][figure], figure
    [repeat] = leader.read("/complaints/rows", **december, figure="repeats")["items"]
    assert repeat["number"] == again["number"]
    page = leader.read("/complaints/rows", **december, figure="received", category="service", limit=1)
    rest = leader.read("/complaints/rows", **december, figure="received", category="service", cursor=page["next"])
    assert [one["category"] for one in (*page["items"], *rest["items"])] == ["service/guard", "service/desk"]
    assert bound.read("/complaints/report", month="2026-12")["counts"]["received"] == 3
    assert bound.ask("GET", "/complaints/report", params={"month": "2026-12", "estate_id": counter.estates[0]}).status_code == 404
    assert leader.read("/complaints/report", month="2026-12", estate_id=counter.estates[0])["counts"]["received"] == 3
    until(counter, datetime(2027, 1, 10, tzinfo=UTC))
    assert leader.read("/complaints/report", month="2026-12")["counts"]["handled"] == 3
    of_open = {"from": "2026-12-01", "to": "2027-01-31", "figure": "open"}
    page = leader.read("/complaints/rows", **of_open, limit=1)
    assert [one["number"] for one in page["items"]] == [slow["number"]]
    well(agent.moves(slow, "replied", {"validity": "invalid", "found": "x", "measures": "y"}))
    assert leader.read("/complaints/report", month="2026-12")["counts"]["handled"] == 3, "a month that is over says the same later"
    rest = leader.read("/complaints/rows", **of_open, cursor=page["next"])["items"]
    assert [one["kind"] for one in rest] == ["written_complaint"], "though the one before it is open no more"
