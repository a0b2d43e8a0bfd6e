/** Tells a page that what it shows has changed: by the live feed, and by the clock where there is none. */

import { onMounted, onUnmounted } from 'vue'
import { useBoard, type DeskEvent } from '../stores/board'

/** A busy hour has many changes a second; a list is asked for anew at most so often. */
const SETTLE_MS = 400
const WITHOUT_FEED_MS = 30_000

/** `reload` is called soon after a change that `concerns` it, once for many, and not while nobody looks. */
export function useDeskFeed(concerns: (event: DeskEvent) => boolean, reload: () => Promise<unknown>): void {
  const board = useBoard()
  let timer: ReturnType<typeof setTimeout> | undefined
  let slow: ReturnType<typeof setInterval> | undefined
  let missed = false
  let busy = false

  async function now(): Promise<void> {
    timer = undefined
    if (document.hidden || busy) {
      missed = true
      return
    }
    busy = true
    missed = false
    try {
      await reload()
    } finally {
      busy = false
      if (missed && !document.hidden) soon()
    }
  }

  function soon(): void {
    timer ??= setTimeout(() => void now(), SETTLE_MS)
  }

  function looked(): void {
    if (!document.hidden && missed) soon()
  }

  let off: (() => void) | undefined
  onMounted(() => {
    off = board.onDesk((event) => {
      if (event === null || concerns(event)) soon()
    })
    slow = setInterval(() => {
      if (board.line !== 'live') soon()
    }, WITHOUT_FEED_MS)
    document.addEventListener('visibilitychange', looked)
  })
  onUnmounted(() => {
    off?.()
    clearTimeout(timer)
    clearInterval(slow)
    document.removeEventListener('visibilitychange', looked)
  })
}
