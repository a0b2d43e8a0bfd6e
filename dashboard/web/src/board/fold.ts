/** The twin of callcenter/board.py: one fixture file of events tests both. */

import type { Board, BoardEvent, Callback } from './vocabulary'

const over: readonly Callback['state'][] = ['done', 'failed', 'cancelled']

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
        agents: Object.fromEntries(event.agents.map((agent) => [agent.code, agent])),
      }
    case 'AgentChanged':
      return { ...board, agents: { ...board.agents, [event.agent.code]: event.agent } }
    case 'QueueWaitChanged':
      return { ...board, waits: { ...board.waits, [event.wait.queue]: event.wait } }
    case 'CallbackChanged': {
      const { callback } = event
      const others = Object.entries(board.callbacks).filter(([id]) => id !== callback.callback_id)
      const present = over.includes(callback.state) ? [] : [[callback.callback_id, callback] as const]
      return { ...board, callbacks: Object.fromEntries([...others, ...present]) }
    }
    case 'FiguresUpdated':
      return { ...board, figures: { ...board.figures, [event.figures.queue]: event.figures } }
    case 'HealthChanged':
      return { ...board, health: { ...board.health, [event.health.component]: event.health } }
    case 'SurgeChanged':
      return { ...board, surge: event.surge }
    case 'OutageChanged': {
      const { outage } = event
      return { ...board, outages: replaced(board.outages, outage.outage_id, outage.ended_at === null ? outage : null) }
    }
    case 'IncidentChanged': {
      const { incident } = event
      return { ...board, incidents: replaced(board.incidents, incident.incident_id, incident.over_at === null ? incident : null) }
    }
    case 'DrillChanged':
      return { ...board, drill: event.drill.ended_at === null ? event.drill : null }
    case 'LineSwitched':
      return { ...board, line: event.line }
    case 'DeskChanged':
    case 'DriftMended':
    case 'Other':
      return board
  }
}

/** The table with `value` in the place of what had that key; nothing there when it is null. */
function replaced<T>(all: Readonly<Record<string, T>>, key: string, value: T | null): Readonly<Record<string, T>> {
  const others = Object.entries(all).filter(([other]) => other !== key)
  return Object.fromEntries(value === null ? others : [...others, [key, value] as const])
}
