/** Why a message did not go out: the codes of crm/letters and the guard, in groups that have words. */

const GROUPS = ['no_secret', 'smtp', 'http', 'code', 'fault'] as const
const SINGLE = ['secrets_unreadable', 'secret_unfit', 'no_channel', 'not_its_answer', 'no_call', 'no_consent', 'no_number'] as const
export type Unsent = (typeof GROUPS)[number] | (typeof SINGLE)[number] | 'unreachable' | 'refused'

/** Python's names of errors are of the way there; whatever else it says is the other side's. Pure. */
export function unsentGroup(code: string): Unsent {
  const group = GROUPS.find((one) => code === one || code.startsWith(`${one}_`) || code.startsWith(`${one}:`))
  if (group) return group
  return SINGLE.find((one) => one === code) ?? (/^[A-Z]|^(gaierror|timeout)$/.test(code) ? 'unreachable' : 'refused')
}
