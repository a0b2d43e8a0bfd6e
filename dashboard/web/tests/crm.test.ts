import { describe, expect, test } from 'vitest'
import { mostUrgent, urgencyOf } from '../src/crm/clocks'
import { asked, filterOf, noFilter, queryOf } from '../src/crm/filter'
import { changesOf, current, early, entryOf, typed, valueOf } from '../src/crm/form'
import { gone, hindrances, steps } from '../src/crm/path'
import type { Clock, Definition, FieldRule, Ticket, TicketEvent, TicketRead } from '../src/crm/shapes'
import { differences } from '../src/crm/theirs'
import { fromLocal, momentText, monthAfter, span, toLocal, weeksOf } from '../src/crm/time'
import { inTurn, isOlder } from '../src/crm/turn'
import { placeAt } from '../src/route'

const SHANGHAI = 'Asia/Shanghai'
const NOW = Date.parse('2026-11-23T02:00:00Z')
const word = (zh: string) => ({ zh, en: zh })
const rule = (type: string, more: Partial<FieldRule> = {}): FieldRule => ({
  name: word(type), type, required: false, private: false, options: {}, pattern: null, least: null, most: null, longest: null, ...more,
})
const move = (only_if: Record<string, string> = {}, needs: string[] = []) => ({ name: null, only_if, needs, anew: [] })
const repair: Definition = {
  kind: 'repair', name: word('报修'), opens_in: 'reported', retired: false, clocks: {},
  categories: { water: { name: word('水'), children: { leak: { name: word('漏水'), children: {} } } } },
  fields: {
    what: rule('long_text', { required: true }), urgency: rule('choice', { required: true }), appointment: rule('time'), paid: rule('yes_no'),
    price: rule('money'), result: rule('text'), photos: rule('files'),
  },
  stages: {
    reported: { name: word('已受理'), final: false, moves: { working: move(), gone: move({}, ['result']) } },
    working: { name: word('维修中'), final: false, moves: { pricing: move({ paid: 'yes' }, ['price']), done: move({ paid: 'no' }) } },
    pricing: { name: word('报价'), final: false, moves: { done: move() } },
    done: { name: word('完工'), final: true, moves: {} },
    gone: { name: word('撤销'), final: true, moves: {} },
  },
}
const ticket: Ticket = {
  ticket_id: 7, number: 'RE20261123-0007', kind: 'repair', kind_version: 1, stage: 'reported', state: 'open', title: null, category: 'water',
  household_id: 1, room: '3-1-502', estate_id: 1, call_id: null, contact_number: null, notes: null, owner: 'chen', offered_to: null, assignee: null,
  department: null, parent_id: null, parent_as: null, version: 1, created_at: NOW, updated_at: null, closed_at: null,
}
const read = (changes: Partial<Ticket> = {}, fields: TicketRead['fields'] = { what: 'leak' }): TicketRead => (
  { ticket: { ...ticket, ...changes }, fields, private: [], moves: [], children: [] })
const clock = (changes: Partial<Clock>): Clock => ({
  clock_id: 1, ticket_id: 7, clock: 'response', name: word('响应'), run: 1, promised: false, standing: 'running', started_at: NOW, due_at: NOW + 7_200_000,
  is_warned: false, broken_at: null, ended_at: null, kept: null, ...changes,
})
const went = (event_id: number, what: string, data: Record<string, unknown>): TicketEvent => ({ event_id, at: NOW, who: 'chen', what, data })

describe('times are those of the site', () => {
  test('there and back, whatever zone the browser is in', () => {
    expect(toLocal(NOW, SHANGHAI)).toBe('2026-11-23T10:00')
    expect(fromLocal('2026-11-23T10:00', SHANGHAI)).toBe(NOW)
    expect(fromLocal('2026-07-01T12:00', 'Europe/Berlin')).toBe(Date.parse('2026-07-01T10:00:00Z'))
    expect(fromLocal('soon', SHANGHAI)).toBeNull()
  })

  test('as short as they can be told', () => {
    expect(momentText(NOW, NOW, SHANGHAI)).toBe('10:00')
    expect(momentText(NOW - 86_400_000, NOW, SHANGHAI)).toBe('11-22 10:00')
    expect(momentText(Date.parse('2025-11-23T02:00:00Z'), NOW, SHANGHAI)).toBe('2025-11-23 10:00')
    expect([span(90_061_000).unit, span(3_661_000).unit, span(59_000).unit, span(-5).unit]).toEqual(['days', 'hours', 'minutes', 'minutes'])
  })
})

