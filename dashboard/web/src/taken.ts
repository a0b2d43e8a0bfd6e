/** What was typed goes away once the server took it, and what was typed on meanwhile stays: live news comes before the answer,
 *  so that somebody may be at the next sentence by then. */

import type { Ref } from 'vue'

/** Call it as the fields are sent; call what it returns once they were taken. */
export function sending(...fields: readonly Ref<string>[]): () => void {
  const sent = fields.map((field) => field.value)
  return () => {
    for (const [place, field] of fields.entries()) if (field.value === sent[place]) field.value = ''
  }
}
