"""What the call path asks about a number, in one query; agi compiles it for its own drivers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Integer, String, and_, bindparam, exists, func, or_, select

from crm.callers.models import Treatment
from crm.callers.schemas import History
from crm.calls.models import CallRow
from crm.database import UtcDateTime
from crm.tickets.models import Ticket

AGAIN_WITHIN: Final = timedelta(hours=1)
KNOWN_FOR: Final = timedelta(hours=24)      # an agent is preferred for so long after the last call, while a ticket is open

_NUMBER = bindparam("number", type_=String)
_HOUSEHOLD = bindparam("household_id", type_=Integer)
_CALL = bindparam("call_id", type_=String)

_treatment = (
    select(Treatment.level)
    .where(Treatment.number == _NUMBER, Treatment.state == "active",
           or_(Treatment.until.is_(None), Treatment.until > bindparam("now", type_=UtcDateTime)))
    .limit(1).scalar_subquery())
# The recorder may have written the very call that asks.
_again = exists(select(CallRow.call_id).where(
    CallRow.number == _NUMBER, CallRow.call_id != _CALL, CallRow.entered_at > bindparam("again_after", type_=UtcDateTime)))
_open = exists(select(Ticket.id).where(
    Ticket.state == "open", or_(Ticket.household_id == _HOUSEHOLD, Ticket.contact_number == _NUMBER)))
_agent = (
    select(func.coalesce(CallRow.answered_agent, CallRow.answered_by))
    .where(and_(CallRow.number == _NUMBER, CallRow.call_id != _CALL, CallRow.answered_by.is_not(None),
                CallRow.entered_at > bindparam("known_after", type_=UtcDateTime), _open))
    .order_by(CallRow.entered_at.desc()).limit(1).scalar_subquery())

HISTORY = select(_treatment, _again, _agent)
ASKED: Final = ("number", "household_id", "call_id", "now", "again_after", "known_after")


def history_in(row: Sequence[Any] | None) -> History:
    if row is None:
        return History()
    treatment, again, agent = row
    return History(treatment or "", bool(again), agent or "")
