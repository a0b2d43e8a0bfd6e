"""Notes what happened; relaying is `crm/outbox/relay.py`'s."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from crm.outbox.models import OutboxEntry


def note(session: Session, at: datetime, what: str, subject: str, *, estate_id: int | None = None,
         **data: Any) -> None:
    """`what` is `<thing>.<past tense>`, `subject` `<thing>:<id>`. `data` goes to other systems: ids, codes and stages, no
    names and no numbers of people."""
    session.add(OutboxEntry(at=at, what=what, subject=subject, estate_id=estate_id, data=data))
