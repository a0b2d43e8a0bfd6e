/** The twin of callcenter/board.py: one fixture file of events tests both. */

import type { Board, BoardEvent } from './vocabulary'

/** The board after `event`; the same board for events that it does not show. */
export function applyEvent(board: Board, event: BoardEvent): Board {
  switch (event.type) {
    case 'CallChanged':
      return { ...board, calls: { ...board.calls, [event.call.call_id]: event.call } }
    case 'CallEnded':
      return { ...board, calls: Object.fromEntries(Object.entries(board.calls).filter(([id]) => id !== event.call_id)) }
    case 'SeatChanged':
      return { ...board, seats: { ...board.seats, [event.seat.seat]: event.seat } }
    case 'FloorReset':
      return {
        ...board,
        calls: Object.fromEntries(event.calls.map((call) => [call.call_id, call])),
        seats: Object.fromEntries(event.seats.map((seat) => [seat.seat, seat])),
        queues: event.queues,
      }
    case 'FiguresUpdated':
      return { ...board, figures: { ...board.figures, [event.figures.queue]: event.figures } }
    case 'HealthChanged':
      return { ...board, health: { ...board.health, [event.health.component]: event.health } }
    case 'Other':
      return board
  }
}
