/** What a page does while it asks, is answered late or not at all, and is pressed twice. */

import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { defineComponent, h } from 'vue'
import { stillParked } from '../src/board/floor'
import { emptyBoard, type Call } from '../src/board/vocabulary'
import HomePicker from '../src/components/crm/HomePicker.vue'
import EmergenciesPage from '../src/pages/EmergenciesPage.vue'
import OutagesPage from '../src/pages/OutagesPage.vue'
import ReportCard from '../src/components/storm/ReportCard.vue'
import SurgeHands from '../src/components/storm/SurgeHands.vue'
import { useDeskFeed } from '../src/crm/feed'
import { joined, type Happened } from '../src/crm/homes'
import { useTicket } from '../src/crm/open'
import { i18n } from '../src/i18n'
import { useBoard } from '../src/stores/board'
import { useMine } from '../src/stores/mine'
import { useSession } from '../src/stores/session'
import type { Emergency, Report } from '../src/storm/emergencies'
import { useActing } from '../src/storm/acting'
import type { Session } from '../src/session'
import { SETTLED_MS, useSure } from '../src/sure'
import { site } from './site'

/** What the server says to each path, in turn; the last answer stays. */
let answers: Record<string, (Response | Promise<Response>)[]> = {}
const asked: string[] = []

beforeEach(() => {
  setActivePinia(createPinia())
  answers = {}
  asked.length = 0
  vi.stubGlobal('fetch', (url: string, { method = 'GET' }: RequestInit = {}) => {
    const path = `${method} ${url.replace('/api/v1', '').replace(/\?.*/, '')}`
    asked.push(path)
    const [now, ...rest] = answers[path] ?? []
    if (rest.length) answers[path] = rest
    return now ? Promise.resolve(now).then((answer) => answer.clone()) : Promise.reject(new TypeError(path))
  })
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })
const away = () => json({ code: 'unavailable', faults: [] }, 503)

/** Runs `use` within a component, as all that listens and ends must be. */
function within<T>(use: () => T): { of: T; end(): void } {
  let of!: T
  const made = mount(defineComponent({ setup: () => (of = use(), () => h('div')) }), { global: { plugins: [i18n] } })
  return { of, end: () => made.unmount() }
}

function later<T>(): { promise: Promise<T>; done(value: T): void } {
  let done!: (value: T) => void
  return { promise: new Promise<T>((resolve) => (done = resolve)), done: (value) => done(value) }
}

const declared = {
  emergency_id: 1, number: 'EM-1', ticket_id: 1, type: 'fire-alarm', name: { zh: '火警', en: 'Fire' }, level: 1, phase: 'active', drill: false, estate_id: null, estate: null, building: null,
  place: '3', what: null, happened_at: '2026-11-23T02:00:00Z', declared_at: '2026-11-23T02:00:00Z', declared_by: 'chen', commander: 'chen', over_at: null, closed_at: null, report_due_at: null,
  report: null, steps_open: 0, steps_late: 0, version: 1,
}
const AT = '2026-11-23T02:00:00Z'
const name = { zh: '报修', en: 'Repair' }
const rule = { name, type: 'text', required: false, private: false, options: {}, pattern: null, least: null, most: null, longest: null }
const kind = {
  kind: 'repair', version: 1, may_open: true, may_see: true,
  definition: { kind: 'repair', name, opens_in: 'open', retired: false, categories: {}, fields: { what: rule, place: rule }, stages: { open: { name, moves: {}, final: false } }, clocks: {} },
}
const ticket = (version: number, what: string) => json({
  ticket: {
    ticket_id: 7, number: 'RE-7', kind: 'repair', kind_version: 1, stage: 'open', state: 'open', title: null, category: null, household_id: null, room: null, estate_id: null, call_id: null,
    contact_number: null, notes: null, owner: 'chen', offered_to: null, assignee: null, department: null, parent_id: null, parent_as: null, version, created_at: AT, updated_at: null, closed_at: null,
  },
  fields: { what }, private: [], moves: [], children: [],
})

