"""The audit of callbacks: one a number, each kept, answered and tried by rule; records as the phones saw it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hotline.journal import Entry
from hotline.whole import Whole
from sqlalchemy import Row

from soak.callbacks import HELLO_S, TRIES, Asked, Rung
from soak.play import DIED, Talked
from soak.records import Record, when

ROWS = "SELECT callback_id, number, state, attempts, asked_at, since, place FROM callbacks ORDER BY asked_at, callback_id"
# Together they are counted from the answer and the prompt's length on; a machine that is busy plays it so much later.
PROMPT_LATE_S = 8.0
OVER = ("done", "failed", "cancelled")
TICKETS = "SELECT cause, state FROM tickets WHERE cause LIKE 'callback:%'"


def together(talk: Talked, rung: Sequence[Rung]) -> float:
    """How long a seat's leg and a customer's were on the line, once the customer had heard the prompt."""
    return sum(max(min(talk.ended_at, ring.ended_at) - max(talk.answered_at, ring.answered_at + HELLO_S), 0.0)
               for ring in rung if ring.answered_at and ring.number == talk.call)


@dataclass(frozen=True)
class Place:
    """A call that kept a place in the queue, and what the customer's phone saw of it."""

    record: Record
    attempt: int
    result: str | None
    rung: tuple[Rung, ...]
    together_s: float        # that a seat and the customer could talk to each other
    died: bool               # one of the seats' phones

    @property
    def ident(self) -> str:
        return f"place {self.record.call_id} (attempt {self.attempt} for {self.record.number})"


def callbacks_wrong(whole: Whole, asked: Sequence[Asked], rung: Sequence[Rung], talked: Sequence[Talked],
                    calls: Mapping[int, Record], records: Sequence[Record]) -> Iterator[str]:
    entries = [entry for entry in whole.journal.entries() if entry.event in ("CALLBACK", "PLACE", "RANGBACK")]
    rows = list(whole.rows(ROWS))
    kept = [record for record in records if record.callback_id]
    yield from _requests(asked, calls, records, entries)
    yield from _rows_of_requests(entries, rows, kept)
    yield from _one_a_number(rows)
    places, strays = _places(kept, entries, rung, talked)
    yield from strays
    of_callback: defaultdict[str, list[Place]] = defaultdict(list)
    for place in places:
        of_callback[str(place.record.callback_id)].append(place)
        yield from _place(place)
    for row in rows:
        yield from _tries(row, of_callback.pop(row.callback_id, []))
    yield from (f"{place.ident} is of callback {ident}, which is not there"
                for ident, left in of_callback.items() for place in left)
    yield from _tickets(whole, rows)


def _requests(asked: Sequence[Asked], calls: Mapping[int, Record], records: Sequence[Record],
              entries: Sequence[Entry]) -> Iterator[str]:
    """Who asked by keys has asked by the journal, and nobody else has."""
    told = {entry.call_id: entry for entry in entries if entry.event == "CALLBACK"}
    theirs = {calls[one.call].call_id: one for one in asked if one.call in calls}
    for call_id, one in theirs.items():
        if one.sure and call_id not in told:
            yield f"call {one.call} ({call_id}) asked for a callback of {one.number}, and the journal has none"
    for call_id, entry in told.items():
        if call_id not in theirs:
            yield f"call {call_id}: a callback that nobody asked for: {entry.data}"
        elif entry.data[0] != theirs[call_id].number:
            yield f"call {call_id}: a callback of {entry.data[0]}, asked for was {theirs[call_id].number}"
    for record in records:
        if record.callback_number and record.call_id not in told:
            yield f"record {record.call_id} has a callback of {record.callback_number} that is not in the journal"
        if record.call_id in told and (record.callback_number != told[record.call_id].data[0]
                                       or record.outcome not in ("message", "answered")):
            yield f"record {record.call_id} of a request: {record.outcome}, number {record.callback_number}"


def _rows_of_requests(entries: Sequence[Entry], rows: Sequence[Row[Any]], kept: Sequence[Record]) -> Iterator[str]:
    there = {row.callback_id: row for row in rows}
    for entry in entries:
        if entry.event != "CALLBACK":
            continue
        how = entry.data[1] if len(entry.data) > 1 else ""
        row = there.pop(entry.call_id, None)
        if how != "already":
            if row is None or row.number != entry.data[0]:
                yield f"callback {entry.call_id} of {entry.data[0]} ({how or 'not kept'}) has no row"
        elif row is not None:
            yield f"callback {entry.call_id}: there was one already, and it has a row"
        elif not any(place.number == entry.data[0] and place.entered_at.timestamp() - 1 <= entry.epoch <= place.ended_s + 1
                     for place in kept):
            yield f"call {entry.call_id} was told that there is a callback of {entry.data[0]}, and no place was kept then"
    yield from (f"callback {ident} is in no journal" for ident in there)


