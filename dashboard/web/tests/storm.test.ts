import { describe, expect, test } from 'vitest'
import { comingShown, drillOn, incidentsInOrder, isStormy, outagesInOrder, outlook } from '../src/board/storm'
import { emptyBoard, type CalledIn, type Incident, type Outage, type Surge } from '../src/board/vocabulary'
import { unsentGroup } from '../src/crm/unsent'
import { whereText } from '../src/storm/emergencies'

const NOW = Date.parse('2026-11-23T05:00:00Z')
const MINUTE = 60_000

const surge = (more: Partial<Surge>): Surge => ({ ...emptyBoard.surge, tier: 1, since: NOW, tier_since: NOW, ...more })
const outage = (id: string, minutes: number): Outage =>
  ({ outage_id: id, component: 'trunk', began_at: NOW - minutes * MINUTE, step: 0, next_at: null, acknowledged_by: '', ended_at: null })
const incident = (id: string, level: number, drill = false): Incident =>
  ({ incident_id: id, type: 'fight', level, since: NOW, estate: '', place: '', commander: '', steps_open: 0, steps_late: 0, over_at: null, drill })
const called = (id: number, state: CalledIn['state'], due: number | null = null): CalledIn =>
  ({ person_id: id, name: `p${id}`, tier: 2, state, since: NOW, agent: '', due_at: due === null ? null : NOW + due * MINUTE })

describe('what comes next in a surge', () => {
  test('is a tier more or less, and how long until then', () => {
    expect(outlook(surge({ next_at: NOW + 90_500 }), NOW)).toEqual({ kind: 'next', tier: 2, seconds: 90.5 })
    expect(outlook(surge({ tier: 2, under_control_since: NOW, down_at: NOW + MINUTE }), NOW)).toEqual({ kind: 'down', tier: 1, seconds: 60 })
  })

  test('never counts below nothing: whoever is late is at zero', () => {
    expect(outlook(surge({ next_at: NOW - 5000 }), NOW)).toEqual({ kind: 'next', tier: 2, seconds: 0 })
  })

  test('a hold comes before every clock; and where none runs it says why', () => {
    expect(outlook(surge({ held: true, next_at: NOW + MINUTE }), NOW)).toEqual({ kind: 'held' })
    expect(outlook(surge({ tier: 3 }), NOW)).toEqual({ kind: 'top' })
    expect(outlook(surge({ tier: 2 }), NOW)).toEqual({ kind: 'stays' })
    expect(outlook(surge({ tier: 2, under_control_since: NOW }), NOW)).toEqual({ kind: 'controlled' })
  })
})

test('who is late or comes first is named first, who is not asked yet is a number, who was released is gone', () => {
  const shown = comingShown([
    called(1, 'refused'), called(2, 'accepted', 20), called(3, 'waiting'), called(4, 'arrived'), called(5, 'accepted', 5), called(6, 'late', -2),
    called(7, 'ringing'), called(8, 'released'), called(9, 'no_answer'),
  ], 6)
  expect(shown.named.map((one) => one.person_id)).toEqual([6, 5, 2, 7, 4, 1])
  expect(shown).toMatchObject({ unnamed: 1, waiting: 1, counts: { arrived: 1, coming: 3 } })
})

test('the oldest outage and the worst emergency come first, a drill after what is real', () => {
  const board = {
    ...emptyBoard, outages: { a: outage('a', 3), b: outage('b', 40) },
    incidents: { 1: incident('1', 1, true), 2: incident('2', 3), 3: incident('3', 2) },
  }
  expect(outagesInOrder(board).map((one) => one.outage_id)).toEqual(['b', 'a'])
  expect(incidentsInOrder(board).map((one) => one.incident_id)).toEqual(['3', '2', '1'])
  expect([isStormy(board), isStormy(emptyBoard)]).toEqual([true, false])
})

test('anything of a drill marks every page', () => {
  expect(drillOn(emptyBoard)).toBe(false)
  expect(drillOn({ ...emptyBoard, surge: surge({ drill: true }) })).toBe(true)
  expect(drillOn({ ...emptyBoard, surge: surge({ tier: 0, drill: true }) })).toBe(false)
  expect(drillOn({ ...emptyBoard, incidents: { 1: incident('1', 1, true) } })).toBe(true)
  expect(drillOn({ ...emptyBoard, drill: { drill_id: 1, name: 'x', since: NOW, by: '', calls: 0, ended_at: null, surge: false } })).toBe(true)
})

test('estate and building stand before a place that does not name them', () => {
  const where = (building: string | null, place: string) => whereText({ estate: '云栖花园', building, place })
  expect([where('3栋', '3栋'), where('3', '3栋1单元电梯'), where('3栋', '云栖花园 3栋 大堂')]).toEqual(['云栖花园 3栋', '云栖花园 3栋1单元电梯', '云栖花园 3栋 大堂'])
  expect([where('3栋', '13栋电梯'), where('3', '地下13层'), where(null, '北门')]).toEqual(['云栖花园 3栋 13栋电梯', '云栖花园 3 地下13层', '云栖花园 北门'])
  expect(whereText({ estate: '云栖花园', building: null, place: '北门' }, 'Yunqi Garden')).toBe('Yunqi Garden 北门')
})

test('why a message did not go out has words, whoever said it', () => {
  expect(['no_secret:robot-owners', 'smtp_550', 'http_404', 'code_93000', 'fault', 'fault_KeyError', 'no_call'].map(unsentGroup)).toEqual(
    ['no_secret', 'smtp', 'http', 'code', 'fault', 'fault', 'no_call'])
  expect(['ConnectionRefusedError', 'TimeoutError', 'gaierror', 'URLError', 'status_4', 'faulty'].map(unsentGroup)).toEqual(
    ['unreachable', 'unreachable', 'unreachable', 'unreachable', 'refused', 'refused'])
})