test('what is typed before an act was answered stays, and what was sent goes', async () => {
  let answer = later<boolean>()
  const page = mount(SurgeHands, { props: { now: emptyBoard, busy: false, act: () => answer.promise }, global: { plugins: [i18n] } })
  const reason = page.get<HTMLInputElement>('[data-field=reason]')
  await reason.setValue('a burst main')
  await page.get('[data-act=raise]').trigger('click')
  await reason.setValue('waits for the plumbers')
  answer.done(true)
  await flushPromises()
  expect(reason.element.value).toBe('waits for the plumbers')
  answer = later<boolean>()
  await page.get('[data-act=raise]').trigger('click')
  answer.done(true)
  await flushPromises()
  expect(reason.element.value).toBe('')
})

test('a ticket keeps what is typed while it is saved, and is not replaced by an answer of before', async () => {
  Object.assign(answers, {
    'GET /kinds': [json({ items: [kind] })], 'GET /tickets/7': [ticket(1, 'a leak')], 'GET /tickets/7/timeline': [json({ items: [], next: null }), json({ items: [], next: null }), away()],
    'GET /tickets/7/clocks': [json({ clocks: [] })], 'GET /tickets/7/attachments': [json({ items: [] })],
  })
  const { of: one } = within(() => useTicket(7, 'chen', 'Asia/Shanghai'))
  await one.load()
  one.type({ what: 'a flood' })
  const [saved, old] = [later<Response>(), later<Response>()]
  answers['PATCH /tickets/7'] = [saved.promise]
  answers['GET /tickets/7'] = [old.promise]
  const [saving, refreshing] = [one.save(), one.refresh().catch(() => undefined)]
  one.type({ what: 'a flood', place: 'kitchen' })
  saved.done(ticket(2, 'a flood'))
  expect(await saving).toBe(true) // also where its timeline cannot be asked for afterwards
  expect([one.draft.value, one.fault.value]).toEqual([{ place: 'kitchen' }, ''])
  old.done(ticket(1, 'a leak'))
  await refreshing
  expect(one.read.value?.fields).toEqual({ what: 'a flood' })
})

test('a change of which a page could not ask is asked for again, until it is there and no longer', async () => {
  vi.useFakeTimers()
  const said = [false, new Error('away'), true]
  const reload = vi.fn(() => {
    const now = said.shift()
    return now instanceof Error ? Promise.reject(now) : Promise.resolve(now)
  })
  const { end } = within(() => useDeskFeed(() => true, reload))
  useBoard().became('live')
  useBoard().applyEvent({ type: 'DeskChanged', what: 'ticket.moved', subject: 'ticket:7', estate_id: null })
  for (const [ms, calls] of [[1000, 1], [5000, 2], [5000, 3], [20_000, 3]] as const) {
    await vi.advanceTimersByTimeAsync(ms)
    expect(reload).toHaveBeenCalledTimes(calls)
  }
  end()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(reload).toHaveBeenCalledTimes(3)
})

test('where I sit is asked again until the server says it, and not once I have signed out', async () => {
  vi.useFakeTimers()
  const mine = useMine()
  answers['GET /floor/me'] = [away(), json({ code: '801', seat: '1001' })]
  await mine.look()
  expect([mine.mine, mine.lost]).toEqual([null, 'unavailable'])
  await vi.advanceTimersByTimeAsync(5000)
  expect([mine.code, mine.lost]).toEqual(['801', ''])
  const late = later<Response>()
  answers['GET /floor/me'] = [late.promise]
  const looking = mine.look()
  mine.forget()
  late.done(json({ code: '802', seat: '1002' }))
  await looking
  expect(mine.mine).toBeNull()
})

test('a household that cannot be looked for is not one that is not there', async () => {
  vi.useFakeTimers()
  answers['GET /households'] = [away(), json({ items: [], next: null })]
  const picker = mount(HomePicker, { props: { chosen: null }, global: { plugins: [i18n] } })
  const find = () => picker.get('[data-test=find-home]').setValue('3-1-502')
  await find()
  await vi.advanceTimersByTimeAsync(300)
  expect(picker.get('[data-test=fault]').text()).toContain(i18n.global.t('error.unavailable'))
  expect(picker.text()).not.toContain(i18n.global.t('crm.home.none'))
  await find()
  await vi.advanceTimersByTimeAsync(300)
  expect(picker.text()).toContain(i18n.global.t('crm.home.none'))
})