def _one_a_number(rows: Sequence[Row[Any]]) -> Iterator[str]:
    last: dict[str, Row[Any]] = {}
    for row in rows:
        before = last.get(row.number)
        if before is not None and (before.state not in OVER or when(before.since) > when(row.asked_at)):
            yield f"two callbacks of {row.number} at once: {before.callback_id} ({before.state}) and {row.callback_id}"
        if before is not None and before.state == "cancelled" and when(before.since) != when(row.asked_at):
            yield f"callback {before.callback_id} was cancelled, and by no later request"
        last[row.number] = row
    yield from (f"callback {row.callback_id} was cancelled by nobody" for row in last.values() if row.state == "cancelled")


def _places(kept: Sequence[Record], entries: Sequence[Entry], rung: Sequence[Rung],
            talked: Sequence[Talked]) -> tuple[list[Place], list[str]]:
    """A number's places follow each other: a ring of its phone is of the last that had begun."""
    wrong = []
    of_number: defaultdict[str, list[Record]] = defaultdict(list)
    for record in sorted(kept, key=lambda record: record.began_s):
        before = of_number[record.number]
        if before and before[-1].ended_s > record.began_s + 1:
            wrong.append(f"two places of {record.number} at once: {before[-1].call_id} and {record.call_id}")
        before.append(record)
    rings: defaultdict[str, list[Rung]] = defaultdict(list)
    for ring in rung:
        begun = [record for record in of_number[ring.number] if record.began_s <= ring.rang_at]
        if begun and ring.rang_at <= begun[-1].ended_s + 1:
            rings[begun[-1].call_id].append(ring)
        else:
            wrong.append(f"the phone of {ring.number} rang for no place at {ring.rang_at:.1f}: {ring}")
    told: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.event in ("PLACE", "RANGBACK"):
            told[entry.call_id].append(entry)
    places = []
    for record in kept:
        begun_ = [entry for entry in told[record.call_id] if entry.event == "PLACE"]
        results = [entry.data[2] for entry in told[record.call_id] if entry.event == "RANGBACK"]
        if len(begun_) != 1 or len(results) > 1:
            wrong.append(f"place {record.call_id}: {[(entry.event, entry.data) for entry in told[record.call_id]]}")
        if begun_:
            mine = tuple(rings[record.call_id])
            places.append(Place(record, int(begun_[0].data[1]), results[0] if results else None, mine,
                                sum(together(talk, mine) for talk in talked if talk.call == record.number),
                                any(talk.did == DIED and record.began_s <= talk.answered_at <= record.ended_s
                                    for talk in talked if talk.call == record.number)))
    return places, wrong


def _place(place: Place) -> Iterator[str]:
    record = place.record
    if record.outcome != "callback" or not record.ended:
        yield f"{place.ident}: its record says {record.outcome}, ended {record.ended}"
    if len(place.rung) > 1:
        yield f"{place.ident} rang the customer {len(place.rung)} times"
    answered = place.result == "answered"
    if answered != (place.together_s > 0) and (answered or place.together_s > PROMPT_LATE_S) and not place.died:
        yield (f"{place.ident}: {place.result} by the journal, its phone and a seat's talked {place.together_s:.1f} s "
               f"({[ring.did for ring in place.rung]})")
    if place.rung and place.result is None:
        yield f"{place.ident}: its phone rang, and the journal does not say how it ended"
    if record.contact_entries != answered:
        yield f"{place.ident} ({place.result}): {record.contact_entries} entries in the contact log"


def _tries(row: Row[Any], places: Sequence[Place]) -> Iterator[str]:
    """One place an attempt, no gap; none after it was answered; tried as often as the rule says, unless answered before."""
    who = f"callback {row.callback_id} of {row.number} ({row.state}, {row.attempts} attempts)"
    ordered = sorted(places, key=lambda place: place.record.began_s)
    attempts = [place.attempt for place in ordered]
    results = [place.result for place in ordered]
    if row.state not in OVER:
        yield f"{who} is still open"
    if row.place is not None:
        yield f"{who} still has the place {row.place}"
    if attempts != list(range(1, len(attempts) + 1)) or row.attempts != len(attempts):
        yield f"{who}: its places are of the attempts {attempts}"
    if "answered" in results[:-1]:
        yield f"{who} was tried again after it was answered: {results}"
    if row.state == "done" and results[-1:] != ["answered"]:
        yield f"{who} ended with {results}"
    if row.state == "failed" and (len(results) != TRIES or "answered" in results):
        yield f"{who} ended with {results}, tries are {TRIES}"
    if any(place.record.queue is None for place in ordered):
        yield f"{who}: a place without a queue"


def _tickets(whole: Whole, rows: Sequence[Row[Any]]) -> Iterator[str]:
    tickets = {row.cause: row.state for row in whole.rows(TICKETS)}
    for row in rows:
        state = tickets.get(f"callback:{row.callback_id}")
        if state != ("closed" if row.state == "done" else "open"):
            yield f"callback {row.callback_id} is {row.state}, its ticket is {state}"
