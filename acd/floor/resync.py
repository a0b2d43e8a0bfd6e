"""The floor from the actual state of Asterisk: after start, AMI reconnect or Asterisk restart.

Status, QueueStatus and PJSIPShowEndpoints say who is there; what they do not say (when a talking caller was answered)
is remembered from the last board when there is one, and else taken from the age of the channels, which errs by a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from acd.ami.errors import AmiRefused
from acd.ami.events import ChannelState, number_of
from acd.ami.headers import Headers
from acd.ami.link import AmiLink
from acd.ami.members import Member
from acd.floor.channels import Channel, Channels
from acd.floor.facts import CallFacts, Floor, WrapUp, created_at, parse_caller
from acd.floor.of_channels import TRUNK_CHANNEL
from acd.floor.shown import call_state, legs_of, parties_of, show_call, show_seat
from acd.plan import FloorPlan
from callcenter.events import Board, Call, CallState, Seat, SeatState
from callcenter.numbers import normalise
from callcenter.stages import stage_of

VARIABLES: Final = ("CALL_ID,SIXRING_CALLER,DID,CALLER,CALL_QUEUE,CALLBACK_ID,EXPECTED_S,RANK,EMERGENCY,RECORDING_PAUSED,VOICEMAIL,"
                    "STAY")
EPILOGUE_AT: Final = {
    ("after-talk", "s"): "survey",
    ("message", "voicemail"): "voicemail",
    ("message", "same"): "callback",
    ("message", "which"): "callback",
    ("message", "noted"): "callback",
}
"""Where in the dialplan (context, extension) a caller stands who no longer waits for a seat."""
NOTED_AT: Final = "message", "noted"
OVER_AT: Final = frozenset({"after-talk", "message"})
"""The contexts in which nobody waits any more; in message those do who go on waiting unless they press a key (STAY)."""

OFFLINE_ENDPOINTS: Final = frozenset({"Unavailable", "Invalid", "Unknown"})


@dataclass(frozen=True)
class Snapshot:
    """The three lists as Asterisk gave them."""

    channels: Sequence[Headers]     # Status
    queues: Sequence[Headers]       # QueueParams, QueueMember, QueueEntry
    endpoints: Sequence[Headers]    # EndpointList
    parked: Sequence[Headers] = ()  # ParkedCall


async def take_snapshot(link: AmiLink) -> Snapshot:
    """Raises as AmiLink.ask_list does. Events that arrive meanwhile are folded again afterwards; that is harmless."""
    channels = await link.ask_list("Status", {"Variables": VARIABLES})
    queues = await link.ask_list("QueueStatus")
    endpoints = await link.ask_list("PJSIPShowEndpoints")
    try:
        parked = await link.ask_list("ParkedCalls")
    except AmiRefused:
        parked = []     # an Asterisk of somebody else's, without res_parking
    return Snapshot(channels, queues, endpoints, parked)


def floor_from(plan: FloorPlan, snapshot: Snapshot, remembered: Board, now: datetime, *,
               agents: dict[str, str] | None = None, heard: Channels | None = None) -> Floor:
    """Everything that is there, with what `remembered` knows more about it. `heard`: the channels as every event left them, if none
    was missed: whom a phone has put on hold, and whether it has talked, no list says."""
    # In the order in which they were made, as events tell of them: of two phones' legs at a seat the older has the caller.
    made = sorted((row for row in snapshot.channels if row.get("uniqueid")),
                  key=lambda row: (len(row["uniqueid"]), row["uniqueid"]))
    channels = Channels(_channel(plan, row, now, heard) for row in made)
    rows = {row.get("uniqueid", ""): row for row in snapshot.channels}
    entries = {row.get("uniqueid", ""): row for row in snapshot.queues if row.get("event") == "QueueEntry"}
    members = [row for row in snapshot.queues if row.get("event") == "QueueMember"]
    floor = Floor(
        plan=plan, channels=channels,
        online={name for row in snapshot.endpoints if (name := row.get("objectname", "")) in plan.seats
                and row.get("devicestate") not in OFFLINE_ENDPOINTS},
        paused=_paused(plan, members), agents=agents or {}, spies=_spies(snapshot.channels),
    )
    for row in members:
        if seat := plan.seat_of(row.get("location", "")):
            own = number_of(row.get("wrapuptime", ""))
            floor.note_cut(seat, Member(dynamic=row.get("membership") == "dynamic", wrapup=own))
    floor.wrapups = _wrapups(floor, members, remembered, now)
    slots = {row.get("parkeeuniqueid", ""): row.get("parkingspace", "") for row in snapshot.parked}
    callers = [uid for uid, row in rows.items() if uid in entries or _is_caller(channels[uid], _variables(row))]
    for call_id in callers:
        known = remembered.calls.get(call_id)
        facts = _facts(plan, rows[call_id], channels[call_id], entries.get(call_id), known, now)
        facts.parked = slots.get(call_id, "")
        floor.calls[call_id] = facts
    for facts in floor.calls.values():
        _settle(floor, facts)
    for call_id, facts in floor.calls.items():
        floor.calls_shown[call_id] = _shown_call(floor, facts, entries.get(call_id), remembered.calls.get(call_id), now)
    for seat in plan.seats:
        floor.seats_shown[seat] = _shown_seat(floor, seat, remembered.seats.get(seat), now)
    return floor


def _channel(plan: FloorPlan, row: Headers, now: datetime, heard: Channels | None) -> Channel:
    uniqueid, name = row.get("uniqueid", ""), row.get("channel", "")
    bridge, known = row.get("bridgeid") or None, heard.get(uniqueid) if heard else None
    return Channel(
        uniqueid=uniqueid, name=name, seat=plan.seat_of(name), linkedid=row.get("linkedid", ""),
        state=number_of(row.get("channelstate", "")), bridge=bridge,
        created_at=created_at(uniqueid) or now - timedelta(seconds=number_of(row.get("seconds", ""))),
        has_talked=known is not None and known.has_talked, on_hold=known is not None and known.on_hold,
    )


def _paused(plan: FloorPlan, members: Sequence[Headers]) -> dict[str, dict[str, bool]]:
    found: dict[str, dict[str, bool]] = {}
    for row in members:
        if seat := plan.seat_of(row.get("location", "")):
            found.setdefault(seat, {})[row.get("queue", "")] = row.get("paused") == "1"
    return found


def _spies(rows: Sequence[Headers]) -> dict[str, str]:
    """Who listens to whom: ChanSpy's first argument is the name of a channel."""
    ids = {row.get("channel", ""): row.get("uniqueid", "") for row in rows}
    return {row.get("uniqueid", ""): on for row in rows
            if row.get("application") == "ChanSpy" and (on := ids.get(row.get("data", "").partition(",")[0]))}


