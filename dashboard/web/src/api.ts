/** Calls to the HTTP API. An error is a `ProblemError` with the server's stable code; the page has the words. */

import { either, list, nullable, number, shape, text, type Parsed, type Parser } from './board/parse'
import { session, type Session } from './session'

/** One field that does not fit: its name, and what is wrong with it. */
export interface FieldFault {
  readonly field: string
  readonly code: string
}

export class ProblemError extends Error {
  constructor(readonly status: number, readonly code: string, readonly faults: readonly FieldFault[] = []) {
    super(code)
  }
}

const problem = shape({ code: text, faults: list(shape({ where: list(either(text, number)), code: text })) })

async function problemOf(answer: Response): Promise<ProblemError> {
  try {
    const { code, faults } = problem(await answer.json(), 'problem')
    return new ProblemError(answer.status, code, faults.map((fault) => ({ field: String(fault.where.at(-1) ?? ''), code: fault.code })))
  } catch {
    return new ProblemError(answer.status, 'internal')
  }
}

let unauthenticated: () => void = () => undefined

/** Told when the server no longer knows who asks. */
export function whenUnauthenticated(act: () => void): void {
  unauthenticated = act
}

/** Whatever takes longer is lost: on a network that is half there a request would hang for minutes, and with it every button. */
const LONGEST_MS = 30_000

export async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  let answer: Response
  try {
    answer = await fetch(`/api/v1${path}`, { credentials: 'same-origin', signal: AbortSignal.timeout(LONGEST_MS), ...init })
  } catch {
    throw new ProblemError(0, 'unreachable')
  }
  if (answer.ok) return answer
  const error = await problemOf(answer)
  if (error.code === 'unauthenticated') unauthenticated()
  throw error
}

export async function read<T>(answer: Response, parser: Parser<T>, name: string): Promise<T> {
  const body: unknown = await answer.json()
  return parser(body, name)
}

export async function currentSession(): Promise<Session> {
  return read(await ask('/session'), session, 'session')
}

export async function signIn(name: string, password: string): Promise<Session> {
  const init = { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name, password }) }
  return read(await ask('/session', init), session, 'session')
}

export async function signOut(): Promise<void> {
  await ask('/session', { method: 'DELETE' })
}

/** My agent and my seat; what I do there comes over the live feed. */
const me = shape({ code: nullable(text), seat: nullable(text) })
export type Me = Parsed<typeof me>

export async function ownDesk(): Promise<Me> {
  return read(await ask('/floor/me'), me, 'me')
}

/** To be the phone of my seat. For memory only: asked for at each start, never kept. */
const phone = shape({ seat: text, uri: text, password: text, websocket: text, silent_s: number })

export async function ownPhone(): Promise<Parsed<typeof phone>> {
  return read(await ask('/floor/phone'), phone, 'phone')
}

const done = shape({ detail: text })

/** What an order's routes take; each takes some of these. */
export interface OrderBody {
  readonly seat?: string
  readonly reason?: string
  readonly seconds?: number
  readonly slot?: string
  readonly queue?: string
  readonly mode?: string
  readonly to?: { readonly kind: string; readonly value: string }
  readonly attended?: boolean
}

/** An order to the floor; what it answers is a value, such as the slot of a parked call. */
export async function order(path: string, body?: OrderBody): Promise<string> {
  const init: RequestInit = { method: 'POST' }
  if (body) Object.assign(init, { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  return (await read(await ask(`/floor/${path}`, init), done, 'answer')).detail
}
