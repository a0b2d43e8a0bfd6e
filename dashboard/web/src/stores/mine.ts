/** My agent and my seat: as the API said it last, and as the board goes on telling it. */

import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { ownDesk, ProblemError, type Me } from '../api'
import { useBoard } from './board'

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

  async function look(): Promise<void> {
    try {
      mine.value = await ownDesk()
      lost.value = ''
    } catch (error) {
      lost.value = error instanceof ProblemError ? error.code : 'internal'
    }
  }

  function forget(): void {
    mine.value = null
    lost.value = ''
  }

  return { mine, lost, code, agent, seat, look, forget }
})
