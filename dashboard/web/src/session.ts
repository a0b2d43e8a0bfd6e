/** Who is signed in, and what a page must know of the site: the server's answer to `GET /session`. */

import { flag, list, nullable, number, oneOf, shape, text, type Parsed } from './board/parse'

export const words = shape({ zh: text, en: text })
export const session = shape({
  name: text,
  roles: list(text),
  sees_board: flag,
  sees_callers: flag,
  works_at_desk: flag,
  leads: flag,
  supervises: flag,
  handles_tickets: flag,
  reads_households: flag,
  changes_households: flag,
  seat: nullable(text),
  site: shape({
    company: words,
    timezone: text,
    language: oneOf('zh', 'en'),
    ring_s: number,
    answer_within: number,
    overflow_after: number,
    queues: list(shape({ id: text, name: words, service_level_s: number })),
    departments: list(shape({ id: text, name: words })),
    has_office: flag,
    teams: list(shape({ id: text, name: words })),
    free_seating: flag,
    browser_seats: list(text),
    desk: shape({ call_minutes: number, wrapup_extension_s: number }),
  }),
})
export type Session = Parsed<typeof session>
export type SiteShown = Session['site']
