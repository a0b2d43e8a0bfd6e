"""Broadcasts are called off: by hand, and once their emergency is over (H5, H10). Callers commit."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.incidents.declared.acts import Held
from crm.incidents.declared.models import Broadcast, BroadcastCall
from crm.incidents.declared.timeline import Entry, What
from crm.staff.actor import Actor
from crm.staff.audit import record_audit


def call_off(here: Held, actor: Actor, row: Broadcast, now: datetime) -> None:
    """One that runs and is held: nobody more is rung; the keeper tells whoever rings."""
    row.state = "stopping"
    here.session.execute(update(BroadcastCall).where(BroadcastCall.broadcast_id == row.id, BroadcastCall.state == "wanted")
                         .values(state="stopped", at=now))
    here.write(actor, Entry(now, What.BROADCAST, actor.user_id, said=("stopped",)))
    audit(here.session, actor, row, "stopped", now)


def call_all_off(here: Held, actor: Actor, now: datetime) -> None:
    for row in here.session.scalars(
            select(Broadcast).where(Broadcast.emergency_id == here.row.id, Broadcast.state == "running").order_by(Broadcast.id)
            .with_for_update().execution_options(populate_existing=True)).all():
        call_off(here, actor, row, now)


def audit(session: Session, actor: Actor, row: Broadcast, what: str, now: datetime) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"emergency.broadcast_{what}",
                 subject=f"emergency:{row.emergency_id}", detail=f"broadcast {row.id}")
