"""Clocks of tickets follow their stages and fields, and do what is due. Callers commit.

Whatever a clock does is written with the clock's row, in one transaction: the ticket's timeline, the outbox, the notices.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from crm.clocks import clock as pure
from crm.clocks.clock import Act, Clock, Did, Standing, Step
from crm.clocks.models import TicketClock
from crm.clocks.office import Calendars, calendars
from crm.clocks.terms import Terms, kept, read, terms_of
from crm.kinds.schema import ClockRule
from crm.notices.service import Telling, settle
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket, TicketEvent

OWN: Final = "h:"        # how clocks begin that are not of the ticket's kind; no kind can name one so


@dataclass(frozen=True)
class _Work:
    """One transaction's: what is told is written together at its end."""

    session: Session
    by: Calendars
    telling: Telling
    now: datetime
    told_late: bool = False


def begin(session: Session, ticket: Ticket, rules: Mapping[str, ClockRule], now: datetime) -> None:
    """Starts the clocks of a ticket that is new in this transaction: it has none yet."""
    work = _Work(session, calendars(session), Telling(session), now)
    for name, rule in rules.items():
        if ticket.stage in rule.runs_in and (terms := terms_of(rule, ticket.fields)) is not None:
            _start(work, ticket, name, terms, 1, rule.announce)
    work.telling.finish()
    session.flush()


def start_own(session: Session, ticket: Ticket, name: str, terms: Terms, now: datetime, announce: str | None = None) -> None:
    """A clock that is not of the ticket's kind: what asks for it, ends it (`stop_own`). `name` begins with `OWN`; one that runs is
    left alone. The caller holds the ticket's row."""
    session.flush()
    if _own(session, ticket, name) is not None:
        return
    work = _Work(session, calendars(session), Telling(session), now)
    _start(work, ticket, name, terms, 1 + _runs(session, ticket, name), announce)
    work.telling.finish()
    session.flush()


def stop_own(session: Session, ticket: Ticket, name: str, now: datetime, *, withdrawn: bool = False) -> None:
    """It was done in time, or late, or (`withdrawn`) need not be done. Nothing where none runs."""
    session.flush()
    row = _own(session, ticket, name)
    if row is None:
        return
    work = _Work(session, calendars(session), Telling(session), now)
    _act(work, ticket, row, Act.STOP, withdrawn=withdrawn)
    work.telling.finish()
    settle(session, ticket, row, now)
    session.flush()


def _own(session: Session, ticket: Ticket, name: str) -> TicketClock | None:
    return session.scalars(select(TicketClock).where(
        TicketClock.ticket_id == ticket.id, TicketClock.clock == name, TicketClock.standing != Standing.STOPPED)
        .with_for_update().execution_options(populate_existing=True)).one_or_none()


def follow(session: Session, ticket: Ticket, rules: Mapping[str, ClockRule], now: datetime, *,
           told_late: bool = False) -> None:
    """Starts, pauses, resumes, changes and stops the ticket's clocks as its stage and fields say. Safe to repeat.

    `told_late`: `now` is past, it is when that was done which the ticket hears of only now. A clock that broke in between and had
    ended by then was kept."""
    session.flush()
    work = _Work(session, calendars(session), Telling(session), now, told_late)
    rows = {row.clock: row for row in session.scalars(
        select(TicketClock).where(TicketClock.ticket_id == ticket.id, TicketClock.standing != Standing.STOPPED,
                                  TicketClock.clock.not_like(f"{OWN}%"))
        .with_for_update().execution_options(populate_existing=True))}
    ended = []
    for name, rule in rules.items():
        terms, row = terms_of(rule, ticket.fields), rows.pop(name, None)
        if row is not None:
            _follow_one(work, ticket, row, rule, terms)
            ended += [row] if row.standing == Standing.STOPPED else []
        elif terms is not None and ticket.stage in rule.runs_in:
            _start(work, ticket, name, terms, 1 + _runs(session, ticket, name), rule.announce)
    for row in rows.values():     # its kind has it no longer
        _act(work, ticket, row, Act.STOP, withdrawn=True)
    work.telling.finish()
    for row in (*ended, *rows.values()):
        settle(session, ticket, row, now)
    session.flush()


