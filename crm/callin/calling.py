"""Calls people in and lets them go: the rounds carried out in the database. Callers commit.

Order of locks: dial tasks, then the call-in, then its people: the recorder holds a task when it tells what came of it.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.commands import LATE
from callcenter.site import Site
from callcenter.storm import CalledIn, Coming
from crm.callin import letters, lists
from crm.callin.mobiles import may_choose
from crm.callin.models import CalledRow, CallInPerson, CallInRow
from crm.callin.rounds import Act, Person, Rule, after, go_on
from crm.dialling.models import DialTask
from crm.dialling.rules import Quiet
from crm.dialling.schemas import CallWanted, Outcome, Result
from crm.dialling.service import ask_for, is_any_open, stop
from crm.outbox.service import note

PURPOSE: Final = "call_in"
COMES, REFUSES, MOBILE = "1", "2", "3"
BY_ITSELF: Final = "surge"
How = Literal["phone", "page", "leader"]

log = structlog.get_logger("call_in")


class CallingIn:
    """`call_in`, `release` and `coming` are what a surge asks for; `heard` is the purpose of its calls."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._quiet = Quiet(site.dialling, ZoneInfo(site.timezone))

    # --- what a surge asks for

    def call_in(self, session: Session, surge_id: int | None, tier: int, now: datetime, *, by: str = BY_ITSELF, reason: str = "",
                skills: Collection[str] = ()) -> CallInRow:
        """The one that is open for this surge and tier, or a new one: its list is drawn up, the first are rung, messages go out.
        Safe to repeat; by hand (no surge) it is a new one."""
        if surge_id is not None:
            there = session.scalar(select(CallInRow).where(CallInRow.surge_id == surge_id, CallInRow.tier == tier,
                                                           CallInRow.released_at.is_(None)))
            if there is not None:
                return there
        wanted = self._site.call_in.wanted[tier - 2]
        row = CallInRow(surge_id=surge_id, tier=tier, reason=reason, skills=sorted(skills), wanted=wanted or None, begun_at=now,
                        begun_by=by)
        session.add(row)
        session.flush()
        drawn = lists.candidates(session, self._site, tier, surge_id, skills, now)
        session.add_all(
            CalledRow(call_in_id=row.id, person_id=person_id, place=place, state=Coming.WAITING.value, since=now, tries=0)
            for place, person_id in enumerate(drawn))
        session.flush()
        letters.address(session, self._site, row, "called", now)
        note(session, now, "call_in.begun", f"call_in:{row.id}", surge=surge_id, tier=tier, people=len(drawn), by=by)
        self.go_on(session, row, now)
        return row

    def release(self, session: Session, surge_id: int, tier: int, now: datetime, *, by: str = BY_ITSELF) -> None:
        """Nobody of this tier is needed any more. Safe to repeat."""
        ident = session.scalar(select(CallInRow.id).where(CallInRow.surge_id == surge_id, CallInRow.tier == tier,
                                                          CallInRow.released_at.is_(None)))
        if ident is not None:
            self.let_go(session, ident, now, by=by)

    def coming(self, session: Session, surge_id: int) -> tuple[CalledIn, ...]:
        """Of every tier that is called in now, in the order of the lists."""
        rows = session.execute(
            select(CalledRow, CallInPerson, CallInRow.tier).join(CallInPerson, CallInPerson.id == CalledRow.person_id)
            .join(CallInRow, CallInRow.id == CalledRow.call_in_id)
            .where(CallInRow.surge_id == surge_id, CallInRow.released_at.is_(None))
            .order_by(CallInRow.tier, CalledRow.place))
        return tuple(CalledIn(person.id, person.name, tier, Coming(row.state), row.since, person.agent or "", row.due_at)
                     for row, person, tier in rows)

    # --- what comes of it

    def heard(self, session: Session, task: DialTask, result: Result, now: datetime) -> None:
        """Of the recorder. The next one is rung in the same transaction."""
        called_id = int(task.subject.partition(":")[2])
        call_in_id = session.scalar(select(CalledRow.call_in_id).where(CalledRow.id == called_id))
        row = _held(session, call_in_id) if call_in_id is not None else None
        if row is None or not result.is_last:
            return
        called = next(one for one in _people(session, row) if one.id == called_id)
        self._answered(session, row, called, result, now)
        if row.released_at is None:
            self.go_on(session, row, now)

    def _answered(self, session: Session, row: CallInRow, called: CalledRow, result: Result, now: datetime) -> None:
        if result.was_heard and result.key == COMES and row.released_at is None:
            self.act(session, row, called, Act.ACCEPT, now, how="phone")
        elif result.was_heard and result.key == MOBILE and row.released_at is None:
            self.act(session, row, called, Act.ACCEPT, now, how="phone", mobile=True)
        elif result.was_heard and result.key in (COMES, MOBILE):     # they heard so, unless it was in that very second
            log.warning("call_in_too_late", call_in=row.id, person=called.person_id)
            note(session, now, "call_in.too_late", f"call_in:{row.id}", surge=row.surge_id, tier=row.tier,
                 person=called.person_id)
        elif result.was_heard and result.key == REFUSES:
            self.act(session, row, called, Act.REFUSE, now, how="phone")
        else:
            if result.outcome is Outcome.REFUSED:      # the number is none that we may dial: there is no second round
                called.tries = self._rule(row).tries
            elif result.outcome is Outcome.EXPIRED:    # the quiet hours came first: nobody was rung
                called.tries -= 1
            self.act(session, row, called, Act.NO_ANSWER, now)

    def answer(self, session: Session, call_in_id: int, person_id: int, act: Act, now: datetime, *, how: How,
               mobile: bool = False) -> CalledRow | None:
        """By the page. None: nobody of that call-in, or it is over. The next one is rung at once when somebody refuses."""
        called_id = session.scalar(select(CalledRow.id).where(CalledRow.call_in_id == call_in_id, CalledRow.person_id == person_id))
        if called_id is None:
            return None
        stop(session, PURPOSE, _subject(called_id), now)
        row = _held(session, call_in_id)
        if row is None or row.released_at is not None:
            return None
        called = next(one for one in _people(session, row) if one.id == called_id)
        self.act(session, row, called, act, now, how=how, mobile=mobile)
        self.go_on(session, row, now)
        return called

    def look(self, session: Session, call_in_id: int, now: datetime) -> None:
        """Of the keeper: who has signed in has arrived, who is late is replaced, who is to be rung again is."""
        row = _held(session, call_in_id)
        if row is None or row.released_at is not None:
            return
        here = lists.signed_in(session)
        agents = dict(session.execute(select(CallInPerson.id, CallInPerson.agent).join(
            CalledRow, CalledRow.person_id == CallInPerson.id).where(CalledRow.call_in_id == row.id)).all())
        for called in _people(session, row):
            if (agent := agents[called.person_id]) in here:
                self.act(session, row, called, Act.ARRIVE, now)
                if called.seat != here[agent]:       # they sit elsewhere: the next one is to have it
                    self._seat_is_free(called)
        self.go_on(session, row, now)

    def let_go(self, session: Session, call_in_id: int, now: datetime, *, by: str) -> bool:
        """Whether it was open."""
        row = _held_with_nobody_ringing(session, call_in_id, now)
        if row is None or row.released_at is not None:
            return False
        for called in _people(session, row):
            self.act(session, row, called, Act.RELEASE, now)
        row.released_at, row.released_by = now, by
        letters.address(session, self._site, row, "released", now)
        note(session, now, "call_in.released", f"call_in:{row.id}", surge=row.surge_id, tier=row.tier, by=by)
        session.flush()
        return True

    # --- inside

    def go_on(self, session: Session, row: CallInRow, now: datetime) -> None:
        """The next step of the rounds; who is to be rung is asked for."""
        people = _people(session, row)
        numbers = {person.id: person for person in session.scalars(
            select(CallInPerson).where(CallInPerson.id.in_([one.person_id for one in people])))}
        rule, rings = self._rule(row), self._site.call_in.night or not self._quiet.holds(now)
        before = {one.person_id: _person(one, has_number=rings and bool(numbers[one.person_id].number)) for one in people}
        for called, then in zip(people, go_on(list(before.values()), now, rule), strict=True):
            if then == before[called.person_id]:
                continue
            _write(called, then)
            self._told(session, row, called, now)
            if then.state is Coming.RINGING:
                self._ring(session, called, numbers[called.person_id], now)
            elif then.state is Coming.LATE:
                self._seat_is_free(called)
        session.flush()

    def act(self, session: Session, row: CallInRow, called: CalledRow, act: Act, now: datetime, *, how: How | None = None,
            mobile: bool = False) -> None:
        """`mobile`: who accepts takes calls on their own phone; a seat like others', should none of those be left."""
        before = _person(called)
        then = after(before, act, now, self._rule(row))
        anew = mobile and act is Act.ACCEPT and before.state is Coming.ACCEPTED and called.seat not in self._site.mobile_seats
        if then == before and not anew:
            return
        _write(called, then)
        called.how = how or called.how
        match then.state:
            case Coming.ACCEPTED:
                own = lists.spare_seat(session, self._site, lists.kept(session), mobile=True) if mobile else None
                called.seat = own or lists.spare_seat(session, self._site, lists.kept(session))
            case Coming.ARRIVED:
                called.arrived_at = now
            case Coming.REFUSED | Coming.RELEASED:
                self._seat_is_free(called)
        self._told(session, row, called, now)
        session.flush()

    def _seat_is_free(self, called: CalledRow) -> None:
        """A mobile's is given back once they are signed out there (mobiles.py)."""
        if called.seat not in self._site.mobile_seats:
            called.seat = None

    def _ring(self, session: Session, called: CalledRow, person: CallInPerson, now: datetime) -> None:
        """One try a task: when somebody is rung again, and who before, is decided by the rounds; so is who is rung at night:
        without the night, a call that acd has not begun by the quiet hours is none."""
        until = None if self._site.call_in.night else self._quiet.next_begin(now)
        mobile = may_choose(session, self._site, person)
        thanks = {COMES: "callin-accepted", REFUSES: "callin-declined", LATE: "callin-not-needed"}
        ask_for(session, CallWanted(
            PURPOSE, _subject(called.id), person.number, ("callin-ask", "callin-ask-mobile") if mobile else ("callin-ask",),
            keys=COMES + REFUSES + (MOBILE if mobile else ""), thanks=thanks | ({MOBILE: "callin-mobile"} if mobile else {}),
            language="en" if person.language == "en" else "zh",
            urgent=True, staff=True, until=until, tries=1), self._site.dialling, now)

    def _rule(self, row: CallInRow) -> Rule:
        site = self._site.call_in
        return Rule(site.at_once, row.wanted, site.tries, timedelta(seconds=site.retry), timedelta(seconds=site.come_within))

    def _told(self, session: Session, row: CallInRow, called: CalledRow, now: datetime) -> None:
        note(session, now, f"call_in.{called.state}", f"call_in:{row.id}", surge=row.surge_id, tier=row.tier,
             person=called.person_id)


