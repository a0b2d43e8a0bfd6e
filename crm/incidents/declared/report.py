"""The written report (H7): drafted from the timeline, signed by who wrote it, approved by another one who leads. Callers commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.private import Private
from crm.clocks.service import stop_own
from crm.households.models import Building, Estate
from crm.incidents.declared.acts import REPORT_CLOCK, Held, entries, held
from crm.incidents.declared.errors import NotNow, OwnReport
from crm.incidents.declared.models import Emergency, EmergencyReport
from crm.incidents.declared.paper import PARTS, About, Photo, pdf
from crm.incidents.declared.reading import names_of, seen, where
from crm.incidents.declared.schema import Definition
from crm.incidents.declared.schemas import ReportShown, ReportWords, Rules
from crm.incidents.declared.service import LEADS
from crm.incidents.declared.timeline import Entry, What
from crm.incidents.declared.words import line_of, moment
from crm.notices.words import Language
from crm.privacy.masks import is_mask_of
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.tickets.attachments import attach, content_of
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.models import Attachment, Ticket

PHOTOS: Final = ("image/jpeg", "image/png", "image/webp", "image/heic")
MOST_PHOTOS: Final = 12
# Lines that say nothing of what happened.
_BESIDE: Final = frozenset({What.REPORT.value, What.CHAT.value})


@dataclass(frozen=True)
class Printed:
    name: str
    content: bytes


def draft(session: Session, view: View, rules: Rules, emergency_id: int, language: Language, now: datetime,
          if_version: int | None) -> ReportShown:
    """From the timeline as it is now; drafted again while nobody signed it, the conclusion stays. Raises NotFound, Changed,
    NotNow."""
    here = held(session, view.actor, emergency_id, if_version)
    if not here.definition.report:
        raise NotNow("no report is due")
    row = session.get(EmergencyReport, emergency_id)
    if row is not None and row.state != "draft":
        raise NotNow(row.state)
    words = _words(session, here, language, rules)
    if row is None:
        row = EmergencyReport(emergency_id=emergency_id, conclusion="", state="draft", language=language, drafted_at=now, **words)
        session.add(row)
    row.language, row.drafted_at = language, now
    for part, text in words.items():
        setattr(row, part, text)
    here.write(view.actor, Entry(now, What.REPORT, view.actor.user_id, said=("drafted",)))
    return shown(session, view, here.row, row, now)


def change(session: Session, view: View, emergency_id: int, words: ReportWords, now: datetime,
           if_version: int | None) -> ReportShown:
    """While nobody signed it. Raises NotFound, Changed, NotNow."""
    here, row = _held(session, view.actor, emergency_id, if_version)
    if row.state != "draft":
        raise NotNow(row.state)
    new = {name: text for name, text in words.given().items()
           if text != getattr(row, name) and not is_mask_of(text, getattr(row, name), Private.TEXT)}
    if new:
        for name, text in new.items():
            setattr(row, name, text)
        here.write(view.actor, Entry(now, What.REPORT, view.actor.user_id, said=("changed", *new)))
    return shown(session, view, here.row, row, now)


def sign(session: Session, view: View, emergency_id: int, now: datetime, if_version: int | None) -> ReportShown:
    """By the commander or who leads, once it is over and has a conclusion. Its clock ends. Raises NotFound, Forbidden, Changed,
    NotNow, FieldsUnfit."""
    here, row = _held(session, view.actor, emergency_id, if_version)
    actor = view.actor
    if actor.user_id != here.row.commander_id and not actor.has(*LEADS):
        raise Forbidden
    if row.state != "draft" or here.row.phase == "active":
        raise NotNow(row.state)
    if empty := [Fault(part, "missing") for part in PARTS if not getattr(row, part)]:
        raise FieldsUnfit(empty)
    row.state, row.signed_id, row.signed_by, row.signed_at = "signed", actor.user_id, actor.name[:40], now
    here.write(actor, Entry(now, What.REPORT, actor.user_id, said=("signed",)))
    stop_own(session, here.ticket, REPORT_CLOCK, now)
    _audit(session, actor, here.row, "report_signed", now)
    return shown(session, view, here.row, row, now)


def approve(session: Session, view: View, rules: Rules, folder: Path, emergency_id: int, now: datetime,
            if_version: int | None) -> ReportShown:
    """By one who leads and did not sign it; its PDF is kept with the ticket. Raises NotFound, Forbidden, Changed, NotNow,
    OwnReport."""
    here, row = _held(session, view.actor, emergency_id, if_version)
    actor = view.actor
    if not actor.has(*LEADS):
        raise Forbidden
    if row.state != "signed":
        raise NotNow(row.state)
    if actor.user_id == row.signed_id:
        raise OwnReport
    row.state, row.approved_by, row.approved_at = "approved", actor.name[:40], now
    here.write(actor, Entry(now, What.REPORT, actor.user_id, said=("approved",)))
    made = _pdf(session, here.row, row, here.ticket, rules, folder)
    row.attachment_id = attach(session, SYSTEM, folder, here.ticket.id, made.name, made.content, now).attachment_id
    _audit(session, actor, here.row, "report_approved", now)
    return shown(session, view, here.row, row, now)


def report(session: Session, view: View, emergency_id: int, now: datetime) -> ReportShown:
    """Raises NotFound."""
    of = seen(session, view.actor, emergency_id)
    return shown(session, view, of, _there(session, emergency_id), now)


def printed(session: Session, view: View, rules: Rules, folder: Path, emergency_id: int) -> Printed:
    """As it is now, signed or not; masked for whom it is masked on the page. Raises NotFound."""
    of = seen(session, view.actor, emergency_id)
    return _pdf(session, of, _there(session, emergency_id), session.get_one(Ticket, of.ticket_id), rules, folder,
                lambda text: view.show(text, Private.TEXT))


def shown(session: Session, view: View, of: Emergency, row: EmergencyReport, now: datetime) -> ReportShown:
    session.flush()
    texts = {part: view.show(getattr(row, part), Private.TEXT) or "" for part in PARTS}
    late = of.report_due_at is not None and (row.signed_at or now) > of.report_due_at
    return ReportShown(
        emergency_id=of.id, language="zh" if row.language == "zh" else "en", **texts, state=row.state, due_at=of.report_due_at,
        is_late=late, drafted_at=row.drafted_at, signed_by=row.signed_by, signed_at=row.signed_at, approved_by=row.approved_by,
        approved_at=row.approved_at, attachment_id=row.attachment_id, photos=len(_photos(session, of.ticket_id)),
        version=of.version)


# --- inside ------------------------------------------------------------------------------------------------------------

def _held(session: Session, actor: Actor, emergency_id: int, if_version: int | None) -> tuple[Held, EmergencyReport]:
    here = held(session, actor, emergency_id, if_version)
    return here, _there(session, emergency_id)


def _there(session: Session, emergency_id: int) -> EmergencyReport:
    row = session.get(EmergencyReport, emergency_id)
    if row is None:
        raise NotFound(f"report of emergency {emergency_id}")
    return row


def _words(session: Session, here: Held, language: Language, rules: Rules) -> dict[str, str]:
    row, found = here.row, here.definition
    lines = [act for act in entries(session, row.id) if act.what not in _BESIDE]
    names = names_of(session, {act.to_id for act in lines if act.to_id is not None})
    ended = f" – {moment(row.over_at, rules.tz)}" if row.over_at else ""
    return {"what": f"{getattr(found.name, language)}. {row.summary}".strip(),
            "occurred": f"{moment(row.happened_at, rules.tz)}{ended}",
            "place": _place(session, row),
            "course": "\n".join(line_of(act, found, names, language, rules.tz) for act in lines)}


def _place(session: Session, row: Emergency) -> str:
    estate = session.scalar(select(Estate.name).where(Estate.id == row.estate_id))
    building = session.scalar(select(Building.name).where(Building.id == row.building_id))
    return where(estate, building, place=row.place)


def _photos(session: Session, ticket_id: int) -> list[Attachment]:
    return list(session.scalars(select(Attachment).where(Attachment.ticket_id == ticket_id, Attachment.type.in_(PHOTOS))
                                .order_by(Attachment.id).limit(MOST_PHOTOS)))


def _pdf(session: Session, of: Emergency, row: EmergencyReport, ticket: Ticket, rules: Rules, folder: Path,
         show: Callable[[str], str] = str) -> Printed:
    found = Definition.model_validate(of.definition)
    language: Language = "zh" if row.language == "zh" else "en"
    learnt = {act.said[0]: show(act.text) for act in entries(session, of.id) if act.what == What.LEARNT.value}
    photos = [Photo(one.name, content_of(session, SYSTEM, folder, ticket.id, one.id)[1]) for one in _photos(session, ticket.id)]
    about = About(getattr(rules.company, language), ticket.number, getattr(found.name, language), of.level, of.drill,
                  of.report_due_at, learnt)
    return Printed(f"{ticket.number}.pdf", pdf(row, about, photos, rules.tz, show))


def _audit(session: Session, actor: Actor, row: Emergency, what: str, now: datetime) -> None:
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"emergency.{what}", subject=f"emergency:{row.id}")
