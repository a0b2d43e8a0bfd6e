/** What the desk's API says, and how it is read: tickets, their kinds, clocks, notices. Moments are milliseconds. */

import { either, flag, isObject, list, moment, nullable, number, shape, table, text, Unfit, type Parsed, type Parser } from '../board/parse'
import { words } from '../session'

export type Words = Parsed<typeof words>
export type Value = string | number | boolean | readonly string[] | readonly number[]

export const value: Parser<Value> = (given, where) => {
  if (typeof given === 'string' || typeof given === 'number' || typeof given === 'boolean') return given
  return either(list(text), list(number))(given, where)
}

export function pageOf<T>(item: Parser<T>): Parser<{ readonly items: readonly T[]; readonly next: string | null }> {
  return shape({ items: list(item), next: nullable(text) })
}

export const ticket = shape({
  ticket_id: number, number: text, kind: text, kind_version: number, stage: text, state: text, title: nullable(text),
  category: nullable(text), household_id: nullable(number), room: nullable(text), estate_id: nullable(number),
  call_id: nullable(text), contact_number: nullable(text), notes: nullable(text), owner: nullable(text), offered_to: nullable(text),
  assignee: nullable(text), department: nullable(text), parent_id: nullable(number), parent_as: nullable(text), version: number,
  created_at: moment, updated_at: nullable(moment), closed_at: nullable(moment),
})
export type Ticket = Parsed<typeof ticket>

const move = shape({ to: text, may: flag, needs: list(text), missing: list(text) })
export type Move = Parsed<typeof move>

export const ticketRead = shape({
  ticket, fields: table(value), private: list(text), moves: list(move), children: list(ticket),
})
export type TicketRead = Parsed<typeof ticketRead>

const fieldRule = shape({
  name: words, type: text, required: flag, private: flag, options: table(words), pattern: nullable(text), least: nullable(number),
  most: nullable(number), longest: nullable(number),
})
export type FieldRule = Parsed<typeof fieldRule>

export interface Category {
  readonly name: Words
  readonly children: Readonly<Record<string, Category>>
}
const category: Parser<Category> = (given, where) => {
  if (!isObject(given)) throw new Unfit(`${where}: not an object`)
  return { name: words(given.name, `${where}.name`), children: table(category)(given.children, `${where}.children`) }
}

const stage = shape({ name: words, moves: table(shape({ name: nullable(words), only_if: table(text), needs: list(text), anew: list(text) })), final: flag })

export const kind = shape({
  kind: text, version: number, may_open: flag, may_see: flag,
  definition: shape({
    kind: text, name: words, opens_in: text, retired: flag, categories: table(category), fields: table(fieldRule), stages: table(stage),
    clocks: table(shape({ name: words })),
  }),
})
export type KindShown = Parsed<typeof kind>
export type Definition = KindShown['definition']

export const clock = shape({
  clock_id: number, ticket_id: number, clock: text, name: words, run: number, promised: flag, standing: text, started_at: moment,
  due_at: nullable(moment), is_warned: flag, broken_at: nullable(moment), ended_at: nullable(moment), kept: nullable(flag),
})
export type Clock = Parsed<typeof clock>

const anything: Parser<unknown> = (given) => given
export const ticketEvent = shape({ event_id: number, at: moment, who: text, what: text, data: table(anything) })
export type TicketEvent = Parsed<typeof ticketEvent>

export const attachment = shape({ attachment_id: number, at: moment, who: text, name: text, type: text, bytes: number })
export type Attachment = Parsed<typeof attachment>

export const colleague = shape({ user: text, name: text, roles: list(text), team: nullable(text) })
export type Colleague = Parsed<typeof colleague>

export const recording = shape({
  call_id: text, entered_at: moment, seat: nullable(text), agent: nullable(text), seconds: number, message: flag, fault: nullable(text), notes: number,
  expires_on: text,
})
export type Recording = Parsed<typeof recording>
export const waveform = shape({ seconds: number, peaks: list(number) })
export type Waveform = Parsed<typeof waveform>
export const soundNote = shape({ note_id: number, at_s: number, text, who: text, created_at: moment })
export type SoundNote = Parsed<typeof soundNote>

export const notice = shape({
  notice_id: number, ticket_id: number, number: text, kind: text, name: words, what: text, whom: text, at: moment, due_at: nullable(moment),
  is_waiting: flag, acknowledged_at: nullable(moment), acknowledged_by: nullable(text), settled_at: nullable(moment),
})
export type Notice = Parsed<typeof notice>
