"""The question bank and the scripts over HTTP, on both databases: written by one, approved by another, shown where and while they
hold, searched, and counted by what came of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk.counter import NOON, Answer, Counter, Person
from sqlalchemy import select

from callcenter.roles import Role
from crm.calls.models import CallRow, ContactEntry
from crm.households.models import Estate
from crm.knowledge.search.bank import Bank
from crm.knowledge.search.meaning import ByMeaning
from crm.knowledge.search.ranking import Entry
from crm.outbox.models import OutboxEntry
from crm.privacy.forget import forget_call
from crm.staff.models import AuditEntry

BOARD = {"category": "living",
         "zh": {"question": "棋牌室几点开门？", "similar": ["哪里可以打麻将"], "answer": "每天 9 点到 21 点。"},
         "en": {"question": "When does the games room open?", "answer": "From 9 to 21."}}


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


def drafts(person: Person, content: dict[str, Any], where: str = "knowledge", **more: object) -> Any:
    answer = person.ask("POST", f"/{where}", json={"content": content, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def decides(person: Person, item: Any, what: str = "approve", where: str = "knowledge", **more: object) -> Answer:
    """At the version that it has now, about its newest draft."""
    now = person.read(f"/{where}/{item['item_id']}")
    body = more if what in ("retire", "restore") else {"number": now["newest"], **more}
    return person.ask("POST", f"/{where}/{item['item_id']}/{what}", version=now["version"], json=body)


def found(person: Person, q: str, **params: object) -> list[str]:
    """Questions that are offered, best first."""
    return [each["question"] for each in person.read("/knowledge/search", q=q, **params)["items"]]


@pytest.mark.rule("I2", part="the bank")
def test_a_draft_is_shown_to_nobody_until_somebody_else_has_approved_it(counter: Counter) -> None:
    agent, leader, supervisor = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.SUPERVISOR))
    other = Person(counter.another_process(), counter.token(Role.AGENT), "agent")
    asked = "棋牌室几点开门？"
    assert asked not in found(agent, asked), "also: this process has the bank in memory now"
    entry = drafts(leader, BOARD)
    assert asked not in found(agent, asked)
    assert decides(agent, entry).status_code == 403
    refused = decides(leader, entry)
    assert (refused.status_code, refused.json()["code"]) == (409, "own_draft"), "whoever wrote it does not approve it"
    approved = decides(supervisor, entry)
    assert (approved.status_code, approved.json()["shown"]) == (200, 1)
    assert found(agent, asked)[0] == asked, "at once"
    assert found(other, asked)[0] == asked, "in every process"
    assert found(agent, asked, language="en")[0] == "When does the games room open?"
    assert decides(supervisor, entry).json()["code"] == "not_waiting"
    # A change is a new version: what is shown stays shown until it is approved.
    changed = BOARD | {"zh": BOARD["zh"] | {"answer": "每天 10 点到 20 点。"}}
    written = leader.ask("PUT", f"/knowledge/{entry['item_id']}", version=approved.json()["version"], json={"content": changed})
    assert (written.status_code, written.json()["newest"], written.json()["shown"]) == (200, 2, 1)
    stale = leader.ask("PUT", f"/knowledge/{entry['item_id']}", version=approved.json()["version"], json={"content": BOARD})
    assert (stale.status_code, stale.json()["code"]) == (412, "changed")
    answers = [each["answer"] for each in agent.read("/knowledge/search", q=asked)["items"]]
    assert answers[0] == "每天 9 点到 21 点。"
    assert [line["code"] for line in supervisor.read("/knowledge", state="waits")["items"]] == [entry["code"]]
    assert decides(supervisor, entry, "decline", reason="时间不对").json()["shown"] == 1
    again = leader.ask("PUT", f"/knowledge/{entry['item_id']}", version=4, json={"content": changed})
    assert decides(supervisor, entry).status_code == 200, again.text
    assert agent.read("/knowledge/search", q=asked)["items"][0]["answer"] == "每天 10 点到 20 点。"
    read = agent.read(f"/knowledge/{entry['item_id']}")
    assert [(each["number"], each["state"], each["by"], each["decided_by"], each["reason"]) for each in read["versions"]] == [
        (3, "approved", "leader", "supervisor", None), (2, "declined", "leader", "supervisor", "时间不对"),
        (1, "replaced", "leader", "supervisor", None)]
    assert decides(supervisor, entry, "retire", reason="棋牌室关闭").status_code == 200
    assert asked not in found(agent, asked)
    assert asked not in found(other, asked)
    assert decides(supervisor, entry, "restore").status_code == 200
    assert found(other, asked)[0] == asked
    with counter.database.reading() as session:
        subject = f"knowledge:{entry['item_id']}"
        did = [(row.who, row.action) for row in session.scalars(select(AuditEntry).where(AuditEntry.subject == subject)
                                                                .order_by(AuditEntry.id))]
        told = [row.data["did"] for row in session.scalars(select(OutboxEntry).where(
            OutboxEntry.subject == subject, OutboxEntry.what == "knowledge.changed").order_by(OutboxEntry.id))]
    assert did == [("leader", "knowledge.drafted"), ("supervisor", "knowledge.approved"), ("leader", "knowledge.drafted"),
                   ("supervisor", "knowledge.declined"), ("leader", "knowledge.drafted"), ("supervisor", "knowledge.approved"),
                   ("supervisor", "knowledge.retired"), ("supervisor", "knowledge.restored")]
    assert told == [action.removeprefix("knowledge.") for _, action in did]


@pytest.mark.rule("K1", part="knowledge by estate")
def test_an_entry_is_shown_where_and_while_it_holds(counter: Counter) -> None:
    own, other = counter.estates
    writer, supervisor = counter.person(Role.LEADER), counter.person(Role.SUPERVISOR)
    bound = counter.person(Role.AGENT, "bound", [own])
    bound_leader = counter.person(Role.LEADER, "bound-leader", [own])
    far = counter.person(Role.AGENT, "far", [other])
    here = drafts(writer, BOARD | {"estates": [own], "valid_from": "2026-11-23", "valid_to": "2026-11-24"})
    assert decides(supervisor, here).status_code == 200
    question = BOARD["zh"]["question"]
    assert question not in found(writer, question), "today is the 22nd"
    counter.clock.advance(12 * 3600 + 60)       # a minute past midnight in Shanghai
    assert found(writer, question)[0] == question
    assert found(writer, question, estate_id=own)[0] == question
    assert question not in found(writer, question, estate_id=other)
    assert found(bound, question)[0] == question
    assert question not in found(far, question)
    assert far.ask("GET", f"/knowledge/{here['item_id']}").status_code == 404
    assert bound.ask("GET", "/knowledge/search", params={"q": question, "estate_id": other}).status_code == 404
    assert writer.ask("GET", "/knowledge/search", params={"q": question, "estate_id": 999}).status_code == 404
    counter.clock.advance(2 * 86_400)
    assert question not in found(bound, question), "it held until the 24th"
    # Who is bound to an estate writes for that estate, and for no other and not for all.
    assert bound_leader.ask("POST", "/knowledge", json={"content": BOARD}).status_code == 403
    assert bound_leader.ask("POST", "/knowledge", json={"content": BOARD | {"estates": [own, other]}}).status_code == 404
    assert drafts(bound_leader, BOARD | {"estates": [own]})["newest"] == 1
    shipped = bound_leader.read("/knowledge", text="物业费怎么交")["items"][0]
    read = bound_leader.read(f"/knowledge/{shipped['item_id']}")
    change = bound_leader.ask("PUT", f"/knowledge/{shipped['item_id']}", version=read["version"], json={"content": BOARD})
    assert change.status_code == 403, "what holds for all is read and not changed"
    with counter.database.reading() as session:
        told = set(session.scalars(select(OutboxEntry.estate_id).where(OutboxEntry.subject == f"knowledge:{here['item_id']}")))
    assert told == {own}


@pytest.mark.rule("K1", part="a draft for another estate in the list of knowledge")
@pytest.mark.parametrize(("where", "own_words", "theirs"), [
    ("knowledge", BOARD, {"category": "fees", "en": {"question": "The yard is sold", "answer": "x"}}),
    ("scripts", {"use": "greeting", "zh": {"title": "棋牌室几点开门？", "text": "您好"}},
     {"use": "greeting", "en": {"title": "The yard is sold", "text": "x"}})])
def test_the_list_shows_who_is_bound_to_an_estate_nothing_of_a_draft_for_another(
        counter: Counter, where: str, own_words: dict[str, Any], theirs: dict[str, Any]) -> None:
    own, other = counter.estates
    leader, supervisor = counter.person(Role.LEADER), counter.person(Role.SUPERVISOR)
    bound = counter.person(Role.AGENT, "bound", [own])
    item = drafts(leader, own_words | {"estates": [own]}, where, code="games-room")
    approved = decides(supervisor, item, where=where).json()
    content = theirs | {"estates": [other]}
    written = leader.ask("PUT", f"/{where}/{item['item_id']}", version=approved["version"], json={"content": content})
    assert written.status_code == 200, written.text

    path = "/knowledge" if where == "knowledge" else "/scripts/all"

    def listed(person: Person, **params: object) -> list[tuple[str, str | None]]:
        return [(line["title"], line["category"]) for line in person.read(path, **params)["items"]
                if line["code"] == "games-room"]

    before, after = ("棋牌室几点开门？", own_words.get("category")), ("The yard is sold", theirs.get("category"))
    assert (listed(bound, text="games-room"), listed(bound, text="棋牌室"), listed(bound, text="YARD")) == ([before], [before], [])
    assert (listed(leader, text="games-room"), listed(leader, text="棋牌室"), listed(leader, text="YARD")) == ([after], [], [after])
    if where == "knowledge":
        assert (listed(bound, category="living"), listed(bound, category="fees")) == ([before], [])


@pytest.mark.parametrize("content", [
    BOARD | {"zh": {"question": "x", "answer": "<b onclick=x>"}}, BOARD | {"zh": {"question": "x", "answer": "[a](javascript:b)"}},
    {"category": "living"}, BOARD | {"valid_from": "2026-02-02", "valid_to": "2026-02-01"}, BOARD | {"category": "nowhere"}])
def test_what_a_page_could_not_show_is_refused(counter: Counter, content: dict[str, Any]) -> None:
    assert counter.person(Role.AGENT).ask("POST", "/knowledge", json={"content": content}).status_code == 422


@pytest.mark.rule("I2", part="the figures of the desk's own searches")
@pytest.mark.rule("A5", part="what the question bank answered")
def test_what_came_of_a_search_is_counted_and_what_nobody_found_is_a_list_of_work(counter: Counter) -> None:
    agent, other, leader = counter.person(Role.AGENT), counter.person(Role.AGENT, "other"), counter.person(Role.LEADER)
    with counter.database.writing.begin() as session:
        session.add(CallRow(call_id="node1-1.1", node="node1", household_id=counter.households[0], menu_keys=[], stage=0,
                            seats_rung=[], entered_at=NOON, number="13800001111", fold={}))
        session.add(ContactEntry(source="call", call_id="node1-1.1", at=NOON, household_id=counter.households[0]))

    def searched(q: str, **params: object) -> Any:
        return agent.read("/knowledge/search", q=q, **params)

    def came(search: Any, outcome: str, place: int | None = None, who: Person = agent) -> Answer:
        item = {} if place is None else {"item_id": search["items"][place - 1]["item_id"]}
        return who.ask("POST", f"/knowledge/searches/{search['search_id']}/outcome", json={"outcome": outcome, **item})

    paid = searched("物业费怎么交", call_id="node1-1.1")
    assert came(paid, "chosen", 1).json()["place"] == 1
    assert came(paid, "answered").json()["chosen_id"] == paid["items"][0]["item_id"]
    assert came(paid, "answered", who=other).status_code == 404, "whoever searched says it"
    [entry] = leader.read("/contact-log")["entries"]
    assert entry["answered_from"] == [paid["items"][0]["item_id"]], "the call's entry says what answered it (A5)"
    assert came(searched("怎么交物业费"), "chosen", 2).json()["place"] == 2
    missed = searched("3-1-502 王先生 13812345678 问天台能不能种花")
    assert came(missed, "none_helped").status_code == 200
    assert came(searched("门禁卡"), "answered").json()["code"] == "item_missing"
    key = {"Idempotency-Key": "k1"}
    path, body = f"/knowledge/searches/{missed['search_id']}/outcome", {"outcome": "none_helped"}
    assert agent.ask("POST", path, json=body, headers=key).json() == agent.ask("POST", path, json=body, headers=key).json()
    [work] = leader.read("/knowledge/searches")["items"]
    assert work["text"] == "* *先生 138****5678 问天台能不能种花"
    [day] = leader.read("/knowledge/figures", **{"from": "2026-11-22"})["items"]
    assert {key: day[key] for key in ("searches", "judged", "chosen", "answered", "none_helped", "top1", "top3")} == {
        "searches": 4, "judged": 3, "chosen": 2, "answered": 1, "none_helped": 1, "top1": 1, "top3": 2}
    assert (day["top1_rate"], day["top3_rate"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert leader.read("/knowledge/figures", **{"from": "2026-11-21", "to": "2026-11-21"})["items"] == []
    assert agent.ask("GET", "/knowledge/figures").status_code == 403
    written = drafts(leader, BOARD)
    settled = leader.ask("POST", f"/knowledge/searches/{work['search_id']}/settle", json={"item_id": written["item_id"]})
    assert (settled.status_code, settled.json()["settled_by"]) == (200, "leader")
    assert leader.read("/knowledge/searches")["items"] == []
    assert [each["search_id"] for each in leader.read("/knowledge/searches", settled=True)["items"]] == [work["search_id"]]
    with counter.database.writing.begin() as session:
        row = session.get(CallRow, "node1-1.1")
        assert row is not None
        forget_call(session, row, NOON, sound=False)
    assert came(paid, "answered").json()["text"] is None, "what was asked in a call that is forgotten is forgotten"


def test_a_file_is_brought_in_as_drafts_or_every_bad_row_is_told(counter: Counter) -> None:
    supervisor, manager = counter.person(Role.SUPERVISOR), counter.person(Role.MANAGER)
    header = "编号,分类,问题,相似问法,答案,适用小区,失效日期\n"

    def sent(text: str, **params: object) -> Any:
        answer = supervisor.ask("POST", "/knowledge/import", content=text.encode(), params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    rows = ["roof-garden,邻里与环境,天台可以种花吗？,屋顶种菜；楼顶花园,不可以。,江湾,",
            ",living,哪里能借梯子？,,管理处。,,2027-01-31"]
    bad = [*rows, "Bad Code,收费与发票,问,,答,,", "x1,没有的分类,问,,答,江湾;月球,", "x2,living,只有问题,,,,",
           "x3,living,问,,答,,昨天",
           "roof-garden,living,问,,<b>答</b>,,", "x4,living,问"]
    for dry_run in (True, False):
        refused = sent(header + "\n".join(bad), dry_run=dry_run)
        assert [(fault["row"], fault["column"], fault["code"]) for fault in refused["faults"]] == [
            (4, "code", "code"), (5, "category", "category"), (5, "estates", "estates"), (6, "answer_zh", "half"),
            (7, "valid_to", "date"), (8, "answer_zh", "markup"), (9, "-", "fields")]
        assert all(fault["zh"] and fault["en"] for fault in refused["faults"])
        assert (refused["new"], manager.read("/knowledge", state="waits")["items"]) == (0, []), "all of it or nothing"
    misspelt = sent(header.replace("失效日期", "有效期至") + "\n".join(rows), dry_run=True)
    assert [(fault["row"], fault["column"], fault["code"]) for fault in misspelt["faults"]] == [(1, "有效期至", "column_unknown")]
    twice = sent(header + "\n".join([*rows, rows[0]]), dry_run=True)
    assert [(fault["row"], fault["code"]) for fault in twice["faults"]] == [(4, "code_twice")]
    good = header + "\n".join(rows)
    tried = sent(good, dry_run=True)
    assert (tried["new"], manager.read("/knowledge", state="waits")["items"]) == (2, [])
    assert sent(good)["new"] == 2
    assert found(supervisor, "天台种花")[:1] != ["天台可以种花吗？"], "a draft"
    waiting = {line["code"]: line for line in manager.read("/knowledge", state="waits")["items"]}
    assert decides(supervisor, waiting["roof-garden"]).json()["code"] == "own_draft", "who brings a file in has written it"
    assert decides(manager, waiting["roof-garden"]).status_code == 200
    assert found(supervisor, "楼顶花园")[0] == "天台可以种花吗？"
    again = sent(header + rows[0])
    assert (again["new"], again["changed"], again["same"]) == (0, 0, 1)
    assert sent(header + rows[0].replace("不可以。", "不可以，会漏水。"))["changed"] == 1
    exported = {form: manager.ask("POST", "/knowledge/export", json={"format": form}).content for form in ("csv", "xlsx")}
    lines = list(csv.DictReader(io.StringIO(exported["csv"].decode("utf-8-sig"))))
    assert [(line["category"], line["estates"], line["answer_zh"]) for line in lines if line["code"] == "roof-garden"] == [
        ("living", "江湾", "不可以。")], "what is shown"
    sheet = openpyxl.load_workbook(io.BytesIO(exported["xlsx"])).active
    assert sheet is not None
    assert sheet.max_row == len(lines) + 1
    back = supervisor.ask("POST", "/knowledge/import", content=exported["xlsx"], params={"dry_run": True}).json()
    assert (back["faults"], back["new"], back["changed"], back["same"]) == ([], 0, 1, len(lines) - 1), "it can be brought in again"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_what_a_file_is_given_comes_back_from_it_the_same(counter: Counter, form: str) -> None:
    supervisor, manager = counter.person(Role.SUPERVISOR), counter.person(Role.MANAGER)
    with counter.database.writing.begin() as session:
        odd = Estate(name="东区；甲、乙")
        session.add(odd)
        session.flush()
        estate = odd.id
    similar = ["打麻将;几点", "打牌；下棋", "A|B", "C:\\tmp", "末尾\\", "\\;开头", "一、二"]
    words = BOARD["zh"] | {"similar": similar}
    entry = drafts(supervisor, BOARD | {"zh": words, "estates": [counter.estates[0], estate]}, code="odd")
    assert decides(manager, entry).status_code == 200
    file = manager.ask("POST", "/knowledge/export", json={"format": form}).content
    back = supervisor.ask("POST", "/knowledge/import", content=file, params={"dry_run": True}).json()
    assert (back["faults"], back["new"], back["changed"], back["same"]) == ([], 0, 0, back["rows"])


def test_who_is_bound_to_an_estate_is_given_the_file_of_its_entries_and_of_those_for_all(counter: Counter) -> None:
    own, other = counter.estates
    leader, supervisor = counter.person(Role.LEADER), counter.person(Role.SUPERVISOR)
    for code, estate in (("here", own), ("there", other)):
        assert decides(supervisor, drafts(leader, BOARD | {"estates": [estate]}, code=code)).status_code == 200
    file = counter.person(Role.SUPERVISOR, "bound", [own]).ask("POST", "/knowledge/export", json={"format": "csv"})
    codes = {line["code"] for line in csv.DictReader(io.StringIO(file.content.decode("utf-8-sig")))}
    assert ("here" in codes, "there" in codes, len(codes) > 40) == (True, False, True)


class Read(ByMeaning):
    """That says what it has to read."""

    def __init__(self) -> None:
        super().__init__(installed=False)
        self.put_in: list[int] = []

    def put(self, entry: Entry) -> None:
        self.put_in.append(entry.item_id)


def test_a_search_that_looked_before_another_one_and_comes_after_it_throws_nothing_away(
        counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    meaning = Read()
    bank = Bank(meaning)
    with counter.database.reading() as session:
        bank.renew(session)
        whole = len(meaning.put_in)
        with monkeypatch.context() as earlier:
            earlier.setattr(session, "scalar", lambda _: 0)
            bank.renew(session)
        bank.renew(session)
    assert len(meaning.put_in) == whole >= 40, "to read them all by meaning takes minutes"
    assert bank.find("物业费怎么交", None, NOON.date(), 3).entries
    supervisor, manager = counter.person(Role.SUPERVISOR), counter.person(Role.MANAGER)
    entry = drafts(supervisor, BOARD)
    assert decides(manager, entry).status_code == 200
    with counter.database.reading() as session:
        bank.renew(session)
    assert meaning.put_in[whole:] == [entry["item_id"]]
    assert decides(manager, entry, "retire", reason="x").status_code == 200
    with counter.database.reading() as session:
        bank.renew(session)
        found_now = bank.find("棋牌室几点开门？", None, NOON.date(), 10).entries
    assert entry["item_id"] not in [each.item_id for each in found_now]


@pytest.mark.rule("A3", part="the desk's script, over the API")
@pytest.mark.rule("D1", part="the closing script, over the API")
@pytest.mark.rule("D4", part="the refusal script, over the API")
@pytest.mark.rule("H8", part="each type's, over the API")
def test_the_script_for_this_call_is_given_in_the_callers_language(counter: Counter) -> None:
    agent, leader, manager = (counter.person(role) for role in (Role.AGENT, Role.LEADER, Role.MANAGER))

    def read_out(**params: object) -> list[tuple[str, str]]:
        return [(each["use"], each["code"]) for each in agent.read("/scripts", **params)["items"]]

    assert read_out() == [("greeting", "greeting"), ("closing", "closing")]
    assert agent.read("/scripts", use="greeting")["items"][0]["text"] == "您好，安和物业，请问有什么可以帮您？"
    english = agent.read("/scripts", use="greeting", language="en")["items"][0]
    assert english["text"] == "Hello, this is Anhe Property. How may I help you?"
    assert read_out(queue="complaint")[0] == ("greeting", "greeting-complaint")
    assert read_out(tag="nuisance")[0] == ("nuisance", "nuisance-closing")
    assert read_out(kind="nuisance")[0] == ("nuisance", "nuisance-closing")
    assert read_out(kind="media")[0] == read_out(tag="press")[0] == ("press", "press-refusal")
    dangers = {"power_cut", "flooding", "gas", "fire", "storm", "earthquake", "theft", "injury", "evacuation", "lift"}
    everything = agent.read("/scripts", kind="emergency", language="en")["items"]
    assert {each["danger"] for each in everything if each["use"] == "safety"} == dangers
    for danger in dangers:
        [one] = agent.read("/scripts", danger=danger, use="safety")["items"]
        assert one["danger"] == danger
    gas = agent.read("/scripts", danger="gas", kind="emergency", language="en")["items"][0]
    assert "Switch nothing on or off" in gas["text"]
    # An estate's own greeting, written and approved as every entry is, for its callers alone.
    own, other = counter.estates
    text = {"use": "greeting", "estates": [own], "zh": {"title": "江湾开场", "text": "您好，{company}江湾服务中心。"}}
    script = drafts(leader, text, "scripts", code="greeting-jiangwan")
    assert read_out(estate_id=own)[0] == ("greeting", "greeting")
    assert decides(leader, script, where="scripts").json()["code"] == "own_draft"
    assert decides(manager, script, where="scripts").status_code == 200
    assert read_out(estate_id=own)[0] == ("greeting", "greeting-jiangwan")
    assert read_out(estate_id=other)[0] == read_out()[0] == ("greeting", "greeting")
    shown = agent.read("/scripts", estate_id=own, language="en")["items"][0]
    assert (shown["language"], shown["text"]) == ("zh", "您好，安和物业江湾服务中心。"), "where there is no English"
    assert decides(manager, script, "retire", where="scripts", reason="统一问候").status_code == 200
    assert read_out(estate_id=own)[0] == ("greeting", "greeting")
    wrong = leader.ask("POST", "/scripts", json={"content": {"use": "safety", "zh": {"title": "x", "text": "y"}}})
    assert wrong.status_code == 422, "safety instructions say against what"