test('the banner of what could not be asked goes with the next answer; that of an act stays', async () => {
  const acting = useActing(async () => undefined)
  const fails = () => acting.look(() => Promise.reject(new TypeError()))
  const works = () => acting.look(() => Promise.resolve(1))
  await Promise.all([fails(), works()])
  expect(acting.fault.value).toBe('internal')
  await Promise.all([works(), works()])
  expect(acting.fault.value).toBe('')
  answers['POST /surge/raise'] = [json({ code: 'changed', faults: [] }, 412)]
  await acting.act('POST', '/surge/raise', { reason: 'rain' }, 1)
  await works()
  expect(acting.fault.value).toBe('changed')
  expect([await acting.make(() => Promise.reject(new TypeError())), await works(), acting.fault.value]).toEqual([null, 1, 'internal'])
})

test('a double click is not two decisions', async () => {
  vi.useFakeTimers()
  const { of: sure } = within(useSure)
  sure.ask('line')
  expect([sure.asked.value, sure.settled.value]).toEqual(['line', false])
  await vi.advanceTimersByTimeAsync(SETTLED_MS)
  expect(sure.settled.value).toBe(true)
  sure.ask('queue')
  expect(sure.settled.value).toBe(false)
  sure.forget()
  await vi.advanceTimersByTimeAsync(SETTLED_MS)
  expect([sure.asked.value, sure.settled.value]).toEqual(['', false])
})

const manager: Session = {
  name: 'li', roles: ['manager'], sees_board: true, sees_callers: true, works_at_desk: true, leads: true, supervises: true, handles_tickets: true, reads_households: true,
  changes_households: true, seat: null, site,
}
const told = (what: string) => useBoard().applyEvent({ type: 'DeskChanged', what, subject: '', estate_id: null })

test('what is typed for one outage is not written to the one that begins meanwhile', async () => {
  vi.useFakeTimers()
  const outage = (outage_id: string, component: string) => ({
    outage_id, component, detail: '', began_at: AT, ended_at: null, step: 0, acknowledged_at: null, acknowledged_by: null, cause: null, cause_by: null, lost: null, unreachable: null, version: 1,
  })
  const [trunk, redis] = [outage('trunk-1', 'trunk'), outage('redis-2', 'redis')]
  for (const one of [trunk, redis]) {
    answers[`GET /outages/${one.outage_id}`] = [json({ outage: one, lines: [] })]
    answers[`GET /outages/${one.outage_id}/callers`] = [json({ callers: [] })]
  }
  answers['GET /outages'] = [json({ items: [trunk], next: null }), json({ items: [redis, trunk], next: null })]
  const page = mount(OutagesPage, { props: { id: '', session: manager, now: Date.parse(AT) }, global: { plugins: [i18n] } })
  await flushPromises()
  const cause = () => page.get<HTMLInputElement>('[data-field=cause]')
  await cause().setValue('the modem has no power')
  told('outage.began')
  await vi.advanceTimersByTimeAsync(1000)
  expect([page.get('[data-story]').attributes('data-story'), cause().element.value]).toEqual(['redis-2', ''])
  await page.setProps({ id: 'trunk-1' })
  await vi.advanceTimersByTimeAsync(1000)
  expect([page.get('[data-story]').attributes('data-story'), cause().element.value]).toEqual(['trunk-1', 'the modem has no power'])
})

test('the level that a leader is choosing outlives what happens meanwhile; a late answer is not shown as another phase', async () => {
  vi.useFakeTimers()
  Object.assign(answers, {
    'GET /emergencies': [json({ items: [], next: null })], 'GET /emergencies/proposals': [json({ items: [], next: null })], 'GET /emergencies/types': [away(), json({ items: [] })],
    'GET /emergencies/weather': [json({ level: 0, since: null, by: null, agents: 0, staffing: null })], 'GET /households/places': [json([])],
  })
  const page = mount(EmergenciesPage, { props: { session: manager, now: Date.parse(AT) }, global: { plugins: [i18n] } })
  await flushPromises()
  await page.get('[data-test=weather] select').setValue(1)
  told('emergency.declared')
  await vi.advanceTimersByTimeAsync(1000)
  expect(page.get('[data-act=weather]').attributes('disabled')).toBeUndefined()
  expect(asked.filter((path) => path === 'GET /emergencies/types')).toHaveLength(2) // what could not be asked for is asked for with it
  const late = later<Response>()
  answers['GET /emergencies'] = [late.promise, json({ items: [], next: null })]
  await page.get('input[value=over]').setValue(true)
  await page.get('input[value=closed]').setValue(true)
  late.done(json({ items: [{ ...declared, phase: 'over' }], next: null }))
  await flushPromises()
  expect(page.find('[data-emergency]').exists()).toBe(false)
})