def open_ones(session: Session) -> list[int]:
    return list(session.scalars(select(CallInRow.id).where(CallInRow.released_at.is_(None)).order_by(CallInRow.id)))


def _held(session: Session, call_in_id: int) -> CallInRow | None:
    return session.get(CallInRow, call_in_id, with_for_update=True, populate_existing=True)


def _held_with_nobody_ringing(session: Session, call_in_id: int, now: datetime) -> CallInRow | None:
    """Tasks are held before their call-in; somebody else may have asked for one in between. Then it is given back, and again."""
    while True:
        for called_id in _ringing(session, call_in_id):
            stop(session, PURPOSE, _subject(called_id), now)
        hold = session.begin_nested()
        row = _held(session, call_in_id)
        if row is None or not is_any_open(session, PURPOSE, [_subject(each) for each in _ringing(session, call_in_id)]):
            hold.commit()
            return row
        hold.rollback()          # PostgreSQL: the lock too


def _ringing(session: Session, call_in_id: int) -> list[int]:
    return list(session.scalars(select(CalledRow.id).where(
        CalledRow.call_in_id == call_in_id, CalledRow.state == Coming.RINGING.value).order_by(CalledRow.id)))


def _people(session: Session, row: CallInRow) -> list[CalledRow]:
    return list(session.scalars(select(CalledRow).where(CalledRow.call_in_id == row.id).order_by(CalledRow.place)
                                .execution_options(populate_existing=True)))


def _person(called: CalledRow, *, has_number: bool = True) -> Person:
    return Person(called.person_id, called.place, Coming(called.state), called.since, called.tries, called.tried_at, called.due_at,
                  has_number)


def _write(called: CalledRow, then: Person) -> None:
    called.state, called.since, called.tries = then.state.value, then.since, then.tries
    called.tried_at, called.due_at = then.tried_at, then.due_at


def _subject(called_id: int) -> str:
    return f"called_in:{called_id}"
