"""What the dialplan and the queues say of callers, folded into the floor."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from acd.ami import events as ami
from acd.floor.facts import CallFacts, Floor, parse_caller
from acd.floor.telling import UNTOUCHED, Touched, touched_by
from callcenter.numbers import normalise
from callcenter.stages import OUTSIDE_STAGE, stage_of

EPILOGUES: Final = frozenset({"survey", "voicemail", "callback"})
LANGUAGES: Final = frozenset({"zh", "en"})


def caller_id_changed(floor: Floor, event: ami.CallerIdChanged, now: datetime) -> Touched:  # noqa: ARG001 - as all of them
    if not event.number or event.uniqueid not in floor.calls:      # mostly a seat's: its number is nobody's business
        return UNTOUCHED
    return _changed(floor, event.uniqueid, number=normalise(event.number))


def variable_set(floor: Floor, event: ami.VariableSet, now: datetime) -> Touched:  # noqa: ARG001
    return _identified(floor, event.uniqueid, event.value) if event.name == "SIXRING_CALLER" else UNTOUCHED


def said(floor: Floor, event: ami.DialplanSaid, now: datetime) -> Touched:
    call_id = event.call_id or event.uniqueid
    if event.what in {"entered", "place"} and call_id not in floor.calls and call_id in floor.channels:
        # A seat that dials the hotline, or a place kept for a callback: a call like any other.
        floor.calls[call_id] = CallFacts(call_id, now)
    match event.what:
        case "entered":
            number = {"number": normalise(event.number)} if event.number else {}
            return _changed(floor, call_id, did=event.did, **number)
        case "identified":
            return _identified(floor, call_id, event.caller)
        case "language" if event.language in LANGUAGES:
            return _changed(floor, call_id, language=event.language)
        case "place":
            return _changed(floor, call_id, callback_id=event.callback, number=normalise(event.number))
        case "estimate" if event.seconds.isdigit():
            return _changed(floor, call_id, expected_wait_s=float(event.seconds))
        case "routed" if event.queue in floor.plan.queues:
            # Before the caller joins: the first of Asterisk's queues may be a seat's own, which says nothing of ours.
            return _changed(floor, call_id, queue=event.queue, rank=event.rank, emergency=event.emergency)
        case "overflow" if event.stage == OUTSIDE_STAGE:
            # The last stage is no queue of Asterisk's, so nobody joins one.
            facts = floor.calls.get(call_id)
            queued_at = facts.queued_at or now if facts else now
            return _told(_changed(floor, call_id, stage=event.stage, waiting=True, queued_at=queued_at), "overflowed")
        case "nobody":
            return _changed(floor, call_id, waiting=False, between=False, epilogue=None)
        case "rescued":
            return _told(_changed(floor, call_id), "rescued")
        case "message":
            return _changed(floor, call_id, left_message=True)
        case epilogue if epilogue in EPILOGUES:
            return _told(_changed(floor, call_id, epilogue=epilogue, waiting=False, between=False), epilogue)
        case _:
            return UNTOUCHED


def joined(floor: Floor, event: ami.CallerJoined, now: datetime) -> Touched:
    if event.uniqueid not in floor.channels:
        return UNTOUCHED
    at = stage_of(event.queue)
    facts = floor.calls.get(event.uniqueid)
    if facts is None:
        facts = floor.calls[event.uniqueid] = CallFacts(event.uniqueid, now, number=normalise(event.number))
    queue = at.queue or facts.queue or event.queue
    stage = facts.stage if at.number is None else at.number
    again = facts.queued_at is not None
    overflowed = again and facts.queue == queue and stage > facts.stage
    facts.change(queue=queue, stage=stage, waiting=True, between=False, in_queue=event.queue, epilogue=None,
                 queued_at=facts.queued_at or now)
    return Touched((event.uniqueid,), what="overflowed" if overflowed else "requeued" if again else "queued")


def left(floor: Floor, event: ami.CallerLeft, now: datetime) -> Touched:  # noqa: ARG001
    """Nothing to tell yet: an answer follows, the next stage, what the dialplan says of it, or the end."""
    facts = floor.calls.get(event.uniqueid)
    if facts is not None and facts.waiting:
        facts.waiting, facts.between = False, True
    return UNTOUCHED


def missed(floor: Floor, event: ami.SeatMissed, now: datetime) -> Touched:  # noqa: ARG001
    leg = floor.channels.get(event.leg)
    if leg is None:
        return Touched((event.uniqueid,), what="missed")
    floor.channels.remove(event.leg)
    touched = touched_by(leg)
    return Touched({event.uniqueid, *touched.calls}, touched.seats, "missed")


def recording_muted(floor: Floor, event: ami.RecordingMuted, now: datetime) -> Touched:  # noqa: ARG001
    return _changed(floor, event.uniqueid, recording_paused=event.muted)


def parked(floor: Floor, event: ami.Parked, now: datetime) -> Touched:  # noqa: ARG001
    return _changed(floor, event.uniqueid, parked=event.slot)


def _changed(floor: Floor, call_id: str, **changes: object) -> Touched:
    facts = floor.calls.get(call_id)
    if facts is None:
        return UNTOUCHED
    facts.change(**changes)
    return Touched((call_id,))


def _told(touched: Touched, what: str) -> Touched:
    """With a word of its own, unless the call is nobody's."""
    return touched._replace(what=what) if touched is not UNTOUCHED else UNTOUCHED


def _identified(floor: Floor, call_id: str, value: str) -> Touched:
    caller = parse_caller(value)
    if caller is None:
        return UNTOUCHED
    return _changed(floor, call_id, name=caller.name, room=caller.room, household_id=caller.household_id,
                    language=caller.language)
