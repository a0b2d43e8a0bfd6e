"""The audit: what the phones saw against what the hotline has written. Says what is wrong, by call."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from hotline.whole import Whole

from callcenter.bus import START, Bus
from callcenter.events import AgentState, Board, DriftMended, SeatState
from soak.memory import Memory
from soak.play import Made, Play, Talked

CALM_S = 30.0
TALK_TOLERANCE_S = 1.0
A_MOMENT_S = 0.6             # answered and hung up at once: the two ends may differ in who was first
# What Asterisk calls an error when a phone that is gone is dialled: the play takes phones away.
GONE_PHONE = ("Could not create dialog to invalid URI", "Failed to create outgoing session to endpoint")
OPEN = "SELECT count(*) FROM calls WHERE entered_at IS NOT NULL AND (ended_at IS NULL OR recording_state = 'pending')"


@dataclass(frozen=True)
class Record:
    call_id: str
    number: str
    entered_at: datetime
    ended: bool
    outcome: str | None
    recording: str | None
    recording_state: str | None
    contact_entries: int


async def audit(whole: Whole, play: Play, memory: Memory, pids_before: set[int]) -> list[str]:
    """What is wrong; nothing when all is right. Waits until the line is calm first."""
    wrong = [f"the play failed: {fault}" for fault in play.faults]
    wrong += await _calm(whole)
    records = _records(whole)
    calls, unmatched = _matched(play.made, records)
    wrong += unmatched
    wrong += list(_outcomes(play, calls))
    wrong += list(_talk_times(whole, play, calls))
    wrong += list(_recordings(whole, records))
    wrong += await _floor(whole, play)
    wrong += await _drift(whole)
    wrong += [f"{name}: {after - before:+.1f} MiB after warm-up ({before:.1f} to {after:.1f}), allowed {allowed:.1f}"
              for name, (before, after, allowed) in memory.growth().items() if after - before > allowed]
    wrong += [f"process {memory.names.get(pid, pid)} has ended" for pid in pids_before - set(memory.long_lived())
              if pid in memory.names]
    wrong += list(_errors(whole))
    wrong += [f"journal line rejected: {row.reason}: {row.line}" for row in whole.rows("SELECT reason, line FROM journal_rejects")]
    return wrong


async def _calm(whole: Whole) -> list[str]:
    """No channel is left, every record is complete, every recording sealed."""
    try:
        async with asyncio.timeout(CALM_S):
            async with whole.ami() as ami:
                while await ami.channels():
                    await asyncio.sleep(0.2)
            while whole.rows(OPEN)[0][0]:
                await asyncio.sleep(0.3)
    except TimeoutError:
        async with whole.ami() as ami:
            left = [channel.get("Channel", "?") for channel in await ami.channels()]
        open_calls = whole.rows("SELECT call_id, ended_at, recording_state FROM calls WHERE entered_at IS NOT NULL "
                                "AND (ended_at IS NULL OR recording_state = 'pending')")
        return [f"not calm after {CALM_S:g} s: channels {left}, open records {[tuple(row) for row in open_calls]}"]
    return []


def _records(whole: Whole) -> list[Record]:
    rows = whole.rows("SELECT call_id, number, entered_at, ended_at, outcome, recording, recording_state, "
                      "(SELECT count(*) FROM contact_log WHERE contact_log.call_id = calls.call_id) AS entries "
                      "FROM calls WHERE entered_at IS NOT NULL ORDER BY entered_at, call_id")
    return [Record(row.call_id, (row.number or "").removeprefix("+86"), row.entered_at, row.ended_at is not None, row.outcome,
                   row.recording, row.recording_state, row.entries) for row in rows]


def _matched(made: list[Made], records: list[Record]) -> tuple[dict[int, Record], list[str]]:
    """A number calls again only when its last call is over: the n-th call of a number is its n-th record."""
    theirs: defaultdict[str, list[Record]] = defaultdict(list)
    for record in records:
        theirs[record.number].append(record)
    calls: dict[int, Record] = {}
    wrong: list[str] = []
    taken = [call for call in sorted(made, key=lambda call: call.at) if not call.refused]
    wrong += [f"call {call.index} of {call.number} ({call.what}) was refused: {call.refused}" for call in made if call.refused]
    for call in taken:
        if theirs[call.number]:
            calls[call.index] = theirs[call.number].pop(0)
        else:
            wrong.append(f"call {call.index} of {call.number} ({call.what}) has no record")
    wrong += [f"record {record.call_id} of {record.number} is of a call that nobody made"
              for rest in theirs.values() for record in rest]
    wrong += [f"call {index}: record {record.call_id} has not ended" for index, record in calls.items() if not record.ended]
    return calls, wrong


def _outcomes(play: Play, calls: dict[int, Record]) -> Iterator[str]:
    talks: defaultdict[int, float] = defaultdict(float)
    for talk in play.talked:
        talks[talk.call] += talk.ended_at - talk.answered_at
    for index, record in calls.items():
        answered = record.outcome == "answered"
        if answered != (index in talks) and talks.get(index, 1.0) > A_MOMENT_S:
            yield f"call {index}: record {record.call_id} says {record.outcome}, seats' phones talked {talks.get(index, 0.0):.1f} s"
        if record.contact_entries != answered:
            yield f"call {index}: record {record.call_id} ({record.outcome}): {record.contact_entries} entries in the contact log"


def _talk_times(whole: Whole, play: Play, calls: dict[int, Record]) -> Iterator[str]:
    """What the record says that a seat talked is what its phone saw."""
    told: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in whole.rows("SELECT call_id, seat, began_at, ended_at FROM talk_segments WHERE seat IS NOT NULL"):
        told[row.call_id, row.seat] += (_when(row.ended_at) - _when(row.began_at)).total_seconds()
    seen: defaultdict[tuple[str, str], list[Talked]] = defaultdict(list)
    for talk in play.talked:
        if talk.call in calls:
            seen[calls[talk.call].call_id, talk.seat].append(talk)
    for who in sorted({*told, *seen}):
        phone = sum(talk.ended_at - talk.answered_at for talk in seen[who])
        if abs(told[who] - phone) > TALK_TOLERANCE_S * max(len(seen[who]), 1):
            yield (f"call {who[0]}: seat {who[1]} talked {told[who]:.1f} s by the record, {phone:.1f} s by its phone "
                   f"({[talk.did for talk in seen[who]]}); its journal: "
                   + " ".join(f"{entry.epoch:.0f} {entry.event} {entry.agent}" for entry in whole.journal.entries(who[0])))


def _when(moment: datetime | str) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.fromisoformat(moment)


def _recordings(whole: Whole, records: list[Record]) -> Iterator[str]:
    folder = whole.settings.recordings
    files = {str(file.relative_to(folder)) for file in folder.rglob("*.wav")}
    for record in records:
        kept = record.recording is not None and record.recording in files
        if record.outcome == "answered" and not kept:
            yield f"call {record.call_id} was answered and has no recording ({record.recording_state})"
        if record.recording_state == "kept" and not kept:
            yield f"call {record.call_id}: its recording {record.recording} is gone"
    for file in sorted(files - {record.recording for record in records if record.recording}):
        yield f"recording {file} is of no call"


async def _floor(whole: Whole, play: Play) -> list[str]:
    """Board, Asterisk's queues and the phones say the same: every agent is ready, and no phone rings or talks."""
    wrong = []

    def free(board: Board) -> bool:
        return (not board.calls and all(board.agents[code].state is AgentState.READY for code in play.agents.codes)
                and all(board.seats[board.agents[code].seat or ""].state is SeatState.READY for code in play.agents.codes))

    try:
        await whole.board_where(free, 15, "every agent ready, no call")
    except AssertionError as error:
        board = await whole.board_where(lambda _: True, 5, "a board")
        wrong.append(f"board: {error}; " + ", ".join(f"{code} {one.state} {one.reason} at {one.seat}" for code, one in
                                                     board.agents.items()))
    async with whole.ami() as ami:
        answers = await ami.act("QueueStatus", ends_with="QueueStatusComplete")
    at_work = {message["Name"] for message in answers if message.get("Event") == "QueueMember" and message["Paused"] == "0"}
    wrong += [f"queue {message['Queue']}: {message['Uniqueid']} still waits" for message in answers
              if message.get("Event") == "QueueEntry"]
    board = await whole.board_where(lambda _: True, 5, "a board")
    for message in answers:
        if message.get("Event") == "QueueMember" and (message["Status"] != "1" or message["InCall"] != "0"):
            wrong.append(f"queue {message['Queue']}: seat {message['Name']} is stuck: status {message['Status']}, "
                         f"in call {message['InCall']}")
    for code in play.agents.codes:
        seat = board.agents[code].seat
        if seat not in at_work:
            wrong.append(f"agent {code} is {board.agents[code].state} at {seat} on the board, and in no queue of Asterisk's")
    wrong += [f"phone: {leg!r} is still on the line" for leg in play.phones.legs]
    return wrong


