/** A8: while a private field is being filled in during a call, the call is not recorded. acd ends the pause by itself after the
 *  site's longest one, when the agent leaves the call, and so also when this page dies. */

import { computed, onUnmounted, watch, type ComputedRef } from 'vue'
import { order } from '../api'
import { useMine } from '../stores/mine'

/** From one private field to the next is no reason to record half a word. */
const BETWEEN_FIELDS_MS = 600

export interface Quiet {
  /** Somebody talks to me, so that what is typed here is also being said. */
  readonly inCall: ComputedRef<boolean>
  readonly paused: ComputedRef<boolean>
  entered(): void
  left(): void
}

export function useQuiet(): Quiet {
  const mine = useMine()
  const inCall = computed(() => mine.agent?.call_id != null && ['talking', 'held'].includes(mine.agent.state))
  const paused = computed(() => mine.agent?.recording_paused ?? false)
  let within = false
  let byUs = false
  let asking = false
  let timer: ReturnType<typeof setTimeout> | undefined
  /** Our order to record again, while the board does not know of it yet: the pause that it shows is over. */
  let resuming: Promise<void> | null = null

  /** Also at each key: acd may have ended a long pause while somebody goes on typing. */
  function entered(): void {
    within = true
    clearTimeout(timer)
    if (!inCall.value || (paused.value && !resuming) || asking) return
    asking = true
    const pause = () => order('recording/pause', { reason: 'private_field' })
    void (resuming ? resuming.then(pause) : pause()).then(() => {
      resuming = null
      byUs = true
      if (!within) end()
    }).catch(() => {
      // the call has just ended, or acd does not answer: the desk says so, the form goes on
    }).finally(() => {
      asking = false
    })
  }

  function end(): void {
    if (!byUs) return
    byUs = false
    resuming = order('recording/resume').then(() => undefined, () => {
      resuming = null // acd resumes it by itself
    })
  }

  function left(): void {
    within = false
    clearTimeout(timer)
    timer = setTimeout(end, BETWEEN_FIELDS_MS)
  }

  watch(inCall, (talks) => {
    if (!talks) byUs = false
  })
  watch(paused, (now) => {
    if (!now) resuming = null
  })
  onUnmounted(() => {
    within = false
    clearTimeout(timer)
    end()
  })
  return { inCall, paused, entered, left }
}
