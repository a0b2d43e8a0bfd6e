"""What makes follow-ups by itself: a rating comes in, a ticket is done; and each follow-up's place in the call list.

Tickets call this package after every change, with themselves handed in: a rating may open a ticket, and move another one up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.clocks.models import TicketClock
from crm.followups.models import FollowUpTask, Rating
from crm.followups.rules import rank_of
from crm.kinds.schema import FieldType, Kind
from crm.kinds.service import kind_of
from crm.outbox.service import note
from crm.staff.actor import SYSTEM, Actor
from crm.tickets.errors import Barred, FieldsUnfit, KindRetired, NoSuchMove
from crm.tickets.models import Ticket
from crm.tickets.schemas import FOLLOWUP, FOLLOWUPS, NOT_SATISFIED, PERIODIC, Changes, Link, NewTicket

SATISFIED: Final = 1
WITHIN: Final = timedelta(hours=48)      # E5, where no clock says otherwise
COMPLAINT: Final = "complaint"
# Where a ticket goes on when its follow-up hears "not satisfied" (E4): up, or back to work.
GOES_ON: Final = {("complaint", "replied"): "raised", ("complaint", "closed"): "handling", ("repair", "finished"): "working"}
# The follow-up's category, where it is not the kind's own name.
CATEGORIES: Final = {"emergency": "incident", "written_complaint": "complaint"}


class Opens(Protocol):
    def __call__(self, session: Session, actor: Actor, new: NewTicket, now: datetime, tz: tzinfo) -> Ticket | None: ...


class Moves(Protocol):
    def __call__(self, session: Session, actor: Actor, ticket_id: int, to: str, changes: Changes, now: datetime,
                 tz: tzinfo) -> Ticket: ...


@dataclass(frozen=True)
class Desk:
    """The tickets' own doings, handed in: they know this package, it does not know them."""

    open: Opens
    move: Moves


def when_done(session: Session, desk: Desk, row: Ticket, now: datetime, tz: tzinfo) -> Ticket | None:
    """The follow-up of a ticket that got to where one is due (G1), its owner who handled it (E5). One at a time: what is handled
    again after its follow-up was made is followed up again."""
    before = session.execute(select(func.count(), func.count().filter(Ticket.state == "open")).where(
        Ticket.parent_id == row.id, Ticket.kind == FOLLOWUP)).one()
    if before[1]:
        return None
    cause = f"followup:ticket:{row.id}" + (f":{before[0] + 1}" if before[0] else "")
    return _open(session, desk, row, row.kind, cause, now, tz)


def rated(session: Session, desk: Desk, row: Ticket, kind: Kind, said: Mapping[str, Any], actor: Actor, now: datetime,
          tz: tzinfo) -> None:
    """After a change of a ticket that filled in a rating: it is kept, and followed up or thanked for (G2). `said` is what the
    timeline has of the change; the caller holds the ticket's row."""
    changed = [*said.get("fields", ()), *said.get("private", ())]
    for name in changed:
        score = row.fields.get(name)
        if name not in kind.fields or kind.fields[name].type is not FieldType.RATING or not isinstance(score, int):
            continue
        source = "followup" if row.kind in FOLLOWUPS else "ticket"
        rating = Rating(at=now, source=source, score=score, reference=f"ticket:{row.id}:{name}:{row.version}", kind=row.kind,
                        ticket_id=row.id, household_id=row.household_id, estate_id=row.estate_id)
        session.add(rating)
        session.flush()
        if score != NOT_SATISFIED:
            thank(session, rating, spoken=source == "followup", now=now)
        elif source == "followup":
            rating.answer_id = _up(session, desk, row, rating, actor, now, tz)
        else:
            rating.answer_id = _answered(session, desk, row, rating, now, tz)


def thank(session: Session, rating: Rating, *, spoken: bool, now: datetime) -> None:
    """In the call in which it was said; else by text: ours (`thanking.py`), or of whoever has it from the outbox (webhooks)."""
    if rating.score == SATISFIED:
        rating.thanked = "spoken" if spoken else "queued"
        if not spoken:
            note(session, now, "rating.thanks_due", f"rating:{rating.id}", estate_id=rating.estate_id,
                 household=rating.household_id, ticket=rating.ticket_id)


