"""What a household was sent, or is to be sent: read only. A text is found by the rating that it thanks for, which has an index."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import String, cast, literal, select
from sqlalchemy.orm import Session

from callcenter.private import Private
from crm.followups.models import Rating
from crm.households.history import ids_of
from crm.paging import Order, Page
from crm.privacy.service import View
from crm.texts.models import Text
from crm.texts.words import THANKS

_ORDER: Final[Order[Text]] = Order("texts", Text.made_at, Text.id, newest_first=True)


@dataclass(frozen=True)
class TextShown:
    """Waits, with neither `sent_at` nor `failed_at`; with an `error` then, it is tried again."""

    text_id: int
    purpose: str
    made_at: datetime
    number: str | None           # None: its person was forgotten
    language: str
    tries: int
    sent_at: datetime | None
    failed_at: datetime | None
    error: str | None


def texts_of(session: Session, view: View, household_id: int, cursor: str | None = None, limit: int = 50) -> Page[TextShown]:
    """Newest first, with those of the ids that were merged into it. Raises NotFound."""
    ids = ids_of(session, view.actor, household_id)
    thanked = select(literal("rating:") + cast(Rating.id, String)).where(Rating.household_id.in_(ids))
    rows = session.scalars(_ORDER.after(select(Text).where(Text.purpose == THANKS, Text.subject.in_(thanked)), cursor)
                           .limit(limit + 1)).all()
    return _ORDER.page(rows, limit, lambda row: TextShown(
        row.id, row.purpose, row.made_at, view.show(row.address, Private.PHONE) if row.address else None, row.language, row.tries,
        row.sent_at, row.failed_at, row.error))
