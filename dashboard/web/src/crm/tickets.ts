/** What is asked of tickets, their kinds, clocks, files and notices. */

import { ask, ProblemError, read } from '../api'
import { list, shape, text, type Parser } from '../board/parse'
import { changed, newKey } from './asking'
import * as shapes from './shapes'
import type { Attachment, Clock, Colleague, KindShown, Notice, SoundNote, Ticket, TicketEvent, TicketRead, Value, Waveform } from './shapes'

export interface Paged<T> {
  readonly items: readonly T[]
  readonly next: string | null
}

export async function tickets(query: URLSearchParams): Promise<Paged<Ticket>> {
  return read(await ask(`/tickets?${query}`), shapes.pageOf(shapes.ticket), 'tickets')
}

/** Clocks that run or rest, of these tickets. */
export async function clocksOf(ids: readonly number[]): Promise<readonly Clock[]> {
  if (ids.length === 0) return []
  return everyPage((more) => {
    const query = new URLSearchParams({ state: 'open', limit: '200', ...more })
    ids.forEach((id) => query.append('ticket_id', String(id)))
    return `/clocks?${query}`
  }, shapes.clock, 'clocks')
}

export async function kinds(): Promise<readonly KindShown[]> {
  return (await read(await ask('/kinds'), shape({ items: list(shapes.kind) }), 'kinds')).items
}

export async function kindOf(kind: string, version: number): Promise<KindShown> {
  return read(await ask(`/kinds/${kind}/versions/${version}`), shapes.kind, 'kind')
}

export async function ticket(id: number): Promise<TicketRead> {
  return read(await ask(`/tickets/${id}`), shapes.ticketRead, 'ticket')
}

export async function ticketClocks(id: number): Promise<readonly Clock[]> {
  return (await read(await ask(`/tickets/${id}/clocks`), shape({ clocks: list(shapes.clock) }), 'clocks')).clocks
}

/** All of it: what a page is told of one ticket is read by a person. */
export async function timeline(id: number): Promise<readonly TicketEvent[]> {
  return everyPage((more) => `/tickets/${id}/timeline?${new URLSearchParams({ limit: '200', ...more })}`, shapes.ticketEvent, 'timeline')
}

async function everyPage<T>(path: (more: Readonly<Record<string, string>>) => string, item: Parser<T>, name: string): Promise<readonly T[]> {
  const found: T[] = []
  let cursor: string | null = null
  do {
    const page: Paged<T> = await read(await ask(path(cursor === null ? {} : { cursor })), shapes.pageOf(item), name)
    found.push(...page.items)
    cursor = page.next
  } while (cursor !== null && found.length < 2000)
  return found
}

export interface ChangesGiven {
  readonly fields?: Readonly<Record<string, Value | null>>
  readonly category?: string
  readonly household_id?: number
  readonly contact_number?: string
}

export interface NewTicket extends ChangesGiven {
  readonly kind: string
  readonly estate_id?: number
  readonly notes?: string
  readonly call_id?: string
  readonly parent_id?: number
  readonly parent_as?: string
  readonly despite_known?: boolean
}

export async function openTicket(given: NewTicket, key: string | undefined): Promise<TicketRead> {
  return read(await changed('POST', '/tickets', given, { key }), shapes.ticketRead, 'ticket')
}

export async function fillIn(of: Ticket, given: ChangesGiven): Promise<TicketRead> {
  return read(await changed('PATCH', `/tickets/${of.ticket_id}`, given, { version: of.version }), shapes.ticketRead, 'ticket')
}

/** Moves, assigns, offers, asks a department, ties: what it answers is the ticket as it is then. */
export async function act(of: Ticket, method: string, below: string, given: object): Promise<TicketRead> {
  const answer = await changed(method, `/tickets/${of.ticket_id}${below}`, given, { version: of.version, key: newKey(method) })
  return read(answer, shapes.ticketRead, 'ticket')
}

export async function addNote(id: number, words: string): Promise<void> {
  await changed('POST', `/tickets/${id}/notes`, { text: words }, { key: newKey() })
}

export async function reveal(id: number, field: string, reason: string): Promise<string> {
  return (await read(await changed('POST', `/tickets/${id}/reveal`, { field, reason }), shape({ value: text }), 'value')).value
}

export async function peopleFor(id: number): Promise<readonly Colleague[]> {
  return (await read(await ask(`/tickets/${id}/people`), shape({ items: list(shapes.colleague) }), 'people')).items
}

export async function attachments(id: number): Promise<readonly Attachment[]> {
  return (await read(await ask(`/tickets/${id}/attachments`), shape({ items: list(shapes.attachment) }), 'attachments')).items
}

export function attachmentUrl(ticketId: number, id: number): string {
  return `/api/v1/tickets/${ticketId}/attachments/${id}`
}

/** By XMLHttpRequest: fetch does not say how far it has got. `progress` from 0 to 1. */
export function upload(ticketId: number, file: File, progress: (share: number) => void): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest()
    request.open('POST', `/api/v1/tickets/${ticketId}/attachments?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0)
    request.onerror = () => failed(new ProblemError(0, 'unreachable'))
    request.onload = () => {
      if (request.status < 300) done()
      else failed(new ProblemError(request.status, codeIn(request.responseText)))
    }
    request.send(file)
  })
}

function codeIn(body: string): string {
  try {
    return shape({ code: text })(JSON.parse(body), 'problem').code
  } catch {
    return 'internal'
  }
}

export async function recordings(query: 'ticket_id' | 'household_id', id: number): Promise<readonly shapes.Recording[]> {
  return (await read(await ask(`/recordings?${query}=${id}`), shape({ items: list(shapes.recording) }), 'recordings')).items
}

export async function waveform(callId: string): Promise<Waveform> {
  return read(await ask(`/recordings/${callId}/waveform`), shapes.waveform, 'waveform')
}

export async function soundNotes(callId: string): Promise<readonly SoundNote[]> {
  return (await read(await ask(`/recordings/${callId}/notes`), shape({ notes: list(shapes.soundNote) }), 'notes')).notes
}

export async function addSoundNote(callId: string, atS: number, words: string): Promise<void> {
  await changed('POST', `/recordings/${callId}/notes`, { at_s: atS, text: words }, { key: newKey() })
}

export async function dropSoundNote(callId: string, id: number): Promise<void> {
  await changed('DELETE', `/recordings/${callId}/notes/${id}`)
}

export async function notices(): Promise<readonly Notice[]> {
  return (await read(await ask('/notices?limit=100'), shapes.pageOf(shapes.notice), 'notices')).items
}

export async function acknowledge(id: number): Promise<Notice> {
  return read(await changed('POST', `/notices/${id}/acknowledge`, undefined, { key: newKey() }), shapes.notice, 'notice')
}
