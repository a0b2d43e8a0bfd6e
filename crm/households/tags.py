"""Tags that a household may bear: a list that the supervisor keeps, with words in both languages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict
from crm.households.models import Household, HouseholdTag, TagWords
from crm.households.rights import KEEP, READ, TagUnknown, may
from crm.households.schemas import TagShown
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

CODE: Final = re.compile(r"[a-z][a-z0-9-]{0,20}")
# agi/points.py lets who bears one of these begin further ahead: they may get other words, and never go.
CALL_PATH: Final = frozenset({"elderly", "alone", "vip"})


class TagNeeded(Conflict):
    """The call path decides by it."""

    code = "tag_needed"


class TagWordTaken(Conflict):
    """Another tag is called that."""

    code = "tag_word_taken"


def tags(session: Session, actor: Actor) -> list[TagShown]:
    may(actor, READ)
    return [_shown(row) for row in session.scalars(select(TagWords).order_by(TagWords.code))]


def put_tag(session: Session, actor: Actor, wanted: TagShown, now: datetime) -> TagShown:
    """A new one, or other words for one. Households that bear a retired one keep it until it is taken off them."""
    may(actor, KEEP)
    if wanted.retired and wanted.code in CALL_PATH:
        raise TagNeeded
    if session.scalar(select(TagWords.code).where(TagWords.zh == wanted.zh, TagWords.code != wanted.code)) is not None:
        raise TagWordTaken
    row = session.get(TagWords, wanted.code, with_for_update=True)
    if row is None:
        row = TagWords(code=wanted.code, zh=wanted.zh, en=wanted.en, retired=wanted.retired)
        session.add(row)
    else:
        row.zh, row.en, row.retired = wanted.zh, wanted.en, wanted.retired
    session.flush()
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="tag.changed", subject=f"tag:{wanted.code}")
    return _shown(row)


def words(session: Session) -> dict[str, str]:
    """Code by code and by its words in either language: what a file may call it. Retired ones too."""
    rows = session.execute(select(TagWords.code, TagWords.zh, TagWords.en)).all()
    found = {word.casefold(): code for code, zh, en in rows for word in (en, zh)}
    return found | {code: code for code, _, _ in rows}


def usable(session: Session) -> set[str]:
    return set(session.scalars(select(TagWords.code).where(TagWords.retired.is_(False))))


def checked_tags(session: Session, wanted: Iterable[str], *, kept: Iterable[str] = ()) -> list[str]:
    """Sorted, once each. Raises TagUnknown; what a household bears already it may keep."""
    known = usable(session) | set(kept)
    found = sorted(set(wanted))
    if not known.issuperset(found):
        raise TagUnknown
    return found


def set_tags(session: Session, row: Household, wanted: list[str]) -> None:
    """In the household's row, which the call path reads, and in the rows that tags are searched by."""
    if row.tags == wanted:
        return
    session.execute(delete(HouseholdTag).where(HouseholdTag.household_id == row.id))
    if wanted:
        session.execute(insert(HouseholdTag), [{"tag": tag, "household_id": row.id} for tag in wanted])
    row.tags = wanted


def _shown(row: TagWords) -> TagShown:
    return TagShown(row.code, row.zh, row.en, row.retired)