test('what stands in an input goes to the API by the type of its field, and back', () => {
  for (const [type, value, entry] of [
    ['number', 3, '3'], ['money', '12.50', '12.50'], ['yes_no', false, 'no'], ['rating', 2, '2'], ['choices', ['a', 'b'], ['a', 'b']], ['files', [4], [4]],
    ['time', '2026-11-23T02:00:00.000Z', '2026-11-23T10:00'], ['text', 'x', 'x'],
  ] as const) {
    expect([type, entryOf({ type }, value, SHANGHAI)]).toEqual([type, entry])
    expect([type, valueOf({ type }, entry, SHANGHAI)]).toEqual([type, value])
  }
  expect(valueOf({ type: 'money' }, '¥1,200.5', SHANGHAI)).toBe('1200.5')
  expect(valueOf({ type: 'number' }, 'many', SHANGHAI)).toBe('many') // the server says what is wrong with it
  expect([valueOf({ type: 'text' }, '  ', SHANGHAI), valueOf({ type: 'files' }, [], SHANGHAI)]).toEqual([null, null])
})

test('what is typed back as it was is no change', () => {
  const draft = typed({}, 'what', 'leak, now worse', 'leak')
  expect(changesOf(repair, { ...draft, category: 'water/leak' }, SHANGHAI)).toEqual({ what: 'leak, now worse' })
  expect(typed(draft, 'what', 'leak', 'leak')).toEqual({})
})

test('a new ticket asks what is known when it is opened; an open one what its next moves need', () => {
  expect(early(repair)).toEqual(['what', 'urgency', 'appointment'])
  expect(current(repair, 'working', ['what'])).toEqual(['what', 'urgency', 'appointment', 'paid', 'price'])
  expect(current(repair, 'done', ['result'])).toEqual(['what', 'urgency', 'appointment', 'result'])
})

test('who was second sees what the first did, and where both did', () => {
  const before = read({}, { what: 'leak', urgency: 'ordinary' })
  const after = read({ version: 2, stage: 'working', owner: 'wang' }, { what: 'flood', urgency: 'ordinary', paid: true })
  expect(differences(before, after, { what: 'leak below' })).toEqual([
    { name: 'stage', isField: false, from: 'reported', to: 'working', meets: false },
    { name: 'owner', isField: false, from: 'chen', to: 'wang', meets: false },
    { name: 'what', isField: true, from: 'leak', to: 'flood', meets: true },
    { name: 'paid', isField: true, from: null, to: true, meets: false },
  ])
})

test('the path says where it was, is, and usually goes; what was gone back from is forgotten', () => {
  const events = [went(1, 'opened', { stage: 'reported' }), went(2, 'moved', { from: 'reported', to: 'working' }), went(3, 'moved', { from: 'working', to: 'reported' })]
  expect(gone(events, 'reported')).toEqual(['reported'])
  expect(gone([], 'working')).toEqual(['working'])
  const shown = (fields: TicketRead['fields']) => steps(repair, read({ stage: 'working' }, fields), events.slice(0, 2)).map((step) => `${step.when}:${step.stage}`)
  expect(shown({})).toEqual(['past:reported', 'now:working', 'ahead:pricing', 'ahead:done'])
  expect(shown({ paid: false })).toEqual(['past:reported', 'now:working', 'ahead:done'])
  expect(hindrances(repair, read({ stage: 'working' }, { paid: false }), 'pricing')).toEqual([['paid', 'yes']])
})

