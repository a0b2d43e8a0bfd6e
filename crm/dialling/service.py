"""Asks for calls of our own accord and calls them off. Callers commit; crm's thread `dialling` gives acd what is due."""

from __future__ import annotations

import re
import secrets
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.commands import LATE
from callcenter.numbers import as_dialled, fits, normalise
from callcenter.site.dialling import Dialling
from crm.dialling.models import DialTask
from crm.dialling.schemas import CallWanted, NoSuchCall, Outcome
from crm.households.people import may_be_called

PROMPT: Final = re.compile(r"[a-z][a-z0-9-]{0,30}")       # as acd and the dialplan take them
MOST_PROMPTS: Final = 12
_WORD: Final = re.compile(r"[a-z][a-z_]{0,19}")
_SUBJECT: Final = re.compile(r"[\w:.-]{1,80}")
_KEYS: Final = re.compile(r"[0-9]{0,10}")
REPEATS: Final = "*"


def ask_for(session: Session, wanted: CallWanted, rule: Dialling, now: datetime) -> DialTask:
    """The task; the one that is there already while it is open. Whether the number may be rung is asked when it is its turn, and
    its purpose is told `refused` then. Raises NoSuchCall. In a recorder's transaction as well as in a request's."""
    keys = wanted.keys.replace(REPEATS, "")       # whatever is asked, `*` says it again
    _check(wanted, keys)
    number = normalise(wanted.number)
    there = session.scalar(select(DialTask).where(DialTask.purpose == wanted.purpose, DialTask.subject == wanted.subject,
                                                  DialTask.number == number, DialTask.state != "over"))
    if there is not None:
        return there
    task = DialTask(
        task_id=secrets.token_hex(8), purpose=wanted.purpose, subject=wanted.subject, number=number,
        household_id=wanted.household_id, prompts=list(wanted.prompts), keys=keys, thanks=dict(wanted.thanks),
        language=wanted.language, urgent=wanted.urgent, staff=wanted.staff, tries=wanted.tries or rule.tries,
        retry_s=wanted.retry_s or rule.retry, until=wanted.until, made_at=now, state="waiting", since=now,
        next_at=max(now, wanted.not_before or now), attempts=0)
    session.add(task)
    session.flush()
    return task


def why_not(session: Session, task: DialTask, rule: Dialling) -> str:
    """Why the number is not rung of our own accord; "" when it may be. Asked before each try: who said no meanwhile has said it."""
    if not fits(rule.numbers, as_dialled(task.number)):
        return "number"
    if not (task.staff and task.urgent) and not may_be_called(session, task.number):
        return "no_call"
    return ""


def stop(session: Session, purpose: str, subject: str, now: datetime) -> int:
    """Nobody is rung for it any more; whose phone rings now stops ringing, who hears it hears it to the end, and that answer is
    told. How many were open."""
    rows = session.scalars(select(DialTask).where(DialTask.purpose == purpose, DialTask.subject == subject,
                                                  DialTask.state.in_(("waiting", "dialled")))
                           .order_by(DialTask.id).with_for_update().execution_options(populate_existing=True)).all()
    for row in rows:
        call_off(row, now)
    session.flush()
    return len(rows)


def is_any_open(session: Session, purpose: str, subjects: Collection[str]) -> bool:
    """Of what `stop` would stop; nothing is held."""
    return session.scalar(select(DialTask.id).where(DialTask.purpose == purpose, DialTask.subject.in_(subjects),
                                                    DialTask.state.in_(("waiting", "dialled"))).limit(1)) is not None


def call_off(task: DialTask, now: datetime) -> None:
    """One that is held."""
    if task.state == "waiting":
        end(task, Outcome.STOPPED, now)
    elif task.state == "dialled":
        task.state, task.since = "stopping", now


@dataclass(frozen=True)
class Progress:
    """How many of a subject's tasks stand where; together all of them. `acknowledged`: answered, with a key."""

    waiting: int = 0
    dialled: int = 0
    acknowledged: int = 0
    answered: int = 0            # without a key
    unreached: int = 0           # busy, no answer, failed, expired
    refused: int = 0
    stopped: int = 0


def progress(session: Session, purpose: str, subject: str) -> Progress:
    counted: Counter[str] = Counter()
    for state, outcome, has_key, count in session.execute(
            select(DialTask.state, DialTask.outcome, DialTask.key.is_not(None), func.count())
            .where(DialTask.purpose == purpose, DialTask.subject == subject)
            .group_by(DialTask.state, DialTask.outcome, DialTask.key.is_not(None))):
        counted[_stands(state, outcome, has_key=bool(has_key))] += count
    return replace(Progress(), **counted)


def end(task: DialTask, outcome: Outcome, now: datetime, *, key: str = "", why: str = "") -> None:
    task.state, task.since, task.next_at = "over", now, None
    task.outcome, task.key, task.why = outcome.value, key or None, why or None


def _stands(state: str, outcome: str | None, *, has_key: bool) -> str:
    if state != "over":
        return "waiting" if state == "waiting" else "dialled"
    if outcome == Outcome.ANSWERED:
        return "acknowledged" if has_key else "answered"
    return outcome if outcome in (Outcome.REFUSED, Outcome.STOPPED) else "unreached"


def _check(wanted: CallWanted, keys: str) -> None:
    prompts = (*wanted.prompts, *wanted.thanks.values())
    if not (_WORD.fullmatch(wanted.purpose) and _SUBJECT.fullmatch(wanted.subject) and _KEYS.fullmatch(keys)
            and 1 <= len(wanted.prompts) <= MOST_PROMPTS and all(PROMPT.fullmatch(name) for name in prompts)
            and len(set(keys)) == len(keys) and set(wanted.thanks) <= {*keys, LATE}):
        raise NoSuchCall(wanted.purpose)
