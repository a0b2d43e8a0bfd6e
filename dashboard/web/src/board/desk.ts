/** What an agent can do now, and what a call is told of: the buttons of the desk follow from this. Pure. */

import type { AgentShown, AgentState, Board, Seat } from './vocabulary'
import type { SiteShown } from '../session'
import { agentAt } from './floor'

/** Each says that acd would carry the order out; acd/agents/transitions.py has the table. */
export interface Allowed {
  readonly signIn: boolean
  readonly signOut: boolean
  readonly move: boolean
  readonly pause: boolean
  /** Ready again: ends a pause, an absence, a wrap-up. */
  readonly resume: boolean
  readonly extend: boolean
  readonly help: boolean
  readonly talk: boolean
  /** Complete, cancel, or make a conference of an attended transfer. */
  readonly consult: boolean
  readonly retrieve: boolean
}

/** The pause that an agent is in, or has asked for from the end of the call on; empty when there is none. */
export function pauseAsked(agent: Pick<AgentShown, 'state' | 'reason'> | null): string {
  return agent && agent.state !== 'fault' && agent.state !== 'signed_out' ? agent.reason : ''
}

const present: readonly AgentState[] = ['ready', 'ringing', 'talking', 'held', 'wrapup', 'paused', 'away', 'fault']

export function allowed(agent: Pick<AgentShown, 'state' | 'consulting'> | null, freeSeating: boolean): Allowed {
  const state = agent?.state ?? null
  const consulting = agent?.consulting ?? false
  const there = state !== null && present.includes(state)
  const talks = state === 'talking' || state === 'held'
  return {
    signIn: state === null || state === 'signed_out',
    signOut: freeSeating && there && !talks && state !== 'ringing',
    move: freeSeating && there && !talks && state !== 'ringing',
    pause: there && state !== 'fault',
    resume: state === 'paused' || state === 'away' || state === 'wrapup',
    extend: state === 'wrapup',
    help: there,
    talk: talks && !consulting,
    consult: talks && consulting,
    retrieve: there && !talks && state !== 'ringing' && state !== 'fault',
  }
}

export interface SeatChoice {
  readonly seat: string
  readonly name: string
  /** Why it cannot be taken; null when it can. */
  readonly hindrance: 'taken' | 'offline' | null
  readonly by: string
  /** The page of whoever sits there is the phone: it is there as soon as somebody is. */
  readonly browser: boolean
}

/** All seats in the order of their numbers; in fixed seating any is taken by who sits down there. */
export function seatChoices(board: Board, mine: string | null, site: Pick<SiteShown, 'free_seating' | 'browser_seats'>): SeatChoice[] {
  const { free_seating: freeSeating, browser_seats: browsers } = site
  return Object.values(board.seats).filter((seat) => seat.seat !== mine).sort((a, b) => a.seat.localeCompare(b.seat))
    .map((seat) => {
      const by = freeSeating ? agentAt(board, seat) : null
      const browser = browsers.includes(seat.seat)
      const hindrance = by ? 'taken' as const : seat.state === 'offline' && freeSeating && !browser ? 'offline' as const : null
      return { seat: seat.seat, name: seat.name, hindrance, by: by?.name ?? '', browser }
    })
}

export interface TargetChoice {
  readonly value: string
  readonly name: string
  /** An agent's or seat's state; empty for a queue or a department. */
  readonly state: AgentState | Seat['state'] | ''
}

/** Agents who are there, who is free first; never oneself. */
export function agentTargets(board: Board, own: string | null): TargetChoice[] {
  const rank = (agent: AgentShown) => (agent.state === 'ready' ? 0 : agent.state === 'fault' ? 2 : 1)
  return Object.values(board.agents)
    .filter((agent) => agent.code !== own && agent.state !== 'signed_out')
    .sort((a, b) => rank(a) - rank(b) || a.code.localeCompare(b.code))
    .map((agent) => ({ value: agent.code, name: agent.name, state: agent.state }))
}

export function seatTargets(board: Board, own: string | null): TargetChoice[] {
  return Object.values(board.seats)
    .filter((seat) => seat.seat !== own && seat.state !== 'offline')
    .sort((a, b) => Number(b.state === 'ready') - Number(a.state === 'ready') || a.seat.localeCompare(b.seat))
    .map((seat) => ({ value: seat.seat, name: agentAt(board, seat)?.name ?? seat.name, state: seat.state }))
}
