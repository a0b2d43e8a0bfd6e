"""Calls of our own accord: what is asked of acd, what the journal tells, each result once; on both databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hotline.households import LI, csv_of, report
from hotline.sites import TestSite
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.commands import Answer, Command, Dial, StopDialling
from callcenter.errors import Unavailable
from callcenter.site import load_site
from callcenter.site.schema import Site
from crm.calls.journal import parse_queue_log
from crm.calls.models import CallRow
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.dialling.caller import Dialler
from crm.dialling.models import DialTask, DialTry
from crm.dialling.schemas import CallWanted, NoSuchCall, Outcome, Result
from crm.dialling.service import Progress, ask_for, progress, stop
from crm.households.lines import COLUMNS
from crm.outbox.models import OutboxEntry
from crm.privacy.forget import forget_dialled

START = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)      # noon
RULES: dict[str, Any] = {"at_once": 2, "tries": 2, "busy": 60, "retry": 300, "quiet_from": "21:00", "quiet_until": "08:00"}


def call(number: str = "13900000001", **more: Any) -> CallWanted:
    return CallWanted(**{"purpose": "incident", "subject": "incident:1", "number": number, "prompts": ("broadcast-hello",),
                         "keys": "1*", "thanks": {"1": "broadcast-confirm"}, **more})


@dataclass
class Desk:
    """The dialler, an acd that answers as it is told to, and the journal."""

    database: Database
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(START))
    asked: list[Command] = field(default_factory=list)
    answers: list[Answer | Unavailable] = field(default_factory=list)
    heard: list[tuple[str, Result]] = field(default_factory=list)
    fails: bool = False

    def __post_init__(self) -> None:
        (self.folder / "site.yaml").write_text(TestSite(more={"dialling": RULES}).text())
        self.site: Site = load_site(self.folder / "site.yaml")
        self.boot()

    def boot(self) -> None:
        """As after a crash of crm."""
        purposes = {"incident": self._heard}
        self.recorder = Recorder(self.database, (Source("node1/queue_log", self.folder / "queue_log", parse_queue_log),),
                                 node="node1", tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=self.clock,
                                 purposes=purposes, dial_busy=timedelta(seconds=self.site.dialling.busy))
        self.dialler = Dialler(self.database, self.site, purposes, self.clock, ask=self._ask,
                               read_until=lambda: self.recorder.read_until)

    def _heard(self, session: Session, task: DialTask, result: Result, now: datetime) -> None:
        if self.fails:
            raise ZeroDivisionError
        assert session.get(DialTask, task.id) is task
        assert now.tzinfo is not None
        self.heard.append((task.task_id, result))

    def _ask(self, command: Command) -> Answer:
        self.asked.append(command)
        answer = self.answers.pop(0) if self.answers else Answer("", "done", "node1")
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def wants(self, wanted: CallWanted) -> str:
        with self.database.writing.begin() as session:
            return ask_for(session, wanted, self.site.dialling, self.clock.now()).task_id

    def goes_on(self, seconds: float = 0) -> list[Command]:
        """What acd was asked in this round."""
        self.clock.advance(seconds)
        before = len(self.asked)
        self.recorder.poll()
        self.dialler.step()
        return self.asked[before:]

    def journal(self, *data: str, event: str = "DIALLED") -> None:
        with (self.folder / "queue_log").open("a") as log:
            log.write(f"{int(self.clock.now().timestamp())}|node1-dialled-x-1795000000.1|NONE|NONE|{event}|{'|'.join(data)}\n")
        self.recorder.poll()

    def task(self, task_id: str) -> DialTask:
        with self.database.reading() as session:
            return session.scalars(select(DialTask).where(DialTask.task_id == task_id)).one()

    def rung(self, commands: list[Command]) -> list[tuple[str, int]]:
        return [(command.task_id, command.attempt) for command in commands if isinstance(command, Dial)]


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    return Desk(database, tmp_path)


def test_a_number_is_rung_by_rule_until_a_key_is_pressed_and_each_result_is_told_once(desk: Desk) -> None:
    desk.recorder.poll()
    task = desk.wants(call())
    assert desk.wants(call()) == task, "asked twice, it is one task"
    [order] = desk.goes_on()
    assert order == Dial(task, 1, "+8613900000001", ("broadcast-hello",), "1", {"1": "broadcast-confirm"}, "zh", None, False)
    assert desk.goes_on(1) == [], "it rings"
    desk.journal(task, "1", "busy", "")
    desk.journal(task, "1", "busy", "")
    assert desk.heard == [(task, Result(Outcome.BUSY, 1, "", is_last=False))]
    assert desk.goes_on(50) == []
    assert desk.rung(desk.goes_on(11)) == [(task, 2)]
    desk.fails = True        # the purpose's own fault: the journal goes on, the result stands
    desk.journal(task, "2", "answered", "1")
    assert (desk.task(task).state, desk.task(task).outcome, desk.task(task).key) == ("over", "answered", "1")
    assert desk.goes_on(3600) == []
    with desk.database.reading() as session:
        assert progress(session, "incident", "incident:1") == Progress(acknowledged=1)
        assert session.scalar(select(func.count()).select_from(DialTry)) == 2
        told = [(row.what, row.data["attempt"], row.data["result"]) for row in session.scalars(
            select(OutboxEntry).order_by(OutboxEntry.id))]
        assert told == [("dial.result", 1, "busy"), ("dial.result", 2, "answered")]
        assert session.scalar(select(func.count()).select_from(CallRow)) == 0, "it is no call of the hotline: no figure counts it"


def test_what_a_crash_leaves_open_is_neither_rung_twice_nor_lost(desk: Desk) -> None:
    desk.recorder.poll()
    task = desk.wants(call())
    desk.answers = [Unavailable("bus")]                     # … and acd had begun it
    assert desk.rung(desk.goes_on()) == [(task, 1)]
    desk.boot()
    desk.answers = [Answer("", "done", "begun")]
    assert desk.rung(desk.goes_on(11)) == [(task, 1)], "the same attempt, which acd does not begin again"
    assert desk.rung(desk.goes_on(200)) == []
    assert desk.rung(desk.goes_on(400)) == [], "the journal never told of it: in vain, and tried again by rule"
    assert desk.heard == [(task, Result(Outcome.FAILED, 1, "", is_last=False))]
    assert desk.rung(desk.goes_on(301)) == [(task, 2)]
    desk.clock.advance(1)
    desk.journal(event="QUEUESTART")                        # Asterisk died with the second
    assert desk.heard[1:] == [(task, Result(Outcome.FAILED, 2, "", is_last=True))]
    desk.journal(task, "2", "answered", "1")                # its line comes after all: the end stands
    assert desk.task(task).outcome == "failed"
    assert len(desk.heard) == 2


def test_so_many_at_once_the_urgent_first_nobody_at_night_nobody_who_said_no_and_nobody_after_its_time(desk: Desk) -> None:
    refuses = csv_of(LI.replace("13900139000", "13900000009") + ",不要打", columns=(*COLUMNS, "do_not_call"))
    assert report(desk.database, refuses, START).faults == ()
    desk.recorder.poll()
    never = [desk.wants(wanted) for wanted in (call("13900000009"), call("0085212345678"),
                                               call("13900000009", subject="incident:2", urgent=True))]
    assert desk.goes_on() == []
    assert [desk.task(task).why for task in never] == ["no_call", "number", "no_call"]
    assert [(task, result.outcome, result.why) for task, result in desk.heard] == [
        (never[2], Outcome.REFUSED, "no_call"), (never[0], Outcome.REFUSED, "no_call"), (never[1], Outcome.REFUSED, "number")]
    own = desk.wants(call("13900000009", subject="incident:3", urgent=True, staff=True))
    for unfit in ({"prompts": ("../etc/passwd",)}, {"prompts": ("a&b",)}, {"prompts": ()}, {"keys": "1#"}, {"thanks": {"2": "x"}}):
        with pytest.raises(NoSuchCall), desk.database.writing.begin() as session:
            ask_for(session, call(**unfit), desk.site.dialling, START)
    first, second = desk.wants(call("13900000001")), desk.wants(call("13900000002"))
    short = desk.wants(call("13900000003", until=START + timedelta(minutes=5)))
    assert desk.rung(desk.goes_on()) == [(own, 1), (first, 1)]
    desk.journal(own, "1", "answered", "1")
    desk.answers = [Answer("", "not_now", "cap")]
    assert desk.rung(desk.goes_on()) == [(second, 1)]
    assert desk.rung(desk.goes_on(3)) == [(short, 1)]
    desk.journal(first, "1", "answered", "1")
    desk.answers = [Answer("", "not_now", "surge")]         # outbound work pauses, and acd is not asked again and again
    assert desk.rung(desk.goes_on()) == [(second, 1)]
    assert desk.goes_on(29) == []
    alarm = desk.wants(call("13900000006", urgent=True))
    assert desk.rung(desk.goes_on()) == [(alarm, 1)]
    desk.journal(alarm, "1", "answered", "1")
    assert desk.rung(desk.goes_on(2)) == [(second, 1)]
    desk.clock.advance(9 * 3600)                            # 21:00
    late = desk.wants(call("13900000004"))
    night = desk.wants(call("13900000005", urgent=True))
    assert desk.rung(desk.goes_on()) == [(night, 1)]
    assert desk.task(late).next_at == datetime(2026, 11, 24, 0, 0, tzinfo=UTC)


def test_what_is_stopped_rings_no_more_and_who_answers_all_the_same_is_heard(desk: Desk) -> None:
    desk.recorder.poll()
    rings, waits = desk.wants(call("13900000001")), desk.wants(call("13900000002", not_before=START + timedelta(hours=1)))
    later = desk.wants(call("13900000003", subject="incident:2"))
    desk.goes_on()
    with desk.database.writing.begin() as session:
        assert stop(session, "incident", "incident:1", desk.clock.now()) == 2
    assert desk.goes_on() == [StopDialling(rings)]
    assert desk.task(waits).outcome == "stopped"
    desk.journal(rings, "1", "noanswer", "")
    assert desk.task(rings).outcome == "stopped"
    assert desk.heard == [], "who stops it knows"
    with desk.database.writing.begin() as session:
        stop(session, "incident", "incident:2", desk.clock.now())
    desk.journal(later, "1", "answered", "1")
    assert desk.heard == [(later, Result(Outcome.ANSWERED, 1, "1", is_last=True))]
    private = desk.wants(call("13900000005", household_id=7, not_before=START + timedelta(hours=1)))
    with desk.database.writing.begin() as session:
        row = session.scalars(select(DialTask).where(DialTask.task_id == private)).one()
        forget_dialled(session, row, desk.clock.now())
    forgotten = desk.task(private)
    assert (forgotten.number, forgotten.household_id, forgotten.outcome) == ("", None, "stopped")
    gone = desk.wants(call("13900000004", until=START + timedelta(seconds=5), not_before=START + timedelta(hours=1)))
    assert desk.goes_on(6) == []
    assert desk.heard[1:] == [(gone, Result(Outcome.EXPIRED, 0, "", is_last=True))]
