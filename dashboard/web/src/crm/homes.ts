/** Households as the API says them, and what is asked of them. */

import { ask, read } from '../api'
import { flag, list, moment, nullable, number, shape, text, type Parsed } from '../board/parse'
import { changed, newKey } from './asking'
import { pageOf } from './shapes'

const numberShown = shape({ number_id: number, number: text, label: text, place: number, bounced_at: nullable(moment) })
export type NumberShown = Parsed<typeof numberShown>
const consent = shape({ consent_id: number, what: text, how: text, given_at: moment, taken_by: text, withdrawn_at: nullable(moment) })
const person = shape({
  person_id: number, name: text, role: text, began_on: nullable(text), ended_on: nullable(text), no_call_since: nullable(moment),
  no_call_reason: nullable(text), numbers: list(numberShown), consents: list(consent),
})
export type Person = Parsed<typeof person>

export const household = shape({
  household_id: number, version: number, estate_id: number, estate: text, estate_en: nullable(text), building: text, unit: text, door: text,
  room: text, tags: list(text), language: text, people: list(person),
})
export type Household = Parsed<typeof household>

export const happened = shape({
  at: moment, what: text, ref: text, title: nullable(text), kind: nullable(text), state: nullable(text), is_open: flag, number: nullable(text),
  by: nullable(text), matter: nullable(text), result: nullable(text),
})
export type Happened = Parsed<typeof happened>

const householdPage = shape({ household, open_tickets: list(happened), open_callbacks: list(happened), history: pageOf(happened) })
export type HouseholdPage = Parsed<typeof householdPage>

const listed = shape({
  household_id: number, estate_id: number, estate: text, estate_en: nullable(text), room: text, tags: list(text), language: text,
  people: list(shape({ person_id: number, name: text, role: text, number: nullable(text) })),
})
export type Listed = Parsed<typeof listed>

const estate = shape({ estate_id: number, name: text, name_en: nullable(text) })
export type Estate = Parsed<typeof estate>
const tag = shape({ code: text, zh: text, en: text, retired: flag })
export type Tag = Parsed<typeof tag>

export async function households(query: URLSearchParams): Promise<Parsed<typeof householdList>> {
  return read(await ask(`/households?${query}`), householdList, 'households')
}
const householdList = pageOf(listed)

export async function places(): Promise<readonly Estate[]> {
  return read(await ask('/households/places'), list(estate), 'places')
}

export async function tags(): Promise<readonly Tag[]> {
  return read(await ask('/households/tags'), list(tag), 'tags')
}

export async function oneHousehold(id: number): Promise<HouseholdPage> {
  return read(await ask(`/households/${id}`), householdPage, 'household')
}

export async function history(id: number, cursor: string): Promise<HouseholdPage['history']> {
  return read(await ask(`/households/${id}/history?cursor=${encodeURIComponent(cursor)}`), pageOf(happened), 'history')
}

/** A history that was read further back, after its first page was asked for anew: what is new on top, nothing twice, nothing gone. */
export function joined(first: readonly Happened[], before: readonly Happened[]): readonly Happened[] {
  const name = (one: Happened) => `${one.what} ${one.ref}`
  const there = new Set(first.map(name))
  return [...first, ...before.filter((one) => !there.has(name(one)))]
}

const textSent = shape({
  text_id: number, purpose: text, made_at: moment, number: nullable(text), sent_at: nullable(moment), failed_at: nullable(moment), error: nullable(text),
})
export type TextSent = Parsed<typeof textSent>
const textsSent = pageOf(textSent)

export async function textsTo(id: number, cursor: string | null): Promise<Parsed<typeof textsSent>> {
  return read(await ask(`/households/${id}/texts?limit=10${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`), textsSent, 'texts')
}

export async function revealOf(id: number, what: 'name' | 'number', of: number, reason: string): Promise<string> {
  const answer = await changed('POST', `/households/${id}/reveal`, { what, of, reason })
  return (await read(answer, shape({ value: text }), 'value')).value
}

/** Why a change was not made; empty when it was. `version`: of the household as its form shows it, when that is not the newest. */
export type Change = (method: string, below: string, body?: object, version?: number) => Promise<string>

/** Any change of a household and of what belongs to it answers with the household as it is then. */
export async function changeHousehold(id: number, version: number, method: string, below: string, body?: object): Promise<Household> {
  const answer = await changed(method, `/households/${id}${below}`, body, { version, key: newKey(method) })
  return read(answer, household, 'household')
}
