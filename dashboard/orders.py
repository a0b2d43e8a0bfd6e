"""Orders of a signed-in user to acd: asked, audited whatever came of it, and a refusal turned into a problem."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from callcenter.commands import Answer, Command
from callcenter.errors import Unavailable
from crm.staff import service as staff
from crm.staff.audit import record_audit
from crm.staff.schemas import SignedIn
from dashboard.problems import Coded
from dashboard.services import Services

UNKNOWN = "unknown_"   # unknown_agent, unknown_seat, unknown_queue …: acd's codes for what is not there
UNTOLD = {"agent", "call_id", "number"}   # the audit's subject; and the number of somebody's own mobile, which is nobody's business


@dataclass(frozen=True)
class TakeSeat:
    """What an order that was carried out means for the session: where its user sits now; None: nowhere."""

    seat: str | None


@dataclass(frozen=True)
class Attempt:
    """What is written into the audit trail: `action` is a code, `subject` the thing, `asked` what was asked for it."""

    action: str
    subject: str
    asked: dict[str, Any]


def carry_out(services: Services, who: SignedIn, command: Command, attempt: Attempt, *, then: TakeSeat | None = None) -> Answer:
    """The answer of acd, which is `done`. Raises Coded for another answer, Unavailable when there was none.

    The order is asked outside a transaction: acd may take seconds, and a SQLite writer would keep everybody else waiting.
    """
    try:
        answer = services.asker.ask(command, who.user.name)
    except Unavailable as error:
        _write(services, who, attempt, error.code)
        raise
    if not answer.is_done:
        _write(services, who, attempt, answer.code)
        raise Coded(404 if answer.code.startswith(UNKNOWN) else 409, answer.code)
    _write(services, who, attempt, answer.code, then)
    return answer


def take_seat(services: Services, who: SignedIn, attempt: Attempt, seat: str | None) -> None:
    """Where a seat is taken without acd: in fixed seating, and by who is no agent."""
    _write(services, who, attempt, "done", TakeSeat(seat))


def keep_in_step(services: Services, who: SignedIn, seat: str | None) -> None:
    """The session follows its agent, who may have signed in elsewhere with the phone's keypad."""
    if who.seat != seat:
        with services.database.writing.begin() as session:
            staff.take_seat(session, who.sign_in_id, seat)


def attempt_of(action: str, subject: str, command: Command) -> Attempt:
    """All that the command says, but for whom: that is the subject."""
    asked = {name: value for name, value in asdict(command).items() if name not in UNTOLD and value not in (None, "")}
    return Attempt(action, subject, asked)


def _write(services: Services, who: SignedIn, attempt: Attempt, result: str, then: TakeSeat | None = None) -> None:
    with services.database.writing.begin() as session:
        if then is not None:
            staff.take_seat(session, who.sign_in_id, then.seat)
        record_audit(session, at=services.clock.now(), who=who.user.name, user_id=who.user.user_id, action=attempt.action,
                     subject=attempt.subject, detail=json.dumps({"result": result, **attempt.asked}, ensure_ascii=False))
