"""Notes what happened; relaying is `crm/outbox/relay.py`'s."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from crm.outbox.models import OutboxEntry

_NOTED: Final = "outbox.noted"


def note(session: Session, at: datetime, what: str, subject: str, *, estate_id: int | None = None,
         **data: Any) -> None:
    """`what` is `<thing>.<past tense>`, `subject` `<thing>:<id>`. `data` goes to other systems: ids, codes and stages, no
    names and no numbers of people."""
    session.info[_NOTED] = True
    session.add(OutboxEntry(at=at, what=what, subject=subject, estate_id=estate_id, data=data))


def has_noted(session: Session) -> bool:
    """Once after something was noted: for the relay of this process, which need not wait for its next look then."""
    return bool(session.info.pop(_NOTED, False))
