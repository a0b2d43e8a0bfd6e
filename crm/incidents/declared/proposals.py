"""What is proposed: by many calls about one thing, by the weather (H1, H11); somebody accepts or dismisses it. Callers commit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.site.incidents import Incidents
from crm.calls.models import ContactEntry
from crm.households.models import Building, Estate, Household
from crm.incidents.declared.acts import active_of
from crm.incidents.declared.errors import NotNow
from crm.incidents.declared.load import Types
from crm.incidents.declared.models import Emergency, EmergencyProposal, WeatherLevel
from crm.incidents.declared.schemas import Declaration, ProposalShown, Rules, WeatherShown
from crm.incidents.declared.service import LEADS, declare
from crm.incidents.declared.threshold import Cluster, Sign, clusters
from crm.incidents.models import IncidentCall
from crm.incidents.service import Caller, tie
from crm.notices.words import Named
from crm.outbox.service import note
from crm.paging import Order, Page
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.tickets.errors import Fault, FieldsUnfit
from crm.tickets.models import Ticket
from crm.tickets.reading import visible

STORM: Final = "storm"
WEATHER: Final = "weather"
_ORDER: Final[Order[Any]] = Order("emergency-proposals", EmergencyProposal.at, EmergencyProposal.id, newest_first=True)


@dataclass(frozen=True)
class Accepted:
    """What whoever accepts adds to what was proposed."""

    type: str | None = None
    level: int | None = None
    place: str = ""
    what: str = ""


def signs(session: Session, now: datetime, within: timedelta) -> list[Sign]:
    """Tickets that people opened, lines of the contact log without one, calls that were tied to a ticket; of known buildings."""
    since = now - within
    found = [Sign(at, building, kind, _top(category), _caller(home, number, f"ticket:{ticket}"), ticket)
             for at, building, kind, category, home, number, ticket in session.execute(
                 select(Ticket.created_at, Household.building_id, Ticket.kind, Ticket.category, Ticket.household_id,
                        Ticket.contact_number, Ticket.id).join(Household, Household.id == Ticket.household_id)
                 .where(Ticket.created_at > since, Ticket.cause.is_(None)))]
    found += [Sign(at, building, kind, _top(category), _caller(home, number, f"tied:{tied}"), ticket)
              for at, building, kind, category, home, number, tied, ticket in session.execute(
                  select(IncidentCall.at, Household.building_id, Ticket.kind, Ticket.category, IncidentCall.household_id,
                         IncidentCall.contact_number, IncidentCall.id, Ticket.id)
                  .join(Ticket, Ticket.id == IncidentCall.ticket_id).join(Household, Household.id == IncidentCall.household_id)
                  .where(IncidentCall.at > since))]
    found += [Sign(at, building, kind, "", _caller(home, None, f"entry:{entry}"))
              for at, building, kind, home, entry in session.execute(
                  select(ContactEntry.at, Household.building_id, ContactEntry.kind, ContactEntry.household_id, ContactEntry.id)
                  .join(Household, Household.id == ContactEntry.household_id)
                  .where(ContactEntry.at > since, ContactEntry.kind.is_not(None), ContactEntry.ticket_id.is_(None)))
              if kind is not None]
    return found


def due(session: Session, policy: Incidents, now: datetime) -> list[Cluster]:
    """What reaches the threshold now (H1). Reads only."""
    within = timedelta(seconds=policy.within)
    return clusters(signs(session, now, within), now, within, policy.calls)


def propose(session: Session, types: Types, policy: Incidents, found: Iterable[Cluster], now: datetime) -> int:
    """One proposal of one thing at a time; none of what was dismissed lately, or is declared already. How many are new."""
    new = 0
    for one in found:
        topic = f"calls:{one.building_id}:{one.kind}:{one.category}"
        building = session.get(Building, one.building_id)
        type_ = _type_of(types, one)
        if building is None or _declared(session, building, type_, one.tickets) or _settled_lately(session, topic, policy, now):
            continue
        row = _open_one(session, topic)
        if row is None:
            row = EmergencyProposal(
                because="calls", topic=topic, type=type_, level=types[type_].level if type_ else None,
                estate_id=building.estate_id, building_id=building.id, kind=one.kind, category=one.category or None, callers=0,
                tickets=[], first_at=one.first_at, at=now, state="proposed")
            session.add(row)
            new += 1
        # Of the contact log alone there are no tickets: it is said again when more call, not at every look.
        if one.callers > row.callers or not set(one.tickets) <= set(row.tickets):
            row.callers, row.tickets = max(one.callers, row.callers), sorted({*row.tickets, *one.tickets})
            session.flush()
            _tell(session, row, now, "proposed")
    return new


def set_weather(session: Session, actor: Actor, rules: Rules, level: int, text: str, now: datetime) -> WeatherShown:
    """The level that holds from now on, 0 for none: what it asks for beforehand, and a proposal of an emergency (H11). For the
    whole house: by who sees all of it. Raises Forbidden."""
    if actor.estates is not None or not actor.has(*LEADS):
        raise Forbidden
    session.add(WeatherLevel(at=now, level=level, who=actor.name[:40], user_id=actor.user_id, note=text or None))
    row = _open_one(session, WEATHER)
    if level == 0 and row is not None:
        _settle(session, row, "dismissed", actor, now)
    elif level and row is not None:
        row.level = level
    elif level and STORM in rules.types and session.scalar(select(Emergency.id).where(
            Emergency.phase == "active", Emergency.type == STORM, Emergency.drill.is_(False)).limit(1)) is None:
        row = EmergencyProposal(because=WEATHER, topic=WEATHER, type=STORM, level=level, callers=0, tickets=[], first_at=now,
                                at=now, state="proposed")
        session.add(row)
        session.flush()
        _tell(session, row, now, "proposed")
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="emergency.weather", subject=f"weather:{level}",
                 detail=text[:200] or None)
    note(session, now, "emergency.weather", f"weather:{level}", level=level)
    session.flush()
    return weather(session, rules.policy)


def weather(session: Session, policy: Incidents) -> WeatherShown:
    row = session.scalars(select(WeatherLevel).order_by(WeatherLevel.id.desc()).limit(1)).one_or_none()
    if row is None:
        return WeatherShown(0, None, None, None, 0, None)
    asks = policy.weather.get(str(row.level))  # type: ignore[call-overload]
    open_one = _open_one(session, WEATHER)
    return WeatherShown(row.level, row.at, row.who, row.note, asks.agents if asks else 0, Named(asks.zh, asks.en) if asks else None,
                        open_one.id if open_one else None)


def proposals(session: Session, actor: Actor, *, state: str | None = "proposed", cursor: str | None = None,
              limit: int = 50) -> Page[ProposalShown]:
    """Newest first. Raises BadCursor."""
    query: Any = select(EmergencyProposal)
    if state is not None:
        query = query.where(EmergencyProposal.state == state)
    if actor.estates is not None:
        query = query.where(or_(EmergencyProposal.estate_id.is_(None), EmergencyProposal.estate_id.in_(sorted(actor.estates))))
    rows = list(session.scalars(_ORDER.after(query, cursor).limit(limit + 1)))
    return _ORDER.page(rows, limit, lambda row: shown(session, row))


def accept(session: Session, actor: Actor, rules: Rules, proposal_id: int, given: Accepted, now: datetime) -> Emergency:
    """Declares it, on the first of its tickets that is open; who called about the others is tied to it. Raises NotFound, NotNow,
    FieldsUnfit and what `declare` raises."""
    row = _held(session, actor, proposal_id)
    type_ = given.type or row.type
    if type_ is None:
        raise FieldsUnfit([Fault("type", "missing")])
    building = None if row.building_id is None else session.get(Building, row.building_id)
    wanted = Declaration(type=type_, place=given.place or (building.name if building else "–"), what=given.what or _why(row),
                         level=given.level or row.level, estate_id=row.estate_id, building_id=row.building_id)
    carrier = next((ticket_id for ticket_id in row.tickets if _carries(session, actor, ticket_id)), None)
    if carrier is not None:
        wanted = replace(wanted, ticket_id=carrier, estate_id=None)
    made = declare(session, actor, rules, wanted, now)
    for ticket_id in row.tickets:
        other = session.get(Ticket, ticket_id)
        if other is not None and other.id != carrier and other.household_id is not None:
            tie(session, actor, made.ticket_id, Caller(None, other.household_id, other.contact_number), now,
                timedelta(hours=rules.known_hours))
    row.emergency_id = made.id
    _settle(session, row, "accepted", actor, now)
    return made


def dismiss(session: Session, actor: Actor, proposal_id: int, now: datetime) -> ProposalShown:
    """What is proposed for the whole house (the weather): by who sees all of it. Raises NotFound, NotNow, Forbidden."""
    row = _held(session, actor, proposal_id)
    if row.estate_id is None and actor.estates is not None:
        raise Forbidden
    _settle(session, row, "dismissed", actor, now)
    return shown(session, row)


def shown(session: Session, row: EmergencyProposal) -> ProposalShown:
    estate = session.scalar(select(Estate.name).where(Estate.id == row.estate_id))
    building = session.scalar(select(Building.name).where(Building.id == row.building_id))
    return ProposalShown(row.id, row.because, row.type, row.level, row.estate_id, estate, row.building_id, building, row.kind,
                         row.category, row.callers, tuple(row.tickets), row.first_at, row.at, row.state, row.settled_at,
                         row.settled_by, row.emergency_id)


# --- inside ------------------------------------------------------------------------------------------------------------

def _held(session: Session, actor: Actor, proposal_id: int) -> EmergencyProposal:
    row = session.get(EmergencyProposal, proposal_id, with_for_update=True, populate_existing=True)
    if row is None or not actor.sees(row.estate_id):
        raise NotFound(f"proposal {proposal_id}")
    if row.state != "proposed":
        raise NotNow(row.state)
    return row


def _settle(session: Session, row: EmergencyProposal, state: str, actor: Actor, now: datetime) -> None:
    row.state, row.settled_at, row.settled_by = state, now, actor.name[:40]
    record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action=f"emergency.{state}",
                 subject=f"emergency_proposal:{row.id}")
    session.flush()
    _tell(session, row, now, state)


def _tell(session: Session, row: EmergencyProposal, now: datetime, what: str) -> None:
    note(session, now, f"emergency.{what}", f"emergency_proposal:{row.id}", estate_id=row.estate_id, because=row.because,
         type=row.type, level=row.level, callers=row.callers)


def _open_one(session: Session, topic: str) -> EmergencyProposal | None:
    return session.scalars(select(EmergencyProposal).where(
        EmergencyProposal.topic == topic, EmergencyProposal.state == "proposed").with_for_update()).one_or_none()


def _settled_lately(session: Session, topic: str, policy: Incidents, now: datetime) -> bool:
    since = now - timedelta(seconds=policy.quiet)
    return session.scalar(select(EmergencyProposal.id).where(
        EmergencyProposal.topic == topic, EmergencyProposal.settled_at > since).limit(1)) is not None


def _declared(session: Session, building: Building, type_: str | None, tickets: tuple[int, ...]) -> bool:
    """The same thing in the building, or in all of its estate; or one of the tickets carries an emergency."""
    same: ColumnElement[bool] = Emergency.ticket_id.in_(tickets)
    if type_ is not None:
        here = or_(Emergency.building_id.is_(None), Emergency.building_id == building.id)
        same = or_(same, (Emergency.type == type_) & (Emergency.estate_id == building.estate_id) & here)
    query = select(Emergency.id).where(Emergency.phase == "active", Emergency.drill.is_(False), same)
    return session.scalar(query.limit(1)) is not None


def _type_of(types: Types, one: Cluster) -> str | None:
    """The only one that is about such a thing."""
    found = [name for name, type_ in types.items() if any(
        match.kind == one.kind and (match.category is None or _top(match.category) == one.category) for match in type_.matches)]
    return found[0] if len(found) == 1 else None


def _carries(session: Session, actor: Actor, ticket_id: int) -> bool:
    """Whether it can carry the emergency."""
    try:
        row, _ = visible(session, actor, ticket_id)
    except NotFound:
        return False
    return row.state == "open" and active_of(session, ticket_id) is None


def _why(row: EmergencyProposal) -> str:
    """Codes only: people's words are theirs."""
    return WEATHER if row.because == WEATHER else " ".join(filter(None, (row.kind, row.category, f"({row.callers})")))


def _caller(home: int | None, number: str | None, else_: str) -> str:
    return f"home:{home}" if home is not None else f"number:{number}" if number else else_


def _top(category: str | None) -> str:
    return (category or "").split("/")[0]
