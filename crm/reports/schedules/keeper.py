"""Makes what is due: a row a moment, then its file and its letters in one transaction. A thread of crm.

Between the two it may die: the row waits and the file is made again; letters there are none before. After a standstill the newest
moment that was missed is made up for, once. What its owner may not have any more is not made: the schedule rests, and everybody
who got it is told.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.errors import Forbidden, NotFound, SixringError
from callcenter.events import Health
from callcenter.site import Site
from crm.database import Database
from crm.notices.channels import MAIL
from crm.notices.words import Language
from crm.outbox.service import note
from crm.privacy.service import View
from crm.reports.schedules.calendar import newest_until, next_after
from crm.reports.schedules.letters import address, forget_contents
from crm.reports.schedules.models import Paused, ReportRun, ReportSchedule
from crm.reports.schedules.recipients import masked_for
from crm.reports.schedules.service import MAY, NoAddress, due_run, parameters, said
from crm.reports.shelf import service as shelf
from crm.reports.shelf.files import audit, made
from crm.reports.shelf.periods import Days
from crm.reports.shelf.report import Headline
from crm.reports.shelf.service import Asked
from crm.reports.shelf.words import words
from crm.staff.models import User
from crm.staff.service import as_actor
from crm.threads import Reports

EVERY_S: Final = 1.0
MOST_BYTES: Final = 15_000_000       # of an attachment; mail servers take little more
KEPT_FOR: Final = timedelta(days=400)
TELL_EVERY: Final = timedelta(minutes=1)
FAILED_WITHIN: Final = timedelta(days=1)
TRIES: Final = 5
_BEGUN: Final = "begun_"
_SUBJECT: Final = {"zh": "【报表】{title} {days}", "en": "[Report] {title} {days}"}
_PAUSED: Final = {
    "zh": "本报表不再发送：设置它的用户已停用，或已无权查看。请主管接管或删除该定时任务（编号 {id}）。",
    "en": "This report is no longer sent: whoever set it up is gone or may not see it any more. A manager can take over or remove "
          "schedule {id}."}

log = structlog.get_logger("reports")


class FileTooLarge(SixringError):
    """For a mail: ask for fewer days, or one estate."""

    code = "file_too_large"


@dataclass(frozen=True)
class _Work:
    run_id: int
    asked: Asked
    form: str


class ReportKeeper:
    def __init__(self, database: Database, site: Site, clock: Clock, report: Reports) -> None:
        self._database, self._site, self._clock, self._report = database, site, clock, report
        self._tz = ZoneInfo(site.timezone)
        self._tell_at: datetime | None = None

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        self._tell_at = None     # also after a fault: then the first round says how it is
        while not stop.wait(EVERY_S):
            try:
                while self.step() and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("reports_wait", error=type(error).__name__)
                continue
            yield

    def step(self) -> bool:
        """One round; whether there may be more at once. Raises SQLAlchemyError."""
        now = self._clock.now()
        with self._database.reading() as session:
            planned = session.scalar(select(ReportSchedule.id).where(ReportSchedule.next_at <= now).limit(1)) is not None
            run_id = _next_run(session)
        if planned:
            with self._database.writing.begin() as session:
                self._plan(session, now)
                run_id = _next_run(session)
        if run_id is not None:
            self._make(run_id, now)
        elif self._tell_at is not None and now < self._tell_at:
            return False
        with self._database.reading() as session:
            failed = session.scalar(select(func.count()).select_from(ReportRun).where(
                ReportRun.state == "failed", ReportRun.made_at >= now - FAILED_WITHIN)) or 0
        self._report("reports", Health.DEGRADED if failed else Health.OK, f"failed_{failed}" if failed else "")
        self._tell_at = now + TELL_EVERY
        return run_id is not None

    def _plan(self, session: Session, now: datetime) -> None:
        """A run for each schedule that is due: of its newest moment."""
        rows = session.scalars(select(ReportSchedule).where(ReportSchedule.next_at <= now).order_by(ReportSchedule.next_at)
                               .limit(100).with_for_update(skip_locked=True)).all()
        for row in rows:
            calendar = said(row).calendar
            due_at = newest_until(calendar, now, self._tz)
            # The site's zone may have changed since the moment was planned: never one from before it.
            run = due_run(row, max(due_at, row.next_at or due_at), self._tz, "due")
            if session.scalar(select(ReportRun.id).where(ReportRun.schedule_id == row.id, ReportRun.due_at == run.due_at)) is None:
                session.add(run)
            row.next_at = next_after(calendar, now, self._tz)
        session.execute(delete(ReportRun).where(ReportRun.due_at < now - KEPT_FOR))
        forget_contents(session)

    def _make(self, run_id: int, now: datetime) -> None:
        found = self._work(run_id, now)
        if found is None or not self._begin(run_id, now):
            return
        try:
            file = made(self._database, found.asked, "pdf" if found.form == "pdf" else "xlsx")
            with file.file as content:
                if file.bytes > MOST_BYTES:
                    raise FileTooLarge
                whole = content.read()
        except SixringError as error:
            self._failed(run_id, error.code, now)
            return
        except SQLAlchemyError:
            raise
        except Exception as error:
            # Of one report: the others go on, and this one is not tried for ever.
            log.critical("report_fault", run=run_id, error=type(error).__name__, exc_info=error)
            self._failed(run_id, "fault", now)
            return
        with self._database.writing.begin() as session:
            run = _waiting(session, run_id)
            if run is None:
                return       # another process was quicker
            schedule = session.get_one(ReportSchedule, run.schedule_id)
            channels = address(session, self._site, schedule, run, now, found.asked)
            if not channels:
                _fail(session, run, NoAddress.code, now)
                return
            run.state, run.made_at, run.rows, run.error = "made", now, file.rows, None
            run.file_name, run.content = file.name, whole if MAIL in channels else None
            run.subject, run.said = _subject(found.asked), _said(found.asked, file.headlines, found.form)
            audit(session, found.asked, found.form, file.rows, f"schedule:{schedule.id}")
            note(session, now, "report.made", f"report_schedule:{schedule.id}", run=run.id, report=schedule.report)

    def _begin(self, run_id: int, now: datetime) -> bool:
        """Written down first: one whose making ends the process, each time, is given up. While it waits, `error` is how often."""
        with self._database.writing.begin() as session:
            run = _waiting(session, run_id)
            if run is None:
                return False
            begun = int((run.error or "0").removeprefix(_BEGUN)) + 1
            if begun > TRIES:
                _fail(session, run, "process_ended", now)
                return False
            run.error = f"{_BEGUN}{begun}"
            return True

    def _work(self, run_id: int, now: datetime) -> _Work | None:
        """What is to be made, as its owner is now; the schedule paused when there is no such owner any more."""
        with self._database.reading() as session:
            run = session.get(ReportRun, run_id)
            if run is None:
                return None
            row = session.get_one(ReportSchedule, run.schedule_id)
            owner = session.get_one(User, row.owner_id)
            actor = as_actor(owner)
            given = said(row)
            because: Paused | None = None
            try:
                if not owner.active or not actor.has(*MAY):
                    raise Forbidden
                asked = shelf.asked(session, View(actor, self._site.privacy), row.report, self._site, self._tz, now,
                                    Days(run.first, run.last), parameters(given), given.language)
                return _Work(run_id, masked_for(session, row.users, asked), row.form)
            except (Forbidden, NotFound):
                because = "owner_rights" if owner.active else "owner_gone"
            except SixringError as error:
                fault = error.code       # a parameter that the report no longer takes
        if because is None:
            self._failed(run_id, fault, now)
        else:
            self._pause(run_id, because, now)
        return None

    def _pause(self, run_id: int, because: Paused, now: datetime) -> None:
        with self._database.writing.begin() as session:
            run = _waiting(session, run_id)
            if run is None:
                return
            row = session.get_one(ReportSchedule, run.schedule_id, with_for_update=True)
            row.next_at, row.paused_because = None, because
            row.version += 1
            run.state, run.made_at, run.error = "paused", now, because
            language = said(row).language
            run.subject = _SUBJECT[language].format(title=row.report, days=Days(run.first, run.last).words())
            run.said = _PAUSED[language].format(id=row.id)
            address(session, self._site, row, run, now, None)
            note(session, now, "report.paused", f"report_schedule:{row.id}", because=because, report=row.report, owner=row.owner_id)

    def _failed(self, run_id: int, code: str, now: datetime) -> None:
        with self._database.writing.begin() as session:
            if (run := _waiting(session, run_id)) is not None:
                _fail(session, run, code, now)


def _fail(session: Session, run: ReportRun, code: str, now: datetime) -> None:
    log.warning("report_failed", run=run.id, code=code)
    run.state, run.made_at, run.error = "failed", now, code[:80]
    note(session, now, "report.failed", f"report_schedule:{run.schedule_id}", run=run.id, error=code)


def _waiting(session: Session, run_id: int) -> ReportRun | None:
    run = session.get(ReportRun, run_id, with_for_update=True)
    return run if run is not None and run.state == "waiting" else None


def _next_run(session: Session) -> int | None:
    return session.scalar(select(ReportRun.id).where(ReportRun.state == "waiting")
                          .order_by(ReportRun.due_at, ReportRun.id).limit(1))


def _subject(asked: Asked) -> str:
    ask = asked.ask
    return _SUBJECT[ask.language].format(title=asked.report.title.words(ask.language), days=ask.days.words())[:200]


def _said(asked: Asked, headlines: Iterable[Headline], form: str) -> str:
    """The figures of the whole, and where the report is read: no row of it, nobody's name or number."""
    ask = asked.ask
    language: Language = ask.language
    colon = "：" if language == "zh" else ": "
    lines = [f"{one.title.words(language)}{colon}{words(one.value, one.type, ask.tz)}" for one in headlines]
    base = ask.site.network.pages
    if base:
        lines.append(f"{base}{ask.link(asked.report.id + '.' + form)}")
    return "\n".join(lines)
