"""Further calls about an incident are recognised and tied to it, not opened again; when it is over, who called is called back (H6).

A ticket of any kind may be known; of its own accord one is a candidate for its building for some hours. Callers commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select, true
from sqlalchemy.orm import Session

from callcenter.drills import is_drill
from callcenter.errors import NotFound
from callcenter.numbers import normalise
from callcenter.private import Private
from crm.calls.models import CallRow, ContactEntry
from crm.households.estates import must_see
from crm.households.models import Building, Household
from crm.households.service import current_id
from crm.incidents.declared.acts import call_tied
from crm.incidents.models import IncidentCall, KnownIncident
from crm.incidents.schemas import Affected, CallTied, Candidate, KnownAlready, KnownShown, NotAnIncident, OtherPlace, TiedCall
from crm.outbox.service import note
from crm.paging import cursor_of, place_of
from crm.privacy.service import View
from crm.staff.actor import SYSTEM, Actor
from crm.staff.audit import record_audit
from crm.tickets.errors import OfADrill
from crm.tickets.models import Ticket
from crm.tickets.reading import seen, visible
from crm.tickets.schemas import FOLLOWUP, Link, NewTicket
from crm.tickets.service import changed, open_ticket, record, to_work_on

MOST: Final = 10
INCIDENT: Final = "incident"         # the follow-up's category


@dataclass(frozen=True)
class Caller:
    """Who called; what is left out is taken from the call's record."""

    call_id: str | None = None
    household_id: int | None = None
    contact_number: str | None = None


def known(session: Session, view: View, household_id: int, kind: str | None, category: str | None, now: datetime,
          within: timedelta) -> list[Candidate]:
    """What the household is probably calling about: marked incidents of its estate or building, then tickets of the same building,
    kind and category (or one above or below it) that were opened `within` so long. Newest first. Raises NotFound."""
    home = _home(session, view.actor, household_id)
    place = or_(KnownIncident.building_id.is_(None), KnownIncident.building_id == home.building_id)
    marked = and_(KnownIncident.ticket_id.is_not(None), KnownIncident.estate_id == home.estate_id, place, KnownIncident.until > now)
    young = and_(KnownIncident.ticket_id.is_(None), Ticket.created_at > now - within, Household.building_id == home.building_id)
    query: Any = (
        select(Ticket, KnownIncident, Building.name).outerjoin(KnownIncident, KnownIncident.ticket_id == Ticket.id)
        .outerjoin(Household, Household.id == Ticket.household_id).outerjoin(Building, Building.id == KnownIncident.building_id)
        .where(Ticket.state == "open", Ticket.estate_id == home.estate_id))
    alike = and_(Ticket.kind == kind, _same_branch(category)) if kind is not None and category is not None else None
    if kind is not None:
        query = query.where(Ticket.kind == kind)
    query = query.where(or_(and_(marked, _same_branch(category)), and_(young, alike)) if alike is not None else marked)
    first = case((KnownIncident.ticket_id.is_not(None), 0), else_=1)
    rows: Any = session.execute(seen(session, view.actor, query).order_by(first, Ticket.id.desc()).limit(MOST)).all()
    counts = callers_of(session, [ticket.id for ticket, _, _ in rows])
    return [Candidate(
        ticket.id, ticket.number, ticket.kind, ticket.category, view.show(ticket.title, Private.TEXT), ticket.stage,
        marked=row is not None, estate_id=ticket.estate_id, building=building, since=row.since if row else ticket.created_at,
        until=row.until if row else ticket.created_at + within, callers=counts.get(ticket.id, 0))
        for ticket, row, building in rows]


def must_be_news(session: Session, view: View, household_id: int, kind: str, category: str | None, now: datetime) -> None:
    """Raises KnownAlready when somebody has said that a matter of this kind is known in the household's building or estate."""
    found = known(session, view, household_id, kind, category, now, timedelta())
    if any(one.marked and one.kind == kind for one in found):
        raise KnownAlready


def mark(session: Session, actor: Actor, ticket_id: int, building_id: int | None, hours: int, now: datetime,
         if_version: int | None) -> KnownShown:
    """Known from now on, for so many hours, in this building or in all of its estate. Again: other place, other time."""
    row, kind = to_work_on(session, actor, ticket_id, if_version)
    found = _marked(session, row, actor, building_id, now, timedelta(hours=hours))
    record(session, row, actor, now, "known", {"building_id": building_id, "until": found.until.isoformat()})
    changed(session, row, kind, now)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="incident.known", subject=f"ticket:{row.id}",
                 detail=f"building {building_id}" if building_id else "estate")
    session.flush()
    return _shown(session, found, row)


