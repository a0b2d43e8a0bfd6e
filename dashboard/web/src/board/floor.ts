/** Agents at their seats, and what a leader must be told of them: worked out from the board and the present moment. Pure. */

import type { SiteShown } from '../session'
import { isDrill, secondsSince } from './derive'
import type { AgentShown, AgentState, Board, Call, Seat, SeatState } from './vocabulary'

/** An agent's state, or a seat's where nobody has signed in; `vacant`: a phone that is there for whoever comes. */
export type ShownState = AgentState | SeatState | 'vacant'

export interface SeatView {
  readonly seat: string
  readonly kind: string
  /** Who sits there, else the name of the seat; empty where somebody could sit. */
  readonly name: string
  readonly state: ShownState
  readonly since: number
  readonly agent: AgentShown | null
  readonly call: Call | null
}

export function agentAt(board: Board, seat: Pick<Seat, 'seat' | 'agent'>): AgentShown | null {
  const there = Object.values(board.agents).find((agent) => agent.seat === seat.seat && agent.state !== 'signed_out')
  return there ?? null
}

type Seating = Pick<SiteShown, 'free_seating' | 'browser_seats'>

/** A phone that is gone says more than an agent who would be ready; a fault says more than either. */
export function seatView(board: Board, seat: Seat, site: Seating): SeatView {
  const agent = agentAt(board, seat)
  const call = callOf(board, agent?.call_id ?? seat.call_id)
  const base = { seat: seat.seat, kind: seat.kind, agent, call }
  if (agent) {
    const unreachable = seat.state === 'offline' && agent.state === 'ready'
    const state = unreachable ? 'offline' : agent.state
    return { ...base, name: agent.name || seat.name, state, since: unreachable ? seat.since : agent.since }
  }
  // A paused phone at which nobody has signed in is how Asterisk keeps calls away from an empty place.
  const empty = site.free_seating && seat.kind === 'primary' && seat.state !== 'ringing' && seat.state !== 'talking'
  // A browser is the phone only while somebody sits there.
  const there = seat.state !== 'offline' || site.browser_seats.includes(seat.seat)
  const state = empty && there ? 'vacant' : seat.state
  return { ...base, name: state === 'vacant' ? '' : seat.name, state, since: seat.since }
}

/** A caller talks with this seat's phone, or did until the phone went dead. */
export function talksAt(board: Board, seat: string): boolean {
  const agent = Object.values(board.agents).find((one) => one.seat === seat && one.call_id !== null)
  return (agent !== undefined && ['talking', 'held', 'fault'].includes(agent.state)) || board.seats[seat]?.state === 'talking'
}

/** Of the slots where I parked calls those where they still are: one that was given back, or has hung up, is not there. */
export function stillParked(board: Board, parked: readonly { readonly callId: string; readonly slot: string }[]): string[] {
  return parked.filter((one) => board.calls[one.callId]?.parked === one.slot).map((one) => one.slot)
}

function callOf(board: Board, id: string | null): Call | null {
  return id === null ? null : (board.calls[id] ?? null)
}

/** What is left of a wrap-up, in seconds; null when nothing says when it ends. */
export function wrapUpLeft(agent: AgentShown | null, now: number): number | null {
  if (!agent || agent.state !== 'wrapup' || agent.until === null) return null
  return Math.max(0, (agent.until - now) / 1000)
}

/** A4: counted from the answer, through every transfer. */
export function talkSeconds(call: Call, now: number): number {
  return call.state === 'talking' ? secondsSince(call.answered_at ?? call.since, now) : 0
}

export function ranLong(call: Call, now: number, site: Pick<SiteShown, 'desk'>): boolean {
  return talkSeconds(call, now) >= site.desk.call_minutes * 60
}

export interface Notice {
  readonly kind: 'help' | 'away' | 'fault' | 'long'
  /** Who or what, and since when, in the order of time. */
  readonly items: readonly { readonly key: string; readonly name: string; readonly since: number }[]
}

/** What the room must know, one line a kind: ten agents who are away are one notice with ten names. */
export function notices(board: Board, now: number, site: Pick<SiteShown, 'desk'>): Notice[] {
  const agents = Object.values(board.agents)
  const away = (state: AgentState) => agents.filter((agent) => agent.state === state)
    .map((agent) => ({ key: agent.code, name: agent.name, since: agent.since }))
  const help = agents.flatMap((agent) => (agent.help_since === null ? [] : [{ key: agent.code, name: agent.name, since: agent.help_since }]))
  const long = Object.values(board.calls).filter((call) => ranLong(call, now, site) && !isDrill(call)).map((call) => ({
    key: call.call_id,
    name: talker(board, call),
    since: call.answered_at ?? call.since,
  }))
  const found: Notice[] = [
    { kind: 'help', items: help }, { kind: 'away', items: away('away') }, { kind: 'fault', items: away('fault') },
    { kind: 'long', items: long },
  ]
  return found.filter((notice) => notice.items.length > 0)
    .map((notice) => ({ ...notice, items: [...notice.items].sort((a, b) => a.since - b.since) }))
}

/** Who talks on a call: the agent's name, else the seat's. */
export function talker(board: Board, call: Call): string {
  const agent = call.agent === null ? undefined : board.agents[call.agent]
  if (agent?.name) return agent.name
  if (call.seat === null) return ''
  return agentAt(board, { seat: call.seat, agent: null })?.name ?? board.seats[call.seat]?.name ?? call.seat
}

const urgency: Record<AgentState, number> = {
  fault: 1, away: 1, ringing: 2, held: 3, talking: 3, wrapup: 4, ready: 5, paused: 6, signed_out: 7,
}

/** Who asks for help first, then who cannot be rung, then who works, last who is not there. */
export function agentsInOrder(board: Board): AgentShown[] {
  const place = (agent: AgentShown) => (agent.help_since === null ? urgency[agent.state] : 0)
  return Object.values(board.agents).sort(
    (a, b) => place(a) - place(b) || (a.help_since ?? 0) - (b.help_since ?? 0) || a.code.localeCompare(b.code),
  )
}

const atTheEar: readonly AgentState[] = ['talking', 'held', 'ringing']

/** The call at an agent's ear, or else the one that rings there. */
export function callAt(board: Board, agent: AgentShown | null, seat: string | null): Call | null {
  const own = callOf(board, agent?.call_id ?? null)
  if (own && agent && atTheEar.includes(agent.state)) return own
  if (seat === null) return null
  const calls = Object.values(board.calls)
  return calls.find((call) => call.seat === seat && call.state === 'talking') ?? calls.find((call) => call.ringing.includes(seat)) ?? null
}
