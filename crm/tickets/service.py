"""Opens tickets and moves them along: by people, as the ticket's kind lets them, and by the system.

Every change locks the row, checks the version that was read, counts it up, writes the timeline and notes what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.drills import is_drill
from callcenter.errors import Forbidden, NotFound, check_version
from callcenter.numbers import normalise
from callcenter.roles import STAFF
from crm.bills.agreed import must_be_agreed
from crm.calls.models import CallRow, ContactEntry
from crm.clocks.office import calendars
from crm.clocks.service import begin, follow
from crm.followups.making import Desk, follow_task, rated, when_done
from crm.households.estates import must_see
from crm.households.models import Estate, Household
from crm.kinds.schema import FieldType, Kind, Makes
from crm.kinds.service import kind_of, may_open, may_see
from crm.outbox.service import note as tell
from crm.privacy.masks import is_mask_of
from crm.staff.actor import SYSTEM, Actor
from crm.staff.models import User
from crm.staff.superiors import superior_of
from crm.tickets.about import about_of, named_now
from crm.tickets.calling_back import drop_call_back, open_call_back
from crm.tickets.errors import AlreadyAsked, Barred, Fault, FieldsUnfit, KindRetired, NoSuchMove, OfADrill, TicketClosed
from crm.tickets.making import due_to_be_made, words_of, written
from crm.tickets.models import Attachment, Ticket, TicketEvent
from crm.tickets.numbers import next_number
from crm.tickets.reading import held, visible
from crm.tickets.rules import barred, is_one_of, unmet, works_on
from crm.tickets.schemas import Changes, Fields, Link, NewTicket, Value
from crm.tickets.showing import stage_of
from crm.tickets.values import checked, merged, privacy_of, title_of

LONGEST_NOTE = 4000


def open_ticket(session: Session, actor: Actor, new: NewTicket, now: datetime, tz: tzinfo) -> Ticket | None:
    """None when a ticket of the same `cause` is there already.

    Raises NotFound (kind, household, parent), Forbidden, KindRetired, OfADrill, FieldsUnfit with every fault. A machine's ticket
    need not have what the form requires; a household that is gone meanwhile, or a category that the kind has no more, is left
    out."""
    if new.cause and session.scalar(select(Ticket.id).where(Ticket.cause == new.cause)) is not None:
        return None
    if is_drill(new.call_id):
        raise OfADrill
    found = kind_of(session, new.kind)
    kind = found.kind
    if not (new.handed_in and kind.hand_in and not kind.retired):
        _allowed_to_open(kind, actor)
    home, estate_id = _home(session, actor, new.household_id, new.estate_id)
    category = new.category if new.category in kind.category_paths or not actor.is_system else None
    kept, faults = checked(kind.fields, new.fields)
    faults += _category_faults(kind, category)
    if not actor.is_system:
        faults += [Fault(name, "missing") for name, rule in kind.fields.items()
                   if rule.required and kept.get(name) is None and name not in {fault.field for fault in faults}]
    faults += _unknown(session, kind, kept, None)
    if faults:
        raise FieldsUnfit(faults)
    fields = merged({}, kept)
    about_id = about_of(session, kind, fields)
    if new.parent_id is not None:
        parent, _ = visible(session, actor, new.parent_id)
        # A ticket before the day's numbers, as everywhere: the row that refers to it would wait for it after them.
        session.execute(select(Ticket.id).where(Ticket.id == parent.id).with_for_update())
        if actor.is_system or new.parent_as is Link.FOLLOWUP:
            about_id = about_id or parent.about_id      # what follows from a complaint is hidden from whom it is about
    row = Ticket(
        number=next_number(session, kind.prefix, now.astimezone(tz).date()), kind=kind.kind, kind_version=found.version,
        stage=kind.opens_in, state="open", reason=new.reason, household_id=home, estate_id=estate_id, call_id=new.call_id,
        queue=new.queue, contact_number=_number(new.contact_number), notes=new.notes, category=category, fields=fields,
        title=title_of(kind, category, fields), parent_id=new.parent_id, about_id=about_id,
        parent_as=new.parent_as.value if new.parent_as else None, cause=new.cause, created_at=now,
        owner_id=None if new.handed_in or barred(kind, fields, actor.name) else new.owner_id or actor.user_id)
    session.add(row)
    session.flush()
    if new.call_id is not None:
        _tie_call(session, actor, row, new.call_id)
    record(session, row, actor, now, "opened", {"kind": kind.kind, "version": found.version, "stage": row.stage})
    _told(session, row, now, "opened")
    begin(session, row, kind.clocks, now)
    follow_task(session, row, now)
    rated(session, _desk(), row, kind, {"fields": fields}, actor, now, tz)
    return row


def move(session: Session, actor: Actor, ticket_id: int, to: str, changes: Changes, now: datetime, tz: tzinfo,
         if_version: int | None = None, done_at: datetime | None = None) -> Ticket:
    """Fills in what is given, then moves. Raises NotFound, Forbidden, Changed, NoSuchMove, Barred, FieldsUnfit, NotAgreed,
    AboveAgreed.

    `done_at`: when it was done, if that is not now; clocks count by it, whoever gives it has seen that it is sound."""
    row, kind = locked(session, actor, ticket_id, if_version)
    way = kind.stages[row.stage].moves.get(to)
    if way is None:
        must_be_agreed(session, row, kind, to)      # it may have lost its way because it became dearer: that says more
        raise NoSuchMove(f"{row.stage} to {to}")
    if not is_one_of(actor, way.who, held(row, kind)):
        raise Forbidden
    _not_about(kind, row, actor)
    if row.department is not None and kind.final(to) and not actor.is_system:
        raise AlreadyAsked(row.department)      # it is on the ticket until it answers (E4)
    filled = _fill(session, actor, row, kind, changes)
    faults = unmet(way, held(row, kind))
    if not actor.is_system:
        there = {fault.field for fault in faults}
        faults += [Fault(name, "missing") for name in way.anew if not changes.fields.get(name) and name not in there]
    if faults:
        raise FieldsUnfit(faults)
    _go(session, row, kind, to, actor, now, tz, filled, done_at)
    rated(session, _desk(), row, kind, filled, actor, now, tz)
    return row


def close_by_machine(session: Session, ticket_id: int, now: datetime, tz: tzinfo) -> Ticket | None:
    """Into the first final stage of its kind, whatever is missing: what it asked for has happened. None when it is closed.
    Raises NotAgreed, AboveAgreed: no machine agrees to a price."""
    row, kind = locked(session, SYSTEM, ticket_id, None)
    if row.state == "closed":
        return None
    _go(session, row, kind, kind.first_final, SYSTEM, now, tz, {})
    return row


def fill_in(session: Session, actor: Actor, ticket_id: int, changes: Changes, now: datetime,
            if_version: int | None = None) -> Ticket:
    """Raises NotFound, Forbidden, Changed, TicketClosed, Barred, FieldsUnfit."""
    row, kind = to_work_on(session, actor, ticket_id, if_version)
    if filled := _fill(session, actor, row, kind, changes):
        record(session, row, actor, now, "filled_in", filled)
        changed(session, row, kind, now)
        rated(session, _desk(), row, kind, filled, actor, now, calendars(session).tz)
    return row


def note(session: Session, actor: Actor, ticket_id: int, text: str, now: datetime) -> TicketEvent:
    """Whoever sees a ticket may add to what is known of it, closed or not; it changes nothing, so it asks for no version."""
    row, kind = visible(session, actor, ticket_id)
    _not_about(kind, row, actor)
    event = record(session, row, actor, now, "noted", {"text": text[:LONGEST_NOTE]})
    _told(session, row, now, "noted")
    session.flush()
    return event


def assign(session: Session, actor: Actor, ticket_id: int, user: str | None, now: datetime,
           if_version: int | None = None) -> Ticket:
    """Who works on it now; None: nobody."""
    row, kind = locked(session, actor, ticket_id, if_version)
    if not is_one_of(actor, kind.assigned_by, held(row, kind)):
        raise Forbidden
    _open(row)
    _not_about(kind, row, actor)
    person = None if user is None else person_for(session, row, kind, user, "assignee")
    row.assignee_id = person.id if person else None
    record(session, row, actor, now, "assigned", {"to": user})
    changed(session, row, kind, now)
    return row


# --- what the other files of this package share ------------------------------------------------------------------------

def locked(session: Session, actor: Actor, ticket_id: int, if_version: int | None) -> tuple[Ticket, Kind]:
    """Whoever comes second waits for the first and then finds another version. Raises NotFound, Changed."""
    session.get(Ticket, ticket_id, with_for_update=True, populate_existing=True)
    row, kind = visible(session, actor, ticket_id)
    check_version(row.version, if_version)
    row.stage = stage_of(row, kind)
    return row, kind


def to_work_on(session: Session, actor: Actor, ticket_id: int, if_version: int | None) -> tuple[Ticket, Kind]:
    row, kind = locked(session, actor, ticket_id, if_version)
    if not works_on(kind, actor, held(row, kind)):
        raise Forbidden
    _open(row)
    _not_about(kind, row, actor)
    return row, kind


def person_for(session: Session, row: Ticket, kind: Kind, name: str, field: str) -> User:
    """An active user who may have this ticket. Raises FieldsUnfit, Barred."""
    user = session.scalar(select(User).where(User.name == name))
    if user is None or not user.active or not set(user.roles) & STAFF:
        raise FieldsUnfit([Fault(field, "no_person")])
    if user.estates is not None and row.estate_id is not None and row.estate_id not in user.estates:
        raise FieldsUnfit([Fault(field, "other_estate")])
    if barred(kind, row.fields, user.name):
        raise Barred
    return user


def record(session: Session, row: Ticket, actor: Actor, now: datetime, what: str, data: Mapping[str, Any]) -> TicketEvent:
    event = TicketEvent(ticket_id=row.id, at=now, who=actor.name[:40], user_id=actor.user_id, what=what, data=dict(data))
    session.add(event)
    return event


def tie(session: Session, actor: Actor, row: Ticket, kind: Kind, parent_id: int | None, parent_as: Link | None,
        now: datetime) -> None:
    """A row that is locked, to one parent; None unties it."""
    before, row.parent_id = row.parent_id, parent_id
    row.parent_as = parent_as.value if parent_as and parent_id is not None else None
    record(session, row, actor, now, "linked", {"from": before, "to": parent_id, "as": row.parent_as})
    changed(session, row, kind, now)


def changed(session: Session, row: Ticket, kind: Kind, now: datetime, what: str = "changed",
            done_at: datetime | None = None) -> None:
    row.version += 1
    row.updated_at = now
    _told(session, row, now, what)
    follow(session, row, kind.clocks, done_at or now, told_late=done_at is not None)
    follow_task(session, row, now)


# --- inside ------------------------------------------------------------------------------------------------------------

def _allowed_to_open(kind: Kind, actor: Actor) -> None:
    if may_open(kind, actor):
        return
    if kind.retired and actor.has(*kind.opened_by):
        raise KindRetired(kind.kind)
    raise Forbidden if may_see(kind, actor) else NotFound(f"kind {kind.kind}")


def _open(row: Ticket) -> None:
    if row.state == "closed":
        raise TicketClosed(row.number)


def _not_about(kind: Kind, row: Ticket, actor: Actor) -> None:
    if barred(kind, row.fields, actor.name):
        raise Barred


def _go(session: Session, row: Ticket, kind: Kind, to: str, actor: Actor, now: datetime, tz: tzinfo,
        filled: Mapping[str, Any], done_at: datetime | None = None) -> None:
    must_be_agreed(session, row, kind, to)          # here, because every way of moving a ticket leads through here (F1)
    before, row.stage = row.stage, to
    final = kind.final(to)
    row.state, row.closed_at = ("closed", now) if final else ("open", None)
    said = {"from": before, "to": to, **filled} | ({"done_at": done_at.isoformat()} if done_at else {})
    record(session, row, actor, now, "moved", said)
    changed(session, row, kind, now, "closed" if final else "moved", done_at)
    if kind.stages[to].follow_up:
        when_done(session, _desk(), row, now, tz)
    if kind.stages[to].call_back:
        open_call_back(session, open_ticket, row, now, tz)
    elif (left := kind.stages.get(before)) and left.call_back:
        drop_call_back(session, close_by_machine, row, now, tz)
    for place, makes in enumerate(kind.stages[to].makes):
        _make(session, row, kind, makes, f"made:{row.id}:{to}:{place}", now, tz)


def _desk() -> Desk:
    return Desk(open_ticket, move)


def _make(session: Session, row: Ticket, kind: Kind, makes: Makes, cause: str, now: datetime, tz: tzinfo) -> None:
    """What the kind says follows by itself. A kind that is gone hinders nobody: the timeline says that nothing was made."""
    if not due_to_be_made(kind, makes, row.category, row.fields):
        return
    owner = {"owner": row.owner_id, "superior": None, "nobody": None}[makes.owner]
    if makes.owner == "superior" and row.about_id is not None:
        owner = superior_of(session, row.about_id)
    words = words_of(kind, row, session.scalar(select(Household.label).where(Household.id == row.household_id)))
    try:
        found = kind_of(session, makes.kind).kind
        fields = {name: written(text, words, found.fields[name]) for name, text in makes.fields.items() if name in found.fields}
        open_ticket(session, SYSTEM, NewTicket(
            makes.kind, fields, category=makes.category, household_id=row.household_id, estate_id=row.estate_id,
            contact_number=row.contact_number, cause=cause, parent_id=row.id, parent_as=Link(makes.link), owner_id=owner), now, tz)
    except (NotFound, FieldsUnfit):
        record(session, row, SYSTEM, now, "not_made", {"kind": makes.kind})


def _fill(session: Session, actor: Actor, row: Ticket, kind: Kind, changes: Changes) -> dict[str, Any]:
    """Applies the changes; what the timeline says of them. Of private fields it has the names alone."""
    kept, faults = checked(kind.fields, {name: value for name, value in changes.fields.items()
                                         if not _is_mask(kind, row.fields, name, value)})
    faults += _category_faults(kind, changes.category)
    faults += _unknown(session, kind, kept, row.id)
    if row.stage != kind.opens_in or not actor.is_system:
        faults += [Fault(name, "missing") for name, value in kept.items() if value is None and kind.fields[name].required]
    if faults:
        raise FieldsUnfit(faults)
    said: dict[str, Any] = {}
    after: Fields = merged(row.fields, kept)
    altered = {name: {"from": row.fields.get(name), "to": after.get(name)} for name in kept
               if row.fields.get(name) != after.get(name)}
    if altered:
        said["fields"] = {name: change for name, change in altered.items() if not kind.fields[name].private}
        if private := [name for name in altered if kind.fields[name].private]:
            said["private"] = private
        row.fields = after
        if any(kind.fields[name].barred for name in altered):
            said |= named_now(session, row, kind)
    if changes.category is not None and changes.category != row.category:
        said["category"] = {"from": row.category, "to": changes.category}
        row.category = changes.category
    if changes.household_id is not None and changes.household_id != row.household_id:
        said["household"] = {"from": row.household_id, "to": changes.household_id}
        row.household_id, row.estate_id = _home(session, actor, changes.household_id, None)
    if changes.contact_number is not None and (number := _number(changes.contact_number)) != row.contact_number:
        said["private"] = [*said.get("private", ()), "contact_number"]
        row.contact_number = number
    row.title = title_of(kind, row.category, row.fields)
    if barred(kind, row.fields, actor.name) and not actor.is_system:
        raise Barred
    return said


def _is_mask(kind: Kind, fields: Fields, name: str, given: object) -> bool:
    """A page that sends back what it was shown changes nothing."""
    secret = privacy_of(kind.fields[name]) if name in kind.fields else None
    return secret is not None and name in fields and isinstance(given, str) and is_mask_of(given, str(fields[name]), secret)


def _category_faults(kind: Kind, category: str | None) -> list[Fault]:
    return [] if category is None or category in kind.category_paths else [Fault("category", "no_option")]


def _unknown(session: Session, kind: Kind, kept: Mapping[str, Value | None], ticket_id: int | None) -> list[Fault]:
    """People and files that there are not."""
    faults: list[Fault] = []
    for name, value in kept.items():
        match kind.fields[name].type:
            case FieldType.PERSON if value is not None:
                if session.scalar(select(User.id).where(User.name == value, User.active)) is None:
                    faults.append(Fault(name, "no_person"))
            case FieldType.FILES if isinstance(value, list):
                there = set(session.scalars(select(Attachment.id).where(
                    Attachment.ticket_id == ticket_id, Attachment.id.in_(value))))
                if not set(value) <= there:
                    faults.append(Fault(name, "no_file"))
            case _:
                pass
    return faults


def _home(session: Session, actor: Actor, household_id: int | None, estate_id: int | None) -> tuple[int | None, int | None]:
    """(household, estate): the household's estate, else the one that was said. Raises NotFound."""
    if household_id is not None:
        found = session.execute(select(Household.estate_id, Household.merged_into).where(Household.id == household_id)).first()
        if found is not None and actor.sees(found.estate_id):
            return found.merged_into or household_id, found.estate_id
        if not actor.is_system:
            raise NotFound(f"household {household_id}")
    if estate_id is not None and (session.get(Estate, estate_id) is None or not actor.sees(estate_id)):
        raise NotFound(f"estate {estate_id}")
    return None, estate_id


def _number(given: str | None) -> str | None:
    return None if given is None else normalise(given)[:32] or None


def _tie_call(session: Session, actor: Actor, row: Ticket, call_id: str) -> None:
    """The call's entry in the call-and-visit log names its ticket, the first one if there are more (A5). A ticket without a
    household is of the entry's then, and of its estate. Raises NotFound for a call of an estate that the actor does not see."""
    if actor.estates is not None:
        must_see(session, actor, session.scalar(select(CallRow.household_id).where(CallRow.call_id == call_id)), f"call {call_id}")
    entry = session.scalar(select(ContactEntry).where(ContactEntry.call_id == call_id))
    if entry is None:
        return
    must_see(session, actor, entry.household_id, f"call {call_id}")
    if entry.ticket_id is None:
        entry.ticket_id = row.id
        if row.household_id is None and entry.household_id is not None:
            row.household_id, row.estate_id = _home(session, actor, entry.household_id, None)


def _told(session: Session, row: Ticket, now: datetime, what: str) -> None:
    tell(session, now, f"ticket.{what}", f"ticket:{row.id}", estate_id=row.estate_id, number=row.number, kind=row.kind,
         stage=row.stage, version=row.version)
