"""Clocks of tickets follow their stages and fields, and do what is due. Callers commit.

Whatever a clock does is written with the clock's row, in one transaction: the ticket's timeline, the outbox, the notices.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Select, func, literal_column, select
from sqlalchemy.orm import Session

from crm.clocks import clock as pure
from crm.clocks.clock import Act, Clock, Did, Standing, Step
from crm.clocks.models import TicketClock
from crm.clocks.office import Calendars, calendars
from crm.clocks.terms import Terms, kept, read, terms_of
from crm.kinds.schema import ClockRule
from crm.notices import service as notices
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket, TicketEvent


def follow(session: Session, ticket: Ticket, rules: Mapping[str, ClockRule], now: datetime) -> None:
    """Starts, pauses, resumes, changes and stops the ticket's clocks as its stage and fields say. Safe to repeat."""
    session.flush()
    by = calendars(session)
    rows = {row.clock: row for row in session.scalars(
        select(TicketClock).where(TicketClock.ticket_id == ticket.id, TicketClock.standing != Standing.STOPPED)
        .with_for_update().execution_options(populate_existing=True))}
    for name, rule in rules.items():
        terms, row = terms_of(rule, ticket.fields), rows.pop(name, None)
        if row is not None:
            _follow_one(session, ticket, row, rule, terms, by, now)
        elif terms is not None and ticket.stage in rule.runs_in:
            _start(session, ticket, name, terms, by, now)
    for row in rows.values():     # its kind has it no longer
        _act(session, ticket, row, Act.STOP, by, now, withdrawn=True)
    session.flush()


def tick(session: Session, now: datetime, limit: int = 200) -> int:
    """Does what is due, of at most `limit` clocks, those that have waited longest first; how many there were.

    Two processes may tick at once: on PostgreSQL each passes by what the other holds, on SQLite the second waits.
    """
    by = calendars(session)
    rows = session.execute(due(now, limit)).all()
    for row, ticket in rows:
        clock, steps = pure.at(clock_of(row), now, by.of(row.calendar))
        _keep(row, clock, by)
        _tell_steps(session, ticket, row, steps, now)
    session.flush()
    return len(rows)


def due(now: datetime, limit: int) -> Select[TicketClock, Ticket]:
    """The tick's only look at the clocks: a walk from the beginning of the index of `next_at`.

    Without those whose ticket somebody is changing this moment: their change takes the due steps first (`clock.act`).
    """
    return _locked(select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
                   .where(TicketClock.next_at <= now).order_by(TicketClock.next_at), limit)


def plan_anew(session: Session, now: datetime, limit: int = 200) -> int:
    """After the office hours changed: moments of at most `limit` running clocks that go by them; how many there were."""
    by = calendars(session)
    rows = session.execute(_locked(
        select(TicketClock, Ticket).join(Ticket, Ticket.id == TicketClock.ticket_id)
        .where(TicketClock.calendar == literal_column("'office'"), TicketClock.next_at.is_not(None),
               TicketClock.planned_by < by.version).order_by(TicketClock.planned_by), limit)).all()
    for row, ticket in rows:
        clock, steps = pure.at(pure.planned(clock_of(row), by.office), now, by.office)
        _keep(row, clock, by)
        _tell_steps(session, ticket, row, steps, now)
    session.flush()
    return len(rows)


def _locked(query: Select[TicketClock, Ticket], limit: int) -> Select[TicketClock, Ticket]:
    """Ticket and clock or neither, and no waiting: who waits for a ticket while holding its clock may wait for ever."""
    return (query.limit(limit).with_for_update(key_share=True, skip_locked=True, of=(Ticket, TicketClock))
            .execution_options(populate_existing=True))


def clock_of(row: TicketClock) -> Clock:
    return Clock(
        terms=read(row.terms), started_at=row.started_at, allowed=row.allowed, spent=row.spent, since=row.since,
        due_at=row.due_at, standing=Standing(row.standing), step=row.step, round=row.round, broken_at=row.broken_at,
        ended_at=row.ended_at)


