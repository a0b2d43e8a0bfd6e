/** The words of callcenter/events.py that a page needs, and how they are read. Moments are milliseconds. */

import {
  flag, isObject, list, moment, nullable, number, oneOf, shape, table, text, Unfit, type Parsed, type Parser,
} from './parse'

export const callStates = ['menu', 'queued', 'ringing', 'talking', 'after'] as const
export const seatStates = ['offline', 'ready', 'ringing', 'talking', 'wrapup', 'paused'] as const
export const agentStates = ['signed_out', 'ready', 'ringing', 'talking', 'held', 'wrapup', 'paused', 'away', 'fault'] as const
export const pauseReasons = ['break', 'meal', 'training', 'outbound', 'back_office', 'help'] as const
export const callbackStates = ['waiting', 'ringing', 'talking', 'retry', 'done', 'failed', 'cancelled'] as const
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
  agent: nullable(text),
  priority: number,
  expected_wait_s: nullable(number),
  parked: text,
  emergency: flag,
})

export const seat = shape({
  seat: text,
  name: text,
  kind: text,
  state: oneOf(...seatStates),
  since: moment,
  call_id: nullable(text),
  agent: nullable(text),
})

/** An agent as the board shows one. In fixed seating a seat is its own agent, with the seat's number as code. */
export const agent = shape({
  code: text,
  name: text,
  team: text,
  state: oneOf(...agentStates),
  since: moment,
  seat: nullable(text),
  reason: text,
  call_id: nullable(text),
  until: nullable(moment),
  missed: number,
  help_since: nullable(moment),
  help_reason: text,
  recording_paused: flag,
  consulting: flag,
})

export const queueWait = shape({
  queue: text, waiting: number, expected_s: nullable(number), error_s: nullable(number), agents: number, closed: flag,
})

