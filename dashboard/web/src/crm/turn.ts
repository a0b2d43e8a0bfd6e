/** Questions that are asked again and again: no answer comes late, over a newer one. */

/** `ask`, never twice at once: whoever asks meanwhile is given one more, begun after the one under way. */
export function inTurn<T>(ask: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  let next: Promise<T> | null = null

  function begin(): Promise<T> {
    next = null
    running = ask().finally(() => {
      if (!next) running = null
    })
    return running
  }

  return () => {
    if (!running) return begin()
    next ??= running.then(begin, begin)
    return next
  }
}

/** Asked before a change of ours, answered after it: what is shown is newer then. */
export function isOlder(found: { readonly version: number }, shown: { readonly version: number } | undefined): boolean {
  return shown !== undefined && found.version < shown.version
}
