"""Who talks with whom, read from the floor's facts: what every order about a call begins with. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from acd.calls.rules import CallRules, NotPossible, Why
from acd.desired.book import Book
from acd.floor.channels import Channel
from acd.floor.facts import CallFacts, Floor
from acd.floor.shown import consulting_leg
from callcenter.commands import Target
from callcenter.numbers import as_dialled, fits, normalise
from callcenter.roster import Roster


@dataclass(frozen=True)
class Talk:
    """`leg` is the phone of the agent, `caller` the channel of the call. Consulting: the caller waits meanwhile."""

    agent: str
    seat: str
    leg: Channel
    caller: Channel
    facts: CallFacts
    consulting: bool = False

    @property
    def call_id(self) -> str:
        return self.facts.call_id


@dataclass(frozen=True)
class Seating:
    """Who sits where."""

    book: Book
    roster: Roster

    def seat_of(self, agent: str) -> str:
        """Raises NotPossible."""
        entry = self.book.agents.get(agent)
        if entry is None:
            raise NotPossible(Why.NOT_SIGNED_IN if agent in self.roster.agents else Why.UNKNOWN_AGENT)
        return entry.seat

    def agent_at(self, seat: str) -> str:
        """The agent's code; of a seat that rings with nobody signed in (backup), the seat's number."""
        entry = self.book.at(seat)
        return entry.agent if entry else seat

    def leads(self, seat: str, rules: CallRules) -> bool:
        """D2: a leader's seat, or a seat where a leader is signed in."""
        entry = self.book.at(seat)
        agent = self.roster.agents.get(entry.agent) if entry else None
        return seat in rules.leaders or (agent is not None and agent.leader)


def talk_at(floor: Floor, seat: str, agent: str) -> Talk:
    """The call on which this seat talks, or for which it consults somebody. Raises NotPossible."""
    for leg in floor.channels.at_seat(seat):
        facts, caller = floor.calls.get(leg.linkedid), floor.channels.get(leg.linkedid)
        if facts is None or caller is None or leg is caller or not leg.is_up:
            continue
        if leg.bridge is not None and leg.bridge == caller.bridge:
            return Talk(agent, seat, leg, caller, facts)
        if consulting_leg(floor, facts.call_id) is leg:
            return Talk(agent, seat, leg, caller, facts, consulting=True)
    raise NotPossible(Why.NO_CALL)


def talks_on(floor: Floor, call_id: str) -> list[Channel]:
    """The phones of seats that talk with the caller, or whoever consults meanwhile."""
    caller, consulting = floor.channels.get(call_id), consulting_leg(floor, call_id)
    if caller is None or caller.bridge is None:
        return []
    return [leg for leg in floor.channels.values()
            if leg is not caller and leg.seat and (leg.bridge == caller.bridge or leg is consulting)]


def require_free(floor: Floor, seat: str) -> None:
    """That a phone is there and does nothing. Raises NotPossible."""
    if seat not in floor.online:
        raise NotPossible(Why.SEAT_UNREACHABLE)
    if floor.channels.at_seat(seat):
        raise NotPossible(Why.NOT_NOW)


def number_in_dialplan(target: Target, rules: CallRules, seating: Seating) -> str:
    """What [transfers] calls the target. Raises NotPossible."""
    match target.kind:
        case "seat":
            if target.value not in rules.seats:
                raise NotPossible(Why.UNKNOWN_SEAT)
            return target.value
        case "agent":
            return seating.seat_of(target.value)
        case "queue":
            if target.value not in rules.queues:
                raise NotPossible(Why.UNKNOWN_QUEUE)
            return rules.queues[target.value]
        case "department":
            if target.value not in rules.departments:
                raise NotPossible(Why.REFUSED)
            return rules.departments[target.value]
        case "outside":
            return f"*9{outside_digits(target.value, rules.outside)}"


def phone_of(target: Target, rules: CallRules, seating: Seating) -> tuple[str, str | None]:
    """(dial string, seat) of a single phone. Raises NotPossible: several people answer a queue."""
    match target.kind:
        case "queue":
            raise NotPossible(Why.REFUSED)
        case "outside":
            return f"PJSIP/{outside_digits(target.value, rules.outside)}@trunk", None
        case "department":
            end = rules.department_ends.get(target.value)
            if end is None:
                raise NotPossible(Why.REFUSED)
        case _:
            end = number_in_dialplan(target, rules, seating)
    return (f"PJSIP/{end}", end) if end in rules.seats else (f"PJSIP/{end}@trunk", None)


def outside_digits(value: str, allowed: tuple[str, ...]) -> str:
    """Digits and nothing else reach the trunk, and only what the site file allows. Raises NotPossible."""
    digits = value.removeprefix("+").replace(" ", "").replace("-", "")
    if not (digits.isascii() and digits.isdigit() and 3 <= len(digits) <= 20):
        raise NotPossible(Why.REFUSED)
    dialled = as_dialled(normalise(f"+{digits}" if value.startswith("+") else digits))
    if not fits(allowed, dialled):
        raise NotPossible(Why.REFUSED)
    return dialled
