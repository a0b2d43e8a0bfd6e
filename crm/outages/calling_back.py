"""Puts lost callers onto the list (C4): a callback ticket for the desk each, and a callback that the line itself rings, in one
transaction. From there on both are worked like every other: the callback that is done closes its ticket. Who got through before
the line could ring is called off, and the ticket closed. Callers commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session

from callcenter.events import CallbackChanged, CallbackState
from callcenter.numbers import as_dialled, fits, normalise
from callcenter.site import Site
from crm.callbacks.models import CallbackRow
from crm.callbacks.rules import cancelled
from crm.callbacks.store import OPEN, close_ticket, kept_of, write
from crm.callers.models import Treatment
from crm.calls.desk import by_the_desk
from crm.calls.models import CallRow, QueueVisit
from crm.calls.record import Outcome
from crm.households.people import may_be_called
from crm.outages.lost import FAULTS, Ended, Lost, Window, lost_callers, ring_at
from crm.outages.models import LostCaller, OutageRow
from crm.outbox.service import note
from crm.staff.actor import SYSTEM
from crm.tickets.schemas import CALLBACK, NewTicket
from crm.tickets.service import open_ticket

CATEGORY = "fault"
LATELY = timedelta(days=1)           # Asterisk's own short deaths are looked for so far back
LONGEST_CALL = timedelta(hours=6)    # there is an index on when calls came in
CANCELLABLE = tuple(state for state in OPEN if state != CallbackState.TALKING.value)


@dataclass(frozen=True)
class CallBack:
    """Lists and rings by the site file."""

    site: Site

    @property
    def settled(self) -> timedelta:
        """By then it is known whether an Asterisk that died was an outage."""
        policy = self.site.outages
        asterisk = policy.components.get("asterisk")
        return timedelta(seconds=policy.well_for + 2 * policy.look_every + 2 * ((asterisk and asterisk.down) or 10))

    def of(self, session: Session, row: OutageRow, now: datetime) -> list[CallbackChanged]:
        """Of an outage that is over, with the row locked and the journal read until then. Marks it listed."""
        row.listed_at, row.lost, row.unreachable = now, 0, 0
        row.version += 1
        policy = self.site.outages.lost_callers
        if row.component not in policy.of or row.ended_at is None or row.over_at is None:
            return []
        window = Window(row.began_at, row.ended_at, policy.cut_off_before, lost_until=row.over_at)
        found = lost_callers(calls_since(session, window.first, now), window, _waiting(session))
        events = self._list(session, found.lost, row.outage_id, now)
        row.lost = len(found.lost)
        row.unreachable = found.unreachable
        note(session, now, "outage.listed", f"outage:{row.outage_id}", component=row.component, lost=row.lost,
             unreachable=found.unreachable)
        return events

    def without_outage(self, session: Session, now: datetime, known: datetime) -> list[CallbackChanged]:
        """Whom an Asterisk that was back before it was an outage has lost. `known`: the journal is read until then."""
        begin, end = now - LATELY, min(now, known) - self.settled
        rows = self.short_deaths(session, now, known)
        if not rows:
            return []
        first = min(row.entered_at for row in rows if row.entered_at)
        calls = calls_since(session, first, now)
        wanted = {row.call_id for row in rows}
        listed = set(session.scalars(select(LostCaller.call_id).where(LostCaller.at >= begin)))
        found = lost_callers((call for call in calls if call.call_id in wanted or call.outcome != Outcome.LOST), Window(first, end),
                             _waiting(session))
        lost = [one for one in found.lost if one.call.call_id in wanted - listed]
        events = self._list(session, lost, None, now)
        for row in rows:      # also whose caller got through since: they are not looked at again
            if row.call_id not in {one.call.call_id for one in lost} and row.ended_at:
                session.add(LostCaller(call_id=row.call_id, outage_id=None, at=row.ended_at, how="lost", rings=False))
        return events

    def short_deaths(self, session: Session, now: datetime, known: datetime) -> list[CallRow]:
        """Calls that were lost, are on no list yet and cannot come onto that of an outage any more."""
        rows = session.scalars(select(CallRow).where(
            CallRow.outcome == Outcome.LOST.value, CallRow.ended_at >= now - LATELY,
            CallRow.ended_at < min(now, known) - self.settled,
            ~exists().where(LostCaller.call_id == CallRow.call_id)).order_by(CallRow.ended_at)).all()
        open_since = session.scalar(select(OutageRow.began_at).where(OutageRow.listed_at.is_(None))
                                    .order_by(OutageRow.began_at).limit(1))
        before = timedelta(seconds=self.site.outages.lost_callers.cut_off_before)
        return [row for row in rows if row.ended_at and (open_since is None or row.ended_at < open_since - before)]

    def served(self, session: Session, now: datetime, since: datetime | None = None) -> list[str]:
        """Callbacks of lost callers who called again since and were answered; nobody is talking with them for the callback.
        `since`: calls that ended before were looked at."""
        rows = session.execute(select(CallbackRow.callback_id, CallbackRow.number, LostCaller.at)
                               .join(LostCaller, LostCaller.call_id == CallbackRow.callback_id)
                               .where(LostCaller.rings, CallbackRow.state.in_(CANCELLABLE))).all()
        if not rows:
            return []
        through: dict[str, datetime] = {}
        first = min(row.at for row in rows)
        for call in calls_since(session, first if since is None else max(first, since), now):
            if call.number and call.outcome == Outcome.ANSWERED and call.cause not in FAULTS and not call.gave_up:
                through[call.number] = max(call.entered_at, through.get(call.number, call.entered_at))
        return [row.callback_id for row in rows for last in (through.get(normalise(row.number)),) if last and last > row.at]

    def call_off(self, session: Session, callback_ids: Iterable[str], now: datetime) -> list[CallbackChanged]:
        """crm's caller takes a place out of the queue afterwards, as when the desk cancels."""
        tz, events = ZoneInfo(self.site.timezone), list[CallbackChanged]()
        for ident in callback_ids:
            row = session.get(CallbackRow, ident, with_for_update=True)
            if row is None or row.state not in CANCELLABLE:
                continue
            after = cancelled(kept_of(row), now)
            write(session, after)
            with by_the_desk(session, "not_closed", f"callback:{ident}", []):
                close_ticket(session, ident, now, tz)
            events.append(CallbackChanged(now, after.shown))
        return events

    def _list(self, session: Session, lost: Sequence[Lost], outage_id: str | None, now: datetime) -> list[CallbackChanged]:
        rows = _rows(session, [one.call.call_id for one in lost])
        known = set(session.scalars(select(LostCaller.call_id).where(LostCaller.call_id.in_(rows)))) if rows else set()
        return [event for one in lost if one.call.call_id in rows and one.call.call_id not in known
                for event in self._one(session, one, rows[one.call.call_id], outage_id, now)]

    def _one(self, session: Session, one: Lost, call: CallRow, outage_id: str | None, now: datetime) -> list[CallbackChanged]:
        tz, policy, hours = ZoneInfo(self.site.timezone), self.site.outages.lost_callers, self.site.followups
        queue = call.queue or next((queue.id for queue in self.site.queues if not queue.press), self.site.queues[0].id)
        number = as_dialled(normalise(call.number or ""))
        rings = (policy.ring_back and fits(self.site.limits.callback_numbers, number) and may_be_called(session, number)
                 and session.get(CallbackRow, call.call_id) is None)
        session.add(LostCaller(call_id=call.call_id, outage_id=outage_id, at=one.call.ended_at, how=one.how, rings=rings))
        open_ticket(session, SYSTEM, NewTicket(
            CALLBACK, category=CATEGORY, reason=one.how, household_id=call.household_id, call_id=call.call_id, queue=queue,
            contact_number=number, cause=f"callback:{call.call_id}"), now, tz)      # who gave up waiting has one already
        if not rings:
            return []
        due = ring_at(one.call.ended_at, now, tz, policy.at_once_within, hours.calls_from, hours.calls_until)
        row = CallbackRow(callback_id=call.call_id, queue=queue, number=number, household_id=call.household_id,
                          language=call.language, state=CallbackState.WAITING.value, attempts=0, asked_at=now, since=now,
                          next_at=due, place=None)
        session.add(row)
        session.flush()
        return [CallbackChanged(now, kept_of(row).shown)]


