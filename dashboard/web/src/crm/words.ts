/** Words for what the desk's data says, in the language of the page. */

import { useI18n } from 'vue-i18n'
import { numberText } from '../format'
import type { Language } from '../i18n'
import { useKinds } from '../stores/kinds'
import { categoryNames } from './form'
import type { Definition, Ticket, TicketEvent, Value, Words } from './shapes'
import { momentText, span } from './time'

export interface DeskWords {
  of(words: Words): string
  kind(kind: string): string
  /** The line that says what a ticket is about; empty where nothing but its kind is known. */
  what(of: Pick<Ticket, 'kind' | 'title' | 'notes'>): string
  stage(of: Pick<Ticket, 'kind' | 'kind_version' | 'stage'>, stage?: string): string
  category(definition: Definition, path: string): string
  span(ms: number): string
  value(definition: Definition, field: string, value: Value | null): string
  event(definition: Definition, event: TicketEvent): string
  code(group: string, code: string): string
}

export function useDeskWords(timezone: string, now: () => number): DeskWords {
  const { t, te, locale } = useI18n<object, Language>()
  const kinds = useKinds()

  const of = (words: Words) => words[locale.value]
  /** A word for a code of ours; a code that this page does not know yet is shown as it is. */
  const code = (group: string, word: string) => (te(`crm.${group}.${word}`) ? t(`crm.${group}.${word}`) : word)

  function kind(name: string): string {
    const found = kinds.newestOf(name)
    return found ? of(found.definition.name) : name
  }

  function what({ kind: name, title, notes }: Pick<Ticket, 'kind' | 'title' | 'notes'>): string {
    const saysMore = title !== null && title !== kinds.newestOf(name)?.definition.name.zh // titles are the site's people's, in Chinese
    return saysMore ? title : (notes?.split('\n')[0] ?? '')
  }

  function stageOf(definition: Definition | null, stage: string): string {
    const found = definition?.stages[stage]
    return found ? of(found.name) : stage
  }

  function category(definition: Definition, path: string): string {
    return categoryNames(definition, path).map(of).join(' › ') || path
  }

  function spanText(ms: number): string {
    const { unit, blanks } = span(ms)
    return t(`crm.span.${unit}`, { ...blanks })
  }

  function value(definition: Definition, field: string, given: Value | null): string {
    const rule = definition.fields[field]
    if (given === null || given === '') return t('crm.none')
    if (field === 'category' && typeof given === 'string' && !rule) return category(definition, given)
    if (field === 'stage' && typeof given === 'string' && !rule) return stageOf(definition, given)
    if (typeof given === 'boolean') return t(given ? 'crm.yes' : 'crm.no')
    if (typeof given === 'object') {
      if (rule?.type === 'files') return t('crm.files', given.length)
      return given.map((one) => optionText(definition, field, String(one))).join(locale.value === 'zh' ? '、' : ', ')
    }
    switch (rule?.type) {
      case 'choice': return optionText(definition, field, String(given))
      case 'time': return momentText(Date.parse(String(given)), now(), timezone)
      case 'money': return `¥${given}`
      case 'rating': return t(`crm.rating.${given}`)
      case 'phone': return numberText(String(given))
      default: return String(given)
    }
  }

  function optionText(definition: Definition, field: string, option: string): string {
    const found = definition.fields[field]?.options[option]
    return found ? of(found) : option
  }

  function said(data: TicketEvent['data'], key: string): string {
    const found = data[key]
    return typeof found === 'string' || typeof found === 'number' ? String(found) : ''
  }

  function blanks(data: TicketEvent['data']): Record<string, string> {
    return Object.fromEntries(['to', 'order', 'code', 'quantity', 'amount', 'callers'].map((name) => [name, said(data, name)]))
  }

  /** The headline of a line in the timeline; what people wrote stands below it. */
  function event(definition: Definition, { what, data }: TicketEvent): string {
    switch (what) {
      case 'moved': return t('crm.event.moved', { from: stageOf(definition, said(data, 'from')), to: stageOf(definition, said(data, 'to')) })
      case 'assigned': return said(data, 'to') ? t('crm.event.assigned', { to: said(data, 'to') }) : t('crm.event.unassigned')
      case 'offered': return t('crm.event.offered', { to: said(data, 'to') })
      case 'linked': return said(data, 'to') ? t('crm.event.linked', { as: code('link', said(data, 'as')) }) : t('crm.event.unlinked')
      case 'clock': {
        const clock = definition.clocks[said(data, 'clock')]
        const name = clock ? of(clock.name) : said(data, 'clock')
        const due = Date.parse(said(data, 'due_at'))
        const at = Number.isNaN(due) ? '' : momentText(due, now(), timezone)
        const tell = code('whom', said(data, 'tell'))
        return te(`crm.clock.did.${said(data, 'did')}`) ? t(`crm.clock.did.${said(data, 'did')}`, { name, at, tell }) : `${name}: ${said(data, 'did')}`
      }
      default: return te(`crm.event.${what}`) ? t(`crm.event.${what}`, { ...blanks(data), did: code('letter', said(data, 'did')) }) : what
    }
  }

  return { of, kind, what, stage: (ticket, stage) => stageOf(kinds.definition(ticket), stage ?? ticket.stage), category, span: spanText, value, event, code }
}
