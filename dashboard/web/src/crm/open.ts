/** One ticket on the page: as it is, what is typed and not saved, and what somebody else did to it meanwhile. */

import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { ProblemError } from '../api'
import { useDrafts } from '../stores/drafts'
import { useKinds } from '../stores/kinds'
import { sending } from '../taken'
import { changesOf, type Draft } from './form'
import type { Attachment, Clock, Definition, TicketEvent, TicketRead } from './shapes'
import { differences, type Difference } from './theirs'
import * as api from './tickets'
import { inTurn, isOlder } from './turn'

export interface Meanwhile {
  readonly who: string
  readonly differences: readonly Difference[]
}

export interface OpenTicket {
  readonly read: ShallowRef<TicketRead | null>
  readonly definition: ShallowRef<Definition | null>
  readonly events: ShallowRef<readonly TicketEvent[]>
  readonly clocks: ShallowRef<readonly Clock[]>
  readonly files: ShallowRef<readonly Attachment[]>
  readonly draft: Ref<Draft>
  readonly dirty: ComputedRef<boolean>
  readonly faults: Ref<Readonly<Record<string, string>>>
  readonly fault: Ref<string>
  /** The ticket cannot be shown at all, and why. */
  readonly lost: Ref<string>
  readonly busy: Ref<boolean>
  readonly meanwhile: ShallowRef<Meanwhile | null>
  load(): Promise<void>
  /** Asks anew; says so when somebody has changed what I am changing. */
  refresh(): Promise<void>
  type(draft: Draft): void
  save(): Promise<boolean>
  move(to: string, assignee: string): Promise<boolean>
  /** Any other change; true when it was made. */
  change(method: string, below: string, given: object): Promise<boolean>
}

export function useTicket(id: number, user: string, timezone: string): OpenTicket {
  const drafts = useDrafts()
  const kinds = useKinds()
  const read = shallowRef<TicketRead | null>(null)
  const definition = shallowRef<Definition | null>(null)
  const events = shallowRef<readonly TicketEvent[]>([])
  const clocks = shallowRef<readonly Clock[]>([])
  const files = shallowRef<readonly Attachment[]>([])
  const draft = ref<Draft>({})
  const faults = ref<Readonly<Record<string, string>>>({})
  const fault = ref('')
  const lost = ref('')
  const busy = ref(false)
  const meanwhile = shallowRef<Meanwhile | null>(null)
  const dirty = computed(() => Object.keys(draft.value).length > 0)

  async function around(): Promise<void> {
    [events.value, clocks.value, files.value] = await Promise.all([api.timeline(id), api.ticketClocks(id), api.attachments(id)])
  }

  function keep(): void {
    drafts.keep(id, read.value && dirty.value ? { draft: draft.value, base: read.value } : null)
  }

  /** The ticket before the first change of which nobody here has taken note: a second one does not hide it. */
  let begun: TicketRead | null = null

  /** What is shown becomes `now`; what was typed stays, and whoever typed it is told what is another now. An answer that was
   *  under way while the ticket was changed here is of before. */
  function take(now: TicketRead, base: TicketRead | null): void {
    if (read.value && now.ticket.version < read.value.ticket.version) return
    if (base && dirty.value && now.ticket.version !== base.ticket.version) {
      const from = (begun = meanwhile.value ? (begun ?? base) : base)
      const others = events.value.filter((event) => event.who !== user && event.what !== 'clock' && event.at > (from.ticket.updated_at ?? from.ticket.created_at))
      meanwhile.value = { who: others.at(-1)?.who ?? '', differences: differences(from, now, draft.value) }
    }
    read.value = now
    keep()
  }

  const refresh = inTurn(async () => {
    const [now] = await Promise.all([api.ticket(id), around()])
    if (!isOlder(now.ticket, read.value?.ticket)) take(now, read.value)
  })

  async function load(): Promise<void> {
    try {
      const unsaved = drafts.tickets[id] ?? null
      const [now] = await Promise.all([api.ticket(id), around(), kinds.known ? null : kinds.load()])
      definition.value = await kinds.own(now.ticket)
      draft.value = unsaved?.draft ?? {}
      take(now, unsaved?.base ?? null)
      lost.value = ''
    } catch (error) {
      lost.value = error instanceof ProblemError ? error.code : 'internal'
    }
  }

  function type(now: Draft): void {
    const touched = new Set([...Object.keys(now), ...Object.keys(draft.value)].filter((name) => now[name] !== draft.value[name]))
    faults.value = Object.fromEntries(Object.entries(faults.value).filter(([name]) => !touched.has(name)))
    draft.value = now
    keep()
  }

  async function attempt(work: (now: TicketRead) => Promise<TicketRead>, spends: boolean): Promise<boolean> {
    if (busy.value || !read.value) return false
    busy.value = true
    fault.value = ''
    faults.value = {}
    try {
      const done = await work(read.value)
      if (spends) taken()
      meanwhile.value = null
      read.value = done
      keep()
      await around().catch(() => undefined) // it is done, whatever cannot be asked about it now; the feed tells of it
      return true
    } catch (error) {
      fault.value = error instanceof ProblemError ? error.code : 'internal'
      if (error instanceof ProblemError) faults.value = Object.fromEntries(error.faults.map((one) => [one.field, one.code]))
      // Also when the first half of two was done: the page goes on from what is there.
      await refresh().catch(() => undefined)
      return false
    } finally {
      busy.value = false
    }
  }

  /** What the last change has sent: what is typed while it is under way is not spent by it. */
  let taken = (): void => undefined

  function typedChanges(): api.ChangesGiven {
    const kind = definition.value
    if (!kind) return {}
    taken = sending(draft)
    const fields = changesOf(kind, draft.value, timezone)
    const { category } = draft.value
    return { fields, ...(typeof category === 'string' && category && !kind.fields.category ? { category } : {}) }
  }

  const save = () => attempt(({ ticket }) => api.fillIn(ticket, typedChanges()), true)

  const move = (to: string, assignee: string) => attempt(async ({ ticket }) => {
    const now = assignee ? (await api.act(ticket, 'PUT', '/assignee', { user: assignee })).ticket : ticket
    if (assignee && read.value) read.value = { ...read.value, ticket: now }
    return api.act(now, 'POST', '/move', { to, ...typedChanges() })
  }, true)

  const change = (method: string, below: string, given: object) => attempt(({ ticket }) => api.act(ticket, method, below, given), false)

  return { read, definition, events, clocks, files, draft, dirty, faults, fault, lost, busy, meanwhile, load, refresh, type, save, move, change }
}
