"""Searches of the bank, and what came of each (I2): what nobody found is the list by which new entries are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Final, Literal

from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.private import Private
from crm.calls.models import CallRow
from crm.households.estates import must_see
from crm.households.models import Estate
from crm.knowledge.models import KnowledgeItem, KnowledgeSearch
from crm.knowledge.rights import APPROVE, READ, ItemMissing, item_seen, may
from crm.knowledge.schemas import Language
from crm.knowledge.search.bank import Bank, Found
from crm.paging import Order, Page
from crm.privacy.masks import masked
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

Outcome = Literal["chosen", "answered", "none_helped"]
_UNMET: Final = Order[KnowledgeSearch]("knowledge-searches", KnowledgeSearch.id, KnowledgeSearch.id, newest_first=True)
# Besides numbers and addresses: 3-1-502, 3栋1单元502室, 王先生, 欧阳女士.
_ROOM: Final = re.compile(r"(?<![0-9-])[0-9]{1,3}[-－][0-9]{1,3}[-－][0-9]{1,5}(?![0-9-])"
                          r"|[0-9一二三四五六七八九十]{1,4}(?:栋|幢|号楼|座)(?:[0-9一二三四五六七八九十]{1,3}单元)?"
                          r"(?:[0-9一二三四五六七八九十]{1,4}(?:层|楼))?(?:[0-9]{1,5}(?:室|房|户|号)?)?"
                          r"|(?<![0-9])[0-9]{3,5}(?:室|房)")
_TITLED: Final = re.compile(r"[\u4e00-\u9fff]{1,3}(?=先生|女士|小姐|太太|阿姨|师傅)"
                            r"|(?<=Mr )[A-Z]\w+|(?<=Mrs )[A-Z]\w+|(?<=Ms )[A-Z]\w+")


@dataclass(frozen=True)
class Asked:
    """`estate_id` and `call_id` say for whom; a call's household says the estate when none is given."""

    text: str
    language: Language
    estate_id: int | None = None
    call_id: str | None = None
    limit: int = 3


class SearchRead(BaseModel):
    """A line of the work list."""

    search_id: int
    at: datetime
    text: str | None = Field(description="without numbers, names and rooms; null once it is forgotten")
    language: str
    estate_id: int | None
    ranked_with: str
    offered: list[int]
    outcome: Outcome | None
    chosen_id: int | None
    place: int | None = Field(description="of the chosen entry among those offered, from 1; null: found otherwise")
    settled_at: datetime | None
    settled_by: str | None
    settled_item_id: int | None


def without_people(text: str) -> str:
    """A search's words as they are kept. Pure; what is hidden is `*`."""
    return _TITLED.sub("*", _ROOM.sub("*", masked(text, Private.TEXT)))


def find(session: Session, bank: Bank, actor: Actor, asked: Asked, day: date) -> tuple[Asked, Found]:
    """What to offer, and what was asked with the estate that it was asked for. Only reads. Raises NotFound for an estate, or a
    call of one, that the actor does not see."""
    may(actor, READ)
    estate_id = asked.estate_id
    if estate_id is not None and (not actor.sees(estate_id) or session.get(Estate, estate_id) is None):
        raise NotFound(f"estate {estate_id}")
    if asked.call_id is not None:
        row = session.get(CallRow, asked.call_id)      # None: the journal is not as far yet
        of_call = must_see(session, actor, row.household_id, f"call {asked.call_id}") if row is not None else None
        estate_id = estate_id if estate_id is not None else of_call
    bank.renew(session)
    estates = actor.estates if estate_id is None else frozenset({estate_id})
    found = bank.find(asked.text, estates, day, asked.limit)
    return Asked(asked.text, asked.language, estate_id, asked.call_id, asked.limit), found


