"""Whose estate a household is in, and what an actor who is bound to estates may see of rows that name a household (K1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from crm.households.models import Household
from crm.staff.actor import Actor


def estate_of(session: Session, household_id: int | None) -> int | None:
    """None for a caller whom nobody knows, and for a household that is gone."""
    if household_id is None:
        return None
    return session.scalar(select(Household.estate_id).where(Household.id == household_id))


def must_see(session: Session, actor: Actor, household_id: int | None, what: str) -> int | None:
    """The estate. Raises NotFound for one that the actor does not see: that the thing exists is not told either."""
    estate_id = estate_of(session, household_id)
    if not actor.sees(estate_id):
        raise NotFound(what)
    return estate_id


def seen_by(actor: Actor, household_id: Any) -> ColumnElement[bool]:
    """The condition on a column that names a household: of the actor's estates, or of no household at all."""
    if actor.estates is None:
        return true()
    own = select(Household.id).where(Household.estate_id.in_(sorted(actor.estates)))
    return or_(household_id.is_(None), household_id.in_(own))
