/** What was sent goes away once the server took it, and what was typed, chosen or ticked meanwhile stays: live news comes before
 *  the answer, so that somebody may be at the next thing by then. */

import { computed, type Ref, type WritableComputedRef } from 'vue'
import { isObject } from './board/parse'

/** A field as it is when it is sent; what it returns is done once that was taken. */
type Field = () => () => void
/** What is empty by itself: words, a list, entries by name. Of lists and entries those that were sent go, one by one. */
type Emptied = string | readonly unknown[] | Readonly<Record<string, unknown>>

/** Call it as the fields are sent; call what it returns once they were taken. */
export function sending(...fields: readonly (Ref<Emptied> | Field)[]): () => void {
  const all = fields.map((one) => (typeof one === 'function' ? one() : emptying(one)))
  return () => all.forEach((taken) => taken())
}

/** A field that becomes something else than empty, and only when it holds all of what was sent and nothing more. */
export function becoming<T>(field: Ref<T>, to: () => T): Field {
  return () => {
    const sent = marked(field.value)
    return () => {
      if (marked(field.value) === sent) field.value = to()
    }
  }
}

/** What is typed of one thing where each has words of its own: `of` says which; of none there is nothing to type. */
export function part<K extends PropertyKey>(all: Ref<Readonly<Record<K, string>>>, of: () => K | null): WritableComputedRef<string> {
  return computed({
    get: () => {
      const which = of()
      return which === null ? '' : (all.value[which] ?? '')
    },
    set: (text) => {
      const which = of()
      if (which !== null) all.value = { ...all.value, [which]: text }
    },
  })
}

/** A value that can be compared later on, whatever is done to it in place meanwhile. */
function marked(value: unknown): string | undefined {
  return JSON.stringify(value)
}

function emptying(field: Ref<Emptied>): () => void {
  const { value: sent } = field
  if (typeof sent === 'string') return becoming(field, () => '')()
  if (Array.isArray(sent)) {
    const went = new Set(sent.map(marked))
    return () => {
      if (Array.isArray(field.value)) field.value = field.value.filter((one) => !went.has(marked(one)))
    }
  }
  const went = new Map(Object.entries(sent).map(([name, value]) => [name, marked(value)]))
  return () => {
    if (isObject(field.value)) field.value = Object.fromEntries(Object.entries(field.value).filter(([name, value]) => !went.has(name) || went.get(name) !== marked(value)))
  }
}
