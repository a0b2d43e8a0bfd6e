"""Reports that come by themselves: set up through the API, sent by mail and to all three robots, exactly once, over months."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk.counter import Counter, Person
from desk.month import tell
from desk.outside import SECRETS, Outside, outside
from sqlalchemy import select, update

from callcenter.events import Health
from callcenter.roles import Role
from callcenter.site.desk import Notices
from crm.letters import service as letters
from crm.letters.deliverer import Deliverer
from crm.notices.channels import channels_of
from crm.outbox.models import OutboxEntry
from crm.reports.schedules import keeper as keeper_module
from crm.reports.schedules.keeper import ReportKeeper
from crm.reports.schedules.letters import REPORT_LETTERS
from crm.reports.schedules.models import ReportRun
from crm.reports.shelf import xlsx
from crm.staff.models import User

DAILY = {"report": "calls", "period": "yesterday", "given": {"by": "queue"}, "language": "zh", "format": "xlsx", "every": "daily",
         "at": "08:00", "users": ["supervisor"], "robots": ["wecom", "dingtalk", "feishu"]}
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)       # eight o'clock in Shanghai, the day after the calls


class Desk:
    def __init__(self, counter: Counter, out: Outside) -> None:
        self.counter, self.out = counter, out
        self.health: dict[str, tuple[Health, str]] = {}

    def until(self, moment: datetime) -> None:
        self.counter.clock.advance((moment - self.counter.clock.now()).total_seconds())

    def work(self) -> None:
        """Another process each time, as after a crash."""
        keeper = ReportKeeper(self.counter.database, self.counter.site, self.counter.clock, self._report)
        while keeper.step():
            pass
        self.deliverer().step()

    def deliverer(self) -> Deliverer:
        return Deliverer(self.counter.database, [REPORT_LETTERS], channels_of(self.counter.site, lambda: SECRETS),
                         self.counter.clock, self._report)

    def _report(self, component: str, state: Health, detail: str = "") -> None:
        self.health[component] = (state, detail)

    def runs(self, who: Person, schedule: Any) -> list[Any]:
        return list(who.read(f"/report-schedules/{schedule['schedule_id']}/runs")["items"])

    def change_user(self, name: str, **values: Any) -> None:
        with self.counter.database.writing.begin() as session:
            row = session.scalars(select(User).where(User.name == name)).one()
            for key, value in values.items():
                setattr(row, key, value)

    def told(self) -> list[str]:
        with self.counter.database.reading() as session:
            return list(session.scalars(select(OutboxEntry.what).where(OutboxEntry.what.startswith("report."))
                                        .order_by(OutboxEntry.id)))


@pytest.fixture
def desk(migrated_url: str, tmp_path: Path) -> Iterator[Desk]:
    with outside() as out:
        counter = Counter(migrated_url, tmp_path)
        try:
            network = counter.site.network.model_copy(update={"pages": "https://desk.example"})
            counter.site = counter.site.model_copy(update={"network": network, "notices": Notices.model_validate(out.notices())})
            counter.app = counter.another_process()
            tell(counter)
            yield Desk(counter, out)
        finally:
            counter.close()


def set_up(who: Person, **given: Any) -> Any:
    answer = who.ask("POST", "/report-schedules", json={**DAILY, **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


def answered(mail: Any) -> int:
    """The figure in the workbook that came with it."""
    [attached] = mail.iter_attachments()
    summary = openpyxl.load_workbook(io.BytesIO(attached.get_content())).worksheets[0]
    return int(next(row[1].value for row in summary.iter_rows() if row[0].value == "接听量"))


def test_a_report_comes_at_its_time_once_with_its_figures_to_mail_and_to_all_three_robots(desk: Desk) -> None:
    supervisor = desk.counter.person(Role.SUPERVISOR)
    schedule = set_up(supervisor)
    assert schedule["next_at"] == "2026-11-23T00:00:00Z"
    desk.until(MORNING - timedelta(seconds=1))
    desk.work()
    assert desk.out.mails == []
    desk.until(MORNING)
    for _ in range(3):
        desk.work()
    [mail] = desk.out.mails
    assert (mail["To"], mail["Subject"]) == ("sue@example.com", "【报表】话务与服务水平 2026-11-22")
    assert answered(mail) == 4
    text = mail.get_body().get_content()  # type: ignore[union-attr]
    assert "接听量：4" in text
    assert "13900001234" not in text
    for robot, [said] in desk.out.said.items():
        assert said.startswith("【报表】话务与服务水平 2026-11-22\n"), robot
        assert "呼入量：7\n接听量：4\n两声内接听率：66.7%" in said
        assert said.endswith("https://desk.example/api/v1/reports/calls.xlsx?from=2026-11-22&to=2026-11-22&by=queue&interval=whole")
    [run] = desk.runs(supervisor, schedule)
    assert (run["state"], run["because"], run["rows"], len(run["deliveries"])) == ("made", "due", 1, 4)
    assert all(letter["sent_at"] for letter in run["deliveries"])
    with desk.counter.database.reading() as session:
        assert session.scalar(select(ReportRun.content)) is None, "nothing of it lies about when all have it"
    assert desk.told() == ["report.made"]
    assert desk.health == {"reports": (Health.OK, ""), "report_letters": (Health.OK, "")}
    # Ten days of standstill: the newest one is made up for, and no other.
    desk.until(MORNING + timedelta(days=10, hours=5))
    desk.work()
    assert [mail["Subject"] for mail in desk.out.mails[1:]] == ["【报表】话务与服务水平 2026-12-02"]
    assert [run["due_at"] for run in desk.runs(supervisor, schedule)] == ["2026-12-03T00:00:00Z", "2026-11-23T00:00:00Z"]


def test_months_go_by_and_each_has_its_report_whatever_its_length(desk: Desk) -> None:
    manager = desk.counter.person(Role.MANAGER)
    schedule = set_up(manager, report="tickets", given={"by": "kind"}, every="monthly", day=31, at="23:30", period="this_month",
                      format="pdf", language="en", users=["manager"], robots=[])
    for day in range(1, 131, 3):
        desk.until(MORNING + timedelta(days=day))
        desk.work()
    assert [mail["Subject"] for mail in desk.out.mails] == [
        "[Report] Tickets 2026-11-01 – 2026-11-30", "[Report] Tickets 2026-12-01 – 2026-12-31",
        "[Report] Tickets 2027-01-01 – 2027-01-31", "[Report] Tickets 2027-02-01 – 2027-02-28",
        "[Report] Tickets 2027-03-01 – 2027-03-31"]
    [attached] = desk.out.mails[0].iter_attachments()
    assert (attached.get_filename(), attached.get_content()[:5]) == ("tickets-20261101-20261130.pdf", b"%PDF-")
    assert len(desk.runs(manager, schedule)) == 5


def test_what_was_refused_or_cut_off_comes_later_as_the_same_letter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = desk.counter.person(Role.SUPERVISOR)
    schedule = set_up(supervisor, robots=[])
    desk.until(MORNING)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    # Killed while the file is made: the row waits.
    monkeypatch.setattr(keeper_module, "made", dies)
    with pytest.raises(KeyboardInterrupt):
        desk.work()
    monkeypatch.undo()
    [run] = desk.runs(supervisor, schedule)
    assert (run["state"], run["deliveries"]) == ("waiting", [])
    # The mail server refuses: seen, and tried again.
    desk.out.refuse = 1
    desk.work()
    assert desk.health["report_letters"] == (Health.DEGRADED, "failing_1")
    [run] = desk.runs(supervisor, schedule)
    assert (run["deliveries"][0]["error"], run["deliveries"][0]["address"]) == ("smtp_451", "s***@example.com")
    # Killed between sending and saying so: it comes again, and is known by its Message-ID.
    desk.counter.clock.advance(10)
    monkeypatch.setattr(letters, "sent", dies)
    with pytest.raises(KeyboardInterrupt):
        desk.deliverer().step()
    monkeypatch.undo()
    desk.work()
    assert len(desk.out.mails) == 1, "taken for a minute"
    desk.counter.clock.advance(60)
    desk.work()
    assert len(desk.out.mails) == 2
    assert len(set(desk.out.tried)) == 1
    assert len(desk.out.tried) == 3
    assert desk.health["report_letters"] == (Health.OK, "")


def test_a_report_whose_making_ends_the_process_each_time_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = desk.counter.person(Role.SUPERVISOR)
    schedule = set_up(supervisor, robots=[])
    desk.until(MORNING)

    def dies(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(keeper_module, "made", dies)
    for _ in range(keeper_module.TRIES):
        with pytest.raises(KeyboardInterrupt):
            desk.work()
    desk.work()
    [run] = desk.runs(supervisor, schedule)
    assert (run["state"], run["error"], desk.told()) == ("failed", "process_ended", ["report.failed"])


def test_a_report_that_cannot_be_made_is_seen_and_the_next_one_comes(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    supervisor = desk.counter.person(Role.SUPERVISOR)
    schedule = set_up(supervisor, report="call-list", given={}, robots=[])
    desk.until(MORNING)
    monkeypatch.setattr(xlsx, "MOST_WRITTEN", 3)
    desk.work()
    monkeypatch.undo()
    [run] = desk.runs(supervisor, schedule)
    assert (run["state"], run["error"], desk.health["reports"]) == ("failed", "too_many_rows", (Health.DEGRADED, "failed_1"))
    key = "again-please"
    answers = [supervisor.ask("POST", f"/report-schedules/{schedule['schedule_id']}/run", key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json(), "asked once, though sent twice"
    desk.work()
    [asked, _] = desk.runs(supervisor, schedule)
    assert (asked["state"], asked["because"], len(desk.out.mails)) == ("made", "asked", 1)


def test_a_file_is_kept_only_while_a_mail_waits_for_it_and_a_report_that_reaches_nobody_has_failed(desk: Desk) -> None:
    supervisor, other = desk.counter.person(Role.SUPERVISOR), desk.counter.person(Role.MANAGER)
    schedule = set_up(supervisor, users=["manager"], robots=[])
    set_up(supervisor, users=[], robots=["wecom"])
    desk.change_user("manager", active=False)
    desk.until(MORNING)
    keeper = ReportKeeper(desk.counter.database, desk.counter.site, desk.counter.clock, desk._report)
    while keeper.step():
        pass
    with desk.counter.database.reading() as session:
        kept = session.execute(select(ReportRun.state, ReportRun.error, ReportRun.content).order_by(ReportRun.schedule_id)).all()
    assert kept == [("failed", "no_address", None), ("made", None, None)], "a robot is sent no file"
    assert sorted(desk.told()) == ["report.failed", "report.made"]
    assert desk.health["reports"] == (Health.DEGRADED, "failed_1")
    # One that an older version has left lying about.
    with desk.counter.database.writing.begin() as session:
        session.execute(update(ReportRun).where(ReportRun.schedule_id == schedule["schedule_id"]).values(content=b"names"))
    desk.change_user("manager", active=True)
    desk.until(MORNING + timedelta(days=1))
    while keeper.step():
        pass
    assert [run["state"] for run in desk.runs(other, schedule)] == ["made", "failed"]
    with desk.counter.database.reading() as session:
        kept_for = session.scalars(select(ReportRun.due_at).where(ReportRun.content.is_not(None))).all()
    assert kept_for == [MORNING + timedelta(days=1)], "its mail waits"


@pytest.mark.rule("K1", part="scheduled reports")
def test_a_schedule_runs_as_its_owner_is_at_that_moment_and_rests_without_one(desk: Desk) -> None:
    supervisor, manager = desk.counter.person(Role.SUPERVISOR), desk.counter.person(Role.MANAGER)
    schedule = set_up(supervisor, robots=["wecom"])
    own = desk.counter.estates[0]
    desk.change_user("supervisor", estates=[own])
    desk.until(MORNING)
    desk.work()
    assert answered(desk.out.mails[0]) == 3, "without the call of the other estate"
    desk.change_user("supervisor", roles=["agent"])
    desk.until(MORNING + timedelta(days=1))
    desk.work()
    address = f"/report-schedules/{schedule['schedule_id']}"
    resting = manager.read(address)
    assert (resting["next_at"], resting["paused_because"], resting["owner"]) == (None, "owner_rights", "supervisor")
    assert "不再发送" in desk.out.mails[1].get_body().get_content()  # type: ignore[union-attr]
    assert list(desk.out.mails[1].iter_attachments()) == []
    assert "不再发送" in desk.out.said["wecom"][1]
    assert desk.told() == ["report.made", "report.paused"]
    taken = manager.ask("PATCH", address, version=resting["version"], json={"take_over": True, "active": True}).json()
    assert (taken["owner"], taken["paused_because"], taken["next_at"]) == ("manager", None, "2026-11-25T00:00:00Z")
    desk.change_user("manager", active=False)
    desk.until(MORNING + timedelta(days=2))
    desk.work()
    admin = desk.counter.person(Role.ADMIN)
    assert admin.read(address)["paused_because"] == "owner_gone"


@pytest.mark.rule("K1", part="scheduled reports")
def test_nobody_is_sent_what_they_may_not_ask_for_themselves(desk: Desk) -> None:
    manager, own = desk.counter.person(Role.MANAGER), desk.counter.estates[0]
    desk.counter.person(Role.AGENT, "supervisor", [own])
    mails = {**DAILY, "robots": []}
    refused = manager.ask("POST", "/report-schedules", json=mails)
    assert (refused.status_code, refused.json()["code"]) == (422, "recipient_rights"), "an agent reads no reports"
    desk.change_user("supervisor", roles=["supervisor"])
    assert manager.ask("POST", "/report-schedules", json=mails).json()["code"] == "recipient_rights", "not of all estates"
    schedule = set_up(manager, robots=[], given={"by": "queue", "estate_id": str(own)}, users=["manager", "supervisor"])
    desk.change_user("supervisor", roles=["agent"])
    desk.until(MORNING)
    desk.work()
    assert [mail["To"] for mail in desk.out.mails] == ["max@example.com"], "nor what they may not ask for any more"
    assert desk.runs(manager, schedule)[0]["state"] == "made"
    # A robot of one estate is not told of all.
    site = desk.counter.site
    robots = [robot.model_copy(update={"estates": (site.estates[0].id,)}) for robot in site.notices.robots]
    desk.counter.site = site.model_copy(update={"notices": site.notices.model_copy(update={"robots": tuple(robots)})})
    everywhere = set_up(manager, users=[], robots=["wecom"])
    desk.until(MORNING + timedelta(days=1))
    desk.work()
    assert (desk.runs(manager, everywhere)[0]["error"], desk.out.said["wecom"]) == ("no_address", [])


def told(mail: Any) -> set[object]:
    """What stands in the cells of the workbook that came with it."""
    [attached] = mail.iter_attachments()
    book = openpyxl.load_workbook(io.BytesIO(attached.get_content()))
    return {cell.value for page in book.worksheets for row in page.iter_rows() for cell in row}


@pytest.mark.rule("K1", part="scheduled reports")
@pytest.mark.rule("D3", part="scheduled reports")
def test_what_one_of_them_sees_masked_all_are_sent_masked_and_whom_a_ticket_is_about_is_not_sent_it(desk: Desk) -> None:
    manager = desk.counter.person(Role.MANAGER)
    desk.counter.person(Role.ADMIN, "supervisor")
    both = {"users": ["manager", "supervisor"], "robots": []}
    set_up(manager, **both, at="08:00")
    log = set_up(manager, **both, report="contact-log", given={}, at="08:01")
    desk.until(MORNING + timedelta(minutes=1))
    desk.work()
    for mail in desk.out.mails[2:]:
        assert {"王**"} <= told(mail), "the manager may see the name, the administrator not"
        assert "王小明" not in told(mail)
    set_up(manager, users=["manager"], robots=[], report="contact-log", given={}, period="last_week", at="08:02")
    desk.counter.person(Role.AGENT).opens("complaint", {"what": "态度差", "about": "supervisor"}, category="service/desk")
    desk.until(MORNING + timedelta(minutes=2))
    desk.work()
    assert len(desk.out.mails) == 5
    assert "王小明" in told(desk.out.mails[-1])
    desk.until(MORNING + timedelta(days=1, minutes=1))
    desk.work()
    assert [mail["To"] for mail in desk.out.mails[5:]] == ["max@example.com", "sue@example.com", "max@example.com"], (
        "the figures of calls to both, the log to who knows of the complaint")
    assert [run["state"] for run in desk.runs(manager, log)] == ["made", "made"]


@pytest.mark.rule("K1", part="scheduled reports")
def test_tickets_of_a_kind_that_one_of_them_does_not_see_are_in_nobodys_file(desk: Desk) -> None:
    """The press is the manager's (D4), and whose ticket it is: not of those who read along."""
    manager, supervisor = desk.counter.person(Role.MANAGER), desk.counter.person(Role.SUPERVISOR)
    seen, both, found = supervisor.opens("enquiry", {"what": "泳池几点开"})["number"], ["manager", "supervisor"], []
    hidden = supervisor.opens("media", {"outlet": "晚报", "journalist": "张三", "contact": "晚报社", "topic": "停水"})["number"]
    for who, users in ((manager, ["manager"]), (manager, both), (supervisor, ["supervisor"]), (supervisor, both)):
        set_up(who, report="ticket-list", given={"which": "open"}, users=users, robots=[])
        found += [(hidden, user) if users == [user] else ("", user) for user in users]
    desk.until(MORNING)
    desk.work()
    sent = [(hidden if hidden in told(mail) else "", both[mail["To"] == "sue@example.com"]) for mail in desk.out.mails]
    assert (sent, all(seen in told(mail) for mail in desk.out.mails)) == (found, True)


