"""The audit: what the phones saw against what the hotline has written. Says what is wrong, by call."""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator

from hotline.whole import Whole

from callcenter.events import AgentState, Board, SeatState
from crm.calls.recordings import PRESENT
from crm.recordings.files import recorded, sound_name
from soak.drift import Drift
from soak.dying import NOTICED_S
from soak.memory import Memory
from soak.play import DIED, Made, Play, Talked
from soak.rang_back import PROMPT_LATE_S, callbacks_wrong, together
from soak.records import A_MOMENT_S, Record, records, when

CALM_S = 60.0
WAV_HEADER = 44
TALK_TOLERANCE_S = 1.0
# Who talked at all is strict. How long: a phone talks from Asterisk's ACK on, the record from the bridge on, and on a machine that
# is busy for seconds these two are as far apart.
LENGTH_TOLERANCE_S = 2.5
# What Asterisk calls an error when a phone that is gone is dialled, and when a caller gives up in the moment in which Answer()
# reaches the channel (chan_pjsip's `answer`): the play takes phones away, and has callers who give up at any time.
GONE_PHONE = ("Could not create dialog to invalid URI", "Failed to create outgoing session to endpoint",
              "Session already DISCONNECTED")
# An answer may cross the CANCEL: another seat was quicker, or the ring's time was over. The phone talks until it hears the BYE.
CROSSES_WITHIN_S = 1.5
ENDS_A_RING = ("CONNECT", "RINGNOANSWER", "RINGCANCELED", "EXITWITHTIMEOUT", "ABANDON")
# SQLite has one writer. Who has waited for 5 s tries again, and says so; whether all is done in the end, the audit asks besides.
TRIED_AGAIN = "database is locked"
OPEN = "SELECT count(*) FROM calls WHERE entered_at IS NOT NULL AND ended_at IS NULL"


async def audit(whole: Whole, play: Play, memory: Memory, drift: Drift, pids_before: set[int]) -> list[str]:
    """What is wrong; nothing when all is right. Waits until the line is calm first."""
    wrong = await _calm(whole)
    wrong += audit_records(whole, play)
    wrong += await _floor(whole, play)
    wrong += drift.wrong
    wrong += [f"{name}: {after - before:+.1f} MiB after warm-up ({before:.1f} to {after:.1f}), allowed {allowed:.1f}"
              for name, (before, after, allowed) in memory.growth().items() if after - before > allowed]
    wrong += [f"process {memory.names.get(pid, pid)} has ended" for pid in pids_before - set(memory.long_lived())
              if pid in memory.names]
    return wrong


def audit_records(whole: Whole, play: Play) -> list[str]:
    """What phones saw against what is written. While the play goes on, what is only under way is told as wrong too."""
    wrong = [f"the play failed: {fault}" for fault in play.faults + play.agents.faults + play.customers.faults]
    written = records(whole)
    calls, unmatched = _matched(play.made, [record for record in written if not record.callback_id])
    wrong += unmatched
    wrong += _outcomes(play, calls)
    wrong += _talk_times(whole, play, calls, written)
    wrong += _recordings(whole, written)
    wrong += callbacks_wrong(whole, play.customers.asked, play.customers.rung, play.talked, calls, written)
    wrong += _differences(whole)
    wrong += _errors(whole)
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
            while any(_unsealed(whole, record) for record in records(whole)):
                await asyncio.sleep(0.5)
    except TimeoutError:
        async with whole.ami() as ami:
            left = [channel.get("Channel", "?") for channel in await ami.channels()]
        open_calls = [record.call_id for record in records(whole) if not record.ended or _unsealed(whole, record)]
        return [f"not calm after {CALM_S:g} s: channels {left}, open records {open_calls}"]
    return []


def _unsealed(whole: Whole, record: Record) -> bool:
    """Of an answer that was over in a moment only a WAV header is left, which is missed minutes later."""
    if record.recording is None or record.recording_state is not None:
        return False
    file = whole.settings.recordings / record.recording
    return file.is_file() and file.stat().st_size > WAV_HEADER


def _matched(made: list[Made], written: list[Record]) -> tuple[dict[int, Record], list[str]]:
    """A number calls again only when its last call is over: the n-th call of a number is its n-th record."""
    theirs: defaultdict[str, list[Record]] = defaultdict(list)
    for record in written:
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
    talks: defaultdict[int | str, float] = defaultdict(float)
    for talk in play.talked:
        talks[talk.call] += talk.ended_at - talk.answered_at
    for index, record in calls.items():
        answered = record.outcome == "answered"
        if answered != (index in talks) and talks.get(index, 1.0) > A_MOMENT_S:
            yield f"call {index}: record {record.call_id} says {record.outcome}, seats' phones talked {talks.get(index, 0.0):.1f} s"
        if record.contact_entries != answered:
            yield f"call {index}: record {record.call_id} ({record.outcome}): {record.contact_entries} entries in the contact log"


