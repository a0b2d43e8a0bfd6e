import { expect, test } from 'vitest'
import { callStates, healthStates, seatStates } from '../src/board/vocabulary'
import en from '../src/locales/en'
import zh from '../src/locales/zh'

function leaves(value: object, path = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, item]): [string, string][] =>
    typeof item === 'string' ? [[path + key, item]] : leaves(item, `${path}${key}.`))
}

const blanks = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort().filter((name, at, all) => all[at - 1] !== name)

test('both languages say the same things with the same blanks', () => {
  const chinese = new Map(leaves(zh))
  const english = new Map(leaves(en))
  expect([...english.keys()]).toEqual([...chinese.keys()])
  for (const [key, words] of english) expect([key, blanks(words)]).toEqual([key, blanks(chinese.get(key) ?? '')])
})

test.each([zh, en])('every state has a word', (words) => {
  for (const state of callStates) expect(words.call.state[state]).toBeTruthy()
  for (const state of seatStates) expect(words.seat.state[state]).toBeTruthy()
  for (const state of healthStates) expect(words.health.state[state]).toBeTruthy()
})
