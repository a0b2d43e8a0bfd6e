"""The call list is worked: a task is claimed by one agent for some minutes, and what came of the call is told (G4).

Two agents never have the same task: on PostgreSQL each passes by the row that the other holds, and on both databases a claim
counts the version that it has read. Who dies between claim and result leaves a claim that runs out. Locks: the ticket that is
followed up, the follow-up, its task, the household. What dials by itself later (a campaign) claims and tells results the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from callcenter.errors import Forbidden, NotFound
from callcenter.site.desk import FollowUps
from crm.clocks.office import calendars
from crm.followups.calling import Dialled, hours_of, mark_wrong, retry_of, stop_calls, whom
from crm.followups.models import FollowUpTask, FollowUpTry, Rating
from crm.followups.rules import Outcome, next_try, rank_of
from crm.followups.schemas import ClaimLost, NotCallable, QuietHours, Result, ResultUnfit, TaskHeld
from crm.households.models import Person, PhoneNumber
from crm.outbox.service import note
from crm.staff.actor import Actor
from crm.staff.audit import record_audit
from crm.tickets.listing import none_about
from crm.tickets.models import Ticket
from crm.tickets.reading import visible
from crm.tickets.schemas import NOT_SATISFIED, Changes
from crm.tickets.service import fill_in, locked, move

AT_ONCE: Final = 50                       # tasks that are looked at for one claim
LONGEST_WAIT: Final = timedelta(days=60)
IN_VAIN: Final = (Outcome.NOT_REACHED.value, Outcome.BUSY.value)


@dataclass(frozen=True)
class Wish:
    """Which task; None: the next one."""

    task_id: int | None = None
    why: str | None = None
    estate_id: int | None = None


@dataclass(frozen=True)
class Held:
    claim_id: int
    task: FollowUpTask
    numbers: tuple[Dialled, ...]


def claim(session: Session, actor: Actor, wish: Wish, now: datetime, rule: FollowUps) -> Held | None:
    """The agent's own again while it is held; None: nobody is to be called now. What turned out not to be callable is marked as
    that. Of one that is asked for by its id raises QuietHours, TaskHeld, NotCallable, NotFound; Forbidden for who is no user."""
    if actor.user_id is None:
        raise Forbidden
    held = _own(session, actor, now, rule)
    if held is not None:
        return held
    open_now = hours_of(session, rule).open_at(now)
    for _ in range(AT_ONCE):
        task = _candidate(session, actor, wish, now, open_now=open_now)
        if task is None:
            break
        numbers, why_not = whom(session, task.household_id, _contact(session, task), rule)
        if why_not is not None:
            task.state, task.blocked = "blocked", why_not
            task.version += 1
            session.flush()
            note(session, now, "followup.blocked", f"ticket:{task.ticket_id}", estate_id=task.estate_id, why=why_not)
            if wish.task_id is not None:
                raise NotCallable(why_not)
            continue
        if (found := _take(session, actor.user_id, task, numbers, now, rule)) is not None:
            record_audit(session, at=now, who=actor.name, user_id=actor.user_id, action="followup.claimed",
                         subject=f"ticket:{task.ticket_id}", detail=f"claim {found.claim_id}")
            return found
    return None


def release(session: Session, actor: Actor, claim_id: int, now: datetime) -> FollowUpTask:
    """Gives it back uncalled. Raises NotFound, ClaimLost."""
    attempt, task = _of(session, actor, claim_id)
    _still_held(attempt, task)
    attempt.ended_at = now
    _let_go(task)
    return task


def finish(session: Session, actor: Actor, claim_id: int, result: Result, now: datetime,
           rule: FollowUps) -> tuple[FollowUpTask, int | None]:
    """The task, and the ticket that goes on with a "not satisfied". Raises NotFound, ClaimLost, ResultUnfit, FieldsUnfit."""
    attempt, task = _of(session, actor, claim_id, locks_parent=result.score == NOT_SATISFIED)
    _still_held(attempt, task)
    person_id = _checked(session, task, result, now)
    attempt.outcome, attempt.ended_at = result.outcome.value, now
    attempt.number_id, attempt.score, attempt.call_id = result.number_id, result.score, result.call_id
    _let_go(task)
    if result.outcome in (Outcome.REACHED, Outcome.REFUSED) or result.outcome.value in IN_VAIN:
        task.tries += 1
    session.flush()
    worker = replace(actor, is_system=True)         # that the list is worked by who claimed it is the list's rule, not the kind's
    match result.outcome:
        case Outcome.REACHED:
            _close(session, worker, task, "done", {"how": result.how, "satisfied": result.score, "said": result.said}, now)
        case Outcome.REFUSED:
            task.outcome = Outcome.REFUSED.value
            _close(session, worker, task, "not_reached", {"said": result.said or Outcome.REFUSED.value}, now)
        case Outcome.LATER:
            assert result.later_at is not None
            _put_off(session, worker, task, result.later_at, now)
        case Outcome.WRONG_NUMBER:
            assert result.number_id is not None
            mark_wrong(session, actor, result.number_id, now)
            _after_wrong(session, worker, task, now, rule)
        case Outcome.NOT_REACHED | Outcome.BUSY:
            tried = [moment for moment in session.scalars(select(FollowUpTry.ended_at).where(
                FollowUpTry.task_id == task.id, FollowUpTry.outcome.in_(IN_VAIN)).order_by(FollowUpTry.id)) if moment is not None]
            again = next_try(tried, result.outcome, now, retry_of(rule), hours_of(session, rule))
            attempt.next_at = again
            if again is None:
                task.outcome = Outcome.NOT_REACHED.value
                _close(session, worker, task, "not_reached", {"said": f"{result.outcome.value} {task.tries}"}, now)
            else:
                _put_off(session, worker, task, again, now)
                task.promised_at = None         # our own plan, nobody's word
                task.rank = _rank(task)
    if result.do_not_call and person_id is not None:
        stop_calls(session, actor, person_id, result.said, now)
    note(session, now, "followup.called", f"ticket:{task.ticket_id}", estate_id=task.estate_id, outcome=result.outcome.value,
         tries=task.tries, state=task.state)
    session.flush()
    followed_by = session.scalar(select(Rating.answer_id).where(Rating.ticket_id == task.ticket_id, Rating.answer_id.is_not(None))
                                 .order_by(Rating.id.desc()).limit(1)) if result.score == NOT_SATISFIED else None
    return task, followed_by


def unblock(session: Session, actor: Actor, task_id: int, now: datetime, rule: FollowUps) -> FollowUpTask:
    """After the desk has found a number. Raises NotFound, NotCallable."""
    task = session.get(FollowUpTask, task_id, with_for_update=True, populate_existing=True)
    if task is None or task.state == "closed":
        raise NotFound(f"task {task_id}")
    visible(session, actor, task.ticket_id)
    if task.state == "blocked":
        if (why := whom(session, task.household_id, _contact(session, task), rule)[1]) is not None:
            raise NotCallable(why)
        task.state, task.blocked, task.next_at = "open", None, now
        task.version += 1
    return task


def close_blocked(session: Session, actor: Actor, now: datetime, limit: int) -> int:
    """Periodic ones that nobody can be called for: others are drawn in their place. Of all else a person decides."""
    rows = session.execute(select(FollowUpTask.id, FollowUpTask.ticket_id).where(
        FollowUpTask.state == "blocked", FollowUpTask.why == "periodic").order_by(FollowUpTask.id).limit(limit)).all()
    for task_id, ticket_id in rows:
        locked(session, actor, ticket_id, None)
        task = session.get_one(FollowUpTask, task_id, with_for_update=True, populate_existing=True)
        if task.state == "blocked":
            task.outcome = task.blocked
            _close(session, actor, task, "not_reached", {"said": task.blocked or ""}, now)
    return len(rows)


def _own(session: Session, actor: Actor, now: datetime, rule: FollowUps) -> Held | None:
    """What the agent holds; what has run out is given back, and what turned out to be of a complaint about the agent (D3)."""
    task = session.scalars(select(FollowUpTask).where(FollowUpTask.claimed_by == actor.user_id).with_for_update()
                           .execution_options(populate_existing=True)).one_or_none()
    if task is None:
        return None
    hidden = _is_about(actor, session.get_one(Ticket, task.ticket_id, populate_existing=True))
    if (task.state == "open" and task.claim_id is not None and task.claimed_until is not None and task.claimed_until > now
            and not hidden):
        numbers, _ = whom(session, task.household_id, _contact(session, task), rule)
        return Held(task.claim_id, task, numbers)
    task.claimed_by = task.claimed_until = None
    session.flush()
    return None


def _candidate(session: Session, actor: Actor, wish: Wish, now: datetime, *, open_now: bool) -> FollowUpTask | None:
    free = or_(FollowUpTask.claimed_until.is_(None), FollowUpTask.claimed_until <= now)
    query = select(FollowUpTask).where(FollowUpTask.state == "open", *none_about(actor, FollowUpTask.ticket_id))
    if actor.estates is not None:
        query = query.where(or_(FollowUpTask.estate_id.is_(None), FollowUpTask.estate_id.in_(sorted(actor.estates))))
    if wish.task_id is not None:
        task = session.scalars(query.where(FollowUpTask.id == wish.task_id).with_for_update()
                               .execution_options(populate_existing=True)).one_or_none()
        if task is None:
            raise NotFound(f"task {wish.task_id}")
        if task.claimed_until is not None and task.claimed_until > now:
            raise TaskHeld
        if not open_now and (task.promised_at is None or task.promised_at > now):
            raise QuietHours
        return task
    query = query.where(free, FollowUpTask.next_at <= now)
    if not open_now:
        query = query.where(FollowUpTask.promised_at <= now)      # they have named the time themselves
    if wish.why is not None:
        query = query.where(FollowUpTask.why == wish.why)
    if wish.estate_id is not None:
        query = query.where(FollowUpTask.estate_id == wish.estate_id)
    mine = case((FollowUpTask.owner_id == actor.user_id, 0), else_=1)       # who handled it comes first (E5)
    return session.scalars(query.order_by(FollowUpTask.rank, mine, FollowUpTask.due_at, FollowUpTask.id).limit(1)
                           .with_for_update(skip_locked=True).execution_options(populate_existing=True)).one_or_none()


def _take(session: Session, user_id: int, task: FollowUpTask, numbers: tuple[Dialled, ...], now: datetime,
          rule: FollowUps) -> Held | None:
    """None: somebody was quicker."""
    until = now + timedelta(minutes=rule.claim_minutes)
    attempt = FollowUpTry(task_id=task.id, user_id=user_id, claimed_at=now, until=until)
    session.add(attempt)
    session.flush()
    taken = session.scalar(update(FollowUpTask).where(FollowUpTask.id == task.id, FollowUpTask.version == task.version).values(
        claim_id=attempt.id, claimed_by=user_id, claimed_until=until, version=task.version + 1).returning(FollowUpTask.id)
        .execution_options(synchronize_session=False))
    if taken is None:
        session.delete(attempt)
        return None
    session.refresh(task)
    return Held(attempt.id, task, numbers)


def _of(session: Session, actor: Actor, claim_id: int, *, locks_parent: bool = False) -> tuple[FollowUpTry, FollowUpTask]:
    attempt = session.get(FollowUpTry, claim_id)
    if attempt is None or attempt.user_id != actor.user_id:
        raise NotFound(f"claim {claim_id}")
    ticket_id, parent_id = session.execute(select(Ticket.id, Ticket.parent_id).join(
        FollowUpTask, FollowUpTask.ticket_id == Ticket.id).where(FollowUpTask.id == attempt.task_id)).one()
    if locks_parent and parent_id is not None:
        session.get(Ticket, parent_id, with_for_update=True, populate_existing=True)
    if _is_about(actor, session.get_one(Ticket, ticket_id, with_for_update=True, populate_existing=True)):
        raise NotFound(f"claim {claim_id}")
    task = session.get_one(FollowUpTask, attempt.task_id, with_for_update=True, populate_existing=True)
    session.refresh(attempt)
    return attempt, task


def _is_about(actor: Actor, ticket: Ticket) -> bool:
    return not actor.is_system and actor.user_id is not None and ticket.about_id == actor.user_id


def _still_held(attempt: FollowUpTry, task: FollowUpTask) -> None:
    """A talk that was longer than the claim is no matter, as long as nobody else has called since."""
    if attempt.ended_at is not None or task.claim_id != attempt.id or task.state == "closed":
        raise ClaimLost


def _let_go(task: FollowUpTask) -> None:
    task.claimed_by = task.claimed_until = None
    task.version += 1


def _checked(session: Session, task: FollowUpTask, result: Result, now: datetime) -> int | None:
    """Whose number was dialled. Raises ResultUnfit."""
    wants_score = result.outcome is Outcome.REACHED
    if wants_score != (result.score is not None) or (result.outcome is Outcome.LATER) != (result.later_at is not None):
        raise ResultUnfit
    if result.later_at is not None and not now < result.later_at <= now + LONGEST_WAIT:
        raise ResultUnfit
    person_id = None
    if result.number_id is not None:
        person_id = session.scalar(select(PhoneNumber.person_id).join(Person, Person.id == PhoneNumber.person_id).where(
            PhoneNumber.id == result.number_id, Person.household_id == task.household_id))
        if person_id is None:
            raise ResultUnfit
    if person_id is None and (result.outcome is Outcome.WRONG_NUMBER or result.do_not_call):
        raise ResultUnfit
    return person_id


def _after_wrong(session: Session, worker: Actor, task: FollowUpTask, now: datetime, rule: FollowUps) -> None:
    """The next number at once, or nobody: the desk asks for another one."""
    numbers, why_not = whom(session, task.household_id, _contact(session, task), rule)
    if numbers:
        task.next_at = now
    elif task.why == "periodic":
        task.outcome = Outcome.WRONG_NUMBER.value
        _close(session, worker, task, "not_reached", {"said": Outcome.WRONG_NUMBER.value}, now)
    else:
        task.state, task.blocked = "blocked", why_not


def _contact(session: Session, task: FollowUpTask) -> str | None:
    return session.scalar(select(Ticket.contact_number).where(Ticket.id == task.ticket_id))


def _rank(task: FollowUpTask) -> int:
    return rank_of(task.why, dissatisfied=task.dissatisfied, promised=task.promised_at is not None)


def _close(session: Session, worker: Actor, task: FollowUpTask, to: str, fields: dict[str, object], now: datetime) -> None:
    move(session, worker, task.ticket_id, to, Changes(_known(session, worker, task, fields | {"tries": task.tries})), now,
         calendars(session).tz)


def _put_off(session: Session, worker: Actor, task: FollowUpTask, until: datetime, now: datetime) -> None:
    fields = _known(session, worker, task, {"next_try": until.isoformat(), "tries": task.tries})
    row, kind = locked(session, worker, task.ticket_id, None)
    if "later" in kind.stages[row.stage].moves:
        move(session, worker, row.id, "later", Changes(fields), now, calendars(session).tz)
    else:
        fill_in(session, worker, row.id, Changes(fields), now)


def _known(session: Session, worker: Actor, task: FollowUpTask, fields: dict[str, object]) -> dict[str, object]:
    """What the ticket's version of its kind has a field for."""
    _, kind = visible(session, worker, task.ticket_id)
    return {name: value for name, value in fields.items() if name in kind.fields and value is not None}