def _talk_times(whole: Whole, play: Play, calls: dict[int, Record], written: list[Record]) -> Iterator[str]:
    """What the record says that a seat talked is what its phone saw."""
    told: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in whole.rows("SELECT call_id, seat, began_at, ended_at FROM talk_segments WHERE seat IS NOT NULL"):
        told[row.call_id, row.seat] += (when(row.ended_at) - when(row.began_at)).total_seconds()
    seen: defaultdict[tuple[str, str], list[Talked]] = defaultdict(list)
    for talk in play.talked:
        if record := (calls.get(talk.call) if isinstance(talk.call, int) else _place_of(talk, written)):
            seen[record.call_id, talk.seat].append(talk)
        else:
            yield f"seat {talk.seat} talked on the call {talk.call}, which has no record"
    for who in sorted({*told, *seen}):
        phone = sum(talk.ended_at - talk.answered_at if isinstance(talk.call, int) else together(talk, play.customers.rung)
                    for talk in seen[who])
        lenient = (phone and told[who]) or (seen[who] and all(_crossed(whole, who[0], talk) for talk in seen[who]))
        tolerance = (LENGTH_TOLERANCE_S if lenient else TALK_TOLERANCE_S) * max(len(seen[who]), 1)
        tolerance += sum(PROMPT_LATE_S for talk in seen[who] if not isinstance(talk.call, int))
        # To the hotline a phone that died talks until it is missed, or the caller has had enough.
        missed = sum(NOTICED_S for talk in seen[who] if talk.did == DIED)
        if not phone - tolerance <= told[who] <= phone + tolerance + missed:
            yield (f"call {who[0]}: seat {who[1]} talked {told[who]:.1f} s by the record, {phone:.1f} s by its phone "
                   f"({[talk.did for talk in seen[who]]}); its journal: "
                   + " ".join(f"{entry.epoch:.0f} {entry.event} {entry.agent}" for entry in whole.journal.entries(who[0])))


def _crossed(whole: Whole, call_id: str, talk: Talked) -> bool:
    """`talk` began as the ring ended. The journal has whole seconds."""
    return any((entry.event in ENDS_A_RING and entry.agent != talk.seat) or entry.event == "RINGNOANSWER"
               for entry in whole.journal.entries(call_id)
               if -CROSSES_WITHIN_S - 1 <= entry.epoch - talk.answered_at <= CROSSES_WITHIN_S)


def _place_of(talk: Talked, written: list[Record]) -> Record | None:
    """The last place of the number that had begun: a number has one at a time."""
    begun = [record for record in written if record.callback_id and record.number == talk.call
             and record.began_s <= talk.answered_at]
    return max(begun, key=lambda record: record.began_s, default=None)


def _recordings(whole: Whole, written: list[Record]) -> Iterator[str]:
    folder = whole.settings.recordings
    files = recorded(folder)
    for record in written:
        kept = sound_name(record.recording, record.voicemail) in files
        if record.contact_entries and not kept:
            yield f"call {record.call_id} was answered and has no recording ({record.recording_state})"
        if record.recording_state in PRESENT and not kept:
            yield f"call {record.call_id}: its recording {record.recording} is gone"
    # What was talked before a message goes a moment after both are joined.
    named = {name for record in written for name in (record.recording, sound_name(record.recording, record.voicemail))}
    for file in sorted(files - {name for name in named if name}):
        yield f"recording {file} is of no call"


async def _floor(whole: Whole, play: Play) -> list[str]:
    """Board, Asterisk's queues and the phones say the same: every agent is ready, and no phone rings or talks."""
    wrong = []

    def free(board: Board) -> bool:
        return (not board.calls and all(board.agents[code].state is AgentState.READY for code in play.agents.codes)
                and all(board.seats[board.agents[code].seat or ""].state is SeatState.READY for code in play.agents.codes))

    try:
        await whole.board_where(free, "every agent ready, no call")
    except AssertionError as error:
        board = await whole.board_where(lambda _: True, "a board")
        wrong.append(f"board: {error}; " + ", ".join(f"{code} {one.state} {one.reason} at {one.seat}" for code, one in
                                                     board.agents.items()))
    async with whole.ami() as ami:
        answers = await ami.act("QueueStatus", ends_with="QueueStatusComplete")
    at_work = {message["Name"] for message in answers if message.get("Event") == "QueueMember" and message["Paused"] == "0"}
    wrong += [f"queue {message['Queue']}: {message['Uniqueid']} still waits" for message in answers
              if message.get("Event") == "QueueEntry"]
    board = await whole.board_where(lambda _: True, "a board")
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


def _differences(whole: Whole) -> list[str]:
    """The product's own comparison of its figures, a minute old at most."""
    return [f"figures differ and nobody knows why: {row.between} {row.queue} {row.figure}: {row.count}, such as {row.example}"
            for row in whole.rows("SELECT * FROM figure_differences WHERE rule = ''")]


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
            if isinstance(entry, dict) and entry.get("event") == "floor_drifted" and entry["calls"]:
                said[f"{file.name}: a reading of Asterisk shows other calls than the events (shown, actual): {entry['calls']}"] += 1
            if isinstance(entry, dict) and entry.get("level") in ("error", "critical") and TRIED_AGAIN not in line:
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
