"""Drills are held on a schedule (H12): so long after the last one, a ticket says that the next is due, and its clocks see to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.site import Site
from crm.drills.models import DrillRow
from crm.kinds.service import kind_of
from crm.staff.actor import SYSTEM
from crm.tickets.models import Ticket
from crm.tickets.schemas import NewTicket
from crm.tickets.service import open_ticket

KIND: Final = "drill"


def overdue(session: Session, site: Site, now: datetime) -> DrillRow | None:
    """The last drill, when it is too long ago and nothing says so yet. A site that never held one decides itself when to begin."""
    if not site.drills.every:
        return None
    last = session.scalar(select(DrillRow).order_by(DrillRow.began_at.desc(), DrillRow.id.desc()).limit(1))
    if last is None or now - last.began_at < timedelta(days=site.drills.every):
        return None
    return last if session.scalar(select(Ticket.id).where(Ticket.cause == _cause(last))) is None else None


def remind(session: Session, site: Site, last: DrillRow, now: datetime) -> None:
    """With what the site's kind has fields for. Raises FieldsUnfit."""
    zone, known = ZoneInfo(site.timezone), kind_of(session, KIND).kind.fields
    fields = {"topic": last.name, "last": f"{last.began_at.astimezone(zone):%Y-%m-%d} {last.name}"}
    open_ticket(session, SYSTEM, NewTicket(KIND, {name: said for name, said in fields.items() if name in known},
                                           cause=_cause(last)), now, zone)


def _cause(last: DrillRow) -> str:
    return f"drill-due:{last.id}"