export const callback = shape({
  callback_id: text,
  queue: text,
  number: text,
  state: oneOf(...callbackStates),
  asked_at: moment,
  since: moment,
  attempts: number,
  next_at: nullable(moment),
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

export const comings = ['waiting', 'ringing', 'accepted', 'refused', 'no_answer', 'arrived', 'late', 'released'] as const

export const calledIn = shape({
  person_id: number, name: text, tier: number, state: oneOf(...comings), since: moment, agent: text, due_at: nullable(moment),
})

export const surge = shape({
  tier: number,
  surge_id: nullable(number),
  since: nullable(moment),
  tier_since: nullable(moment),
  why: list(text),
  reason: text,
  by: text,
  under_control_since: nullable(moment),
  next_at: nullable(moment),
  down_at: nullable(moment),
  held: flag,
  held_by: text,
  coming: list(calledIn),
  drill: flag,
})

export const outage = shape({
  outage_id: text, component: text, began_at: moment, step: number, next_at: nullable(moment), acknowledged_by: text,
  ended_at: nullable(moment),
})

export const incident = shape({
  incident_id: text, type: text, level: number, since: moment, estate: text, place: text, commander: text, steps_open: number,
  steps_late: number, over_at: nullable(moment), drill: flag,
})

export const drill = shape({ drill_id: number, name: text, since: moment, by: text, calls: number, ended_at: nullable(moment), surge: flag })

/** `to`: empty as always, `announcement` or `number`. */
export const lineSwitch = shape({ to: text, since: nullable(moment), by: text })

export const board = shape({
  calls: table(call),
  seats: table(seat),
  queues: list(text),
  figures: table(figures),
  health: table(health),
  agents: table(agent),
  waits: table(queueWait),
  callbacks: table(callback),
  surge,
  outages: table(outage),
  incidents: table(incident),
  drill: nullable(drill),
  line: lineSwitch,
})

export type Call = Parsed<typeof call>
export type Seat = Parsed<typeof seat>
export type AgentShown = Parsed<typeof agent>
export type QueueWait = Parsed<typeof queueWait>
export type Callback = Parsed<typeof callback>
export type ComponentHealth = Parsed<typeof health>
export type Figures = Parsed<typeof figures>
export type Surge = Parsed<typeof surge>
export type CalledIn = Parsed<typeof calledIn>
export type Outage = Parsed<typeof outage>
export type Incident = Parsed<typeof incident>
export type Drill = Parsed<typeof drill>
export type LineSwitch = Parsed<typeof lineSwitch>
export type Board = Parsed<typeof board>
export type SeatState = Seat['state']
export type CallState = Call['state']
export type AgentState = AgentShown['state']
export type PauseReason = (typeof pauseReasons)[number]

const noSurge: Surge = {
  tier: 0, surge_id: null, since: null, tier_since: null, why: [], reason: '', by: '', under_control_since: null, next_at: null,
  down_at: null, held: false, held_by: '', coming: [], drill: false,
}

export const emptyBoard: Board = {
  calls: {}, seats: {}, queues: [], figures: {}, health: {}, agents: {}, waits: {}, callbacks: {}, surge: noSurge, outages: {},
  incidents: {}, drill: null, line: { to: '', since: null, by: '' },
}

export type BoardEvent =
  | { readonly type: 'CallChanged'; readonly call: Call }
  | { readonly type: 'CallEnded'; readonly call_id: string }
  | { readonly type: 'SeatChanged'; readonly seat: Seat }
  | {
      readonly type: 'FloorReset'
      readonly calls: readonly Call[]
      readonly seats: readonly Seat[]
      readonly queues: readonly string[]
      readonly agents: readonly AgentShown[]
    }
  | { readonly type: 'AgentChanged'; readonly agent: AgentShown }
  | { readonly type: 'QueueWaitChanged'; readonly wait: QueueWait }
  | { readonly type: 'CallbackChanged'; readonly callback: Callback }
  | { readonly type: 'DriftMended'; readonly at: number; readonly node: string }
  | { readonly type: 'FiguresUpdated'; readonly figures: Figures }
  | { readonly type: 'HealthChanged'; readonly health: ComponentHealth }
  | { readonly type: 'SurgeChanged'; readonly surge: Surge }
  | { readonly type: 'OutageChanged'; readonly outage: Outage }
  | { readonly type: 'IncidentChanged'; readonly incident: Incident }
  | { readonly type: 'DrillChanged'; readonly drill: Drill }
  | { readonly type: 'LineSwitched'; readonly line: LineSwitch }
  | { readonly type: 'DeskChanged'; readonly what: string; readonly subject: string; readonly estate_id: number | null }
  | { readonly type: 'Other'; readonly name: string }

const bodies = {
  CallChanged: shape({ call }),
  CallEnded: shape({ call_id: text }),
  SeatChanged: shape({ seat }),
  FloorReset: shape({ calls: list(call), seats: list(seat), queues: list(text), agents: list(agent) }),
  AgentChanged: shape({ agent }),
  QueueWaitChanged: shape({ wait: queueWait }),
  CallbackChanged: shape({ callback }),
  DriftMended: shape({ at: moment, node: text }),
  FiguresUpdated: shape({ figures }),
  HealthChanged: shape({ health }),
  SurgeChanged: shape({ surge }),
  OutageChanged: shape({ outage }),
  IncidentChanged: shape({ incident }),
  DrillChanged: shape({ drill }),
  LineSwitched: shape({ line: lineSwitch }),
  DeskChanged: shape({ what: text, subject: text, estate_id: nullable(number) }),
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
    case 'AgentChanged': return { type: name, ...bodies[name](value, where) }
    case 'QueueWaitChanged': return { type: name, ...bodies[name](value, where) }
    case 'CallbackChanged': return { type: name, ...bodies[name](value, where) }
    case 'DriftMended': return { type: name, ...bodies[name](value, where) }
    case 'FiguresUpdated': return { type: name, ...bodies[name](value, where) }
    case 'HealthChanged': return { type: name, ...bodies[name](value, where) }
    case 'SurgeChanged': return { type: name, ...bodies[name](value, where) }
    case 'OutageChanged': return { type: name, ...bodies[name](value, where) }
    case 'IncidentChanged': return { type: name, ...bodies[name](value, where) }
    case 'DrillChanged': return { type: name, ...bodies[name](value, where) }
    case 'LineSwitched': return { type: name, ...bodies[name](value, where) }
    case 'DeskChanged': return { type: name, ...bodies[name](value, where) }
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
