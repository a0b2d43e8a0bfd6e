/** What the wallboard shows, worked out from the board and the present moment. Pure. */

import type { Board, Call, ComponentHealth, Figures, Seat } from './vocabulary'
import type { SiteShown } from '../session'

export type Tone = 'good' | 'warn' | 'bad' | 'none'

/** Where a rate turns amber and red. The aim of A1 is every call; these say how far from it a shift may drift. */
export const thresholds = {
  answeredIn2Rings: { good: 0.95, warn: 0.85 },
  serviceLevel: { good: 0.8, warn: 0.7 },
  abandonment: { good: 0.05, warn: 0.1 },
} as const

export function highIsGood(rate: number | null, limit: { good: number; warn: number }): Tone {
  if (rate === null) return 'none'
  return rate >= limit.good ? 'good' : rate >= limit.warn ? 'warn' : 'bad'
}

export function lowIsGood(rate: number | null, limit: { good: number; warn: number }): Tone {
  if (rate === null) return 'none'
  return rate <= limit.good ? 'good' : rate <= limit.warn ? 'warn' : 'bad'
}

/** A simulated caller's (H12): the mark is the call's own id, as callcenter/drills.py makes it. */
export function isDrill(call: Call): boolean {
  return /^drill-[1-9]\d*-.+-\d+\.\d+$/.test(call.call_id)
}

export function isWaiting(call: Call): boolean {
  return call.state === 'queued' || call.state === 'ringing'
}

/** Seconds that a caller has waited since the first queue; 0 for one who is not waiting. */
export function waitedSeconds(call: Call, now: number): number {
  return isWaiting(call) ? secondsSince(call.queued_at ?? call.since, now) : 0
}

export function secondsSince(moment: number, now: number): number {
  return Math.max(0, (now - moment) / 1000)
}

/** How many rings a wait is, with the part of the present one: 12.5 s is 2.5 rings of 5 s (A1, A2). */
export function rings(seconds: number, site: Pick<SiteShown, 'ring_s' | 'overflow_after'>): number {
  return Math.min(seconds / site.ring_s, site.overflow_after)
}

/** Green while A1 can still be kept, red in the last two rings before the backup seats are rung. */
export function waitTone(seconds: number, site: Pick<SiteShown, 'ring_s' | 'answer_within' | 'overflow_after'>): Tone {
  const rung = seconds / site.ring_s
  if (rung < site.answer_within) return 'good'
  return rung < site.overflow_after - 2 ? 'warn' : 'bad'
}

export interface QueueRow {
  readonly id: string
  readonly zh: string
  readonly en: string
  readonly waiting: number
  readonly longest: number
  readonly overflowing: boolean
  /** What a caller who comes now is told, and how far the last estimates were off; null while nobody can answer. */
  readonly expected: number | null
  readonly error: number | null
  readonly callbacks: number
  /** By a person: no new caller enters it. */
  readonly closed: boolean
  readonly serviceLevelSeconds: number | null
  readonly figures: Figures | null
}

/** In the order of the site file; queues that the board knows and the site file does not come last. */
export function queueRows(board: Board, site: SiteShown, now: number): QueueRow[] {
  const known = new Map(site.queues.map((queue) => [queue.id, queue]))
  const ids = [...known.keys(), ...board.queues.filter((id) => !known.has(id))]
  return ids.map((id) => {
    const waiting = Object.values(board.calls).filter((call) => call.queue === id && isWaiting(call) && !isDrill(call))
    const queue = known.get(id)
    return {
      id,
      zh: queue?.name.zh ?? id,
      en: queue?.name.en ?? id,
      waiting: waiting.length,
      longest: Math.max(0, ...waiting.map((call) => waitedSeconds(call, now))),
      overflowing: waiting.some((call) => call.stage > 0),
      expected: board.waits[id]?.expected_s ?? null,
      error: board.waits[id]?.error_s ?? null,
      callbacks: Object.values(board.callbacks).filter((callback) => callback.queue === id && callback.state !== 'talking').length,
      closed: board.waits[id]?.closed ?? false,
      serviceLevelSeconds: queue?.service_level_s ?? null,
      figures: board.figures[id] ?? null,
    }
  })
}

export interface Totals {
  readonly offered: number
  readonly answered: number
  readonly abandoned: number
  readonly messages: number
  readonly answeredIn2Rings: number | null
}

/** The whole line: each queue's rate weighs as many calls as it is a rate of (offered − short abandons). */
export function totals(figures: readonly Figures[]): Totals {
  const sum = (pick: (of: Figures) => number) => figures.reduce((total, of) => total + pick(of), 0)
  const rated = figures.filter((of) => of.answered_in_2_rings !== null)
  const base = (of: Figures) => of.offered - of.short_abandons
  const weight = rated.reduce((total, of) => total + base(of), 0)
  const kept = rated.reduce((total, of) => total + (of.answered_in_2_rings ?? 0) * base(of), 0)
  return {
    offered: sum((of) => of.offered),
    answered: sum((of) => of.answered),
    abandoned: sum((of) => of.abandoned),
    messages: sum((of) => of.messages),
    answeredIn2Rings: weight > 0 ? kept / weight : null,
  }
}

const stateOrder: Record<Call['state'], number> = { ringing: 0, queued: 0, menu: 1, talking: 2, after: 3 }

/** Waiting callers first: who is in danger, then the longest wait; then those in a menu, those who talk, those who are leaving. A drill's after all real ones. */
export function callsInOrder(board: Board): Call[] {
  return Object.values(board.calls).sort(
    (a, b) =>
      Number(isDrill(a)) - Number(isDrill(b)) ||
      stateOrder[a.state] - stateOrder[b.state] ||
      Number(b.emergency) - Number(a.emergency) ||
      (isWaiting(a) ? (a.queued_at ?? a.since) - (b.queued_at ?? b.since) : a.since - b.since) ||
      a.call_id.localeCompare(b.call_id),
  )
}

const kindOrder: Record<string, number> = { primary: 0, leader: 1, backup: 2 }

export function seatsInOrder(board: Board): Seat[] {
  return Object.values(board.seats).sort(
    (a, b) => (kindOrder[a.kind] ?? 9) - (kindOrder[b.kind] ?? 9) || a.seat.localeCompare(b.seat),
  )
}

const healthOrder = ['trunk', 'network', 'asterisk', 'ami', 'acd', 'agi', 'crm', 'dashboard', 'redis', 'database', 'figures', 'disk']

/** A wall names what everybody knows, and whatever is not well; of the rest their number says enough. */
export function healthNamed(health: readonly ComponentHealth[]): { named: ComponentHealth[]; rest: ComponentHealth[] } {
  const isNamed = (one: ComponentHealth) => one.state !== 'ok' || healthOrder.includes(one.component)
  return { named: health.filter(isNamed), rest: health.filter((one) => !isNamed(one)) }
}

export function healthInOrder(board: Board): ComponentHealth[] {
  const place = (name: string) => (healthOrder.includes(name) ? healthOrder.indexOf(name) : healthOrder.length)
  return Object.values(board.health).sort((a, b) => place(a.component) - place(b.component) || a.component.localeCompare(b.component))
}
