"""The fold of the live events. The page's `applyEvent` is its twin; one fixture file of events tests both."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from typing import Final

from pydantic import TypeAdapter

from callcenter.events import (
    AgentChanged,
    AnyEvent,
    Board,
    CallbackChanged,
    CallbackState,
    CallChanged,
    CallEnded,
    DrillChanged,
    FiguresUpdated,
    FloorReset,
    HealthChanged,
    IncidentChanged,
    LineSwitched,
    OutageChanged,
    QueueWaitChanged,
    SeatChanged,
    SurgeChanged,
)

BOARD_KEY: Final = "sixring:board"
BOARD: TypeAdapter[Board] = TypeAdapter(Board)
OVER = frozenset({CallbackState.DONE, CallbackState.FAILED, CallbackState.CANCELLED})


def apply_event(board: Board, event: AnyEvent) -> Board:
    """The board after `event`; the same board for events that it does not show."""
    match event:
        case CallChanged(call=call):
            return replace(board, calls={**board.calls, call.call_id: call})
        case CallEnded(call_id=call_id):
            return replace(board, calls={key: call for key, call in board.calls.items() if key != call_id})
        case SeatChanged(seat=seat):
            return replace(board, seats={**board.seats, seat.seat: seat})
        case FloorReset(calls=calls, seats=seats, queues=queues, agents=agents):
            return replace(board, calls={call.call_id: call for call in calls},
                           seats={seat.seat: seat for seat in seats}, queues=queues,
                           agents={agent.code: agent for agent in agents})
        case AgentChanged(agent=agent):
            return replace(board, agents={**board.agents, agent.code: agent})
        case QueueWaitChanged(wait=wait):
            return replace(board, waits={**board.waits, wait.queue: wait})
        case CallbackChanged(callback=callback):
            kept = {key: other for key, other in board.callbacks.items() if key != callback.callback_id}
            return replace(board, callbacks=kept if callback.state in OVER else {**kept, callback.callback_id: callback})
        case FiguresUpdated(figures=figures):
            return replace(board, figures={**board.figures, figures.queue: figures})
        case HealthChanged(health=health):
            return replace(board, health={**board.health, health.component: health})
        case SurgeChanged(surge=surge):
            return replace(board, surge=surge)
        case OutageChanged(outage=outage):
            others = {key: other for key, other in board.outages.items() if key != outage.outage_id}
            return replace(board, outages=others if outage.ended_at else {**others, outage.outage_id: outage})
        case IncidentChanged(incident=incident):
            rest = {key: other for key, other in board.incidents.items() if key != incident.incident_id}
            return replace(board, incidents=rest if incident.over_at else {**rest, incident.incident_id: incident})
        case DrillChanged(drill=drill):
            return replace(board, drill=None if drill.ended_at else drill)
        case LineSwitched(line=line):
            return replace(board, line=line)
        case _:
            return board


def replay(board: Board, events: list[AnyEvent]) -> Board:
    return reduce(apply_event, events, board)
