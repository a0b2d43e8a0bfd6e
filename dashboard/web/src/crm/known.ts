/** What is known of a household's building (H6): asked before a ticket is opened, and a call is tied to it instead. */

import { ask, read } from '../api'
import { flag, list, nullable, number, shape, text, type Parsed } from '../board/parse'
import { changed } from './asking'

export const candidate = shape({
  ticket_id: number, number: text, kind: text, title: nullable(text), stage: text, marked: flag, building: nullable(text), callers: number,
})
export type Candidate = Parsed<typeof candidate>

export async function knownFor(householdId: number, kind: string, category: string): Promise<readonly Candidate[]> {
  const query = new URLSearchParams({ household_id: String(householdId), ...(kind ? { kind } : {}), ...(kind && category ? { category } : {}) })
  return (await read(await ask(`/tickets/known?${query}`), shape({ candidates: list(candidate) }), 'known')).candidates
}

export interface Caller {
  readonly call_id?: string
  readonly household_id?: number
  readonly contact_number?: string
}

export async function tie(ticketId: number, caller: Caller, key: string | undefined): Promise<void> {
  await changed('POST', `/tickets/${ticketId}/calls`, caller, { key })
}
