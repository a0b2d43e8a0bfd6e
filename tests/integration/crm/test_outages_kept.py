"""An outage's story in the database, and the callers whom it cost a call rung back (C2, C4), on both databases."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import Mock
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.clock import FakeClock
from callcenter.commands import Answer, Command, RingBack
from callcenter.events import AnyEvent, CallbackChanged, CallbackState
from callcenter.roles import Role
from callcenter.settings import CHECKOUT
from callcenter.site import load_site
from crm.callbacks.caller import CallbackCaller
from crm.callbacks.rules import RetryRule
from crm.callers.models import Treatment
from crm.calls.journal import parse_queue_log
from crm.calls.recorder import Recorder, Source
from crm.database import Database
from crm.kinds.service import put_shipped
from crm.outages import calling_back, keeper, service
from crm.outages.guard import INBOX
from crm.outages.keeper import OutageKeeper
from crm.outages.ladder import Acknowledged, Began, Ended, Happening, Told
from crm.outages.models import LostCaller, OutageLine, OutageRow
from crm.outages.schemas import LostCallerShown
from crm.outages.story import STORY, TOLD, Line, Log, written
from crm.outages.ways import Message, Tried
from crm.outbox.models import OutboxEntry
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import AuditEntry
from crm.tickets.models import Ticket

START = 1_795_320_000
TZ = ZoneInfo("Asia/Shanghai")
RULE = RetryRule(tries=2, retry=timedelta(minutes=5))
LEADER = Actor("leader", roles=frozenset({Role.LEADER}))
OUTAGE = "asterisk-20261122-040000"


def at(second: float) -> datetime:
    return datetime.fromtimestamp(START + second, UTC)


@dataclass
class House:
    """A journal, its recorder, the guard's files and what crm makes of both."""

    database: Database
    folder: Path
    clock: FakeClock = field(default_factory=lambda: FakeClock(at(0)))
    asked: list[Command] = field(default_factory=list)
    told: list[AnyEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.database, (Source("node1/queue_log", self.folder / "queue_log", parse_queue_log),),
                                 node="node1", tz=TZ, short_abandon_s=5, clock=self.clock, callbacks=RULE)
        self.rings = CallbackCaller(self.database, RULE, self.clock, ask=self._ask, tell=lambda _: None,
                                    read_until=lambda: self.recorder.read_until)
        self.keeper = self.new_keeper()
        self.story, self.messages = Log(self.folder / "guard" / STORY), Log(self.folder / "guard" / TOLD)
        self.story.open()
        self.messages.open()
        with self.database.writing.begin() as session:
            put_shipped(session, at(0))

    def new_keeper(self) -> OutageKeeper:
        return OutageKeeper(self.database, load_site(CHECKOUT / "asterisk-config/site.yaml"), self.folder / "guard", self.clock,
                            self.told.append, lambda: self.recorder.read_until)

    def _ask(self, command: Command) -> Answer:
        self.asked.append(command)
        return Answer("", "done")

    def journal(self, lines: Iterable[str]) -> None:
        with (self.folder / "queue_log").open("a") as log:
            log.writelines(f"{line}\n" for line in lines)

    def call(self, place: int, number: str, begin: int, end: str, *, lasts: int = 30) -> str:
        """`end`: abandon, answered, cut, open, menu."""
        ident, t = f"node1-{START + begin}.{place}", START + begin
        lines = [f"{t}|{ident}|NONE|NONE|ENTERED|8000|{number}|node1"]
        if end != "menu":
            lines.append(f"{t + 1}|{ident}|repair|NONE|ENTERQUEUE||{number}|1")
        if end in ("answered", "cut", "open"):
            lines.append(f"{t + 4}|{ident}|repair|1001|CONNECT|3|node1-{t + 2}.9{place}|2")
        match end:
            case "abandon":
                lines += [f"{t + lasts}|{ident}|repair|NONE|ABANDON|1|1|{lasts}", f"{t + lasts}|{ident}|NONE|NONE|ENDED|16"]
            case "answered" | "cut":
                lines += [f"{t + lasts}|{ident}|repair|1001|COMPLETECALLER|3|9|1",
                          f"{t + lasts}|{ident}|NONE|NONE|ENDED|{16 if end == 'answered' else 41}"]
        self.journal(lines)
        return ident

    def tells(self, *happened: Happening, tried: Iterable[Tried] = ()) -> None:
        assert self.story.add(written(one) for one in happened)
        assert self.messages.add(one.written() for one in tried)

    def now(self, second: float) -> None:
        self.clock.advance((at(second) - self.clock.now()).total_seconds())
        self.recorder.poll()
        self.recorder.poll()      # nothing more: what was journalled by now is known

    def callers(self) -> dict[str, LostCallerShown]:
        with self.database.reading() as session:
            return {one.call_id: one for one in service.callers(session, View(SYSTEM), OUTAGE)}


@pytest.fixture
def house(database: Database, tmp_path: Path) -> House:
    return House(database, tmp_path)


