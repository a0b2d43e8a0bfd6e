"""The words of this domain: what is asked for, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from crm.dialling.models import DialTask


class Outcome(StrEnum):
    """The first four are of a try; the others of a task that ended without one more."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "noanswer"
    FAILED = "failed"
    EXPIRED = "expired"          # `until` was over
    REFUSED = "refused"          # not rung: `why` is no_call (they said so), number (the site file's patterns) or prompt
    STOPPED = "stopped"          # by whoever asked for it


@dataclass(frozen=True)
class CallWanted:
    """One number, rung until somebody answers (and, with `keys`, presses one of them), `tries` times at most.

    `purpose` is a word of the registry (`Purposes`), `subject` the purpose's own: the same purpose, subject and number are one
    task while it is open. `prompts` and `thanks` (by key, and `LATE` for who presses after it was called off) are prompt ids; keys
    are digits, `*` says it all again. `staff`: one of our own people; only they are rung although somebody at that number said "do
    not call", and only when it is `urgent`.
    """

    purpose: str
    subject: str
    number: str                  # as stored
    prompts: tuple[str, ...]
    keys: str = ""
    thanks: Mapping[str, str] = field(default_factory=dict)
    language: Literal["zh", "en"] = "zh"
    household_id: int | None = None
    urgent: bool = False         # quiet hours do not hold it back
    staff: bool = False
    until: datetime | None = None
    not_before: datetime | None = None
    tries: int | None = None     # None: the site file's
    retry_s: int | None = None


@dataclass(frozen=True)
class Result:
    """Of a try, or of a task that ended. `is_last`: nothing more comes of this task."""

    outcome: Outcome
    attempt: int                 # the try's; of an end without one, the last that was begun
    key: str                     # "" for none
    is_last: bool
    why: str = ""

    @property
    def was_heard(self) -> bool:
        return self.outcome is Outcome.ANSWERED


Heard = Callable[[Session, DialTask, Result, datetime], None]
"""What a purpose does with each result, once, in the transaction that writes it; the task's row is held. It may ask for other
calls. Whatever it raises undoes what it did alone: the result stands. A task that was stopped tells of nothing but an answer."""

Purposes = Mapping[str, Heard]


class NoSuchCall(Conflict):
    """Prompts, keys or thanks that no dialplan says: a fault of whoever asks."""

    code = "call_unfit"
    status = 422
