/** Which page the address names, and which ticket or household. A handful of addresses needs no router. */

import { ref } from 'vue'
import type { Session } from './session'

/** In the order of the navigation. */
export const pages = ['wall', 'desk', 'lead', 'tickets', 'households', 'surge', 'emergencies', 'outages', 'drills'] as const
export type PageName = (typeof pages)[number]

const paths: Readonly<Record<PageName, string>> = {
  wall: '/', desk: '/desk', lead: '/lead', tickets: '/tickets', households: '/households', surge: '/surge', emergencies: '/emergencies', outages: '/outages', drills: '/drills',
}
/** These are one place in the navigation, with tabs of their own. */
export const stormPages: readonly PageName[] = ['surge', 'emergencies', 'outages', 'drills']

/** `what`: which one of them, `new`, or empty for the list. */
export interface Place {
  readonly page: PageName
  readonly what: string
  readonly query: URLSearchParams
}

export function placeAt(path: string, search = ''): Place {
  const query = new URLSearchParams(search)
  const [, page, what] = /^\/(\w+)\/(new|\d+|[a-z][a-z_]*-\d{8}-\d{6})\/?$/.exec(path) ?? []
  const found = (['tickets', 'households', 'emergencies', 'outages'] as const).find((one) => one === page)
  if (found && what) return { page: found, what, query }
  return { page: pageAt(path), what: '', query }
}

export function pageAt(path: string): PageName {
  return pages.find((page) => paths[page] === path.replace(/(.)\/$/, '$1')) ?? 'wall'
}

export function pathOf(page: PageName): string {
  return paths[page]
}

export type Rights = Pick<Session, 'sees_board' | 'works_at_desk' | 'leads' | 'handles_tickets' | 'reads_households' | 'roles'>

/** The pages that a role gives, in the order of the navigation. */
export function pagesFor(session: Rights): PageName[] {
  const may: Record<PageName, boolean> = {
    wall: session.sees_board, desk: session.works_at_desk, lead: session.leads, tickets: session.handles_tickets,
    households: session.reads_households, surge: session.sees_board && session.handles_tickets, emergencies: session.handles_tickets,
    outages: session.leads || session.roles.includes('operations'), drills: session.sees_board && session.handles_tickets,
  }
  return pages.filter((page) => may[page])
}

/** Where a user begins who has asked for no page: an agent at the desk, who sees no board at the tickets, others before the wall. */
export function firstPage(session: Pick<Session, 'sees_board' | 'works_at_desk' | 'leads'>): PageName {
  if (!session.sees_board) return 'tickets'
  return session.works_at_desk && !session.leads ? 'desk' : 'wall'
}

export const place = ref<Place>(placeAt(location.pathname, location.search))

/** To an address of ours, such as `/tickets/17`. */
export function open(address: string): void {
  const to = new URL(address, location.origin)
  if (to.pathname + to.search !== location.pathname + location.search) history.pushState(null, '', to.pathname + to.search)
  place.value = placeAt(to.pathname, to.search)
}

export function go(to: PageName): void {
  open(paths[to])
}

/** The filter of a list is part of its address; changing it is no step to go back by. */
export function filterBy(query: URLSearchParams): void {
  const search = query.toString()
  history.replaceState(null, '', location.pathname + (search ? `?${search}` : ''))
  place.value = { ...place.value, query }
}

addEventListener('popstate', () => {
  place.value = placeAt(location.pathname, location.search)
})
