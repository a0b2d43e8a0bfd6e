"""A surge over HTTP: by whose hand, what they must have seen, what is kept of it, and the report that goes upward (B)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from desk.counter import NOON, Answer, Counter, Person
from desk.stories import well
from hotline.pdf import sheets
from hotline.receiver import served
from sqlalchemy import select

from callcenter.commands import Answer as OrderAnswer
from callcenter.events import AgentShown, AgentState, Board, Call, CallState, Drill, Health
from callcenter.roles import Role
from callcenter.site.desk import Notices
from callcenter.site.schema import Network
from callcenter.storm import CalledIn, Coming
from crm.calls.models import CallRow
from crm.letters.deliverer import Deliverer
from crm.notices.channels import channels_of
from crm.notices.words import Letter
from crm.staff.models import AuditEntry
from crm.surge.keeper import SurgeKeeper
from crm.surge.letters import surge_letters

WAITS = Call("node1-1.1", CallState.QUEUED, NOON, NOON, queue="repair", queued_at=NOON)
HERE = Board(calls={"node1-1.1": WAITS}, agents={"801": AgentShown("801", "Anna", "day", AgentState.READY, NOON)})


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


class Line:
    """crm's side: a keeper that sees one caller waiting, and has nobody to ask in acd's place but this."""

    def __init__(self, counter: Counter) -> None:
        self._counter, self._called = counter, False
        self.people = (CalledIn(1, "李明", 2, Coming.ARRIVED, NOON), CalledIn(2, "王芳", 2, Coming.REFUSED, NOON))
        self._keeper = SurgeKeeper(counter.database, counter.site, counter.clock, self._report, board=self,
                                   ask=lambda _: OrderAnswer("1", "done"), tell=self._tell, calls_in=self)

    def read(self) -> Board:
        return self._hub.board

    def call_in(self, *_: object) -> None:
        self._called = True

    def release(self, *_: object) -> None:
        """They stay on the list."""

    def coming(self, *_: object) -> tuple[CalledIn, ...]:
        return self.people if self._called else ()

    def round(self, after: float = 1) -> None:
        self._counter.clock.advance(after)
        self._keeper.step()

    @property
    def _hub(self) -> Any:
        return self._counter.app.state.services.hub

    def _tell(self, event: Any) -> None:
        self._hub.board = replace(self._hub.board, surge=event.surge)

    def _report(self, component: str, state: Health, detail: str = "") -> None:
        assert state is Health.OK, (component, detail)


def act(person: Person, what: str, reason: str = "大面积停电", *, version: int | None = None, key: str | None = None) -> Answer:
    """On what the person sees now, unless said otherwise."""
    seen = version if version is not None else person.read("/surge")["version"]
    return person.ask("POST", f"/surge/{what}", version=seen, key=key, json={"reason": reason})


@pytest.mark.rule("B1", part="by hand")
@pytest.mark.rule("B5")
@pytest.mark.rule("B7")
@pytest.mark.rule("B8")
def test_a_duty_lead_raises_holds_lowers_and_ends_a_surge_and_reports_it_upward(counter: Counter) -> None:
    lead, manager, agent, wall = (counter.person(role) for role in (Role.DUTY_LEAD, Role.MANAGER, Role.AGENT, Role.WALLBOARD))
    counter.app.state.services.hub.board = HERE
    line = Line(counter)
    line.round()
    quiet = wall.read("/surge")
    assert (quiet["surge"]["tier"], quiet["signals"]["waiting"], quiet["crossed"]) == (0, 1, [])
    assert quiet["policy"]["under_control"] == {
        "waiting": 3, "longest_wait": 60, "service_level": 0.7, "gained_after": 120, "lost_after": 30}
    assert [act(person, "raise").status_code for person in (agent, wall)] == [403, 403]
    for what in ("hold", "let-go", "lower", "end"):
        refused = act(lead, what)
        assert (refused.status_code, refused.json()["code"]) == (409, "no_surge")
    assert lead.ask("POST", "/surge/raise", json={"reason": "x"}).status_code == 428
    assert act(lead, "raise", reason="   ").status_code == 422

    first = act(lead, "raise", key="one")
    assert well(first)["surge"]["tier"] == 1
    again = act(lead, "raise", key="one", version=quiet["version"])
    assert (again.status_code, again.json()) == (200, first.json()), "sent twice, done once"
    stale = act(manager, "raise", version=quiet["version"])
    assert (stale.status_code, stale.json()["code"]) == (412, "changed"), "two people who see the same storm raise it once"
    line.round()
    assert well(act(lead, "raise", "仍未受控"))["surge"]["tier"] == 2
    line.round()
    surge = wall.read("/surge")["surge"]
    assert (surge["tier"], surge["why"], surge["by"], surge["reason"]) == (2, ["by_hand"], "duty_lead", "仍未受控")
    assert [one["state"] for one in surge["coming"]] == ["arrived", "refused"]
    assert surge["next_at"] == (counter.clock.now() - timedelta(seconds=1) + timedelta(seconds=1800)).isoformat().replace(
        "+00:00", "Z")

    with counter.database.writing.begin() as session:
        at = counter.clock.now()
        session.add(CallRow(call_id="node1-2.1", node="node1", queue="repair", entered_at=at, menu_keys=[], stage=0, queued_at=at,
                            answered_at=at, outcome="answered", wait_s=12.0, seats_rung=[], fold={}))
    asked = well(lead.ask("POST", "/surge/reports", json={"send": False}))
    said = {one["label"]: one["text"] for one in asked["zh"]["lines"]}
    assert asked["zh"]["subject"] == "【来电激增】二级响应"
    assert said["原因"] == "人工启动"
    assert said["最近变动"].endswith("人工升级（duty_lead）：仍未受控")
    assert said["当前"].startswith("排队 1 通，最长等待 ")
    assert said["启动以来"] == "来电 1 通，接听 1，放弃 0，留言或回拨 0，平均等待 12 秒，服务水平 100%"
    assert said["召回"] == "共 2 人：不能到岗 1，已到岗 1；已到岗：李明"
    assert said["下一步"].startswith("尚未受控（受控指排队不超过 3 通、最长等待不超过 1 分 0 秒、服务水平不低于 70%）；")
    assert said["下一步"].endswith("升至三级，召集管理处人员支援。")
    english = {one["label"]: one["text"] for one in asked["en"]["lines"]}
    assert english["Called in"] == "2 in all: refused 1, arrived 1; arrived: 李明"

    assert well(act(manager, "hold", "等待供电公司"))["surge"]["held"] is True
    assert act(manager, "let-go").json()["surge"]["held"] is False
    assert act(manager, "let-go").json()["code"] == "not_held"
    assert well(act(lead, "raise", "三级"))["surge"]["tier"] == 3
    assert act(lead, "raise").json()["code"] == "top_tier"
    line.round()
    assert well(act(lead, "lower", "好转"))["surge"]["tier"] == 2
    line.round()
    over = well(act(manager, "end", "已恢复供电"))
    assert (over["surge"]["tier"], over["rests_until"] is not None) == (0, True)
    line.round()

    [past] = agent.read("/surge/history")["items"]
    assert (past["highest"], past["drill"], past["ended_at"] is not None) == (3, False, True)
    steps = [(one["before"], one["tier"], one["act"], one["by"]) for one in past["changes"]]
    assert steps == [(0, 1, "raised", "duty_lead"), (1, 2, "raised", "duty_lead"), (2, 2, "held", "manager"),
                     (2, 2, "let_go", "manager"), (2, 3, "raised", "duty_lead"), (3, 2, "lowered", "duty_lead"),
                     (2, 1, "lowered", "manager"), (1, 0, "lowered", "manager")]
    assert past["changes"][0]["signals"]["waiting"] == 1
    written = agent.read("/surge/reports")["items"]
    assert [(one["by"], one["before"], one["tier"]) for one in written] == [
        ("", 1, 0), ("", 3, 2), ("", 2, 3), ("duty_lead", None, 2), ("", 1, 2), ("", 0, 1)]
    assert written[0]["subject"] == {"zh": "【来电激增解除】情况报告", "en": "Surge over: situation report"}
    pages = agent.read("/surge/reports", limit=4)
    assert len(agent.read("/surge/reports", limit=4, cursor=pages["next"])["items"]) == 2
    third = next(one["report_id"] for one in written if one["tier"] == 3)
    assert agent.read(f"/surge/reports/{third}")["en"]["subject"] == "Surge: tier 3, up from 2"
    for language, words in (("zh", ("三级响应升级", "经过", "召回人员", "李明")),
                            ("en", ("Why", "How it came so far", "1 min 0 s"))):
        paper = agent.ask("GET", f"/surge/reports/{third}.pdf", params={"language": language})
        text = "".join("".join(sheets(paper.content)).split())
        assert paper.headers["Content-Type"] == "application/pdf"
        assert all("".join(word.split()) in text for word in words), text
    assert agent.ask("GET", "/surge/reports/999").status_code == 404
    assert agent.ask("GET", "/surge/reports/999.pdf").status_code == 404
    assert wall.ask("GET", "/surge/reports").status_code == 403
    with counter.database.reading() as session:
        audit = session.execute(select(AuditEntry.action, AuditEntry.who, AuditEntry.detail)
                                .where(AuditEntry.action.startswith("surge.")).order_by(AuditEntry.id)).all()
    assert [tuple(one) for one in audit][:2] == [("surge.raised", "duty_lead", "0 > 1: 大面积停电"),
                                                ("surge.raised", "duty_lead", "1 > 2: 仍未受控")]
    assert ("surge.ended", "manager", "2 > 0: 已恢复供电") in [tuple(one) for one in audit]


@pytest.mark.rule("B7", part="chat message")
def test_the_report_of_a_change_goes_to_the_groups_and_lists_of_those_whom_the_policy_tells(counter: Counter) -> None:
    heard: list[Any] = []

    class Robot(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"errcode": 0}')

        def log_message(self, *_: object) -> None:
            pass

    with served(Robot) as url:
        robots = [{"id": name, "kind": "wecom", "url": f"{url}/send", "tell": [role], "language": language} for name, role, language
                  in (("ops", "manager", "zh"), ("abroad", "operations", "en"), ("repairs", "engineer", "zh"))]
        counter.site = counter.site.model_copy(update={"notices": Notices.model_validate({"robots": robots})})
        counter.app.state.services.hub.board = replace(HERE, drill=Drill(1, "summer", NOON, surge=True))
        line = Line(counter)
        line.round()
        well(act(counter.person(Role.DUTY_LEAD), "raise"))
        line.round()
        keys = {f"robot-{name}": "key" for name in ("ops", "abroad", "repairs")}
        deliverer = Deliverer(counter.database, [surge_letters(counter.site)], channels_of(counter.site, lambda: keys),
                              counter.clock, lambda *_: None)
        assert deliverer.step() == 2
        assert deliverer.step() == 0
    chinese, english = sorted((one["text"]["content"] for one in heard), reverse=True)
    assert chinese.startswith("【演练】【来电激增】一级响应启动\n报告时间：2026-11-22 12:00:0"), chinese
    assert "\n措施：全体坐席统一接听来电" in chinese
    assert english.startswith("[DRILL] Surge: tier 1, declared\nAs of: 2026-11-22 12:00:0")
    assert all(text.endswith("\nSIT-1") for text in (chinese, english))


class Chat:
    """A group of the duty leads, the managers or operations."""

    def __init__(self, name: str, said: list[tuple[str, str]]) -> None:
        self._name, self._said = name, said

    def send(self, letter: Letter, _address: str, _now: datetime) -> None:
        assert letter.body("en", UTC).endswith(
            "\nPlease sign in and say that you took note: https://desk.example/surge\n" + letter.body("zh", UTC).splitlines()[-1])
        self._said.append((self._name, letter.subject("zh")))


@pytest.mark.rule("B7", part="acknowledged, or it goes one up")
def test_who_is_told_of_a_situation_acknowledges_it_and_what_nobody_does_in_time_goes_one_up(counter: Counter) -> None:
    lead, manager, agent = (counter.person(role) for role in (Role.DUTY_LEAD, Role.MANAGER, Role.AGENT))
    robots = [{"id": role.replace("_", "-"), "kind": "wecom", "url": "http://127.0.0.1:80/send", "tell": [role]}
              for role in ("duty_lead", "manager", "operations")]
    counter.site = counter.site.model_copy(update={
        "notices": Notices.model_validate({"robots": robots}),
        "surge": counter.site.surge.model_copy(update={"tell": (Role.DUTY_LEAD,)}),
        "network": Network(pages="https://desk.example")})
    counter.app.state.services.hub.board = HERE
    line, said = Line(counter), list[tuple[str, str]]()
    deliverer = Deliverer(counter.database, [surge_letters(counter.site)],
                          {f"robot:{one['id']}": Chat(str(one["id"]), said) for one in robots}, counter.clock, lambda *_: None)

    def goes_on(seconds: float) -> list[tuple[str, str]]:
        """Whom the letters went to meanwhile."""
        line.round(seconds)
        said.clear()
        while deliverer.step():
            pass
        return list(said)

    def told(person: Person = agent) -> list[tuple[str, bool, str | None]]:
        newest = person.read("/surge/reports")["items"][0]
        return [(one["whom"], one["is_waiting"], one["acknowledged_by"]) for one in newest["told"]]

    line.round()
    well(act(lead, "raise"))
    assert goes_on(1) == [("duty-lead", "【来电激增】一级响应启动")]
    assert told() == [("duty_lead", True, None)]
    [first] = lead.read("/surge/reports")["items"]
    path = f"/surge/reports/{first['report_id']}/acknowledge"
    assert (first["waits_for_me"], agent.read("/surge/reports")["items"][0]["waits_for_me"]) == (True, False)
    assert [agent.ask("POST", path).status_code, manager.ask("POST", path).status_code] == [403, 403], "they were not told"
    assert lead.ask("POST", "/surge/reports/999/acknowledge").status_code == 404
    assert goes_on(598) == []
    assert goes_on(2) == [("manager", "【下级未确认】【来电激增】一级响应启动")]
    assert told() == [("duty_lead", True, None), ("manager", True, None)]
    taken = well(manager.ask("POST", path, key="noted"))
    assert (taken["waits_for_me"], [one["acknowledged_by"] for one in taken["told"]]) == (False, [None, "manager"])
    assert manager.ask("POST", path, key="noted").json() == taken
    assert goes_on(3600) == [], "who stands above has taken note"
    well(lead.ask("POST", path))
    assert told() == [("duty_lead", False, "duty_lead"), ("manager", False, "manager")]

    well(act(lead, "raise"))
    assert goes_on(1) == [("duty-lead", "【来电激增】二级响应升级")], "a newer report is told anew"
    well(act(lead, "raise"))
    assert goes_on(1) == [("duty-lead", "【来电激增】三级响应升级")]
    assert [one["told"][0]["is_waiting"] for one in lead.read("/surge/reports")["items"]] == [True, False, False]
    assert [to for to, _ in goes_on(600)] == ["manager"], "for the one whose place was taken nobody is told again"
    assert [to for to, _ in goes_on(600)] == ["operations"]
    assert told() == [("duty_lead", True, None), ("manager", True, None), ("operations", True, None)]
    assert goes_on(600) == [], "nobody stands above"
    with counter.database.reading() as session:
        audit = session.execute(select(AuditEntry.who, AuditEntry.subject, AuditEntry.detail)
                                .where(AuditEntry.action == "surge.acknowledged").order_by(AuditEntry.id)).all()
    assert [tuple(one) for one in audit] == [
        (name, f"surge_report:{first['report_id']}", name) for name in ("manager", "duty_lead")]