def follow_task(session: Session, ticket: Ticket, now: datetime) -> None:
    """Brings the ticket's place in the call list in step with it; safe to repeat. The caller holds the ticket's row."""
    if ticket.kind not in FOLLOWUPS:
        return
    session.flush()
    task = session.scalars(select(FollowUpTask).where(FollowUpTask.ticket_id == ticket.id).with_for_update()
                           .execution_options(populate_existing=True)).one_or_none()
    due = session.scalar(select(func.min(TicketClock.due_at)).where(TicketClock.ticket_id == ticket.id,
                                                                    TicketClock.standing != "stopped"))
    if task is None:
        task = FollowUpTask(ticket_id=ticket.id, next_at=now, created_at=now, state="open", tries=0, version=0,
                            due_at=due or ticket.created_at + WITHIN, dissatisfied=ticket.reason == "not_satisfied")
    task.household_id, task.estate_id, task.owner_id = ticket.household_id, ticket.estate_id, ticket.owner_id
    task.why = "periodic" if ticket.kind == PERIODIC else (ticket.category or ticket.reason or "other")[:20]
    named = ticket.fields.get("next_try")
    agreed = datetime.fromisoformat(named) if isinstance(named, str) else None
    if ticket.state == "open" and agreed is not None and agreed > now and agreed != task.next_at:
        task.next_at = task.promised_at = agreed
    _close_or_open(task, ticket, now)
    task.due_at = due or task.due_at
    task.rank = rank_of(task.why, dissatisfied=task.dissatisfied, promised=task.promised_at is not None)
    task.version += 1
    session.add(task)


def _close_or_open(task: FollowUpTask, ticket: Ticket, now: datetime) -> None:
    if ticket.state == "open":
        if task.state == "closed":
            task.state, task.closed_at, task.outcome = "open", None, None
        return
    if task.state != "closed":
        task.state, task.closed_at, task.blocked = "closed", now, None
        task.claimed_by = task.claimed_until = task.promised_at = None
        if ticket.stage == "done":
            task.outcome = "reached"
        elif task.outcome is None:
            task.outcome = "not_reached"


def _open(session: Session, desk: Desk, row: Ticket, why: str, cause: str, now: datetime, tz: tzinfo,
          reason: str | None = None) -> Ticket | None:
    paths = kind_of(session, FOLLOWUP).kind.category_paths
    category = CATEGORIES.get(why, why)
    new = NewTicket(
        FOLLOWUP, category=category if category in paths else None, reason=reason or row.kind, household_id=row.household_id,
        estate_id=row.estate_id, contact_number=row.contact_number, cause=cause, parent_id=row.id, parent_as=Link.FOLLOWUP)
    made = desk.open(session, SYSTEM, new, now, tz)
    if made is not None:
        made.owner_id = row.owner_id
        follow_task(session, made, now)
    return made


def _answered(session: Session, desk: Desk, row: Ticket, rating: Rating, now: datetime, tz: tzinfo) -> int | None:
    """By the follow-up that is open, which is about it from now on, or by one of its own."""
    task = session.scalars(select(FollowUpTask).join(Ticket, Ticket.id == FollowUpTask.ticket_id)
                           .where(Ticket.parent_id == row.id, Ticket.kind == FOLLOWUP, FollowUpTask.state != "closed")
                           .order_by(FollowUpTask.id).limit(1).with_for_update(of=FollowUpTask)).one_or_none()
    if task is not None:
        task.dissatisfied = True
        task.rank = rank_of(task.why, dissatisfied=True, promised=task.promised_at is not None)
        return task.ticket_id
    made = _open(session, desk, row, "unsatisfied", f"followup:rating:{rating.id}", now, tz, reason="not_satisfied")
    return made.id if made else None


def _up(session: Session, desk: Desk, row: Ticket, rating: Rating, actor: Actor, now: datetime, tz: tzinfo) -> int | None:
    """The follow-up heard "not satisfied": what it followed up goes up or back to work, else a complaint is opened; either makes
    a follow-up of its own when it is done."""
    words = str(row.fields.get("said") or "")
    machine = replace(actor, is_system=True)       # its kind says who moves it; that it goes on is G2's
    parent = session.get(Ticket, row.parent_id) if row.parent_id is not None else None
    if parent is not None:
        kind = kind_of(session, parent.kind, parent.kind_version).kind
        to = GOES_ON.get((parent.kind, parent.stage))
        if to is not None and to in kind.stages[parent.stage].moves:
            fields = {"summary": words[:1000] or row.number} if "summary" in kind.fields else {}
            try:
                with session.begin_nested():       # what is refused has filled in nothing
                    return desk.move(session, machine, parent.id, to, Changes(fields), now, tz).id
            except (Barred, FieldsUnfit, NoSuchMove):
                pass        # not this way: the complaint below says so
        elif parent.state == "open" and parent.stage in kind.stages and not kind.stages[parent.stage].follow_up:
            return parent.id        # it is in work again already
    try:
        made = desk.open(session, machine, NewTicket(
            COMPLAINT, fields={"what": words or (parent or row).title or row.number}, reason="not_satisfied",
            household_id=row.household_id, estate_id=row.estate_id, contact_number=row.contact_number,
            cause=f"complaint:rating:{rating.id}", parent_id=row.id, parent_as=Link.PART), now, tz)
    except KindRetired:
        return None         # shown as missing
    return made.id if made else None

