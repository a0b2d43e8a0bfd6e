"""Households are rung and told, and press 1 when they have heard it (H5): who, how far, again, stop. Callers commit.

Rows say what is wanted; crm's thread `incidents` gives it to whoever rings (`Rings`, crm/dialling), and `heard` takes what came
of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final, Protocol

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.site.incidents import Incidents
from crm.households.models import Household, Person, PhoneNumber
from crm.incidents.declared.acts import Held, held
from crm.incidents.declared.calloff import audit, call_off
from crm.incidents.declared.errors import NoPlace, NoPrompt, NotNow
from crm.incidents.declared.models import Broadcast, BroadcastCall
from crm.incidents.declared.reading import seen
from crm.incidents.declared.schemas import BroadcastShown
from crm.incidents.declared.service import LEADS
from crm.incidents.declared.timeline import Entry, Phase, What
from crm.staff.actor import Actor

PURPOSE: Final = "incident"
HELLO: Final = "broadcast-hello"
OVER: Final = "broadcast-over"       # of an emergency that is over, whatever it was
CONFIRM: Final = "broadcast-confirm"
THANKS: Final = "goodbye"
HEARD: Final = "1"
OPEN: Final = ("wanted", "asked")
_OWNER_FIRST: Final = case({"owner": 0, "tenant": 1}, value=Person.role, else_=2)


@dataclass(frozen=True)
class Ringing:
    """One number to be rung. `subject` is the broadcast's: it is called off by it."""

    subject: str
    number: str
    household_id: int | None
    prompts: tuple[str, ...]
    language: str
    urgent: bool
    until: datetime
    keys: str = HEARD                # `*` says it once more, whatever is asked for
    thanks: tuple[tuple[str, str], ...] = ((HEARD, THANKS),)


class Rings(Protocol):
    """Calls of our own accord; crm/dialling's `ask_for` and `stop` behind it. In the caller's transaction."""

    def ask(self, session: Session, wanted: Ringing, now: datetime) -> bool | None:
        """False: it is not rung at all (its owner said so, or no such number is rung). None: not yet, for a call that was stopped
        still ends; it is asked for again."""
        ...

    def stop(self, session: Session, subject: str, now: datetime) -> None: ...


def start(session: Session, actor: Actor, policy: Incidents, emergency_id: int, urgent: bool | None, now: datetime,
          if_version: int | None, *, whole_estate: bool) -> BroadcastShown:
    """Of its building, or of all its estate; one number a household first. `urgent`: quiet hours do not hold it back; of level 1
    unless said otherwise. All the estate, and urgent of a lesser level, are for who leads: whoever declares commands. Raises
    NotFound, Forbidden, Changed, NotNow (a drill rings nobody), NoPlace, NoPrompt."""
    here = _commanded(session, actor, emergency_id, if_version)
    if here.row.drill:
        raise NotNow("a drill")
    words = OVER if here.state.phase is Phase.OVER else here.definition.broadcast
    if words is None:
        raise NoPrompt(here.row.type)
    if here.row.estate_id is None:
        raise NoPlace
    building_id = None if whole_estate else here.row.building_id
    if (building_id is None or (urgent and here.row.level > 1)) and not actor.has(*LEADS):
        raise Forbidden
    row = Broadcast(emergency_id=here.row.id, at=now, who=actor.name[:40], building_id=building_id,
                    prompts=[HELLO, words, CONFIRM], until=now + timedelta(seconds=policy.broadcast_for),
                    urgent=here.row.level == 1 if urgent is None else urgent, state="running")
    session.add(row)
    session.flush()
    homes = 0
    for home, numbers in _homes(session, here.row.estate_id, row.building_id):
        homes += 1
        chosen = next((one for one in numbers if one[1]), numbers[0] if numbers else None)
        session.add(BroadcastCall(
            broadcast_id=row.id, household_id=home.id, number=chosen[0] if chosen else "", language=home.language, at=now,
            state="refused" if chosen is None or not chosen[1] else "wanted"))
    here.write(actor, Entry(now, What.BROADCAST, actor.user_id, said=("begun", str(homes))))
    audit(session, actor, row, "begun", now)
    return shown(session, row)


