/** Somebody is at the next thing before the answer to the last one comes: live news is quicker than it. */

import { flushPromises, mount } from '@vue/test-utils'
import { expect, test, vi } from 'vitest'
import HomeEdit from '../src/components/crm/HomeEdit.vue'
import PersonAdd from '../src/components/crm/PersonAdd.vue'
import PersonCard from '../src/components/crm/PersonCard.vue'
import ChatCard from '../src/components/storm/ChatCard.vue'
import CommandCard from '../src/components/storm/CommandCard.vue'
import FallenCard from '../src/components/storm/FallenCard.vue'
import LineCard from '../src/components/storm/LineCard.vue'
import SituationCard from '../src/components/storm/SituationCard.vue'
import StepList from '../src/components/storm/StepList.vue'
import DrillsPage from '../src/pages/DrillsPage.vue'
import EmergenciesPage from '../src/pages/EmergenciesPage.vue'
import EmergencyPage from '../src/pages/EmergencyPage.vue'
import NewTicketPage from '../src/pages/NewTicketPage.vue'
import OutagesPage from '../src/pages/OutagesPage.vue'
import { useBoard } from '../src/stores/board'
import { useDrafts } from '../src/stores/drafts'
import { useTags } from '../src/stores/tags'
import { AT, emergency, household, i18nToo, json, kind, later, manager, ticket, useServer } from './server'

const server = useServer()
const usual = { now: Date.parse(AT), timezone: 'Asia/Shanghai', busy: false }
const agent = (code: string) => ({
  code, name: code, team: '', state: 'ready' as const, since: 0, seat: null, reason: '', call_id: null, until: null, missed: 0, help_since: null, help_reason: '', recording_paused: false,
  consulting: false,
})
const [person] = household.people
const read = { emergency: { ...emergency, happened_at: 0, declared_at: 0 }, steps: [], conditions: [], records: [], timeline: [], hindering: [], left: [], learnt: {}, broadcast: null, chat: { zh: '', en: '' } }

test('who is chosen as out while another report is under way stays chosen', async () => {
  const answer = later<boolean>()
  const card = mount(FallenCard, { props: { ...usual, agents: { 801: agent('801'), 802: agent('802') }, last: null, act: () => answer.promise }, ...i18nToo })
  const out = (code: string) => card.get<HTMLInputElement>(`[data-out='${code}']`)
  await out('801').setValue(true)
  await card.get('form').trigger('submit')
  await out('802').setValue(true)
  answer.done(true)
  await flushPromises()
  expect([out('801').element.checked, out('802').element.checked]).toEqual([false, true])
})

test('where the line is to go next is not unchosen by the answer to the last switch', async () => {
  vi.useFakeTimers()
  const answer = later<boolean>()
  const card = mount(LineCard, { props: { ...usual, line: { to: '+8651255500000', since: null, by: '', known: true, numbers: ['+8651255500000'] }, act: () => answer.promise }, ...i18nToo })
  await card.get('[data-act=line-back]').trigger('click')
  await card.get('[data-field=line]').setValue('announcement')
  answer.done(true)
  await flushPromises()
  expect(card.get<HTMLSelectElement>('[data-field=line]').element.value).toBe('announcement')
})

test('what is typed and chosen for the next text to the chats stays', async () => {
  vi.stubGlobal('isSecureContext', false)
  let answer = later<boolean>()
  const card = mount(ChatCard, { props: { ...usual, chat: { text: { zh: '一', en: 'one' }, robots: ['owners', 'staff'], sent: [] }, may: true, drill: false, add: () => answer.promise }, ...i18nToo })
  const robot = (name: string) => card.get<HTMLInputElement>(`[data-robot=${name}]`)
  await card.get('[data-act=own-words]').trigger('click')
  await robot('owners').setValue(true)
  await card.get('form').trigger('submit')
  await robot('staff').setValue(true)
  await card.get('[data-field=chat-zh]').setValue('二')
  answer.done(true)
  await flushPromises()
  expect([robot('owners').element.checked, robot('staff').element.checked]).toEqual([false, true])
  expect(card.get<HTMLTextAreaElement>('[data-field=chat-zh]').element.value).toBe('二')
  answer = later()
  await card.get('form').trigger('submit')
  answer.done(true)
  await flushPromises()
  expect([card.find('[data-field=chat-zh]').exists(), robot('staff').element.checked]).toEqual([false, false])
})

