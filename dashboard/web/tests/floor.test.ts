import { describe, expect, test } from 'vitest'
import { agentTargets, allowed, seatChoices } from '../src/board/desk'
import { agentsInOrder, callAt, notices, ranLong, seatView, talker, talksAt, wrapUpLeft } from '../src/board/floor'
import { agentStates, emptyBoard, type AgentShown, type AgentState, type Board, type Call, type Seat } from '../src/board/vocabulary'
import { firstPage, pageAt, pagesFor } from '../src/route'
import { site } from './site'

const free = { free_seating: true, browser_seats: ['1301'] }
const fixed = { free_seating: false, browser_seats: [] }
const NOW = Date.parse('2026-11-22T04:00:00Z')

function agent(code: string, state: AgentState, seat: string | null, more: Partial<AgentShown> = {}): AgentShown {
  return {
    code, name: `agent ${code}`, team: 'day', state, since: NOW - 10_000, seat, reason: '', call_id: null, until: null, missed: 0,
    help_since: null, help_reason: '', recording_paused: false, consulting: false, ...more,
  }
}

function seat(number: string, state: Seat['state'] = 'ready', kind = 'primary'): Seat {
  return { seat: number, name: `seat ${number}`, kind, state, since: NOW - 60_000, call_id: null, agent: null }
}

function call(id: string, state: Call['state'], more: Partial<Call> = {}): Call {
  return {
    call_id: id, state, entered_at: NOW, since: NOW, number: '', did: '', name: '', room: '', household_id: null, language: 'zh',
    queue: 'repair', queued_at: NOW, rang_at: null, answered_at: null, stage: 0, ringing: [], seat: null, agent: null, priority: 0,
    expected_wait_s: null, parked: '', emergency: false, ...more,
  }
}

function board(parts: { agents?: AgentShown[]; seats?: Seat[]; calls?: Call[] }): Board {
  return {
    ...emptyBoard,
    agents: Object.fromEntries((parts.agents ?? []).map((of) => [of.code, of])),
    seats: Object.fromEntries((parts.seats ?? []).map((of) => [of.seat, of])),
    calls: Object.fromEntries((parts.calls ?? []).map((of) => [of.call_id, of])),
  }
}

describe('a seat', () => {
  test('is named after who sits there and shows what they are', () => {
    const shown = seatView(board({ agents: [agent('801', 'away', '1001', { missed: 3 })] }), seat('1001'), free)
    expect(shown).toMatchObject({ name: 'agent 801', state: 'away' })
  })

  test('is vacant while nobody has signed in, unless its phone is gone or it rings all the same', () => {
    const state = (of: Seat) => seatView(board({}), of, free).state
    expect([seat('1001', 'paused'), seat('1001', 'ready'), seat('1001', 'offline'), seat('1001', 'talking')].map(state))
      .toEqual(['vacant', 'vacant', 'offline', 'talking'])
    expect(seatView(board({}), seat('1001'), free).name).toBe('')
    expect(state(seat('1101', 'ready', 'backup'))).toBe('ready')
    expect(seatView(board({}), seat('1001'), fixed).state).toBe('ready')
  })

  test('with a browser for a phone is vacant while nobody is there, and can be taken', () => {
    const there = board({ seats: [seat('1001', 'offline'), seat('1301', 'offline')] })
    expect(seatView(there, seat('1301', 'offline'), free).state).toBe('vacant')
    expect(seatChoices(there, null, free).map(({ seat: of, hindrance, browser }) => [of, hindrance, browser])).toEqual([
      ['1001', 'offline', false], ['1301', null, true],
    ])
  })

  test('talks while an agent has a caller there, also one whose phone has died under the caller', () => {
    const at = (state: AgentState, callId: string | null) => talksAt(board({ agents: [agent('801', state, '1301', { call_id: callId })] }), '1301')
    expect([at('talking', 'c1'), at('held', 'c1'), at('fault', 'c1'), at('fault', null), at('ringing', 'c1'), at('ready', null)])
      .toEqual([true, true, true, false, false, false])
    expect(talksAt(board({ seats: [seat('1301', 'talking')] }), '1301')).toBe(true)
  })

  test('whose phone has just gone is offline before it is a fault', () => {
    const ready = board({ agents: [agent('801', 'ready', '1001')] })
    expect(seatView(ready, seat('1001', 'offline'), free).state).toBe('offline')
    expect(seatView(board({ agents: [agent('801', 'fault', '1001')] }), seat('1001', 'offline'), free).state).toBe('fault')
  })

  test('forgets who has signed out', () => {
    expect(seatView(board({ agents: [agent('801', 'signed_out', '1001')] }), seat('1001'), free).agent).toBeNull()
  })
})

describe('the room is told', () => {
  test('who asks for help, who is away, whose phone is gone and who talks too long, one line a kind, oldest first', () => {
    const floor = board({
      agents: [
        agent('801', 'talking', '1001', { help_since: NOW - 5_000 }), agent('802', 'talking', '1002', { help_since: NOW - 90_000 }),
        agent('803', 'away', '1003'), agent('804', 'fault', '1004'),
      ],
      calls: [call('a', 'talking', { answered_at: NOW - 600_000, agent: '802', seat: '1002' }), call('b', 'talking', { answered_at: NOW - 599_000 })],
    })
    expect(notices(floor, NOW, site).map(({ kind, items }) => [kind, items.map((item) => item.name)])).toEqual([
      ['help', ['agent 802', 'agent 801']], ['away', ['agent 803']], ['fault', ['agent 804']], ['long', ['agent 802']],
    ])
  })

  test('nothing while all is well', () => {
    expect(notices(board({ agents: [agent('801', 'ready', '1001')], calls: [call('a', 'talking', { answered_at: NOW })] }), NOW, site)).toEqual([])
  })

  test('of a call by who talks, also where the board knows only the seat', () => {
    const floor = board({ agents: [agent('801', 'talking', '1001')], seats: [seat('1001'), seat('1101')] })
    expect([call('a', 'talking', { seat: '1001' }), call('a', 'talking', { seat: '1101' }), call('a', 'talking')].map((of) => talker(floor, of)))
      .toEqual(['agent 801', 'seat 1101', ''])
  })

  test('of the ten minutes from the answer on, not of the wait before it', () => {
    expect(ranLong(call('a', 'talking', { entered_at: NOW - 900_000, answered_at: NOW - 60_000 }), NOW, site)).toBe(false)
    expect(ranLong(call('a', 'queued', { entered_at: NOW - 900_000 }), NOW, site)).toBe(false)
  })
})

