"""Entries and scripts: written as drafts, decided about by somebody else, shown, retired. Who did what is in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound, check_version
from crm.knowledge.models import SHOWN, KnowledgeCategory, KnowledgeEstate, KnowledgeItem, KnowledgeStamp, KnowledgeVersion
from crm.knowledge.rights import (
    APPROVE,
    READ,
    CategoryUnknown,
    CodeTaken,
    NothingNew,
    NotRetired,
    NotWaiting,
    OwnDraft,
    Retired,
    item_seen,
    may,
    may_write_for,
    newest_seen,
    sees,
)
from crm.knowledge.schemas import C, EntryContent, ItemRead, ItemShown, ScriptContent, VersionRead
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.audit import record_audit

Sort = Literal["entry", "script"]
State = Literal["waits", "shown", "retired"]
Content = EntryContent | ScriptContent
SORTS: Final[dict[type[Content], Sort]] = {EntryContent: "entry", ScriptContent: "script"}
_ITEMS: Final = Order[KnowledgeItem]("knowledge", KnowledgeItem.updated_at, KnowledgeItem.id, newest_first=True)


@dataclass(frozen=True)
class Wanted:
    """`text`: in the title or the code."""

    state: State | None = None
    category: str | None = None
    text: str | None = None


def draft(session: Session, actor: Actor, content: Content, now: datetime, code: str | None = None) -> KnowledgeItem:
    """A new item, which nobody is shown until somebody else has approved it."""
    may(actor, READ)
    _check(session, actor, content)
    sort = SORTS[type(content)]
    if code is not None and session.scalar(_of(sort).where(KnowledgeItem.code == code)) is not None:
        raise CodeTaken
    row = KnowledgeItem(sort=sort, code=code or "", title=content.title, category=content.category, newest=1, shown=None, version=1,
                        stamp=0, created_at=now, updated_at=now, retired_at=None)
    if code is None:
        row.code = f"new-{now:%Y%m%d%H%M%S%f}"      # until it has an id
    session.add(row)
    session.flush()
    if code is None:
        row.code = _free_code(session, sort, row.id)
    version = add_version(session, row, content, now, actor.name, actor.user_id)
    _told(session, actor, row, "drafted", now, [version])
    return row


def change(session: Session, actor: Actor, item_id: int, content: Content, now: datetime, if_version: int | None) -> KnowledgeItem:
    """A new draft; what is shown stays shown until it is approved."""
    row = _locked(session, actor, SORTS[type(content)], item_id, READ)
    check_version(row.version, if_version)
    if row.retired_at is not None:
        raise Retired
    _check(session, actor, content)
    before = _version(session, row, row.newest)
    if before.state in ("draft", "approved") and before.content == content.model_dump(mode="json"):
        raise NothingNew
    if before.state == "draft":
        before.state = "replaced"
    row.newest += 1
    row.title, row.category = content.title, content.category
    version = add_version(session, row, content, now, actor.name, actor.user_id)
    _changed(row, now)
    _told(session, actor, row, "drafted", now, [before, version])
    return row


def approve(session: Session, actor: Actor, sort: Sort, item_id: int, number: int, now: datetime,
            if_version: int | None) -> KnowledgeItem:
    """By somebody who has not written it. From now on it is shown, in place of what was."""
    row = _locked(session, actor, sort, item_id, APPROVE)
    version = _decide(session, actor, row, number, if_version)
    before = None if row.shown is None else _version(session, row, row.shown)
    if before is not None:
        before.state = "replaced"
    version.state, version.decided_at, version.decided_by = "approved", now, actor.name
    row.shown = number
    row.stamp = next_stamp(session)
    _changed(row, now)
    _told(session, actor, row, "approved", now, [version, *([before] if before else [])])
    return row


def decline(session: Session, actor: Actor, sort: Sort, item_id: int, number: int, reason: str, now: datetime,
            if_version: int | None) -> KnowledgeItem:
    """What is shown stays shown."""
    row = _locked(session, actor, sort, item_id, APPROVE)
    version = _decide(session, actor, row, number, if_version)
    version.state, version.decided_at, version.decided_by, version.reason = "declined", now, actor.name, reason
    _changed(row, now)
    _told(session, actor, row, "declined", now, [version], reason)
    return row


def retire(session: Session, actor: Actor, sort: Sort, item_id: int, reason: str, now: datetime,
           if_version: int | None) -> KnowledgeItem:
    """Nobody is shown it any more; its versions stay."""
    row = _locked(session, actor, sort, item_id, APPROVE)
    check_version(row.version, if_version)
    if row.retired_at is not None:
        raise Retired
    row.retired_at, row.stamp = now, next_stamp(session)
    _changed(row, now)
    _told(session, actor, row, "retired", now, _standing(session, row), reason)
    return row


def restore(session: Session, actor: Actor, sort: Sort, item_id: int, now: datetime, if_version: int | None) -> KnowledgeItem:
    """As it was shown before it was retired."""
    row = _locked(session, actor, sort, item_id, APPROVE)
    check_version(row.version, if_version)
    if row.retired_at is None:
        raise NotRetired
    row.retired_at, row.stamp = None, next_stamp(session)
    _changed(row, now)
    _told(session, actor, row, "restored", now, _standing(session, row))
    return row


def read(session: Session, actor: Actor, kind: type[C], item_id: int) -> ItemRead[C]:
    may(actor, READ)
    return read_row(session, actor, kind, _visible(session, actor, SORTS[kind], item_id))


def read_row(session: Session, actor: Actor, kind: type[C], row: KnowledgeItem) -> ItemRead[C]:
    rows = session.scalars(select(KnowledgeVersion).where(KnowledgeVersion.item_id == row.id)
                           .order_by(KnowledgeVersion.number.desc())).all()
    found = [(each, kind.model_validate(each.content)) for each in rows]
    return ItemRead[C](
        item_id=row.id, code=row.code, version=row.version, newest=row.newest, shown=row.shown, retired_at=row.retired_at,
        versions=[_version_read(each, content) for each, content in found if sees(actor, content.estates)])


def items(session: Session, actor: Actor, sort: Sort, wanted: Wanted, cursor: str | None, limit: int) -> Page[ItemShown]:
    """What was changed last comes first."""
    may(actor, READ)
    waits = select(KnowledgeVersion.item_id).where(KnowledgeVersion.state == "draft")
    query: Any = _of(sort).where(item_seen(actor))
    match wanted.state:
        case "waits":
            query = query.where(KnowledgeItem.id.in_(waits), KnowledgeItem.retired_at.is_(None))
        case "shown":
            query = query.where(KnowledgeItem.shown.is_not(None), KnowledgeItem.retired_at.is_(None))
        case "retired":
            query = query.where(KnowledgeItem.retired_at.is_not(None))
        case None:
            pass
    if wanted.category is not None:
        query = query.where(_says(actor, KnowledgeItem.category == wanted.category,
                                  KnowledgeVersion.content["category"].as_string() == wanted.category))
    if wanted.text is not None:
        title = _title_in(sort).icontains(wanted.text, autoescape=True)
        query = query.where(or_(_says(actor, KnowledgeItem.title.icontains(wanted.text, autoescape=True), title),
                                KnowledgeItem.code.icontains(wanted.text, autoescape=True)))
    rows = session.scalars(_ITEMS.after(query, cursor).limit(limit + 1)).all()
    drafts = set(session.scalars(waits.where(KnowledgeVersion.item_id.in_([row.id for row in rows]))))
    elsewhere = _of_shown(session, actor, sort, rows)
    return _ITEMS.page(rows, limit, lambda row: ItemShown(
        item_id=row.id, code=row.code, title=elsewhere.get(row.id, row).title, category=elsewhere.get(row.id, row).category,
        version=row.version, newest=row.newest, shown=row.shown, waits=row.id in drafts, updated_at=row.updated_at,
        retired_at=row.retired_at))


def add_version(session: Session, row: KnowledgeItem, content: Content, at: datetime, by: str, by_id: int | None, *,
                approved: bool = False) -> KnowledgeVersion:
    version = KnowledgeVersion(
        item_id=row.id, number=row.newest, state="approved" if approved else "draft", content=content.model_dump(mode="json"),
        at=at, by=by, by_id=by_id, decided_at=at if approved else None, decided_by=by if approved else None, reason=None)
    session.add(version)
    session.flush()
    session.add_all(KnowledgeEstate(version_id=version.id, estate_id=each) for each in sorted(set(content.estates)))
    session.flush()
    return version


def next_stamp(session: Session) -> int:
    row = session.get(KnowledgeStamp, 1, with_for_update=True)
    if row is None:
        row = KnowledgeStamp(id=1, stamp=0)
        session.add(row)
    row.stamp += 1
    session.flush()
    return row.stamp


def _says(actor: Actor, newest: ColumnElement[bool], shown: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of an item's columns, which are the newest version's; of the shown version where the newest is for other estates alone."""
    if actor.estates is None:
        return newest
    own = newest_seen(actor)
    return or_(and_(own, newest), and_(~own, exists(select(KnowledgeVersion.id).where(SHOWN, shown).correlate(KnowledgeItem))))


