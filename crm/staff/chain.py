"""The audit's chain: each row is sealed with the one before it, so that none is edited, taken out or cut off unnoticed (K1).

A row's hash is an HMAC-SHA256 over the hash before it and the row itself, under a key of the secrets file: who can write the
database alone cannot make it anew. The newest place and hash are also kept in a file, so that a shorter chain is noticed.
Rows are sealed just before their transaction commits: the head is then the last lock that it takes, so that two writers wait for
each other and never for ever.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import event, inspect, select, update
from sqlalchemy.orm import Session, SessionTransaction

from crm.staff.models import AuditEntry, AuditHead

KEEPER: Final = "audit_keeper"       # in Session.info: an `AuditKeeper`
log = structlog.get_logger("audit")

_PENDING: Final = "audit_pending"
_WRITTEN: Final = "audit_written"
THE_ONLY_ROW: Final = 1
OLD_SEALED: Final = "audit.old_sealed"       # the row that says how many rows from before the chain were sealed


@dataclass(frozen=True)
class Head:
    """The newest row's place (rows are counted from 1) and hash; 0 and "" of an empty chain."""

    place: int
    hash: str


@dataclass(frozen=True)
class AuditKeeper:
    """Without a key, as in tests, the chain is sealed with an empty one; without a file it cannot tell that its end is gone."""

    key: bytes = b""
    head_file: Path | None = None

    def seal(self, previous: str, row: AuditEntry) -> str:
        return hmac.new(self.key, previous.encode() + b"\n" + canonical(row), hashlib.sha256).hexdigest()

    def head(self) -> Head | None:
        """None: none was kept yet. Raises OSError, and ValueError for a file that is no head."""
        if self.head_file is None or not self.head_file.exists():
            return None
        try:
            raw = json.loads(self.head_file.read_text())
            return Head(int(raw["place"]), str(raw["hash"]))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{self.head_file}: no head of an audit") from error

    def keep(self, head: Head, *, back: bool = False) -> None:
        """Never backwards, whichever process comes last, unless somebody says so who has looked."""
        if self.head_file is None:
            return
        with self.head_file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = None if back else self._kept()
            if kept is None or kept.place < head.place:
                part = self.head_file.with_suffix(".part")
                part.write_text(json.dumps({"place": head.place, "hash": head.hash}) + "\n")
                part.chmod(0o600)
                part.replace(self.head_file)

    def _kept(self) -> Head | None:
        try:
            return self.head()
        except ValueError:
            return None      # damaged: verify has a word for it until the next row is written


def canonical(row: AuditEntry) -> bytes:
    """What of a row is sealed: all of it but its id, always written the same way."""
    return json.dumps([row.place, row.at.astimezone(UTC).isoformat(timespec="microseconds"), row.user_id, row.who, row.action,
                       row.subject, row.detail, row.order_id], ensure_ascii=False, separators=(",", ":")).encode()


def remember(session: Session, row: AuditEntry) -> None:
    """The row is sealed when the session commits."""
    session.info.setdefault(_PENDING, []).append(row)


def seal_old(session: Session, now: datetime) -> int:
    """Seals the rows that were there before there was a chain, oldest first; how many, which is in the chain too. Safe to repeat.

    Only when the database is brought to this version: whoever has the database may say of any row that it is old."""
    head = _locked(session)
    if not head.old_through:
        return 0
    rows = session.scalars(select(AuditEntry).where(AuditEntry.hash.is_(None), AuditEntry.id <= head.old_through)
                           .order_by(AuditEntry.id).execution_options(yield_per=1_000))
    count = _seal(session, head, rows)
    session.execute(update(AuditHead).where(AuditHead.id == THE_ONLY_ROW).values(old_through=0))
    if count:
        row = AuditEntry(at=now, who="migrate", action=OLD_SEALED, subject="audit:old", detail=f"{count} rows")
        session.add(row)
        remember(session, row)
    return count


def _seal_pending(session: Session) -> None:
    pending: list[AuditEntry] = session.info.get(_PENDING, [])
    if not pending or session.in_nested_transaction():
        return               # a savepoint may yet be taken back: the outer commit seals
    session.info[_PENDING] = []
    rows = [row for row in pending if inspect(row).session is session]       # those that a savepoint took back are gone
    if not rows:
        return
    session.flush()
    _seal(session, _locked(session), rows)


def _seal(session: Session, head: AuditHead, rows: Iterable[AuditEntry]) -> int:
    keeper = keeper_of(session)
    unbroken = _goes_on(session, head)
    place, previous, count = head.place, head.hash, 0
    for row in rows:
        place, count = place + 1, count + 1
        row.place, row.previous = place, previous
        row.hash = previous = keeper.seal(previous, row)
    head.place, head.hash = place, previous
    session.flush()
    if unbroken:
        session.info[_WRITTEN] = Head(place, previous)
    return count


def _goes_on(session: Session, head: AuditHead) -> bool:
    """Whether the chain holds what the file says of it. When not, its end was cut off, and the file, which alone knows, stays as
    it is until somebody accepts (`sixring audit verify --accept-head`)."""
    try:
        kept = keeper_of(session).head()
    except OSError:
        return False
    except ValueError:
        return True          # damaged: it says nothing, and verify has a word for it until the next row is written
    if kept is None or not kept.place:
        return True
    there = session.scalar(select(AuditEntry.hash).where(AuditEntry.place == kept.place))
    if there is None:        # gone when its time was over, or cut off
        return kept.place <= min(head.pruned, head.place)
    return there == kept.hash


def keeper_of(session: Session) -> AuditKeeper:
    found = session.info.get(KEEPER)
    return found if isinstance(found, AuditKeeper) else AuditKeeper()


def _locked(session: Session) -> AuditHead:
    """The head as it is committed, held until this transaction ends. SQLite's writers are one at a time anyway."""
    return session.scalars(select(AuditHead).where(AuditHead.id == THE_ONLY_ROW).with_for_update()
                           .execution_options(populate_existing=True)).one()


def _keep_head(session: Session) -> None:
    """What is committed stays committed: an exception here would tell its caller that nothing was, and they would do it again.
    A file that lags behind is brought up by the next row; until then verify sees a longer chain than the file says, no cut one."""
    if isinstance(head := session.info.pop(_WRITTEN, None), Head):
        try:
            keeper_of(session).keep(head)
        except OSError as error:
            log.critical("audit_head_not_kept", place=head.place, error=str(error))


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(_PENDING, None)
        session.info.pop(_WRITTEN, None)


event.listen(Session, "before_commit", _seal_pending)
event.listen(Session, "after_commit", _keep_head)
event.listen(Session, "after_soft_rollback", _forget)
