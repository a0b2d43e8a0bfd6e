"""The fold of the journal into a call record: pure, and the same whichever of the two files is ahead.

The two files touch different fields (`started_at`, `left_at`, `rings` and `moves` are CEL's, the rest is queue_log's) and
everything that needs both is computed from them on reading. So their interleaving, which nobody controls, cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from crm.calls import entries as e
from crm.calls.talk import Move

NOT_SATISFIED = 3


class Outcome(StrEnum):
    ANSWERED = "answered"
    ABANDONED = "abandoned"
    SHORT_ABANDON = "short_abandon"
    MESSAGE = "message"      # voicemail or callback request
    MENU = "menu"            # never queued
    LOST = "lost"            # Asterisk died while the call was open
    CALLBACK = "callback"    # we rang back: not offered by anybody, so in no figure of the queue


@dataclass(frozen=True)
class Ring:
    """A seat was rung; `channel` is the unique id of its leg."""

    channel: str
    seat: str
    rang_at: datetime
    answered_at: datetime | None = None
    left_at: datetime | None = None


@dataclass(frozen=True)
class Visit:
    """One stay in a queue of the site, all its stages. A call that is transferred into a queue visits it anew."""

    queue: str
    queued_at: datetime
    stage: int = 0
    answered_at: datetime | None = None      # to the second: queue_log's
    seat: str | None = None
    left_at: datetime | None = None
    gave_up: bool = False

    @property
    def is_over(self) -> bool:
        return self.left_at is not None


@dataclass(frozen=True)
class CallRecord:
    call_id: str
    # queue_log's
    entered_at: datetime | None = None       # None while only CEL has told of it
    node: str | None = None
    dialled: str | None = None
    number: str | None = None
    household_id: int | None = None
    lookup: str | None = None                # known, unknown or late
    language: str | None = None
    menu_keys: tuple[str, ...] = ()          # "main:1"
    queue: str | None = None                 # the first that it entered
    stage: int = 0
    pools: tuple[str, ...] = ()              # tried before the primary agents: "at-yunqi", "seat-1001"
    priority: int = 0                        # points when it entered the queue
    priority_why: str = ""
    nuisance: str | None = None              # warn, queue or block (D1)
    outside: str | None = None               # the outside number that talked with the caller
    queued_at: datetime | None = None        # never of a place that is kept: nobody was offered
    expected_wait_s: int | None = None       # as the caller was first told
    callback_kept: str = ""                  # of the callback asked for: "kept", "already"
    callback_id: str | None = None           # this is the place kept for that callback
    rang_back: str | None = None             # … and how ringing back ended
    first_ring: datetime | None = None       # to the second; for want of CEL
    connected_at: datetime | None = None
    answered_by: str | None = None           # a seat
    answered_agent: str | None = None        # who sat there when it answered; the recorder says it
    channel: str | None = None               # of the seat that answered
    released_at: datetime | None = None
    gave_up_at: datetime | None = None
    rating: int | None = None
    voicemail: str | None = None
    voicemail_s: int | None = None
    callback_number: str | None = None
    recording: str | None = None
    ended_at: datetime | None = None
    cause: int | None = None
    lost: bool = False
    visits: tuple[Visit, ...] = ()
    agents: tuple[tuple[str, str], ...] = () # seat and who sat there
    # CEL's
    started_at: datetime | None = None
    left_at: datetime | None = None          # the caller's channel
    rings: tuple[Ring, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def began_at(self) -> datetime | None:
        return self.started_at or self.entered_at

    @property
    def seats_rung(self) -> tuple[str, ...]:
        """In the order of their first ring."""
        ordered = sorted(self.rings, key=lambda ring: (ring.rang_at, ring.channel))
        return tuple(dict.fromkeys(ring.seat for ring in ordered))

    @property
    def rang_at(self) -> datetime | None:
        return min((ring.rang_at for ring in self.rings), default=self.first_ring)

    @property
    def answered_at(self) -> datetime | None:
        """From CEL to the microsecond where it is there: rings are counted from it."""
        if self.connected_at is None:
            return None
        leg = self._answered_leg
        return leg.answered_at if leg and leg.answered_at else self.connected_at

    @property
    def wait_s(self) -> float | None:
        """Both ends from queue_log: cut to whole seconds alike, so that the cut does not add up to a bias."""
        until = self.connected_at or self.gave_up_at or self.ended_at
        return (until - self.queued_at).total_seconds() if until and self.queued_at else None

    @property
    def ring_s(self) -> float | None:
        """How long the seat that answered was rung: its own CHAN_START to ANSWER. None without CEL."""
        leg = self._answered_leg
        return (leg.answered_at - leg.rang_at).total_seconds() if leg and leg.answered_at else None

    @property
    def talk_s(self) -> float | None:
        """How long the seat that answered was on the line, holds included; a transfer ends it. None while it lasts."""
        leg = self._answered_leg
        if leg and leg.answered_at and leg.left_at:
            return (leg.left_at - leg.answered_at).total_seconds()
        if self.connected_at and self.released_at:
            return (self.released_at - self.connected_at).total_seconds()
        return None

    @property
    def message(self) -> bool:
        return self.voicemail is not None or self.callback_number is not None

    @property
    def _answered_leg(self) -> Ring | None:
        return next((ring for ring in self.rings if ring.channel == self.channel), None)


def outcome(record: CallRecord, short_abandon_s: int) -> Outcome | None:
    """None while the call is open. A short abandon gave up within `short_abandon_s` of entering the queue."""
    if record.ended_at is None:
        return None
    if record.lost:
        return Outcome.LOST
    if record.callback_id:
        return Outcome.CALLBACK
    if record.connected_at:
        return Outcome.ANSWERED
    if record.message:
        return Outcome.MESSAGE
    if record.wait_s is None:
        return Outcome.MENU
    return Outcome.SHORT_ABANDON if record.wait_s <= short_abandon_s else Outcome.ABANDONED


def apply(record: CallRecord, entry: e.CallEntry) -> CallRecord:
    """The record after an entry of its own call."""
    if isinstance(entry, e.Seated):
        return replace(record, agents=tuple((dict(record.agents) | {entry.seat: entry.agent}).items()))
    if not isinstance(entry, e.LineEntry):
        return _apply_cel(record, entry)
    kept = isinstance(entry, e.Placed) or record.callback_id is not None
    record = replace(record, entered_at=record.entered_at or entry.at, queue=record.queue or entry.queue,
                     visits=record.visits if kept else _visited(record.visits, entry))
    match entry:
        case e.Placed():
            return replace(record, callback_id=entry.callback_id, number=entry.number, household_id=entry.household_id,
                           callback_number=None)
        case e.RangBack():
            return replace(record, rang_back=entry.result)
        case e.Queued() | e.Overflowed() if kept:
            return replace(record, stage=max(record.stage, entry.stage))
        case e.WaitTold():
            # What was told in a later queue is another wait's.
            return replace(record, expected_wait_s=entry.seconds if record.expected_wait_s is None else record.expected_wait_s)
        case e.Entered():
            return replace(record, dialled=entry.dialled, number=entry.number, node=entry.node)
        case e.LookedUp():
            return replace(record, household_id=entry.household_id, language=entry.language or record.language,
                           lookup="unknown" if entry.household_id is None else "known")
        case e.LookupLate():
            return replace(record, lookup="late")
        case e.KeyPressed():
            return replace(record, menu_keys=(*record.menu_keys, f"{entry.menu}:{entry.key}"))
        case e.LanguageChosen():
            return replace(record, language=entry.language)
        case e.Queued():
            return replace(record, queued_at=record.queued_at or entry.at, stage=max(record.stage, entry.stage))
        case e.Overflowed():
            # Without a seat in sight app_queue takes nobody in and writes no ENTERQUEUE; the call was offered anyhow.
            return replace(record, queued_at=record.queued_at or entry.at, stage=max(record.stage, entry.stage))
        case e.Routed():
            return replace(record, pools=(*record.pools, f"{entry.pool}-{entry.of}"))
        case e.Prioritised():
            return replace(record, priority=entry.points, priority_why=entry.why)
        case e.Nuisance():
            return replace(record, nuisance=entry.treatment)
        case e.OutsideAnswered() if record.connected_at is None:
            return replace(record, connected_at=entry.at, outside=entry.number)
        case e.RingMissed():
            return _rang_by(record, entry.at, entry.ring_s)
        case e.Connected() if record.connected_at is None:   # a second one is a transfer back into a queue
            return replace(_rang_by(record, entry.at, entry.ring_s), connected_at=entry.at, answered_by=entry.seat,
                           channel=entry.channel)
        case e.Released() if record.released_at is None:
            return replace(record, released_at=entry.at)
        case e.GaveUp():
            return replace(record, gave_up_at=entry.at)
        case e.Rated():
            return replace(record, rating=entry.rating)
        case e.VoicemailLeft():
            return replace(record, voicemail=entry.file, voicemail_s=entry.seconds)
        case e.CallbackAsked():
            return replace(record, callback_number=entry.number, callback_kept=entry.kept)
        case e.RecordingBegun():
            return replace(record, recording=entry.file)
        case e.Ended():
            # Nobody journals that an outside number has hung up: the call ends with it.
            released = entry.at if record.outside and record.released_at is None else record.released_at
            return replace(record, ended_at=record.ended_at or entry.at, cause=entry.cause, released_at=released)
        case _:
            return record


def lose(record: CallRecord, at: datetime) -> CallRecord:
    """Asterisk has started anew: a call that had no end is lost. When it ended nobody knows; `at` is the latest."""
    return record if record.ended_at else replace(record, ended_at=at, lost=True)


def _visited(visits: tuple[Visit, ...], entry: e.LineEntry) -> tuple[Visit, ...]:
    """The visits after an entry. One that nobody answered is given up when the caller goes; a message is no giving up."""
    last = visits[-1] if visits and not visits[-1].is_over else None
    match entry:
        case e.Queued(queue=str(queue), stage=stage) | e.Overflowed(queue=str(queue), stage=stage):
            if last and last.queue == queue and last.answered_at is None:
                return (*visits[:-1], replace(last, stage=max(last.stage, stage)))
            before = (*visits[:-1], replace(last, left_at=entry.at)) if last else visits
            return (*before, Visit(queue, entry.at, stage))
        case _ if last is None:
            return visits
        case e.Connected(queue=queue, seat=seat) if queue == last.queue and last.answered_at is None:
            after = replace(last, answered_at=entry.at, seat=seat)
        case e.OutsideAnswered() if last.answered_at is None:
            after = replace(last, answered_at=entry.at)
        case e.Released() if last.answered_at:
            after = replace(last, left_at=entry.at)
        case e.GaveUp():
            after = replace(last, left_at=entry.at, gave_up=True)
        case e.VoicemailLeft() | e.CallbackAsked():
            after = replace(last, left_at=entry.at)
        case e.Ended():
            after = replace(last, left_at=entry.at, gave_up=last.answered_at is None)
        case _:
            return visits
    return (*visits[:-1], after)


def _rang_by(record: CallRecord, at: datetime, ring_s: float | None) -> CallRecord:
    rang = at - timedelta(seconds=ring_s or 0)
    return replace(record, first_ring=min(rang, record.first_ring or rang))


def _apply_cel(record: CallRecord, entry: e.CallEntry) -> CallRecord:
    match entry:
        case e.CallStarted():
            return replace(record, started_at=entry.at)
        case e.CallerLeft():
            return replace(record, left_at=entry.at)
        case e.Bridged(move=move):
            return replace(record, moves=(*record.moves, move))
        case e.SeatRang():
            return replace(record, rings=(*record.rings, Ring(entry.channel, entry.seat, entry.at)))
        case e.SeatAnswered(channel=channel):
            return replace(record, rings=tuple(
                replace(ring, answered_at=entry.at) if ring.channel == channel else ring for ring in record.rings))
        case e.SeatLeft(channel=channel):
            return replace(record, rings=tuple(
                replace(ring, left_at=entry.at) if ring.channel == channel else ring for ring in record.rings))
        case _:
            return record
