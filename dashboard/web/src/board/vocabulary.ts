/** The words of callcenter/events.py that a page needs, and how they are read. Moments are milliseconds. */

import {
  flag, isObject, list, moment, nullable, number, oneOf, shape, table, text, Unfit, type Parsed, type Parser,
} from './parse'

export const callStates = ['menu', 'queued', 'ringing', 'talking', 'after'] as const
export const seatStates = ['offline', 'ready', 'ringing', 'talking', 'wrapup', 'paused'] as const
export const healthStates = ['ok', 'degraded', 'down'] as const

export const call = shape({
  call_id: text,
  state: oneOf(...callStates),
  entered_at: moment,
  since: moment,
  number: text,
  did: text,
  name: text,
  room: text,
  household_id: nullable(number),
  language: text,
  queue: nullable(text),
  queued_at: nullable(moment),
  rang_at: nullable(moment),
  answered_at: nullable(moment),
  stage: number,
  ringing: list(text),
  seat: nullable(text),
})

export const seat = shape({
  seat: text,
  name: text,
  kind: text,
  state: oneOf(...seatStates),
  since: moment,
  call_id: nullable(text),
})

export const health = shape({ component: text, state: oneOf(...healthStates), since: moment, detail: text })

export const figures = shape({
  queue: text,
  offered: number,
  short_abandons: number,
  answered: number,
  abandoned: number,
  overflowed: number,
  messages: number,
  answered_in_2_rings: nullable(number),
  service_level: nullable(number),
  abandonment: nullable(number),
  asa_s: nullable(number),
  aht_s: nullable(number),
})

export const board = shape({
  calls: table(call),
  seats: table(seat),
  queues: list(text),
  figures: table(figures),
  health: table(health),
})

export type Call = Parsed<typeof call>
export type Seat = Parsed<typeof seat>
export type ComponentHealth = Parsed<typeof health>
export type Figures = Parsed<typeof figures>
export type Board = Parsed<typeof board>
export type SeatState = Seat['state']
export type CallState = Call['state']

export const emptyBoard: Board = { calls: {}, seats: {}, queues: [], figures: {}, health: {} }

export type BoardEvent =
  | { readonly type: 'CallChanged'; readonly call: Call }
  | { readonly type: 'CallEnded'; readonly call_id: string }
  | { readonly type: 'SeatChanged'; readonly seat: Seat }
  | {
      readonly type: 'FloorReset'
      readonly calls: readonly Call[]
      readonly seats: readonly Seat[]
      readonly queues: readonly string[]
    }
  | { readonly type: 'FiguresUpdated'; readonly figures: Figures }
  | { readonly type: 'HealthChanged'; readonly health: ComponentHealth }
  | { readonly type: 'Other'; readonly name: string }

const bodies = {
  CallChanged: shape({ call }),
  CallEnded: shape({ call_id: text }),
  SeatChanged: shape({ seat }),
  FloorReset: shape({ calls: list(call), seats: list(seat), queues: list(text) }),
  FiguresUpdated: shape({ figures }),
  HealthChanged: shape({ health }),
}

/** An event; one that the board does not show, or does not know yet, is `Other`. */
export const event: Parser<BoardEvent> = (value, where) => {
  if (!isObject(value)) throw new Unfit(`${where}: not an object`)
  const name = text(value.type, `${where}.type`)
  switch (name) {
    case 'CallChanged': return { type: name, ...bodies[name](value, where) }
    case 'CallEnded': return { type: name, ...bodies[name](value, where) }
    case 'SeatChanged': return { type: name, ...bodies[name](value, where) }
    case 'FloorReset': return { type: name, ...bodies[name](value, where) }
    case 'FiguresUpdated': return { type: name, ...bodies[name](value, where) }
    case 'HealthChanged': return { type: name, ...bodies[name](value, where) }
    default: return { type: 'Other', name }
  }
}

export type Message =
  | { readonly type: 'snapshot'; readonly epoch: string; readonly cursor: string; readonly now: number; readonly board: Board }
  | { readonly type: 'event'; readonly cursor: string; readonly event: BoardEvent }
  | { readonly type: 'ping'; readonly now: number }
  | { readonly type: 'degraded'; readonly cause: string }
  | { readonly type: 'unknown' }

const snapshotBody = shape({ epoch: text, cursor: text, now: moment, board })
const eventBody = shape({ cursor: text, event })
const pingBody = shape({ now: moment })
const degradedBody = shape({ cause: text })

/** A message of the live feed. Throws Unfit (or SyntaxError) for what cannot be read. */
export function message(raw: string): Message {
  const value: unknown = JSON.parse(raw)
  const { type } = shape({ type: text })(value, 'message')
  switch (type) {
    case 'snapshot': return { type, ...snapshotBody(value, type) }
    case 'event': return { type, ...eventBody(value, type) }
    case 'ping': return { type, ...pingBody(value, type) }
    case 'degraded': return { type, ...degradedBody(value, type) }
    default: return { type: 'unknown' }
  }
}

export const words = shape({ zh: text, en: text })
export const session = shape({
  name: text,
  roles: list(text),
  sees_board: flag,
  sees_callers: flag,
  site: shape({
    company: words,
    timezone: text,
    language: oneOf('zh', 'en'),
    ring_s: number,
    answer_within: number,
    overflow_after: number,
    queues: list(shape({ id: text, name: words, service_level_s: number })),
  }),
})
export type Session = Parsed<typeof session>
export type SiteShown = Session['site']