def _title_in(sort: Sort) -> ColumnElement[str]:
    """As `title` of its content."""
    field = "question" if sort == "entry" else "title"
    zh, en = (KnowledgeVersion.content[language][field].as_string() for language in ("zh", "en"))
    return func.coalesce(zh, en)


def _of_shown(session: Session, actor: Actor, sort: Sort, rows: Sequence[KnowledgeItem]) -> dict[int, Content]:
    """By item: what is shown of those whose newest version is for other estates alone."""
    if actor.estates is None:
        return {}
    kind = next(kind for kind, each in SORTS.items() if each == sort)
    found = session.execute(select(KnowledgeItem.id, KnowledgeVersion.content).join(KnowledgeVersion, SHOWN).where(
        KnowledgeItem.id.in_([row.id for row in rows]), ~newest_seen(actor)))
    return {ident: kind.model_validate(content) for ident, content in found}


def _of(sort: Sort) -> Any:
    return select(KnowledgeItem).where(KnowledgeItem.sort == sort)


def _visible(session: Session, actor: Actor, sort: Sort, item_id: int, *, lock: bool = False) -> KnowledgeItem:
    query = _of(sort).where(KnowledgeItem.id == item_id, item_seen(actor))
    row: KnowledgeItem | None = session.scalar(query.with_for_update(of=KnowledgeItem) if lock else query)
    if row is None:
        raise NotFound(f"{sort} {item_id}")
    return row


