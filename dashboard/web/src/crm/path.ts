/** A ticket's way through the stages of its kind: where it was, where it is, where such tickets usually go on. Pure. */

import type { Definition, TicketEvent, TicketRead, Value } from './shapes'

export interface Step {
  readonly stage: string
  readonly when: 'past' | 'now' | 'ahead'
}

const LONGEST_AHEAD = 8

/** Nothing said yet hinders nothing yet. */
function mayFit(value: Value | undefined, wanted: string): boolean {
  return value === undefined || fits(value, wanted)
}

export function fits(value: Value | undefined, wanted: string): boolean {
  return typeof value === 'boolean' ? wanted === (value ? 'yes' : 'no') : value === wanted
}

/** What a move asks for besides what is missing: fields that must have another value. */
export function hindrances(definition: Definition, read: Pick<TicketRead, 'ticket' | 'fields'>, to: string): [string, string][] {
  const move = definition.stages[read.ticket.stage]?.moves[to]
  return Object.entries(move?.only_if ?? {}).filter(([name, wanted]) => !fits(read.fields[name], wanted))
}

/** The stages that it has gone through, without those that it went back from. */
export function gone(events: readonly TicketEvent[], now: string): string[] {
  let path: string[] = []
  for (const event of events) {
    const stage = event.what === 'opened' ? event.data.stage : event.what === 'moved' ? event.data.to : null
    if (typeof stage !== 'string') continue
    const before = path.indexOf(stage)
    path = before >= 0 ? path.slice(0, before + 1) : [...path, stage]
  }
  return path.at(-1) === now ? path : [now]
}

export function steps(definition: Definition, read: Pick<TicketRead, 'ticket' | 'fields'>, events: readonly TicketEvent[]): Step[] {
  const { stage } = read.ticket
  const path = gone(events, stage)
  const found: Step[] = path.map((name, index) => ({ stage: name, when: index === path.length - 1 ? 'now' : 'past' }))
  let at = stage
  while (!definition.stages[at]?.final && found.length < path.length + LONGEST_AHEAD) {
    const ways = Object.entries(definition.stages[at]?.moves ?? {}).filter(([to]) => !found.some((step) => step.stage === to))
    const next = ways.find(([, move]) => Object.entries(move.only_if).every(([name, wanted]) => mayFit(read.fields[name], wanted))) ?? ways[0]
    if (!next) break
    at = next[0]
    found.push({ stage: at, when: 'ahead' })
  }
  return found
}
