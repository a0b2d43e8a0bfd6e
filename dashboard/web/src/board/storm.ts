/** What the wall says of a storm, worked out from the board and the present moment (B8). Pure. */

import type { Board, CalledIn, Incident, Outage, Surge } from './vocabulary'

export function isStormy(board: Board): boolean {
  return board.surge.tier > 0 || Object.keys(board.outages).length > 0 || Object.keys(board.incidents).length > 0
}

/** A drill runs, or something on the board belongs to one: then every page says so. */
export function drillOn(board: Board): boolean {
  return board.drill !== null || (board.surge.tier > 0 && board.surge.drill) || Object.values(board.incidents).some((one) => one.drill)
}

/** What comes next by itself: a person keeps it here, the next tier, a tier less, or nothing. */
export type Outlook =
  | { readonly kind: 'held' | 'controlled' | 'top' | 'stays' }
  | { readonly kind: 'next' | 'down'; readonly tier: number; readonly seconds: number }

export const TOP_TIER = 3

export function outlook(surge: Surge, now: number): Outlook {
  const left = (at: number) => Math.max(0, (at - now) / 1000)
  if (surge.held) return { kind: 'held' }
  if (surge.next_at !== null) return { kind: 'next', tier: surge.tier + 1, seconds: left(surge.next_at) }
  if (surge.down_at !== null) return { kind: 'down', tier: surge.tier - 1, seconds: left(surge.down_at) }
  if (surge.under_control_since !== null) return { kind: 'controlled' }
  return { kind: surge.tier >= TOP_TIER ? 'top' : 'stays' }
}

const order: Readonly<Record<CalledIn['state'], number>> = {
  late: 0, accepted: 1, ringing: 2, arrived: 3, refused: 4, no_answer: 5, waiting: 6, released: 7,
}

export interface ComingShown {
  /** Who matters most comes first: who is late, then by when they are due. */
  readonly named: readonly CalledIn[]
  readonly unnamed: number
  /** Not asked yet. */
  readonly waiting: number
  readonly counts: { readonly arrived: number; readonly coming: number }
}

export function comingShown(coming: readonly CalledIn[], most: number): ComingShown {
  const asked = coming.filter((one) => one.state !== 'waiting' && one.state !== 'released').sort(
    (a, b) => order[a.state] - order[b.state] || (a.due_at ?? a.since) - (b.due_at ?? b.since) || a.person_id - b.person_id)
  const of = (...states: CalledIn['state'][]) => coming.filter((one) => states.includes(one.state)).length
  return {
    named: asked.slice(0, most), unnamed: Math.max(0, asked.length - most), waiting: of('waiting'),
    counts: { arrived: of('arrived'), coming: of('accepted', 'late') },
  }
}

/** The oldest first: its ladder is highest. */
export function outagesInOrder(board: Board): Outage[] {
  return Object.values(board.outages).sort((a, b) => a.began_at - b.began_at || a.outage_id.localeCompare(b.outage_id))
}

/** Level 1 is worst; a drill never stands before the real thing. */
export function incidentsInOrder(board: Board): Incident[] {
  return Object.values(board.incidents).sort(
    (a, b) => Number(a.drill) - Number(b.drill) || a.level - b.level || a.since - b.since || a.incident_id.localeCompare(b.incident_id))
}
