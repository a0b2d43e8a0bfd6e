"""Results, written once each: from the journal inside the recorder's transaction, or when nobody expects its word any more."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.calls.desk import Undone, by_the_desk
from crm.calls.entries import Dialled
from crm.dialling.models import DialTask, DialTry
from crm.dialling.rules import RetryRule, is_enough, next_try
from crm.dialling.schemas import Outcome, Purposes, Result
from crm.dialling.service import end
from crm.outbox.service import note

log = structlog.get_logger("dialling")


class DialLog:
    """Of one transaction."""

    def __init__(self, session: Session, purposes: Purposes, busy: timedelta, undone: list[Undone]) -> None:
        self._session, self._purposes, self._busy, self._undone = session, purposes, busy, undone

    def take(self, entry: Dialled) -> None:
        task = held(self._session, entry.task_id)
        if task is not None:
            self.tried(task, entry.attempt, Outcome(entry.result), entry.key, entry.at)

    def asterisk_started(self, node: str, at: datetime) -> None:
        """Whoever was being rung on it is being rung no more."""
        rows = self._session.scalars(
            select(DialTask).where(DialTask.state.in_(("dialled", "stopping")), DialTask.node == node, DialTask.since <= at)
            .order_by(DialTask.id).with_for_update())
        for task in rows.all():
            self.tried(task, task.attempts, Outcome.FAILED, "", at)

    def tried(self, task: DialTask, attempt: int, outcome: Outcome, key: str, at: datetime) -> None:
        """One result an attempt, whichever tells it first; the next try, or the end. `task` is held."""
        if self._session.get(DialTry, (task.id, attempt)) is not None:
            return
        key = key if key in task.keys else ""
        self._session.add(DialTry(dial_task_id=task.id, attempt=attempt, at=at, result=outcome.value, key=key))
        stopped, task.attempts = task.state == "stopping" or task.outcome == Outcome.STOPPED, max(task.attempts, attempt)
        if task.state == "over" and not stopped:
            return               # given up on before; what is told now changes nothing
        enough = is_enough(outcome, key, task.keys)
        again = None if enough or stopped else next_try(
            attempt, outcome, at, RetryRule(task.tries, self._busy, timedelta(seconds=task.retry_s)), task.until)
        if again is not None:
            task.state, task.since, task.next_at, task.node = "waiting", at, again, None
        elif stopped and outcome is not Outcome.ANSWERED:
            end(task, Outcome.STOPPED, at)
        else:
            end(task, outcome, at, key=key)
        self._tell(task, Result(outcome, attempt, key, again is None), at, quietly=stopped and outcome is not Outcome.ANSWERED)

    def ended(self, task: DialTask, outcome: Outcome, at: datetime, why: str = "") -> None:
        """Without one more try: its time is over, or it may not be rung (any more)."""
        end(task, outcome, at, why=why)
        self._tell(task, Result(outcome, task.attempts, "", is_last=True, why=why), at)

    def _tell(self, task: DialTask, result: Result, at: datetime, *, quietly: bool = False) -> None:
        note(self._session, at, "dial.result", f"dial:{task.task_id}", purpose=task.purpose, about=task.subject,
             attempt=result.attempt, result=result.outcome.value, key=result.key, is_last=result.is_last)
        self._session.flush()
        if quietly:
            return
        heard = self._purposes.get(task.purpose)
        if heard is None:
            log.error("purpose_unknown", purpose=task.purpose, task=task.task_id)
            return
        with by_the_desk(self._session, "dial_result", f"dial:{task.task_id}", self._undone):
            heard(self._session, task, result, at)


def held(session: Session, task_id: str) -> DialTask | None:
    return session.scalar(select(DialTask).where(DialTask.task_id == task_id).with_for_update()
                          .execution_options(populate_existing=True))
