"""A thread of crm's that forgets by the site file's rules, and removes the files of what was forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.site import Site
from crm.database import Database
from crm.migrate import is_current
from crm.privacy.doomed import sweep
from crm.privacy.retention import run

SWEEP_EVERY_S: Final = 10.0          # after an erasure its files are gone so soon
RULES_EVERY_S: Final = 6 * 3600.0

log = structlog.get_logger("retention")


class Forgetter:
    def __init__(self, database: Database, site: Site, folders: Mapping[str, Path], clock: Clock) -> None:
        self._database, self._site, self._folders, self._clock = database, site, folders, clock
        self._rules_at = float("-inf")

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.is_set():
            try:
                self.round(time.monotonic())
            except SQLAlchemyError as error:        # the recorder reports the database; an OSError is this component's own
                log.error("not_forgotten", error=type(error).__name__)
            else:
                yield
            stop.wait(SWEEP_EVERY_S)

    def round(self, monotonic: float) -> None:
        if not is_current(self._database):
            return
        if monotonic - self._rules_at >= RULES_EVERY_S:
            done = run(self._database, self._site.retention, self._clock.now(), ZoneInfo(self._site.timezone))
            self._rules_at = monotonic
            if done:
                log.info("forgotten", **done)
        sweep(self._database, self._folders)
