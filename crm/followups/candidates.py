"""An estate's households as the draw sees them: rows of the database, streamed, never a hundred thousand objects."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, tzinfo
from typing import Final

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from callcenter.site.desk import FollowUps
from crm.calls.models import CallRow
from crm.followups.calling import NO_CALL, NO_CONSENT, NO_NUMBER, consents, has_number, unwilling
from crm.followups.models import FollowUpPick, FollowUpPlan, FollowUpTask
from crm.followups.sampling import Candidate
from crm.households.models import Household, Person, PhoneNumber
from crm.tickets.models import Ticket

AT_ONCE: Final = 2000
TAGS: Final = ("elderly", "alone", "vip")
COMPLAINTS: Final = ("complaint", "written_complaint")


def households(session: Session, estate_id: int) -> int:
    return session.scalar(select(func.count()).where(Household.estate_id == estate_id, Household.merged_into.is_(None))) or 0


def year_of(year: int, tz: tzinfo) -> tuple[datetime, datetime]:
    begins, ends = (datetime.combine(date(each, 1, 1), datetime.min.time(), tz).astimezone(UTC) for each in (year, year + 1))
    return begins, ends


def candidates(session: Session, plan: FollowUpPlan, rule: FollowUps, tz: tzinfo) -> Iterator[Candidate]:
    """Every household of the plan's estate, those that may not be asked too, with the reason."""
    begins, ends = year_of(plan.year, tz)
    drawn = _drawn(session, plan)
    home = [Household.estate_id == plan.estate_id, Household.merged_into.is_(None)]
    theirs = select(PhoneNumber.id).join(Person, Person.id == PhoneNumber.person_id).where(
        Person.household_id == Household.id, has_number())
    complained = exists(select(Ticket.id).where(Ticket.household_id == Household.id, Ticket.kind.in_(COMPLAINTS),
                                                Ticket.created_at >= begins, Ticket.created_at < ends).correlate(Household))
    contacted = or_(exists(select(Ticket.id).where(Ticket.household_id == Household.id).correlate(Household)),
                    exists(select(CallRow.call_id).where(CallRow.household_id == Household.id).correlate(Household)))
    some = exists(theirs.correlate(Household))
    willing = exists(theirs.where(~unwilling()).correlate(Household))
    callable_ = exists(theirs.where(and_(~unwilling(), consents(rule))).correlate(Household))
    rows = session.execute(
        select(Household.id, Household.tags, some, willing, callable_, complained, contacted).where(*home),
        execution_options={"yield_per": AT_ONCE})
    for ident, tags, has_one, is_willing, may, has_complained, was_contacted in rows:
        traits: set[str] = {tag for tag in TAGS if tag in tags}
        if has_complained:
            traits.add("complained")
        if not was_contacted:
            traits.add("never_contacted")
        month, reached = drawn.get(ident, (None, False))
        if month is not None and not reached:
            traits.add("unreached")
        excluded = None if may else NO_NUMBER if not has_one else NO_CONSENT if is_willing else NO_CALL
        yield Candidate(ident, frozenset(traits), excluded, month)


def _drawn(session: Session, plan: FollowUpPlan) -> dict[int, tuple[int | None, bool]]:
    """By household: the last month in which the plan drew it, and whether it was reached in any."""
    rows = session.execute(
        select(FollowUpPick.household_id, func.max(FollowUpPick.month),
               func.count().filter(or_(FollowUpTask.outcome == "reached", FollowUpTask.state != "closed",
                                       FollowUpPick.ticket_id.is_(None))))
        .outerjoin(FollowUpTask, FollowUpTask.ticket_id == FollowUpPick.ticket_id)
        .where(FollowUpPick.plan_id == plan.id).group_by(FollowUpPick.household_id))
    return {household_id: (month, reached > 0) for household_id, month, reached in rows}