@pytest.mark.rule("C2", "C4", part="a clock that is put back in an outage")
def test_an_outage_in_which_the_clock_was_put_back_begins_before_it_ends_and_its_callers_are_listed(house: House) -> None:
    lost = house.call(1, "13900000001", 300, "abandon")
    house.now(700)
    house.tells(Began(OUTAGE, "asterisk", at(3915), at(3900)), Told(OUTAGE, at(3915), 0, 0, ("leader",)),
                Told(OUTAGE, at(4200), 1, 300, ("supervisor",)), Ended(OUTAGE, at(660), at(600)))      # an hour less since then
    house.keeper.step()
    with house.database.reading() as session:
        row = session.scalars(select(OutageRow)).one()
    assert (row.began_at, row.ended_at, row.over_at) == (at(300), at(600), at(660))
    assert set(house.callers()) == {lost}


@pytest.mark.rule("C2", "C4", "D1")
def test_when_it_is_over_everybody_who_was_lost_is_rung_back_once_and_nobody_else(house: House) -> None:
    with house.database.writing.begin() as session:
        session.add(Treatment(number="13900000006", level="block", state="active", reason="x", by="leader", at=at(0)))
    tired = house.call(1, "13900000001", 100, "abandon")
    house.call(2, "13900000002", 110, "abandon")
    cut = house.call(3, "13900000003", 60, "cut", lasts=60)
    house.call(4, "13900000004", 200, "answered")
    lost = house.call(5, "13900000005", 210, "open")
    house.call(6, "13900000006", 120, "abandon")
    house.call(7, "", 130, "abandon")
    house.journal([f"{START + 300}|NONE|NONE|NONE|QUEUESTART|"])
    house.call(8, "13900000002", 320, "answered")                       # got through
    house.call(9, "13900000001", 150, "abandon", lasts=40)              # twice
    robot = Message(OUTAGE, "0", "robot:ops", "")
    house.tells(Began(OUTAGE, "asterisk", at(110), at(100), "no_answer"), Told(OUTAGE, at(110), 0, 0, ("leader",)),
                tried=[Tried(robot, at(111), "http_503"), Tried(robot, at(121))])
    house.now(310)
    house.keeper.step()
    assert house.callers() == {}                                        # it is not over
    house.tells(Ended(OUTAGE, at(360), at(299)))
    house.now(360)
    house.keeper.step()
    assert house.callers() == {}                                        # the journal may not be read yet
    house.now(370)
    house.keeper.step()
    found = house.callers()
    assert {ident: one.how for ident, one in found.items()} == {
        f"node1-{START + 150}.9": "abandoned", cut: "cut_off", lost: "lost"}
    assert tired not in found
    assert all(one.callback == "waiting" and one.rings and one.ticket_state == "open" for one in found.values())
    assert {one.callback.callback_id for one in house.told if isinstance(one, CallbackChanged)} == set(found)
    with house.database.reading() as session:
        story = service.outage(session, View(SYSTEM), OUTAGE)
        assert (story.outage.lost, story.outage.unreachable, story.outage.ended_at) == (3, 1, at(299))
        assert [line.what for line in story.lines] == ["Began", "Told", "not_sent", "sent", "Ended"]
        tickets = {ticket.cause: ticket for ticket in session.scalars(select(Ticket))}
        assert tickets[f"callback:{cut}"].category == "fault"

    for again in (house.keeper, house.new_keeper()):                    # also after crm was killed
        again.step()
    house.rings.step()
    asked = [command for command in house.asked if isinstance(command, RingBack)]
    assert {command.callback_id for command in asked} == set(found)
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutageLine)) == 5
        noted = select(OutboxEntry.what).where(OutboxEntry.what.startswith("outage.")).order_by(OutboxEntry.id)
        assert list(session.scalars(noted)) == ["outage.began", "outage.ended", "outage.listed"]

    house.journal([f"{START + 400}|node1-1.77|repair|NONE|PLACE|{cut}|1|13900000003|",
                   f"{START + 401}|node1-1.77|repair|1001|CONNECT|1|node1-1.78|1",
                   f"{START + 402}|node1-1.77|repair|1001|RANGBACK|{cut}|1|answered",
                   f"{START + 460}|node1-1.77|NONE|NONE|ENDED|16"])
    house.now(470)
    after = house.callers()[cut]
    assert (after.callback, after.attempts, after.ticket_state) == ("done", 1, "closed")


@pytest.mark.rule("C4")
def test_an_asterisk_that_is_back_before_it_was_an_outage_owes_its_callers_a_call_too(house: House) -> None:
    lost = house.call(1, "13900000001", 10, "open")
    served = house.call(2, "13900000002", 12, "open")
    house.journal([f"{START + 20}|NONE|NONE|NONE|QUEUESTART|"])
    house.call(3, "13900000002", 30, "answered")
    house.now(100)
    house.keeper.step()
    assert house.told == []                      # it may yet be part of an outage
    house.now(200)
    for again in (house.new_keeper(), house.new_keeper()):
        again.step()
    assert [one.callback.callback_id for one in house.told if isinstance(one, CallbackChanged)] == [lost]
    with house.database.reading() as session:
        rows = {row.call_id: (row.outage_id, row.rings) for row in session.scalars(select(LostCaller))}
    assert rows == {lost: (None, True), served: (None, False)}


