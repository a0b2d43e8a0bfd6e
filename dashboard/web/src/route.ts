/** Which page the address names. Three pages and no parameters need no router. */

import { ref } from 'vue'
import type { Session } from './session'

export const pages = ['wall', 'desk', 'lead'] as const
export type PageName = (typeof pages)[number]

const paths: Readonly<Record<PageName, string>> = { wall: '/', desk: '/desk', lead: '/lead' }

export function pageAt(path: string): PageName {
  return pages.find((page) => paths[page] === path.replace(/(.)\/$/, '$1')) ?? 'wall'
}

export function pathOf(page: PageName): string {
  return paths[page]
}

/** The pages that a role gives, in the order of the navigation. */
export function pagesFor(session: Pick<Session, 'sees_board' | 'works_at_desk' | 'leads'>): PageName[] {
  const may: Record<PageName, boolean> = { wall: session.sees_board, desk: session.works_at_desk, lead: session.leads }
  return pages.filter((page) => may[page])
}

/** Where a user begins who has asked for no page: an agent at the desk, everybody else before the wall. */
export function firstPage(session: Pick<Session, 'works_at_desk' | 'leads'>): PageName {
  return session.works_at_desk && !session.leads ? 'desk' : 'wall'
}

export const page = ref<PageName>(pageAt(location.pathname))

export function go(to: PageName): void {
  if (location.pathname !== paths[to]) history.pushState(null, '', paths[to])
  page.value = to
}

addEventListener('popstate', () => {
  page.value = pageAt(location.pathname)
})