async def _drift(whole: Whole) -> list[str]:
    """Nothing was disturbed: Asterisk had to be mended nowhere. The start itself is not drift."""
    bus = Bus(whole.settings.redis_url)
    wrong, cursor = [], START
    try:
        while found := await bus.read(cursor, block_ms=1, count=2_000):
            cursor = found[-1][0]
            wrong += [f"drift mended at {event.at}: {event.mended}" for _, event in found if isinstance(event, DriftMended)]
    finally:
        await bus.close()
    return wrong


def _errors(whole: Whole) -> Iterator[str]:
    said = Counter[str]()
    for file in sorted(whole.settings.logs.glob("*.log*")):
        for line in file.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                if line.startswith("Traceback"):
                    said[f"{file.name}: a traceback"] += 1
                continue
            if isinstance(entry, dict) and entry.get("level") in ("error", "critical"):
                said[f"{file.name}: {entry.get('event')}: {_why(entry)}"] += 1
    for file in sorted((whole.settings.asterisk / "log").glob("messages*")):
        for line in file.read_text(errors="replace").splitlines():
            if " ERROR" in line and not any(gone in line for gone in GONE_PHONE):
                said[f"asterisk: {line.partition(' ERROR')[2][:200]}"] += 1
    for what, times in said.items():
        yield f"log: {what} ({times} times)"


def _why(entry: dict[str, object]) -> str:
    """Of an exception the place and the last line: the same error is told once."""
    trace = str(entry.get("exception", "")).splitlines()
    if not trace:
        return str({name: value for name, value in entry.items() if name not in ("at", "event", "level")})
    places = [line.strip() for line in trace if line.lstrip().startswith("File ")]
    return f"{trace[-1].split(':')[0]} at {places[-1] if places else '?'}"
