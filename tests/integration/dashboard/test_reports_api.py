"""Reports through the API: what they count, who sees what of them, and that every figure opens the rows behind it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk.counter import NOON, Counter, Person
from desk.month import HOSTILE, tell
from hotline.pdf import links, sheets
from sqlalchemy import select

from callcenter.roles import Role
from crm.agentlog.models import MissedRing
from crm.calls.models import CallRow
from crm.calls.record import CallRecord, Visit
from crm.calls.store import save, save_talk
from crm.clocks.models import TicketClock
from crm.notices.models import Delivery, Notice
from crm.reports.shelf import service
from crm.reports.shelf.shelf import ALL
from crm.staff.models import AuditEntry

DAY = {"from": "2026-11-22"}
DAYS = {"from": "2026-11-21", "to": "2026-11-22"}
PAGES = "https://desk.example"


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    network = made.site.network.model_copy(update={"pages": PAGES})
    made.site = made.site.model_copy(update={"network": network})
    made.app = made.another_process()
    tell(made)
    yield made
    made.close()


def table(who: Person, report: str, sheet: int = 0, **asked: Any) -> list[dict[str, Any]]:
    """A sheet's rows by the names of its columns."""
    found = who.read(f"/reports/{report}", **asked)["sheets"][sheet]
    names = [column["id"] for column in found["columns"]]
    return [dict(zip(names, (cell["value"] for cell in row), strict=True)) for row in found["rows"]]


def headlines(who: Person, report: str, sheet: int = 0, **asked: Any) -> dict[str, Any]:
    return {one["title"]["en"]: one["value"] for one in who.read(f"/reports/{report}", **asked)["sheets"][sheet]["headlines"]}


def behind(who: Person, address: str) -> int:
    """How many rows stand behind a figure."""
    answer = who.ask("GET", address.removeprefix("/api/v1"))
    assert answer.status_code == 200, (address, answer.text)
    found = answer.json()
    if "calls" in found:
        return len(found["calls"])
    if "items" in found:
        return len(found["items"])
    return len(found["sheets"][-1]["rows"]) if "sheets" in found else -1


def desk(counter: Counter) -> Person:
    """With tickets: a repair done in time, with its follow-up; a question, a promise, and a repair at the other estate."""
    agent = counter.person(Role.AGENT)
    own, other = counter.households
    repair = agent.opens("repair", {"what": "漏水", "place": "厨房", "urgency": "urgent"}, household_id=own)
    agent.opens("enquiry", {"what": "泳池几点开"}, household_id=own)
    agent.opens("repair", {"what": "没电", "place": "客厅", "urgency": "ordinary"}, household_id=other)
    promised = (NOON + timedelta(hours=3)).isoformat()
    agent.opens("promise", {"what": "回电", "due": promised, "agreed": True}, household_id=own, contact_number="13900001234")
    counter.clock.advance(1800)
    assert agent.moves(repair, "finished", {"result": "电话指导关阀"}).status_code == 200
    assert counter.person(Role.LEADER).moves(repair, "archived").status_code == 200
    return counter.person(Role.MANAGER)