def tie(session: Session, actor: Actor, ticket_id: int, caller: Caller, now: datetime, within: timedelta) -> IncidentCall:
    """One more who called about it: in its timeline, in the call-and-visit log, and called back when it is over. One that nobody
    has marked is known with that, in its household's building. Raises NotFound, NotAnIncident, CallTied, TicketClosed,
    OfADrill."""
    if is_drill(caller.call_id):
        raise OfADrill
    row, kind = to_work_on(session, actor, ticket_id, None)
    if session.get(KnownIncident, ticket_id) is None:
        home = None if row.household_id is None else session.get(Household, row.household_id)
        _marked(session, row, actor, home.building_id if home else None, now, within)
    call_id, household_id, contact_number = caller.call_id, caller.household_id, caller.contact_number
    if call_id is not None:
        household_id, contact_number = _of_call(session, actor, call_id, row, household_id, contact_number)
    if household_id is not None:
        home = _home(session, actor, household_id)
        household_id = home.id
    number = (normalise(contact_number)[:32] or None) if contact_number else None
    tied = IncidentCall(ticket_id=row.id, at=now, who=actor.name[:40], user_id=actor.user_id, call_id=call_id,
                        household_id=household_id, contact_number=number)
    session.add(tied)
    session.flush()
    callers = callers_of(session, [row.id]).get(row.id, 0)
    record(session, row, actor, now, "called", {"call_id": call_id, "household": household_id, "callers": callers})
    changed(session, row, kind, now)
    call_tied(session, actor, row.id, now, callers)
    note(session, now, "incident.called", f"ticket:{row.id}", estate_id=row.estate_id, callers=callers, household=household_id)
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="incident.tied", subject=f"ticket:{row.id}",
                 detail=f"call {call_id}" if call_id else "no call")
    session.flush()
    return tied


def affected(session: Session, view: View, ticket_id: int, *, cursor: str | None, limit: int) -> Affected:
    """Who is in its place, and who called. Raises NotFound, BadCursor."""
    row, _ = visible(session, view.actor, ticket_id)
    found = session.get(KnownIncident, ticket_id)
    homes = 0
    if found is not None:
        place = [Household.building_id == found.building_id] if found.building_id is not None else []
        homes = session.scalar(select(func.count()).where(Household.estate_id == found.estate_id, Household.merged_into.is_(None),
                                                          *place)) or 0
    of_it = IncidentCall.ticket_id == ticket_id
    calls, called = session.execute(select(func.count(), func.count(IncidentCall.household_id.distinct())).where(of_it)).one()
    what = f"incident-calls:{ticket_id}"
    query = select(IncidentCall, Household.label).outerjoin(Household, Household.id == IncidentCall.household_id).where(of_it)
    if cursor is not None:
        query = query.where(IncidentCall.id > place_of(what, cursor, int)[1])
    rows = session.execute(query.order_by(IncidentCall.id).limit(limit + 1)).all()
    following = cursor_of(what, rows[limit - 1][0].id, rows[limit - 1][0].id) if len(rows) > limit else None
    items = tuple(tied_shown(view, one, room) for one, room in rows[:limit])
    return Affected(None if found is None else _shown(session, found, row), homes, called,
                    callers_of(session, [ticket_id]).get(ticket_id, 0), calls, items, following)


def tied_shown(view: View, one: IncidentCall, room: str | None) -> TiedCall:
    return TiedCall(one.id, one.at, one.who, one.call_id, one.household_id, room,
                    view.show(one.contact_number, Private.PHONE), one.followup_id)


def follow_up_ended(session: Session, now: datetime, tz: tzinfo, limit: int) -> int:
    """Of incidents that are closed: each household that called, and each number of none, has one follow-up (C4, H10 in spirit).
    At most `limit` calls; how many."""
    over = (select(KnownIncident.ticket_id).join(Ticket, Ticket.id == KnownIncident.ticket_id)
            .where(KnownIncident.over_at.is_(None), Ticket.state == "closed"))
    rows = session.execute(
        select(IncidentCall, Ticket).join(Ticket, Ticket.id == IncidentCall.ticket_id)
        .where(IncidentCall.followup_id.is_(None), IncidentCall.ticket_id.in_(over)).order_by(IncidentCall.id).limit(limit)
        .with_for_update(skip_locked=True, of=IncidentCall)).all()
    for call, ticket in rows:
        made = _has_one(session, ticket, call)
        if made is None:
            opened = open_ticket(session, SYSTEM, NewTicket(
                FOLLOWUP, category=INCIDENT, reason=INCIDENT, household_id=call.household_id, estate_id=ticket.estate_id,
                contact_number=call.contact_number, cause=f"followup:incident_call:{call.id}", parent_id=ticket.id,
                parent_as=Link.FOLLOWUP), now, tz)
            made = opened.id if opened else None
        call.followup_id = made
        session.flush()
    if len(rows) < limit:
        for row in session.scalars(select(KnownIncident).where(KnownIncident.ticket_id.in_(over), ~select(IncidentCall.id).where(
                IncidentCall.ticket_id == KnownIncident.ticket_id, IncidentCall.followup_id.is_(None)).exists())):
            row.over_at = now
    return len(rows)


