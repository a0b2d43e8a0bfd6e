/** Moments and days in the site's time zone, whatever zone the browser is in. Pure. */

const formats = new Map<string, Intl.DateTimeFormat>()

function parts(at: number, timezone: string): Record<string, string> {
  let format = formats.get(timezone)
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timezone, format)
  }
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]))
}

/** As an input of type datetime-local has it: "2026-11-23T09:30". */
export function toLocal(at: number, timezone: string): string {
  const { year = '', month = '', day = '', hour = '', minute = '' } = parts(at, timezone)
  return `${year}-${month}-${day}T${hour}:${minute}`
}

/** The moment that the clocks on the site's walls show so; null for what is no time. `Date.parse` alone takes "11-23 09:30" for
 *  one of 2001, and 31 February for one of March. */
export function fromLocal(text: string, timezone: string): number | null {
  const wanted = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(text) ? Date.parse(`${text}Z`) : Number.NaN
  if (Number.isNaN(wanted) || !new Date(wanted).toISOString().startsWith(text)) return null
  let at = wanted
  for (let tries = 0; tries < 2; tries += 1) at += wanted - Date.parse(`${toLocal(at, timezone)}Z`)
  return at
}

/** What somebody typed for a day or a moment, as an input of type date or datetime-local has it: "2026年11月3日 9点30" is
 *  "2026-11-03T09:30". What is neither is left as it is: whoever checks the field says so. */
export function dateTyped(typed: string, withTime: boolean): string {
  const two = (part: string) => part.padStart(2, '0')
  const found = /^\D*(\d{4})\D+(\d{1,2})\D+(\d{1,2})(?:\D+(\d{1,2})\D+(\d{1,2})\D*|\D*)$/.exec(typed)
  if (!found || (found[4] !== undefined) !== withTime) return typed.trim()
  const [, year = '', month = '', day = '', hour = '', minute = ''] = found
  return `${year}-${two(month)}-${two(day)}${withTime ? `T${two(hour)}:${two(minute)}` : ''}`
}

/** The weeks of a month ("2026-11"), Monday first, each day as "2026-11-23"; null where it is another month's. */
export function weeksOf(month: string): (string | null)[][] {
  const first = new Date(`${month}-01T00:00Z`)
  const count = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  const days = Array.from({ length: count }, (_, at) => `${month}-${String(at + 1).padStart(2, '0')}`)
  const cells: (string | null)[] = [...Array<null>((first.getUTCDay() + 6) % 7).fill(null), ...days]
  return Array.from({ length: Math.ceil(cells.length / 7) }, (_, week) =>
    Array.from({ length: 7 }, (__, at) => cells[week * 7 + at] ?? null))
}

/** The month that is `by` months after this one. */
export function monthAfter(month: string, by: number): string {
  const [year = 0, at = 1] = month.split('-').map(Number)
  return new Date(Date.UTC(year, at - 1 + by, 1)).toISOString().slice(0, 7)
}

/** "09:30" today, "11-22 09:30" in this year, "2025-11-22 09:30" before. */
export function momentText(at: number, now: number, timezone: string): string {
  const [then, today] = [toLocal(at, timezone), toLocal(now, timezone)]
  const time = then.slice(11)
  if (then.slice(0, 10) === today.slice(0, 10)) return time
  return `${then.slice(0, 4) === today.slice(0, 4) ? then.slice(5, 10) : then.slice(0, 10)} ${time}`
}

export interface Span {
  readonly unit: 'days' | 'hours' | 'minutes'
  readonly blanks: { readonly d: number; readonly h: string; readonly m: string; readonly s: string }
}

/** A length of time in the two largest units that say something. */
export function span(ms: number): Span {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const [d, h, m, s] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
  if (d > 0) return { unit: 'days', blanks: { d, h: String(h), m: two(m), s: two(s) } }
  if (h > 0) return { unit: 'hours', blanks: { d, h: String(h), m: two(m), s: two(s) } }
  return { unit: 'minutes', blanks: { d, h: '0', m: String(m), s: two(s) } }
}
