/** A small validator: what comes over the wire is `unknown` until it has been looked at. */

export class Unfit extends Error {}

export type Parser<T> = (value: unknown, where: string) => T
export type Parsed<P> = P extends Parser<infer T> ? T : never

function unfit(where: string, wanted: string): never {
  throw new Unfit(`${where}: not ${wanted}`)
}

export const text: Parser<string> = (value, where) => (typeof value === 'string' ? value : unfit(where, 'text'))

export const number: Parser<number> = (value, where) =>
  typeof value === 'number' && Number.isFinite(value) ? value : unfit(where, 'a number')

export const flag: Parser<boolean> = (value, where) => (typeof value === 'boolean' ? value : unfit(where, 'true or false'))

/** An aware timestamp, as milliseconds. One without an offset would mean another moment on every machine. */
export const moment: Parser<number> = (value, where) => {
  const at = typeof value === 'string' && /(Z|[+-]\d\d:?\d\d)$/.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? unfit(where, 'a moment') : at
}

export function nullable<T>(parser: Parser<T>): Parser<T | null> {
  return (value, where) => (value === null ? null : parser(value, where))
}

export function oneOf<const T extends string>(...words: readonly T[]): Parser<T> {
  return (value, where) => words.find((word) => word === value) ?? unfit(where, `one of ${words.join(', ')}`)
}

export function either<A, B>(first: Parser<A>, second: Parser<B>): Parser<A | B> {
  return (value, where) => {
    try {
      return first(value, where)
    } catch {
      return second(value, where)
    }
  }
}

export function list<T>(parser: Parser<T>): Parser<readonly T[]> {
  return (value, where) =>
    Array.isArray(value) ? value.map((item, index) => parser(item, `${where}[${index}]`)) : unfit(where, 'a list')
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function table<T>(parser: Parser<T>): Parser<Readonly<Record<string, T>>> {
  return (value, where) => {
    if (!isObject(value)) return unfit(where, 'an object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, parser(item, `${where}.${key}`)]))
  }
}

type Fields = Record<string, Parser<unknown>>
export type Shape<F extends Fields> = { readonly [K in keyof F]: Parsed<F[K]> }

/** Fields that are not named are dropped: a newer server may say more. */
export function shape<F extends Fields>(fields: F): Parser<Shape<F>> {
  return (value, where) => {
    if (!isObject(value)) return unfit(where, 'an object')
    const entries = Object.entries(fields).map(([key, parser]) => [key, parser(value[key], `${where}.${key}`)])
    return Object.fromEntries(entries) as Shape<F>
  }
}
