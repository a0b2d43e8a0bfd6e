/** Outages as the API says them: the ladder, who took it on, why it was, whom it cost a call. */

import { ask, read } from '../api'
import { flag, list, moment, nullable, number, shape, text, type Parsed } from '../board/parse'
import { pageOf } from '../crm/shapes'

const outage = shape({
  outage_id: text, component: text, detail: text, began_at: moment, ended_at: nullable(moment), step: number, acknowledged_at: nullable(moment),
  acknowledged_by: nullable(text), cause: nullable(text), cause_by: nullable(text), lost: nullable(number), unreachable: nullable(number), version: number,
})
export type OutageKept = Parsed<typeof outage>
const line = shape({
  at: moment, what: text, rung: nullable(text), after_s: nullable(number), tell: list(text), channel: nullable(text), address: nullable(text), error: nullable(text),
})
export type OutageLine = Parsed<typeof line>
const story = shape({ outage, lines: list(line) })
export type OutageStory = Parsed<typeof story>
const caller = shape({
  call_id: text, at: moment, how: text, number: nullable(text), queue: nullable(text), rings: flag, callback: nullable(text), attempts: number,
  ticket_id: nullable(number), ticket_state: nullable(text),
})
export type LostCaller = Parsed<typeof caller>

export async function outages(onlyOpen: boolean): Promise<readonly OutageKept[]> {
  return (await read(await ask(`/outages?limit=100${onlyOpen ? '&open=true' : ''}`), pageOf(outage), 'outages')).items
}
export async function outageStory(id: string): Promise<OutageStory> {
  return read(await ask(`/outages/${encodeURIComponent(id)}`), story, 'outage')
}
export async function lostCallers(id: string): Promise<readonly LostCaller[]> {
  return (await read(await ask(`/outages/${encodeURIComponent(id)}/callers`), shape({ callers: list(caller) }), 'callers')).callers
}
