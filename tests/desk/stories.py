"""What the desk's stories say often: time goes on, an answer is well, an answer has faults."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from crm.clocks.service import tick
from crm.ledgers.keeper import LedgerKeeper
from crm.threads import Reports
from desk.counter import Counter, Person


def until(counter: Counter, moment: datetime) -> None:
    counter.clock.advance((moment - counter.clock.now()).total_seconds())
    with counter.database.writing.begin() as session:
        while tick(session, counter.clock.now()):
            pass


def ledgers(counter: Counter, report: Reports = lambda *_: None) -> LedgerKeeper:
    """As a process that has just been started."""
    return LedgerKeeper(counter.database, counter.site, counter.clock, report)


def well(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def faults(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(fault["where"][-1], fault["code"]) for fault in answer.json()["faults"]]


def notices(person: Person) -> list[tuple[str, str, str]]:
    return [(one["kind"], one["what"], one["whom"]) for one in person.read("/notices")["items"]]
