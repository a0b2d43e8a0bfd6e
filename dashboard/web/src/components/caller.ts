/** How a caller is named: name and room where they are known, else the number. */

import { isDrill } from '../board/derive'
import type { Call } from '../board/vocabulary'
import { numberText } from '../format'

export function callerText(call: Call, t: (key: string) => string): string {
  if (isDrill(call)) return t('storm.drill.caller')
  const known = [call.name, call.room].filter(Boolean).join(' · ')
  if (known) return known
  return call.number ? numberText(call.number) : t('seat.withheld')
}
