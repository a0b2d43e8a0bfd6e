"""Makes one household of two, in one act that can be undone.

Everything that names the household that goes is pointed to the one that stays, and what was moved is written down by id.
The household that goes stays as a redirect: journals and other systems still name it. Of two people who are one, the
stricter word holds: who said "do not call", or withdrew a consent, in one of the two has said it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Table, func, select, update
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, NotFound, check_version
from crm.households.models import Consent, Household, Merge, Person, PhoneNumber
from crm.households.rights import KEEP, Merged, may, must_see
from crm.households.schemas import HouseholdShown
from crm.households.service import household
from crm.households.tags import set_tags
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.tables import METADATA

_OWN: Final = {"people", "household_tags"}      # not pointed over row by row


class OtherEstate(Conflict):
    """Households of two estates are not one."""

    code = "other_estate"
    status = 422


class SameHousehold(Conflict):
    code = "same_household"
    status = 422


class MergeUndone(Conflict):
    code = "merge_undone"


class MergeOvertaken(Conflict):
    """The household went into another one meanwhile: undo that first."""

    code = "merge_overtaken"


@dataclass(frozen=True)
class Preview:
    """What merging would do; `versions` of both are what it must be asked with."""

    kept: HouseholdShown
    lost: HouseholdShown
    same_people: tuple[int, ...]        # of the lost one: who is in both
    moving_people: tuple[int, ...]
    tags: tuple[str, ...]
    rows: dict[str, int]                # that follow, by table


@dataclass(frozen=True)
class MergeShown:
    merge_id: int
    kept_id: int
    lost_id: int
    at: datetime
    by: str
    undone_at: datetime | None
    undone_by: str | None


def preview(session: Session, actor: Actor, keep_id: int, lose_id: int) -> Preview:
    may(actor, KEEP)
    _check_pair(*(_unmerged(session, actor, ident) for ident in (keep_id, lose_id)))
    kept, lost = household(session, actor, keep_id), household(session, actor, lose_id)
    here = {person.name for person in kept.people if person.ended_on is None}
    counts = {table.name: session.scalar(select(func.count()).select_from(table).where(column == lose_id)) or 0
              for table, column in _pointing()}
    same = tuple(person.person_id for person in lost.people if person.ended_on is None and person.name in here)
    moving = tuple(person.person_id for person in lost.people if person.person_id not in same)
    tags = tuple(sorted({*kept.tags, *lost.tags}))
    return Preview(kept, lost, same, moving, tags, {name: count for name, count in counts.items() if count})


def merge(session: Session, actor: Actor, keep_id: int, lose_id: int, keep_version: int, lose_version: int,
          now: datetime) -> MergeShown:
    """Raises Changed when either is not as it was shown, Merged when somebody else was first."""
    may(actor, KEEP)
    kept, lost = _locked(session, actor, keep_id, lose_id)
    _check_pair(kept, lost)
    check_version(kept.version, keep_version)
    check_version(lost.version, lose_version)
    moved: dict[str, Any] = {"at": now.isoformat(), "rows": _point_over(session, lost.id, kept.id),
                             "added_tags": sorted(set(lost.tags) - set(kept.tags))}
    moved |= _people_over(session, kept, lost, actor, now)
    set_tags(session, kept, sorted({*kept.tags, *lost.tags}))
    moved["redirects"] = list(session.scalars(update(Household).where(Household.merged_into == lost.id)
                                              .values(merged_into=kept.id).returning(Household.id)))
    lost.merged_into = kept.id
    kept.version += 1
    lost.version += 1
    row = Merge(kept_id=kept.id, lost_id=lost.id, at=now, by=actor.name, moved=moved)
    session.add(row)
    session.flush()
    _told(session, actor, row, "merged", kept, now)
    return _shown(row)


def undo(session: Session, actor: Actor, merge_id: int, now: datetime) -> MergeShown:
    """Gives back what was moved and is still where it was moved to; what came since stays with the household that was kept."""
    may(actor, KEEP)
    row = session.get(Merge, merge_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"merge {merge_id}")
    kept, lost = _locked(session, actor, row.kept_id, row.lost_id)
    if row.undone_at is not None:
        raise MergeUndone
    if kept.merged_into is not None or lost.merged_into != kept.id:
        raise MergeOvertaken
    for table, column in _pointing():
        _point(session, table, column, row.moved["rows"].get(table.name, []), kept.id, lost.id)
    _people_back(session, row.moved, kept.id, lost.id)
    set_tags(session, kept, [tag for tag in kept.tags if tag not in row.moved["added_tags"]])
    session.execute(update(Household).where(Household.id.in_(row.moved["redirects"]), Household.merged_into == kept.id)
                    .values(merged_into=lost.id))
    lost.merged_into = None
    kept.version += 1
    lost.version += 1
    row.undone_at, row.undone_by = now, actor.name
    session.flush()
    _told(session, actor, row, "unmerged", kept, now)
    return _shown(row)


def merges(session: Session, actor: Actor, household_id: int) -> list[MergeShown]:
    """In which the household had a part, newest first."""
    may(actor, KEEP)
    home = session.get(Household, household_id)
    if home is None:
        raise NotFound(f"household {household_id}")
    must_see(actor, home.estate_id, f"household {household_id}")
    return [_shown(row) for row in session.scalars(select(Merge).where(
        (Merge.kept_id == household_id) | (Merge.lost_id == household_id)).order_by(Merge.id.desc()))]


def _locked(session: Session, actor: Actor, one: int, two: int) -> tuple[Household, Household]:
    """Both rows, the smaller id first: two who merge the same pair the other way round must not wait for each other."""
    rows: dict[int, Household] = {}
    for ident in sorted({one, two}):
        row = session.get(Household, ident, with_for_update=True, populate_existing=True)
        if row is None:
            raise NotFound(f"household {ident}")
        must_see(actor, row.estate_id, f"household {ident}")
        rows[ident] = row
    return rows[one], rows[two]


def _unmerged(session: Session, actor: Actor, household_id: int) -> Household:
    row = session.get(Household, household_id)
    if row is None:
        raise NotFound(f"household {household_id}")
    must_see(actor, row.estate_id, f"household {household_id}")
    return row


def _check_pair(kept: Household, lost: Household) -> None:
    if kept.id == lost.id:
        raise SameHousehold
    if kept.merged_into is not None or lost.merged_into is not None:
        raise Merged
    if kept.estate_id != lost.estate_id:
        raise OtherEstate


def _pointing() -> list[tuple[Table, Column[Any]]]:
    """Every table that names a household, those of other domains and of later days too."""
    return [(table, table.c.household_id) for table in METADATA.sorted_tables
            if "household_id" in table.c and table.name not in _OWN]


def _point_over(session: Session, lose_id: int, keep_id: int) -> dict[str, list[Any]]:
    moved = {}
    for table, column in _pointing():
        [key] = table.primary_key.columns
        ids = list(session.scalars(select(key).where(column == lose_id)))
        if ids:
            moved[table.name] = ids
            session.execute(update(table).where(column == lose_id).values(household_id=keep_id))
    return moved


def _point(session: Session, table: Table, column: Column[Any], ids: list[Any], here: int, there: int) -> None:
    [key] = table.primary_key.columns
    for start in range(0, len(ids), 500):
        session.execute(update(table).where(key.in_(ids[start:start + 500]), column == here).values(household_id=there))


def _people_over(session: Session, kept: Household, lost: Household, actor: Actor, now: datetime) -> dict[str, Any]:
    people = session.scalars(select(Person).where(Person.household_id.in_((kept.id, lost.id))).order_by(Person.id)).all()
    here = {person.name: person for person in people if person.household_id == kept.id and person.ended_at is None}
    moved: list[int] = []
    joined: list[dict[str, Any]] = []
    for person in people:
        if person.household_id == lost.id:
            twin = here.get(person.name) if person.ended_at is None else None
            if twin is None:
                person.household_id = kept.id
                moved.append(person.id)
            else:
                joined.append(_join(session, person, twin, actor, now))
    session.flush()
    return {"people": moved, "joined": joined}


def _join(session: Session, person: Person, twin: Person, actor: Actor, now: datetime) -> dict[str, Any]:
    """`person` goes on as `twin`. A number that both have stays where it is, with a person that is over: nothing is deleted."""
    known = list(session.scalars(select(PhoneNumber).where(PhoneNumber.person_id == twin.id)))
    numbers = [one for one in session.scalars(select(PhoneNumber).where(PhoneNumber.person_id == person.id)
                                              .order_by(PhoneNumber.place, PhoneNumber.id))
               if one.number not in {other.number for other in known}]
    after = max((one.place for one in known), default=-1)
    places = [one.place for one in numbers]
    for place, one in enumerate(numbers, after + 1):
        one.person_id, one.place = twin.id, place
    consents = list(session.scalars(select(Consent).where(Consent.person_id.in_((person.id, twin.id))).order_by(Consent.id)))
    last = {(one.person_id, one.what): one for one in consents}
    refused = {what for (_, what), one in last.items() if one.withdrawn_at is not None}
    withdrawn = [one for one in consents if one.what in refused and one.withdrawn_at is None]
    for consent in withdrawn:
        consent.withdrawn_at, consent.withdrawn_by = now, actor.name
    follow = [one.id for one in consents if one.person_id == person.id]
    for consent in consents:
        consent.person_id = twin.id
    before = (twin.no_call_since, twin.no_call_reason)
    if person.no_call_since is not None and (twin.no_call_since is None or person.no_call_since < twin.no_call_since):
        twin.no_call_since, twin.no_call_reason = person.no_call_since, person.no_call_reason
    person.ended_at = now
    return {"from": person.id, "into": twin.id, "numbers": [[one.id, place] for one, place in zip(numbers, places, strict=True)],
            "consents": follow, "withdrawn": [one.id for one in withdrawn],
            "no_call": [before[0].isoformat() if before[0] else None, before[1]],
            "no_call_set": twin.no_call_since.isoformat() if (twin.no_call_since, twin.no_call_reason) != before
            and twin.no_call_since else None}


def _people_back(session: Session, moved: dict[str, Any], kept_id: int, lost_id: int) -> None:
    session.execute(update(Person).where(Person.id.in_(moved["people"]), Person.household_id == kept_id)
                    .values(household_id=lost_id))
    at = datetime.fromisoformat(moved["at"])
    for one in moved["joined"]:
        person, twin = session.get_one(Person, one["from"]), session.get_one(Person, one["into"])
        for number_id, place in one["numbers"]:
            session.execute(update(PhoneNumber).where(PhoneNumber.id == number_id, PhoneNumber.person_id == twin.id)
                            .values(person_id=person.id, place=place))
        session.execute(update(Consent).where(Consent.id.in_(one["consents"]), Consent.person_id == twin.id)
                        .values(person_id=person.id))
        session.execute(update(Consent).where(Consent.id.in_(one["withdrawn"]), Consent.withdrawn_at == at)
                        .values(withdrawn_at=None, withdrawn_by=None))
        if one["no_call_set"] and twin.no_call_since == datetime.fromisoformat(one["no_call_set"]):
            since, twin.no_call_reason = one["no_call"]
            twin.no_call_since = datetime.fromisoformat(since) if since else None
        if person.ended_at == at:
            person.ended_at = None
    session.flush()


def _told(session: Session, actor: Actor, row: Merge, done: str, kept: Household, now: datetime) -> None:
    """The audit has the digest of what was moved: nobody alters unnoticed what undoing would do."""
    digest = hashlib.sha256(json.dumps(row.moved, sort_keys=True).encode()).hexdigest()
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"household.{done}",
                 subject=f"household:{row.kept_id}", detail=f"merge={row.id} other={row.lost_id} moved={digest}")
    note(session, now, f"household.{done}", f"household:{row.kept_id}", estate_id=kept.estate_id, other=row.lost_id,
         version=kept.version)


def _shown(row: Merge) -> MergeShown:
    return MergeShown(row.id, row.kept_id, row.lost_id, row.at, row.by, row.undone_at, row.undone_by)
