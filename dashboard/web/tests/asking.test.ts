import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ProblemError } from '../src/api'
import { changed, newKey } from '../src/crm/asking'

type Answer = Response | Error
let answers: Answer[] = []
const keys: (string | null)[] = []

beforeEach(() => {
  keys.length = 0
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => {
    keys.push(new Headers(init.headers).get('Idempotency-Key'))
    const answer = answers.shift() ?? new Response('{}')
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
  })
})
afterEach(() => vi.unstubAllGlobals())

const problem = (status: number, code: string) => new Response(JSON.stringify({ code, faults: [] }), { status })
const broken = () => new Response(new ReadableStream({ pull: (to) => to.error(new TypeError('the line broke')) }), { status: 201 })
const declare = (what: string) => changed('POST', '/emergencies', { what }, { key: newKey() }).then(() => '', (error: unknown) => (error instanceof ProblemError ? error.code : String(error)))

test('what was asked and not answered is asked again under the key that it had; anything else is another request', async () => {
  answers = [new TypeError('no network'), problem(503, 'unavailable'), broken(), problem(409, 'in_progress'), new Response('{}', { status: 201 })]
  expect([await declare('fire'), await declare('fire'), await declare('fire'), await declare('fire'), await declare('fire')]).toEqual(
    ['unreachable', 'unavailable', 'unreachable', 'in_progress', ''])
  expect(new Set(keys).size).toBe(1)
  await declare('fire') // it is known that the first was done: this is a second one
  answers = [new TypeError('no network')]
  await declare('flood')
  await declare('flood, third floor')
  answers = [problem(422, 'invalid')]
  await declare('gas') // refused: nothing was done
  await declare('gas')
  expect(new Set(keys).size).toBe(keys.length - 4)
})

test('what has no key, as a look at what is masked, gets none', async () => {
  answers = [new TypeError('no network')]
  for (const reason of ['call back', 'call back']) await changed('POST', '/tickets/1/reveal', { reason }).catch(() => null)
  expect(keys).toEqual([null, null])
})