@pytest.mark.rule("E9", part="reports as API")
@pytest.mark.rule("K3", part="the greeting, in the calls that a leader listened to")
def test_every_report_counts_what_happened_and_every_figure_opens_the_rows_behind_it(counter: Counter) -> None:
    manager = desk(counter)
    with counter.database.writing.begin() as session:
        answered = session.scalars(select(CallRow).where(CallRow.answered_agent == "801").order_by(CallRow.call_id)).first()
        assert answered
        answered.recording, answered.recording_state = "2026/11/22/x.wav", "kept"
        path = f"/recordings/{answered.call_id}/greeting"
    for said in (False, True):
        assert manager.ask("PUT", path, json={"said": said}).status_code == 200, "the newest ear counts"
    assert headlines(manager, "calls", **DAY) == {
        "Offered": 7, "Answered": 4, "Answered in 2 rings": 4 / 6, "Service level": 4 / 6, "Abandonment": 1 / 6, "ASA": 5.0}
    [day] = [row for row in table(manager, "agent-days", **DAY) if row["agent"] == "801"]
    assert (day["rang"], day["answered"], day["misses"], day["long"], day["rated"]) == (3, 2, 1, 1, 2)
    assert (day["satisfied"], day["not_satisfied"], day["signed_in_s"]) == (0.5, 1, 7200.0)
    assert (day["greeted"], day["not_greeted"]) == (1, 0)
    assert headlines(manager, "missed-calls", **DAY) == {"abandoned": 1, "short abandon": 1, "lost": 1}
    assert headlines(manager, "callbacks", **DAY) == {"Asked for": 4, "Done": 2, "Failed": 1, "Kept": 2 / 3}
    for which in ("all", "open", "visit"):
        whole = headlines(manager, "contact-log", **DAY, which=which)
        assert whole == {"Calls": 2, "Visits": 1, "To be completed": 1}, which
    assert headlines(manager, "promises", **DAY)["open"] == 1
    assert headlines(manager, "on-time", **DAY)["On-time rate"] == 1.0
    for asked, called in (({}, "书面答复 / 承诺答复 / 约定回复"), ({"kind": "complaint"}, "承诺答复")):
        for report in ("on-time", "clock-list"):
            columns = manager.read(f"/reports/{report}", **DAY, **asked)["sheets"][0]["columns"]
            [clock] = [column["words"] for column in columns if column["id"] == "clock"]
            assert clock["reply"]["zh"] == called, "not as the last kind calls its own"
    followed_up = headlines(manager, "followups", **DAY)
    assert (followed_up["Not satisfied"], followed_up["Dissatisfied and missing"]) == (1, 1), "told without the journal"
    assert followed_up["Satisfaction rate"] == 2 / 3
    [repairs] = [row for row in table(manager, "tickets", **DAY) if row["key"] == "repair"]
    assert (repairs["opened"], repairs["closed"], repairs["open"]) == (2, 1, 1)
    followed = 0
    for report in ALL:
        for by in report.parameters[0].values if report.parameters and report.parameters[0].name == "by" else (None,):
            shown = manager.read(f"/reports/{report.id}", **DAYS, **({"by": by} if by else {}))
            for sheet in shown["sheets"]:
                types = {column["id"]: column["type"] for column in sheet["columns"]}
                cells = [(types[name], cell) for row in sheet["rows"] for name, cell in zip(types, row, strict=True)]
                for kind, cell in [*cells, *((one["type"], one) for one in sheet["headlines"])]:
                    assert kind in ("text", "time", "day") or cell["rows"] or not cell["value"] or _is_detail(report.id, kind), (
                        report.id, cell)
                    if cell["rows"]:
                        count = behind(manager, cell["rows"])
                        followed += 1
                        assert kind != "integer" or count == cell["value"], (report.id, by, cell, count)
    assert followed > 60


def _is_detail(report: str, kind: str) -> bool:
    """Of a list: what one row says of itself. Of people: what rang, which the calls alone do not make up."""
    return report in ("call-list", "missed-calls", "rings", "callbacks", "deliveries") or (report, kind) == ("calls", "integer")


@pytest.mark.rule("K1", part="reports")
def test_who_is_bound_to_an_estate_gets_its_figures_alone_and_masked_rows(counter: Counter) -> None:
    desk(counter)
    own, other = counter.estates
    bound = counter.person(Role.SUPERVISOR, "bound", [own])
    whole = counter.person(Role.SUPERVISOR, "whole")
    assert headlines(whole, "calls", **DAY)["Answered"] == 4
    assert headlines(bound, "calls", **DAY)["Answered"] == 3, "not the call of the other estate"
    assert headlines(whole, "calls", **DAY, estate_id=other)["Answered"] == 1
    assert bound.ask("GET", "/reports/calls", params={**DAY, "estate_id": other}).status_code == 404
    assert [row["opened"] for row in table(bound, "tickets", **DAY) if row["key"] == "repair"] == [1]
    assert len(table(bound, "ticket-list", **DAY)) == 4
    assert len(table(bound, "call-list", **DAY)) == 6
    [entry, *_] = table(bound, "contact-log", **DAY)
    assert (entry["contact"], entry["name"]) == ("139****1234", "王小明"), "as the site's `privacy` says of a supervisor"
    for role in (Role.AGENT, Role.WALLBOARD):
        assert counter.person(role).ask("GET", "/reports").status_code == 403
    for role in (Role.OFFICE, Role.ENGINEER):
        assert [one["id"] for one in counter.person(role).read("/reports")["reports"]] == ["vacant-flats"], "which they sign"
        assert counter.person(role).ask("GET", "/reports/vacant-flats.pdf").status_code == 200
        assert counter.person(role).ask("GET", "/reports/ticket-list").status_code == 404
    operations = counter.person(Role.OPERATIONS)
    assert {one["id"] for one in operations.read("/reports")["reports"]} == {"on-time", "clock-list", "deliveries"}
    assert operations.ask("GET", "/reports/contact-log").status_code == 404


