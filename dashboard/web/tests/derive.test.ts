import { describe, expect, test } from 'vitest'
import { callsInOrder, healthNamed, highIsGood, isDrill, lowIsGood, queueRows, rings, thresholds, totals, waitTone } from '../src/board/derive'
import { emptyBoard, type Board, type Call, type Figures } from '../src/board/vocabulary'
import { dateTyped } from '../src/crm/time'
import { clockText, numberText, percentText } from '../src/format'
import { site } from './site'

const NOW = Date.parse('2026-11-22T04:00:00Z')

function call(id: string, state: Call['state'], secondsAgo: number, queue: string | null = 'repair', stage = 0): Call {
  const at = NOW - secondsAgo * 1000
  return {
    call_id: id, state, entered_at: at, since: at, number: '', did: '', name: '', room: '', household_id: null,
    language: 'zh', queue, queued_at: queue ? at : null, rang_at: null, answered_at: null, stage, ringing: [], seat: null, agent: null, priority: 0, expected_wait_s: null, parked: '', emergency: false,
  }
}

function board(...calls: Call[]): Board {
  return { ...emptyBoard, queues: ['repair'], calls: Object.fromEntries(calls.map((of) => [of.call_id, of])) }
}

function figures(offered: number, short: number, rate: number | null): Figures {
  return {
    queue: 'q', offered, short_abandons: short, answered: 0, abandoned: 0, overflowed: 0, messages: 0,
    answered_in_2_rings: rate, service_level: null, abandonment: null, asa_s: null, aht_s: null,
  }
}

describe('a wait', () => {
  test('is counted in rings and never shows a seventh', () => {
    expect(rings(12.5, site)).toBe(2.5)
    expect(rings(300, site)).toBe(6)
  })

  test('is green for two rings and red in the last two', () => {
    expect([0, 9.9, 10, 19.9, 20, 30].map((seconds) => waitTone(seconds, site))).toEqual(['good', 'good', 'warn', 'warn', 'bad', 'bad'])
  })
})

describe('a queue', () => {
  test('does not count the callers of a drill, who come after all real ones in the list', () => {
    const drill = call('drill-3-node1-1795406400.7', 'queued', 90)
    const there = board(drill, call('node1-1795406400.9', 'talking', 10))
    expect([queueRows(there, site, NOW)[0]?.waiting, queueRows(there, site, NOW)[0]?.longest]).toEqual([0, 0])
    expect(callsInOrder(there).map((one) => isDrill(one))).toEqual([false, true])
    expect(['drill-1795406400.7', 'node1-1.7'].some((id) => isDrill(call(id, 'queued', 1)))).toBe(false)
  })

  test('counts those who wait, not those who talk', () => {
    const [row] = queueRows(board(call('a', 'queued', 12), call('b', 'ringing', 3), call('c', 'talking', 90)), site, NOW)
    expect(row).toMatchObject({ waiting: 2, longest: 12, overflowing: false, zh: '报修' })
  })

  test('says that backup seats ring', () => {
    expect(queueRows(board(call('a', 'ringing', 31, 'repair', 1)), site, NOW)[0]?.overflowing).toBe(true)
  })

  test('that the site file does not name is shown all the same', () => {
    expect(queueRows({ ...emptyBoard, queues: ['repair', 'vip'] }, site, NOW).map((row) => row.en)).toEqual(['Repairs', 'vip'])
  })
})

test('who is in danger and waits is on top, then who waits longest, then menus, then talks', () => {
  const danger = { ...call('danger', 'queued', 1), emergency: true }
  const order = callsInOrder(board(call('talk', 'talking', 500), call('short', 'queued', 2), call('menu', 'menu', 9, null), call('long', 'ringing', 25), danger))
  expect(order.map((of) => of.call_id)).toEqual(['danger', 'long', 'short', 'menu', 'talk'])
})

describe('the headline', () => {
  test('weighs each queue by its calls, short abandons left out', () => {
    expect(totals([figures(101, 1, 0.9), figures(310, 10, 1), figures(5, 5, null)]).answeredIn2Rings).toBeCloseTo(0.975)
  })

  test('is no number while nothing was offered', () => {
    expect(totals([]).answeredIn2Rings).toBeNull()
    expect(percentText(null)).toBe('–')
  })

  test('has a colour by threshold', () => {
    expect([0.95, 0.94, 0.84, null].map((rate) => highIsGood(rate, thresholds.answeredIn2Rings))).toEqual(['good', 'warn', 'bad', 'none'])
    expect([0.05, 0.1, 0.11].map((rate) => lowIsGood(rate, thresholds.abandonment))).toEqual(['good', 'warn', 'bad'])
  })

  test('never rounds up to a hundred', () => {
    expect([0.9999, 1, 0.943].map((rate) => percentText(rate))).toEqual(['99.9', '100', '94.3'])
  })
})

test('times and numbers are written as people read them', () => {
  expect([5, 75.9, 3675].map(clockText)).toEqual(['0:05', '1:15', '1:01:15'])
  expect(['+8613800138000', '+8651255501234', '1001'].map(numberText)).toEqual(['138 0013 8000', '0512 5550 1234', '1001'])
})

test('the wall names what everybody knows and what is not well; others are a number', () => {
  const of = (component: string, state: 'ok' | 'down') => ({ component, state, since: NOW, detail: '' })
  const { named, rest } = healthNamed([of('trunk', 'ok'), of('ledgers', 'ok'), of('clocks', 'down'), of('brand_new', 'ok')])
  expect([named.map((one) => one.component), rest.map((one) => one.component)]).toEqual([['trunk', 'clocks'], ['ledgers', 'brand_new']])
})

test('a day is typed as people write it, and a moment has its time', () => {
  expect(['2026-11-23', '2026/1/3', '2026年11月3日', ' 2026.12.1 ', '3.11.', '2026-11-23 9:30'].map((typed) => dateTyped(typed, false)))
    .toEqual(['2026-11-23', '2026-01-03', '2026-11-03', '2026-12-01', '3.11.', '2026-11-23 9:30'])
  expect(['2026-11-23T09:30', '2026-11-23 9:05', '2026年11月3日 9点30分', '2026-11-23'].map((typed) => dateTyped(typed, true)))
    .toEqual(['2026-11-23T09:30', '2026-11-23T09:05', '2026-11-03T09:30', '2026-11-23'])
})
