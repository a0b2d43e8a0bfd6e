"""A ticket's number: the prefix of its kind, the local day, and a count that all kinds share that day."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from sqlalchemy import Executable, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm.tickets.models import TicketCounter


def next_number(session: Session, prefix: str, day: date) -> str:
    """One statement, so that two at once get two numbers; the day's row stays locked until the commit."""
    counted = session.connection().execute(_counting(session.get_bind().dialect.name), {"day": day}).scalar_one()
    return f"{prefix}{day:%Y%m%d}-{counted:04d}"


@lru_cache
def _counting(dialect: str) -> Executable:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return (insert(TicketCounter).values(day=bindparam("day"), last=1)
            .on_conflict_do_update(index_elements=["day"], set_={"last": TicketCounter.last + 1})
            .returning(TicketCounter.last))
