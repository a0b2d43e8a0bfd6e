/** Acts from the pages of the storm: one at a time, each done once, and what went wrong with the last. */

import { ref, type Ref } from 'vue'
import { ProblemError } from '../api'
import { changed, newKey } from '../crm/asking'

export interface Acting {
  readonly busy: Ref<boolean>
  /** The code of why the last act was not done, or of why nothing can be shown. */
  readonly fault: Ref<string>
  /** Whether it was done; afterwards the page has asked anew either way. */
  act(method: string, path: string, body?: object, version?: number): Promise<boolean>
  /** Makes something and gives the answer, nothing twice at once; null when it was not made. Nothing is asked anew. */
  make<T>(asked: () => Promise<T>): Promise<T | null>
  /** Asks; what went wrong is in `fault`. */
  look<T>(asked: () => Promise<T>): Promise<T | null>
}

export function useActing(reload: () => Promise<unknown>): Acting {
  const busy = ref(false)
  const fault = ref('')
  const codeOf = (error: unknown) => (error instanceof ProblemError ? error.code : 'internal')

  async function act(method: string, path: string, body?: object, version?: number): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    fault.value = ''
    let why = ''
    try {
      await changed(method, path, body, { key: newKey(method), ...(version === undefined ? {} : { version }) })
    } catch (error) {
      why = codeOf(error)
    }
    try {
      await reload()
    } finally {
      busy.value = false
      fault.value = why || fault.value
    }
    return why === ''
  }

  async function make<T>(asked: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    fault.value = ''
    try {
      return await look(asked)
    } finally {
      busy.value = false
    }
  }

  async function look<T>(asked: () => Promise<T>): Promise<T | null> {
    try {
      return await asked()
    } catch (error) {
      fault.value = codeOf(error)
      return null
    }
  }

  return { busy, fault, act, make, look }
}
