/** What the next user of a browser must not find, and who has left is not pulled back. */

import { flushPromises, mount } from '@vue/test-utils'
import { createPinia } from 'pinia'
import { expect, test, vi } from 'vitest'
import KnownHere from '../src/components/crm/KnownHere.vue'
import { changed, newKey } from '../src/crm/asking'
import { useHere } from '../src/here'
import { useDeskMemory } from '../src/memory'
import FloorShell from '../src/pages/FloorShell.vue'
import { open, place } from '../src/route'
import { useDrafts } from '../src/stores/drafts'
import { useKinds } from '../src/stores/kinds'
import { useMine } from '../src/stores/mine'
import { usePlaces } from '../src/stores/places'
import { useTags } from '../src/stores/tags'
import { i18nToo, json, later, manager, useServer, within } from './server'

const server = useServer()
const stubs = Object.fromEntries(['TopBar', 'AlertStrip', 'PhoneBar', 'StormTabs', 'HouseholdsPage', 'DeskPage', 'WallboardPage'].map((name) => [name, true]))
const deaf = { ...manager, sees_board: false }

async function leaves(): Promise<void> {
  server.answers['DELETE /session'] = [json({})]
  const shell = mount(FloorShell, { props: { session: deaf }, global: { ...i18nToo.global, stubs } })
  shell.getComponent({ name: 'TopBar' }).vm.$emit('sign-out')
  await flushPromises()
  shell.unmount()
}

async function remember(user: string): Promise<void> {
  const { of: memory, end } = within(() => useDeskMemory(user))
  memory.consulting.value = { callId: 'c1', name: '王小明' }
  memory.parked.value = [{ callId: 'c2', slot: '71' }]
  await flushPromises()
  end()
}
const remembered = (user: string) => {
  const { of: memory, end } = within(() => useDeskMemory(user))
  end()
  return [memory.consulting.value, memory.parked.value.length]
}

test('who signs out leaves nothing in the browser but the language', async () => {
  await remember('li')
  localStorage.setItem('sixring.language', 'zh')
  expect(remembered('li')).toEqual([{ callId: 'c1', name: '王小明' }, 1]) // loaded anew
  open('/households?text=13800138000')
  await leaves()
  expect([sessionStorage.length, Object.keys(localStorage), location.search, place.value.query.size]).toEqual([0, ['sixring.language'], '', 0])
})

test('the next user has not the desk of who left without signing out', async () => {
  await remember('li')
  expect(remembered('chen')).toEqual([null, 0])
  expect(remembered('li')).toEqual([null, 0])
})

test('what the pages remember in memory goes with who signs out', async () => {
  const fresh = createPinia()
  const stores = [useDrafts, useKinds, useMine, usePlaces, useTags]
  const was = JSON.stringify(stores.map((use) => use(fresh).$state))
  useDrafts().notes = { 7: 'rings again at five' }
  useKinds().known = true
  useMine().mine = { code: '801', seat: '1001' }
  usePlaces().estates = [{ estate_id: 1, name: '云栖', name_en: null }]
  useTags().tags = [{ code: 'vip', zh: '贵宾', en: 'VIP', retired: false }]
  await leaves()
  expect(JSON.stringify(stores.map((use) => use().$state))).toBe(was)
})

test('a request whose answer was lost is not gone on with by the next user', async () => {
  const keys: unknown[] = []
  vi.stubGlobal('fetch', (url: string, { headers }: RequestInit = {}) => {
    if (!url.endsWith('/tickets')) return Promise.resolve(json({}))
    keys.push(new Headers(headers).get('Idempotency-Key'))
    return Promise.reject(new TypeError('lost'))
  })
  const ask = () => changed('POST', '/tickets', { kind: 'repair' }, { key: newKey() }).catch(() => null)
  await ask()
  await ask()
  await leaves()
  await ask()
  expect(keys[1]).toBe(keys[0])
  expect(keys[2]).not.toBe(keys[0])
})

test('who has left is not pulled back', async () => {
  open('/desk')
  const { of: here, end } = within(useHere)
  here.open('/tickets/1')
  expect([here.still(), place.value.what]).toEqual([true, '1'])
  end()
  here.open('/tickets/2')
  expect([here.still(), place.value.what]).toEqual([false, '1'])
  const tied = later<Response>()
  const known = { ticket_id: 3, number: 'EM-3', kind: 'emergency', title: null, stage: 'open', marked: true, building: '3', callers: 2 }
  Object.assign(server.answers, { 'GET /tickets/known': [json({ candidates: [known] })], 'POST /tickets/3/calls': [tied.promise] })
  const card = mount(KnownHere, { props: { householdId: 1, kind: '', category: '', caller: {}, refused: false }, ...i18nToo })
  await flushPromises()
  await card.get('[data-test=tie]').trigger('click')
  open('/desk')
  card.unmount()
  tied.done(json({}))
  await flushPromises()
  expect([server.asked.at(-1)?.startsWith('POST /tickets/3/'), place.value.page]).toEqual([true, 'desk'])
})