@pytest.mark.rule("D3", part="scheduled reports")
def test_whom_a_ticket_of_this_morning_is_about_is_not_sent_what_is_open(desk: Desk) -> None:
    """A report of yesterday tells also of later tickets: a list of what is open now, a log of what a call has become since."""
    manager, _ = desk.counter.person(Role.MANAGER), desk.counter.person(Role.SUPERVISOR)
    set_up(manager, users=["manager", "supervisor"], robots=[], report="ticket-list", given={"which": "open"})
    desk.until(MORNING - timedelta(hours=1))
    made = desk.counter.person(Role.AGENT).opens("complaint", {"what": "态度差", "about": "supervisor"}, category="service/desk")
    desk.until(MORNING)
    desk.work()
    assert [mail["To"] for mail in desk.out.mails] == ["max@example.com"]
    assert made["number"] in told(desk.out.mails[0])


@pytest.mark.rule("D3", part="scheduled reports")
def test_whom_a_promise_is_about_is_not_sent_it_though_it_was_over_before_its_day(desk: Desk) -> None:
    manager, agent, _ = (desk.counter.person(role) for role in (Role.MANAGER, Role.AGENT, Role.SUPERVISOR))
    set_up(manager, users=["manager", "supervisor"], robots=[], report="promises", given={}, period="today")
    made = agent.opens("complaint", {"what": "态度差", "about": "supervisor"}, category="service/desk")
    assert agent.moves(made, "handling", {"reply_by": (MORNING + timedelta(hours=5)).isoformat()}).status_code == 200
    assert desk.counter.person(Role.LEADER).moves(made, "withdrawn", {"reason": "误会"}).status_code == 200
    desk.until(MORNING)
    desk.work()
    assert [mail["To"] for mail in desk.out.mails] == ["max@example.com"]
    assert made["number"] in told(desk.out.mails[0])


