"""Thanks who was satisfied and was not thanked in a call, by text (G2); where the site has a gateway for texts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callcenter.site import Site
from callcenter.site.texts import TextGateway
from crm.followups.models import Rating
from crm.texts.service import ask_for, number_for
from crm.texts.words import THANKS
from crm.tickets.models import Ticket

WITHIN: Final = timedelta(days=3)      # thanks that come later, of a gateway that is new, are none


def waiting(now: datetime) -> Select[Rating]:
    return select(Rating).where(Rating.thanked == "queued", Rating.at >= now - WITHIN)


def is_any_waiting(session: Session, now: datetime) -> bool:
    return session.scalar(waiting(now).with_only_columns(Rating.id).limit(1)) is not None


def thank_waiting(session: Session, site: Site, gateway: TextGateway, now: datetime, limit: int) -> int:
    """How many were looked at. Whom no text may be sent to is not thanked."""
    rows = session.scalars(waiting(now).order_by(Rating.id).limit(limit).with_for_update(skip_locked=True)).all()
    for rating in rows:
        contact = session.scalar(select(Ticket.contact_number).where(Ticket.id == rating.ticket_id))
        number = number_for(session, site, gateway, rating.household_id, contact)
        if number:
            ask_for(session, THANKS, f"rating:{rating.id}", number, rating.household_id, site.language, now)
        rating.thanked = "text" if number else "unreached"
    session.flush()
    return len(rows)