def _locked(session: Session, actor: Actor, sort: Sort, item_id: int, roles: frozenset[Any]) -> KnowledgeItem:
    """To be changed: by whoever has a right role, and sees every estate that it holds for."""
    row = _visible(session, actor, sort, item_id, lock=True)
    may(actor, roles)
    if actor.estates is not None and any(not _estates(each) or not actor.estates.issuperset(_estates(each))
                                         for each in _standing(session, row)):
        raise Forbidden
    return row


def _decide(session: Session, actor: Actor, row: KnowledgeItem, number: int, if_version: int | None) -> KnowledgeVersion:
    check_version(row.version, if_version)
    if row.retired_at is not None:
        raise Retired
    version = _version(session, row, number)
    if version.state != "draft" or number != row.newest:
        raise NotWaiting
    if version.by_id is not None and version.by_id == actor.user_id:
        raise OwnDraft
    return version


def _version(session: Session, row: KnowledgeItem, number: int) -> KnowledgeVersion:
    found = session.scalar(select(KnowledgeVersion).where(KnowledgeVersion.item_id == row.id, KnowledgeVersion.number == number))
    if found is None:
        raise NotFound(f"{row.sort} {row.id} version {number}")
    return found


def _standing(session: Session, row: KnowledgeItem) -> list[KnowledgeVersion]:
    """The newest version, and the shown one where that is another."""
    return [_version(session, row, number) for number in {row.newest, row.shown} if number is not None]


def _check(session: Session, actor: Actor, content: Content) -> None:
    may_write_for(session, actor, content.estates)
    if content.category is not None and session.get(KnowledgeCategory, content.category) is None:
        raise CategoryUnknown


def _changed(row: KnowledgeItem, now: datetime) -> None:
    row.version += 1
    row.updated_at = now


def _told(session: Session, actor: Actor, row: KnowledgeItem, what: str, now: datetime, versions: Iterable[KnowledgeVersion],
          reason: str | None = None) -> None:
    """Audit and outbox; of an item for some estates each of these is told."""
    held = [_estates(version) for version in versions]
    estates: list[int | None] = [*sorted({each for one in held for each in one})] if all(held) else [None]
    said = f"{row.sort} {row.code} version {row.newest}"
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"knowledge.{what}", subject=f"knowledge:{row.id}",
                 detail=said if reason is None else f"{said}: {reason}")
    for estate_id in estates:
        note(session, now, "knowledge.changed", f"knowledge:{row.id}", estate_id=estate_id, sort=row.sort, code=row.code, did=what,
             version=row.newest, shown=row.shown)
    session.flush()


def _estates(version: KnowledgeVersion) -> set[int]:
    return set(version.content.get("estates", ()))


def _version_read(row: KnowledgeVersion, content: C) -> VersionRead[C]:
    states: dict[str, Literal["draft", "approved", "declined", "replaced"]] = {
        "draft": "draft", "approved": "approved", "declined": "declined", "replaced": "replaced"}
    return VersionRead[C](number=row.number, state=states[row.state], at=row.at, by=row.by, decided_at=row.decided_at,
                          decided_by=row.decided_by, reason=row.reason, content=content)


def _free_code(session: Session, sort: Sort, item_id: int) -> str:
    """`item-17`; what somebody else's file has called so is stepped round."""
    code = f"item-{item_id}"
    taken = set(session.scalars(select(KnowledgeItem.code).where(KnowledgeItem.sort == sort, KnowledgeItem.code.startswith(code))))
    return next(each for each in (code, *(f"{code}-{n}" for n in range(2, len(taken) + 3))) if each not in taken)
