"""What entries are sorted by: a list that the supervisor keeps."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.knowledge.models import KnowledgeCategory
from crm.knowledge.rights import KEEP, READ, may
from crm.knowledge.schemas import CategoryShown
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import record_audit


def categories(session: Session, actor: Actor) -> list[CategoryShown]:
    may(actor, READ)
    return [_shown(row) for row in session.scalars(select(KnowledgeCategory).order_by(KnowledgeCategory.code))]


def put_category(session: Session, actor: Actor, wanted: CategoryShown, now: datetime) -> CategoryShown:
    """A new one, or other words for one."""
    may(actor, KEEP)
    row = session.get(KnowledgeCategory, wanted.code, with_for_update=True)
    if row is None:
        row = KnowledgeCategory(code=wanted.code)
        session.add(row)
    row.zh, row.en = wanted.zh, wanted.en
    session.flush()
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="knowledge.category",
                 subject=f"category:{wanted.code}")
    note(session, now, "knowledge.changed", f"category:{wanted.code}", did="category")
    return _shown(row)


def _shown(row: KnowledgeCategory) -> CategoryShown:
    return CategoryShown(code=row.code, zh=row.zh, en=row.en)
