/** Surges, situation reports and call-ins as the API says them. */

import { ask, read } from '../api'
import { flag, list, moment, nullable, number, shape, text, type Parsed } from '../board/parse'
import { surge } from '../board/vocabulary'
import { pageOf } from '../crm/shapes'
import { words } from '../session'

const signals = shape({
  at: moment, waiting: number, longest_wait_s: number, arrivals_ratio: nullable(number), service_level: nullable(number), agents: number,
})
export type Signals = Parsed<typeof signals>
const threshold = { enabled: flag, sustained: number }
const policy = shape({
  declares_itself: flag, highest_by_itself: number,
  arrivals: shape({ ...threshold, above: number }), waiting: shape({ ...threshold, above: number }),
  longest_wait: shape({ ...threshold, above: number }), service_level: shape({ ...threshold, below: number }),
  under_control: shape({ waiting: number, longest_wait: number, service_level: nullable(number) }),
  tier_2_after: number, tier_3_after: number, down_after: number,
})
export type Policy = Parsed<typeof policy>
const surgeNow = shape({
  version: number, surge, signals: nullable(signals), crossed: list(shape({ signal: text, since: moment })), held_by: text,
  held_until: nullable(moment), rests_until: nullable(moment), policy,
})
export type SurgeNow = Parsed<typeof surgeNow>

const change = shape({
  at: moment, act: text, before: number, tier: number, why: list(text), reason: text, by: text, signals: nullable(signals),
})
const past = shape({
  surge_id: number, declared_at: moment, ended_at: nullable(moment), highest: number, drill: flag, changes: list(change),
})
export type SurgePast = Parsed<typeof past>

const told = list(shape({ whom: text, at: moment, is_waiting: flag, acknowledged_at: nullable(moment), acknowledged_by: nullable(text), climbed_at: nullable(moment) }))
const situationListed = shape({ report_id: number, at: moment, by: text, tier: number, subject: words, told, waits_for_me: flag })
export type SituationListed = Parsed<typeof situationListed>
const said = shape({ subject: text, lines: list(shape({ label: text, text })) })
const situation = shape({ report_id: number, at: moment, by: text, zh: said, en: said })
export type Situation = Parsed<typeof situation>

const called = shape({
  person_id: number, name: text, state: text, since: moment, agent: nullable(text), tries: number, due_at: nullable(moment),
  how: nullable(text), seat: nullable(text),
})
const callIn = shape({
  call_in_id: number, surge_id: nullable(number), tier: number, reason: text, wanted: nullable(number), begun_at: moment, begun_by: text,
  released_at: nullable(moment), called: list(called),
})
export type CallIn = Parsed<typeof callIn>
const mine = shape({ call_in_id: number, tier: number, state: text, since: moment, due_at: nullable(moment), seat: nullable(text), plan: nullable(words), on_mobile: flag, mobile: flag })
export type MyCallIn = Parsed<typeof mine>
const listedPerson = shape({
  person_id: number, name: text, tier: number, number: text, user: nullable(text), agent: nullable(text), place: number, active: flag, version: number,
})
export type CallInPerson = Parsed<typeof listedPerson>

const line = shape({ to: text, since: nullable(moment), by: text, known: flag, numbers: list(text) })
export type LineKept = Parsed<typeof line>

export async function lineNow(): Promise<LineKept> {
  return read(await ask('/line'), line, 'line')
}
export async function surgeState(): Promise<SurgeNow> {
  return read(await ask('/surge'), surgeNow, 'surge')
}
export async function surgesPast(): Promise<readonly SurgePast[]> {
  return (await read(await ask('/surge/history?limit=20'), pageOf(past), 'history')).items
}
export async function situations(): Promise<readonly SituationListed[]> {
  return (await read(await ask('/surge/reports?limit=20'), pageOf(situationListed), 'reports')).items
}
export async function oneSituation(id: number): Promise<Situation> {
  return read(await ask(`/surge/reports/${id}`), situation, 'report')
}
export async function callIns(): Promise<readonly CallIn[]> {
  return (await read(await ask('/call-in?limit=5'), pageOf(callIn), 'call-ins')).items
}
export async function myCallIns(): Promise<readonly MyCallIn[]> {
  return (await read(await ask('/call-in/mine'), shape({ items: list(mine) }), 'call-ins')).items
}
export async function callInPeople(): Promise<readonly CallInPerson[]> {
  return (await read(await ask('/call-in/people?limit=200'), pageOf(listedPerson), 'people')).items
}

export interface SignalRow {
  readonly signal: 'arrivals' | 'waiting' | 'longest_wait' | 'service_level'
  /** As it is now; null when nobody can say. */
  readonly now: number | null
  /** Beyond this it counts as crossed, and how long that must last; null where it never counts. */
  readonly limit: number | null
  readonly sustained: number
  readonly crossedSince: number | null
  /** What it must keep to for the surge to be under control; null where it does not count. */
  readonly controlled: number | null
}

/** The four signals beside their limits: what declares a surge, and what "under control" means. Pure. */
export function signalRows({ signals: now, policy: of, crossed }: Pick<SurgeNow, 'signals' | 'policy' | 'crossed'>): SignalRow[] {
  const since = (signal: string) => crossed.find((one) => one.signal === signal)?.since ?? null
  const row = (signal: SignalRow['signal'], value: number | null, limit: number, controlled: number | null): SignalRow => ({
    signal, now: value, limit: of[signal].enabled ? limit : null, sustained: of[signal].sustained, crossedSince: since(signal), controlled,
  })
  return [
    row('arrivals', now?.arrivals_ratio ?? null, of.arrivals.above, null),
    row('waiting', now?.waiting ?? null, of.waiting.above, of.under_control.waiting),
    row('longest_wait', now?.longest_wait_s ?? null, of.longest_wait.above, of.under_control.longest_wait),
    row('service_level', now?.service_level ?? null, of.service_level.below, of.under_control.service_level),
  ]
}
