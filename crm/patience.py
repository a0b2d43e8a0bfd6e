"""PostgreSQL that hangs: whoever waits for an answer of it asks, after a while, whether it answers anybody, and gives up if not.

A server that is stopped, or behind a cut cable, closes nothing: the kernel keeps the connection, and a query waits for ever. A
limit for every statement would end a month's report and a migration too. So the limit is on the server, not on the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from time import monotonic
from typing import Any, Final

import psycopg

from crm.outages.ladder import Look
from crm.outages.probes import postgres_at

SILENT_S: Final = 5.0        # of one statement: from then on the server itself is asked, as often as this
GLANCE_S: Final = 1.0

Waited = Generator[Any, Any, Any]


class DatabaseHangs(psycopg.OperationalError):
    """It takes connections and answers nothing, or cannot be reached any more."""


class PatientConnection(psycopg.Connection[Any]):
    """As psycopg's own, but no wait of it outlasts a server that is silent to everybody."""

    def wait(self, gen: Any, interval: float = GLANCE_S, timeout: float | None = None) -> Any:
        try:
            return super().wait(until_it_hangs(gen, self._answers, monotonic), interval=min(interval, GLANCE_S), timeout=timeout)
        except DatabaseHangs:
            self.pgconn.finish()      # in the middle of an answer: it can be used no more
            raise

    def _answers(self) -> bool:
        return postgres_at(self.info.hostaddr or self.info.host, self.info.port).look is Look.OK


def until_it_hangs(gen: Waited, answers: Callable[[], bool], now: Callable[[], float]) -> Waited:
    """The driver's own waiting, looked at each time that it is woken; 0 is its word for "nothing came"."""
    try:
        wanted, heard = next(gen), now()
        while True:
            ready = yield wanted
            if ready:
                heard = now()
            elif now() - heard >= SILENT_S:
                if not answers():
                    raise DatabaseHangs("the server is silent")
                heard = now()
            wanted = gen.send(ready)
    except StopIteration as end:
        return end.value
