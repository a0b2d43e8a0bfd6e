"""The call list as it is shown: what is to be called in which order, and what an agent knows of a household before ringing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from callcenter.errors import NotFound
from callcenter.numbers import as_dialled
from callcenter.private import Private
from crm.calls.models import CallRow
from crm.followups.calling import Dialled
from crm.followups.models import FollowUpTask, FollowUpTry
from crm.followups.schemas import Claimed, Context, NumberToDial, PersonBrief, TaskRead, TaskShown, TryShown
from crm.followups.tasks import Held
from crm.households.models import Estate, Household, Person
from crm.households.service import all_ids, current_id
from crm.paging import Page, cursor_of, place_of
from crm.privacy.service import View
from crm.staff.actor import Actor
from crm.staff.models import User
from crm.tickets.listing import not_about
from crm.tickets.models import Ticket
from crm.tickets.reading import seen, visible
from crm.tickets.schemas import TicketShown
from crm.tickets.showing import shown as tickets_shown

LIST = "followup-tasks"
MOST_OPEN = 20


@dataclass(frozen=True)
class Wanted:
    state: str = "open"
    why: str | None = None
    estate_id: int | None = None
    household_id: int | None = None
    late: bool = False


def tasks(session: Session, view: View, wanted: Wanted, now: datetime, *, cursor: str | None = None,
          limit: int = 50) -> Page[TaskShown]:
    """In the order in which they are called. Raises BadCursor."""
    query = select(FollowUpTask).where(FollowUpTask.state == wanted.state, *of_estates(view.actor))
    if hidden := not_about(view.actor):      # of a complaint about whoever asks (D3)
        query = query.join(Ticket, Ticket.id == FollowUpTask.ticket_id).where(*hidden)
    for column, value in ((FollowUpTask.why, wanted.why), (FollowUpTask.estate_id, wanted.estate_id),
                          (FollowUpTask.household_id, wanted.household_id)):
        if value is not None:
            query = query.where(column == value)
    if wanted.late:
        query = query.where(FollowUpTask.due_at < now)
    if cursor is not None:
        key, row_id = place_of(LIST, cursor, str)
        rank, due = _place(str(key))
        query = query.where(or_(FollowUpTask.rank > rank, and_(FollowUpTask.rank == rank, or_(
            FollowUpTask.due_at > due, and_(FollowUpTask.due_at == due, FollowUpTask.id > row_id)))))
    rows = session.scalars(query.order_by(FollowUpTask.rank, FollowUpTask.due_at, FollowUpTask.id).limit(limit + 1)).all()
    last = rows[limit - 1] if len(rows) > limit else None
    following = None if last is None else cursor_of(LIST, f"{last.rank} {last.due_at.isoformat()}", last.id)
    return Page(items=shown(session, rows[:limit], now), next=following)


def task(session: Session, view: View, task_id: int, now: datetime) -> TaskRead:
    """Raises NotFound, also for who may not see its ticket."""
    row = session.get(FollowUpTask, task_id)
    if row is None:
        raise NotFound(f"task {task_id}")
    visible(session, view.actor, row.ticket_id)
    [listed] = shown(session, [row], now)
    return TaskRead(listed, context(session, view, row), tries(session, row.id))


def claimed(session: Session, view: View, held: Held, now: datetime) -> Claimed:
    """With the numbers: who holds the claim sees them, if the site lets the role see one at all; the claim is in the audit."""
    [listed] = shown(session, [held.task], now)
    assert held.task.claimed_until is not None
    return Claimed(held.claim_id, held.task.claimed_until, listed, context(session, view, held.task), tries(session, held.task.id),
                   tuple(_number(view, one) for one in held.numbers))


def shown(session: Session, rows: Sequence[FollowUpTask], now: datetime) -> list[TaskShown]:
    users = {ident for row in rows for ident in (row.owner_id, row.claimed_by) if ident is not None}
    names: dict[int, str] = dict(session.execute(select(User.id, User.name).where(User.id.in_(users))).all()) if users else {}
    tickets = {row.id: row for row in session.execute(select(Ticket.id, Ticket.number, Ticket.kind).where(
        Ticket.id.in_([row.ticket_id for row in rows])))}
    homes = {row.household_id for row in rows if row.household_id is not None}
    rooms: dict[int, str] = dict(session.execute(
        select(Household.id, Household.label).where(Household.id.in_(homes))).all()) if homes else {}
    found = []
    for row in rows:
        held = row.claimed_by is not None and row.claimed_until is not None and row.claimed_until > now
        found.append(TaskShown(
            task_id=row.id, ticket_id=row.ticket_id, number=tickets[row.ticket_id].number, kind=tickets[row.ticket_id].kind,
            why=row.why, dissatisfied=row.dissatisfied, rank=row.rank, household_id=row.household_id,
            room=rooms.get(row.household_id or 0), estate_id=row.estate_id, owner=names.get(row.owner_id or 0), due_at=row.due_at,
            late=row.state != "closed" and row.due_at < now, next_at=row.next_at, promised_at=row.promised_at, state=row.state,
            blocked=row.blocked, outcome=row.outcome, tries=row.tries,
            claimed_by=names.get(row.claimed_by or 0) if held else None, claimed_until=row.claimed_until if held else None))
    return found


def tries(session: Session, task_id: int) -> tuple[TryShown, ...]:
    rows = session.execute(select(FollowUpTry, User.name).join(User, User.id == FollowUpTry.user_id)
                           .where(FollowUpTry.task_id == task_id).order_by(FollowUpTry.id)).all()
    return tuple(TryShown(row.id, name, row.claimed_at, row.ended_at, row.outcome, row.score, row.next_at, row.call_id)
                 for row, name in rows)


def context(session: Session, view: View, row: FollowUpTask) -> Context:
    ticket = session.get_one(Ticket, row.ticket_id)
    about: list[Ticket] = []
    if ticket.parent_id is not None:
        about = list(session.scalars(seen(session, view.actor, select(Ticket).where(Ticket.id == ticket.parent_id))))
    home_id = None if row.household_id is None else current_id(session, row.household_id)
    if home_id is None:
        return Context(None, None, (), (), _about(session, view, about), (), None)
    home = session.get_one(Household, home_id)
    ids = all_ids(session, home_id)
    people = session.execute(select(Person.id, Person.name, Person.role).where(
        Person.household_id.in_(ids), Person.ended_at.is_(None)).order_by(Person.id)).all()
    open_ones = session.scalars(seen(session, view.actor, select(Ticket).where(
        Ticket.household_id.in_(ids), Ticket.state == "open", Ticket.id != row.ticket_id))
        .order_by(Ticket.id.desc()).limit(MOST_OPEN)).all()
    return Context(
        session.scalar(select(Estate.name).where(Estate.id == home.estate_id)), home.language, tuple(home.tags),
        tuple(PersonBrief(ident, view.show(name, Private.NAME), role) for ident, name, role in people),
        _about(session, view, about), tuple(tickets_shown(session, view, open_ones)),
        session.scalar(select(func.max(CallRow.entered_at)).where(CallRow.household_id.in_(ids))))


def of_estates(actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on tasks: of the actor's estates, and of none."""
    if actor.estates is None:
        return []
    return [or_(FollowUpTask.estate_id.is_(None), FollowUpTask.estate_id.in_(sorted(actor.estates)))]


def _about(session: Session, view: View, rows: list[Ticket]) -> TicketShown | None:
    return tickets_shown(session, view, rows)[0] if rows else None


def _number(view: View, one: Dialled) -> NumberToDial:
    may = view.unmasked(Private.PHONE) or view.may_reveal()
    return NumberToDial(one.number_id, one.number if may else view.show(one.number, Private.PHONE),
                        as_dialled(one.number) if may else None, view.show(one.name, Private.NAME), one.label)


def _place(key: str) -> tuple[int, datetime]:
    rank, _, due = key.partition(" ")
    return int(rank), datetime.fromisoformat(due)
