/** The present moment on the server's clock, twice a second: often enough for ticks, cheap enough for a wall. */

import { computed, onMounted, onUnmounted, ref, type ComputedRef } from 'vue'
import { useBoard } from './stores/board'

export function useNow(): ComputedRef<number> {
  const store = useBoard()
  const here = ref(Date.now())
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    timer = setInterval(() => {
      here.value = Date.now()
    }, 500)
  })
  onUnmounted(() => clearInterval(timer))
  return computed(() => here.value + store.skew)
}
