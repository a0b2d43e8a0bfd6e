"""Households are rung by crm/dialling: what a broadcast asks for as one of its tasks, and what came of it (H5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from callcenter.site.dialling import Dialling
from crm.dialling import service
from crm.dialling.models import DialTask
from crm.dialling.schemas import CallWanted, Result
from crm.incidents.declared import broadcast
from crm.incidents.declared.broadcast import PURPOSE, Ringing


class Dialled:
    """`broadcast.Rings`."""

    def __init__(self, rule: Dialling) -> None:
        self._rule = rule

    def ask(self, session: Session, wanted: Ringing, now: datetime) -> bool | None:
        task = service.ask_for(session, CallWanted(
            PURPOSE, wanted.subject, wanted.number, wanted.prompts, keys=wanted.keys, thanks=dict(wanted.thanks),
            language="en" if wanted.language == "en" else "zh", household_id=wanted.household_id, urgent=wanted.urgent,
            until=wanted.until), self._rule, now)
        if task.state == "stopping":       # of the round before: it ends without a word, and only then is there a new one
            return None
        return task.state != "over"

    def stop(self, session: Session, subject: str, now: datetime) -> None:
        service.stop(session, PURPOSE, subject, now)


def heard(session: Session, task: DialTask, result: Result, now: datetime) -> None:
    """crm/dialling's `Heard`, once a result, in its transaction."""
    broadcast.heard(session, task.subject, task.number, result.outcome.value, result.key, is_last=result.is_last, now=now)
