/** What is asked twice before it is done. A double click is one decision and not two: the second button can be pressed only
 *  once it has stood there for a moment. */

import { nextTick, onUnmounted, ref, type Ref } from 'vue'

export const SETTLED_MS = 600

export interface Sure {
  /** What was pressed once; empty when nothing was. */
  readonly asked: Ref<string>
  /** It may be pressed for the second time. */
  readonly settled: Ref<boolean>
  ask(what?: string): void
  forget(): void
}

export function useSure(): Sure {
  const asked = ref('')
  const settled = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  function forget(): void {
    clearTimeout(timer)
    asked.value = ''
    settled.value = false
  }

  function ask(what = 'it'): void {
    forget()
    asked.value = what
    const place = document.activeElement?.parentElement
    timer = setTimeout(() => {
      settled.value = true
      void nextTick(() => {
        // The first button went, and with it the place of whoever works with the keyboard.
        if (document.activeElement === document.body) place?.querySelector<HTMLElement>('.button.danger')?.focus()
      })
    }, SETTLED_MS)
  }

  onUnmounted(() => clearTimeout(timer))
  return { asked, settled, ask, forget }
}
