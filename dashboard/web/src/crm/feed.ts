/** Tells a page that what it shows has changed: by the live feed, and by the clock where there is none. */

import { onMounted, onUnmounted } from 'vue'
import { useHere } from '../here'
import { useBoard, type DeskEvent } from '../stores/board'

/** A busy hour has many changes a second; a list is asked for anew at most so often. */
const SETTLE_MS = 400
const WITHOUT_FEED_MS = 30_000
/** A change of which the page could not ask is not told again. */
const AGAIN_MS = 5000

/** `reload` is called soon after a change that `concerns` it, once for many, and not while nobody looks; again until it neither
 *  fails nor answers false. */
export function useDeskFeed(concerns: (event: DeskEvent) => boolean, reload: () => Promise<unknown>): void {
  const board = useBoard()
  let timer: ReturnType<typeof setTimeout> | undefined
  let slow: ReturnType<typeof setInterval> | undefined
  let missed = false
  let busy = false
  const here = useHere()

  async function now(): Promise<void> {
    timer = undefined
    if (document.hidden || busy) {
      missed = true
      return
    }
    busy = true
    missed = false
    const failed = await reload().then((done) => done === false, () => true)
    busy = false
    if (!here.still()) return
    if (failed) soon(AGAIN_MS)
    else if (missed && !document.hidden) soon()
  }

  function soon(ms = SETTLE_MS): void {
    timer ??= setTimeout(() => void now(), ms)
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