test('the clock to look at first is the broken one, then the next due', () => {
  const [broken, soon, later, rests] = [
    clock({ clock_id: 1, due_at: NOW - 60_000, broken_at: NOW - 60_000 }), clock({ clock_id: 2, due_at: NOW + 60_000 }), clock({ clock_id: 3 }),
    clock({ clock_id: 4, standing: 'paused', due_at: null }),
  ]
  expect([broken, soon, later, rests].map((one) => urgencyOf(one, NOW).tone)).toEqual(['bad', 'warn', 'good', 'rest'])
  expect(mostUrgent([rests, later, soon, broken], NOW)?.clock.clock_id).toBe(1)
  expect(mostUrgent([rests, later, soon], NOW)?.clock.clock_id).toBe(2)
  expect(mostUrgent([], NOW)).toBeNull()
  expect(urgencyOf(soon, NOW + 120_000).tone).toBe('bad') // before the server has said so
})

test('a filter is in the address, and open tickets are what is meant where it says nothing', () => {
  expect(filterOf(new URLSearchParams())).toEqual(noFilter)
  const filter = { ...noFilter, kind: 'repair', stage: 'working', state: '' as const, who: 'team:day', due: 'soon' as const, text: '漏水' }
  expect(filterOf(queryOf(filter))).toEqual(filter)
  expect(Object.fromEntries(asked(filter, NOW))).toEqual({
    kind: 'repair', stage: 'working', text: '漏水', team: 'day', due_before: '2026-11-23T03:00:00.000Z',
  })
  expect(asked({ ...noFilter, stage: 'working' }, NOW).toString()).toBe('state=open') // a stage means nothing without its kind
})

test('addresses name a page and which one of it', () => {
  expect(['/tickets', '/tickets/17', '/tickets/new', '/households/3', '/tickets/x'].map((path) => {
    const { page, what } = placeAt(path)
    return `${page}:${what}`
  })).toEqual(['tickets:', 'tickets:17', 'tickets:new', 'households:3', 'wall:'])
})

test('a month begins on its weekday, ends on its last day, and follows the one before', () => {
  const november = weeksOf('2026-11') // the first is a Sunday
  expect(november[0]).toEqual([null, null, null, null, null, null, '2026-11-01'])
  expect([november.length, november.at(-1)?.slice(0, 2)]).toEqual([6, ['2026-11-30', null]])
  expect(weeksOf('2027-02').flat()).toHaveLength(28) // a Monday, and exactly four weeks
  expect(weeksOf('2028-02').flat().filter(Boolean).at(-1)).toBe('2028-02-29')
  expect([monthAfter('2026-12', 1), monthAfter('2027-01', -1), monthAfter('2026-01', -13)]).toEqual(['2027-01', '2026-12', '2024-12'])
})

describe('questions asked again and again', () => {
  test('are asked one after the other; who asks meanwhile, however many, is given one that began after', async () => {
    const answers: ((fails?: boolean) => void)[] = []
    const load = inTurn(() => new Promise<void>((done, fail) => answers.push((fails = false) => (fails ? fail(new Error('away')) : done()))))
    const settled: string[] = []
    const asked = (name: string) => load().then(() => settled.push(name), () => settled.push(`${name} failed`))
    const first = asked('first')
    const both = [asked('second'), asked('third')]
    expect(answers).toHaveLength(1)
    answers[0]?.(true)
    await first
    const late = asked('late')
    expect([answers.length, settled]).toEqual([2, ['first failed']])
    answers[1]?.()
    await Promise.all(both)
    expect(settled).toEqual(['first failed', 'second', 'third'])
    answers[2]?.()
    await late
    expect([answers.length, settled.at(-1)]).toEqual([3, 'late'])
  })

  test('an answer of before a change of ours is older than what is shown', () => {
    expect([isOlder({ version: 1 }, { version: 2 }), isOlder({ version: 2 }, { version: 2 }), isOlder({ version: 1 }, undefined)]).toEqual([true, false, false])
  })
})
