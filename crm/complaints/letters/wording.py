"""Templates of letters: written in versions, approved by somebody else who leads, and those that are shipped. Callers commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound
from callcenter.roles import Role
from crm.complaints.letters.models import LetterTemplate
from crm.complaints.letters.templates import check, names_for
from crm.kinds.service import kind_of
from crm.outbox.service import note
from crm.papers.parts import Language
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.staff.models import User

SHIPPED: Final = Path(__file__).parent / "shipped"
WRITES: Final = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER, Role.OFFICE)
APPROVES: Final = (Role.LEADER, Role.SUPERVISOR, Role.MANAGER)
READS: Final = (*WRITES, Role.AGENT, Role.ADMIN)


class OwnWords(Conflict):
    """Who wrote it does not approve it: four eyes."""

    code = "own_words"


class AlreadyApproved(Conflict):
    code = "already_approved"


@dataclass(frozen=True)
class NewTemplate:
    kind: str
    code: str
    language: Language
    subject: str
    body: str


@dataclass(frozen=True)
class TemplateShown:
    template_id: int
    kind: str
    code: str
    language: Language
    version: int
    subject: str
    body: str
    written_by: str | None           # null: shipped
    written_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    in_use: bool                     # letters are drafted from it now


@dataclass(frozen=True)
class TemplateList:
    items: tuple[TemplateShown, ...]
    names: tuple[str, ...]           # what a template for this kind may name; empty when no kind was asked for


def templates(session: Session, actor: Actor, kind: str | None = None) -> TemplateList:
    """Newest first of each. Raises Forbidden, NotFound."""
    if not actor.has(*READS):
        raise Forbidden
    query = select(LetterTemplate).order_by(LetterTemplate.kind, LetterTemplate.code, LetterTemplate.language,
                                            LetterTemplate.version.desc())
    rows = session.scalars(query if kind is None else query.where(LetterTemplate.kind == kind)).all()
    used: set[int] = set()
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        key = (row.kind, row.code, row.language)
        if row.approved_at is not None and key not in seen:
            seen.add(key)
            used.add(row.id)
    names = () if kind is None else names_for(kind_of(session, kind).kind)
    return TemplateList(tuple(_shown(session, row, row.id in used) for row in rows), names)


def write_template(session: Session, actor: Actor, new: NewTemplate, now: datetime) -> TemplateShown:
    """A new version, of which nothing is drafted until it is approved. Raises Forbidden, NotFound (kind), FileFaults."""
    if not actor.has(*WRITES):
        raise Forbidden
    check({"subject": new.subject, "body": new.body}, kind_of(session, new.kind).kind)
    row = _added(session, new, actor.user_id, now)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="letter_template.written",
                 subject=f"letter_template:{row.id}", detail=f"{row.kind} {row.code} {row.language} version {row.version}")
    return _shown(session, row, in_use=False)


def approve_template(session: Session, actor: Actor, template_id: int, now: datetime) -> TemplateShown:
    """By a leader, supervisor or manager who did not write it. Raises NotFound, Forbidden, OwnWords, AlreadyApproved."""
    row = session.get(LetterTemplate, template_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(f"letter template {template_id}")
    if not actor.has(*APPROVES):
        raise Forbidden
    if row.approved_at is not None:
        raise AlreadyApproved
    if row.written_by is not None and row.written_by == actor.user_id:
        raise OwnWords
    row.approved_by, row.approved_at = actor.user_id, now
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="letter_template.approved",
                 subject=f"letter_template:{row.id}")
    note(session, now, "letter_template.approved", f"letter_template:{row.id}", ticket_kind=row.kind, code=row.code,
         version=row.version)
    session.flush()
    return _shown(session, row, in_use=_newest(session, row.kind, row.code, row.language) is row)


def in_use(session: Session, kind: str, code: str, language: Language) -> LetterTemplate:
    """The newest approved version. Raises NotFound."""
    row = _newest(session, kind, code, language)
    if row is None:
        raise NotFound(f"approved letter {kind} {code} {language}")
    return row


def put_shipped_templates(session: Session, now: datetime) -> list[str]:
    """Those that the database has no version of; a leader approves them before the first letter. Returns what was added."""
    there = set(session.execute(select(LetterTemplate.kind, LetterTemplate.code, LetterTemplate.language).distinct()))
    added = []
    for path in sorted(SHIPPED.glob("*.txt")):
        new = shipped(path)
        if (new.kind, new.code, new.language) not in {tuple(row) for row in there}:
            _added(session, new, None, now)
            added.append(path.stem)
    session.flush()
    return added


def shipped(path: Path) -> NewTemplate:
    """`<kind>.<code>.<language>.txt`: the subject, an empty line, the body."""
    kind, code, language = path.stem.split(".")
    subject, _, body = path.read_text(encoding="utf-8").partition("\n\n")
    return NewTemplate(kind, code, "zh" if language == "zh" else "en", subject.strip(), body.strip())


def _added(session: Session, new: NewTemplate, user_id: int | None, now: datetime) -> LetterTemplate:
    last = session.scalar(select(func.max(LetterTemplate.version)).where(
        LetterTemplate.kind == new.kind, LetterTemplate.code == new.code, LetterTemplate.language == new.language))
    row = LetterTemplate(kind=new.kind, code=new.code, language=new.language, version=(last or 0) + 1, subject=new.subject,
                         body=new.body, written_by=user_id, written_at=now)
    session.add(row)
    session.flush()
    return row


def _newest(session: Session, kind: str, code: str, language: str) -> LetterTemplate | None:
    return session.scalar(select(LetterTemplate).where(
        LetterTemplate.kind == kind, LetterTemplate.code == code, LetterTemplate.language == language,
        LetterTemplate.approved_at.is_not(None)).order_by(LetterTemplate.version.desc()).limit(1))


def _shown(session: Session, row: LetterTemplate, in_use: bool) -> TemplateShown:
    people = {ident: session.get(User, ident) for ident in (row.written_by, row.approved_by) if ident is not None}
    name = {ident: user.name for ident, user in people.items() if user is not None}
    return TemplateShown(row.id, row.kind, row.code, "zh" if row.language == "zh" else "en", row.version, row.subject, row.body,
                         name.get(row.written_by or 0), row.written_at, name.get(row.approved_by or 0), row.approved_at, in_use)
