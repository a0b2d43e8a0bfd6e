/** Answers that come late: over something newer, for somebody else, or after the page was left. */

import { flushPromises, mount } from '@vue/test-utils'
import { defineComponent, h, nextTick, ref } from 'vue'
import { expect, test, vi } from 'vitest'
import App from '../src/App.vue'
import AlertStrip from '../src/components/AlertStrip.vue'
import FieldInput from '../src/components/crm/FieldInput.vue'
import HomePicker from '../src/components/crm/HomePicker.vue'
import KnownHere from '../src/components/crm/KnownHere.vue'
import LinksCard from '../src/components/crm/LinksCard.vue'
import MaskedValue from '../src/components/crm/MaskedValue.vue'
import SoundPlayer from '../src/components/crm/SoundPlayer.vue'
import TicketForm from '../src/components/crm/TicketForm.vue'
import PhoneBar from '../src/components/PhoneBar.vue'
import CallInPeople from '../src/components/storm/CallInPeople.vue'
import SituationCard from '../src/components/storm/SituationCard.vue'
import { emptyBoard, type AgentShown } from '../src/board/vocabulary'
import { useTicket } from '../src/crm/open'
import { useQuiet } from '../src/crm/quiet'
import { ticketRead } from '../src/crm/shapes'
import { fromLocal } from '../src/crm/time'
import { useDeskWords } from '../src/crm/words'
import EmergenciesPage from '../src/pages/EmergenciesPage.vue'
import EmergencyPage from '../src/pages/EmergencyPage.vue'
import NewTicketPage from '../src/pages/NewTicketPage.vue'
import OutagesPage from '../src/pages/OutagesPage.vue'
import { open, place } from '../src/route'
import { useBoard } from '../src/stores/board'
import { useMine } from '../src/stores/mine'
import { usePhone } from '../src/stores/phone'
import { useSession } from '../src/stores/session'
import { useActing } from '../src/storm/acting'
import { site } from './site'
import { AT, definition, emergency, household, i18nToo, json, kind, later, manager, ticket, useServer, within } from './server'

const server = useServer()
const NOW = Date.parse(AT)
const shown = (...of: Parameters<typeof ticket>) => ticketRead(ticket(...of), 'ticket')

test('a ticket that was untied is not shown as tied by a late answer', async () => {
  const parent = later<Response>()
  server.answers['GET /tickets/3'] = [parent.promise]
  const { of: words } = within(() => useDeskWords('Asia/Shanghai', () => NOW))
  const card = mount(LinksCard, { props: { read: shown(1, {}, { parent_id: 3, parent_as: 'rework' }), words, busy: false, change: () => Promise.resolve(true) }, ...i18nToo })
  await card.setProps({ read: shown(2, {}) })
  parent.done(json(ticket(1, {}, { ticket_id: 3, number: 'RE-3' })))
  await flushPromises()
  expect(card.text()).not.toContain('RE-3')
})

test('a masked name can be looked at, and what was seen of before is not shown as what is there now', async () => {
  const seen = later<string>()
  const value = mount(MaskedValue, { props: { shown: '王**', of: 1, label: 'name', ask: () => seen.promise }, ...i18nToo })
  await value.get('[data-test=show]').trigger('click')
  await value.get('[data-test=reason]').setValue('to ring back')
  await value.get('[data-test=look]').trigger('click')
  await value.setProps({ of: 2 }) // somebody has written another name, with the same mask
  seen.done('王小明')
  await flushPromises()
  expect([value.text().includes('王小明'), value.emitted('seen')]).toEqual([false, undefined])
  await value.setProps({ ask: () => Promise.resolve('王小红') })
  await value.get('[data-test=look]').trigger('click')
  await flushPromises()
  expect(value.text()).toContain('王小红')
  await value.setProps({ of: 3 })
  expect(value.text()).not.toContain('王小红')
})