def _has_one(session: Session, incident: Ticket, call: IncidentCall) -> int | None:
    """The household's follow-up, or the number's, of an earlier call; the one that its own ticket made when it was closed."""
    if call.household_id is not None:
        same = IncidentCall.household_id == call.household_id
    elif call.contact_number is not None:
        same = and_(IncidentCall.household_id.is_(None), IncidentCall.contact_number == call.contact_number)
    else:
        return None
    made = session.scalar(select(IncidentCall.followup_id).where(
        IncidentCall.ticket_id == incident.id, IncidentCall.followup_id.is_not(None), same).limit(1))
    if made is None and call.household_id is not None:
        made = session.scalar(select(Ticket.id).where(
            Ticket.parent_id == incident.id, Ticket.kind == FOLLOWUP, Ticket.household_id == call.household_id).limit(1))
    return made


def _marked(session: Session, row: Ticket, actor: Actor, building_id: int | None, now: datetime,
            within: timedelta) -> KnownIncident:
    if row.estate_id is None:
        raise NotAnIncident(row.number)
    if building_id is not None and session.scalar(select(Building.estate_id).where(Building.id == building_id)) != row.estate_id:
        raise OtherPlace(f"building {building_id}")
    found = session.get(KnownIncident, row.id)
    if found is None:
        found = KnownIncident(ticket_id=row.id, estate_id=row.estate_id, since=now, by=actor.name[:40])
        session.add(found)
    found.building_id, found.until = building_id, now + within
    session.flush()
    return found


def _of_call(session: Session, actor: Actor, call_id: str, row: Ticket, household_id: int | None,
             contact_number: str | None) -> tuple[int | None, str | None]:
    """What the call's record says where nobody said otherwise; its entry in the log names the incident's ticket then (A5)."""
    if session.scalar(select(IncidentCall.id).where(IncidentCall.ticket_id == row.id, IncidentCall.call_id == call_id)) is not None:
        raise CallTied(call_id)
    call = session.get(CallRow, call_id)
    if call is not None:
        must_see(session, actor, call.household_id, f"call {call_id}")
    entry = session.scalar(select(ContactEntry).where(ContactEntry.call_id == call_id))
    if entry is not None:
        must_see(session, actor, entry.household_id, f"call {call_id}")
        entry.ticket_id = entry.ticket_id or row.id
    home = household_id or (entry.household_id if entry else None) or (call.household_id if call else None)
    return home, contact_number or (call.number if call else None)


def _home(session: Session, actor: Actor, household_id: int) -> Household:
    home = session.get(Household, current_id(session, household_id) or household_id)
    if home is None or not actor.sees(home.estate_id):
        raise NotFound(f"household {household_id}")
    return home


def _same_branch(category: str | None) -> ColumnElement[bool]:
    """The category, one above it, or one below: 停电 and 配电 are told of as either."""
    if category is None:
        return true()
    parts = category.split("/")
    above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
    return or_(Ticket.category.in_(above), Ticket.category.startswith(f"{category}/", autoescape=True), Ticket.category.is_(None))


def callers_of(session: Session, tickets: list[int]) -> dict[int, int]:
    """Households, and numbers that are of none."""
    nobody_s = IncidentCall.household_id.is_(None)
    rows = session.execute(
        select(IncidentCall.ticket_id, func.count(IncidentCall.household_id.distinct()),
               func.count(case((nobody_s, IncidentCall.contact_number)).distinct()),
               func.sum(case((and_(nobody_s, IncidentCall.contact_number.is_(None)), 1), else_=0)))
        .where(IncidentCall.ticket_id.in_(tickets)).group_by(IncidentCall.ticket_id))
    return {ticket_id: homes + numbers + unknown for ticket_id, homes, numbers, unknown in rows}


def _shown(session: Session, found: KnownIncident, row: Ticket) -> KnownShown:
    building = None if found.building_id is None else session.scalar(select(Building.name).where(Building.id == found.building_id))
    return KnownShown(found.ticket_id, found.estate_id, found.building_id, building, found.since, found.until, found.by,
                      found.over_at, row.version)


def room_of(session: Session, tied: IncidentCall) -> str | None:
    return None if tied.household_id is None else session.scalar(select(Household.label).where(Household.id == tied.household_id))
