/** Words for codes: of errors, states and reasons, also those that this page does not know yet. */

import { useI18n } from 'vue-i18n'
import type { AgentShown } from './board/vocabulary'
import type { ShownState } from './board/floor'
import { unsentGroup } from './crm/unsent'

export function useErrorText(): (code: string) => string {
  const { t, te } = useI18n()
  return (code) => (te(`error.${code}`) ? t(`error.${code}`) : t('error.other', { code }))
}

/** Why a message did not go out, with the code beside it for who mends it. */
export function useUnsentText(): (code: string) => string {
  const { t } = useI18n()
  return (code) => t('crm.unsent.line', { words: t(`crm.unsent.${unsentGroup(code)}`), code })
}

/** What a part of the system is called; one that this page does not know yet by its own name, made readable. */
export function useComponentText(): (component: string) => string {
  const { t, te } = useI18n()
  return (component) => (te(`health.name.${component}`) ? t(`health.name.${component}`) : t('health.unknown', { name: component.replace(/[_-]+/g, ' ') }))
}

/** Different ways in which a part says nothing. */
const SILENT: readonly string[] = ['silent', 'no_heartbeat', 'no_answer', 'unreachable', 'no_node']

/** Why a part is not well; what is no code of these says more to who mends it than words would. */
export function useDetailText(): (detail: string) => string {
  const { t } = useI18n()
  return (detail) => (SILENT.includes(detail) ? t('alert.silent') : detail)
}

/** A state with its reason: "Paused · Meal". */
export function useStateText(): (state: ShownState, agent?: AgentShown | null) => string {
  const { t, te } = useI18n()
  return (state, agent) => {
    const word = t(`seat.state.${state}`)
    if (state !== 'paused' || !agent?.reason) return word
    return te(`reason.${agent.reason}`) ? t(`reason.${agent.reason}`) : agent.reason
  }
}
