/** What somebody has typed and not saved, kept while they look at another page. In memory alone: it may be private. */

import { defineStore } from 'pinia'
import { ref } from 'vue'
import type { Draft } from '../crm/form'
import type { TicketRead } from '../crm/shapes'

export interface Unsaved {
  readonly draft: Draft
  /** The ticket as it was when the typing began. */
  readonly base: TicketRead
}

/** A ticket that is not there yet. */
export interface Begun {
  readonly kind: string
  readonly draft: Draft
  readonly contact: string
  readonly notes: string
  readonly estate: string
  readonly householdId: number | null
  readonly key: string | undefined
}

export const useDrafts = defineStore('drafts', () => {
  const tickets = ref<Readonly<Record<number, Unsaved>>>({})
  /** Notes begun and not added, by ticket. */
  const notes = ref<Readonly<Record<number, string>>>({})
  /** By the call in which they were begun; '' without one. */
  const begun = ref<Readonly<Record<string, Begun>>>({})

  function keep(id: number, unsaved: Unsaved | null): void {
    const rest = Object.fromEntries(Object.entries(tickets.value).filter(([key]) => key !== String(id)))
    tickets.value = unsaved && Object.keys(unsaved.draft).length > 0 ? { ...rest, [id]: unsaved } : rest
  }

  function begin(callId: string, what: Begun | null): void {
    const rest = Object.fromEntries(Object.entries(begun.value).filter(([key]) => key !== callId))
    begun.value = what ? { ...rest, [callId]: what } : rest
  }

  function forget(): void {
    tickets.value = {}
    notes.value = {}
    begun.value = {}
  }

  return { tickets, notes, begun, keep, begin, forget }
})
