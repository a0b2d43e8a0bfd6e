"""Who may do what with a ticket, by its kind and its stage. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from callcenter.roles import Role
from crm.kinds.schema import ASSIGNEE, Kind, Move, Who
from crm.staff.actor import Actor
from crm.tickets.errors import Fault
from crm.tickets.schemas import Fields, MoveShown
from crm.tickets.values import fits

LEADS: Final = (Role.LEADER, Role.SUPERVISOR, Role.DUTY_LEAD, Role.MANAGER)


@dataclass(frozen=True)
class Held:
    """What of a ticket decides: where it is, whose it is, what is filled in."""

    stage: str
    owner_id: int | None
    assignee_id: int | None
    category: str | None
    household_id: int | None
    estate_id: int | None
    fields: Fields
    about_id: int | None = None


def is_one_of(actor: Actor, who: Collection[Who], held: Held) -> bool:
    """Each of those for whom it is done."""
    people = {"owner": held.owner_id, "assignee": held.assignee_id}

    def is_it(one: Actor) -> bool:
        return one.is_system or any(
            one.user_id is not None and people[each] == one.user_id if each in people else each in one.roles for each in who)

    return all(map(is_it, actor.everybody))


def sees(kind: Kind, actor: Actor, held: Held, offered_id: int | None = None) -> bool:
    """By role and estate; the owner, the assignee and to whom it is offered in any case; whom it is about never (D3). What several
    read, each of them must see, each in a way of their own."""
    def does(one: Actor) -> bool:
        mine = one.user_id is not None and one.user_id in (held.owner_id, held.assignee_id)
        is_offered = one.user_id is not None and one.user_id == offered_id
        return is_offered or (not barred(kind, held.fields, one.name)
                              and (mine or (one.has(*kind.seen_by) and one.sees(held.estate_id))))

    return not is_about(held.about_id, actor) and all(map(does, actor.everybody))


def works_on(kind: Kind, actor: Actor, held: Held) -> bool:
    """Who may fill in, ask a department, tie it to another: owner, assignee, who opens such tickets or moves this one on."""
    movers = [one for move in kind.stages[held.stage].moves.values() for one in move.who]
    return is_one_of(actor, ("owner", "assignee", *kind.opened_by, *movers), held)


def is_about(about_id: int | None, actor: Actor) -> bool:
    return about_id is not None and any(about_id == one.user_id for one in actor.everybody)


def barred(kind: Kind, fields: Fields, user: str) -> bool:
    """Whether the ticket is about this user (D3)."""
    return any(rule.barred and fields.get(name) == user for name, rule in kind.fields.items())


def missing(move: Move, held: Held) -> tuple[str, ...]:
    """Where one of several would do, the first of them."""
    there = {ASSIGNEE: held.assignee_id, "category": held.category, "household": held.household_id}

    def is_empty(need: str) -> bool:
        return (there[need] if need in there else held.fields.get(need)) is None

    found = tuple(need for need in move.needs if is_empty(need))
    return found + move.needs_one[:1] if move.needs_one and all(map(is_empty, move.needs_one)) else found


def unmet(move: Move, held: Held) -> list[Fault]:
    """What hinders a move: what is missing, and values with which another way leads on."""
    return [*(Fault(need, "missing") for need in missing(move, held)),
            *(Fault(name, "other_value_needed") for name, wanted in move.only_if.items()
              if not fits(held.fields.get(name), wanted))]


def moves(kind: Kind, actor: Actor, held: Held) -> tuple[MoveShown, ...]:
    hindered = any(barred(kind, held.fields, one.name) for one in actor.everybody)
    return tuple(MoveShown(to, is_one_of(actor, move.who, held) and not hindered, (*move.needs, *move.needs_one),
                           missing(move, held))
                 for to, move in kind.stages[held.stage].moves.items())