@pytest.mark.rule("C2")
def test_who_acknowledges_on_a_page_or_by_command_is_kept_once_audited_and_told_to_the_guard(house: House) -> None:
    house.tells(Began(OUTAGE, "asterisk", at(10), at(0)), Began("redis-20261122-040000", "redis", at(10), at(0)))
    house.now(20)
    house.keeper.step()
    with house.database.writing.begin() as session:
        assert service.acknowledge(session, LEADER, OUTAGE, at(30)).acknowledged_by == "leader"
        assert service.acknowledge(session, Actor("manager"), OUTAGE, at(31)).acknowledged_by == "leader"
    house.keeper.step()
    house.keeper.step()
    assert [file.name for file in (house.folder / "guard" / INBOX).iterdir()] == [f"{OUTAGE}.json"]
    house.tells(Acknowledged(OUTAGE, at(33), "leader"), Acknowledged("redis-20261122-040000", at(34), "console"),
                Ended(OUTAGE, at(100), at(40)))
    house.now(110)
    house.keeper.step()
    house.tells(Began("agi-20261122-040000", "agi", at(10), at(0)), Ended("agi-20261122-040000", at(100), at(40)))
    house.keeper.step()
    with house.database.writing.begin() as session:
        with pytest.raises(service.OutageOver):
            service.acknowledge(session, LEADER, "agi-20261122-040000", at(120))
        shown = service.outage(session, View(SYSTEM), OUTAGE).outage
        noted = service.note_cause(session, LEADER, OUTAGE, " the power supply ", at(130), shown.version)
        assert (noted.cause, noted.cause_by) == ("the power supply", "leader")
    with house.database.reading() as session:
        audited = session.execute(select(AuditEntry.who, AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.id)).all()
    assert [tuple(row) for row in audited] == [
        ("leader", "outage.acknowledged", f"outage:{OUTAGE}"), ("console", "outage.acknowledged", "outage:redis-20261122-040000"),
        ("leader", "outage.cause_noted", f"outage:{OUTAGE}")]


@pytest.mark.rule("C2")
def test_a_message_that_is_read_before_the_beginning_of_its_outage_is_kept_with_it(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, new_lines = iter(range(10)), keeper._new_lines

    def looked(session: Session, path: Path) -> list[Line]:
        assert next(looks, None) is not None, "it reads the same lines again and again"
        return new_lines(session, path)

    monkeypatch.setattr(keeper, "_new_lines", looked)
    house.tells(tried=[Tried(Message(OUTAGE, "0", "robot:ops", ""), at(111))])
    house.now(120)
    house.keeper.step()
    with house.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutageLine)) == 0
    house.tells(Began(OUTAGE, "asterisk", at(110), at(100), "no_answer"))
    house.keeper.step()
    with house.database.reading() as session:
        assert [line.what for line in service.outage(session, View(SYSTEM), OUTAGE).lines] == ["Began", "sent"]


@pytest.mark.rule("C4")
def test_who_called_again_and_is_still_talking_is_not_rung(house: House) -> None:
    house.call(1, "13900000001", 120, "abandon")
    house.call(2, "13900000001", 330, "open")
    waits = house.call(3, "13900000002", 130, "abandon")
    house.tells(Began(OUTAGE, "asterisk", at(110), at(100)), Ended(OUTAGE, at(360), at(299)))
    house.now(370)
    house.keeper.step()
    assert set(house.callers()) == {waits}


@pytest.mark.rule("C4")
def test_who_calls_again_and_is_answered_before_the_line_rings_is_not_rung_and_the_ticket_is_closed(
        house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    through, cut, tired, lost = (house.call(place, f"1390000000{place}", 120 + place, "abandon") for place in range(1, 5))
    house.tells(Began(OUTAGE, "asterisk", at(110), at(100)), Ended(OUTAGE, at(360), at(299)))
    house.now(370)
    house.keeper.step()
    assert set(house.callers()) == {through, cut, tired, lost}
    house.call(11, "013900000001", 380, "open")
    house.call(12, "13900000002", 380, "cut", lasts=10)                 # owed a call all the same
    house.call(13, "13900000003", 380, "abandon", lasts=10)
    looked = Mock(wraps=calling_back.calls_since)
    monkeypatch.setattr(calling_back, "calls_since", looked)
    house.now(400)
    house.keeper.step()
    house.keeper.step()
    assert [one.args[1] for one in looked.call_args_list] == [at(400 - 120)] * 2, "not the whole night's, every other second"
    assert {ident: (one.callback, one.ticket_state) for ident, one in house.callers().items()} == {
        through: ("cancelled", "closed"), cut: ("waiting", "open"), tired: ("waiting", "open"), lost: ("waiting", "open")}
    assert [one.callback.callback_id for one in house.told if isinstance(one, CallbackChanged)
            and one.callback.state is CallbackState.CANCELLED] == [through]
    house.rings.step()
    assert {command.callback_id for command in house.asked if isinstance(command, RingBack)} == {cut, tired, lost}
