/** Definitions of kinds of tickets: the newest, and the older ones by which older tickets go on. */

import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { kindOf, kinds as allKinds } from '../crm/tickets'
import type { Definition, KindShown, Ticket } from '../crm/shapes'

export const useKinds = defineStore('kinds', () => {
  const newest = shallowRef<readonly KindShown[]>([])
  const known = ref(false)
  const older = shallowRef<Readonly<Record<string, Definition>>>({})

  async function load(): Promise<void> {
    newest.value = await allKinds()
    known.value = true
  }

  function newestOf(kind: string): KindShown | null {
    return newest.value.find((one) => one.kind === kind) ?? null
  }

  /** What is known of a ticket's kind now: the newest definition will do for words until its own is there. */
  function definition(of: Pick<Ticket, 'kind' | 'kind_version'>): Definition | null {
    return older.value[`${of.kind}/${of.kind_version}`] ?? newestOf(of.kind)?.definition ?? null
  }

  async function own(of: Pick<Ticket, 'kind' | 'kind_version'>): Promise<Definition> {
    const key = `${of.kind}/${of.kind_version}`
    const found = older.value[key]
    if (found) return found
    const newer = newestOf(of.kind)
    const made = newer?.version === of.kind_version ? newer.definition : (await kindOf(of.kind, of.kind_version)).definition
    older.value = { ...older.value, [key]: made }
    return made
  }

  function forget(): void {
    newest.value = []
    older.value = {}
    known.value = false
  }

  return { newest, known, load, newestOf, definition, own, forget }
})
