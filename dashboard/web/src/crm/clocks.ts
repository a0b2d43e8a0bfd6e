/** How urgent a ticket is, from its clocks. Pure. */

import type { Clock } from './shapes'

export type Tone = 'good' | 'warn' | 'bad' | 'rest' | 'kept' | 'missed'

export interface Urgency {
  readonly clock: Clock
  readonly tone: Tone
  /** Milliseconds until it is due, or since; null while it rests or has ended. */
  readonly left: number | null
}

/** An hour before it is due, or once the server has warned of it. */
export const SOON_MS = 3_600_000

export function urgencyOf(clock: Clock, now: number): Urgency {
  if (clock.standing === 'stopped') return { clock, tone: clock.broken_at === null ? 'kept' : 'missed', left: null }
  if (clock.due_at === null) return { clock, tone: clock.broken_at === null ? 'rest' : 'bad', left: null }
  const left = clock.due_at - now
  if (left <= 0 || clock.broken_at !== null) return { clock, tone: 'bad', left }
  return { clock, tone: clock.is_warned || left < SOON_MS ? 'warn' : 'good', left }
}

const rank: Readonly<Record<Tone, number>> = { bad: 0, warn: 1, good: 2, rest: 3, missed: 4, kept: 5 }

/** What must be looked at first: broken, then next due, then resting; of those that have ended the last. */
export function mostUrgent(clocks: readonly Clock[], now: number): Urgency | null {
  const all = clocks.map((clock) => urgencyOf(clock, now))
  all.sort((a, b) => rank[a.tone] - rank[b.tone] || (a.left ?? 0) - (b.left ?? 0) || b.clock.clock_id - a.clock.clock_id)
  return all[0] ?? null
}
