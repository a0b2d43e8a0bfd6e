/** My agent and my seat: as the API said it last, and as the board goes on telling it. */

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { ownDesk, ProblemError, type Me } from '../api'
import { useBoard } from './board'

/** Where I sit is asked again and again until the server says it: without it there is no desk. */
const AGAIN_MS = 3000

export const useMine = defineStore('mine', () => {
  const board = useBoard()
  const mine = ref<Me | null>(null)
  /** Why it is not known. */
  const lost = ref('')

  const code = computed(() => mine.value?.code ?? null)
  const agent = computed(() => (code.value === null ? null : (board.board.agents[code.value] ?? null)))
  const seat = computed(() => {
    if (!agent.value) return mine.value?.seat ?? null
    return agent.value.state === 'signed_out' ? null : agent.value.seat
  })

  let again: ReturnType<typeof setTimeout> | undefined
  let asked = 0

  async function look(): Promise<void> {
    clearTimeout(again)
    asked += 1
    const turn = asked
    try {
      const found = await ownDesk()
      if (turn !== asked) return // somebody has asked anew meanwhile, or signed out
      mine.value = found
      lost.value = ''
    } catch (error) {
      if (turn !== asked) return
      lost.value = error instanceof ProblemError ? error.code : 'internal'
      if (error instanceof ProblemError && error.status > 0 && error.status < 500) return
      again = setTimeout(() => void look(), AGAIN_MS)
    }
  }

  function forget(): void {
    clearTimeout(again)
    asked += 1
    mine.value = null
    lost.value = ''
  }

  return { mine, lost, code, agent, seat, look, forget }
})
