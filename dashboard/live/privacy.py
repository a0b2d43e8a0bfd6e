"""What a page may show: a screen on the wall the state of the line, and nothing that says who is calling (K1)."""

from __future__ import annotations

from dataclasses import replace

from callcenter.events import (
    HIDDEN_FROM,
    AgentChanged,
    AgentShown,
    AnyEvent,
    AsteriskCounted,
    Board,
    Call,
    Callback,
    CallbackChanged,
    CallChanged,
    CallRecordWritten,
    DeskChanged,
    FloorReset,
    IncidentChanged,
    OrderCarriedOut,
    RosterChanged,
    TicketOpened,
)
from callcenter.storm import Incident


def anonymous(call: Call) -> Call:
    """The call without its caller. The hotline number that was dialled stays; it is no one's secret."""
    return replace(call, number="", name="", room="", household_id=None)


def unnumbered(callback: Callback) -> Callback:
    return replace(callback, number="")


def unexplained(agent: AgentShown) -> AgentShown:
    """Why an agent asks for help is written by hand and may say who is calling."""
    return replace(agent, help_reason="")


def unplaced(incident: Incident) -> Incident:
    """Where an emergency is is written by hand and may name a room or a person. Its estate stays."""
    return replace(incident, place="")


def board_of_estates(board: Board, estates: frozenset[int] | None) -> Board:
    """The board as they have it who see these estates; None: all of them."""
    if estates is None:
        return board
    return replace(board, incidents={
        key: one for key, one in board.incidents.items() if one.estate_id is None or one.estate_id in estates})


def estate_of(event: AnyEvent) -> int | None:
    """Only those who see this estate hear of it; None: everybody."""
    match event:
        case DeskChanged(estate_id=estate_id) | TicketOpened(estate_id=estate_id):
            return estate_id
        case IncidentChanged(incident=incident):
            return incident.estate_id
        case _:
            return None


def board_for_wall(board: Board) -> Board:
    return replace(board, calls={key: anonymous(call) for key, call in board.calls.items()},
                   agents={key: unexplained(agent) for key, agent in board.agents.items()},
                   callbacks={key: unnumbered(callback) for key, callback in board.callbacks.items()},
                   incidents={key: unplaced(incident) for key, incident in board.incidents.items()})


def event_for_staff(event: AnyEvent) -> AnyEvent | None:
    """The event for those who see callers; None for one that no page has a use for."""
    match event:
        case RosterChanged() | AsteriskCounted():
            return None
        case DeskChanged(data=data) if HIDDEN_FROM in data:
            return replace(event, data={key: value for key, value in data.items() if key != HIDDEN_FROM})
        case _:
            return event


def event_for_wall(event: AnyEvent) -> AnyEvent | None:
    """The event without callers; None for one that a wall has no use for."""
    match event:
        case CallChanged(call=call):
            return replace(event, call=anonymous(call))
        case FloorReset(calls=calls, agents=agents):
            return replace(event, calls=tuple(anonymous(call) for call in calls),
                           agents=tuple(unexplained(agent) for agent in agents))
        case AgentChanged(agent=agent):
            return replace(event, agent=unexplained(agent))
        case CallbackChanged(callback=callback):
            return replace(event, callback=unnumbered(callback))
        case IncidentChanged(incident=incident):
            return replace(event, incident=unplaced(incident))
        case (TicketOpened() | DeskChanged() | CallRecordWritten() | OrderCarriedOut() | RosterChanged()
              | AsteriskCounted()):
            return None
        case _:
            return event
