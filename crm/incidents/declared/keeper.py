"""Looks after emergencies from a thread of crm's own: steps that are late, proposals, calls to households, notices, the boards,
follow-ups of many callers.

Everything it does is asked of the database anew each round, so whoever kills it in the middle loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.commands import Answer, SetNotice
from callcenter.errors import SixringError, Unavailable
from callcenter.events import AnyEvent, Health, IncidentChanged
from callcenter.site import Site
from callcenter.storm import Incident
from crm.database import Database
from crm.households.models import Building, Estate
from crm.incidents.declared import broadcast, following, proposals
from crm.incidents.declared.broadcast import Rings
from crm.incidents.declared.load import Found
from crm.incidents.declared.models import Emergency
from crm.incidents.declared.reading import where
from crm.incidents.declared.service import say_late
from crm.migrate import is_current
from crm.threads import Reports

EVERY_S: Final = 1.0
AT_ONCE: Final = 50                          # numbers a transaction: on SQLite nobody else writes meanwhile
TOLD_OVER: Final = timedelta(seconds=60)     # how long the boards are told that one is over

log = structlog.get_logger("incidents")


class Tells(Protocol):
    """What the keeper needs of the herald."""

    def tell(self, event: AnyEvent) -> None: ...


class IncidentKeeper:
    def __init__(self, database: Database, site: Site, types: Found, clock: Clock, report: Reports, herald: Tells,
                 ask: Callable[[SetNotice], Answer], rings: Rings) -> None:
        self._database, self._types, self._clock, self._report = database, types.types, clock, report
        self._herald, self._ask, self._rings = herald, ask, rings
        self._policy, self._unfit = site.incidents, bool(types.faults)
        self._estates = site.estate_ids
        self._told_at: datetime | None = None
        self._asked: dict[str, tuple[str, datetime]] = {}      # by estate: prompt, and when acd said yes
        self._hold: tuple[datetime, SixringError] | None = None      # acd is not asked again before then
        self._refused: list[str] = []
        self._tz = ZoneInfo(site.timezone)
        self._followed: set[int] = set()       # orders of follow-ups of which nothing is left
        self._current = False

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("incidents_wait", error=type(error).__name__)      # the recorder reports the database
                continue
            yield

    def step(self) -> None:
        """All that is to be done by now; what fails holds up nothing else, and is tried again. Raises SQLAlchemyError."""
        self._current = self._current or is_current(self._database)
        if not self._current:
            return
        works: dict[str, Callable[[datetime], None]] = {
            "late": self._say_late, "proposals": self._propose, "broadcasts": self._ring, "boards": self._tell,
            "notices": self._notices, "followups": self._follow_up}
        refused = []
        for name, work in works.items():
            try:
                work(self._clock.now())
            except SixringError as error:
                if name not in self._refused:
                    log.error("incidents_refused", work=name, code=error.code, why=str(error))
                refused.append(name)
            except SQLAlchemyError:
                raise
            except Exception as error:      # of one work: households are rung and boards told all the same
                if name not in self._refused:
                    log.critical("incidents_failed", work=name, error=repr(error), exc_info=error)
                refused.append(name)
        self._refused = refused
        found = [*refused, *(["types_unfit"] if self._unfit else [])]
        self._report("incidents", Health.DEGRADED if found else Health.OK, " ".join(found))

    def _say_late(self, now: datetime) -> None:
        with self._database.reading() as session:
            late = list(session.scalars(select(Emergency.id).where(Emergency.late_at <= now).order_by(Emergency.late_at)))
        failed: Exception | None = None
        for emergency_id in late:
            try:
                with self._database.writing.begin() as session:
                    if say_late(session, emergency_id, now):
                        self._told_at = None
            except SQLAlchemyError:
                raise
            except Exception as error:      # of one emergency: the others' steps are late all the same
                failed = error
        if failed is not None:
            raise failed

    def _propose(self, now: datetime) -> None:
        with self._database.reading() as session:
            found = proposals.due(session, self._policy, now)
        if found:
            with self._database.writing.begin() as session:
                proposals.propose(session, self._types, self._policy, found, now)

    def _ring(self, now: datetime) -> None:
        with self._database.reading() as session:
            if not broadcast.is_anything(session):
                return
        count = AT_ONCE
        while count == AT_ONCE:
            with self._database.writing.begin() as session:
                count = broadcast.give_out(session, self._rings, now, AT_ONCE)

    def _follow_up(self, now: datetime) -> None:
        """Of those that called about an emergency, whom the request left over."""
        with self._database.reading() as session:
            orders = [one for one in following.orders(session, now) if one.act_id not in self._followed]
        for one in orders:
            above: int | None = 0
            while above is not None:
                with self._database.writing.begin() as session:
                    above = following.open_some(session, one, above, AT_ONCE, now, self._tz)
            self._followed.add(one.act_id)

    def _tell(self, now: datetime) -> None:
        if self._told_at is not None and timedelta(0) <= now - self._told_at < timedelta(seconds=self._policy.told_every):
            return
        with self._database.reading() as session:
            found = boards(session, now)
        for one in found:
            self._herald.tell(IncidentChanged(now, one))
        self._told_at = now

    def _notices(self, now: datetime) -> None:
        """acd is asked for the notice that each estate is to have, on a change and now and then; and for none once it is over."""
        if self._hold is not None and now < self._hold[0]:
            raise self._hold[1]
        try:
            self._ask_for_notices(now)
            self._hold = None
        except SixringError as error:
            self._hold = now + timedelta(seconds=self._policy.told_every), error
            raise

    def _ask_for_notices(self, now: datetime) -> None:
        with self._database.reading() as session:
            wanted, had = notices(session, self._estates)
        again, refused = timedelta(seconds=self._policy.notice_every), []
        for estate in sorted({*wanted, *had, *self._asked}):
            prompt, asked = wanted.get(estate, ""), self._asked.get(estate)
            if asked is not None and asked[0] == prompt and now - asked[1] < again:
                continue
            if prompt:
                self._remember(estate)      # before: whoever is killed in between must lift it later all the same
            answer = self._ask(SetNotice(estate, prompt))
            if not answer.is_done:
                refused.append(f"{estate or 'all'}: {answer.code}")
                continue
            self._asked[estate] = (prompt, now)
            if not prompt:
                self._asked.pop(estate)
                self._remember(estate)
        if refused:
            raise NoticeRefused("; ".join(refused))

    def _remember(self, estate: str) -> None:
        """What a crash must not forget: that a notice is to be lifted."""
        with self._database.writing.begin() as session:
            for row, name in _with_notice(session):
                if _site_estate(self._estates, name) == estate:
                    row.notice_set = row.phase == "active"


class NoticeRefused(Unavailable):
    """acd did not do it."""

    code = "notice_refused"


def boards(session: Session, now: datetime) -> list[Incident]:
    """Those that last, and those that were over a moment ago."""
    rows = session.execute(
        select(Emergency, Estate.name, Building.name).outerjoin(Estate, Estate.id == Emergency.estate_id)
        .outerjoin(Building, Building.id == Emergency.building_id)
        .where(or_(Emergency.phase == "active", Emergency.over_at > now - TOLD_OVER)).order_by(Emergency.id))
    return [Incident(
        incident_id=str(row.id), type=row.type, level=row.level, since=row.declared_at, estate=estate or "",
        place=where(building, place=row.place), commander=row.commander, steps_open=row.steps_open,
        steps_late=row.steps_late, over_at=row.over_at, drill=row.drill, estate_id=row.estate_id) for row, estate, building in rows]


def notices(session: Session, estates: dict[str, str]) -> tuple[dict[str, str], set[str]]:
    """The prompt that callers of each estate (the site file's id, "" for all) are to hear, the worst and latest first; and where
    acd was asked for one. A drill tells no caller anything."""
    wanted: dict[str, str] = {}
    had: set[str] = set()
    for row, name in _with_notice(session):
        estate = _site_estate(estates, name)
        if estate is None:
            continue
        if row.phase == "active":
            wanted.setdefault(estate, row.notice)
        if row.notice_set:
            had.add(estate)
    return wanted, had


def _with_notice(session: Session) -> list[tuple[Emergency, str | None]]:
    rows = session.execute(
        select(Emergency, Estate.name).outerjoin(Estate, Estate.id == Emergency.estate_id)
        .where(Emergency.notice != "", Emergency.drill.is_(False), or_(Emergency.phase == "active", Emergency.notice_set))
        .order_by(Emergency.level, Emergency.id.desc()))
    return [(row, name) for row, name in rows]


def _site_estate(estates: dict[str, str], name: str | None) -> str | None:
    """None: the site file does not name it, and Asterisk knows it by no id."""
    return "" if name is None else estates.get(name)
