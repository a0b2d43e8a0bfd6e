/** Acts from the pages of the storm: one at a time, each done once, and what went wrong with the last. */

import { ref, type Ref } from 'vue'
import { ProblemError } from '../api'
import { changed, newKey } from '../crm/asking'
import { useHere } from '../here'

export interface Acting {
  readonly busy: Ref<boolean>
  /** The code of why the last act was not done, or of why nothing can be shown. */
  readonly fault: Ref<string>
  /** Whether it was done; afterwards the page, if it is still there, has asked anew either way. */
  act(method: string, path: string, body?: object, version?: number): Promise<boolean>
  /** Makes something and gives the answer, nothing twice at once; null when it was not made. Nothing is asked anew. */
  make<T>(asked: () => Promise<T>): Promise<T | null>
  /** Asks; what went wrong is in `fault`, until everything that is asked can be answered again. */
  look<T>(asked: () => Promise<T>): Promise<T | null>
}

export function useActing(reload: () => Promise<unknown>): Acting {
  const busy = ref(false)
  const fault = ref('')
  /** Looks that are under way; whether one of them failed; whether `fault` is of a look. */
  let looking = 0
  let failed = false
  let ofLook = false
  const here = useHere()
  const codeOf = (error: unknown) => (error instanceof ProblemError ? error.code : 'internal')

  async function act(method: string, path: string, body?: object, version?: number): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    told('')
    let why = ''
    try {
      await changed(method, path, body, { key: newKey(method), ...(version === undefined ? {} : { version }) })
    } catch (error) {
      why = codeOf(error)
    }
    try {
      if (here.still()) await reload() // nobody looks at a page that was left
    } finally {
      busy.value = false
      if (why) told(why)
    }
    return why === ''
  }

  function told(why: string): void {
    fault.value = why
    ofLook = false
  }

  async function make<T>(asked: () => Promise<T>): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    told('')
    try {
      return await asked()
    } catch (error) {
      told(codeOf(error))
      return null
    } finally {
      busy.value = false
    }
  }

  async function look<T>(asked: () => Promise<T>): Promise<T | null> {
    if (looking === 0) failed = false
    looking += 1
    try {
      return await asked()
    } catch (error) {
      failed = true
      if (ofLook || !fault.value) {
        fault.value = codeOf(error)
        ofLook = true
      }
      return null
    } finally {
      looking -= 1
      if (looking === 0 && !failed && ofLook) told('')
    }
  }

  return { busy, fault, act, make, look }
}
