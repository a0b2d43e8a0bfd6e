"""Agents at work: orders and what happens at their phones change the book; what they are shown as is told and journalled.

Decides nothing itself: acd/agents/transitions.py says what becomes of the book, acd/agents/shown.py what is shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from acd.agents import transitions
from acd.agents.shown import show_agent, wrapup_until
from acd.agents.surge import at_tier
from acd.agents.transitions import AGENT_COMMANDS, AgentCommand, Decision, Rules, Situation, decide, decide_queue
from acd.ami.events import (
    BridgeEntered,
    BridgeLeft,
    FullyBooted,
    HeldOrNot,
    ReachabilityChanged,
    RecordingMuted,
    SeatCompleted,
    SeatMissed,
)
from acd.ami.news import Listeners
from acd.bus.orders import Handlers
from acd.desired.book import Book
from acd.desired.state import Desired
from acd.floor.facts import Floor
from acd.reconcile.wanted import told_by
from callcenter.clock import Clock
from callcenter.commands import DONE, Answer, CloseQueue, MoveSeat, Order, SignIn
from callcenter.drills import is_drill
from callcenter.errors import SixringError, Unavailable
from callcenter.events import AgentChanged, AgentShown, AgentState, AnyEvent, Board, FloorReset, SeatChanged, SeatFaultChanged
from callcenter.roster import Agent, Roster
from callcenter.stages import stage_of

log = structlog.get_logger(__name__)

LOST_CONTACT: Final = frozenset({"Unreachable", "Removed"})
BY_ITSELF: Final = ""          # nobody asked: the journal's `by`
BY_SURGE: Final = "surge"


class Line(Protocol):
    """What is done in Asterisk for agents (acd/agents/line.py)."""

    def journal(self, event: str, *, call_id: str | None, seat: str | None, data: Sequence[str]) -> None: ...

    async def end_wrapup(self, seat: str) -> None: ...

    async def forget_emergency(self, seat: str) -> None: ...


class Floors(Protocol):
    """FloorService, as far as it is needed here."""

    def floors(self) -> list[Floor]: ...

    def seat(self, agents: dict[str, str]) -> None: ...

    def end_wrapup(self, seat: str) -> None: ...


@dataclass(frozen=True)
class Keeping:
    """`save` begins to write the book, `saved` waits until it is on disk; `remembered` is the board of the process before this
    one; `lost`: there was no book to begin with, so that Asterisk's own database says who sits where."""

    save: Callable[[Book], None]
    saved: Callable[[], Awaitable[None]]
    remembered: Callable[[], Board]
    lost: bool = False


