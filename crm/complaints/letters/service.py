"""Letters: drafted from the ticket, approved by somebody else who leads, numbered, printed, sent (E6). Callers commit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from callcenter.errors import Conflict, Forbidden, NotFound, check_version
from callcenter.private import Private
from callcenter.site.parts import Words
from crm.complaints.letters.models import Letter, LetterCounter
from crm.complaints.letters.paper import Printed, page, pdf
from crm.complaints.letters.templates import Unfilled, fill
from crm.complaints.letters.wording import APPROVES, OwnWords, in_use
from crm.complaints.letters.words import About, words
from crm.households.models import Estate, Household
from crm.kinds.schema import Kind
from crm.outbox.service import note
from crm.papers.parts import Language
from crm.privacy.masks import is_mask_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.attachments import attach
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.models import Ticket, TicketEvent
from crm.tickets.reading import held, visible
from crm.tickets.rules import is_one_of, unmet, works_on
from crm.tickets.schemas import Changes
from crm.tickets.service import fill_in, move, record

How = Literal["post", "mail", "hand"]
PREFIX: Final = "LT"
WRITES: Final = ("drafted", "reworded")      # lines of the timeline whose people do not approve


class NotNow(Conflict):
    """A letter that was sent is not changed, and one that nobody approved is not sent."""

    code = "letter_state"


class SentInFuture(Conflict):
    code = "sent_in_future"
    status = 422


@dataclass(frozen=True)
class House:
    """What a letter needs of the site, and where its file goes."""

    company: Words
    tz: tzinfo
    folder: Path


@dataclass(frozen=True)
class LetterShown:
    letter_id: int
    ticket_id: int
    template_id: int
    language: Language
    number: str | None
    state: str                       # draft, approved, sent, withdrawn
    version: int
    subject: str
    body: str
    drafted_by: str | None
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    attachment_id: int | None        # the PDF, with the ticket
    sent_how: str | None
    sent_at: datetime | None
    sent_by: str | None


def letters(session: Session, view: View, ticket_id: int) -> list[LetterShown]:
    """Oldest first. Raises NotFound."""
    visible(session, view.actor, ticket_id)
    rows = session.scalars(select(Letter).where(Letter.ticket_id == ticket_id).order_by(Letter.id))
    return [_shown(session, view, row) for row in rows]


def letter(session: Session, view: View, letter_id: int) -> LetterShown:
    row, _, _ = _seen(session, view.actor, letter_id)
    return _shown(session, view, row)


def draft(session: Session, view: View, house: House, ticket_id: int, code: str, language: Language, now: datetime) -> LetterShown:
    """By whoever works on the ticket. Raises NotFound (ticket, or no approved words), Forbidden, FieldsUnfit: what is missing."""
    ticket, kind = visible(session, view.actor, ticket_id)
    _works(view.actor, ticket, kind)
    template = in_use(session, ticket.kind, code, language)
    known = words(kind, ticket.fields, _about(session, house, ticket), language, now, house.tz)
    try:
        subject, body = fill(template.subject, known), fill(template.body, known)
    except Unfilled as error:
        raise FieldsUnfit([Fault(name, "missing") for name in error.names]) from error
    row = Letter(ticket_id=ticket.id, template_id=template.id, language=language, state="draft",
                 subject=" ".join(subject.split())[:200], body=body, drafted_by=view.actor.user_id, drafted_at=now)
    session.add(row)
    session.flush()
    _said(session, view.actor, ticket, row, now, "drafted")
    return _shown(session, view, row)


def reword(session: Session, view: View, letter_id: int, subject: str | None, body: str | None, now: datetime,
           if_version: int | None) -> LetterShown:
    """While it is a draft. What says nothing new, or sends back the mask that was shown, changes nothing. Raises NotFound,
    Forbidden, Changed, NotNow."""
    row, ticket, kind = _seen(session, view.actor, letter_id, lock=True)
    _works(view.actor, ticket, kind)
    check_version(row.version, if_version)
    if row.state != "draft":
        raise NotNow
    words = _new(subject, row.subject), _new(body, row.body)
    if words == (row.subject, row.body):
        return _shown(session, view, row)
    row.subject, row.body = words
    row.drafted_by = view.actor.user_id
    row.version += 1
    _said(session, view.actor, ticket, row, now, "reworded")
    return _shown(session, view, row)


def approve(session: Session, view: View, house: House, letter_id: int, now: datetime, if_version: int | None) -> LetterShown:
    """By a leader, supervisor or manager none of whose words it ever had. It gets its number and its PDF, and does not change any
    more. Raises NotFound, Forbidden, Changed, NotNow, OwnWords."""
    row, ticket, _ = _seen(session, view.actor, letter_id, lock=True)
    actor = view.actor
    if not actor.has(*APPROVES):
        raise Forbidden
    check_version(row.version, if_version)
    if row.state != "draft":
        raise NotNow
    if actor.user_id is not None and actor.user_id in _writers(session, row):
        raise OwnWords
    row.number = _next_number(session, now.astimezone(house.tz).year)
    row.state, row.approved_by, row.approved_at = "approved", actor.user_id, now
    row.version += 1
    session.flush()
    made = attach(session, actor, house.folder, ticket.id, f"{row.number}.pdf", pdf(_printed(session, house, row), house.tz), now)
    row.attachment_id = made.attachment_id
    _said(session, actor, ticket, row, now, "approved", attachment=made.attachment_id, sha256=made.sha256)
    return _shown(session, view, row)


def withdraw(session: Session, view: View, letter_id: int, now: datetime, if_version: int | None) -> LetterShown:
    """Not to be sent after all. Its number is not given again. Raises NotFound, Forbidden, Changed, NotNow."""
    row, ticket, kind = _seen(session, view.actor, letter_id, lock=True)
    _works(view.actor, ticket, kind)
    check_version(row.version, if_version)
    if row.state not in ("draft", "approved"):
        raise NotNow
    row.state, row.version = "withdrawn", row.version + 1
    _said(session, view.actor, ticket, row, now, "withdrawn")
    return _shown(session, view, row)


def sent(session: Session, view: View, house: House, letter_id: int, how: How, at: datetime | None, now: datetime,
         if_version: int | None) -> LetterShown:
    """It went out. What the ticket's kind says of letters follows: its file and way are filled in, and it moves on where nothing
    else is missing, which ends its clock. Raises NotFound, Forbidden, Changed, NotNow, SentInFuture."""
    row, ticket, kind = _seen(session, view.actor, letter_id, lock=True)
    _works(view.actor, ticket, kind)
    check_version(row.version, if_version)
    if row.state != "approved":
        raise NotNow
    if at is not None and at > now:
        raise SentInFuture
    row.state, row.sent_how, row.sent_at, row.sent_by = "sent", how, at or now, view.actor.user_id
    row.version += 1
    _said(session, view.actor, ticket, row, now, "sent", how=how)
    _follow(session, view.actor, house, ticket, kind, row, how, now)
    return _shown(session, view, row)


def printed_page(session: Session, view: View, house: House, letter_id: int) -> str:
    """Raises NotFound, NotNow for one that nobody approved, or that is not to be sent after all."""
    row, _, _ = _seen(session, view.actor, letter_id)
    if row.state not in ("approved", "sent"):
        raise NotNow
    return page(_printed(session, house, row), house.tz)


# --- inside ------------------------------------------------------------------------------------------------------------

def _follow(session: Session, actor: Actor, house: House, ticket: Ticket, kind: Kind, row: Letter, how: How, now: datetime) -> None:
    rule = kind.letters
    if rule is None or ticket.state == "closed":
        return
    fields: dict[str, object] = {}
    if rule.file is not None and row.attachment_id is not None:
        before = ticket.fields.get(rule.file)
        fields[rule.file] = [*(before if isinstance(before, list) else []), row.attachment_id]
    if rule.how is not None:
        fields[rule.how] = how
    if fields:
        fill_in(session, actor, ticket.id, Changes(fields), now)
    way = kind.stages[ticket.stage].moves.get(rule.then or "")
    of_it = held(ticket, kind)
    if rule.then is not None and way is not None and is_one_of(actor, way.who, of_it) and not unmet(way, of_it):
        move(session, actor, ticket.id, rule.then, Changes(), now, house.tz)


def _seen(session: Session, actor: Actor, letter_id: int, *, lock: bool = False) -> tuple[Letter, Ticket, Kind]:
    """The ticket before the letter, as everywhere. Raises NotFound, also when the actor is not to know of the ticket."""
    ticket_id = session.scalar(select(Letter.ticket_id).where(Letter.id == letter_id))
    if ticket_id is None:
        raise NotFound(f"letter {letter_id}")
    if lock:
        session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    try:
        ticket, kind = visible(session, actor, ticket_id)
    except NotFound as error:
        raise NotFound(f"letter {letter_id}") from error
    return session.get_one(Letter, letter_id, with_for_update=lock or None, populate_existing=True), ticket, kind


def _works(actor: Actor, ticket: Ticket, kind: Kind) -> None:
    if not works_on(kind, actor, held(ticket, kind)):
        raise Forbidden


def _new(given: str | None, now: str) -> str:
    return now if not given or is_mask_of(given, now, Private.TEXT) else given


def _writers(session: Session, row: Letter) -> set[int | None]:
    """Whoever drafted it or reworded any of it: the timeline remembers them all."""
    lines = session.execute(select(TicketEvent.user_id, TicketEvent.data).where(
        TicketEvent.ticket_id == row.ticket_id, TicketEvent.what == "letter"))
    return {row.drafted_by, *(user for user, data in lines if data.get("letter") == row.id and data.get("did") in WRITES)}


def _about(session: Session, house: House, ticket: Ticket) -> About:
    estate = session.get(Estate, ticket.estate_id) if ticket.estate_id is not None else None
    names: Mapping[str, str] | None = {"zh": estate.name, "en": estate.name_en or estate.name} if estate else None
    room = session.scalar(select(Household.label).where(Household.id == ticket.household_id)) if ticket.household_id else None
    return About(house.company, ticket.number, ticket.category, ticket.created_at, room, names)


def _printed(session: Session, house: House, row: Letter) -> Printed:
    assert row.number is not None
    assert row.approved_at is not None
    approver = session.get(User, row.approved_by) if row.approved_by is not None else None
    language: Language = "zh" if row.language == "zh" else "en"
    return Printed(getattr(house.company, language), language, row.number, row.subject, row.body,
                   approver.name if approver else "", row.approved_at)


def _next_number(session: Session, year: int) -> str:
    """One statement, so that two at once get two numbers."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    query = (insert(LetterCounter).values(year=year, last=1)
             .on_conflict_do_update(index_elements=["year"], set_={"last": LetterCounter.last + 1}).returning(LetterCounter.last))
    return f"{PREFIX}{year}-{session.execute(query).scalar_one():05d}"


