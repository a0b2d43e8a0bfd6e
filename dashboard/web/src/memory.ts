/** What the desk must not forget when the page is loaded anew, and what only this browser knows: with whom an attended
 *  transfer has begun, and in which slots calls of mine are parked. */

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

function kept(): { consulting: Consultation | null; parked: readonly Parked[] } {
  try {
    const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    if (isObject(value)) {
      return { consulting: consultation(value.consulting ?? null, 'consulting'), parked: parkedCalls(value.parked ?? [], 'parked') }
    }
  } catch {
    // storage is switched off or holds something else: the desk begins with nothing
  }
  return { consulting: null, parked: [] }
}

export function useDeskMemory(): DeskMemory {
  const begun = kept()
  const consulting = ref(begun.consulting)
  const parked = ref(begun.parked)
  watch([consulting, parked], () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ consulting: consulting.value, parked: parked.value }))
    } catch {
      // see kept
    }
  })
  return { consulting, parked }
}