class ClockFailed(Exception):
    """One clock cannot be followed, by a fault of ours or of its row; without it the others can."""

    def __init__(self, clock_id: int, ticket: str) -> None:
        super().__init__(f"clock {clock_id} of {ticket}")
        self.clock_id, self.ticket = clock_id, ticket


def tick(session: Session, now: datetime, limit: int = 200, but: Collection[int] = ()) -> int:
    """Does what is due, of at most `limit` clocks, those that have waited longest first; how many there were. `but`: not of
    these. Raises ClockFailed; nothing is to be committed then.

    Two processes may tick at once: on PostgreSQL each passes by what the other holds, on SQLite the second waits.
    """
    work = _Work(session, calendars(session), Telling(session), now)
    rows = session.execute(due(now, limit, but)).all()
    for row, ticket in rows:
        with _failing(row, ticket):
            _take(work, ticket, row, clock_of(row))
    work.telling.finish()
    return len(rows)


def due(now: datetime, limit: int, but: Collection[int] = ()) -> Select[TicketClock, Ticket]:
    """The tick's only look at the clocks: a walk from the beginning of the index of `next_at`.

    Without those whose ticket somebody is changing this moment: their change takes the due steps first (`clock.act`).
    """
    return _locked(select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
                   .where(TicketClock.next_at <= now, *_but(but)).order_by(TicketClock.next_at), limit)


def plan_anew(session: Session, now: datetime, limit: int = 200, but: Collection[int] = ()) -> int:
    """After the office hours changed: moments of at most `limit` running clocks that go by them; how many there were. As `tick`.

    Also of those to which nothing could happen: the office may have had no hours at all."""
    work = _Work(session, calendars(session), Telling(session), now)
    rows = session.execute(_locked(
        select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(TicketClock.calendar == literal_column("'office'"), TicketClock.standing == Standing.RUNNING,
               TicketClock.planned_by < work.by.version, *_but(but)).order_by(TicketClock.planned_by), limit)).all()
    for row, ticket in rows:
        with _failing(row, ticket):
            _take(work, ticket, row, pure.planned(clock_of(row), work.by.office))
    work.telling.finish()
    return len(rows)


def _but(clocks: Collection[int]) -> list[ColumnElement[bool]]:
    return [TicketClock.id.not_in(sorted(clocks))] if clocks else []


@contextmanager
def _failing(row: TicketClock, ticket: Ticket) -> Iterator[None]:
    ident, number = row.id, ticket.number
    try:
        yield
    except SQLAlchemyError:
        raise
    except Exception as error:
        raise ClockFailed(ident, number) from error


def waits_for_hours(session: Session, now: datetime) -> bool:
    """Whether a running clock goes by an office that never opens: then nothing becomes due, and somebody must be told."""
    return not calendars(session).office.opens_after(now) and session.scalar(
        select(TicketClock.id).where(TicketClock.calendar == literal_column("'office'"),
                                     TicketClock.standing == Standing.RUNNING).limit(1)) is not None


def _locked(query: Select[TicketClock, Ticket], limit: int) -> Select[TicketClock, Ticket]:
    """Ticket and clock or neither, and no waiting: who waits for a ticket while holding its clock may wait for ever."""
    return (query.limit(limit).with_for_update(key_share=True, skip_locked=True, of=(Ticket, TicketClock))
            .execution_options(populate_existing=True))


def clock_of(row: TicketClock) -> Clock:
    return Clock(
        terms=read(row.terms), started_at=row.started_at, allowed=row.allowed, spent=row.spent, since=row.since,
        due_at=row.due_at, standing=Standing(row.standing), step=row.step, round=row.round, broken_at=row.broken_at,
        ended_at=row.ended_at)


def _runs(session: Session, ticket: Ticket, name: str) -> int:
    return session.scalar(select(func.max(TicketClock.run)).where(TicketClock.ticket_id == ticket.id,
                                                                  TicketClock.clock == name)) or 0


def _start(work: _Work, ticket: Ticket, name: str, terms: Terms, run: int, announce: str | None) -> None:
    clock = pure.start(terms, work.now, work.by.of(terms.calendar))
    row = TicketClock(ticket_id=ticket.id, clock=name, run=run, started_at=work.now)
    _keep(work, row, clock)
    work.session.add(row)
    _tell(work, ticket, row, "started")
    if announce is not None:
        work.session.flush()     # a notice names the clock's row
        work.telling.tell(ticket, row, "told", announce, work.now)
    _take(work, ticket, row, clock)