describe('the call at the desk', () => {
  test('is the one that rings there, then the one that talks, and none while the caller only rates it', () => {
    const ringing = call('a', 'ringing', { ringing: ['1001', '1002'] })
    expect(callAt(board({ calls: [ringing] }), agent('801', 'ready', '1001'), '1001')?.call_id).toBe('a')
    const talks = agent('801', 'talking', '1001', { call_id: 'a' })
    expect(callAt(board({ calls: [call('a', 'talking')] }), talks, '1001')?.call_id).toBe('a')
    const rating = call('a', 'after', { seat: '1001' })
    expect(callAt(board({ calls: [rating] }), agent('801', 'wrapup', '1001', { call_id: 'a' }), '1001')).toBeNull()
  })

  test('a wrap-up counts down to its end', () => {
    expect(wrapUpLeft(agent('801', 'wrapup', '1001', { until: NOW + 4_500 }), NOW)).toBe(4.5)
    expect(wrapUpLeft(agent('801', 'wrapup', '1001', { until: NOW - 1 }), NOW)).toBe(0)
    expect(wrapUpLeft(agent('801', 'ready', '1001', { until: NOW + 4_500 }), NOW)).toBeNull()
  })
})

describe('the buttons', () => {
  const can = (state: AgentState | null, free = true, consulting = false) => {
    const all = allowed(state === null ? null : { state, consulting }, free)
    return Object.entries(all).filter(([, is]) => is).map(([name]) => name)
  }

  test('follow the state', () => {
    expect(Object.fromEntries(agentStates.map((state) => [state, can(state)]))).toEqual({
      signed_out: ['signIn'],
      ready: ['signOut', 'move', 'pause', 'help', 'retrieve'],
      ringing: ['pause', 'help'],
      talking: ['pause', 'help', 'talk'],
      held: ['pause', 'help', 'talk'],
      wrapup: ['signOut', 'move', 'pause', 'resume', 'extend', 'help', 'retrieve'],
      paused: ['signOut', 'move', 'pause', 'resume', 'help', 'retrieve'],
      away: ['signOut', 'move', 'pause', 'resume', 'help', 'retrieve'],
      fault: ['signOut', 'move', 'help'],
    })
    expect(can(null)).toEqual(['signIn'])
  })

  test('of an attended transfer are there while one is under way, and the others are not', () => {
    expect(can('talking', true, true)).toEqual(['pause', 'help', 'consult'])
  })

  test('never sign anybody out in fixed seating', () => {
    expect(agentStates.flatMap((state) => can(state, false)).filter((name) => name === 'signOut' || name === 'move')).toEqual([])
  })
})

describe('choices', () => {
  const floor = board({
    agents: [agent('801', 'ready', '1001'), agent('802', 'talking', '1002'), agent('803', 'ready', '1003'), agent('804', 'signed_out', null)],
    seats: [seat('1001'), seat('1002'), seat('1003'), seat('1004'), seat('1005', 'offline')],
  })

  test('of a seat say who has it or that its phone is gone', () => {
    expect(seatChoices(floor, '1001', free).map(({ seat: of, hindrance }) => [of, hindrance])).toEqual([
      ['1002', 'taken'], ['1003', 'taken'], ['1004', null], ['1005', 'offline'],
    ])
    expect(seatChoices(floor, null, fixed).every(({ hindrance }) => hindrance === null)).toBe(true)
  })

  test('of an agent begin with who is free and leave out oneself and who is not there', () => {
    expect(agentTargets(floor, '801').map(({ value }) => value)).toEqual(['803', '802'])
  })
})

test('who asks for help is on top, then who cannot be rung, last who is not there', () => {
  const floor = board({
    agents: [
      agent('801', 'signed_out', null), agent('802', 'ready', '1002'), agent('803', 'away', '1003'),
      agent('804', 'talking', '1004', { help_since: NOW }), agent('805', 'talking', '1005', { help_since: NOW - 1 }),
    ],
  })
  expect(agentsInOrder(floor).map(({ code }) => code)).toEqual(['805', '804', '803', '802', '801'])
})

test('pages go by role', () => {
  expect(['/', '/desk', '/lead/', '/elsewhere'].map(pageAt)).toEqual(['wall', 'desk', 'lead', 'wall'])
  expect(pagesFor({ sees_board: true, works_at_desk: true, leads: false, handles_tickets: true, reads_households: true, roles: ['agent'] })).toEqual(['wall', 'desk', 'tickets', 'households', 'surge', 'emergencies', 'drills'])
  expect(firstPage({ sees_board: true, works_at_desk: true, leads: false })).toBe('desk')
  expect(firstPage({ sees_board: true, works_at_desk: true, leads: true })).toBe('wall')
})