def again(session: Session, actor: Actor, policy: Incidents, emergency_id: int, broadcast_id: int, now: datetime) -> BroadcastShown:
    """Who was not reached is rung once more, at another number where the household has one; of what is over, only with the words
    that it is over. Raises NotFound, Forbidden, NotNow."""
    here = _commanded(session, actor, emergency_id, None)
    row = _of(session, emergency_id, broadcast_id)
    if here.state.phase is Phase.OVER and OVER not in row.prompts:
        raise NotNow("its words are those of the danger")
    missed = list(session.scalars(select(BroadcastCall).where(
        BroadcastCall.broadcast_id == row.id, BroadcastCall.state.in_(("missed", "stopped")), BroadcastCall.number != "")))
    if not missed or here.row.estate_id is None:
        raise NotNow("nobody is to be rung again")
    numbers = {home.id: [number for number, may in found if may]
               for home, found in _homes(session, here.row.estate_id, row.building_id)}
    for call in missed:
        others = numbers.get(call.household_id or 0, [])
        call.round, call.at = call.round + 1, now
        if not others:           # whoever had it lives there no more, or wants no calls: it is no number of theirs
            call.state = "refused"
            continue
        place = others.index(call.number) + 1 if call.number in others else 0
        call.number, call.state = others[place % len(others)], "wanted"
    row.state, row.until = "running", now + timedelta(seconds=policy.broadcast_for)
    rung = sum(call.state == "wanted" for call in missed)
    here.write(actor, Entry(now, What.BROADCAST, actor.user_id, said=("again", str(rung))))
    audit(session, actor, row, "again", now)
    return shown(session, row)


def stop(session: Session, actor: Actor, emergency_id: int, broadcast_id: int, now: datetime) -> BroadcastShown:
    """Nobody more is rung; who hears it, hears it to the end. Also once the emergency is over or closed. Raises NotFound,
    Forbidden, NotNow (it does not run)."""
    here = _commanded(session, actor, emergency_id, None)
    row = _of(session, emergency_id, broadcast_id)
    if row.state != "running":
        raise NotNow(row.state)
    call_off(here, actor, row, now)
    return shown(session, row)


def broadcasts(session: Session, actor: Actor, emergency_id: int) -> list[BroadcastShown]:
    """Oldest first. Raises NotFound."""
    seen(session, actor, emergency_id)
    return [shown(session, row) for row in session.scalars(
        select(Broadcast).where(Broadcast.emergency_id == emergency_id).order_by(Broadcast.id))]


def heard(session: Session, subject: str, number: str, outcome: str, key: str, *, is_last: bool, now: datetime) -> None:
    """What came of a call, once, in the transaction that writes it. `outcome`: crm/dialling's answered, busy, noanswer, failed,
    expired, refused, stopped. Who has heard it does not un-hear it by a later try. Without a number its person was forgotten
    while it rang: then it is of those that ring, and not of those that never had one."""
    of = [BroadcastCall.broadcast_id == int(subject), BroadcastCall.number == number]
    if not number:
        of.append(BroadcastCall.state == "asked")
    for call in session.scalars(select(BroadcastCall).where(*of).with_for_update()):
        call.at = now
        if outcome in ("answered", "busy", "noanswer", "failed"):
            call.tries += 1
        if key == HEARD:
            call.state = "pressed"
        elif call.state in ("pressed", "heard"):
            continue
        elif outcome == "answered":
            call.state = "heard"
        elif outcome in ("refused", "stopped"):
            call.state = outcome
        elif is_last:
            call.state = "missed"
    session.flush()


