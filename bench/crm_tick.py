"""The clocks' tick with half a million open clocks of which few are due, and with a hundredth of them: it must not grow.

Two looks: one that finds nothing due, which is every second's; one that does what is due of 100 clocks. The clocks that are not
due are taken away for the small number, in a transaction that is taken back.
"""

from __future__ import annotations

import statistics
from datetime import timedelta
from typing import Final

from acd_result import Result
from crm_fill import NOW, Desk
from crm_reads import worked
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crm.clocks.models import TicketClock
from crm.clocks.service import tick
from crm.database import Database

DUE: Final = 100
ROUNDS: Final = 9
LOOKS: Final = 25            # a round: each takes less than a millisecond, and the first after a rollback reads its pages anew
GROWTH: Final = 1.5          # a hundred times the clocks; what is due costs the same
FEWER: Final = 100
WARNS_AFTER: Final = timedelta(minutes=49)       # of the hour that the clock of a callback allows


def measure(database: Database, desk: Desk, rounds: int = ROUNDS) -> Result:
    few = max(desk.tickets // FEWER, 2 * DUE)
    result = Result(met=True, lines=["open clocks   nothing due ms   100 due ms"])
    found = {}
    for count in (few, desk.tickets):
        idle, busy = _measured(database, count, rounds)
        found[count] = idle, busy
        result.lines.append(f"{count:>11}{idle:>17.2f}{busy:>13.1f}")
        result.figures |= {f"tick_{count}_idle_ms": round(idle, 3), f"tick_{count}_busy_ms": round(busy, 2)}
    for name, small, large in zip(("idle", "busy"), found[few], found[desk.tickets], strict=True):
        result.figures[f"tick_{name}_growth"] = round(large / small, 2)
        result.met &= large / small <= GROWTH
    return result


def _measured(database: Database, count: int, rounds: int) -> tuple[float, float]:
    """Medians in ms. Everything is taken back."""
    idle, busy = [], []
    with database.writing() as session:
        session.begin()
        session.execute(delete(TicketClock).where(TicketClock.ticket_id > count))
        assert session.scalar(select(func.count()).where(TicketClock.next_at.is_not(None))) == count
        for _ in range(rounds):
            idle += [_timed(session, 0) for _ in range(LOOKS)]
            with session.begin_nested() as savepoint:
                began = NOW - WARNS_AFTER
                session.execute(update(TicketClock).where(TicketClock.ticket_id <= DUE, TicketClock.ended_at.is_(None)).values(
                    started_at=began, since=began, due_at=began + timedelta(hours=1), next_at=NOW - timedelta(minutes=1)))
                busy.append(_timed(session, DUE))
                savepoint.rollback()
            session.expire_all()
        session.rollback()
    return statistics.median(idle) * 1000, statistics.median(busy) * 1000


def _timed(session: Session, due: int) -> float:
    clock = worked(session)
    began = clock()
    done = tick(session, NOW)
    took = clock() - began
    assert done == due, f"{done} clocks were due"
    return took
