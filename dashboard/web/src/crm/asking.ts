/** The desk's manners: which version a change changes, and a key by which a repeated request is known. */

import { ask, ProblemError } from '../api'

export interface Manners {
  readonly version?: number
  readonly key?: string | undefined
}

/** The server keeps a key for a day; whoever asks for the same after this long wants it once more. */
const REMEMBERED_MS = 600_000

/** Requests of which nobody knows whether they were done, with their keys: whoever presses again means the same one. */
const unanswered = new Map<string, { readonly key: string; readonly at: number }>()

/** The next user of this browser means requests of their own. */
export function forgetRequests(): void {
  unanswered.clear()
}

/** For a POST: sent again after a lost answer, it does nothing twice. */
export function newKey(method = 'POST'): string | undefined {
  return method === 'POST' ? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('') : undefined
}

/** With a key: the same request whose answer was lost before goes out under the key that it had then. */
export async function changed(method: string, path: string, body?: object, manners: Manners = {}): Promise<Response> {
  const words = body ? JSON.stringify(body) : null
  const same = `${method} ${path} ${words}`
  const before = unanswered.get(same)
  unanswered.delete(same)
  const key = manners.key !== undefined && before && performance.now() - before.at < REMEMBERED_MS ? before.key : manners.key
  const headers: Record<string, string> = {}
  if (words !== null) headers['Content-Type'] = 'application/json'
  if (manners.version !== undefined) headers['If-Match'] = `"${manners.version}"`
  if (key !== undefined) headers['Idempotency-Key'] = key
  try {
    return await whole(await ask(path, { method, headers, ...(words === null ? {} : { body: words }) }))
  } catch (error) {
    if (key !== undefined && isOpen(error)) unanswered.set(same, { key, at: performance.now() })
    throw error
  }
}

/** An answer that broke off is none. */
async function whole(answer: Response): Promise<Response> {
  try {
    await answer.clone().arrayBuffer()
  } catch {
    throw new ProblemError(0, 'unreachable')
  }
  return answer
}

/** Whether it may have been done all the same. */
function isOpen(error: unknown): boolean {
  return !(error instanceof ProblemError) || error.status === 0 || error.status >= 500 || error.code === 'in_progress'
}