def give_out(session: Session, rings: Rings, now: datetime, limit: int) -> int:
    """What is wanted to whoever rings, what is stopped too; what has nothing open is over. How many numbers were settled."""
    for row in session.scalars(select(Broadcast).where(Broadcast.state == "stopping").with_for_update(skip_locked=True)):
        rings.stop(session, str(row.id), now)
        session.execute(update(BroadcastCall).where(BroadcastCall.broadcast_id == row.id, BroadcastCall.state == "asked")
                        .values(state="stopped", at=now))
        row.state = "over"
    calls = session.execute(
        select(BroadcastCall, Broadcast).join(Broadcast, Broadcast.id == BroadcastCall.broadcast_id)
        .where(BroadcastCall.state == "wanted").order_by(BroadcastCall.id).limit(limit)
        .with_for_update(skip_locked=True, of=BroadcastCall)).all()
    settled = 0
    for call, row in calls:
        if now >= row.until:
            call.state, call.at, settled = "missed", now, settled + 1
            continue
        is_rung = rings.ask(session, Ringing(str(row.id), call.number, call.household_id, tuple(row.prompts), call.language,
                                             row.urgent, row.until), now)
        if is_rung is None:
            continue
        call.state, call.at, settled = "asked" if is_rung else "refused", now, settled + 1
    session.flush()
    for row in session.scalars(select(Broadcast).where(Broadcast.state == "running").with_for_update(skip_locked=True)):
        left = select(BroadcastCall.id).where(BroadcastCall.broadcast_id == row.id, BroadcastCall.state.in_(OPEN)).limit(1)
        if session.scalar(left) is None:
            row.state = "over"
    return settled


def is_anything(session: Session) -> bool:
    """To be given out, or to be ended. Reads only."""
    return session.scalar(select(Broadcast.id).where(Broadcast.state.in_(("running", "stopping"))).limit(1)) is not None


def shown(session: Session, row: Broadcast) -> BroadcastShown:
    session.flush()
    rows = session.execute(
        select(BroadcastCall.state, func.count(), func.count(BroadcastCall.household_id.distinct()))
        .where(BroadcastCall.broadcast_id == row.id).group_by(BroadcastCall.state)).all()
    counts, homes = {state: numbers for state, numbers, _ in rows}, {state: of for state, _, of in rows}
    pressed, told = counts.get("pressed", 0), counts.get("heard", 0)
    return BroadcastShown(
        row.id, row.at, row.who, row.building_id, tuple(row.prompts), row.until, row.state, households=sum(homes.values()),
        numbers=sum(counts.values()) - counts.get("refused", 0), asked=counts.get("asked", 0), heard=pressed + told,
        pressed=pressed,
        missed=counts.get("missed", 0) + counts.get("stopped", 0), refused=counts.get("refused", 0),
        households_heard=homes.get("pressed", 0) + homes.get("heard", 0), households_pressed=homes.get("pressed", 0))


# --- inside ------------------------------------------------------------------------------------------------------------

def _commanded(session: Session, actor: Actor, emergency_id: int, if_version: int | None) -> Held:
    here = held(session, actor, emergency_id, if_version)
    if actor.user_id != here.row.commander_id and not actor.has(*LEADS):
        raise Forbidden
    return here


def _of(session: Session, emergency_id: int, broadcast_id: int) -> Broadcast:
    row = session.get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)
    if row is None or row.emergency_id != emergency_id:
        raise NotFound(f"broadcast {broadcast_id}")
    return row


def _homes(session: Session, estate_id: int, building_id: int | None) -> Iterator[tuple[Household, list[tuple[str, bool]]]]:
    """Each household with its numbers, and whether they may be rung: first the owner's, then the tenant's, as the desk put them."""
    query: Any = (select(Household, Person.no_call_since, PhoneNumber.number)
                  .outerjoin(Person, (Person.household_id == Household.id) & Person.ended_at.is_(None))
                  .outerjoin(PhoneNumber, (PhoneNumber.person_id == Person.id) & PhoneNumber.bounced_at.is_(None))
                  .where(Household.estate_id == estate_id, Household.merged_into.is_(None))
                  .order_by(Household.id, _OWNER_FIRST, Person.id, PhoneNumber.place, PhoneNumber.id))
    if building_id is not None:
        query = query.where(Household.building_id == building_id)
    rows: Iterable[Any] = session.execute(query).all()
    for _, group in groupby(rows, key=lambda row: row[0].id):
        found = list(group)
        yield found[0][0], list(dict.fromkeys((number, no_call is None) for _, no_call, number in found if number is not None))
