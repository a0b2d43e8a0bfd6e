/** Drills on the live line as the API says them. */

import { ask, read } from '../api'
import { flag, list, moment, nullable, number, shape, table, text, type Parsed } from '../board/parse'
import { pageOf } from '../crm/shapes'

const figures = shape({
  offered: number, answered: number, abandoned: number, short_abandons: number, overflowed: number, mean_wait_s: nullable(number),
  wait_90_s: nullable(number), longest_wait_s: nullable(number), answered_in_2_rings: nullable(number), service_level: nullable(number),
  mean_talk_s: nullable(number),
})
export type DrillFigures = Parsed<typeof figures>
const summary = shape({
  planned: number, calls: number, menu: number, gave_way: number, stopped: number, lost: number, open: number, refused: table(number),
  all: figures, queues: table(figures),
})
const scenario = shape({
  name: text, calls_a_minute: number, minutes: number, number: text, keys: list(text), patience: number, talk: number, seats: text,
  agents: number, picks_up: number, surge: flag, seed: number,
})
export type Scenario = Parsed<typeof scenario>
const drill = shape({
  drill_id: number, name: text, state: text, reason: text, by: text, began_at: moment, stopped_at: nullable(moment), stopped_by: text,
  why: text, ended_at: nullable(moment), planned: number, begun: number, on_the_line: number, scenario, summary: nullable(summary),
  against: nullable(number), changed: list(text), differs: nullable(table(nullable(number))),
  notes: list(shape({ at: moment, by: text, text })),
})
export type DrillTold = Parsed<typeof drill>

export async function drills(): Promise<readonly DrillTold[]> {
  return (await read(await ask('/drills?limit=20'), pageOf(drill), 'drills')).items
}
export async function oneDrill(id: number): Promise<DrillTold> {
  return read(await ask(`/drills/${id}`), drill, 'drill')
}

/** In the order in which they are read. */
export const figureNames = ['offered', 'answered', 'abandoned', 'short_abandons', 'overflowed', 'mean_wait_s', 'wait_90_s', 'longest_wait_s',
  'answered_in_2_rings', 'service_level', 'mean_talk_s'] as const satisfies readonly (keyof DrillFigures)[]
const shares: readonly string[] = ['answered_in_2_rings', 'service_level']
const more: readonly string[] = ['answered', 'answered_in_2_rings', 'service_level']
const neither: readonly string[] = ['offered', 'mean_talk_s', 'short_abandons']

export function figureText(name: keyof DrillFigures, value: number | null): string {
  if (value === null) return '–'
  return shares.includes(name) ? `${(value * 100).toFixed(1)}%` : String(value)
}

/** A difference with its sign, and whether it is for the better. */
export function differenceText(name: keyof DrillFigures, value: number | null): { said: string; tone: 'good' | 'bad' | 'none' } {
  if (value === null) return { said: '–', tone: 'none' }
  if (value === 0) return { said: '±0', tone: 'none' }
  const said = (value > 0 ? '+' : '−') + (shares.includes(name) ? `${Math.abs(value * 100).toFixed(1)}%` : String(Math.abs(value)))
  if (neither.includes(name)) return { said, tone: 'none' }
  return { said, tone: value > 0 === more.includes(name) ? 'good' : 'bad' }
}
