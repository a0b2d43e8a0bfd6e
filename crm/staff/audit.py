"""The audit trail: who did what to which thing, when (A8: each listening to a recording is logged). Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.staff.chain import remember
from crm.staff.models import AuditEntry


@dataclass(frozen=True)
class AuditFilter:
    """`subject` is a thing (`call:…`) or, ending in `:`, all of its kind."""

    subject: str | None = None
    who: str | None = None
    action: str | None = None
    begin: datetime | None = None
    end: datetime | None = None


def record_audit(session: Session, *, at: datetime, who: str, action: str, subject: str, user_id: int | None = None,
                 detail: str | None = None, order_id: str | None = None) -> None:
    """`action` is a code such as `recording.listened`, `subject` names the thing: `call:node1-1763800000.7`."""
    row = AuditEntry(at=at, user_id=user_id, who=who, action=action, subject=subject, detail=detail, order_id=order_id)
    session.add(row)
    remember(session, row)


def audit_of(session: Session, subject: str, *, limit: int = 100) -> list[AuditEntry]:
    """Newest first."""
    return list(session.scalars(select(AuditEntry).where(AuditEntry.subject == subject)
                                .order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))


def audit_page(session: Session, wanted: AuditFilter, *, before_id: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """Newest first; for the next page give the last one's id."""
    query = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if wanted.subject is not None:
        query = query.where(AuditEntry.subject.startswith(wanted.subject, autoescape=True) if wanted.subject.endswith(":")
                            else AuditEntry.subject == wanted.subject)
    for column, value in ((AuditEntry.who, wanted.who), (AuditEntry.action, wanted.action)):
        if value is not None:
            query = query.where(column == value)
    if wanted.begin is not None:
        query = query.where(AuditEntry.at >= wanted.begin)
    if wanted.end is not None:
        query = query.where(AuditEntry.at < wanted.end)
    if before_id is not None:
        query = query.where(AuditEntry.id < before_id)
    return list(session.scalars(query))
