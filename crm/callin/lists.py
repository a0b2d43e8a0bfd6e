"""Who is called in, in which order: by roster, leave and skill. `order` is pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import false, or_, select
from sqlalchemy.orm import Session

from callcenter.events import AgentState
from callcenter.site import Site
from callcenter.storm import Coming
from crm.agentlog.models import AgentStateRow, SeatFault
from crm.callin.models import CalledRow, CallInPerson, CallInRow
from crm.roster import duty
from crm.roster.service import around
from crm.staff.agents_models import AgentRow
from crm.staff.models import User


@dataclass(frozen=True)
class Candidate:
    person_id: int
    place: int
    tier: int
    on_duty: bool
    on_leave: bool
    fits: bool                   # has one of the skills that are asked for; true when none is


def order(candidates: Iterable[Candidate]) -> tuple[int, ...]:
    """Tier 2: who is on duty is at work already; off duty before on leave. Tier 3: who is in the office anyway before who is not.
    In each, who has the skill first, then as the list says."""
    called = [one for one in candidates if one.tier == 3 or not one.on_duty]
    return tuple(one.person_id for one in sorted(called, key=lambda one: (
        one.on_leave, one.tier == 3 and not one.on_duty, not one.fits, one.place, one.person_id)))


def candidates(session: Session, site: Site, tier: int, surge_id: int | None, skills: Collection[str],
               now: datetime) -> tuple[int, ...]:
    """Nobody who is signed in, is asked already, has refused in this surge, or is on a kind of leave that is left alone."""
    shifts, leaves = around(session, [now])
    on_duty = {shift.user_id for shift in duty.on_duty(shifts, leaves, now)}
    away = [leave for leave in leaves if leave.begins_at <= now < leave.ends_at]
    left_alone = {leave.user_id for leave in away if leave.why in site.call_in.leave_alone}
    on_leave = {leave.user_id for leave in away}
    here = signed_in(session)
    refused = (CallInRow.surge_id == surge_id) & (CalledRow.state == Coming.REFUSED.value) if surge_id is not None else false()
    asked = set(session.scalars(select(CalledRow.person_id).join(CallInRow, CallInRow.id == CalledRow.call_in_id)
                                .where(or_(CallInRow.released_at.is_(None), refused))))
    found = []
    for row, user_of_agent in session.execute(
            select(CallInPerson, AgentRow.user_id).outerjoin(AgentRow, AgentRow.code == CallInPerson.agent)
            .outerjoin(User, User.id == CallInPerson.user_id)
            .where(CallInPerson.active, CallInPerson.tier == tier, or_(User.id.is_(None), User.active),
                   or_(AgentRow.id.is_(None), AgentRow.active))):
        user_id = row.user_id or user_of_agent
        if row.id in asked or row.agent in here or user_id in left_alone:
            continue
        found.append(Candidate(row.id, row.place, tier, user_id in on_duty, user_id in on_leave,
                               not skills or bool(set(skills) & set(row.skills))))
    return order(found)


def signed_in(session: Session) -> dict[str, str]:
    """Agent's code → seat, by the agent log."""
    rows = session.execute(select(AgentStateRow.agent, AgentStateRow.seat).where(
        AgentStateRow.ended_at.is_(None), AgentStateRow.state != AgentState.SIGNED_OUT.value))
    return {agent: seat or "" for agent, seat in rows}


def spare_seat(session: Session, site: Site, taken: Sequence[str | None], *, mobile: bool = False) -> str | None:
    """The first of them."""
    return next(iter(spare_seats(session, site, taken, mobile=mobile)), None)


def spare_seats(session: Session, site: Site, taken: Sequence[str | None], *, mobile: bool = False) -> tuple[str, ...]:
    """Where nobody sits, whose phone is not known to be gone, and that are kept for nobody (`taken`). `mobile`: of those whose
    phone is somebody's own, else of the others."""
    if not site.free_seating:
        return ()                # every seat is somebody's own
    busy = {*signed_in(session).values(), *taken,
            *session.scalars(select(SeatFault.seat).where(SeatFault.ended_at.is_(None)))}
    return tuple(seat.seat for seat in site.seats
                 if seat.kind == "primary" and (seat.phone == "mobile") is mobile and seat.seat not in busy)


def kept(session: Session) -> list[str | None]:
    """Seats that are kept for who is on the way, and mobile ones that are not given back yet."""
    return list(session.scalars(select(CalledRow.seat).where(CalledRow.seat.is_not(None))))
