"""Callbacks from the journal to the database, and what is asked of acd, on both databases."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.commands import Answer, CancelRingBack, Command, RingBack
from callcenter.errors import NotFound, Unavailable
from callcenter.events import Callback, CallbackChanged, CallbackState
from crm.callbacks import service, store
from crm.callbacks.caller import CallbackCaller
from crm.callbacks.rules import RetryRule
from crm.calls import service as calls
from crm.calls.journal import parse_queue_log
from crm.calls.models import JournalReject, QueueVisit
from crm.calls.record import Outcome
from crm.calls.recorder import Batch, Recorder, Source
from crm.database import Database
from crm.privacy.service import View
from crm.staff.actor import SYSTEM
from crm.tickets.listing import Wanted, tickets

START = 1_795_320_000
TZ = ZoneInfo("Asia/Shanghai")
RULE = RetryRule(tries=2, retry=timedelta(minutes=5))
pytestmark = pytest.mark.rule("A11")


def call(after: int = 0, place: int = 1) -> str:
    return f"node1-{START + after}.{place}"


@dataclass
class Line:
    """A journal that is written to, and its recorder."""

    database: Database
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.fromtimestamp(START, UTC)))
    asked: list[Command] = field(default_factory=list)
    told: list[CallbackChanged] = field(default_factory=list)
    answers: list[Answer | Unavailable] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.database, (Source("node1/queue_log", self.folder / "queue_log", parse_queue_log),),
                                 node="node1", tz=TZ, short_abandon_s=5, clock=self.clock, callbacks=RULE)
        self.caller = CallbackCaller(self.database, RULE, self.clock, ask=self._ask, tell=self.told.append,
                                     read_until=lambda: self.recorder.read_until)

    def _ask(self, command: Command) -> Answer:
        self.asked.append(command)
        answer = self.answers.pop(0) if self.answers else Answer("", "done")
        if isinstance(answer, Unavailable):
            raise answer
        return answer

    def journal(self, *lines: str) -> Batch:
        with (self.folder / "queue_log").open("a") as log:
            log.writelines(f"{line}\n" for line in lines)
        return self.recorder.poll()

    def asks(self, at: int = 0, kept: str = "kept", number: str = "13900000001") -> str:
        ident = call(at)
        self.journal(f"{START + at}|{ident}|NONE|NONE|ENTERED|8000|{number}|node1",
                     f"{START + at}|{ident}|repair|NONE|ENTERQUEUE||{number}|1",
                     f"{START + at + 20}|{ident}|repair|NONE|EXITWITHKEY|2|1",
                     f"{START + at + 30}|{ident}|repair|NONE|CALLBACK|{number}|{kept}",
                     f"{START + at + 31}|{ident}|NONE|NONE|ENDED|16")
        return ident

    def place(self, ident: str, at: int, attempt: int, result: str | None) -> str:
        place = call(at, 50 + attempt)
        lines = [f"{START + at}|{place}|repair|NONE|PLACE|{ident}|{attempt}|13900000001|",
                 f"{START + at}|{place}|repair|NONE|ENTERQUEUE||13900000001|1"]
        if result:
            lines += [f"{START + at + 9}|{place}|repair|1001|CONNECT|9|node1-{START + at + 5}.70|2",
                      f"{START + at + 19}|{place}|repair|1001|RANGBACK|{ident}|{attempt}|{result}",
                      f"{START + at + 80}|{place}|repair|1001|COMPLETEAGENT|9|71|1",
                      f"{START + at + 80}|{place}|NONE|NONE|ENDED|16"]
        self.journal(*lines)
        return place

    def now(self, at: int) -> None:
        self.clock.advance(START + at - self.clock.now().timestamp())

    def step(self, at: int) -> list[Command]:
        self.now(at)
        self.asked.clear()
        self.recorder.poll()         # finds nothing more: what was journalled by now is known
        self.caller.step()
        return list(self.asked)

    def one(self) -> Callback:
        with self.database.reading() as session:
            [found] = service.callbacks(session, View(SYSTEM), open_only=False)
        return found


@pytest.fixture
def line(database: Database, tmp_path: Path) -> Line:
    return Line(database, tmp_path)


def test_an_answered_callback_is_done_its_ticket_closed_and_the_call_no_caller_s(line: Line) -> None:
    ident = line.asks()
    place = line.place(ident, 40, 1, "answered")
    assert (line.one().state, line.one().attempts) == (CallbackState.DONE, 1)
    with line.database.reading() as session:
        assert [ticket.state for ticket in tickets(session, View(SYSTEM), Wanted()).items] == ["closed"]
        record = calls.call(session, place)
        assert (record.outcome, record.callback_id, record.talk_s, record.queued_at) == (Outcome.CALLBACK, ident, 71, None)
        assert calls.call(session, ident).outcome is Outcome.MESSAGE
        assert list(session.scalars(select(QueueVisit.call_id))) == [ident]


def test_a_ticket_that_the_desk_cannot_close_keeps_no_callback_from_being_done(
        line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(session: Session, *_: object) -> None:
        session.add(JournalReject(source="x", offset=0, line="", reason="half done", at=datetime.now(UTC)))
        session.flush()
        raise NotFound("stage")

    monkeypatch.setattr(store, "close_by_machine", faulty)
    ident = line.asks()
    line.place(ident, 60, 1, "answered")
    assert line.one().state is CallbackState.DONE
    with line.database.reading() as session:
        assert [(reject.line, reject.reason) for reject in session.scalars(select(JournalReject))] == [
            (f"callback:{ident}", "not_closed:NotFound")]


def test_a_busy_caller_is_asked_for_again_after_the_rule_s_time_and_given_up_after_its_tries(line: Line) -> None:
    ident = line.asks()
    line.place(ident, 40, 1, "busy")
    assert line.step(300) == []
    assert line.step(59 + 301) == [RingBack(ident, 2, "+8613900000001", "repair", 30, None, "zh")]
    assert line.step(361) == []
    line.place(ident, 362, 2, "noanswer")
    assert line.one().state is CallbackState.FAILED
    assert line.step(5_000) == []
    with line.database.reading() as session:
        assert [ticket.state for ticket in tickets(session, View(SYSTEM), Wanted()).items] == ["open"]


def test_one_asked_for_when_nobody_was_there_waits_until_somebody_is(line: Line) -> None:
    ident = line.asks(kept="")
    line.answers = [Answer("", "not_now")]
    assert line.step(31) == [RingBack(ident, 1, "+8613900000001", "repair", 30, None, "zh")]
    assert line.step(40) == []
    assert line.step(62) == [RingBack(ident, 1, "+8613900000001", "repair", 30, None, "zh")]
    assert line.one().attempts == 0


def test_a_silent_acd_is_asked_for_the_same_attempt_again(line: Line) -> None:
    ident = line.asks(kept="")
    line.answers = [Unavailable("bus")]
    first = line.step(31)
    assert line.step(42) == first == [RingBack(ident, 1, "+8613900000001", "repair", 30, None, "zh")]


def test_what_the_journal_says_and_the_database_does_not_know_yet_is_waited_for(line: Line) -> None:
    """A database that was slow for seconds: the callback is due by what it knows, and was called off meanwhile."""
    ident = line.asks()
    line.place(ident, 60, 1, "busy")
    line.now(2_000)
    line.caller.step()
    assert line.asked == []
    assert [command.attempt for command in line.step(2_000) if isinstance(command, RingBack)] == [2]


def test_a_busy_hour_in_which_there_is_always_more_to_read_holds_no_callback_up(line: Line) -> None:
    ident = line.asks()
    line.place(ident, 60, 1, "busy")
    line.now(2_000)
    assert line.journal(f"{START + 2_000}|{call(2_000)}|NONE|NONE|ENTERED|8000|13900000002|node1").lines == 1
    line.caller.step()
    assert [command.attempt for command in line.asked if isinstance(command, RingBack)] == [2]


def test_an_attempt_that_was_begun_and_left_no_place_counts(line: Line) -> None:
    line.asks(kept="")
    line.answers = [Answer("", "done", "begun"), Answer("", "done")]
    line.step(31)
    assert [command.attempt for command in line.step(33) if isinstance(command, RingBack)] == [2]


def test_the_newest_request_of_a_number_stands(line: Line) -> None:
    first, second = line.asks(kept=""), line.asks(100, kept="")
    with line.database.reading() as session:
        states = {one.callback_id: one.state for one in service.callbacks(session, View(SYSTEM), open_only=False)}
    assert states == {first: CallbackState.CANCELLED, second: CallbackState.WAITING}


def test_who_is_told_that_there_is_one_already_gets_neither_a_second_nor_a_ticket(line: Line) -> None:
    line.asks()
    line.asks(100, kept="already")
    assert line.one().callback_id == call()
    with line.database.reading() as session:
        assert len(tickets(session, View(SYSTEM), Wanted()).items) == 1


def test_a_cancelled_one_is_told_and_taken_out_of_the_queue(line: Line) -> None:
    ident = line.asks()
    place = line.place(ident, 40, 1, None)
    line.now(50)
    with line.database.writing.begin() as session:
        service.cancel(session, SYSTEM, ident, line.clock.now())
    assert line.step(51) == [CancelRingBack(ident)]
    assert [event.callback.state for event in line.told] == [CallbackState.CANCELLED]
    line.journal(f"{START + 52}|{place}|NONE|NONE|ENDED|16")
    assert line.step(53) == []
    with line.database.writing.begin() as session, pytest.raises(service.CallbackOver):
        service.cancel(session, SYSTEM, ident, line.clock.now())


def test_a_place_lost_with_its_asterisk_is_begun_anew(line: Line) -> None:
    ident = line.asks()
    line.place(ident, 40, 1, None)
    line.journal(f"{START + 100}|NONE|NONE|NONE|QUEUESTART|")
    assert line.step(105) == []
    assert line.step(111) == [RingBack(ident, 2, "+8613900000001", "repair", 30, None, "zh")]