def _start(session: Session, ticket: Ticket, name: str, terms: Terms, by: Calendars, now: datetime) -> None:
    run = session.scalar(select(func.max(TicketClock.run)).where(TicketClock.ticket_id == ticket.id,
                                                                TicketClock.clock == name)) or 0
    calendar = by.of(terms.calendar)
    clock, steps = pure.at(pure.start(terms, now, calendar), now, calendar)
    row = TicketClock(ticket_id=ticket.id, clock=name, run=run + 1, started_at=now)
    _keep(row, clock, by)
    session.add(row)
    session.flush()
    _tell(session, ticket, row, "started", now)
    _tell_steps(session, ticket, row, steps, now)


def _follow_one(session: Session, ticket: Ticket, row: TicketClock, rule: ClockRule, terms: Terms | None,
                by: Calendars, now: datetime) -> None:
    goes_on = ticket.stage in rule.runs_in or ticket.stage in rule.pauses_in
    if terms is None or not goes_on:
        # A field that is empty now withdraws it: there is nothing left that could be kept.
        _act(session, ticket, row, Act.STOP, by, now, withdrawn=goes_on)
        return
    if terms != read(row.terms):
        _act(session, ticket, row, Act.RULE, by, now, terms=terms)
    if ticket.stage in rule.runs_in and row.standing == Standing.PAUSED:
        _act(session, ticket, row, Act.RESUME, by, now)
    elif ticket.stage not in rule.runs_in and row.standing == Standing.RUNNING:
        _act(session, ticket, row, Act.PAUSE, by, now)


_SAID = {Act.PAUSE: "paused", Act.RESUME: "resumed", Act.RULE: "changed"}


def _act(session: Session, ticket: Ticket, row: TicketClock, what: Act, by: Calendars, now: datetime, *,
         terms: Terms | None = None, withdrawn: bool = False) -> None:
    calendar = by.of(row.calendar)
    clock, before = pure.at(clock_of(row), now, calendar)     # told before the act, in the order in which it was so
    clock, after = pure.act(clock, what, now, calendar, terms)
    _keep(row, clock, by)
    if what is Act.STOP:
        row.kept = None if withdrawn and clock.broken_at is None else clock.broken_at is None
        said = "kept" if row.kept else "withdrawn" if row.kept is None else "stopped"
    else:
        said = _SAID[what]
    _tell_steps(session, ticket, row, before, now)
    _tell(session, ticket, row, said, now)
    _tell_steps(session, ticket, row, after, now)
    if what is Act.STOP:
        notices.settle(session, row, now)


def _keep(row: TicketClock, clock: Clock, by: Calendars) -> None:
    row.terms, row.calendar = kept(clock.terms), clock.terms.calendar
    row.promised = clock.terms.until is not None
    row.allowed, row.spent, row.since = clock.allowed, clock.spent, clock.since
    row.due_at, row.standing, row.step, row.round = clock.due_at, clock.standing, clock.step, clock.round
    row.broken_at, row.ended_at = clock.broken_at, clock.ended_at
    row.next_at, row.planned_by = pure.next_at(clock, by.of(clock.terms.calendar)), by.version


def _tell_steps(session: Session, ticket: Ticket, row: TicketClock, steps: Iterable[Step], now: datetime) -> None:
    ladder = read(row.terms).ladder
    for step in steps:
        if step.did is Did.CLIMBED and step.rung is not None:
            whom = ladder[step.rung].tell
            _tell(session, ticket, row, step.did, now, rung=step.rung, tell=whom)
            notices.tell(session, ticket, row, "broken", whom, now, rung=step.rung)
        else:
            _tell(session, ticket, row, step.did, now)
            if step.did is Did.WARNED:
                notices.tell(session, ticket, row, "warned", "assignee" if ticket.assignee_id else "owner", now)


def _tell(session: Session, ticket: Ticket, row: TicketClock, did: str, now: datetime, **more: str | int) -> None:
    data = {"clock": row.clock, "run": row.run, "due_at": row.due_at.isoformat() if row.due_at else None, **more}
    session.add(TicketEvent(ticket_id=ticket.id, at=now, who=SYSTEM.name, what="clock", data={"did": did, **data}))
    note(session, now, f"clock.{did}", f"ticket:{ticket.id}", estate_id=ticket.estate_id, **data)