def keep(session: Session, actor: Actor, asked: Asked, found: Found, now: datetime, day: date) -> int:
    """The search's id."""
    row = KnowledgeSearch(
        at=now, day=day, user_id=actor.user_id, call_id=asked.call_id, estate_id=asked.estate_id, language=asked.language,
        text=without_people(asked.text), ranked_with="+".join(found.ranked_with), offered=[each.item_id for each in found.entries],
        outcome=None, chosen_id=None, place=None)
    session.add(row)
    session.flush()
    return row.id


def came_of(session: Session, actor: Actor, search_id: int, outcome: Outcome, item_id: int | None, now: datetime) -> SearchRead:
    """By whoever searched; said again, the last word holds. Raises NotFound for a search of somebody else's."""
    row = session.get(KnowledgeSearch, search_id, with_for_update=True)
    if row is None or row.user_id is None or row.user_id != actor.user_id:
        raise NotFound(f"search {search_id}")
    chosen = None if outcome == "none_helped" else item_id if item_id is not None else row.chosen_id
    if outcome != "none_helped" and chosen is None:
        raise ItemMissing
    if chosen is not None and session.scalar(select(KnowledgeItem.id).where(
            KnowledgeItem.id == chosen, KnowledgeItem.sort == "entry", KnowledgeItem.shown.is_not(None), item_seen(actor))) is None:
        raise NotFound(f"entry {chosen}")
    row.outcome, row.chosen_id, row.outcome_at = outcome, chosen, now
    row.place = row.offered.index(chosen) + 1 if chosen in row.offered else None
    session.flush()
    return search_read(row)


def unmet(session: Session, actor: Actor, *, settled: bool, cursor: str | None, limit: int) -> Page[SearchRead]:
    """Searches in which nothing helped, newest first."""
    may(actor, APPROVE)
    done = KnowledgeSearch.settled_at.is_not(None)
    query = select(KnowledgeSearch).where(KnowledgeSearch.outcome == "none_helped", done if settled else ~done, search_seen(actor))
    rows = session.scalars(_UNMET.after(query, cursor).limit(limit + 1)).all()
    return _UNMET.page(rows, limit, search_read)


def settle(session: Session, actor: Actor, search_id: int, item_id: int | None, now: datetime) -> SearchRead:
    """Off the list: an entry was written for it, or it needs none. Said again, the last word holds."""
    may(actor, APPROVE)
    row = session.scalar(select(KnowledgeSearch).where(KnowledgeSearch.id == search_id, KnowledgeSearch.outcome == "none_helped",
                                                       search_seen(actor)).with_for_update())
    if row is None:
        raise NotFound(f"search {search_id}")
    if item_id is not None and session.scalar(select(KnowledgeItem.id).where(
            KnowledgeItem.id == item_id, KnowledgeItem.sort == "entry", item_seen(actor))) is None:
        raise NotFound(f"entry {item_id}")
    row.settled_at, row.settled_by, row.settled_item_id = now, actor.name, item_id
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="knowledge.settled", subject=f"search:{search_id}",
                 detail=None if item_id is None else f"entry {item_id}")
    session.flush()
    return search_read(row)


def search_seen(actor: Actor) -> ColumnElement[bool]:
    if actor.estates is None:
        return true()
    return or_(KnowledgeSearch.estate_id.is_(None), KnowledgeSearch.estate_id.in_(sorted(actor.estates)))


def search_read(row: KnowledgeSearch) -> SearchRead:
    outcomes: dict[str | None, Outcome] = {"chosen": "chosen", "answered": "answered", "none_helped": "none_helped"}
    return SearchRead(search_id=row.id, at=row.at, text=row.text, language=row.language, estate_id=row.estate_id,
                      ranked_with=row.ranked_with, offered=row.offered, outcome=outcomes.get(row.outcome), chosen_id=row.chosen_id,
                      place=row.place, settled_at=row.settled_at, settled_by=row.settled_by, settled_item_id=row.settled_item_id)


def local_day(now: datetime, tz: tzinfo) -> date:
    return now.astimezone(tz).date()