test('a private field that was seen and then changed is behind its mask again, and not its old value', async () => {
  server.answers['POST /tickets/7/reveal'] = [json({ value: 'old' })]
  const { of: quiet } = within(useQuiet)
  const form = mount(TicketForm, {
    props: { definition, draft: {}, faults: {}, quiet, timezone: 'Asia/Shanghai', read: shown(1, { secret: '***' }, {}, ['secret']), people: [], files: [] }, ...i18nToo,
  })
  const secret = () => form.get('[data-field=secret]')
  await secret().get('[data-test=show]').trigger('click')
  await secret().get('[data-test=reason]').setValue('to write it')
  await secret().get('[data-test=look]').trigger('click')
  await flushPromises()
  expect(secret().get('input').element.value).toBe('old')
  await form.setProps({ draft: { secret: 'new' } })
  await form.setProps({ draft: {}, read: shown(2, { secret: '***' }, {}, ['secret']) }) // saved
  expect([secret().find('input').exists(), secret().text().includes('***')]).toEqual([false, true])
})

test('what is known where another household lives is nothing to tie this caller to', async () => {
  const known = { ticket_id: 3, number: 'EM-3', kind: 'emergency', title: null, stage: 'open', marked: true, building: '3', callers: 2 }
  const other = later<Response>()
  server.answers['GET /tickets/known'] = [json({ candidates: [known] }), other.promise]
  const card = mount(KnownHere, { props: { householdId: 1, kind: '', category: '', caller: {}, refused: false }, ...i18nToo })
  await flushPromises()
  expect(card.find('[data-test=tie]').exists()).toBe(true)
  await card.setProps({ householdId: 2 })
  expect(card.find('[data-test=tie]').exists()).toBe(false)
})

test('Enter takes the household that is looked for, not one that was found for less of it; nothing is asked for after leaving', async () => {
  vi.useFakeTimers()
  const listed = (household_id: number) => ({ ...household, household_id, people: [] })
  const page = (id: number) => json({ items: [listed(id)], next: null })
  server.answers['GET /households'] = [page(1), page(2)]
  const picker = mount(HomePicker, { props: { chosen: null }, ...i18nToo })
  const find = picker.get('[data-test=find-home]')
  await find.setValue('3-1-5')
  await vi.advanceTimersByTimeAsync(300)
  await find.setValue('3-1-502')
  await find.trigger('keydown', { key: 'Enter' })
  expect(picker.emitted('choose')).toBeUndefined()
  await vi.advanceTimersByTimeAsync(300)
  await find.trigger('keydown', { key: 'Enter' })
  expect(picker.emitted('choose')).toEqual([[2]])
  await find.setValue('4')
  picker.unmount()
  await vi.advanceTimersByTimeAsync(300)
  expect(server.asked).toHaveLength(2)
})

test('an answer to an earlier question about an outage is not shown over a newer one', async () => {
  const outage = (acknowledged_by: string | null, version: number) => ({
    outage_id: 'trunk-1', component: 'trunk', detail: '', began_at: AT, ended_at: null, step: 0, acknowledged_at: null, acknowledged_by, cause: null, cause_by: null, lost: null,
    unreachable: null, version,
  })
  const story = (by: string | null, version: number) => json({ outage: outage(by, version), lines: [] })
  const old = later<Response>()
  Object.assign(server.answers, {
    'GET /outages': [json({ items: [outage(null, 1)], next: null })], 'GET /outages/trunk-1': [story(null, 1), old.promise, story('li', 2)], 'GET /outages/trunk-1/callers': [json({ callers: [] })],
    'POST /outages/trunk-1/acknowledge': [json({})],
  })
  const page = mount(OutagesPage, { props: { id: '', session: manager, now: NOW }, ...i18nToo })
  await flushPromises()
  await page.setProps({ id: 'trunk-1' })
  await page.get('[data-act=acknowledge]').trigger('click')
  await flushPromises()
  expect(page.find('[data-act=acknowledge]').exists()).toBe(false)
  old.done(story(null, 1))
  await flushPromises()
  expect(page.find('[data-act=acknowledge]').exists()).toBe(false)
})

