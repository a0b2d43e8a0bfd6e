"""How every thread of crm is kept going: a fault of ours in one is seen, and holds up neither the journal nor the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import structlog

from callcenter.events import Health

FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 60.0

log = structlog.get_logger("crm")

Rounds = Callable[[threading.Event], Iterator[None]]
"""A thread's work: yields after each round that went well, and ends soon after the event is set."""


class Reports(Protocol):
    def __call__(self, component: str, state: Health, detail: str = "") -> None: ...


def keep_going(name: str, rounds: Rounds, stop: threading.Event, report: Reports, *, reports_itself: bool = False,
               first_retry_s: float = FIRST_RETRY_S) -> None:
    """Until `stop` is set. After an unexpected error its component is down until a round goes well; the process does not end,
    for that would end the journal's recorder with it. `reports_itself`: each round tells of the component, well or not."""
    retry, is_down = first_retry_s, False
    while not stop.is_set():
        try:
            for _ in rounds(stop):
                if is_down and not reports_itself:
                    report(name, Health.OK)
                retry, is_down = first_retry_s, False
        except Exception as error:
            log.critical("thread_failed", thread=name, error=repr(error), retry_s=retry, exc_info=error)
            report(name, Health.DOWN, type(error).__name__)
            is_down = True
            stop.wait(retry)
            retry = min(retry * 2, LONGEST_RETRY_S)


def started(name: str, rounds: Rounds, stop: threading.Event, report: Reports, *, reports_itself: bool = False) -> threading.Thread:
    thread = threading.Thread(target=keep_going, args=(name, rounds, stop, report),
                              kwargs={"reports_itself": reports_itself}, name=name, daemon=True)
    thread.start()
    return thread
