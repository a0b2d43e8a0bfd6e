"""Whether the greeting was said: a leader who listens to a recording notes it, and it counts in the agent's days (K3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden
from crm.calls.models import CallRow
from crm.recordings.models import GreetingCheck
from crm.recordings.service import not_of_another_estate
from crm.staff.actor import Actor
from crm.staff.audit import record_audit


class NobodyGreets(Conflict):
    """No agent answered that call."""

    code = "nobody_greets"


@dataclass(frozen=True)
class GreetingShown:
    call_id: str
    agent: str
    said: bool
    at: datetime
    who: str


def check(session: Session, actor: Actor, row: CallRow, said: bool, now: datetime) -> GreetingShown:
    """Of a call that the actor may hear; nobody judges the own ones. Raises NobodyGreets, Forbidden."""
    if row.answered_agent is None:
        raise NobodyGreets(row.call_id)
    if row.answered_agent == actor.agent:
        raise Forbidden
    found = session.get(GreetingCheck, row.call_id, with_for_update=True)
    if found is None:
        found = GreetingCheck(call_id=row.call_id)
        session.add(found)
    found.said, found.at, found.who, found.user_id = said, now, actor.name, actor.user_id
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="recording.greeting", subject=f"call:{row.call_id}",
                 detail="said" if said else "not_said")
    session.flush()
    return GreetingShown(row.call_id, row.answered_agent, said, now, actor.name)


def checks(session: Session, actor: Actor, begin: datetime, end: datetime) -> list[tuple[str, datetime, bool]]:
    """(agent, when the call entered its queue, whether it was said) of the calls of that time that were checked."""
    rows = session.execute(
        select(CallRow.answered_agent, CallRow.queued_at, GreetingCheck.said)
        .join(GreetingCheck, GreetingCheck.call_id == CallRow.call_id)
        .where(CallRow.queued_at >= begin, CallRow.queued_at < end, CallRow.answered_agent.is_not(None),
               not_of_another_estate(actor)))
    return [(agent, at, said) for agent, at, said in rows if agent is not None and at is not None]