test('a broadcast that was stopped does not run again by a late answer', async () => {
  vi.stubGlobal('isSecureContext', false)
  const broadcast = (state: string) => json({
    items: [{ broadcast_id: 4, at: AT, by: 'li', building_id: null, until: AT, state, households: 1, numbers: 1, asked: 0, heard: 0, pressed: 0, missed: 0, refused: 0, households_heard: 0, households_pressed: 0 }],
  })
  const old = later<Response>()
  Object.assign(server.answers, {
    'GET /emergencies/1': [json({ emergency, steps: [], conditions: [], records: [], timeline: [], hindering: [], left: [], learnt: {}, broadcast: null, chat: { zh: '', en: '' } })],
    'GET /emergencies/1/broadcasts': [broadcast('running'), old.promise, broadcast('over')], 'GET /emergencies/1/chat': [json({ text: { zh: '', en: '' }, robots: [], sent: [] })],
    'GET /households/places': [json([])], 'GET /tickets/1/people': [json({ items: [] })], 'POST /emergencies/1/broadcasts/4/stop': [json({})],
  })
  const page = mount(EmergencyPage, { props: { id: 1, session: manager, now: NOW }, ...i18nToo })
  await flushPromises()
  await page.setProps({ now: NOW + 10_000 })
  await page.get('[data-act=stop-broadcast]').trigger('click')
  await flushPromises()
  expect(page.find('[data-act=stop-broadcast]').exists()).toBe(false)
  old.done(broadcast('running'))
  await flushPromises()
  expect(page.find('[data-act=stop-broadcast]').exists()).toBe(false)
})

test('a second change by somebody else does not hide the first one, which meets what I have typed', async () => {
  Object.assign(server.answers, {
    'GET /kinds': [json({ items: [kind] })], 'GET /tickets/7/timeline': [json({ items: [], next: null })], 'GET /tickets/7/clocks': [json({ clocks: [] })], 'GET /tickets/7/attachments': [json({ items: [] })],
    'GET /tickets/7': [json(ticket(1, { what: 'a leak' })), json(ticket(2, { what: 'a burst pipe' })), json(ticket(3, { what: 'a burst pipe' }, { assignee: 'zhou' })), json(ticket(4, { what: 'a burst pipe' }))],
  })
  const { of: one } = within(() => useTicket(7, 'chen', 'Asia/Shanghai'))
  await one.load()
  one.type({ what: 'a flood' })
  await one.refresh()
  await one.refresh()
  const told = () => one.meanwhile.value?.differences.map(({ name, meets }) => [name, meets])
  expect(told()).toEqual([['assignee', false], ['what', true]])
  one.meanwhile.value = null // seen
  await one.refresh()
  expect(told()).toEqual([['assignee', false]])
})

test('a note that was dropped while another was added is gone', async () => {
  const note = (note_id: number) => ({ note_id, at_s: 1, text: `note ${note_id}`, who: 'li', created_at: AT })
  const dropped = later<Response>()
  Object.assign(server.answers, {
    'GET /recordings/c1/waveform': [json({ seconds: 10, peaks: [1] })], 'GET /recordings/c1/notes': [json({ notes: [note(1)] }), json({ notes: [note(1), note(2)] })],
    'POST /recordings/c1/notes': [json({})], 'DELETE /recordings/c1/notes/1': [dropped.promise],
  })
  const recording = { call_id: 'c1', entered_at: NOW, seat: null, agent: null, seconds: 10, message: false, fault: null, notes: 1, expires_on: '2027-01-01' }
  const player = mount(SoundPlayer, { props: { recording, session: manager, now: NOW }, ...i18nToo })
  await flushPromises()
  await player.findAll('li button').at(-1)?.trigger('click')
  await player.get('[data-test=sound-note]').trigger('click')
  await player.get('form input').setValue('note 2')
  await player.get('form').trigger('submit')
  await flushPromises()
  dropped.done(new Response(null, { status: 200 }))
  await flushPromises()
  expect([player.text().includes('note 1'), player.text().includes('note 2')]).toEqual([false, true])
})