test('the level that a commander is choosing outlives a change of it', async () => {
  const card = mount(CommandCard, { props: { read, people: [], busy: false, commands: true, act: () => Promise.resolve(true) }, ...i18nToo })
  const level = () => card.get<HTMLSelectElement>('form:has([data-act=level]) select').element
  await card.setProps({ read: { ...read, emergency: { ...read.emergency, level: 3 } } })
  expect(level().value).toBe('3')
  await card.get('form:has([data-act=level]) select').setValue('1')
  await card.setProps({ read })
  expect(level().value).toBe('1')
})

test('the weather that a leader is choosing outlives a change of it', async () => {
  vi.useFakeTimers()
  const sky = (level: number) => json({ level, since: null, by: null, agents: 0, staffing: null })
  Object.assign(server.answers, {
    'GET /emergencies': [json({ items: [], next: null })], 'GET /emergencies/proposals': [json({ items: [], next: null })], 'GET /emergencies/types': [json({ items: [] })],
    'GET /emergencies/weather': [sky(0), sky(3)], 'GET /households/places': [json([])],
  })
  const page = mount(EmergenciesPage, { props: { session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  const level = page.get<HTMLSelectElement>('[data-test=weather] select')
  await level.setValue('1')
  useBoard().applyEvent({ type: 'DeskChanged', what: 'weather.changed', subject: '', estate_id: null })
  await vi.advanceTimersByTimeAsync(1000)
  expect([page.get('[data-test=weather] strong').text().length > 0, level.element.value]).toEqual([true, '1'])
})

test('the report that somebody has opened meanwhile is not closed by one that was written', async () => {
  const one = (report_id: number) => ({ report_id, at: 0, by: '', tier: 1, subject: { zh: '报', en: 'report' }, told: [], waits_for_me: false })
  const answer = later<boolean>()
  const card = mount(SituationCard, { props: { ...usual, reports: [one(2), one(1)], mayWrite: true, act: () => answer.promise }, ...i18nToo })
  const open = (id: number) => card.get(`[data-report='${id}'] .line`)
  await card.get('[data-act=write-report]').trigger('click')
  await open(1).trigger('click')
  answer.done(true)
  await flushPromises()
  expect([open(1), open(2)].map((line) => line.attributes('aria-expanded'))).toEqual(['true', 'false'])
})

test('a step that could not be said not to be needed keeps the reason that was typed', async () => {
  const step = { step: 'call', does: { zh: '打电话', en: 'Call' }, note: null, who: 'agent', needed: true, after: null, standing: 'open', since: 0, due_at: null, ended_at: null, ended_by: null, is_late: false }
  const said = [false, true]
  const told: string[] = []
  const list = mount(StepList, { props: { ...usual, steps: [step], works: true, tell: (...all: string[]) => (told.push(all.join(' ')), Promise.resolve(said.shift() ?? false)) }, ...i18nToo })
  await list.get('[data-say=not_needed]').trigger('click')
  await list.get('.why').setValue('done by the guard')
  await list.get('[data-say=not_needed-sure]').trigger('click')
  await flushPromises()
  expect(list.get<HTMLInputElement>('.why').element.value).toBe('done by the guard')
  await list.get('[data-say=not_needed-sure]').trigger('click')
  await flushPromises()
  expect([told, list.find('.why').exists()]).toEqual([Array(2).fill('call not_needed done by the guard'), false])
})

test('a next person is typed while the last is added', async () => {
  let answer = later<string>()
  const form = mount(PersonAdd, { props: { busy: false, change: () => answer.promise }, ...i18nToo })
  const name = form.get<HTMLInputElement>('input')
  await name.setValue('王小明')
  await form.trigger('submit')
  await name.setValue('李小红')
  answer.done('')
  await flushPromises()
  expect([form.emitted('done'), name.element.value]).toEqual([undefined, '李小红'])
  answer = later()
  await form.trigger('submit')
  answer.done('')
  await flushPromises()
  expect(form.emitted('done')).toHaveLength(1)
})

test('a person’s card stays open over what is typed while a name is saved', async () => {
  const answer = later<string>()
  const props = { home: household, person, mayChange: true, change: () => answer.promise, ...usual }
  const card = mount(PersonCard, { props, ...i18nToo })
  await card.get('[data-test=edit-person]').trigger('click')
  const inputs = () => card.findAll<HTMLInputElement>('.forms form input')
  await inputs()[0]?.setValue('王小明')
  await card.get('.forms form').trigger('submit')
  await inputs()[0]?.setValue('王小红')
  answer.done('')
  await flushPromises()
  expect(inputs()[0]?.element.value).toBe('王小红')
})

test('somebody moves out on the day on which it is said, not on that on which the page was opened', async () => {
  const card = mount(PersonCard, { props: { home: household, person, mayChange: true, change: () => Promise.resolve(''), ...usual }, ...i18nToo })
  await card.setProps({ now: Date.parse('2026-11-24T02:00:00Z') })
  await card.get('[data-test=edit-person]').trigger('click')
  expect(card.findAll<HTMLInputElement>('.forms form input').at(-1)?.element.value).toBe('2026-11-24')
})

test('a tag that is chosen while the room is saved is not lost, and is a change of what was saved', async () => {
  useTags().tags = [{ code: 'vip', zh: '贵宾', en: 'VIP', retired: false }]
  const answer = later<string>()
  const sent: unknown[] = []
  const form = mount(HomeEdit, {
    props: { home: household, busy: false, change: (_: string, __: string, body?: object, version?: number) => (sent.push([body, version]), answer.promise) }, ...i18nToo,
  })
  await form.get('input').setValue('2')
  await form.trigger('submit')
  await form.get('input[type=checkbox]').trigger('change')
  await form.setProps({ home: { ...household, unit: '2', version: 2 } })
  answer.done('')
  await flushPromises()
  expect(form.emitted('done')).toBeUndefined()
  await form.trigger('submit')
  await form.setProps({ home: { ...household, unit: '2', tags: ['vip'], version: 3 } })
  await flushPromises()
  expect(sent).toEqual([[{ unit: '2' }, 1], [{ tags: ['vip'] }, 2]])
  expect(form.emitted('done')).toHaveLength(1)
})

test('what is typed of an emergency while the last word is sent stays', async () => {
  vi.stubGlobal('isSecureContext', false)
  const record = { record: 'seen_by', name: { zh: '谁', en: 'Who' }, type: 'text', needed: false, value: null }
  const shown = { ...read, emergency, records: [record] }
  Object.assign(server.answers, {
    'GET /emergencies/1': [json(shown)], 'GET /emergencies/1/broadcasts': [json({ items: [] })], 'GET /emergencies/1/chat': [json({ text: { zh: '', en: '' }, robots: [], sent: [] })],
    'GET /households/places': [json([])], 'GET /tickets/1/people': [json({ items: [] })],
  })
  const noted = later<Response>()
  server.answers['POST /emergencies/1/records'] = [noted.promise]
  const page = mount(EmergencyPage, { props: { id: 1, session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  const who = () => page.get<HTMLInputElement>('[data-record=seen_by] input')
  await who().setValue('a guard')
  await page.get('[data-record=seen_by]').trigger('submit')
  await who().setValue('two guards')
  noted.done(json(shown))
  await flushPromises()
  expect(who().element.value).toBe('two guards')
})

test('what is typed of an outage while the last word is sent stays', async () => {
  const outage = {
    outage_id: 'trunk-1', component: 'trunk', detail: '', began_at: AT, ended_at: null, step: 0, acknowledged_at: null, acknowledged_by: null, cause: null, cause_by: null, lost: null,
    unreachable: null, version: 1,
  }
  const given = later<Response>()
  Object.assign(server.answers, {
    'GET /outages': [json({ items: [outage], next: null })], 'GET /outages/trunk-1': [json({ outage, lines: [] })], 'GET /outages/trunk-1/callers': [json({ callers: [] })],
    'PUT /outages/trunk-1/cause': [given.promise],
  })
  const outages = mount(OutagesPage, { props: { id: '', session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  const cause = () => outages.get<HTMLInputElement>('[data-field=cause]')
  await cause().setValue('the modem')
  await outages.get('form:has([data-field=cause])').trigger('submit')
  await cause().setValue('the modem has no power')
  given.done(json({}))
  await flushPromises()
  expect(cause().element.value).toBe('the modem has no power')
})

const drill = (drill_id: number, ended_at: string | null) => ({
  drill_id, name: `drill ${drill_id}`, state: ended_at ? 'over' : 'running', reason: '', by: 'li', began_at: AT, stopped_at: null, stopped_by: '', why: '', ended_at, planned: 1, begun: 1,
  on_the_line: 0, summary: null, against: null, changed: [], differs: null, notes: [],
  scenario: { name: 'x', calls_a_minute: 1, minutes: 1, number: '', keys: [], patience: 1, talk: 1, seats: 'simulated', agents: 1, picks_up: 1, surge: false, seed: 1 },
})

test('what is typed of a drill is still there after another has begun', async () => {
  vi.useFakeTimers()
  Object.assign(server.answers, {
    'GET /drills': [json({ items: [drill(1, AT)], next: null }), json({ items: [drill(2, null), drill(1, AT)], next: null })], 'GET /drills/1': [json(drill(1, AT))], 'GET /drills/2': [json(drill(2, null))],
  })
  const page = mount(DrillsPage, { props: { session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  const note = () => page.get<HTMLInputElement>('[data-field=note]')
  await note().setValue('nobody said the greeting')
  useBoard().applyEvent({ type: 'DeskChanged', what: 'drill.begun', subject: '', estate_id: null })
  await vi.advanceTimersByTimeAsync(1000)
  expect([page.get('[data-drill]').attributes('data-drill'), note().element.value]).toEqual(['2', ''])
  await page.get("[data-choose='1']").trigger('click')
  await flushPromises()
  expect([page.get('[data-drill]').attributes('data-drill'), note().element.value]).toEqual(['1', 'nobody said the greeting'])
  const noted = later<Response>()
  server.answers['POST /drills/1/notes'] = [noted.promise]
  await page.get('form.note').trigger('submit')
  await note().setValue('nor the name')
  noted.done(json({}))
  await flushPromises()
  expect([server.bodies.find((body) => body), note().element.value]).toEqual([{ text: 'nobody said the greeting' }, 'nor the name'])
  page.unmount()
})

test('a drill of which nothing can be told yet is not drill number nought', async () => {
  Object.assign(server.answers, { 'GET /drills': [json({ items: [drill(1, AT)], next: null })], 'GET /drills/1': [json(drill(1, AT))], 'POST /drills': [json(drill(2, null))] })
  const page = mount(DrillsPage, { props: { session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  await page.get('[data-field=reason]').setValue('monthly')
  await page.get('[data-test=begin]').trigger('submit')
  await flushPromises()
  expect(server.asked).not.toContain('GET /drills/0')
  page.unmount()
})

test('what is typed while a ticket is opened goes on as unsaved on its page', async () => {
  const made = later<Response>()
  Object.assign(server.answers, { 'GET /kinds': [json({ items: [kind] })], 'GET /households/places': [json([])], 'POST /tickets': [made.promise] })
  const page = mount(NewTicketPage, { props: { session: manager, now: Date.parse(AT) }, ...i18nToo })
  await flushPromises()
  await page.get('[data-kind=repair]').trigger('click')
  await page.get('[data-field=what] input').setValue('a leak')
  await page.get('form').trigger('submit')
  await page.get('[data-field=place] input').setValue('kitchen')
  await page.get('.more textarea').setValue('rings again at five')
  made.done(json(ticket(1, { what: 'a leak' })))
  await flushPromises()
  const drafts = useDrafts()
  expect([drafts.tickets[7]?.draft, drafts.notes[7], drafts.begun]).toEqual([{ place: 'kitchen' }, 'rings again at five', {}])
})
