/** Keys of a list: letters and arrows that are not meant for what has the focus. Pure but for the question what that is. */

/** Whether somebody types there, or moves among its choices with this key. */
function isTaken(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.matches('input[type=radio], input[type=checkbox]')) return key.startsWith('Arrow')
  return target.matches('input, select, textarea')
}

export function onKey(event: KeyboardEvent, acts: Readonly<Record<string, () => void>>): void {
  const act = acts[event.key]
  if (!act || event.ctrlKey || event.altKey || event.metaKey || isTaken(event.target, event.key)) return
  event.preventDefault()
  act()
}
