/** The desk's manners: which version a change changes, and a key by which a repeated request is known. */

import { ask } from '../api'

export interface Manners {
  readonly version?: number
  readonly key?: string | undefined
}

/** For a POST: sent again after a lost answer, it does nothing twice. */
export function newKey(method = 'POST'): string | undefined {
  return method === 'POST' ? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('') : undefined
}

export async function changed(method: string, path: string, body?: object, manners: Manners = {}): Promise<Response> {
  const headers: Record<string, string> = {}
  if (body) headers['Content-Type'] = 'application/json'
  if (manners.version !== undefined) headers['If-Match'] = `"${manners.version}"`
  if (manners.key !== undefined) headers['Idempotency-Key'] = manners.key
  return ask(path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) })
}
