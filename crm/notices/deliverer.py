"""Sends what is to be sent, from a thread of its own: a mail server that does not answer must not hold up clocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.events import Health
from callcenter.site import Site
from crm.database import Database
from crm.notices import deliveries
from crm.notices.channels import Channel, NotSentError
from crm.notices.channels import channels_of as channels_of
from crm.notices.deliveries import Taken
from crm.threads import Reports

EVERY_S: Final = 1.0
FAILED_WITHIN: Final = timedelta(hours=1)

log = structlog.get_logger("notices")


class Out(Protocol):
    """Deliveries of a kind, as `deliveries` has those of notices: which are made, which are due, what became of one."""

    def is_anything(self, session: Session, now: datetime) -> bool: ...
    def fan_out(self, session: Session, site: Site, now: datetime) -> int: ...
    def take(self, session: Session, now: datetime) -> list[Taken]: ...
    def sent(self, session: Session, taken: Taken, now: datetime) -> None: ...
    def not_sent(self, session: Session, taken: Taken, code: str, now: datetime) -> None: ...
    def failing(self, session: Session, since: datetime) -> int: ...


class Deliverer:
    """Of notices; or of whatever else `out` says, with a component of its own."""

    def __init__(self, database: Database, site: Site, channels: Mapping[str, Channel], clock: Clock, report: Reports, *,
                 out: Out = deliveries, component: str = "notices") -> None:
        self._database, self._site, self._channels, self._clock, self._report = database, site, channels, clock, report
        self._out, self._component = out, component
        self._has_told = True

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        self._has_told = False     # also after a fault: then the first round says how it is
        while not stop.wait(EVERY_S):
            try:
                while self.step() and not stop.is_set():
                    pass
            except SQLAlchemyError as error:
                log.warning("notices_wait", error=type(error).__name__)    # the recorder reports the database
                continue
            yield

    def step(self) -> int:
        """One round; how many were tried. Raises SQLAlchemyError."""
        now = self._clock.now()
        with self._database.reading() as session:
            is_anything = self._out.is_anything(session, now)
        if self._has_told and not is_anything:
            return 0
        with self._database.writing.begin() as session:
            self._out.fan_out(session, self._site, now)
        with self._database.writing.begin() as session:
            taken = self._out.take(session, now)
        for one in taken:
            self._send(one)
        with self._database.reading() as session:
            failing = self._out.failing(session, now - FAILED_WITHIN)
        self._report(self._component, Health.DEGRADED if failing else Health.OK, f"failing_{failing}" if failing else "")
        self._has_told = True
        return len(taken)

    def _send(self, one: Taken) -> None:
        channel = self._channels.get(one.channel)
        try:
            if channel is None:
                raise NotSentError("no_channel")    # taken out of the site file since
            channel.send(one.message, one.address, self._clock.now())
        except NotSentError as error:
            log.warning("notice_not_sent", channel=one.channel, delivery=one.delivery_id, code=error.code, tries=one.tries)
            self._not_sent(one, error.code)
        except Exception as error:     # of one delivery, and given up after its tries: the others go out
            log.critical("notice_fault", channel=one.channel, delivery=one.delivery_id, error=type(error).__name__, exc_info=error)
            self._not_sent(one, "fault")
        else:
            with self._database.writing.begin() as session:
                self._out.sent(session, one, self._clock.now())

    def _not_sent(self, one: Taken, code: str) -> None:
        with self._database.writing.begin() as session:
            self._out.not_sent(session, one, code, self._clock.now())