@pytest.mark.rule("K1", part="rings at agents' seats")
def test_a_missed_ring_is_of_its_caller_s_estate_whoever_answered_the_call(counter: Counter) -> None:
    """801 was rung in vain by callers whom 802 answered; each figure of the day opens its rings."""
    own, other = counter.estates
    with counter.database.writing.begin() as session:
        for call_id in ("node1-2.2", "node1-3.3"):
            session.add(MissedRing(node="node1", at=NOON + timedelta(hours=1), agent="801", seat="1001", queue="repair",
                                   call_id=call_id, ring_s=10.0))
        session.get_one(CallRow, "node1-2.2").household_id = counter.households[0]
    manager, bound = counter.person(Role.MANAGER), counter.person(Role.SUPERVISOR, "bound", [own])
    cases: Any = ((manager, {}, 3), (manager, {"estate_id": own}, 2), (manager, {"estate_id": other}, 1), (bound, {}, 2))
    for who, asked, missed in cases:
        [day] = [row for row in table(who, "agent-days", **DAY, **asked) if row["agent"] == "801"]
        rows = table(who, "rings", **DAY, **asked, agent="801", which="missed")
        assert (day["misses"], len(rows)) == (missed, missed), asked
    assert "node1-3.3" not in {row["call_id"] for row in table(bound, "rings", **DAY)}, "of the other estate"


@pytest.mark.rule("K1", part="figures of calls that came before midnight")
def test_what_a_call_of_before_midnight_goes_on_with_is_of_its_caller_s_estate(counter: Counter) -> None:
    """A caller of the other estate came a minute before midnight; after it a ring was missed, and the call changed its queue."""
    own, other = counter.estates
    midnight = NOON + timedelta(hours=12)
    came, moved = midnight - timedelta(minutes=1), midnight + timedelta(minutes=1)
    with counter.database.writing.begin() as session:
        record = CallRecord(
            call_id="node1-late", entered_at=came, queue="repair", queued_at=came, ended_at=moved + timedelta(minutes=1),
            household_id=counter.households[1], visits=(Visit("repair", came, left_at=moved), Visit(
                "complaint", moved, left_at=moved + timedelta(minutes=1), gave_up=True)))
        save(session, None, record, "node1", 5)
        save_talk(session, [record], {}, "node1")
        session.add(MissedRing(node="node1", at=midnight + timedelta(seconds=5), agent="801", seat="1001", queue="repair",
                               call_id="node1-late", ring_s=10.0))
    manager, bound = counter.person(Role.MANAGER), counter.person(Role.SUPERVISOR, "bound", [own])
    day = {"from": "2026-11-23"}
    cases: Any = ((manager, {}, 1), (manager, {"estate_id": other}, 1), (manager, {"estate_id": own}, 0), (bound, {}, 0))
    for who, asked, count in cases:
        rows = table(who, "calls", **day, **asked, by="queue")
        assert [row["offered"] for row in rows if row["key"] == "complaint"] == [1] * count
        behind = who.read("/figures/rows", by="queue", key="complaint", figure="offered", **day, **asked)["calls"]
        assert [call["call_id"] for call in behind] == ["node1-late"] * count
        assert [row["misses"] for row in table(who, "agent-days", **day, **asked)] == [1] * count
        assert len(table(who, "rings", **day, **asked)) == count


@pytest.mark.rule("D3", part="the report of what was sent")
def test_notices_of_a_complaint_are_not_reported_to_whom_it_is_about(counter: Counter) -> None:
    accused, other = counter.person(Role.SUPERVISOR, "accused"), counter.person(Role.SUPERVISOR, "other")
    complaint = counter.person(Role.AGENT).opens("complaint", {"what": "主管态度差", "about": "accused"}, category="service/desk",
                                                 household_id=counter.households[0])
    with counter.database.writing.begin() as session:
        clock = session.scalars(select(TicketClock).where(TicketClock.ticket_id == complaint["ticket_id"])).first()
        assert clock is not None
        notice = Notice(ticket_id=clock.ticket_id, clock_id=clock.id, round=1, what="warned", whom="owner", at=NOON)
        session.add(notice)
        session.flush()
        session.add(Delivery(notice_id=notice.id, channel="mail", address="x@example.com", tries=1, sent_at=NOON))
    assert (headlines(other, "deliveries", **DAY)["sent"], len(table(other, "deliveries", 1, **DAY))) == (1, 1)
    assert (headlines(accused, "deliveries", **DAY)["sent"], table(accused, "deliveries", 1, **DAY)) == (0, [])


