"""The list of tickets: those that the actor may see, newest first, found by an index whatever is asked for.

What an actor sees is of two sorts, and no index serves both: tickets of kinds that the role sees, and the actor's own. So each sort
is read by itself, newest first and no further than the page is long, and the newest of all of them are the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, True_, and_, false, or_, select, true, union_all
from sqlalchemy.orm import Session

from callcenter.numbers import normalise
from crm.clocks.clock import Standing
from crm.clocks.models import TicketClock
from crm.households.service import every_id
from crm.kinds.service import Versioned, all_versions, edition_column, edition_is, edition_now, edition_supposed, may_see
from crm.paging import Page, cursor_of, place_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.agents_models import AgentRow
from crm.staff.models import User
from crm.tickets.models import Ticket
from crm.tickets.schemas import TicketShown
from crm.tickets.showing import Known, named, shown

LIST: Final = "tickets"
STATES: Final = ("open", "closed")
_NUMBER: Final = re.compile(r"[A-Z]{1,3}[0-9]{8}-[0-9]{4,}")


@dataclass(frozen=True)
class Wanted:
    """Filters of the list; what is None is not asked for."""

    kind: str | None = None
    state: str | None = None
    stage: str | None = None
    estate_id: int | None = None
    household_id: int | None = None
    owner: str | None = None
    assignee: str | None = None
    department: str | None = None
    category: str | None = None              # with all below it
    call_id: str | None = None
    contact_number: str | None = None
    parent_id: int | None = None
    since: datetime | None = None
    before: datetime | None = None
    mine: bool = False                       # owned, worked on, or offered to who asks
    overdue: bool = False                    # with a clock that was broken and has not ended
    clock: str | None = None                 # which one
    due_before: datetime | None = None       # with a clock that runs, is not broken and is due by then
    team: str | None = None                  # owned or worked on by its agents
    text: str | None = None                  # in the title, or the number's beginning


def tickets(session: Session, view: View, wanted: Wanted, *, cursor: str | None = None, limit: int = 50) -> Page[TicketShown]:
    """Newest first. Raises BadCursor."""
    rows, known = _newest_named(session, view.actor, wanted, limit + 1,
                                None if cursor is None else int(place_of(LIST, cursor, int)[1]))
    following = cursor_of(LIST, rows[limit - 1].id, rows[limit - 1].id) if len(rows) > limit else None
    return Page(items=shown(session, view, rows[:limit], known), next=following)


def newest(session: Session, actor: Actor, wanted: Wanted, limit: int, below: int | None = None) -> Sequence[Ticket]:
    """At most `limit` rows with ids below `below`."""
    query, _ = _newest(session, actor, wanted, limit, below, None)
    return session.scalars(query).all() if query is not None else []


def _newest_named(session: Session, actor: Actor, wanted: Wanted, limit: int, below: int | None) -> tuple[list[Ticket], Known]:
    """By the kinds as this process last knew them, with a look at whether that is still all there are."""
    by_kinds = not (wanted.mine or actor.is_system)
    supposed = edition_supposed(session) if by_kinds else 0
    query, is_all = _newest(session, actor, wanted, limit, below, supposed)
    found: tuple[list[Ticket], Known, int | None] = ([], Known(), None)
    if query is not None:
        there = named(session, query, edition_column() if by_kinds else None)     # by itself: its type is its own
        found = there
    rows, known, edition = found
    if by_kinds and edition is None and not is_all:
        edition = edition_now(session)      # there may be some of kinds that came since
    if edition in (None, supposed):
        return rows, known
    edition_is(session, edition)
    query, _ = _newest(session, actor, wanted, limit, below, edition)
    return ([], Known()) if query is None else named(session, query)[:2]


def _newest(session: Session, actor: Actor, wanted: Wanted, limit: int, below: int | None,
            edition: int | None) -> tuple[Select[Ticket] | None, bool]:
    """By the kinds of that edition, or of now; None: there can be none. And whether no kind is left out, so that there are no
    more tickets to find whatever kinds there are."""
    below_it = [] if below is None else [Ticket.id < below]
    # An index that begins with what is asked for goes on with the state: both states are read in its order, each by itself.
    each = [Ticket.state == state for state in STATES] if wanted.state is None else [true()]
    indexed = any(value is not None for value in (wanted.kind, wanted.estate_id, wanted.owner, wanted.assignee))
    there_are = [] if wanted.mine or actor.is_system else all_versions(session, edition)
    kinds = None if wanted.mine else of_kinds_seen(there_are, actor, wanted.kind)
    is_all = _is_all(kinds)
    ways: list[list[ColumnElement[bool]]] = []
    below_it += not_about(actor)
    if not (actor.is_system or is_all):
        filters = _filters(session, wanted, by_index=False)
        ways += [[way, state, *filters] for way in mine(actor) for state in each]
    if kinds is not None:
        filters = _filters(session, wanted)
        ways += [[kinds, state, *filters] for state in (each if indexed else [true()])]
    if not ways:
        return None, is_all
    if len(ways) == 1:
        return select(Ticket).where(*ways[0], *below_it).order_by(Ticket.id.desc()).limit(limit), is_all
    parts = [select(Ticket.id).where(*way, *below_it).order_by(Ticket.id.desc()).limit(limit).subquery() for way in ways]
    found = union_all(*(select(part.c.id) for part in parts)).subquery()
    return select(Ticket).where(Ticket.id.in_(select(found.c.id))).order_by(Ticket.id.desc()).limit(limit), is_all


def not_about(actor: Actor) -> list[ColumnElement[bool]]:
    """Whom a ticket is about does not know of it (D3), whatever the role, and though it were their own."""
    return [] if actor.is_system or actor.user_id is None else [
        or_(Ticket.about_id.is_(None), Ticket.about_id != actor.user_id)]


def none_about(actor: Actor, column: Any) -> list[ColumnElement[bool]]:
    """The same of rows whose `column` names a ticket or is NULL. No join: what locks the row does not lock the ticket."""
    return [] if actor.is_system or actor.user_id is None else [
        or_(column.is_(None), column.not_in(select(Ticket.id).where(Ticket.about_id == actor.user_id)))]


def mine(actor: Actor) -> list[ColumnElement[bool]]:
    """Owned, worked on, offered: each has an index. Nothing where others read along, whose it is not."""
    return [] if actor.readers else [
        column == actor.user_id for column in (Ticket.owner_id, Ticket.assignee_id, Ticket.offered_to_id)]


def of_kinds_seen(there_are: Sequence[Versioned], actor: Actor, only: str | None = None) -> ColumnElement[bool] | None:
    """Tickets of the kinds that the actor's roles see, in the versions in which they do, of the actor's estates. None: there are
    none, or none of the kind that is wanted."""
    if actor.is_system:
        return true()
    whole: list[str] = []
    partly: list[ColumnElement[bool]] = []
    by_kind: dict[str, dict[int, bool]] = {}
    for one in there_are:
        by_kind.setdefault(one.kind.kind, {})[one.version] = may_see(one.kind, actor)
    for kind, versions in by_kind.items():
        if only not in (None, kind) or not any(versions.values()):
            continue
        if all(versions.values()):
            whole.append(kind)
        else:
            partly.append(and_(Ticket.kind == kind, Ticket.kind_version.in_([v for v, sees in versions.items() if sees])))
    if not whole and not partly:
        return None
    kinds = true() if only in whole or len(whole) == len(by_kind) else or_(
        Ticket.kind.in_(whole) if whole else false(), *partly)
    if actor.estates is None:
        return kinds
    return and_(kinds, or_(Ticket.estate_id.is_(None), Ticket.estate_id.in_(sorted(actor.estates))))


def _is_all(kinds: ColumnElement[bool] | None) -> bool:
    """The role sees all that is wanted: its own are among them."""
    return isinstance(kinds, True_)


def _filters(session: Session, wanted: Wanted, *, by_index: bool = True) -> list[ColumnElement[bool]]:
    """Not `by_index`: of the few that are the actor's own, which are found by whose they are; the indexes of kind and estate hold
    hundreds of times as many, and a database may think otherwise."""
    found: list[ColumnElement[bool]] = []
    kind = Ticket.kind if by_index else Ticket.kind.concat("")
    estate = Ticket.estate_id if by_index else Ticket.estate_id + 0
    simple: tuple[tuple[Any, Any], ...] = (
        (kind, wanted.kind), (Ticket.state, wanted.state), (Ticket.stage, wanted.stage), (estate, wanted.estate_id),
        (Ticket.department, wanted.department), (Ticket.call_id, wanted.call_id), (Ticket.parent_id, wanted.parent_id))
    found += [column == value for column, value in simple if value is not None]
    if wanted.household_id is not None:
        found.append(Ticket.household_id.in_(every_id(session, wanted.household_id)))
    for column, person in ((Ticket.owner_id, wanted.owner), (Ticket.assignee_id, wanted.assignee)):
        if person is not None:
            found.append((column if by_index else column + 0) == select(User.id).where(User.name == person).scalar_subquery())
    if wanted.contact_number is not None:
        found.append(Ticket.contact_number == normalise(wanted.contact_number))
    if wanted.category is not None:
        found.append(or_(Ticket.category == wanted.category, Ticket.category.startswith(f"{wanted.category}/", autoescape=True)))
    if wanted.since is not None:
        found.append(Ticket.created_at >= wanted.since)
    if wanted.before is not None:
        found.append(Ticket.created_at < wanted.before)
    if wanted.overdue:
        late = select(TicketClock.ticket_id).where(TicketClock.standing != Standing.STOPPED.value,
                                                   TicketClock.broken_at.is_not(None))
        found.append(Ticket.id.in_(late if wanted.clock is None else late.where(TicketClock.clock == wanted.clock)))
    if wanted.due_before is not None:
        found.append(Ticket.id.in_(select(TicketClock.ticket_id).where(
            TicketClock.standing == Standing.RUNNING.value, TicketClock.broken_at.is_(None),
            TicketClock.due_at <= wanted.due_before)))
    if wanted.team is not None:
        people = select(AgentRow.user_id).where(AgentRow.team == wanted.team, AgentRow.user_id.is_not(None))
        found.append(or_(Ticket.owner_id.in_(people), Ticket.assignee_id.in_(people)))
    if wanted.text and _NUMBER.fullmatch(wanted.text.upper()):
        found.append(Ticket.number == wanted.text.upper())
    elif wanted.text:
        found.append(or_(Ticket.title.contains(wanted.text, autoescape=True),
                         Ticket.number.startswith(wanted.text.upper(), autoescape=True)))
    return found