def _said(session: Session, actor: Actor, ticket: Ticket, row: Letter, now: datetime, did: str, **more: object) -> None:
    """In the timeline, and told: no words of the letter in either."""
    record(session, ticket, actor, now, "letter", {"did": did, "letter": row.id, "number": row.number, **more})
    note(session, now, f"letter.{did}", f"ticket:{ticket.id}", estate_id=ticket.estate_id, letter=row.id, number=row.number)
    session.flush()


def _shown(session: Session, view: View, row: Letter) -> LetterShown:
    people = {ident for ident in (row.drafted_by, row.approved_by, row.sent_by) if ident is not None}
    names: dict[int, str] = dict(session.execute(select(User.id, User.name).where(User.id.in_(people))).all()) if people else {}
    return LetterShown(
        letter_id=row.id, ticket_id=row.ticket_id, template_id=row.template_id, language="zh" if row.language == "zh" else "en",
        number=row.number, state=row.state, version=row.version, subject=view.show(row.subject, Private.TEXT),
        body=view.show(row.body, Private.TEXT), drafted_by=names.get(row.drafted_by or 0), drafted_at=row.drafted_at,
        approved_by=names.get(row.approved_by or 0), approved_at=row.approved_at, attachment_id=row.attachment_id,
        sent_how=row.sent_how, sent_at=row.sent_at, sent_by=names.get(row.sent_by or 0))
