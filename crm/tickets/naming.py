"""Whom a ticket is about, and what naming somebody does to it and to what followed from it (D3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.kinds.schema import Kind
from crm.kinds.service import kind_of
from crm.staff.models import User
from crm.tickets.models import Ticket
from crm.tickets.schemas import Link


def about_of(session: Session, kind: Kind, fields: Mapping[str, Any]) -> int | None:
    """The user whom it is about (D3)."""
    names = [fields[name] for name, rule in kind.fields.items() if rule.barred and fields.get(name) is not None]
    return session.scalar(select(User.id).where(User.name == names[0])) if names else None


def named(session: Session, row: Ticket, kind: Kind) -> dict[str, Any]:
    """The ticket, and all that followed from it, is about somebody else now: they neither own it nor work on it any more (D3)."""
    row.about_id = about_of(session, kind, row.fields)
    freed, below = _free(row), []
    above = {row.id: row.about_id}
    known = set(above)
    while above:
        children = session.scalars(select(Ticket).where(Ticket.parent_id.in_(above), Ticket.id.not_in(known)).order_by(Ticket.id)
                                   .with_for_update().execution_options(populate_existing=True))
        follows = [one for one in children if _follows(one)]
        for one in follows:
            own = about_of(session, kind_of(session, one.kind, one.kind_version).kind, one.fields)
            one.about_id = own or above[one.parent_id or 0]
            if _free(one):
                one.version += 1
                below.append(one.number)
        above = {one.id: one.about_id for one in follows}
        known |= set(above)
    return ({"freed": freed} if freed else {}) | ({"freed_below": below} if below else {})


def _follows(child: Ticket) -> bool:
    """Made because of its parent, not tied to it by a person."""
    return child.parent_as == Link.FOLLOWUP.value or (child.cause or "").startswith(
        (f"made:{child.parent_id}:", "complaint:rating:"))


def _free(row: Ticket) -> list[str]:
    freed = [name for name in ("owner_id", "assignee_id", "offered_to_id") if row.about_id and getattr(row, name) == row.about_id]
    for name in freed:
        setattr(row, name, None)
    return freed
