/** How figures and times are written. Tabular, short, the same in both languages. */

/** 75 → "1:15", 3 675 → "1:01:15". */
export function clockText(seconds: number): string {
  const whole = Math.floor(seconds)
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor((whole % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** 0.9637 → "96.4", 1 → "100"; a dash while there is nothing to count. Never rounds up to 100. */
export function percentText(rate: number | null, digits = 1): string {
  if (rate === null) return '–'
  if (rate >= 1) return '100'
  const factor = 10 ** digits
  return (Math.floor(rate * 100 * factor + 1e-9) / factor).toFixed(digits)
}

/** +8613800138000 → 138 0013 8000, +8651255501234 → 0512 5550 1234; others as they are. */
export function numberText(number: string): string {
  const mobile = /^\+86(1\d{2})(\d{4})(\d{4})$/.exec(number)
  if (mobile) return mobile.slice(1).join(' ')
  const landline = /^\+86(10|2\d|[3-9]\d{2})(\d{3,4})(\d{4})$/.exec(number)
  if (landline) return `0${landline.slice(1).join(' ')}`
  return number.replace(/^\+86/, '0')
}

export function timeOfDay(moment: number, timezone: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
  }).format(moment)
}

export function dayText(moment: number, timezone: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone: timezone, month: 'long', day: 'numeric', weekday: 'long' }).format(moment)
}
