/** Agents who have fallen out, as the API says it: how many callers are answered then, and whom to bring in (C6). */

import { ask, read } from '../api'
import { flag, list, moment, number, shape, text, type Parsed } from '../board/parse'
import { pageOf } from '../crm/shapes'

const staffed = shape({ answered: number })
const compared = shape({ begins_at: moment, before: staffed, left: staffed, proposed: staffed })
const report = shape({
  report_id: number, at: moment, by: text, agents: list(text), out: number, manager_told: flag,
  proposal: shape({
    intervals: list(compared), bring: list(shape({ agent: text, name: text, how: text })), short: number, is_forecast: flag,
  }),
})
export type FallenOut = Parsed<typeof report>

export async function lastFallenOut(): Promise<FallenOut | null> {
  return (await read(await ask('/forecast/fallen-out?limit=1'), pageOf(report), 'fallen out')).items[0] ?? null
}

/** The half hour in which fewest are answered with who is left. Pure. */
export function worstOf(of: FallenOut): Parsed<typeof compared> | null {
  return of.proposal.intervals.reduce<Parsed<typeof compared> | null>((worst, one) => (worst && worst.left.answered <= one.left.answered ? worst : one), null)
}
