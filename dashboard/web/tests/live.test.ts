import { beforeEach, describe, expect, test } from 'vitest'
import { LiveLine, LONGEST_PAUSE_MS, pause, SILENCE_MS } from '../src/live'
import { emptyBoard } from '../src/board/vocabulary'
import { FakeSurroundings, Notebook } from './surroundings'

const snapshot = {
  type: 'snapshot', epoch: 'e1', cursor: '10-0', now: '2026-11-22T04:00:00Z',
  board: emptyBoard,
}
const ended = { type: 'event', cursor: '11-0', event: { type: 'CallEnded', at: '2026-11-22T04:00:01Z', call_id: 'x' } }

describe('the live line', () => {
  let around: FakeSurroundings
  let notebook: Notebook
  let line: LiveLine

  beforeEach(() => {
    around = new FakeSurroundings()
    notebook = new Notebook()
    line = new LiveLine('/live', notebook, around)
    line.start()
  })

  test('is live once it has its snapshot', () => {
    expect(notebook.line).toBe('connecting')
    around.say(snapshot)
    expect(notebook.line).toBe('live')
    expect(around.urls).toEqual(['/live'])
  })

  test('comes back after a lost connection and resumes after the last event', () => {
    around.say(snapshot)
    around.say(ended)
    around.latest.closed(1006)
    expect(notebook.line).toBe('lost')
    around.pass(LONGEST_PAUSE_MS)
    expect(around.urls.at(-1)).toBe('/live?cursor=11-0&epoch=e1')
    around.say({ type: 'ping', now: '2026-11-22T04:00:02Z' })
    expect(notebook.line).toBe('live')
  })

  test('waits longer after each failure, never longer than the limit, and not in step with others', () => {
    expect([0, 1, 2, 3].map((attempt) => pause(attempt, 1))).toEqual([400, 800, 1600, 3200])
    expect(pause(50, 1)).toBe(LONGEST_PAUSE_MS)
    expect(pause(3, 0.25)).toBe(800)
  })

  test.each([[4401, 'signed_out'], [4403, 'forbidden']] as const)('ends for good on %i', (code, state) => {
    around.say(snapshot)
    around.latest.closed(code)
    around.pass(10 * LONGEST_PAUSE_MS)
    expect(notebook.line).toBe(state)
    expect(around.urls).toHaveLength(1)
  })

  test('comes back when it was too slow', () => {
    around.say(snapshot)
    around.latest.closed(4408)
    around.pass(LONGEST_PAUSE_MS)
    expect(around.urls).toHaveLength(2)
  })

  test('takes a half-open connection for lost', () => {
    around.say(snapshot)
    around.pass(SILENCE_MS)
    expect(around.closed[0]).toBe(true)
    expect(notebook.line).toBe('lost')
  })

  test('stays degraded through pings until a snapshot comes', () => {
    around.say({ type: 'degraded', cause: 'redis' })
    around.say({ type: 'ping', now: '2026-11-22T04:00:02Z' })
    expect(notebook.line).toBe('degraded')
    around.say(snapshot)
    expect(notebook.line).toBe('live')
  })

  test('asks for a snapshot after a message that it cannot read', () => {
    around.say(snapshot)
    around.say({ type: 'event', cursor: '12-0', event: { type: 'CallChanged', call: { state: 'dancing' } } })
    around.pass(LONGEST_PAUSE_MS)
    expect(around.urls.at(-1)).toBe('/live')
  })

  test('reconnects at once when the network is back', () => {
    around.latest.closed(1006)
    line.retryNow()
    expect(around.urls).toHaveLength(2)
    line.retryNow()
    expect(around.urls).toHaveLength(2)
  })

  test('says nothing more after it was stopped', () => {
    line.stop()
    around.pass(10 * LONGEST_PAUSE_MS)
    expect(around.urls).toHaveLength(1)
    expect(around.closed[0]).toBe(true)
  })
})
