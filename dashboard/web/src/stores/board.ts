/** The live board: `hydrate` takes the truth, one `applyEvent` serves everything after it. */

import { defineStore } from 'pinia'
import { shallowRef, ref } from 'vue'
import { applyEvent as folded } from '../board/fold'
import { emptyBoard, type Board, type BoardEvent, type Message } from '../board/vocabulary'
import type { Line } from '../live'

export type DeskEvent = Extract<BoardEvent, { type: 'DeskChanged' }>
export type DeskListener = (event: DeskEvent | null) => void

export const useBoard = defineStore('board', () => {
  const board = shallowRef<Board>(emptyBoard)
  const hydrated = ref(false)
  const line = ref<Line>('connecting')
  /** Why the feed stands still, when the server says so: redis or no_board. */
  const cause = ref('')
  /** When the feed last told us of the floor, by this machine's clock. A feed that stands still goes on pinging. */
  const heardAt = ref(0)
  /** What to add to this machine's clock to get the server's: a wall's own clock may be minutes off. */
  const skew = ref(0)

  /** When Asterisk was last found to be other than it should, and put right; 0 when never. */
  const driftAt = ref(0)

  /** Who is told of each change of the desk; `null`: some were missed, whatever is shown must be asked for anew. */
  const listeners = new Set<DeskListener>()

  function onDesk(listener: DeskListener): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function hydrate(truth: Board): void {
    board.value = truth
    hydrated.value = true
  }

  function applyEvent(event: BoardEvent): void {
    if (event.type === 'DriftMended') driftAt.value = Math.max(driftAt.value, event.at)
    if (event.type === 'DeskChanged') listeners.forEach((listener) => listener(event))
    board.value = folded(board.value, event)
  }

  function heard(message: Message): void {
    const here = Date.now()
    if (message.type === 'degraded') cause.value = message.cause
    else if (message.type !== 'ping' || line.value !== 'degraded') heardAt.value = here
    if (message.type === 'snapshot' || message.type === 'ping') skew.value = message.now - here
    if (message.type === 'snapshot') {
      hydrate(message.board)
      listeners.forEach((listener) => listener(null)) // what changed before this snapshot nobody tells
    }
    if (message.type === 'event') applyEvent(message.event)
  }

  function became(now: Line): void {
    line.value = now
    if (now === 'live') cause.value = ''
  }

  function forget(): void {
    board.value = emptyBoard
    hydrated.value = false
    line.value = 'connecting'
    cause.value = ''
    heardAt.value = 0
    driftAt.value = 0
  }

  return { board, hydrated, line, cause, heardAt, skew, driftAt, hydrate, applyEvent, heard, became, forget, onDesk }
})
