import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import fixture from '../../../tests/fixtures/board-events.json'
import { list, Unfit } from '../src/board/parse'
import { board as boardOf, emptyBoard, event as eventOf, message } from '../src/board/vocabulary'
import { LiveLine, LONGEST_PAUSE_MS } from '../src/live'
import { useBoard } from '../src/stores/board'
import { FakeSurroundings } from './surroundings'

describe('the board', () => {
  beforeEach(() => setActivePinia(createPinia()))

  test('folds the events as callcenter/board.py does', () => {
    const events = list(eventOf)(fixture.events, 'events')
    expect(events.length).toBeGreaterThan(20)
    const store = useBoard()
    events.forEach(store.applyEvent)
    expect(store.board).toEqual(boardOf(fixture.board, 'board'))
  })

  test('is the same after an event that comes twice', () => {
    const store = useBoard()
    for (const event of list(eventOf)(fixture.events, 'events')) {
      store.applyEvent(event)
      const once = store.board
      store.applyEvent(event)
      expect(store.board).toEqual(once)
    }
  })

  test('is replaced by a snapshot', () => {
    const store = useBoard()
    list(eventOf)(fixture.events, 'events').forEach(store.applyEvent)
    store.hydrate({ ...emptyBoard, queues: ['repair'] })
    expect(store.board.calls).toEqual({})
    expect(store.board.queues).toEqual(['repair'])
  })

  test('keeps the clock of the server', () => {
    const store = useBoard()
    const ahead = new Date(Date.now() + 90_000).toISOString()
    store.heard(message(JSON.stringify({ type: 'ping', now: ahead })))
    expect(store.skew).toBeGreaterThan(89_000)
    expect(store.skew).toBeLessThanOrEqual(90_000)
  })
})

test('a feed that stands still is as old as its last word of the floor, however often it pings', () => {
  setActivePinia(createPinia())
  vi.useFakeTimers({ now: Date.parse('2026-11-23T02:00:00Z') })
  const [store, around] = [useBoard(), new FakeSurroundings()]
  new LiveLine('/live', store, around).start()
  const now = () => new Date().toISOString()
  around.say({ type: 'snapshot', epoch: 'e1', cursor: '10-0', now: now(), board: emptyBoard })
  const heard = store.heardAt
  vi.advanceTimersByTime(10_000)
  around.say({ type: 'degraded', cause: 'redis' })
  around.say({ type: 'ping', now: now() })
  expect([store.heardAt, store.line]).toEqual([heard, 'degraded'])
  around.latest.closed(1006)
  around.pass(LONGEST_PAUSE_MS)
  around.say({ type: 'ping', now: now() }) // what was missed follows: it is live again
  expect([store.heardAt, store.line]).toEqual([heard + 10_000, 'live'])
  vi.useRealTimers()
})

describe('reading', () => {
  test('refuses a moment without an offset', () => {
    expect(() => message('{"type":"ping","now":"2026-11-22T12:00:00"}')).toThrow(Unfit)
  })

  test('lets through kinds of events and messages that it does not know', () => {
    expect(eventOf({ type: 'SurgeTierRaised', tier: 1 }, 'event')).toEqual({ type: 'Other', name: 'SurgeTierRaised' })
    expect(message('{"type":"news"}')).toEqual({ type: 'unknown' })
  })
})
