"""A drill over HTTP on both databases: begun, played, stopped, summed up, compared; in no table and no figure of real calls."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk.counter import NOON, Counter
from desk.stories import faults, well
from sqlalchemy import func, select

from callcenter.commands import Answer, BeginDrill, Command, DrillCall, StopDrill
from callcenter.drills import drill_call_id
from callcenter.errors import Unavailable
from callcenter.events import Board, Call, CallState, DrillChanged, Health
from callcenter.roles import Role
from callcenter.storm import Drill, Surge
from crm.agentlog.models import AgentStateRow, MissedRing
from crm.calls.journal import parse_cel, parse_queue_log
from crm.calls.models import CallRow, ContactEntry, JournalReject, TalkSegment
from crm.calls.recorder import Recorder, Source
from crm.calls.tally import tally_of
from crm.drills import keeper, service
from crm.drills.keeper import DrillKeeper
from crm.drills.models import DrillCallRow
from crm.kinds.load import shipped_texts
from crm.outbox.models import OutboxEntry
from crm.reports.models import QueueTally
from crm.staff.models import AuditEntry

SCENARIO = {"name": "雨季", "calls_a_minute": 30, "minutes": 1, "keys": ["1", "2"], "patience": 20, "talk": 8}


class Hotline:
    """acd and Asterisk in one: each call that is asked for goes into the journal as it would be. crm can be begun anew."""

    def __init__(self, counter: Counter, folder: Path) -> None:
        self.counter, self.folder = counter, folder
        self.asked: list[Command] = []
        self.board = Board()
        self.told: list[Drill] = []
        self.silent = self.catches_up = False
        self.reported = ""
        (folder / "cel.csv").write_text('"APP_START","1.0","a-1.1","a-1.1","","","","","","",""\n')
        self.begin_anew()
        counter.app.state.services.asker.ask = lambda command, *_: self.ask(command)

    def begin_anew(self) -> None:
        database, clock, site = self.counter.database, self.counter.clock, self.counter.site
        sources = (Source("node1/queue_log", self.folder / "queue_log", parse_queue_log, tally_of),
                   Source("node1/cel", self.folder / "cel.csv", parse_cel))
        self.recorder = Recorder(database, sources, node="node1", tz=ZoneInfo("Asia/Shanghai"), short_abandon_s=5, clock=clock)
        self.keeper = DrillKeeper(database, site, clock, self._report, board=self, ask=self.ask, tell=self._tell,
                                  read_until=self._read_until)

    def read(self) -> Board:
        return self.board

    def ask(self, command: Command) -> Answer:
        if self.silent:
            raise Unavailable("silent")
        self.asked.append(command)
        if isinstance(command, DrillCall):
            self._play(command)
        return Answer("1", "done")

    def rounds(self, count: int = 1, every: float = 1.0, *, is_read: bool = True) -> None:
        for _ in range(count):
            self.counter.clock.advance(every)
            if is_read:
                self.recorder.poll()
            self.keeper.step()

    def journal(self, at: float, call: str, *parts: str) -> None:
        with (self.folder / "queue_log").open("a") as out:
            out.write("|".join((str(int(self.counter.clock.now().timestamp() + at)), call, *parts)) + "\n")

    def _play(self, command: DrillCall) -> None:
        """Odd ones are answered after three seconds, even ones give up after 20; every fifth is still on the line."""
        call = drill_call_id(command.drill_id, "node1", self.counter.clock.now(), command.number)
        queue, stage = ("repair", "drill.repair") if command.keys == "1" else ("complaint", "drill.complaint")
        self.journal(0, call, "NONE", "NONE", "ENTERED", command.did, "", "node1")
        self.journal(2, call, stage, "NONE", "ENTERQUEUE", "", "000", "1")
        if command.number % 5 == 0:
            return
        if command.number % 2:
            self.journal(3, call, stage, "drill-2", "RINGNOANSWER", "1000")
            self.journal(5, call, stage, "drill-1", "CONNECT", "3", "node1-1.99", "3")
            self.journal(11, call, stage, "drill-1", "COMPLETECALLER", "3", "6", "1")
        else:
            self.journal(17, call, queue, "NONE", "OVERFLOW", "1")
            self.journal(22, call, f"{stage}.backup", "NONE", "ABANDON", "1", "1", "20")
        self.journal(22, call, "NONE", "NONE", "ENDED", "16")

    def ends(self, drill_id: int, why: str | None = None) -> None:
        """All that lasts."""
        with self.counter.database.reading() as session:
            on_the_line = select(DrillCallRow).where(
                DrillCallRow.drill_id == drill_id, DrillCallRow.entered_at.is_not(None), DrillCallRow.ended_at.is_(None))
            for row in session.scalars(on_the_line):
                if why:
                    self.journal(0, row.call_id, "NONE", "NONE", "DRILLOVER", why)
                self.journal(0, row.call_id, "NONE", "NONE", "ENDED", "16")

    def numbers(self, drill_id: int) -> list[int]:
        return [each.number for each in self.asked if isinstance(each, DrillCall) and each.drill_id == drill_id]

    def _read_until(self) -> datetime | None:
        if self.catches_up:
            self.recorder.poll()
        return self.recorder.read_until

    def _tell(self, event: Any) -> None:
        assert isinstance(event, DrillChanged)
        self.told.append(event.drill)

    def _report(self, component: str, state: Health, detail: str = "") -> None:
        self.reported = detail


@pytest.fixture
def counter(migrated_url: str, tmp_path: Path) -> Iterator[Counter]:
    made = Counter(migrated_url, tmp_path)
    yield made
    made.close()


@pytest.mark.rule("H12", part="a drill on the live line: apart from every figure, stopped in one act, summed up, compared")
def test_a_drill_is_played_once_stopped_at_once_counted_apart_and_compared_with_the_last(
        counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hotline = Hotline(counter, tmp_path)
    monkeypatch.setattr(keeper, "IDLE_S", 0.0)
    supervisor, leader, agent = (counter.person(role) for role in (Role.SUPERVISOR, Role.LEADER, Role.AGENT))
    wanted = {"scenario": SCENARIO, "reason": "雨季前"}
    for nobody in (leader, agent):
        assert nobody.ask("POST", "/drills", json=wanted).status_code == 403
    unfit = {"scenario": SCENARIO | {"minutes": 240, "number": "123"}, "reason": "x"}
    assert faults(supervisor.ask("POST", "/drills", json=unfit)) == [("minutes", "too_much"), ("number", "no_option")]
    first = well(supervisor.ask("POST", "/drills", json=wanted, key="d1"))
    assert well(supervisor.ask("POST", "/drills", json=wanted, key="d1"))["drill_id"] == first["drill_id"], "the same drill"
    assert supervisor.ask("POST", "/drills", json=wanted).json()["code"] == "drill_on"
    ident, planned = first["drill_id"], first["planned"]
    assert 20 <= planned <= 45

    hotline.rounds(10)
    assert hotline.asked[0] == BeginDrill(ident, 4)
    before = hotline.numbers(ident)
    assert before == list(range(1, len(before) + 1))
    assert before
    hotline.begin_anew()                        # crm is killed; who was due meanwhile is not made up for
    counter.clock.advance(12)
    hotline.rounds(3)
    assert len(set(hotline.numbers(ident))) == len(hotline.numbers(ident)), "nobody is called twice"
    assert hotline.told[-1].calls == leader.read(f"/drills/{ident}")["begun"]
    real = "node1-1795406400.7"
    hotline.journal(0, real, "NONE", "NONE", "ENTERED", "8000", "13800000001", "node1")
    hotline.journal(0, real, "repair", "NONE", "ENTERQUEUE", "", "1", "1")
    hotline.journal(0, f"drill-{ident}-node1-1795406400.1", "NONE", "1001", "AGENTSTATE", "1001", "TALKING", "", "")

    of_it = agent.ask("POST", "/tickets", json={"kind": "enquiry", "call_id": f"drill-{ident}-node1-1.1", "fields": {"what": "?"}})
    assert (of_it.status_code, of_it.json()["code"]) == (409, "drill_call")
    stopped = well(leader.ask("POST", f"/drills/{ident}/stop"))
    assert (stopped["acd"], stopped["drill"]["state"], stopped["drill"]["why"]) == ("done", "stopping", "by_hand")
    assert StopDrill(ident) in hotline.asked
    called = hotline.numbers(ident)
    hotline.recorder.poll()
    hotline.ends(ident, "stopped")
    hotline.rounds(5)
    assert hotline.numbers(ident) == called, "nobody is called after the stop"
    assert hotline.told[-1].ended_at is not None
    well(leader.ask("POST", f"/drills/{ident}/stop"))
    well(leader.ask("POST", f"/drills/{ident}/notes", json={"text": "二线座席接得慢"}))
    over = agent.read(f"/drills/{ident}")
    summary = over["summary"]
    fifths = sum(number % 5 == 0 for number in called)
    odd = sum(number % 2 == 1 for number in called) - sum(number % 10 == 5 for number in called)
    even = len(called) - fifths - odd
    assert (over["state"], over["stopped_by"], over["against"]) == ("over", "leader", None)
    assert [(note["by"], note["text"]) for note in over["notes"]] == [("leader", "二线座席接得慢")]
    assert (summary["calls"], summary["stopped"], summary["open"]) == (len(called), fifths, 0)
    assert summary["refused"]["late"] > 0
    assert (summary["all"]["offered"], summary["all"]["answered"], summary["all"]["abandoned"], summary["all"]["overflowed"]) == (
        odd + even, odd, even, even)
    assert (summary["all"]["mean_wait_s"], summary["all"]["longest_wait_s"], summary["all"]["mean_talk_s"]) == (3, 20, 6)
    assert set(summary["queues"]) <= {"repair", "complaint"}
    assert sum(queue["offered"] for queue in summary["queues"].values()) == odd + even

    second = well(supervisor.ask("POST", "/drills", json=wanted | {"scenario": SCENARIO | {"agents": 5}}))["drill_id"]
    hotline.rounds(70, is_read=False)
    hotline.catches_up = True
    hotline.rounds(1, is_read=False)
    assert agent.read(f"/drills/{second}")["state"] == "running", "a journal that comes late is read before its calls are counted"
    hotline.ends(second)
    hotline.rounds(8)
    done = agent.read(f"/drills/{second}")
    assert (done["state"], done["why"], done["against"], done["changed"]) == ("over", "done", ident, ["agents"])
    assert hotline.numbers(second) == list(range(1, planned + 1)), "the same callers, every one of them"
    assert done["differs"]["offered"] == done["summary"]["all"]["offered"] - summary["all"]["offered"]
    assert done["differs"]["mean_talk_s"] == 0
    monkeypatch.delattr(service, "callers")     # thousands a drill: of one that is over they are counted
    assert [(one["drill_id"], one["planned"]) for one in agent.read("/drills")["items"]] == [(second, planned), (ident, planned)]

    assert supervisor.read("/tickets", kind="drill")["items"] == []
    counter.clock.advance(91 * 86_400)
    manager, shipped = counter.person(Role.MANAGER), shipped_texts()["drill"]
    kinds = (shipped.replace("en: What is drilled}, type: text, longest: 200", "en: What is drilled}, type: number"),
             shipped.replace("  last: {name", "  before: {name"))
    for kind, said in zip(kinds, ["no_ticket:fields_unfit", ""], strict=True):
        well(manager.ask("PUT", "/kinds/drill", content=kind.encode(), headers={"Content-Type": "text/yaml"}))
        hotline.begin_anew()
        next(hotline.keeper.rounds(threading.Event()))
        assert hotline.reported == said, "a kind of the site's own keeps nobody from the next drill"
    for _ in range(2):
        hotline.begin_anew()
        hotline.keeper.step()
    [due] = supervisor.read("/tickets", kind="drill")["items"]
    assert due["title"] == SCENARIO["name"], "and its clocks see to it that one is held, summed up, and changes the plan"

    with counter.database.reading() as session:
        assert session.scalars(select(CallRow.call_id)).all() == [real], "a drill's calls are no calls"
        for table in (JournalReject, ContactEntry, TalkSegment, MissedRing):
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
        assert session.scalars(select(QueueTally.name)).all() == ["repair"], "nor are they in the comparison with app_queue"
        [state] = session.scalars(select(AgentStateRow).where(AgentStateRow.agent == "1001"))
        assert (state.state, state.reason) == ("paused", "drill"), "nor any agent's work"
        audit = session.execute(select(AuditEntry.action, AuditEntry.who).where(AuditEntry.action.startswith("drill."))).all()
        assert [tuple(one) for one in audit] == [
            ("drill.begun", "supervisor"), ("drill.stopped", "leader"), ("drill.noted", "leader"), ("drill.begun", "supervisor")]
        told = session.scalars(select(OutboxEntry.what).where(OutboxEntry.subject == f"drill:{second}")).all()
        assert told == ["drill.begun", "drill.ended"]


@pytest.mark.rule("H12", part="a drill is in nobody's way")
def test_a_drill_ends_by_itself_when_real_callers_wait_when_a_surge_is_real_and_when_acd_is_gone(
        counter: Counter, tmp_path: Path) -> None:
    hotline = Hotline(counter, tmp_path)
    supervisor = counter.person(Role.SUPERVISOR)

    def begun(**more: object) -> int:
        ident: int = well(supervisor.ask("POST", "/drills", json={"scenario": SCENARIO | more, "reason": "x"}))["drill_id"]
        hotline.rounds(6)
        return ident

    def why(ident: int) -> str:
        hotline.recorder.poll()
        hotline.ends(ident)
        hotline.rounds(5)
        over = supervisor.read(f"/drills/{ident}")
        assert over["state"] == "over"
        return str(over["why"])

    waits = Call("node1-1.1", CallState.QUEUED, NOON, NOON, queue="repair", queued_at=NOON)
    simulated = begun()
    hotline.board = replace(hotline.board, calls={waits.call_id: waits})
    hotline.rounds(3)
    assert supervisor.read(f"/drills/{simulated}")["state"] == "running", "its seats are nobody's"
    hotline.board = replace(hotline.board, surge=Surge(1, 1, NOON))
    hotline.rounds(1)
    assert (StopDrill(simulated) in hotline.asked, why(simulated)) == (True, "surge")
    hotline.board = Board()
    real = begun(seats="real")
    assert hotline.asked[-1] != BeginDrill(real, 4)
    assert BeginDrill(real, 0) in hotline.asked
    hotline.board = replace(hotline.board, calls={waits.call_id: waits})
    hotline.rounds(1)
    assert why(real) == "callers"
    hotline.board = Board(drill=Drill(real, "x", NOON))
    hotline.rounds(6)
    assert hotline.told[-1].ended_at is not None, "a board that still says so is told"
    hotline.board = Board()
    third = begun()
    hotline.silent = True
    stopped = supervisor.ask("POST", f"/drills/{third}/stop").json()
    assert (stopped["acd"], stopped["drill"]["state"]) == ("unavailable", "stopping")
    hotline.rounds(5, every=timedelta(seconds=20).total_seconds())
    assert supervisor.read(f"/drills/{third}")["state"] == "over", "its calls have ended by themselves"