test('the session of who has no feed ends with the first thing that is refused', async () => {
  const users = useSession()
  const session = { ...manager, name: 'zhou', roles: ['engineer'], sees_board: false }
  answers['POST /session'] = [json(session, 201), json({ ...session, sees_board: true }, 201)]
  answers['GET /floor/me'] = [json({ code: 'unauthenticated', faults: [] }, 401)]
  await users.signIn('zhou', 'x')
  await useMine().look()
  expect(users.ended).toBe(true)
  users.end()
  await users.signIn('zhou', 'x')
  await useMine().look() // the feed says it, and closes what it must
  expect(users.ended).toBe(false)
})

test('only where I parked a call it is mine to fetch', () => {
  const call = (call_id: string, parked: string): Call => ({
    call_id, state: 'queued', entered_at: 0, since: 0, number: '', did: '', name: '', room: '', household_id: null, language: 'zh', queue: null, queued_at: null, rang_at: null,
    answered_at: null, stage: 0, ringing: [], seat: null, agent: null, priority: 0, expected_wait_s: null, parked, emergency: false,
  })
  const board = { ...emptyBoard, calls: { a: call('a', '71'), b: call('b', ''), c: call('c', '72') } }
  expect(stillParked(board, [{ callId: 'a', slot: '71' }, { callId: 'b', slot: '72' }, { callId: 'gone', slot: '73' }])).toEqual(['71'])
})

test('a history that was read further back stays so when something new is on top', () => {
  const one = (ref: string, matter = ''): Happened => ({ at: 0, what: 'ticket', ref, title: null, kind: null, state: null, is_open: false, number: null, by: null, matter, result: null })
  expect(joined([one('9'), one('8', 'closed')], [one('8'), one('7'), one('6')]).map((found) => found.ref + found.matter)).toEqual(['9', '8closed', '7', '6'])
})

test('what two write into a report at once is shown to both, and what is typed is not lost', async () => {
  const report = (course: string): Report => ({
    what: 'fire', occurred: '', place: '', course, conclusion: '', state: 'draft', due_at: null, is_late: false, drafted_at: 0, signed_by: null, signed_at: null, approved_by: null,
    approved_at: null, photos: 0, version: 1,
  })
  const emergency: Emergency = { ...declared, phase: 'over', happened_at: 0, declared_at: 0, over_at: 0, report: 'draft' }
  const sent: unknown[] = []
  const card = mount(ReportCard, {
    props: {
      emergency, report: report('at nine'), now: 0, timezone: 'Asia/Shanghai', busy: false, works: true, commands: true, leads: false, me: 'chen',
      act: (_: string, __: string, body?: object) => (sent.push(body), Promise.resolve(true)),
    },
    global: { plugins: [i18n] },
  })
  const course = card.get('[data-field=report-course]')
  const save = () => card.get('[data-act=save-report]')
  await course.setValue('at nine the alarm rang')
  await card.setProps({ report: report('at nine the guard saw smoke') })
  expect(card.get('[data-theirs=course]').text()).toContain('at nine the guard saw smoke')
  expect(save().attributes('disabled')).toBeDefined()
  await card.get('[data-act=keep-mine]').trigger('click')
  expect(card.find('[data-theirs]').exists()).toBe(false)
  await save().trigger('click')
  await flushPromises()
  expect(sent).toEqual([{ course: 'at nine the alarm rang' }])
  await course.setValue('at ten')
  await card.setProps({ report: report('by another') })
  await card.get('[data-act=keep-theirs]').trigger('click')
  expect(card.get<HTMLTextAreaElement>('[data-field=report-course]').element.value).toBe('by another')
  const [drafting, written] = [later<boolean>(), () => card.get<HTMLTextAreaElement>('[data-field=report-conclusion]')]
  await card.setProps({ act: () => drafting.promise, report: null, emergency: { ...emergency, report_due_at: 1 } })
  await card.get('[data-act=draft]').trigger('click')
  await card.setProps({ report: report('') }) // live news of it is quicker than the answer
  await written().setValue('the main fuse')
  drafting.done(true)
  await flushPromises()
  expect(written().element.value).toBe('the main fuse')
})
