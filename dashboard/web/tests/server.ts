/** A server that answers when a test says so, and components that are mounted as the pages mount them. */

import { mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { i18n } from '../src/i18n'
import type { Session } from '../src/session'
import { site } from './site'

export interface Later<T> {
  readonly promise: Promise<T>
  done(value: T): void
}

export function later<T>(): Later<T> {
  let done!: (value: T) => void
  return { promise: new Promise<T>((resolve) => (done = resolve)), done: (value) => done(value) }
}

export const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })
export const AT = '2026-11-23T02:00:00Z'
export const i18nToo = { global: { plugins: [i18n] } }

/** What the server says to each path, in turn; the last answer stays. `asked`: what was asked, with what. */
export class Server {
  answers: Record<string, (Response | Promise<Response>)[]> = {}
  readonly asked: string[] = []
  readonly bodies: unknown[] = []

  answer(url: string, { method = 'GET', body = null }: RequestInit): Promise<Response> {
    const path = `${method} ${url.replace('/api/v1', '').replace(/\?.*/, '')}`
    this.asked.push(path)
    this.bodies.push(typeof body === 'string' ? JSON.parse(body) : null)
    const [now, ...rest] = this.answers[path] ?? []
    if (rest.length) this.answers[path] = rest
    return now ? Promise.resolve(now).then((answer) => answer.clone()) : Promise.reject(new TypeError(path))
  }
}

/** A new one for each test. */
export function useServer(): Server {
  const server = new Server()
  beforeEach(() => {
    setActivePinia(createPinia())
    server.answers = {}
    server.asked.length = 0
    server.bodies.length = 0
    vi.stubGlobal('fetch', (url: string, init: RequestInit = {}) => server.answer(url, init))
  })
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  })
  return server
}

/** Runs `use` within a component, as all that listens and ends must be. */
export function within<T>(use: () => T): { of: T; end(): void } {
  let of!: T
  const made = mount(defineComponent({ setup: () => (of = use(), () => h('div')) }), i18nToo)
  return { of, end: () => made.unmount() }
}

export const manager: Session = {
  name: 'li', roles: ['manager'], sees_board: true, sees_callers: true, works_at_desk: true, leads: true, supervises: true, handles_tickets: true, reads_households: true,
  changes_households: true, seat: null, site,
}

export const household = {
  household_id: 5, version: 1, estate_id: 1, estate: '云栖花园', estate_en: null, building: '3', unit: '1', door: '502', room: '3-1-502', tags: [] as string[], language: 'zh',
  people: [{
    person_id: 8, name: '王**', role: 'owner', began_on: null, ended_on: null, no_call_since: null, no_call_reason: null, consents: [],
    numbers: [{ number_id: 9, number: '138****8000', label: 'mobile', place: 0, bounced_at: null }],
  }] as const,
}

const rule = { name: { zh: '何事', en: 'What' }, type: 'text', required: false, private: false, options: {}, pattern: null, least: null, most: null, longest: null }
export const definition = {
  kind: 'repair', name: { zh: '报修', en: 'Repair' }, opens_in: 'open', retired: false, categories: {}, fields: { what: rule, place: rule, secret: { ...rule, private: true } },
  stages: { open: { name: { zh: '报修', en: 'Repair' }, moves: {}, final: false } }, clocks: {},
}
export const kind = { kind: 'repair', version: 1, may_open: true, may_see: true, definition }

export const ticket = (version: number, fields: Record<string, string>, more: object = {}, secret: readonly string[] = []) => ({
  ticket: {
    ticket_id: 7, number: 'RE-7', kind: 'repair', kind_version: 1, stage: 'open', state: 'open', title: null, category: null, household_id: null, room: null, estate_id: null, call_id: null,
    contact_number: null, notes: null, owner: 'chen', offered_to: null, assignee: null, department: null, parent_id: null, parent_as: null, version, created_at: AT, updated_at: null, closed_at: null,
    ...more,
  },
  fields, private: secret, moves: [], children: [],
})

export const emergency = {
  emergency_id: 1, number: 'EM-1', ticket_id: 1, type: 'fire-alarm', name: { zh: '火警', en: 'Fire' }, level: 2, phase: 'active', drill: false, estate_id: null, estate: null, building: null,
  place: '3', what: null, happened_at: AT, declared_at: AT, declared_by: 'chen', commander: 'chen', over_at: null, closed_at: null, report_due_at: null,
  report: null, steps_open: 0, steps_late: 0, version: 1,
}