class Attendance:
    """`told` hears what is put onto the bus, `listeners` what Asterisk says; `run` watches the time."""

    def __init__(self, desired: Desired, rules: Rules, clock: Clock, floors: Floors, line: Line, keeping: Keeping,
                 put: Callable[[AnyEvent], None]) -> None:
        self._desired, self._rules, self._clock = desired, rules, clock
        self._floors, self._line, self._keeping, self._put = floors, line, keeping, put
        self._shown: dict[str, AgentShown] = {}
        self._journalled: dict[str, tuple[AgentState, str | None, str]] = {}
        self._gone: dict[str, datetime] = {}                  # seat → since when its phone cannot be reached
        self._seen: set[str] = set()                          # seats that have had a phone since the start
        self._releases: dict[str, datetime] = {}              # seat → when queues with a longer wrap-up are to let it go
        self._contacts: dict[str, dict[str, dict[str, bool]]] = {}       # node → seat → address → answers
        self._due = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._lost = keeping.lost
        self._by = BY_ITSELF                                  # who asked for the change that is under way
        desired.on_change(self._roster_or_book)

    def handlers(self) -> Handlers:
        return {**dict.fromkeys(AGENT_COMMANDS, self.carry_out), CloseQueue: self.close_queue}

    def shown(self) -> tuple[AgentShown, ...]:
        return tuple(self._shown.values())

    # --- orders

    async def close_queue(self, order: Order) -> Answer:
        if not isinstance(order.command, CloseQueue):
            raise TypeError(type(order.command).__name__)
        return await self._answer(order, decide_queue(self._desired.book, order.command, self._rules))

    async def carry_out(self, order: Order) -> Answer:
        """An AgentCommand."""
        if not isinstance(order.command, AgentCommand):
            raise TypeError(type(order.command).__name__)
        if not self._floors.floors():
            raise Unavailable("nothing is known of the phones yet")
        decision = self._decide(order.command)
        if decision.code == DONE and isinstance(order.command, SignIn | MoveSeat):
            self._sits_down(order.command.seat)
        entry = decision.book.agents.get(order.command.agent)
        if entry and decision.ends_wrapup:
            self._floors.end_wrapup(entry.seat)
            await self._line.end_wrapup(entry.seat)
            decision = self._decide(order.command)      # others have changed the book meanwhile
        return await self._answer(order, decision)

    def surge(self, tier: int) -> bool:
        """Whether anything has changed: pauses are lifted or given back, in everybody's sight."""
        before = self._desired.book
        self._change(at_tier(before, tier), BY_SURGE)
        return self._desired.book != before

    def change(self, book: Book, by: str) -> None:
        self._change(book, by)

    async def saved(self) -> None:
        await self._keeping.saved()

    async def _answer(self, order: Order, decision: Decision) -> Answer:
        self._change(decision.book, order.by)
        await self.saved()
        return Answer(order.order_id, decision.code, decision.detail)

    def _decide(self, command: AgentCommand) -> Decision:
        now, book = self._clock.now(), self._desired.book
        entry = book.agents.get(command.agent)
        floor = self._floor_of(entry.seat) if entry else None
        shown = self._shown.get(command.agent)
        situation = Situation(
            now, shown.state if shown else AgentState.SIGNED_OUT if entry is None else AgentState.READY,
            shown.since if shown else now,
            wrapup_until(floor, entry, now) if floor and entry else None,
            frozenset(seat for floor in self._floors.floors() for seat in floor.online if not self._is_lost(seat)))
        return decide(book, command, self._rules, self._desired.roster, situation)

    def take_roster(self, roster: Roster) -> None:
        """Who is no more in it is signed out first, as long as it is known who that was."""
        book = self._desired.book
        there = {code: entry for code, entry in book.agents.items() if code in roster.agents}
        self._change(replace(book, agents=there), BY_ITSELF)
        self._desired.set_roster(roster)

    # --- what happens

    def told(self, event: AnyEvent) -> None:
        """A seat's state changed, or all was read anew."""
        if isinstance(event, SeatChanged):
            self._phone(event.seat.seat)
            self._look_at(event.seat.seat)
        elif isinstance(event, FloorReset):
            for seat in sorted(self._rules.seats):
                self._phone(seat)
            self.look_at_all()

    def listeners(self) -> Listeners:
        return {SeatMissed: self._missed, SeatCompleted: self._after_call, ReachabilityChanged: self._contact,
                HeldOrNot: self._look_at_call, RecordingMuted: self._look_at_call, BridgeEntered: self._look_at_call,
                BridgeLeft: self._look_at_call, FullyBooted: self._booted}

    def _missed(self, node: str, event: SeatMissed) -> None:  # noqa: ARG002 - as all of them
        seat = self._seat_of(event.interface)
        if seat and seat not in self._gone and not is_drill(event.uniqueid):     # a drill takes nobody off the line
            self._change(transitions.missed(self._desired.book, seat, self._rules, event.ring_ms), BY_ITSELF)

    def _contact(self, node: str, event: ReachabilityChanged) -> None:
        if not event.uri or event.endpoint not in self._rules.seats:
            return
        seats = self._contacts.setdefault(node, {})
        answers = event.status not in LOST_CONTACT
        # One phone a seat: an address that answers takes the place of all others.
        seats[event.endpoint] = {event.uri: True} if answers else {**seats.get(event.endpoint, {}), event.uri: False}
        self._phone(event.endpoint)

    def _booted(self, node: str, event: FullyBooted) -> None:  # noqa: ARG002
        """Asterisk tells of a phone what changes, and of what changed while the link was cut nothing: the reading says that."""
        self._contacts.pop(node, None)
        self._floors.seat(self._seats())

    def came_back(self, seat: str, agent: str) -> None:
        """Signed in a moment ago with nobody to ask. It stands in Asterisk's database, of which a lost book needs all."""
        if not self._lost:
            self.adopt("", {f"emergency-sign-in/{seat}": agent})

    def adopt(self, node: str, switches: Mapping[str, str]) -> None:  # noqa: ARG002 - Reconciler's signature
        """What Asterisk's database says of agents who signed in while acd was dead, or of all when the book was lost."""
        all_of_it, self._lost = self._lost, False
        book, now = self._desired.book, self._clock.now()
        emergencies = {key.partition("/")[2]: agent for key, agent in switches.items() if key.startswith("emergency-sign-in/")}
        sitting = {key.partition("/")[2]: agent for key, agent in switches.items() if key.startswith("at-seat/")}
        for seat, agent in ({**sitting, **emergencies} if all_of_it else emergencies).items():
            number = switches.get(f"mobile/{seat}", "") if seat in self._rules.mobiles else ""
            known = seat in self._rules.seats and (bool(number) or seat not in self._rules.mobiles)
            if known and agent in self._desired.roster.agents:
                book = transitions.adopt(book, agent, seat, now, number)
                log.info("agent_adopted", agent=agent, seat=seat, emergency=seat in emergencies)
        if all_of_it:
            closed = frozenset(queue for queue in self._rules.queues if switches.get(f"closed/{queue}") == "1")
            book = replace(told_by(switches, book), closed=closed)
        self._change(book, "phone" if emergencies else BY_ITSELF)
        for seat in emergencies:
            self._start(self._line.forget_emergency(seat))

    def _start(self, act: Awaitable[None]) -> None:
        task = asyncio.ensure_future(act)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def run(self) -> None:
        while True:
            self._due.clear()
            self.tick()
            wait = self._until_next()
            try:
                async with asyncio.timeout(wait):
                    await self._due.wait()
            except TimeoutError:
                pass

    def tick(self) -> None:
        now = self._clock.now()
        self._change(transitions.end_wrapups(self._desired.book, now), BY_ITSELF)
        for seat, since in list(self._gone.items()):
            if now - since >= self._rules.fault_after:
                self._begin_fault(seat, since)
        for seat in [seat for seat, at in self._releases.items() if at <= now]:
            del self._releases[seat]
            self._start(self._release(seat))

    def _until_next(self) -> float | None:
        book = self._desired.book
        dues = [entry.wrapup_until for entry in book.agents.values() if entry.wrapup_until]
        dues += [since + self._rules.fault_after for seat, since in self._gone.items()
                 if seat not in book.faults and book.at(seat)]
        dues += self._releases.values()
        return max((min(dues) - self._clock.now()).total_seconds(), 0.001) if dues else None

    # --- wrap-up

    def _after_call(self, node: str, event: SeatCompleted) -> None:  # noqa: ARG002
        """app_queue keeps a seat from each queue for that queue's own wrap-up, although the call was another queue's: the
        longer ones are ended when the right one is over. (Measured: a shorter one never cuts the right one short.)"""
        seat = self._seat_of(event.interface)
        floor = self._floor_of(seat) if seat else None
        plan = floor.plan.queues.get(stage_of(event.queue).queue) if floor else None
        self._releases.pop(seat or "", None)      # of a call before this one
        if seat is None or floor is None or plan is None:
            return
        kept = floor.cut.get(seat) or max(other.wrapup_s for other in floor.plan.queues.values())
        if kept > plan.wrapup_s:
            self._releases[seat] = self._clock.now() + timedelta(seconds=plan.wrapup_s)
            self._due.set()

    async def free(self, seat: str) -> None:
        """A wrap-up that is nobody's wish ends: where it may, the phone rings again at once."""
        self._floors.end_wrapup(seat)
        await self._release(seat)

    async def _release(self, seat: str) -> None:
        try:
            await self._line.end_wrapup(seat)
        except SixringError as error:
            log.warning("wrapup_not_ended", seat=seat, reason=error.code)    # it ends by itself, only later

    # --- phones

    def _phone(self, seat: str) -> None:
        """Is it there? A phone that registers anew within `fault_after` is no fault."""
        floor = self._floor_of(seat)
        if floor is None:
            return
        if seat in floor.online and not self._is_lost(seat):
            self._seen.add(seat)
            self._gone.pop(seat, None)
            self._end_fault(seat)
        elif seat not in self._gone and (seat in self._seen or self._rules.free_seating):
            self._gone[seat] = self._clock.now()
            self._due.set()

    def _sits_down(self, seat: str) -> None:
        """A page becomes a phone once its agent sits there: only from now on is it missing."""
        if seat in self._gone:
            self._gone[seat] = self._clock.now()

    def _is_lost(self, seat: str) -> bool:
        return any(seat in seats and not any(seats[seat].values()) for seats in self._contacts.values())

    def _begin_fault(self, seat: str, since: datetime) -> None:
        entry = self._desired.book.at(seat)
        if entry is None or seat in self._desired.book.faults:
            return
        log.warning("seat_fault", seat=seat, agent=entry.agent)
        self._change(transitions.fault_began(self._desired.book, seat, since), BY_ITSELF)
        self._put(SeatFaultChanged(self._clock.now(), seat, entry.agent, since))
        self._line.journal("SEATFAULT", call_id=None, seat=seat, data=[entry.agent])

    def _end_fault(self, seat: str) -> None:
        fault = self._desired.book.faults.get(seat)
        if fault is None:
            return
        now = self._clock.now()
        self._change(transitions.fault_ended(self._desired.book, seat), BY_ITSELF)
        self._put(SeatFaultChanged(now, seat, fault.agent, fault.since, now))
        self._line.journal("SEATFAULTEND", call_id=None, seat=seat, data=[fault.agent])

    # --- what is shown

    def _change(self, book: Book, by: str) -> None:
        before = self._desired.book
        if book == before:
            return
        self._keeping.save(book)
        outer, self._by = self._by, by
        self._desired.set(book)
        self._by = outer

    def _roster_or_book(self) -> None:
        self._floors.seat(self._seats())
        self.look_at_all()
        self._due.set()

    def look_at_all(self) -> None:
        for agent in self._desired.roster.agents.values():
            self._look(agent)

    def _look_at(self, seat: str) -> None:
        entry = self._desired.book.at(seat)
        if entry and (agent := self._desired.roster.agents.get(entry.agent)):
            self._look(agent)

    def _look_at_call(self, node: str, event: HeldOrNot | RecordingMuted | BridgeEntered | BridgeLeft) -> None:  # noqa: ARG002
        """Held, its recording paused, or somebody else consulted: no seat's own state changes with it."""
        for floor in self._floors.floors():
            if channel := floor.channels.get(event.uniqueid):
                for seat in sorted({leg.seat for leg in floor.channels.of_call(channel.linkedid) if leg.seat}):
                    self._look_at(seat)

    def _look(self, agent: Agent) -> None:
        entry = self._desired.book.agents.get(agent.code)
        floor = self._floor_of(entry.seat) if entry else next(iter(self._floors.floors()), None)
        if floor is None:
            return
        before = self._shown.get(agent.code) or self._keeping.remembered().agents.get(agent.code)
        shown = show_agent(floor, self._desired.book, agent, self._clock.now(), before)
        if shown != self._shown.get(agent.code):
            self._shown[agent.code] = shown
            self._put(AgentChanged(self._clock.now(), shown))
            self._journal(shown)
        if entry and shown.state is AgentState.TALKING:
            self._change(transitions.answered(self._desired.book, entry.seat), BY_ITSELF)

    def _journal(self, shown: AgentShown) -> None:
        state = shown.state, shown.seat, shown.reason if shown.state is AgentState.PAUSED else ""
        if self._journalled.get(shown.code, (AgentState.SIGNED_OUT, None, "")) == state:
            return
        self._journalled[shown.code] = state
        self._line.journal("AGENTSTATE", call_id=shown.call_id, seat=shown.seat,
                           data=[shown.code, shown.state.name, shown.reason, self._by])

    def _seats(self) -> dict[str, str]:
        return {entry.seat: entry.agent for entry in self._desired.book.agents.values()}

    def _seat_of(self, interface: str) -> str | None:
        return next((seat for floor in self._floors.floors() if (seat := floor.plan.seat_of(interface))), None)

    def _floor_of(self, seat: str) -> Floor | None:
        return next((floor for floor in self._floors.floors() if seat in floor.plan.seats), None)
