/** A site as the server tells a page of it. */

import type { SiteShown } from '../src/session'

export const site: SiteShown = {
  company: { zh: '安和物业', en: 'Anhe' }, timezone: 'Asia/Shanghai', language: 'zh', ring_s: 5, answer_within: 2,
  overflow_after: 6, queues: [{ id: 'repair', name: { zh: '报修', en: 'Repairs' }, service_level_s: 20 }],
  departments: [{ id: 'works', name: { zh: '工程部', en: 'Works' } }], has_office: true, teams: [], free_seating: true, browser_seats: [],
  desk: { call_minutes: 10, wrapup_extension_s: 300 },
}
