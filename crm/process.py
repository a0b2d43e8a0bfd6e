"""The crm process: reads the journal, seals recordings, tells the bus. Nothing that is down makes it end."""

from __future__ import annotations

import threading
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.events import AnyEvent, CallbackChanged, CallRecordWritten, FiguresUpdated, Health
from callcenter.sign import Sign
from callcenter.site import Site
from crm.callbacks.store import open_callbacks
from crm.callers import tell
from crm.callers.tell import TreatedTeller
from crm.calls import store
from crm.calls.recorder import Batch, Recorder
from crm.calls.recordings import seal_recordings
from crm.calls.retention import drop_old_sound
from crm.database import Database
from crm.idempotency import drop_old_keys
from crm.migrate import is_current
from crm.outbox.relay import drop_told
from crm.reports.differences import Comparison
from crm.reports.today import Today
from crm.staff import agents_tell
from crm.webhooks.service import drop_old_deliveries

POLL_S = 0.15                # a line is read at the latest this long after it was written
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 5.0
FIGURES_EVERY_S = 1.0
FIGURES_SHARE = 0.05         # of a core, at most: a day that is counted anew costs more than a second's news
COMPARE_EVERY_S = 60.0
SEAL_EVERY_S = 5.0
CLEAN_EVERY_S = 3600.0
UNENTERED_FOR = timedelta(days=1)

log = structlog.get_logger("crm")


class Tells(Protocol):
    """What the process needs of the herald."""

    def tell(self, event: AnyEvent) -> None: ...
    def keep(self, key: str, value: str) -> None: ...
    def report(self, component: str, state: Health, detail: str = "") -> None: ...
    def came_back(self) -> bool: ...


class Every:
    """Whether something is due again; monotonic seconds are passed in."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._next = float("-inf")

    def due(self, now: float) -> bool:
        if now < self._next:
            return False
        self._next = now + self._seconds
        return True

    def wait(self, now: float, seconds: float) -> None:
        """This once for longer, if that is longer."""
        self._next = max(self._next, now + seconds)


class Process:
    def __init__(self, database: Database, recorder: Recorder, herald: Tells, site: Site, recordings: Path,
                 voicemail: Path, clock: Clock, comparison: Comparison | None = None, sign: Sign | None = None) -> None:
        self._comparison, self._sign = comparison, sign
        self._compare_every = Every(COMPARE_EVERY_S)
        self._database = database
        self._recorder = recorder
        self._herald = herald
        self._site = site
        self._tz = ZoneInfo(site.timezone)
        self._sound = (recordings, voicemail)
        self._clock = clock
        self._figures_wanted = True
        self._figures_day: date | None = None
        self._today = Today(site, self._tz)
        self._figures_every = Every(FIGURES_EVERY_S)
        self._roster = agents_tell.RosterTeller(database, herald, clock)
        self._roster_every = Every(agents_tell.LOOK_EVERY_S)
        self._treated = TreatedTeller(database, herald, clock)
        self._treated_every = Every(tell.LOOK_EVERY_S)
        self._seal_every = Every(SEAL_EVERY_S)
        self._clean_every = Every(CLEAN_EVERY_S)
        self._migrated = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set; ends between two transactions."""
        self._herald.report("crm", Health.OK)
        retry = FIRST_RETRY_S
        while not stop.is_set():
            if self._sign is not None:
                self._sign.give()
            try:
                busy = self.step()
            except (SQLAlchemyError, OSError) as error:
                # Named in the log and on the board; the journal waits in its files meanwhile, nothing is lost.
                database = isinstance(error, SQLAlchemyError)
                log.error("step_failed", error=type(error).__name__, retry_s=retry)
                self._herald.report("database" if database else "crm", Health.DOWN if database else Health.DEGRADED,
                                    type(error).__name__)
                stop.wait(retry)
                retry = min(retry * 2, LONGEST_RETRY_S)
                continue
            except Exception as error:
                # A fault of ours: seen, and tried again. To end would end the other threads too, for ever on the same line.
                log.critical("step_faulty", error=repr(error), retry_s=retry, exc_info=error)
                self._herald.report("crm", Health.DOWN, type(error).__name__)
                stop.wait(retry)
                retry = min(retry * 2, LONGEST_RETRY_S)
                continue
            retry = FIRST_RETRY_S
            if not busy:
                stop.wait(POLL_S)

    def step(self) -> bool:
        """One round; whether there may be more to read at once. Raises SQLAlchemyError or OSError."""
        if not self._migrated:
            self._migrated = is_current(self._database)
            if not self._migrated:
                self._herald.report("database", Health.DOWN, "not_migrated")
                return False
        batch = self._recorder.poll()
        self._tell(batch)
        now = time.monotonic()
        if self._seal_every.due(now):
            seal_recordings(self._database, *self._sound, self._clock.now())
        if self._clean_every.due(now):
            with self._database.writing.begin() as session:
                store.drop_unentered(session, self._clock.now() - UNENTERED_FOR)
                drop_old_keys(session, self._clock.now())
                drop_told(session, self._clock.now())
                drop_old_deliveries(session, self._clock.now())
            drop_old_sound(self._database, self._sound, self._site.retention.recordings_days, self._clock.now(), self._tz)
        back = self._herald.came_back()
        self._figures_wanted |= back
        if back:
            with self._database.reading() as session:
                waiting = list(open_callbacks(session))
            for callback in waiting:
                self._herald.tell(CallbackChanged(self._clock.now(), callback))
        if self._roster_every.due(now) or back:
            self._roster.look(again=back)
        if self._treated_every.due(now) or back:
            self._treated.look(again=back)
        self._publish_figures(now)
        if self._comparison and not batch.lines and self._compare_every.due(now):
            self._comparison.look(self._clock.now())    # not while there is more of the journal to read
        self._herald.report("database", Health.OK)
        self._herald.report("crm", Health.OK)
        return batch.lines > 0

    def _tell(self, batch: Batch) -> None:
        if batch.rejected:
            log.warning("lines_rejected", count=batch.rejected)
        for event in batch.events:
            self._herald.tell(event)
            self._figures_wanted |= isinstance(event, CallRecordWritten)
        self._figures_wanted |= batch.lines > 0
        self._today.touched(batch.oldest)

    def _publish_figures(self, now: float) -> None:
        """Today's, of each queue: after news, at the start, at local midnight, and when Redis came back."""
        today = self._clock.now().astimezone(self._tz).date()
        self._figures_wanted |= today != self._figures_day
        if not self._figures_wanted or not self._figures_every.due(now):
            return
        began = time.thread_time()
        with self._database.reading() as session:
            figures = self._today.look(session, today, self._clock.now(), self._recorder.read_until)
        self._figures_every.wait(now, (time.thread_time() - began) / FIGURES_SHARE)
        for each in figures:
            self._herald.tell(FiguresUpdated(self._clock.now(), each))
        self._figures_wanted, self._figures_day = False, today
