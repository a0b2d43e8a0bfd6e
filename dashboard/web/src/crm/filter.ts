/** The filter of the ticket list: in the page's address, and as the API takes it. Pure. */

import { SOON_MS } from './clocks'

export interface Filter {
  readonly kind: string
  readonly stage: string
  readonly state: 'open' | 'closed' | ''
  readonly estate: string
  /** '', 'mine', or a team as `team:day`. */
  readonly who: string
  readonly due: '' | 'soon' | 'broken'
  readonly text: string
}

export const noFilter: Filter = { kind: '', stage: '', state: 'open', estate: '', who: '', due: '', text: '' }

/** Open tickets are what is looked for where nothing is said; `state=all` says all of them. */
export function filterOf(query: URLSearchParams): Filter {
  const word = (name: string) => query.get(name) ?? ''
  const state = word('state')
  const due = word('due')
  return {
    kind: word('kind'), stage: word('stage'), state: state === 'all' ? '' : state === 'closed' ? 'closed' : 'open', estate: word('estate'), who: word('who'),
    due: due === 'soon' || due === 'broken' ? due : '', text: word('text'),
  }
}

export function queryOf(filter: Filter): URLSearchParams {
  const query = new URLSearchParams()
  const said: [string, string][] = [
    ['kind', filter.kind], ['stage', filter.stage], ['state', filter.state === 'open' ? '' : filter.state || 'all'], ['estate', filter.estate],
    ['who', filter.who], ['due', filter.due], ['text', filter.text],
  ]
  for (const [name, word] of said) if (word) query.set(name, word)
  return query
}

export function asked(filter: Filter, now: number): URLSearchParams {
  const query = new URLSearchParams()
  const said: [string, string][] = [
    ['kind', filter.kind], ['stage', filter.kind ? filter.stage : ''], ['state', filter.state], ['estate_id', filter.estate], ['text', filter.text.trim()],
    ['mine', filter.who === 'mine' ? 'true' : ''], ['team', filter.who.startsWith('team:') ? filter.who.slice(5) : ''],
    ['overdue', filter.due === 'broken' ? 'true' : ''], ['due_before', filter.due === 'soon' ? new Date(now + SOON_MS).toISOString() : ''],
  ]
  for (const [name, word] of said) if (word) query.set(name, word)
  return query
}
