/** Who is signed in at this browser. */

import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '../api'
import type { Session } from '../session'

export const useSession = defineStore('session', () => {
  const session = shallowRef<Session | null>(null)
  /** False until the server has been asked; a page shows neither the form nor the board before that. */
  const known = ref(false)
  /** It is over, and the page has not been left yet. */
  const ended = ref(false)

  /** Asks until the server answers: a wall that starts before its server must not stay dark. */
  async function recall(wait: (ms: number) => Promise<void>): Promise<void> {
    for (;;) {
      try {
        session.value = await api.currentSession()
      } catch (error) {
        const temporary = error instanceof api.ProblemError && (error.status === 0 || error.status >= 500)
        if (temporary) {
          await wait(2000)
          continue
        }
        session.value = null
      }
      known.value = true
      return
    }
  }

  async function signIn(name: string, password: string): Promise<void> {
    session.value = await api.signIn(name, password)
  }

  async function signOut(): Promise<void> {
    await api.signOut()
    session.value = null
  }

  /** Whoever has no live feed hears of it from the first thing that is refused. */
  api.whenUnauthenticated(() => {
    if (session.value && !session.value.sees_board) ended.value = true
  })

  /** The server has ended the session. */
  function end(): void {
    ended.value = false
    session.value = null
  }

  return { session, known, ended, recall, signIn, signOut, end }
})