def test_a_report_is_a_workbook_whose_texts_run_nothing_and_whose_figures_are_links(counter: Counter) -> None:
    manager = desk(counter)
    answer = manager.ask("GET", "/reports/contact-log.xlsx", params={**DAY, "language": "zh"})
    assert answer.headers["content-disposition"] == 'attachment; filename="contact-log-20261122-20261122.xlsx"'
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    summary, page = book.worksheets
    assert [cell.value for cell in page[1]][:4] == ["时间", "方式", "姓名", "联系方式"]
    assert [page.cell(2, column).value for column in (2, 3, 4)] == ["来电", "王小明", "139****1234"]
    assert page.cell(2, 6).data_type == "s"
    assert page.cell(2, 6).value == "'" + HOSTILE.replace("\u202e", "").replace("\x1b", "□")
    assert [cell.value for cell in summary["A"]][-3:] == ["来电", "来访", "待填写"]
    figure = summary.cell(summary.max_row, 2)
    assert (figure.value, figure.hyperlink.target) == (
        1, f"{PAGES}/api/v1/reports/contact-log?from=2026-11-22&to=2026-11-22&which=open")
    calls = openpyxl.load_workbook(io.BytesIO(manager.ask("GET", "/reports/calls", params={**DAY, "format": "xlsx"}).content))
    row = [cell.value for cell in calls.worksheets[1][2]]
    assert (row[0], row[1], row[7]) == ("报修", 7, pytest.approx(4 / 6))
    assert calls.worksheets[1].cell(2, 2).hyperlink.target.startswith(f"{PAGES}/api/v1/figures/rows?")
    with counter.database.reading() as session:
        audited = list(session.scalars(select(AuditEntry).where(AuditEntry.action == "report.exported").order_by(AuditEntry.id)))
    assert [(row.who, row.subject) for row in audited] == [("manager", "report:contact-log"), ("manager", "report:calls")]
    assert json.loads(audited[0].detail or "") == {
        "format": "xlsx", "rows": 3, "because": "asked", "from": "2026-11-22", "to": "2026-11-22", "which": "all"}


def test_a_report_is_a_paper_in_both_languages(counter: Counter) -> None:
    manager = desk(counter)
    for report in ALL[::4]:
        paper = manager.ask("GET", f"/reports/{report.id}.pdf", params={**DAYS, "language": "zh"})
        assert paper.status_code == 200, (report.id, paper.text)
        assert "".join(report.title.zh.split()) in sheets(paper.content)[0]
    english = manager.ask("GET", "/reports/contact-log", params={**DAY, "language": "en", "format": "pdf"}).content
    [sheet] = sheets(english)
    assert "Call-and-visitlog" in sheet
    assert "139****1234" in sheet
    assert sheet.count("13900001234") == 3, "in what was written down, which a manager reads as it is"
    assert f"{PAGES}/api/v1/reports/contact-log?from=2026-11-22&to=2026-11-22&which=visit" in links(english)


def test_what_no_report_takes_is_refused_and_too_much_is_said(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = counter.person(Role.MANAGER)
    for path, asked, code in (
            ("/reports/calls", {"by": "moon"}, "parameter_unfit"), ("/reports/calls", {"which": "all"}, "parameter_unfit"),
            ("/reports/calls", {"from": "2020-01-01", "to": "2026-01-01"}, "range_too_long"),
            ("/reports/calls", {"from": "2026-11-22", "to": "2026-11-01"}, "range_too_long"),
            ("/reports/calls", {"period": "yesterday", **DAY}, "range_too_long"), ("/reports/none", {}, "not_found"),
            ("/reports/calls", {"interval": "15m", "from": "2026-01-01", "to": "2026-11-22"}, "range_too_long")):
        assert manager.ask("GET", path, params=asked).json()["code"] == code, (path, asked)
    early, late = "0001-01-01T00:00:00+08:00", "2026-11-22T00:00:00Z"      # in UTC there is no such year
    for path, span in (("/followups/figures", ("from", "to")), ("/clocks/on-time", ("since", "before")), ("/audit", ("from", "to")),
                       ("/tickets", ("since", "before"))):
        assert manager.ask("GET", path, params=dict(zip(span, (early, late), strict=True))).json()["code"] == "invalid", path
    assert headlines(manager, "calls", period="yesterday")["Answered"] == 1
    monkeypatch.setattr(service, "MOST_SHOWN", 6)
    assert manager.ask("GET", "/reports/call-list", params=DAY).json()["code"] == "too_many_rows"
    assert manager.ask("GET", "/reports/call-list.xlsx", params=DAY).status_code == 200
