"""Asks acd for what is due: callbacks into the queue, cancelled ones out of it. A thread of its own: acd may take seconds,
and the journal must not wait for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.commands import Answer, CancelRingBack, Command, RingBack
from callcenter.errors import Unavailable
from callcenter.events import Callback, CallbackChanged, CallbackState
from crm.callbacks import store
from crm.callbacks.models import CallbackRow
from crm.callbacks.rules import Kept, RetryRule
from crm.database import Database

EVERY_S: Final = 2.0
AT_ONCE: Final = 20
POINTS: Final = 30                             # what a callback counts (docs/contracts.md)
NOBODY_THERE: Final = timedelta(seconds=30)
OVERLAP: Final = timedelta(seconds=5)          # told twice is as good as told once
SILENT: Final = timedelta(seconds=10)          # acd did not answer
PLACE_WITHIN: Final = timedelta(seconds=60)    # the journal tells of the place until then
BEGUN: Final = "begun"                         # acd's word: this attempt was begun before

log = structlog.get_logger("callbacks")


class CallbackCaller:
    def __init__(self, database: Database, rule: RetryRule, clock: Clock, *, ask: Callable[[Command], Answer],
                 tell: Callable[[CallbackChanged], None],
                 read_until: Callable[[], datetime | None]) -> None:
        """`read_until`: up to when the journal is in the database. What is due later may be over by the journal: who was called
        off or tried often enough is not rung once more because the database was slow."""
        self._database, self._rule, self._clock = database, rule, clock
        self._ask, self._tell, self._read_until = ask, tell, read_until
        self._looked = clock.now()

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("callbacks_wait", error=type(error).__name__)   # the recorder reports the database
                continue
            yield

    def step(self) -> None:
        """Raises SQLAlchemyError."""
        now = self._clock.now()
        known = self._read_until()
        with self._database.reading() as session:
            over = store.cancelled_since(session, self._looked - OVERLAP)
            due = store.due(session, min(now, known), AT_ONCE) if known else []
            leaving = store.to_be_taken_out(session, AT_ONCE)
        for shown in over:
            self._tell(CallbackChanged(now, shown))
        self._looked = now
        try:
            for kept in leaving:
                self._ask(CancelRingBack(kept.shown.callback_id))
            for kept in due:
                self._settle(kept, self._ask(ring_back(kept)))
        except Unavailable as error:
            log.info("acd_not_reached", reason=error.code)
            for kept in due:
                self._later(kept, replace(kept.shown, next_at=self._clock.now() + SILENT))

    def _settle(self, kept: Kept, answer: Answer) -> None:
        now, shown = self._clock.now(), kept.shown
        if answer.is_done and answer.detail == BEGUN:
            # Begun before, and no place is known: that attempt is over. The next one, or none.
            attempts = shown.attempts + 1
            over = attempts >= self._rule.tries
            self._later(kept, replace(shown, attempts=attempts, next_at=None if over else now,
                                      state=CallbackState.FAILED if over else shown.state))
        elif answer.is_done:
            self._later(kept, replace(shown, next_at=now + PLACE_WITHIN))
        elif answer.code in ("unknown_queue", "refused"):
            self._later(kept, replace(shown, state=CallbackState.FAILED, since=now, next_at=None))
        else:
            self._later(kept, replace(shown, next_at=now + NOBODY_THERE))

    def _later(self, kept: Kept, shown: Callback) -> None:
        """Unless the journal has told more meanwhile."""
        after = replace(kept, shown=shown)
        with self._database.writing.begin() as session:
            row = session.get(CallbackRow, kept.shown.callback_id, with_for_update=True)
            if row is None or store.kept_of(row) != kept:
                return
            store.write(session, after)
        self._tell(CallbackChanged(self._clock.now(), after.shown))


def ring_back(kept: Kept) -> RingBack:
    shown = kept.shown
    return RingBack(shown.callback_id, shown.attempts + 1, shown.number, shown.queue, POINTS, kept.household_id,
                    kept.language or "zh")
