import { expect, test } from 'vitest'
import { agentStates, callStates, comings, healthStates, pauseReasons, seatStates } from '../src/board/vocabulary'
import en from '../src/locales/en'
import zh from '../src/locales/zh'

function leaves(value: object, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, item]): [string, string][] =>
    typeof item === 'string' ? [[path + key, item]] : leaves(item, `${path}${key}.`))
}

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().filter((name, at, all) => all[at - 1] !== name)

test('both languages say the same things with the same blanks', () => {
  const chinese = new Map(leaves(zh))
  const english = new Map(leaves(en))
  expect([...english.keys()]).toEqual([...chinese.keys()])
  for (const [key, words] of english) expect([key, blanks(words)]).toEqual([key, blanks(chinese.get(key) ?? '')])
})

test.each([zh, en])('every state has a word', (words) => {
  for (const state of callStates) expect(words.call.state[state]).toBeTruthy()
  for (const state of seatStates) expect(words.seat.state[state]).toBeTruthy()
  for (const state of agentStates) expect(words.seat.state[state]).toBeTruthy()
  for (const reason of pauseReasons) expect(words.reason[reason]).toBeTruthy()
  for (const state of healthStates) expect(words.health.state[state]).toBeTruthy()
  for (const state of comings) expect(words.storm.coming.state[state]).toBeTruthy()
})

test.each([zh, en])('every refusal of an order has words', (words) => {
  const codes = ['unknown_agent', 'unknown_seat', 'unknown_queue', 'seat_taken', 'seat_unreachable', 'not_signed_in', 'no_call', 'not_now', 'surge', 'unknown_estate', 'unknown_prompt', 'unknown_number',
    'too_late', 'refused', 'acd_silent', 'no_agent', 'no_seat', 'unavailable', 'forbidden', 'internal', 'no_such_move', 'not_agreed', 'above_agreed']
  const known = new Map(Object.entries(words.error))
  for (const code of codes) expect([code, known.get(code)]).toEqual([code, expect.stringMatching(/./)])
})

/** As crm/tickets, crm/repairs, crm/incidents, crm/complaints, crm/ledgers and crm/notices write them into a ticket's timeline. */
test.each([zh, en])('every line of a ticket has words', (words) => {
  const known = new Map(Object.entries(words.crm.event))
  for (const what of ['opened', 'moved', 'filled_in', 'noted', 'assigned', 'offered', 'accepted', 'declined', 'asked', 'answered', 'linked', 'attached', 'not_made', 'not_moved',
    'acknowledged', 'known', 'called', 'dispatched', 'sent_back', 'charged', 'uncharged', 'settled', 'reversed', 'step_kept', 'step_dealt', 'letter']) {
    expect([what, known.get(what)]).toEqual([what, expect.stringMatching(/./)])
  }
})

/** What `t('…')` names in the pages. */
test.each([zh, en])('every word that a page asks for is there', (words) => {
  const there = new Set(leaves(words).map(([key]) => key))
  const sources = Object.values(import.meta.glob<string>('../src/**/*.{vue,ts}', { query: '?raw', import: 'default', eager: true }))
  const asked = sources.flatMap((source) => [...source.matchAll(/\bt\((?:[^`'()]*\? )?'([\w.-]+)'(?: : '([\w.-]+)')?/g)].flatMap(([, one, other]) => [one, other]))
  const named = [...new Set(asked)].filter((key) => key !== undefined)
  expect(named.length).toBeGreaterThan(500)
  expect(named.filter((key) => !there.has(key))).toEqual([])
})

/** As crm, acd, agi and dashboard report them. */
test.each([zh, en])('every component has a name that people read', (words) => {
  const known = new Map(Object.entries(words.health.name))
  const reported = ['trunk', 'asterisk', 'ami', 'acd', 'agi', 'crm', 'dashboard', 'redis', 'database', 'disk', 'figures', 'callbacks', 'recordings', 'clocks', 'notices',
    'reports', 'report_letters', 'ledgers', 'followups', 'relay', 'webhooks', 'retention', 'dispatch', 'orders', 'hearing', 'surge', 'surge_letters', 'call_in', 'call_in_letters',
    'dialling', 'incidents', 'incident_texts', 'texts', 'letters', 'outages', 'guard', 'network', 'seats', 'backup', 'forecast']
  for (const component of reported) expect([component, known.get(component)]).toEqual([component, expect.stringMatching(/./)])
})