test('who has left for something else is not fetched back when a ticket or an emergency is there', async () => {
  const [made, declared] = [later<Response>(), later<Response>()]
  const type = { definition: { type: 'fire-alarm', name: { zh: '火警', en: 'Fire' }, level: 2, conditions: {} }, levels: [2] }
  Object.assign(server.answers, {
    'GET /kinds': [json({ items: [kind] })], 'GET /households/places': [json([])], 'POST /tickets': [made.promise], 'POST /emergencies': [declared.promise],
    'GET /emergencies': [json({ items: [], next: null })], 'GET /emergencies/proposals': [json({ items: [], next: null })], 'GET /emergencies/types': [json({ items: [type] })],
    'GET /emergencies/weather': [json({ level: 0, since: null, by: null, agents: 0, staffing: null })],
  })
  open('/tickets/new')
  const ticketPage = mount(NewTicketPage, { props: { session: manager, now: NOW }, ...i18nToo })
  await flushPromises()
  await ticketPage.get('[data-kind=repair]').trigger('click')
  await ticketPage.get('form').trigger('submit')
  open('/desk')
  ticketPage.unmount()
  made.done(json(ticket(1, {})))
  await flushPromises()
  expect(place.value.page).toBe('desk')
  open('/emergencies?declare')
  const page = mount(EmergenciesPage, { props: { session: manager, now: NOW }, ...i18nToo })
  await flushPromises()
  await page.get('[data-field=type]').setValue('fire-alarm')
  await page.get('[data-field=place]').setValue('3')
  await page.get('[data-field=what]').setValue('smoke')
  await page.get('[data-test=declare]').trigger('submit')
  open('/desk')
  page.unmount()
  declared.done(json({ emergency }))
  await flushPromises()
  expect([server.asked.includes('POST /emergencies'), place.value.page]).toEqual([true, 'desk'])
})

test('the bell is quiet once nobody is signed in any more', async () => {
  const phone = usePhone()
  const quiet = vi.spyOn(phone.bell, 'quiet')
  vi.spyOn(phone.bell, 'ring').mockReturnValue()
  const bar = mount(PhoneBar, { props: { seats: [] }, ...i18nToo })
  phone.call = { stage: 'ringing', name: '', number: '', held: false, muted: false }
  await nextTick()
  expect([vi.mocked(phone.bell.ring).mock.calls.length, quiet.mock.calls.length]).toEqual([1, 0])
  bar.unmount()
  expect(quiet).toHaveBeenCalled()
})

test('who signs out is not told that a session has ended, as an earlier one did', async () => {
  server.answers['GET /session'] = [json(manager)]
  const app = mount(App, { global: { ...i18nToo.global, stubs: { FloorShell: { emits: ['ended'], template: '<button @click="$emit(\'ended\', \'ended\')" />' } } } })
  await flushPromises()
  await app.get('button').trigger('click')
  const told = () => app.find('[role=alert]').exists()
  expect(told()).toBe(true)
  const users = useSession()
  users.session = manager
  await flushPromises()
  users.session = null // as signing out leaves it
  await flushPromises()
  expect(told()).toBe(false)
})

test('a moment that is half typed, or of a day that there is not, is none', () => {
  expect(['11-23 09:30', '9', '2026-11-23', '2026-02-31T10:00', '2026-11-23T24:00'].map((text) => fromLocal(text, 'Asia/Shanghai'))).toEqual([null, null, null, null, null])
  expect(fromLocal('2026-11-23T10:00', 'Asia/Shanghai')).toBe(NOW)
})

const talking: AgentShown = {
  code: '801', name: 'chen', team: '', state: 'talking', since: 0, seat: '1001', reason: '', call_id: 'c1', until: null, missed: 0, help_since: null, help_reason: '', recording_paused: false, consulting: false,
}