def calls_since(session: Session, first: datetime, now: datetime) -> list[Ended]:
    """All calls of the hotline that ended since, and those that were answered and go on: as answered, until now."""
    last = (select(QueueVisit.gave_up).where(QueueVisit.call_id == CallRow.call_id).order_by(QueueVisit.place.desc()).limit(1)
            .correlate(CallRow).scalar_subquery())
    rows = session.execute(select(CallRow.call_id, CallRow.number, CallRow.entered_at, CallRow.ended_at, CallRow.outcome,
                                  CallRow.cause, last.label("gave_up"), CallRow.fold["nuisance"].as_string().label("nuisance"))
                           .where(CallRow.entered_at >= first - LONGEST_CALL, or_(
                               and_(CallRow.ended_at >= first, CallRow.outcome.is_not(None)),
                               and_(CallRow.ended_at.is_(None), CallRow.answered_at.is_not(None), CallRow.callback_id.is_(None))))
                           ).all()
    blocked = {normalise(number) for number in session.scalars(select(Treatment.number).where(
        Treatment.level == "block", Treatment.state == "active", or_(Treatment.until.is_(None), Treatment.until > now)))}
    return [Ended(row.call_id, number, row.entered_at, row.ended_at or now, row.outcome or Outcome.ANSWERED.value, row.cause,
                  bool(row.gave_up),
                  is_blocked=row.nuisance == "block" or number in blocked)
            for row in rows for number in (normalise(row.number) if row.number else None,)]


def _rows(session: Session, call_ids: Iterable[str]) -> dict[str, CallRow]:
    ids = list(call_ids)
    found: dict[str, CallRow] = {}
    for place in range(0, len(ids), 500):
        page: Any = session.scalars(select(CallRow).where(CallRow.call_id.in_(ids[place:place + 500])))
        found |= {row.call_id: row for row in page}
    return found


def _waiting(session: Session) -> set[str]:
    return {normalise(number) for number in session.scalars(select(CallbackRow.number).where(CallbackRow.state.in_(OPEN)))}
