/** Words for the codes of a storm, also those that this page does not know yet. */

import { useI18n } from 'vue-i18n'

export interface StormWords {
  tier(tier: number): string
  why(codes: readonly string[]): string
  type(type: string): string
  /** Who does a step: a role of ours, or a party from outside. */
  who(code: string): string
  whom(role: string): string
  /** What a rung of the ladder means: who was told. */
  rung(minutes: number): string
  /** Who switched the line: a user, a seat's phone, the command line. */
  switchedBy(by: string): string
}

export function useStormWords(): StormWords {
  const { t, te, locale } = useI18n()
  const known = (key: string, otherwise: string) => (te(key) ? t(key) : otherwise)
  const readable = (code: string) => code.replace(/[_-]+/g, ' ')
  return {
    tier: (tier) => known(`storm.tier.${tier}`, String(tier)),
    why: (codes) => codes.map((code) => known(`storm.why.${code}`, readable(code))).join(locale.value === 'zh' ? '、' : ', '),
    type: (type) => known(`storm.type.${type}`, readable(type)),
    who: (code) => known(`crm.role.${code}`, known(`storm.party.${code}`, readable(code))),
    whom: (role) => known(`crm.whom.${role}`, readable(role)),
    rung: (minutes) => known(`storm.outage.step.${minutes}`, t('storm.outage.stepOther', { n: minutes })),
    switchedBy: (by) => {
      if (by === 'console') return t('storm.line.console')
      const seat = /^phone-(.+)$/.exec(by)?.[1]
      return seat ? t('storm.line.phone', { seat }) : by ? t('storm.line.by', { name: by }) : ''
    },
  }
}
