"""Book and facts → what the board shows of an agent. Pure. The first line that holds:

    SIGNED_OUT  not in the book
    FAULT       the seat's phone is gone, for longer than a new registration takes
    HELD        talks, and the phone has put the other side on hold
    TALKING     a channel of the seat is in a bridge, or is up and belongs to a call
    RINGING     a channel of the seat is being rung
    AWAY        did not answer several calls
    PAUSED      with a reason
    WRAPUP      the last call's wrap-up still runs, or was extended by hand
    READY       otherwise

A phone that dials a code (`*13…`) is in no bridge and belongs to no call: its agent is what it was.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from acd.desired.book import Book, SignedIn
from acd.floor.channels import Channel
from acd.floor.facts import Floor
from acd.floor.shown import consulting_leg
from callcenter.events import AgentShown, AgentState
from callcenter.roster import Agent


def agent_state(floor: Floor, book: Book, agent: str, now: datetime) -> tuple[AgentState, str | None]:
    """(state, the call it belongs to)."""
    entry = book.agents.get(agent)
    if entry is None:
        return AgentState.SIGNED_OUT, None
    own = floor.channels.at_seat(entry.seat)
    talk = next((channel for channel in own if _talks(floor, channel)), None)
    if entry.seat in book.faults:
        return AgentState.FAULT, _call(floor, talk)
    if talk is not None:
        return AgentState.HELD if talk.on_hold else AgentState.TALKING, _call(floor, talk)
    rung = next((channel for channel in own if not channel.dials and not channel.is_up), None)
    if rung is not None:
        return AgentState.RINGING, _call(floor, rung)
    if entry.away:
        return AgentState.AWAY, None
    if entry.pause is not None:
        return AgentState.PAUSED, None
    if wrapup_until(floor, entry, now) is not None:
        wrapup = floor.wrapups.get(entry.seat)
        return AgentState.WRAPUP, wrapup.call_id if wrapup else None
    return AgentState.READY, None


def wrapup_until(floor: Floor, entry: SignedIn, now: datetime) -> datetime | None:
    """When the wrap-up that runs now ends: app_queue's, or longer by hand. None when none runs."""
    wrapup = floor.wrapups.get(entry.seat)
    ends = [until for until in (wrapup.until if wrapup else None, entry.wrapup_until) if until is not None and until > now]
    return max(ends, default=None)


def show_agent(floor: Floor, book: Book, agent: Agent, now: datetime, before: AgentShown | None) -> AgentShown:
    """`since` is kept from `before` while state, seat and reason stay."""
    entry = book.agents.get(agent.code)
    state, call_id = agent_state(floor, book, agent.code, now)
    fault = book.faults.get(entry.seat) if entry and state is AgentState.FAULT else None
    shown = AgentShown(code=agent.code, name=agent.name, team=agent.team, state=state, since=now, call_id=call_id,
                       recording_paused=_recording_paused(floor, call_id),
                       consulting=call_id in floor.calls and consulting_leg(floor, call_id) is not None)
    if entry is not None:
        shown = replace(
            shown, seat=entry.seat, missed=entry.missed, help_since=entry.help_since, help_reason=entry.help_reason,
            reason="phone" if fault else entry.pause or "",
            until=wrapup_until(floor, entry, now) if state is AgentState.WRAPUP else None,
            since=fault.since if fault else now)
    if before is None:
        return shown
    same = (before.state, before.seat) == (state, shown.seat) and (state is not AgentState.PAUSED or before.reason == shown.reason)
    return replace(shown, since=before.since if same else shown.since)


def _talks(floor: Floor, channel: Channel) -> bool:
    return channel.is_up and (channel.bridge is not None or (channel.linkedid in floor.calls and not channel.dials))


def _call(floor: Floor, channel: Channel | None) -> str | None:
    return channel.linkedid if channel is not None and channel.linkedid in floor.calls else None


def _recording_paused(floor: Floor, call_id: str | None) -> bool:
    facts = floor.calls.get(call_id) if call_id else None
    return facts is not None and facts.recording_paused
