"""Every cell of acd/agents/transitions.py's table, on facts folded from AMI events; and that nobody can get stuck."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.agents import transitions
from acd.agents.shown import agent_state, show_agent, wrapup_until
from acd.agents.transitions import TABLE, AgentCommand, Column, Decision, Refusal, Rules, Situation, Step, decide
from acd.ami import events as ami
from acd.desired.book import Book
from acd.floor.facts import Floor
from acd.floor.fold import fold, tick
from acd.plan import FloorPlan, QueuePlan, SeatPlan
from callcenter.commands import (
    AskHelp,
    CloseQueue,
    EndHelp,
    ExtendWrapUp,
    MoveSeat,
    Pause,
    PauseReason,
    Resume,
    SignIn,
    SignOut,
)
from callcenter.events import AgentShown
from callcenter.events import AgentState as S
from callcenter.roster import Agent, Roster

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
WRAPUP_S = 20
SEATS = ("1001", "1002", "1003")
RULES = Rules(free_seating=True, seats=frozenset(SEATS), queues=frozenset({"repair"}), misses=3,
              fault_after=timedelta(seconds=6), wrapup_extension=timedelta(seconds=300), ring_ms=5000)
ROSTER = Roster({"801": Agent("801", "陈静"), "802": Agent("802", "李晓梅")})
CALLER, LEG = "node1-1795365014.1", "node1-1795365014.2"


def plan(wrapup_s: int) -> FloorPlan:
    return FloorPlan("node1", {seat: SeatPlan(seat, seat, "primary") for seat in SEATS},
                     {"repair": QueuePlan("repair", wrapup_s)}, 30)


@dataclass
class Case:
    """Agent 801, whose seat is 1001 until it moves to 1002."""

    floor: Floor = field(default_factory=lambda: Floor(plan(WRAPUP_S), online=set(SEATS)))
    book: Book = field(default_factory=Book)
    now: datetime = START
    shown: AgentShown | None = None

    def __post_init__(self) -> None:
        self._look()

    @property
    def state(self) -> S:
        assert self.shown is not None
        return self.shown.state

    @property
    def seat(self) -> str:
        return self.book.agents["801"].seat if "801" in self.book.agents else "1001"

    def situation(self) -> Situation:
        assert self.shown is not None
        entry = self.book.agents.get("801")
        return Situation(self.now, self.state, self.shown.since, wrapup_until(self.floor, entry, self.now) if entry else None,
                         frozenset(self.floor.online))

    def order(self, command: AgentCommand) -> Decision:
        decision = decide(self.book, command, RULES, ROSTER, self.situation())
        self.book = decision.book
        if decision.ends_wrapup:
            self.floor.wrapups.clear()
        self._look()
        return decision

    def passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        tick(self.floor, self.now)
        self.book = transitions.end_wrapups(self.book, self.now)
        self._look()

    def happens(self, column: Column) -> Decision | None:
        self.now += timedelta(milliseconds=100)
        match column:
            case Column.SIGN_IN:
                return self.order(SignIn("801", self.seat))
            case Column.MOVE:
                return self.order(MoveSeat("801", "1002" if self.seat == "1001" else "1001"))
            case Column.SIGN_OUT:
                return self.order(SignOut("801"))
            case Column.PAUSE:
                return self.order(Pause("801", PauseReason.MEAL))
            case Column.RESUME:
                return self.order(Resume("801"))
            case Column.EXTEND:
                return self.order(ExtendWrapUp("801", 30))
            case Column.HELP:
                return self.order(AskHelp("801", "angry"))
        self._at_the_phone(column)
        self._look()
        return None

    def _at_the_phone(self, column: Column) -> None:
        match column:
            case Column.RANG if not self.floor.channels:
                self._fold(ami.ChannelCreated(CALLER, "PJSIP/trunk-1", CALLER, 4, "13800138000", "from-trunk", "8000"))
                self._fold(ami.CallerJoined(CALLER, "PJSIP/trunk-1", "13800138000", "repair"))
                self._fold(ami.ChannelCreated(LEG, f"PJSIP/{self.seat}-2", CALLER, 0, "", "from-seats", ""))
                self._fold(ami.ChannelStateChanged(LEG, 5))
            case Column.ANSWERED if LEG in self.floor.channels:
                self._fold(ami.ChannelStateChanged(LEG, 6))
                self._fold(ami.ChannelStateChanged(CALLER, 6))
                for channel in (LEG, CALLER):
                    self._fold(ami.BridgeEntered("b1", channel, CALLER))
                self.book = transitions.answered(self.book, self.seat)
            case Column.HELD:
                self._fold(ami.HeldOrNot(LEG, held=True))
            case Column.UNHELD:
                self._fold(ami.HeldOrNot(LEG, held=False))
            case Column.HUNG_UP:
                if self.floor.channels.get(LEG) and self.floor.channels[LEG].bridge:
                    self._fold(ami.SeatCompleted(CALLER, "repair", self.floor.channels[LEG].name.rpartition("-")[0], LEG))
                for channel in (LEG, CALLER):
                    self._fold(ami.HungUp(channel, 16))
            case Column.MISSED | Column.MISSED_OUT:
                if self.state is S.RINGING:
                    self._fold(ami.SeatMissed(CALLER, "repair", f"PJSIP/{self.seat}", LEG, 10_000))
                for _ in range(RULES.misses if column is Column.MISSED_OUT else 1):
                    self.book = transitions.missed(self.book, self.seat, RULES, 10_000)
            case Column.WRAPUP_OVER:
                self.passes(WRAPUP_S)
            case Column.PHONE_GONE:
                self.floor.online.discard(self.seat)
                self.book = transitions.fault_began(self.book, self.seat, self.now)
                self.passes(RULES.fault_after.total_seconds())
            case Column.PHONE_BACK:
                self.floor.online.add(self.seat)
                self.book = transitions.fault_ended(self.book, self.seat)

    def _fold(self, event: ami.AmiEvent) -> None:
        fold(self.floor, event, self.now)

    def _look(self) -> None:
        self.shown = show_agent(self.floor, self.book, ROSTER.agents["801"], self.now, self.shown)


PATHS = {
    S.SIGNED_OUT: (),
    S.READY: (Column.SIGN_IN,),
    S.RINGING: (Column.SIGN_IN, Column.RANG),
    S.TALKING: (Column.SIGN_IN, Column.RANG, Column.ANSWERED),
    S.HELD: (Column.SIGN_IN, Column.RANG, Column.ANSWERED, Column.HELD),
    S.WRAPUP: (Column.SIGN_IN, Column.RANG, Column.ANSWERED, Column.HUNG_UP),
    S.PAUSED: (Column.SIGN_IN, Column.PAUSE),
    S.AWAY: (Column.SIGN_IN, Column.MISSED_OUT),
    S.FAULT: (Column.SIGN_IN, Column.PHONE_GONE),
}
# Where the book leaves an agent who was brought into the row's state as above, and whose phone is then idle.
RESTS = {(S.TALKING, Column.HUNG_UP): S.WRAPUP, (S.HELD, Column.HUNG_UP): S.WRAPUP}


def brought_to(state: S) -> Case:
    case = Case()
    for column in PATHS[state]:
        case.happens(column)
    assert case.state is state
    return case


@pytest.mark.parametrize(("state", "column"), [pytest.param(*key, id=f"{key[0]} {key[1]}") for key in TABLE])
def test_every_cell_is_what_happens(state: S, column: Column) -> None:
    case, cell = brought_to(state), TABLE[state, column]
    before = case.book
    decision = case.happens(column)
    if isinstance(cell, Refusal):
        assert decision is not None
        assert (decision.code, decision.book, case.state) == (cell, before, state)
        return
    if decision is not None:
        assert decision.code == "done"
    if cell is Step.REST:
        assert case.state is RESTS.get((state, column), S.READY)
    else:
        assert case.state is (state if cell is Step.STAYS else cell)


@given(st.lists(st.sampled_from(Column), max_size=25))
def test_from_wherever_it_came_the_phone_back_idle_and_resumed_is_ready(columns: list[Column]) -> None:
    case = Case()
    for column in columns:
        case.happens(column)
    signed_in = "801" in case.book.agents
    for column in (Column.HUNG_UP, Column.PHONE_BACK, Column.RESUME):
        case.happens(column)
    assert case.state is (S.READY if signed_in else S.SIGNED_OUT)


@given(st.lists(st.sampled_from(Column), max_size=25))
def test_no_two_agents_are_ever_at_one_seat(columns: list[Column]) -> None:
    case = Case()
    for column in columns:
        case.happens(column)
        case.order(SignIn("802", "1002"))
        seats = [entry.seat for entry in case.book.agents.values()]
        assert len(seats) == len(set(seats))


@given(st.lists(st.sampled_from(Column), max_size=25))
def test_an_order_that_is_repeated_changes_nothing_more(columns: list[Column]) -> None:
    case = Case()
    for column in columns:
        case.happens(column)
        for command in (Pause("801", PauseReason.BREAK), SignIn("801", case.seat), AskHelp("801"), EndHelp("801")):
            case.order(command)
            once = case.book, case.state
            case.order(command)
            assert (case.book, case.state) == once


@pytest.mark.parametrize("state", [S.RINGING, S.TALKING, S.HELD])
def test_a_pause_asked_for_in_a_talk_begins_after_it(state: S) -> None:
    case = brought_to(state)
    case.happens(Column.PAUSE)
    assert case.state is state
    case.happens(Column.HUNG_UP)
    assert (case.state, case.shown and case.shown.reason) == (S.PAUSED, "meal")


def test_a_seat_that_is_taken_is_said_to_be_and_by_whom() -> None:
    case = brought_to(S.READY)
    decision = case.order(SignIn("802", "1001"))
    assert (decision.code, decision.detail) == ("seat_taken", "801")
    case.happens(Column.SIGN_OUT)
    assert case.order(SignIn("802", "1001")).code == "done"


def test_signing_in_elsewhere_moves_with_pause_and_wrapup() -> None:
    case = brought_to(S.WRAPUP)
    until = case.situation().wrapup_until
    case.order(SignIn("801", "1003"))
    assert (case.state, case.seat, case.shown and case.shown.until) == (S.WRAPUP, "1003", until)
    case.happens(Column.PAUSE)
    case.order(MoveSeat("801", "1002"))
    assert (case.state, case.seat, case.shown and case.shown.reason) == (S.PAUSED, "1002", "meal")


@pytest.mark.rule("C1")
def test_an_agent_whose_phone_is_dead_moves_to_a_spare_seat_in_one_act() -> None:
    case = brought_to(S.FAULT)
    assert case.order(MoveSeat("801", "1002")).code == "done"
    assert (case.state, case.seat) == (S.READY, "1002")


def test_nobody_moves_to_a_seat_without_a_phone_or_that_does_not_exist() -> None:
    case = brought_to(S.READY)
    case.floor.online = {"1001"}
    assert case.order(MoveSeat("801", "1002")).code == "seat_unreachable"
    assert case.order(MoveSeat("801", "4711")).code == "unknown_seat"
    assert case.order(SignIn("999", "1003")).code == "unknown_agent"
    assert (case.state, case.seat) == (S.READY, "1001")


def test_one_sits_down_at_a_browser_before_it_is_a_phone_but_not_where_somebody_sits() -> None:
    case = brought_to(S.READY)
    case.floor = replace(case.floor, online=frozenset({"1001"}))
    rules = replace(RULES, browsers=frozenset({"1002", "1001"}))
    situation = Situation(case.now, S.READY, case.now, reachable=frozenset({"1001"}))
    assert decide(case.book, MoveSeat("801", "1002"), rules, ROSTER, situation).code == "done"
    signed_out = replace(situation, state=S.SIGNED_OUT)
    assert decide(Book(), SignIn("802", "1002"), rules, ROSTER, signed_out).code == "done"
    assert decide(case.book, SignIn("802", "1001"), rules, ROSTER, signed_out).code == "seat_taken"


def test_who_misses_calls_in_a_row_is_away_and_an_answered_one_starts_the_count_anew() -> None:
    case = brought_to(S.READY)
    for column in (Column.MISSED, Column.MISSED, Column.RANG, Column.ANSWERED, Column.HUNG_UP, Column.MISSED, Column.MISSED):
        case.happens(column)
    assert case.shown
    assert (case.state, case.shown.missed) == (S.WRAPUP, 2)
    case.happens(Column.MISSED)
    assert (case.state, case.shown.missed) == (S.AWAY, 3)
    case.happens(Column.RESUME)
    assert (case.state, case.shown.missed) == (S.READY, 0)


def test_a_ring_cut_short_by_its_stage_is_no_miss_and_one_refused_at_the_phone_is() -> None:
    book = brought_to(S.READY).book
    assert transitions.missed(book, "1001", RULES, 3200) == book
    assert transitions.missed(book, "1001", RULES, 0).agents["801"].missed == 1
    assert transitions.missed(book, "1002", RULES, 10_000) == book


def test_a_wrapup_is_extended_as_far_as_the_site_allows_and_ends_by_itself() -> None:
    case = brought_to(S.WRAPUP)
    began = case.now
    case.order(ExtendWrapUp("801", 60))
    assert case.shown
    assert case.shown.until == began + timedelta(seconds=WRAPUP_S + 60)
    case.order(ExtendWrapUp("801", 10_000))
    assert case.shown.until == case.shown.since + RULES.wrapup_extension
    assert case.order(ExtendWrapUp("801", 10)).code == "not_now"
    case.passes(WRAPUP_S + 1)
    assert case.state is S.WRAPUP
    case.passes(RULES.wrapup_extension.total_seconds())
    assert (case.state, case.book.agents["801"].wrapup_until) == (S.READY, None)


def test_an_agent_who_dials_a_code_is_what_it_was() -> None:
    case = brought_to(S.PAUSED)
    code = "node1-1795365099.9"
    fold(case.floor, ami.ChannelCreated(code, "PJSIP/1001-9", code, 4, "1001", "from-seats", "*14"), case.now)
    for state in (4, 6):
        fold(case.floor, ami.ChannelStateChanged(code, state), case.now)
        assert agent_state(case.floor, case.book, "801", case.now) == (S.PAUSED, None)


@pytest.mark.rule("D2")
def test_help_is_asked_for_once_and_ended() -> None:
    case = brought_to(S.TALKING)
    case.order(AskHelp("801", "angry"))
    since = case.now
    case.passes(5)
    case.order(AskHelp("801"))
    assert case.shown
    assert (case.shown.help_since, case.shown.help_reason) == (since, "angry")
    case.order(EndHelp("801"))
    assert case.shown.help_since is None


def test_in_fixed_seating_nobody_signs_out_or_moves_but_everybody_may_pause() -> None:
    rules = replace(RULES, free_seating=False)
    case = brought_to(S.READY)
    for command in (SignOut("801"), MoveSeat("801", "1002"), SignIn("801", "1002")):
        assert decide(case.book, command, rules, ROSTER, case.situation()).code == "refused"
    assert decide(case.book, Pause("801", PauseReason.MEAL), rules, ROSTER, case.situation()).code == "done"


def test_a_queue_is_closed_and_opened() -> None:
    closed = transitions.decide_queue(Book(), CloseQueue("repair", closed=True), RULES)
    assert closed.book.closed == {"repair"}
    assert transitions.decide_queue(closed.book, CloseQueue("repair", closed=False), RULES).book.closed == frozenset()
    assert transitions.decide_queue(Book(), CloseQueue("nowhere", closed=True), RULES).code == "unknown_queue"


def test_whom_asterisk_names_is_adopted_and_who_sat_there_is_out() -> None:
    book = transitions.adopt(transitions.adopt(Book(), "801", "1001", START), "802", "1001", START)
    assert {entry.agent: entry.seat for entry in book.agents.values()} == {"802": "1001"}
    assert transitions.adopt(book, "802", "1002", START).agents["802"].seat == "1002"
