"""What a screen on the wall may show: the state of the line, and nothing that says who is calling (K1)."""

from __future__ import annotations

from dataclasses import replace

from callcenter.events import AnyEvent, Board, Call, CallChanged, CallRecordWritten, FloorReset, TicketOpened


def anonymous(call: Call) -> Call:
    """The call without its caller. The hotline number that was dialled stays; it is no one's secret."""
    return replace(call, number="", name="", room="", household_id=None)


def board_for_wall(board: Board) -> Board:
    return replace(board, calls={key: anonymous(call) for key, call in board.calls.items()})


def event_for_wall(event: AnyEvent) -> AnyEvent | None:
    """The event without callers; None for one that a wall has no use for."""
    match event:
        case CallChanged(call=call):
            return replace(event, call=anonymous(call))
        case FloorReset(calls=calls):
            return replace(event, calls=tuple(anonymous(call) for call in calls))
        case TicketOpened() | CallRecordWritten():
            return None
        case _:
            return event