def _variables(row: Headers) -> dict[str, str]:
    """`Variable: NAME=value` lines; Asterisk writes "(null)" for an unset one."""
    pairs = (line.partition("=") for line in row.get("variable", "").split("\n"))
    return {name: value for name, _, value in pairs if value not in {"", "(null)"}}


def _is_caller(channel: Channel, variables: Mapping[str, str]) -> bool:
    """The dialplan marks its callers with their own id; one that has only just rung in is known by its trunk."""
    new = (channel.name.startswith(TRUNK_CHANNEL) and channel.linkedid == channel.uniqueid
           and channel.state == ChannelState.RING)
    return variables.get("CALL_ID") == channel.uniqueid or new


def _facts(plan: FloorPlan, row: Headers, channel: Channel, entry: Headers | None, known: Call | None,
           now: datetime) -> CallFacts:
    variables = _variables(row)
    caller = parse_caller(variables.get("SIXRING_CALLER", ""))
    facts = CallFacts(
        call_id=channel.uniqueid, entered_at=channel.created_at,
        number=normalise(variables.get("CALLER") or row.get("calleridnum", "")), did=variables.get("DID", ""),
        callback_id=variables.get("CALLBACK_ID"),
        expected_wait_s=float(told) if (told := variables.get("EXPECTED_S", "")).isdigit() else None,
        rank=number_of(variables.get("RANK", "")), emergency=variables.get("EMERGENCY") == "1",
    )
    if known:
        facts = replace(
            facts, entered_at=known.entered_at, did=known.did or facts.did, name=known.name, room=known.room,
            household_id=known.household_id, language=known.language, queue=known.queue, stage=known.stage,
            queued_at=known.queued_at, rang_at=known.rang_at, answered_at=known.answered_at)
    if caller:
        facts = replace(facts, name=caller.name, room=caller.room, household_id=caller.household_id,
                        language=caller.language)
    facts = replace(facts, recording_paused=variables.get("RECORDING_PAUSED") == "1")
    place = row.get("context", ""), row.get("exten", "")
    facts = replace(facts, epilogue=EPILOGUE_AT.get(place), left_message=place == NOTED_AT or bool(variables.get("VOICEMAIL")))
    return _in_queue(plan, facts, row, entry, known, now)


