"""Brings the guard's story into the database once it is there, tells the guard who acknowledged, and lists the lost callers.

A thread of crm. Each line of the guard's files is taken once, by the file's name and its place in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.events import AnyEvent
from callcenter.site import Site
from crm.database import Database
from crm.outages.calling_back import CallBack
from crm.outages.guard import letter
from crm.outages.ladder import Acknowledged, Began, Ended, Told
from crm.outages.models import OutageLine, OutageRow
from crm.outages.story import STORY, TOLD, Line, happening_of, read
from crm.outages.ways import tried_of
from crm.outbox.service import note
from crm.staff.audit import record_audit

EVERY_S: Final = 2.0
AT_ONCE: Final = 500           # lines in one transaction
LONGEST_DETAIL: Final = 80
SHORT_DEATHS_EVERY: Final = 15  # rounds
ALL_CALLS_EVERY: Final = 30     # rounds
JUST_ENDED: Final = timedelta(minutes=2)

log = structlog.get_logger("outages")


class OutageKeeper:
    def __init__(self, database: Database, site: Site, folder: Path, clock: Clock, tell: Callable[[AnyEvent], None],
                 read_until: Callable[[], datetime | None]) -> None:
        """`folder` is the guard's. `read_until`: up to when the journal is in the database."""
        self._database, self._folder, self._clock, self._tell, self._read_until = database, folder, clock, tell, read_until
        self._calling_back = CallBack(site)
        self._sizes: dict[str, int] = {}
        self._round = 0

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("outages_wait", error=type(error).__name__)     # the recorder reports the database
                self._sizes.clear()
                continue
            yield

    def step(self) -> None:
        """Raises SQLAlchemyError, OSError."""
        for name in (STORY, TOLD):      # a message is told of an outage that the story has
            self._take(name)
        self._pass_on()
        self._list_lost()
        self._call_off_served()
        if self._round % SHORT_DEATHS_EVERY == 0:
            self._list_short_deaths()
        self._round += 1

    def _take(self, name: str) -> None:
        path = self._folder / name
        size = path.stat().st_size if path.exists() else 0
        if size == self._sizes.get(name):
            return
        while True:
            with self._database.reading() as session:
                new = _new_lines(session, path)
            if not new:
                break
            with self._database.writing.begin() as session:
                stored = [_keep(session, line) for line in new]
            if not any(stored):
                return      # the next step reads the story first, and then these anew
        self._sizes[name] = size

    def _pass_on(self) -> None:
        """Acknowledged on a page: the guard shows it with the next rung, and on the board."""
        with self._database.reading() as session:
            waiting = session.scalars(select(OutageRow).where(OutageRow.acknowledged_at.is_not(None), ~OutageRow.passed_on)).all()
        for row in waiting:
            if row.ended_at is None:
                letter(self._folder, row.outage_id, row.acknowledged_by or "")
        if waiting:
            with self._database.writing.begin() as session:
                for row in waiting:
                    session.get_one(OutageRow, row.id, with_for_update=True).passed_on = True

    def _list_lost(self) -> None:
        known = self._read_until()
        with self._database.reading() as session:
            ids = session.scalars(select(OutageRow.id).where(
                OutageRow.listed_at.is_(None), OutageRow.over_at.is_not(None)).order_by(OutageRow.over_at)).all()
        for ident in ids:
            with self._database.writing.begin() as session:
                row = session.get_one(OutageRow, ident, with_for_update=True)
                if row.listed_at is not None or row.over_at is None or known is None or known <= row.over_at:
                    continue
                events = self._calling_back.of(session, row, self._clock.now())
            for event in events:
                self._tell(event)

    def _call_off_served(self) -> None:
        """Also long after: who was lost at night is to be rung in the morning. Every round what has just ended, for all calls of
        a night are too many to be read every other second; all of them now and then: the journal may come late."""
        now = self._clock.now()
        since = now - JUST_ENDED if self._round % ALL_CALLS_EVERY else None
        with self._database.reading() as session:
            served = self._calling_back.served(session, now, since)
        if not served:
            return
        with self._database.writing.begin() as session:
            events = self._calling_back.call_off(session, served, now)
        for event in events:
            self._tell(event)

    def _list_short_deaths(self) -> None:
        known = self._read_until()
        if known is None:
            return
        with self._database.reading() as session:
            if not self._calling_back.short_deaths(session, self._clock.now(), known):
                return
        with self._database.writing.begin() as session:
            events = self._calling_back.without_outage(session, self._clock.now(), known)
        for event in events:
            self._tell(event)


def _new_lines(session: Session, path: Path) -> list[Line]:
    found: list[Line] = []
    taken = 0
    for line in read(path):
        if not found and line.place == 1:
            taken = session.scalar(select(func.max(OutageLine.place)).where(OutageLine.file == line.file[:32])) or 0
        if line.place > taken and (happening_of(line.said) or tried_of(line.said)):
            found.append(line)
            if len(found) == AT_ONCE:
                break
    return found


def _keep(session: Session, line: Line) -> bool:
    """The line, and what it makes of its outage. False for one of an outage that is not known."""
    happening, tried = happening_of(line.said), tried_of(line.said)
    outage_id = happening.outage_id if happening else tried.message.outage_id if tried else ""
    at = happening.at if happening else tried.at if tried else None
    row = session.scalars(select(OutageRow).where(OutageRow.outage_id == outage_id).with_for_update()).one_or_none()
    if isinstance(happening, Began) and row is None:
        row = OutageRow(outage_id=outage_id, component=happening.component, detail=happening.detail[:LONGEST_DETAIL],
                        began_at=happening.began_at)
        session.add(row)
        note(session, happening.at, "outage.began", f"outage:{outage_id}", component=happening.component)
        session.flush()
    if row is None or at is None:
        log.warning("outage_unknown", outage_id=outage_id)      # its beginning is not read yet, or was in a file that is gone
        return False
    match happening:
        case Told():
            row.step_s = max(row.step_s, int(happening.after_s))
        case Acknowledged() if row.acknowledged_at is None:
            row.acknowledged_at, row.acknowledged_by, row.passed_on = happening.at, happening.by, True
            record_audit(session, at=happening.at, who=happening.by, action="outage.acknowledged", subject=f"outage:{outage_id}",
                         detail="command")
        case Ended():
            row.ended_at, row.over_at = happening.ended_at, happening.at
            if row.began_at > row.ended_at:      # the clock was put back meanwhile: it lasted to its last rung at least
                row.began_at = row.ended_at - timedelta(seconds=row.step_s)
            note(session, happening.at, "outage.ended", f"outage:{outage_id}", component=row.component)
        case _:
            pass
    row.version += 1
    what = type(happening).__name__ if happening else "not_sent" if tried and tried.error else "sent"
    data = {key: value for key, value in line.said.items() if key not in ("what", "outage_id", "at", "component", "began_at")}
    session.add(OutageLine(file=line.file[:32], place=line.place, outage_id=outage_id, at=at, what=what,
                           data=data | ({"rung": line.said["what"]} if tried else {})))
    return True
