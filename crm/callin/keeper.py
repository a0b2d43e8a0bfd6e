"""Looks at the call-ins that are open: who has arrived, who is late, who is rung again. And crm's thread for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from callcenter.clock import Clock
from callcenter.commands import Answer, Command
from callcenter.site import Site
from crm.callin.calling import CallingIn, open_ones
from crm.callin.mobiles import Mobiles
from crm.database import Database
from crm.threads import Reports, started

EVERY_S: Final = 1.0

log = structlog.get_logger("call_in")


class CallInKeeper:
    def __init__(self, database: Database, calling_in: CallingIn, clock: Clock, mobiles: Mobiles | None = None) -> None:
        self._database, self._calling_in, self._clock, self._mobiles = database, calling_in, clock, mobiles

    def rounds(self, stop: threading.Event) -> Iterator[None]:
        while not stop.wait(EVERY_S):
            try:
                self.step()
            except SQLAlchemyError as error:
                log.warning("call_in_waits", error=type(error).__name__)     # the recorder reports the database
                continue
            yield

    def step(self) -> None:
        """Raises SQLAlchemyError."""
        with self._database.reading() as session:
            idents = open_ones(session)
        for ident in idents:
            with self._database.writing.begin() as session:
                self._calling_in.look(session, ident, self._clock.now())
        if self._mobiles is not None:
            self._mobiles.step()


def call_in_thread(database: Database, site: Site, clock: Clock, report: Reports, stop: threading.Event,
                   ask: Callable[[Command], Answer]) -> threading.Thread:
    """Running. It ends within seconds of `stop`."""
    keeper = CallInKeeper(database, CallingIn(site), clock, Mobiles(database, site, ask))
    return started("call_in", keeper.rounds, stop, report)
