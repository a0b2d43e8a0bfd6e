"""Sends what is to be sent, from a thread of its own: a mail server that does not answer must not hold up clocks.

One letter after the other, what is most urgent first. A channel that did not answer the last time comes after all others: a dead
mail server costs a chat's robot one of its waits, not a queue of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import or_, select
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from callcenter.clock import Clock
from callcenter.events import Health
from crm.database import Database
from crm.letters import service
from crm.letters.service import Later, Letters, Needless, Refused, Taken
from crm.notices.channels import Channel, NotSentError
from crm.threads import Reports

EVERY_S: Final = 1.0
AT_ONCE: Final = 20            # of a round: between two the process may end
TELL_EVERY: Final = timedelta(minutes=1)
FAILED_WITHIN: Final = timedelta(hours=1)

log = structlog.get_logger("letters")


class Deliverer:
    """`kinds`: what is most urgent first."""

    def __init__(self, database: Database, kinds: Sequence[Letters[Any]], channels: Mapping[str, Channel], clock: Clock,
                 report: Reports) -> None:
        self._database, self._kinds, self._channels, self._clock, self._report = database, kinds, channels, clock, report
        self._is_any_due = select(or_(*(of.is_due() for of in kinds)))     # asked every second for ever
        self._silent: set[str] = set()
        self._tell_at: datetime | None = None

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        self._tell_at = None     # also after a fault: then the first round says how it is
        while not stop.wait(EVERY_S):
            try:
                while self.step() == AT_ONCE and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("letters_wait", error=type(error).__name__)    # the recorder reports the database
                continue
            yield

    def step(self) -> int:
        """One round; how many were tried. Raises SQLAlchemyError."""
        now, tried = self._clock.now(), 0
        while tried < AT_ONCE and (taken := self._next(self._clock.now())) is not None:      # taken for a while from its own moment
            self._send(taken)
            tried += 1
        if tried or self._tell_at is None or now >= self._tell_at:
            self._tell(now)
        return tried

    def _next(self, now: datetime) -> Taken | None:
        with self._database.reading() as session:      # on SQLite who writes keeps others from writing
            if not session.scalar(self._is_any_due, {"now": now}):
                return None
        with self._database.writing.begin() as session:
            for by_silent in (False, True):
                for of in self._kinds:
                    if (taken := service.take(session, of, now, self._silent, by_silent=by_silent)) is not None:
                        return taken
        return None

    def _send(self, one: Taken) -> None:
        channel = self._channels.get(one.channel)
        try:
            if channel is None:
                raise NotSentError("no_channel")    # taken out of the site file since
            with self._database.reading() as session:
                letter = one.of.says(session, session.get_one(one.of.rows, one.row_id), self._clock.now())
            channel.send(letter, one.address, self._clock.now())
        except Later as later:
            with self._database.writing.begin() as session:
                service.put_back(session, one, later.at)
        except Needless as known:
            with self._database.writing.begin() as session:
                service.dropped(session, one, known.code)
        except Refused as refused:
            self._not_sent(one, refused.code, for_good=True)
        except NotSentError as error:
            self._silent.add(one.channel)
            self._not_sent(one, error.code)
        except OperationalError:
            raise       # the database is away; it is taken again when its time is over
        except Exception as error:     # of one letter, and given up after its tries: the others go out
            log.critical("letter_fault", kind=one.of.component, channel=one.channel, letter=one.row_id, error=type(error).__name__,
                         exc_info=error)
            self._not_sent(one, "fault")
        else:
            self._silent.discard(one.channel)
            with self._database.writing.begin() as session:
                service.sent(session, one, self._clock.now())

    def _not_sent(self, one: Taken, code: str, *, for_good: bool = False) -> None:
        log.warning("letter_not_sent", kind=one.of.component, channel=one.channel, letter=one.row_id, code=code, tries=one.tries)
        with self._database.writing.begin() as session:
            service.not_sent(session, one, code, self._clock.now(), for_good=for_good)

    def _tell(self, now: datetime) -> None:
        with self._database.reading() as session:
            found = {of.component: service.failing(session, of, now - FAILED_WITHIN) for of in self._kinds}
        for component, count in found.items():
            self._report(component, Health.DEGRADED if count else Health.OK, f"failing_{count}" if count else "")
        self._tell_at = now + TELL_EVERY
