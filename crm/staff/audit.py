"""The audit trail: who did what to which thing, when (A8: each listening to a recording is logged)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.staff.models import AuditEntry


def record_audit(session: Session, *, at: datetime, who: str, action: str, subject: str, user_id: int | None = None,
                 detail: str | None = None, order_id: str | None = None) -> None:
    """`action` is a code such as `recording.listened`, `subject` names the thing: `call:node1-1763800000.7`."""
    session.add(AuditEntry(at=at, user_id=user_id, who=who, action=action, subject=subject, detail=detail,
                           order_id=order_id))


def audit_of(session: Session, subject: str, *, limit: int = 100) -> list[AuditEntry]:
    """Newest first."""
    return list(session.scalars(select(AuditEntry).where(AuditEntry.subject == subject)
                                .order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)))
