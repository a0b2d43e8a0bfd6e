/** Orders from a page: one at a time, and what went wrong with the last. */

import { ref, type Ref } from 'vue'
import { order, ProblemError, type OrderBody } from './api'

export interface Orders {
  /** The path of the order under way; empty when none is. */
  readonly busy: Ref<string>
  /** The code of why the last order was not carried out. */
  readonly fault: Ref<string>
  /** What the order answered; null when it was not carried out, and `fault` says why. */
  give(path: string, body?: OrderBody): Promise<string | null>
}

export function useOrders(): Orders {
  const busy = ref('')
  const fault = ref('')

  async function give(path: string, body?: OrderBody): Promise<string | null> {
    if (busy.value) return null
    busy.value = path
    fault.value = ''
    try {
      return await order(path, body)
    } catch (error) {
      fault.value = error instanceof ProblemError ? error.code : 'internal'
      return null
    } finally {
      busy.value = ''
    }
  }

  return { busy, fault, give }
}
