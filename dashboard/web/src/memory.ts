/** What the desk must not forget when the page is loaded anew, and what only this browser knows: with whom an attended
 *  transfer has begun, and in which slots calls of mine are parked. Of one user: the next at this browser gets none of it. */

import { ref, watch, type Ref } from 'vue'
import { isObject, list, nullable, shape, text } from './board/parse'

const KEY = 'sixring.desk'

/** An attended transfer on a call. */
export interface Consultation {
  readonly callId: string
  readonly name: string
}

/** A call that I parked, and where. A slot is given to another call once it is free. */
export interface Parked {
  readonly callId: string
  readonly slot: string
}

const consultation = nullable(shape({ callId: text, name: text }))
const parkedCalls = list(shape({ callId: text, slot: text }))

export interface DeskMemory {
  readonly consulting: Ref<Consultation | null>
  readonly parked: Ref<readonly Parked[]>
}

function kept(user: string): { consulting: Consultation | null; parked: readonly Parked[] } {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    // A session that ended while no page was open left without signing out.
    if (isObject(value) && value.user === user) {
      return { consulting: consultation(value.consulting ?? null, 'consulting'), parked: parkedCalls(value.parked ?? [], 'parked') }
    }
    forgetDesk()
  } catch {
    // storage is switched off or holds something else: the desk begins with nothing
  }
  return { consulting: null, parked: [] }
}

export function useDeskMemory(user: string): DeskMemory {
  const begun = kept(user)
  const consulting = ref(begun.consulting)
  const parked = ref(begun.parked)
  watch([consulting, parked], () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ user, consulting: consulting.value, parked: parked.value }))
    } catch {
      // see kept
    }
  })
  return { consulting, parked }
}

/** Whoever signs out has left. */
export function forgetDesk(): void {
  try {
    sessionStorage.removeItem(KEY)
  } catch {
    // see kept
  }
}