@pytest.mark.rule("K1", part="scheduled reports")
def test_who_may_set_up_what_for_whom(desk: Desk) -> None:
    supervisor = desk.counter.person(Role.SUPERVISOR)
    other = desk.counter.person(Role.SUPERVISOR, "other", [desk.counter.estates[0]])
    schedule = set_up(supervisor)
    address = f"/report-schedules/{schedule['schedule_id']}"
    for given, code in (({"users": ["nobody"]}, "no_address"), ({"robots": ["r2d2"]}, "no_address"),
                        ({"users": ["other"]}, "no_address"),
                        ({"given": {"which": "all"}}, "parameter_unfit"), ({"report": "moon"}, "not_found"),
                        ({"users": [], "robots": []}, "invalid"), ({"at": "25:00"}, "invalid"), ({"owner": "manager"}, "invalid")):
        assert supervisor.ask("POST", "/report-schedules", json={**DAILY, **given}).json()["code"] == code, given
    elsewhere = {**DAILY, "given": {"estate_id": str(desk.counter.estates[1])}}
    assert other.ask("POST", "/report-schedules", json=elsewhere).status_code == 404, "an estate that is not theirs"
    assert desk.counter.person(Role.LEADER).ask("GET", "/report-schedules").status_code == 403
    assert other.ask("GET", address).status_code == 404
    assert other.read("/report-schedules")["items"] == []
    assert [one["owner"] for one in desk.counter.person(Role.MANAGER).read("/report-schedules")["items"]] == ["supervisor"]
    changed = supervisor.ask("PATCH", address, version=1, json={"schedule": {**DAILY, "at": "09:15"}})
    assert (changed.json()["next_at"], changed.headers["etag"]) == ("2026-11-23T01:15:00Z", '"2"')
    paused = supervisor.ask("PATCH", address, version=2, json={"active": False}).json()
    assert (paused["next_at"], paused["paused_because"]) == (None, "by_hand")
    assert supervisor.ask("PATCH", address, version=2, json={"active": True}).status_code == 412
    assert supervisor.ask("DELETE", address, version=3).status_code == 204
    assert supervisor.ask("GET", address).status_code == 404
