"""Takes people out of emergencies that stay: who did what when is kept, what was written in free words and who was rung goes."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.incidents.declared.models import Broadcast, BroadcastCall, ChatText, Emergency, EmergencyAct, EmergencyReport


def forget_emergencies(session: Session, ticket_id: int) -> None:
    """With the ticket that carries them."""
    of = select(Emergency.id).where(Emergency.ticket_id == ticket_id)
    session.execute(update(Emergency).where(Emergency.ticket_id == ticket_id).values(summary="", place=""))
    session.execute(update(EmergencyAct).where(EmergencyAct.emergency_id.in_(of)).values(text=""))
    session.execute(update(EmergencyReport).where(EmergencyReport.emergency_id.in_(of)).values(
        what="", occurred="", place="", course="", conclusion="", attachment_id=None))
    session.execute(update(ChatText).where(ChatText.emergency_id.in_(of)).values(zh="", en="", next_at=None))
    rung = select(Broadcast.id).where(Broadcast.emergency_id.in_(of))
    session.execute(update(BroadcastCall).where(BroadcastCall.broadcast_id.in_(rung)).values(number=""))


def forget_rung(session: Session, numbers: Collection[str]) -> None:
    """Of one person: nobody can tell any more which number of theirs was rung; nor is it rung again."""
    session.execute(update(BroadcastCall).where(BroadcastCall.number.in_(numbers), BroadcastCall.state.in_(("wanted", "asked")))
                    .values(state="stopped"))
    session.execute(update(BroadcastCall).where(BroadcastCall.number.in_(numbers)).values(number=""))