test('the recording pauses again when the next private field is entered while it is being resumed', async () => {
  vi.useFakeTimers()
  const resumed = later<Response>()
  const done = () => json({ detail: '' })
  Object.assign(server.answers, { 'GET /floor/me': [json({ code: '801', seat: '1001' })], 'POST /floor/recording/pause': [done()], 'POST /floor/recording/resume': [resumed.promise] })
  const board = useBoard()
  const is = (recording_paused: boolean) => board.hydrate({ ...emptyBoard, agents: { 801: { ...talking, recording_paused } } })
  is(false)
  await useMine().look()
  const { of: quiet } = within(useQuiet)
  quiet.entered()
  await flushPromises()
  is(true)
  quiet.left()
  await vi.advanceTimersByTimeAsync(600)
  quiet.entered() // the board still says paused
  resumed.done(done())
  await flushPromises()
  expect(server.asked.filter((path) => path.includes('recording'))).toEqual(['pause', 'resume', 'pause'].map((what) => `POST /floor/recording/${what}`))
})

test('a private field of any type that somebody was in is left again, also when it goes', async () => {
  const rule = { ...definition.fields.secret, type: 'yes_no' }
  const there = ref(true)
  const said: string[] = []
  const field = () => h(FieldInput, {
    name: 'secret', rule, entry: '', fault: '', required: false, people: [], files: [], inCall: true, onEntered: () => said.push('entered'), onLeft: () => said.push('left'),
  })
  const page = mount(defineComponent({ setup: () => () => (there.value ? field() : h('div')) }), i18nToo)
  const radio = page.get('input[type=radio]')
  await radio.trigger('focusin')
  await radio.trigger('change')
  await radio.trigger('focusout')
  expect(said).toEqual(['entered', 'entered', 'left'])
  await radio.trigger('focusin')
  there.value = false
  await nextTick()
  expect(said.slice(3)).toEqual(['entered', 'left'])
})

test('a page that was left does not ask anew after an act', async () => {
  const done = later<Response>()
  server.answers['POST /surge/raise'] = [done.promise]
  const reload = vi.fn(() => Promise.resolve())
  const { of: acting, end } = within(() => useActing(reload))
  const acted = acting.act('POST', '/surge/raise', { reason: 'rain' })
  end()
  done.done(json({}))
  expect([await acted, reload.mock.calls.length]).toEqual([true, 0])
})

test('what has been so since another day is told with its day', () => {
  const since = NOW - 30 * 3_600_000
  const strip = mount(AlertStrip, {
    props: {
      board: { ...emptyBoard, health: { database: { component: 'database', state: 'down', since, detail: '' } } }, line: 'live', cause: '', site, now: NOW, driftAt: 0, floor: true,
      surgeShown: true, heardAt: since, stopped: true,
    },
    ...i18nToo,
  })
  expect(strip.findAll('.alert').map((one) => /11-22 04:00/.test(one.text()))).toEqual([true, true])
  const who = { whom: 'manager', at: since, is_waiting: false, acknowledged_at: since, acknowledged_by: 'li', climbed_at: null }
  const reports = [{ report_id: 1, at: since, by: '', tier: 1, subject: { zh: '报', en: 'report' }, told: [who], waits_for_me: false }]
  const card = mount(SituationCard, { props: { reports, now: NOW, timezone: site.timezone, busy: false, mayWrite: false, act: () => Promise.resolve(true) }, ...i18nToo })
  expect(card.get('[data-told=manager]').text()).toContain('11-22 04:00')
})

test('an agent’s code that is not shown any more is not sent', async () => {
  const sent: unknown[] = []
  const card = mount(CallInPeople, { props: { people: [], busy: false, keeps: true, act: (_: string, __: string, body?: object) => (sent.push(body), Promise.resolve(false)) }, ...i18nToo })
  const [name] = card.findAll('form input')
  await name?.setValue('王小明')
  await card.get('.code').setValue('801')
  await card.get('form').trigger('submit')
  await card.get('form select').setValue('3')
  await card.get('form').trigger('submit')
  expect(sent).toMatchObject([{ tier: 2, agent: '801' }, { tier: 3, agent: null }])
})
