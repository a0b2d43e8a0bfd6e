/** What was sent goes, what was typed, chosen or ticked meanwhile stays: of any value, and on the cards that use it. */

import { flushPromises, mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { ref } from 'vue'
import HandsCard from '../src/components/crm/HandsCard.vue'
import { becoming, part, sending } from '../src/taken'
import { ticketRead } from '../src/crm/shapes'
import { i18nToo, later, manager, ticket, useServer } from './server'

useServer()

test('of a list and of entries what was sent goes, and what came or changed meanwhile stays', () => {
  const robots = ref<readonly string[]>(['owners'])
  const draft = ref<Record<string, unknown>>({ what: 'a leak', rooms: ['kitchen'], when: 3 })
  const taken = sending(robots, draft)
  robots.value = [...robots.value, 'staff']
  draft.value = { ...draft.value, rooms: ['kitchen', 'hall'], place: '3' }
  taken()
  expect([robots.value, draft.value]).toEqual([['staff'], { rooms: ['kitchen', 'hall'], place: '3' }])
})

test('what is changed in place counts as typed meanwhile', () => {
  const own = ref<{ zh: string; en: string } | null>({ zh: '一', en: 'one' })
  const draft = ref<Record<string, unknown>>({ rooms: ['kitchen'] })
  const taken = sending(becoming(own, () => null), draft)
  if (own.value) own.value.zh = '二'
  if (Array.isArray(draft.value.rooms)) draft.value.rooms.push('hall')
  taken()
  expect([own.value, draft.value]).toEqual([{ zh: '二', en: 'one' }, { rooms: ['kitchen', 'hall'] }])
})

test('a number or an object becomes what the server has, unless it is another by then', () => {
  const [level, own] = [ref(2), ref<{ zh: string } | null>({ zh: '一' })]
  const taken = sending(becoming(level, () => 3), becoming(own, () => null))
  taken()
  expect([level.value, own.value]).toEqual([3, null])
  const again = sending(becoming(level, () => 1))
  level.value = 2
  again()
  expect(level.value).toBe(2)
})

test('what is typed of one thing is not another’s', () => {
  const notes = ref<Readonly<Record<number, string>>>({})
  const id = ref<number | null>(1)
  const note = part(notes, () => id.value)
  note.value = 'nobody greeted'
  const taken = sending(part(notes, () => 1))
  id.value = 2
  note.value = 'nobody greeted'
  taken()
  expect(notes.value).toEqual({ 1: '', 2: 'nobody greeted' })
  id.value = null
  note.value = 'of none'
  expect([note.value, notes.value]).toEqual(['', { 1: '', 2: 'nobody greeted' }])
})

test('the next word about whose hands a ticket is in is not closed by the answer to the last', async () => {
  let answer = later<boolean>()
  const read = ticketRead(ticket(1, {}, { offered_to: 'zhou' }), 'ticket')
  const card = mount(HandsCard, { props: { ticket: read.ticket, session: manager, people: [], busy: false, change: () => answer.promise }, ...i18nToo })
  await card.get('[data-hand=decline]').trigger('click')
  const text = () => card.get<HTMLTextAreaElement>('form textarea, form input')
  await text().setValue('not mine')
  await card.get('form').trigger('submit')
  await text().setValue('not mine at all')
  answer.done(true)
  await flushPromises()
  expect(text().element.value).toBe('not mine at all')
  answer = later()
  await card.get('form').trigger('submit')
  answer.done(true)
  await flushPromises()
  expect(card.find('form').exists()).toBe(false)
})