def _in_queue(plan: FloorPlan, facts: CallFacts, row: Headers, entry: Headers | None, known: Call | None,
              now: datetime) -> CallFacts:
    """Queue and stage: from the queue's entry, else from the Queue() that the caller is still in while talking."""
    name = entry.get("queue", "") if entry else ""
    if not name and row.get("application") == "Queue":
        name = row.get("data", "").partition(",")[0]
    at = stage_of(name) if name else None
    queue = (at.queue if at else "") or facts.queue or _variables(row).get("CALL_QUEUE")
    stage = facts.stage if at is None or at.number is None else at.number
    queued_at = facts.queued_at
    if queued_at is None and entry:
        # Stage 1 is reached after the whole of stage 0.
        waited = number_of(entry.get("wait", "")) + (plan.overflow_s if stage else 0)
        queued_at = now - timedelta(seconds=waited)
    between = (entry is None and known is not None and known.state in {CallState.QUEUED, CallState.RINGING}
               and _is_between(row.get("context", ""), stays="STAY" in _variables(row)))
    return replace(facts, queue=queue, stage=stage, waiting=entry is not None, between=between, queued_at=queued_at,
                   in_queue=entry.get("queue", "") if entry else "")


def _is_between(context: str, *, stays: bool) -> bool:
    """Who waited and is in no queue of Asterisk's now, is between two stages, or on the way back from a transfer."""
    return context not in OVER_AT or (context == "message" and stays)


def _settle(floor: Floor, facts: CallFacts) -> None:
    """First ring and answer that nobody remembers: when the leg was made."""
    parties = parties_of(floor, facts)
    legs = parties.rung or [leg for leg in legs_of(floor, facts.call_id) if leg in parties.peers]
    if legs and facts.rang_at is None:
        facts.rang_at = legs[0].created_at
    if parties.peers:
        facts.between = False
    if parties.peers and facts.answered_at is None:
        facts.answered_at = min(peer.created_at for peer in parties.peers)
    if facts.queued_at is None and facts.rang_at and facts.queue:
        facts.queued_at = facts.rang_at


def _shown_call(floor: Floor, facts: CallFacts, entry: Headers | None, known: Call | None, now: datetime) -> Call:
    parties = parties_of(floor, facts)
    state = call_state(facts, parties)
    if known and known.state is state:
        return show_call(floor, facts, parties, now, known)
    since = {
        CallState.MENU: facts.entered_at,
        CallState.QUEUED: now - timedelta(seconds=number_of(entry.get("wait", ""))) if entry else now,
        CallState.RINGING: parties.rung[0].created_at if parties.rung else now,
        CallState.TALKING: facts.answered_at or now,
        CallState.AFTER: now,
    }[state]
    return show_call(floor, facts, parties, since, None)


def _shown_seat(floor: Floor, seat: str, known: Seat | None, now: datetime) -> Seat:
    shown = show_seat(floor, seat, now, known)
    if known and known.since == shown.since:
        return shown
    own = [channel.created_at for channel in floor.channels.at_seat(seat)]
    if shown.state in {SeatState.TALKING, SeatState.RINGING} and own:
        return replace(shown, since=max(own))
    return shown


def _wrapups(floor: Floor, members: Sequence[Headers], remembered: Board, now: datetime) -> dict[str, WrapUp]:
    """From each member's LastCall; app_queue counts the same seconds."""
    found: dict[str, WrapUp] = {}
    plan = floor.plan
    for row in members:
        seat = plan.seat_of(row.get("location", ""))
        queue = plan.queues.get(stage_of(row.get("queue", "")).queue)
        last_call = number_of(row.get("lastcall", ""))
        if seat is None or queue is None or last_call == 0:
            continue
        until = datetime.fromtimestamp(last_call, UTC) + timedelta(seconds=floor.wrapup_s(seat, queue))
        known = remembered.seats.get(seat)
        if until > now and (seat not in found or until > found[seat].until):
            found[seat] = WrapUp(until, known.call_id if known else None)
    return found
