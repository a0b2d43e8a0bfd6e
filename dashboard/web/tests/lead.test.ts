/** The leader's page while the floor changes under the pointer. */

import { flushPromises, mount } from '@vue/test-utils'
import { expect, test } from 'vitest'
import { emptyBoard, type AgentShown } from '../src/board/vocabulary'
import LeadPage from '../src/pages/LeadPage.vue'
import { useBoard } from '../src/stores/board'
import { i18nToo, json, manager, useServer } from './server'

const server = useServer()
const agent = (code: string, more: Partial<AgentShown> = {}): AgentShown => ({
  code, name: code, team: '', state: 'ready', since: 0, seat: null, reason: '', call_id: null, until: null, missed: 0, help_since: null, help_reason: '', recording_paused: false, consulting: false, ...more,
})
const floor = (...agents: AgentShown[]) => ({ ...emptyBoard, agents: Object.fromEntries(agents.map((one) => [one.code, one])) })

test('the agent whose buttons a leader sees stays, until gone or another is picked', async () => {
  server.answers['GET /floor/me'] = [json({ code: null, seat: null })]
  const board = useBoard()
  const page = mount(LeadPage, { props: { session: manager, now: 0, stopped: false }, ...i18nToo })
  const shown = () => page.findComponent({ name: 'AgentPanel' }).props('agent').code
  board.hydrate(floor(agent('801'), agent('802')))
  await flushPromises()
  expect(shown()).toBe('801')
  board.hydrate(floor(agent('801'), agent('802', { state: 'talking', help_since: 1 })))
  await flushPromises()
  expect([page.find('[data-help="802"]').exists(), shown()]).toEqual([true, '801'])
  await page.get('[data-agent="802"]').trigger('click')
  board.hydrate(floor(agent('801', { state: 'talking', help_since: 0 }), agent('802')))
  await flushPromises()
  expect(shown()).toBe('802')
  board.hydrate(floor(agent('801'), agent('803')))
  await flushPromises()
  expect(shown()).toBe('801')
})
