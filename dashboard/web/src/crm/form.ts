/** A kind's form: what stands in its inputs, and what of it is sent. Pure. */

import { fromLocal, toLocal } from './time'
import type { Category, Definition, FieldRule, Value, Words } from './shapes'

/** What stands in an input: text; ids of options or files where there are several. */
export type Entry = string | readonly string[] | readonly number[]
/** What somebody has typed and not saved yet; what is not in it is as the ticket has it. */
export type Draft = Readonly<Record<string, Entry>>

type Rule = Pick<FieldRule, 'type'>

export function entryOf(rule: Rule, value: Value | undefined, timezone: string): Entry {
  if (value === undefined) return rule.type === 'choices' || rule.type === 'files' ? [] : ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'object') return value
  if (rule.type === 'time' && typeof value === 'string') return toLocal(Date.parse(value), timezone)
  return String(value)
}

/** As the API takes it; null empties the field. What is no number is sent as it is: the server says what is wrong with it. */
export function valueOf(rule: Rule, entry: Entry, timezone: string): Value | null {
  if (typeof entry !== 'string') return entry.length > 0 ? entry : null
  const text = entry.trim()
  if (!text) return null
  switch (rule.type) {
    case 'number':
    case 'rating': return Number.isFinite(Number(text)) ? Number(text) : text
    case 'money': return text.replace(/[,，\s¥￥]/g, '')
    case 'yes_no': return text === 'yes'
    case 'time': {
      const at = fromLocal(text, timezone)
      return at === null ? text : new Date(at).toISOString()
    }
    default: return text
  }
}

export function same(a: Entry, b: Entry): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  return a.length === b.length && a.every((one, index) => one === b[index])
}

/** The draft after something was typed: what is again as it was is no change. */
export function typed(draft: Draft, name: string, entry: Entry, kept: Entry): Draft {
  const rest = Object.fromEntries(Object.entries(draft).filter(([key]) => key !== name))
  return same(entry, kept) ? rest : { ...rest, [name]: entry }
}

export function changesOf(definition: Definition, draft: Draft, timezone: string): Record<string, Value | null> {
  const found: Record<string, Value | null> = {}
  for (const [name, entry] of Object.entries(draft)) {
    const rule = definition.fields[name]
    if (rule) found[name] = valueOf(rule, entry, timezone)
  }
  return found
}

/** Fields that the form requires and that are empty. */
export function missing(definition: Definition, has: (name: string) => boolean): string[] {
  return Object.entries(definition.fields).filter(([name, rule]) => rule.required && !has(name)).map(([name]) => name)
}

/** What is asked when a ticket is opened: the form's fields up to the first one that only a later stage needs, and whatever is required. */
export function early(definition: Definition): string[] {
  const later = new Set(Object.entries(definition.stages).filter(([stage]) => stage !== definition.opens_in)
    .flatMap(([, stage]) => Object.values(stage.moves).flatMap((move) => [...move.needs, ...Object.keys(move.only_if)])))
  const first = Object.values(definition.stages[definition.opens_in]?.moves ?? {}).flatMap((move) => move.needs)
  const names = Object.keys(definition.fields)
  const end = names.findIndex((name) => later.has(name) && !first.includes(name) && !definition.fields[name]?.required)
  return names.filter((name, index) => definition.fields[name]?.required || ((end < 0 || index < end) && definition.fields[name]?.type !== 'files'))
}

/** What of an open ticket is looked at now: what is known, what was asked at the beginning, what its next moves need. */
export function current(definition: Definition, stage: string, filled: readonly string[]): string[] {
  const next = Object.values(definition.stages[stage]?.moves ?? {}).flatMap((move) => [...move.needs, ...Object.keys(move.only_if)])
  const wanted = new Set([...early(definition), ...filled, ...(definition.stages[stage]?.final ? [] : next)])
  return Object.keys(definition.fields).filter((name) => wanted.has(name))
}

export interface CategoryChoice {
  readonly path: string
  readonly depth: number
  readonly name: Words
}

/** Every node of the tree, parents before their children. */
export function categoryChoices(tree: Readonly<Record<string, Category>>, above = '', depth = 0): CategoryChoice[] {
  return Object.entries(tree).flatMap(([id, node]) => [
    { path: above + id, depth, name: node.name }, ...categoryChoices(node.children, `${above}${id}/`, depth + 1),
  ])
}

/** "给排水 › 漏水": the names of a category and of those above it. */
export function categoryNames(definition: Definition, path: string): Words[] {
  const names: Words[] = []
  let tree = definition.categories
  for (const part of path.split('/')) {
    const node = tree[part]
    if (!node) break
    names.push(node.name)
    tree = node.children
  }
  return names
}
