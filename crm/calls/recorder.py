"""The journal recorder: lines of the log files become call records, each line exactly once.

A batch of lines, what follows from them and the position after them are one transaction. Killed before its commit,
nothing has happened and the lines are read again; killed after, they are behind the position. The position's row is
locked and compared first, so that even a second recorder cannot take a line twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.drills import is_drill
from callcenter.errors import SixringError
from callcenter.events import AnyEvent, CallRecordWritten
from crm.agentlog.entries import AgentStated, FloorEntry
from crm.agentlog.store import FloorLog
from crm.callbacks.rules import RetryRule
from crm.callbacks.store import CallbackLog
from crm.calls import service, store, tail
from crm.calls.desk import Undone
from crm.calls.effects import CallFinished, Effect, OpenContactEntry, OpenTicket, RememberLanguage, effects
from crm.calls.entries import AsteriskStarted, CallEntry, Connected, Dialled, Ended, Entry, Parsed, Rejected, RingMissed, Seated
from crm.calls.models import JournalPosition, JournalReject
from crm.calls.opening import Openings
from crm.calls.record import CallRecord, apply, lose
from crm.calls.tally import Tallied
from crm.database import Database
from crm.dialling.log import DialLog
from crm.dialling.schemas import Purposes
from crm.drills.log import DrillLog
from crm.households.service import remember_language
from crm.reports.tallies import keep_tallies

LONGEST_REJECT = 2_000
# What a line of its own can cause. Not: a database that is away, locked or not migrated, which no line is to blame for.
REFUSALS = (DataError, IntegrityError, SixringError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError,
            ValueError)

log = structlog.get_logger("recorder")


@dataclass(frozen=True)
class Source:
    """A file of the journal and who reads its lines. `name` keeps its position: "node1/queue_log"."""

    name: str
    path: Path
    parse: Callable[[str], Parsed]
    tally: Callable[[str], Tallied | None] = lambda _: None


@dataclass(frozen=True)
class Batch:
    """What came of one chunk. `events` are for the bus, after the commit."""

    lines: int = 0
    rejected: int = 0
    events: tuple[AnyEvent, ...] = ()
    oldest: datetime | None = None       # when the oldest call of which there was news entered a queue

    def __add__(self, other: Batch) -> Batch:
        return Batch(self.lines + other.lines, self.rejected + other.rejected, self.events + other.events,
                     min((at for at in (self.oldest, other.oldest) if at), default=None))


@dataclass
class Written:
    events: list[AnyEvent]
    undone: list[Undone]
    oldest: datetime | None = None


class Recorder:
    def __init__(self, database: Database, sources: tuple[Source, ...], *, node: str, tz: tzinfo,
                 short_abandon_s: int, clock: Clock, chunk: int = tail.CHUNK, seats_are_agents: bool = True,
                 callbacks: RetryRule | None = None, purposes: Purposes | None = None,
                 dial_busy: timedelta = timedelta(minutes=2)) -> None:
        """`seats_are_agents`: fixed seating; a seat at which nobody is signed in answers for itself. `purposes`: of calls of our
        own accord; `dial_busy`: until a number that was busy is tried again."""
        self._database = database
        self._sources = sources
        self._node = node
        self._tz = tz
        self._short_abandon_s = short_abandon_s
        self._clock = clock
        self._chunk = chunk
        self._seats_are_agents = seats_are_agents
        self._callbacks = callbacks or RetryRule()
        self._purposes, self._dial_busy = purposes or {}, dial_busy
        self._positions: dict[str, tail.Position | None] = {}
        self._read_whole: dict[str, tail.Glance] = {}
        self.read_until: datetime | None = None     # all that was journalled by then is in the database

    def poll(self) -> Batch:
        """One chunk of each file; an empty batch when there is nothing new. Raises SQLAlchemyError and OSError: nothing
        was written then that will not be written again."""
        began = self._clock.now()
        looks = [tail.glance(source.path) for source in self._sources]
        batches = [self._poll(source) for source in self._sources]
        if all(self._has_read(source, look) for source, look in zip(self._sources, looks, strict=True)):
            self.read_until = began
        return sum(batches, Batch())

    def _has_read(self, source: Source, look: tail.Glance | None) -> bool:
        """Whether all that the file had then is in the database; in a busy hour there is always more by now."""
        position = self._positions.get(source.name)
        return look is None or (position is not None and position.inode == look[0] and position.offset >= look[1])

    def _poll(self, source: Source) -> Batch:
        if source.name not in self._positions:
            with self._database.reading() as session:
                row = session.get(JournalPosition, source.name)
                self._positions[source.name] = _position(row)
        before = self._positions[source.name]
        look = tail.glance(source.path)
        if look is not None and look == self._read_whole.get(source.name):
            return Batch()     # nothing was written since: many times a second, so it must cost next to nothing
        self._read_whole.pop(source.name, None)
        chunk = tail.read(source.path, before, self._chunk)
        if chunk is None:
            if look is not None:
                self._read_whole[source.name] = look
            return Batch()
        try:
            return self._take(source, before, chunk)
        except REFUSALS:
            # A line that the database refuses must not stop the journal: find it alone, reject it.
            log.warning("batch_refused", source=source.name, offset=chunk.lines[0].offset)
            return self._take_each(source, before, chunk)

    def _take_each(self, source: Source, before: tail.Position | None, chunk: tail.Chunk) -> Batch:
        done = Batch()
        for index, line in enumerate(chunk.lines):
            following = chunk.lines[index + 1].offset if index + 1 < len(chunk.lines) else chunk.position.offset
            after = tail.Position(chunk.position.inode, chunk.position.fingerprint, following)
            single = tail.Chunk((line,), after, gap=chunk.gap and index == 0)
            try:
                batch = self._take(source, before, single)
            except REFUSALS as error:
                batch = self._take(source, before, single, refused=type(error).__name__)
            done += batch
            if self._positions.get(source.name) != after:
                return done     # another recorder is ahead
            before = after
        return done

    def _take(self, source: Source, before: tail.Position | None, chunk: tail.Chunk, refused: str = "") -> Batch:
        with self._database.writing.begin() as session:
            row = session.get(JournalPosition, source.name, with_for_update=True)
            if _position(row) != before:
                self._positions.pop(source.name)
                return Batch()
            entries: list[Entry] = []
            rejects = [JournalReject(source=source.name, offset=chunk.lines[0].offset, line="", reason="gap",
                                     at=self._clock.now())] if chunk.gap else []
            tallied: list[Tallied] = []
            for line in chunk.lines:
                if not refused and (one := source.tally(line.text.decode(errors="replace"))):
                    tallied.append(one)
                parsed = Rejected(refused) if refused else _parse(source, line)
                if isinstance(parsed, Entry):
                    entries.append(parsed)
                elif isinstance(parsed, Rejected):
                    rejects.append(JournalReject(source=source.name, offset=line.offset, line=_printable(line.text),
                                                 reason=parsed.reason, at=self._clock.now()))
            written = self._write(session, entries)
            rejects += [JournalReject(source=source.name, offset=chunk.lines[0].offset, line=each.cause, reason=each.reason,
                                      at=self._clock.now()) for each in written.undone]
            session.add_all(rejects)
            keep_tallies(session, self._node, tallied)
            if row is None:
                row = JournalPosition(source=source.name)
                session.add(row)
            row.inode, row.fingerprint = chunk.position.inode, chunk.position.fingerprint
            row.offset = chunk.position.offset
        self._positions[source.name] = chunk.position
        return Batch(len(chunk.lines), len(rejects), tuple(written.events), written.oldest)

    def _write(self, session: Session, entries: list[Entry]) -> Written:
        entries = [each for entry in entries for each in _both(entry)]
        rows = store.load(session, {entry.call_id for entry in entries
                                    if isinstance(entry, CallEntry) and not is_drill(entry.call_id)})
        if any(isinstance(entry, AsteriskStarted) for entry in entries):
            rows |= store.open_on(session, self._node)
        records = {call_id: store.record_of(row) for call_id, row in rows.items()}
        stored = dict(records)
        floor = FloorLog(session, self._node)
        written = Written([], [])
        events = written.events
        tickets = Openings(session, self._tz, written.undone)
        callbacks = CallbackLog(session, self._callbacks, self._tz, written.undone)
        dialled = DialLog(session, self._purposes, self._dial_busy, written.undone)
        drills = DrillLog(session, self._node, self._short_abandon_s)
        for entry in entries:
            if isinstance(entry, CallEntry) and is_drill(entry.call_id):
                drills.take(entry)
                if isinstance(entry, Ended):
                    floor.call_ended(entry.call_id, entry.at)
            elif isinstance(entry, CallEntry):
                before = records.get(entry.call_id) or CallRecord(entry.call_id)
                after = apply(before, entry)
                if isinstance(entry, Connected) and before.connected_at is None:
                    after = replace(after, answered_agent=self._agent_at(entry.seat, floor))
                elif isinstance(entry, RingMissed):
                    floor.missed(entry, self._agent_at(entry.seat, floor))
                elif isinstance(entry, Ended):
                    floor.call_ended(entry.call_id, entry.at)
                records[entry.call_id] = after
                if after.callback_id is not None:
                    events += tickets.open()         # it may close the ticket of this very batch
                events += callbacks.take(entry, after)
                self._act(session, effects(before, after, entry.at, self._short_abandon_s, entry), tickets, events)
            elif isinstance(entry, FloorEntry):
                floor.take(entry)
            elif isinstance(entry, Dialled):
                dialled.take(entry)
            elif isinstance(entry, AsteriskStarted):
                floor.asterisk_started(entry.at)
                events += callbacks.asterisk_started(self._node, entry.at)
                dialled.asterisk_started(self._node, entry.at)
                drills.asterisk_started(entry.at)
                for call_id in sorted(records):
                    before = records[call_id]
                    if before.entered_at and not before.ended_at:
                        records[call_id] = lose(before, entry.at)
                        self._act(session, effects(before, records[call_id], entry.at, self._short_abandon_s), tickets, events)
        events += tickets.open()
        changed = [record for call_id, record in records.items() if record != stored.get(call_id)]
        for record in changed:
            store.save(session, rows.get(record.call_id), record, self._node, self._short_abandon_s)
        store.save_talk(session, changed, stored, self._node)
        drills.save()
        written.oldest = min((record.queued_at for record in changed if record.queued_at), default=None)
        return written

    def _agent_at(self, seat: str, floor: FloorLog) -> str | None:
        return floor.agent_at(seat) or (seat if self._seats_are_agents else None)

    def _act(self, session: Session, wanted: list[Effect], tickets: Openings, events: list[AnyEvent]) -> None:
        for effect in wanted:
            match effect:
                case OpenContactEntry(record=record, at=at):
                    service.open_call_entry(session, record, at)
                case OpenTicket():
                    tickets.want(effect)
                case RememberLanguage(household_id=household_id, language=language):
                    remember_language(session, household_id, language)
                case CallFinished(call_id=call_id, outcome=ended, at=at):
                    events.append(CallRecordWritten(at, call_id, ended.value))


def rejected_count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(JournalReject)) or 0


def _both(entry: Entry) -> tuple[Entry, ...]:
    """What acd says of an agent in a call is the agent log's, and the call's too."""
    if isinstance(entry, AgentStated) and entry.call_id and entry.seat:
        return entry, Seated(entry.at, entry.call_id, entry.seat, entry.agent)
    return (entry,)


def _parse(source: Source, line: tail.Line) -> Parsed:
    if not line.whole:
        return Rejected("cut_short")
    try:
        return source.parse(line.text.decode())
    except UnicodeDecodeError:
        return Rejected("not_utf8")


def _printable(text: bytes) -> str:
    return text[:LONGEST_REJECT].decode(errors="backslashreplace").replace("\0", "\\0")


def _position(row: JournalPosition | None) -> tail.Position | None:
    return tail.Position(row.inode, row.fingerprint or "", row.offset) if row else None
