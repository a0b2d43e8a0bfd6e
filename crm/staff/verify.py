"""Reads the audit's chain and says where it is broken: edited, taken out, put in, cut off (`sixring audit verify`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crm.staff.audit import record_audit
from crm.staff.chain import THE_ONLY_ROW, AuditKeeper, Head, keeper_of
from crm.staff.models import AuditEntry, AuditHead

PRUNED: Final = "audit.pruned"       # the row that says which row was the last that went when its time was over
ACCEPTED: Final = "audit.accepted"
_AT_ONCE: Final = 1_000
_PRUNED_AT_ONCE: Final = 5_000


class Break(StrEnum):
    EDITED = "edited"        # the row is not what was written
    DELETED = "deleted"      # rows between two others are gone
    CUT = "cut"              # the newest rows are gone, or the database is older than the head that was kept
    UNSEALED = "unsealed"    # a row that Sixring did not write
    UNLINKED = "unlinked"    # a true row, but not behind this one
    NO_HEAD = "no_head"      # the file of the head is gone or damaged


@dataclass(frozen=True)
class Broken:
    what: Break
    place: int               # of the row; of rows that are gone the first
    row_id: int | None = None
    until: int | None = None     # of rows that are gone the last

    def __str__(self) -> str:
        where = f"{self.place}–{self.until}" if self.until is not None else str(self.place)
        return f"{self.what.value} at {where}" + (f" (id {self.row_id})" if self.row_id is not None else "")


@dataclass(frozen=True)
class Verdict:
    rows: int
    head: Head
    broken: tuple[Broken, ...]

    @property
    def whole(self) -> bool:
        return not self.broken


def verify(session: Session) -> Verdict:
    """Every row, in the chain's order, as of one moment: give it a session that has read nothing yet."""
    keeper = keeper_of(session)
    kept, no_head = _kept(keeper)        # first: what it names is committed by now, whoever writes meanwhile
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    head = session.scalars(select(AuditHead).where(AuditHead.id == THE_ONLY_ROW)).one()
    broken: list[Broken] = [Broken(Break.UNSEALED, 0, row_id) for row_id in session.scalars(
        select(AuditEntry.id).where(AuditEntry.hash.is_(None) | AuditEntry.place.is_(None)).order_by(AuditEntry.id))]
    last = _pruned(session, keeper)
    rows = 0
    hash_at: dict[int, str] = {}
    for row in _sealed(session):
        rows += 1
        broken += _faults(keeper, last, row)
        last = Head(row.place or 0, row.hash or "")
        if kept and row.place == kept.place:
            hash_at[kept.place] = row.hash or ""
    if head.place > last.place:
        broken.append(Broken(Break.CUT, last.place + 1, until=head.place))
    elif (head.place, head.hash) != (last.place, last.hash):
        broken.append(Broken(Break.UNLINKED, last.place))
    if no_head and last.place:
        broken.append(Broken(Break.NO_HEAD, last.place))
    if kept and kept.place > max(last.place, head.place):
        broken.append(Broken(Break.CUT, max(last.place, head.place) + 1, until=kept.place))
    elif kept and kept.place in hash_at and hash_at[kept.place] != kept.hash:
        broken.append(Broken(Break.UNLINKED, kept.place))
    return Verdict(rows, last, tuple(broken))


def accept(session: Session, who: str, reason: str, now: datetime) -> None:
    """The head in the file becomes the database's, after a restore for example; that it was is in the audit itself."""
    keeper = keeper_of(session)
    head = session.scalars(select(AuditHead).where(AuditHead.id == THE_ONLY_ROW).with_for_update()).one()
    before = keeper.head()
    keeper.keep(Head(head.place, head.hash), back=True)
    record_audit(session, at=now, who=who, action=ACCEPTED, subject=f"audit:{head.place}", detail=json.dumps(
        {"kept": before.place if before else None, "reason": reason}, ensure_ascii=False))


def prunable(session: Session, before: datetime) -> int:
    """The place of the last row of the beginning of the chain in which all is older than `before`; 0: none is."""
    first_kept = session.scalar(select(func.min(AuditEntry.place)).where(AuditEntry.at >= before))
    oldest = session.scalar(select(func.min(AuditEntry.place)))
    if oldest is None or first_kept is None or first_kept <= oldest:
        return 0             # never all: the newest row is the chain's end
    return int(first_kept) - 1


def prune(session: Session, before: datetime, now: datetime) -> int:
    """Forgets the rows whose time is over, from the chain's beginning, some thousands at a time; how many. Where it begins now is
    itself in the chain, so that nobody can cut its beginning off and say that its time was over."""
    through = prunable(session, before)
    oldest = session.scalar(select(func.min(AuditEntry.place)))
    if not through or oldest is None:
        return 0
    through = min(through, oldest + _PRUNED_AT_ONCE - 1)
    last = session.scalars(select(AuditEntry.hash).where(AuditEntry.place == through)).one()
    session.execute(update(AuditHead).where(AuditHead.id == THE_ONLY_ROW).values(pruned=through))
    gone = session.execute(delete(AuditEntry).where(AuditEntry.place <= through)
                           .execution_options(synchronize_session=False))
    record_audit(session, at=now, who="retention", action=PRUNED, subject=f"audit:{through}",
                 detail=json.dumps({"through": through, "hash": last}))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _sealed(session: Session) -> Iterator[AuditEntry]:
    query = select(AuditEntry).where(AuditEntry.hash.is_not(None), AuditEntry.place.is_not(None)).order_by(AuditEntry.place)
    yield from session.scalars(query.execution_options(yield_per=_AT_ONCE))


def _faults(keeper: AuditKeeper, last: Head, row: AuditEntry) -> Iterator[Broken]:
    place = row.place or 0
    true = keeper.seal(row.previous or "", row) == row.hash
    if place > last.place + 1:
        yield Broken(Break.DELETED, last.place + 1, until=place - 1)
    elif true and row.previous != last.hash:
        yield Broken(Break.UNLINKED, place, row.id)
    if not true:
        yield Broken(Break.EDITED, place, row.id)


def _pruned(session: Session, keeper: AuditKeeper) -> Head:
    """Where the chain begins: behind the last row that went, as a row of the chain says that is itself true."""
    oldest = session.scalar(select(func.min(AuditEntry.place)))
    if oldest is None or oldest <= 1:
        return Head(0, "")
    for row in session.scalars(select(AuditEntry).where(AuditEntry.action == PRUNED, AuditEntry.subject == f"audit:{oldest - 1}")):
        if row.previous is not None and keeper.seal(row.previous, row) == row.hash:
            said = json.loads(row.detail or "{}")
            return Head(said["through"], said["hash"])
    return Head(0, "")


def _kept(keeper: AuditKeeper) -> tuple[Head | None, bool]:
    """The head of the file, and whether there should be one and is none."""
    if keeper.head_file is None:
        return None, False
    try:
        found = keeper.head()
    except (OSError, ValueError):
        return None, True
    return found, found is None
