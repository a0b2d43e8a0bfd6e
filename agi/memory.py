"""What is known of numbers besides their households, at hand: a look-up must not wait for a second query.

Read anew every second, so what a leader decides holds from then on; kept while the database is away.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.numbers import normalise
from crm.callers.history import (
    AGAIN_WITHIN,
    KNOWN_FOR,
    Came,
    Held,
    agents_of_open_matters,
    calls_since,
    treatments_held,
)
from crm.callers.schemas import History
from crm.database import Database

log = structlog.get_logger()

READ_EVERY_S: Final = 1.0
MATTERS_EVERY: Final = timedelta(seconds=5)
OVERLAP: Final = timedelta(minutes=2)      # a call is written a little after it came; a recorder that was away writes later still


class Memory:
    """`history` is for many threads, `read` for one. Dictionaries are replaced, never changed in place."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._treatments: dict[str, Held] = {}
        self._calls: dict[str, tuple[Came, ...]] = {}
        self._agents: dict[str, str] = {}
        self._read_at: datetime | None = None
        self._matters_at: datetime | None = None

    def history(self, number: str, call_id: str) -> History:
        """`call_id` is the call that asks: the recorder may have written it already."""
        key = normalise(number)
        if not key:
            return History()
        now = self._clock.now()
        held, calls = self._treatments.get(key), self._calls.get(key, ())
        return History(
            treatment=held.level if held and (held.until is None or held.until > now) else "",
            again=any(came.call_id != call_id and came.at > now - AGAIN_WITHIN for came in calls),
            agent=self._agents.get(key, ""))

    def read(self, database: Database) -> None:
        """Raises SQLAlchemyError; then all stays as it was."""
        now = self._clock.now()
        since = now - AGAIN_WITHIN if self._read_at is None else self._read_at - OVERLAP
        matters = self._matters_at is None or now - self._matters_at >= MATTERS_EVERY
        with database.reading() as session:
            treatments, came = treatments_held(session), calls_since(session, since)
            agents = agents_of_open_matters(session, now - KNOWN_FOR) if matters else self._agents
        self._treatments, self._agents, self._read_at = treatments, agents, now
        self._calls = _remembered(self._calls, came, now - AGAIN_WITHIN)
        if matters:
            self._matters_at = now


def _remembered(known: dict[str, tuple[Came, ...]], came: list[Came], since: datetime) -> dict[str, tuple[Came, ...]]:
    kept = {number: calls for number, calls in known.items() if any(call.at > since for call in calls)}
    for call in came:
        before = kept.get(call.number, ())
        if call not in before:
            kept[call.number] = (*before, call)[-3:]     # two more than are asked for
    return kept


class MemoryReader(threading.Thread):
    def __init__(self, memory: Memory, database: Database, stopping: threading.Event) -> None:
        super().__init__(name="memory", daemon=True)
        self._memory, self._database, self._stopping = memory, database, stopping
        self._failing = False

    def run(self) -> None:
        self.read()
        while not self._stopping.wait(READ_EVERY_S):
            self.read()

    def read(self) -> None:
        try:
            self._memory.read(self._database)
        except Exception as error:      # what one row does must not end the thread: nobody would be blocked or freed any more
            if not self._failing:
                log.warning("memory_not_read", error=type(error).__name__, exc_info=not isinstance(error, SQLAlchemyError))
            self._failing = True
        else:
            self._failing = False