def _follow_one(work: _Work, ticket: Ticket, row: TicketClock, rule: ClockRule, terms: Terms | None) -> None:
    goes_on = ticket.stage in rule.runs_in or ticket.stage in rule.pauses_in
    if terms is None or not goes_on:
        # A field that is empty now withdraws it: there is nothing left that could be kept.
        _act(work, ticket, row, Act.STOP, withdrawn=goes_on)
        return
    if terms != read(row.terms):
        _act(work, ticket, row, Act.RULE, terms=terms)
    if ticket.stage in rule.runs_in and row.standing == Standing.PAUSED:
        _act(work, ticket, row, Act.RESUME)
    elif ticket.stage not in rule.runs_in and row.standing == Standing.RUNNING:
        _act(work, ticket, row, Act.PAUSE)


_SAID: Final = {Act.PAUSE: "paused", Act.RESUME: "resumed", Act.RULE: "changed"}


def _act(work: _Work, ticket: Ticket, row: TicketClock, what: Act, *, terms: Terms | None = None,
         withdrawn: bool = False) -> None:
    """What was due before the act is told before it."""
    clock = _take(work, ticket, row, clock_of(row))
    was_broken = clock.broken_at is not None
    clock, steps = pure.act(clock, what, work.now, work.by.of(row.calendar), terms, told_late=work.told_late)
    if was_broken and clock.broken_at is None:
        settle(work.session, ticket, row, work.now)
    _keep(work, row, clock)
    said = _SAID.get(what)
    if said is None:
        row.kept = None if withdrawn and clock.broken_at is None else clock.broken_at is None
        said = "kept" if row.kept else "withdrawn" if row.kept is None else "stopped"
    _tell(work, ticket, row, said)
    _tell_steps(work, ticket, row, steps)


def _take(work: _Work, ticket: Ticket, row: TicketClock, clock: Clock) -> Clock:
    """The steps that are due by now, into the row and told."""
    clock, steps = pure.at(clock, work.now, work.by.of(clock.terms.calendar))
    _keep(work, row, clock)
    _tell_steps(work, ticket, row, steps)
    return clock


def _keep(work: _Work, row: TicketClock, clock: Clock) -> None:
    row.terms, row.calendar = kept(clock.terms), clock.terms.calendar
    row.promised = clock.terms.until is not None
    row.allowed, row.spent, row.since = clock.allowed, clock.spent, clock.since
    row.due_at, row.standing, row.step, row.round = clock.due_at, clock.standing, clock.step, clock.round
    row.broken_at, row.ended_at = clock.broken_at, clock.ended_at
    row.next_at, row.planned_by = pure.next_at(clock, work.by.of(clock.terms.calendar)), work.by.version


def _tell_steps(work: _Work, ticket: Ticket, row: TicketClock, steps: Sequence[Step]) -> None:
    if steps and row in work.session.new:
        work.session.flush()     # due at once: its notices name it
    ladder = read(row.terms).ladder
    for step in steps:
        if step.did is Did.CLIMBED and step.rung is not None:
            whom = ladder[step.rung].tell
            _tell(work, ticket, row, step.did, rung=step.rung, tell=whom)
            work.telling.tell(ticket, row, "broken", whom, work.now, rung=step.rung)
        else:
            _tell(work, ticket, row, step.did)
            if step.did is Did.WARNED:
                work.telling.tell(ticket, row, "warned", "assignee" if ticket.assignee_id else "owner", work.now)


def _tell(work: _Work, ticket: Ticket, row: TicketClock, did: str, **more: str | int) -> None:
    data = {"clock": row.clock, "run": row.run, "due_at": row.due_at.isoformat() if row.due_at else None, **more}
    work.session.add(TicketEvent(ticket_id=ticket.id, at=work.now, who=SYSTEM.name, what="clock", data={"did": did, **data}))
    note(work.session, work.now, f"clock.{did}", f"ticket:{ticket.id}", estate_id=ticket.estate_id, **data)
