"""Households that are probably one: the same room in two spellings, or the same person with the same number twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, cast

from sqlalchemy import CTE, exists, func, literal, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased

from callcenter.errors import NotFound
from crm.households.models import Apart, Household, Person, PhoneNumber
from crm.households.rights import KEEP, Merged, may, must_see
from crm.households.schemas import HouseholdListed
from crm.households.search import listed
from crm.paging import Page, cursor_of, place_of
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

LIST: Final = "household-doubles"
Why = Literal["same_person", "same_room"]


@dataclass(frozen=True)
class Double:
    first: HouseholdListed
    second: HouseholdListed
    why: Why            # of two reasons the stronger: the room


def doubles(session: Session, actor: Actor, *, cursor: str | None = None, limit: int = 50) -> Page[Double]:
    """Those of the actor's estates that nobody has said to be apart. A landlord of two flats is among them until then."""
    may(actor, KEEP)
    pairs = union_all(_same_room(), _same_person()).subquery()
    first, second = pairs.c.first_id, pairs.c.second_id
    query = (select(first, second, func.max(pairs.c.why)).group_by(first, second).order_by(first, second).limit(limit + 1)
             .where(~exists().where(Apart.first_id == first, Apart.second_id == second)))
    if actor.estates is not None:
        query = query.where(pairs.c.estate_id.in_(actor.estates))
    if cursor is not None:
        query = query.where(tuple_(first, second) > place_of(LIST, cursor, int))
    found = session.execute(query).all()
    homes = listed(session, {ident for row in found[:limit] for ident in row[:2]})
    following = cursor_of(LIST, found[limit - 1][0], found[limit - 1][1]) if len(found) > limit else None
    return Page(items=[Double(homes[one], homes[two], cast(Why, why)) for one, two, why in found[:limit]], next=following)


def keep_apart(session: Session, actor: Actor, one: int, two: int, now: datetime) -> None:
    """They look like one and are not: not listed any more. Safe to repeat."""
    may(actor, KEEP)
    first, second = sorted((one, two))
    for ident in (first, second):
        row = session.get(Household, ident)
        if row is None or first == second:
            raise NotFound(f"household {ident}")
        must_see(actor, row.estate_id, f"household {ident}")
        if row.merged_into is not None:
            raise Merged(f"household {ident}")
    if session.get(Apart, (first, second)) is None:
        session.add(Apart(first_id=first, second_id=second, at=now, by=actor.name))
        record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="household.apart",
                     subject=f"household:{first}", detail=f"other={second}")
        session.flush()


def _same_room() -> Any:
    twice = _once((select(Household.estate_id, Household.room_key).where(Household.merged_into.is_(None))
                   .group_by(Household.estate_id, Household.room_key).having(func.count() > 1)).cte("rooms_twice"))
    one, two = aliased(Household), aliased(Household)
    return (select(one.id.label("first_id"), two.id.label("second_id"), one.estate_id, literal("same_room").label("why"))
            .select_from(twice).join(one, (one.estate_id == twice.c.estate_id) & (one.room_key == twice.c.room_key))
            .join(two, (two.estate_id == twice.c.estate_id) & (two.room_key == twice.c.room_key) & (two.id > one.id))
            .where(one.merged_into.is_(None), two.merged_into.is_(None)))


def _same_person() -> Any:
    twice = select(PhoneNumber.number).group_by(PhoneNumber.number).having(func.count() > 1)
    known = _once((select(PhoneNumber.number, Person.name, Household.id.label("home_id"), Household.estate_id)
                   .join(Person, Person.id == PhoneNumber.person_id).join(Household, Household.id == Person.household_id)
                   .where(PhoneNumber.number.in_(twice), Person.ended_at.is_(None), Household.merged_into.is_(None))).cte("known"))
    one, two = known.alias(), known.alias()
    return (select(one.c.home_id.label("first_id"), two.c.home_id.label("second_id"), one.c.estate_id,
                   literal("same_person").label("why"))
            .join(two, (two.c.number == one.c.number) & (two.c.name == one.c.name) & (two.c.estate_id == one.c.estate_id)
                  & (two.c.home_id > one.c.home_id)))


def _once(cte: CTE) -> CTE:
    """Worked out before all else: few are there twice, and a planner that knows no figures would pair whole estates."""
    return cte.prefix_with("MATERIALIZED")
