/** Declared emergencies as the API says them. */

import { ask, read } from '../api'
import { flag, list, moment, nullable, number, shape, table, text, type Parsed } from '../board/parse'
import { pageOf } from '../crm/shapes'
import { words } from '../session'

export const emergency = shape({
  emergency_id: number, number: text, ticket_id: number, type: text, name: words, level: number, phase: text, drill: flag, estate_id: nullable(number),
  estate: nullable(text), building: nullable(text), place: text, what: nullable(text), happened_at: moment, declared_at: moment, declared_by: text,
  commander: text, over_at: nullable(moment), closed_at: nullable(moment), report_due_at: nullable(moment), report: nullable(text), steps_open: number,
  steps_late: number, version: number,
})
export type Emergency = Parsed<typeof emergency>

const step = shape({
  step: text, does: words, note: nullable(words), who: text, needed: flag, after: nullable(text), standing: text, since: nullable(moment),
  due_at: nullable(moment), ended_at: nullable(moment), ended_by: nullable(text), is_late: flag,
})
export type Step = Parsed<typeof step>
const condition = shape({ condition: text, name: words, holds: flag })
const record = shape({ record: text, name: words, type: text, needed: flag, value: nullable(text) })
export type Recorded = Parsed<typeof record>
const act = shape({
  place: number, at: moment, who: text, what: text, step: nullable(text), level: nullable(number), to: nullable(text), said: list(text), text: nullable(text),
})
export type Act = Parsed<typeof act>

const emergencyRead = shape({
  emergency, steps: list(step), conditions: list(condition), records: list(record), learnt: table(text), hindering: list(text), left: list(text),
  broadcast: nullable(text), chat: words, timeline: list(act),
})
export type EmergencyRead = Parsed<typeof emergencyRead>

const type = shape({ definition: shape({ type: text, name: words, level: number, conditions: table(words) }), levels: list(number) })
export type EmergencyType = Parsed<typeof type>

const proposal = shape({
  proposal_id: number, because: text, type: nullable(text), level: nullable(number), estate: nullable(text), building: nullable(text), callers: number,
  first_at: moment,
})
export type Proposal = Parsed<typeof proposal>
const weather = shape({ level: number, since: nullable(moment), by: nullable(text), agents: number, staffing: nullable(words) })
export type Weather = Parsed<typeof weather>

const report = shape({
  what: text, occurred: text, place: text, course: text, conclusion: text, state: text, due_at: nullable(moment), is_late: flag, drafted_at: moment,
  signed_by: nullable(text), signed_at: nullable(moment), approved_by: nullable(text), approved_at: nullable(moment), photos: number, version: number,
})
export type Report = Parsed<typeof report>

const broadcast = shape({
  broadcast_id: number, at: moment, by: text, building_id: nullable(number), until: moment, state: text, households: number, numbers: number, asked: number,
  heard: number, pressed: number, missed: number, refused: number, households_heard: number, households_pressed: number,
})
export type Broadcast = Parsed<typeof broadcast>

const chatSent = shape({
  text_id: number, channel: text, tries: number, sent_at: nullable(moment), failed_at: nullable(moment), error: nullable(text),
})
export type ChatSent = Parsed<typeof chatSent>
const chat = shape({ text: words, robots: list(text), sent: list(chatSent) })
export type ChatKept = Parsed<typeof chat>

export async function emergencies(phase: string): Promise<readonly Emergency[]> {
  const query = new URLSearchParams({ limit: '100', ...(phase ? { phase } : {}) })
  return (await read(await ask(`/emergencies?${query}`), pageOf(emergency), 'emergencies')).items
}
export async function oneEmergency(id: number): Promise<EmergencyRead> {
  return read(await ask(`/emergencies/${id}`), emergencyRead, 'emergency')
}
export async function emergencyTypes(): Promise<readonly EmergencyType[]> {
  return (await read(await ask('/emergencies/types'), shape({ items: list(type) }), 'types')).items
}
export async function proposals(): Promise<readonly Proposal[]> {
  return (await read(await ask('/emergencies/proposals'), pageOf(proposal), 'proposals')).items
}
export async function weatherNow(): Promise<Weather> {
  return read(await ask('/emergencies/weather'), weather, 'weather')
}
export async function reportOf(id: number): Promise<Report> {
  return read(await ask(`/emergencies/${id}/report`), report, 'report')
}
export async function broadcastsOf(id: number): Promise<readonly Broadcast[]> {
  return (await read(await ask(`/emergencies/${id}/broadcasts`), shape({ items: list(broadcast) }), 'broadcasts')).items
}
export async function chatOf(id: number): Promise<ChatKept> {
  return read(await ask(`/emergencies/${id}/chat`), chat, 'chat')
}
/** Declares it; what it answers is where to go. */
export async function declared(answer: Response): Promise<number> {
  return (await read(answer, shape({ emergency: shape({ emergency_id: number }) }), 'emergency')).emergency.emergency_id
}

/** Estate and building before the place, where it does not name them itself. Pure. */
export function whereText(of: Pick<Emergency, 'estate' | 'building' | 'place'>, estate = ''): string {
  return [...[estate || of.estate, of.building].filter((one) => one && !of.place.includes(one)), of.place].join(' ')
}

/** How a step's clock stands: settled, late, running or not begun. Pure. */
export function stepTone(of: Pick<Step, 'standing' | 'due_at' | 'is_late'>, now: number): 'done' | 'late' | 'soon' | 'open' | 'waiting' {
  if (of.standing === 'done' || of.standing === 'not_needed') return 'done'
  if (of.standing === 'waiting') return 'waiting'
  if (of.is_late || (of.due_at !== null && of.due_at <= now)) return 'late'
  return of.due_at !== null && of.due_at - now < 60_000 ? 'soon' : 'open'
}

/** What may be said of a step as it stands; crm/incidents/declared/timeline.py has the table. Pure. */
export function mayFollow(standing: string): readonly ('begun' | 'done' | 'not_needed')[] {
  switch (standing) {
    case 'open': return ['begun', 'done', 'not_needed']
    case 'begun': return ['done', 'not_needed']
    case 'waiting': return ['not_needed']
    default: return []
  }
}
