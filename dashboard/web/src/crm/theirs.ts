/** Somebody else has changed what I was changing: what they did, and where it meets what I have typed. Pure. */

import type { Draft } from './form'
import type { TicketRead, Value } from './shapes'

export type Shown = Value | null

export interface Difference {
  /** A field's name; or stage, category, owner, assignee, offered_to, department, household, contact_number, parent. */
  readonly name: string
  readonly isField: boolean
  readonly from: Shown
  readonly to: Shown
  /** I have typed something else there. */
  readonly meets: boolean
}

const parts = ['stage', 'category', 'owner', 'offered_to', 'assignee', 'department', 'contact_number', 'room'] as const

function unlike(a: Shown, b: Shown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b)
}

export function differences(before: TicketRead, after: TicketRead, draft: Draft): Difference[] {
  const own = parts.filter((name) => unlike(before.ticket[name], after.ticket[name])).map((name) => ({
    name, isField: false, from: before.ticket[name], to: after.ticket[name], meets: name in draft,
  }))
  const names = [...new Set([...Object.keys(before.fields), ...Object.keys(after.fields)])]
  const fields = names.filter((name) => unlike(before.fields[name] ?? null, after.fields[name] ?? null)).map((name) => ({
    name, isField: true, from: before.fields[name] ?? null, to: after.fields[name] ?? null, meets: name in draft,
  }))
  return [...own, ...fields]
}
