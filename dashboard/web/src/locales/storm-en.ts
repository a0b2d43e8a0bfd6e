import type zh from './storm-zh'

const en: typeof zh = {
  tier: { 0: 'No surge', 1: 'Tier 1', 2: 'Tier 2', 3: 'Tier 3' }, surge: 'Surge',
  does: { 1: 'Everybody takes calls', 2: 'Off-duty called in', 3: 'Other staff called in' },
  why: { arrivals: 'Far more calls than forecast', waiting: 'Too many wait', longest_wait: 'Longest wait too long', service_level: 'Service level too low', by_hand: 'Raised by hand' },
  because: 'Why', since: 'since {time}', lasts: 'for {time}', by: 'by {name}',
  outlook: {
    next: '{tier} in', down: 'Stepping down in', held: 'Held here', heldBy: 'Held by {name}', controlled: 'Under control', top: 'Highest tier', stays: 'Stays here', uncontrolled: 'not under control',
    controlledSince: 'under control since {time}', ended: 'then it is over', to: 'to {tier}',
  },
  coming: {
    title: 'Called in', none: 'Nobody called in yet', arrived: '{n} here', coming: '{n} on the way', more: '{n} more', waiting: '{n} to be rung', due: 'by {time}',
    state: { waiting: 'to be rung', ringing: 'ringing', accepted: 'coming', refused: 'refused', no_answer: 'no answer', arrived: 'here', late: 'late', released: 'released' },
  },
  outage: {
    down: '{name} out', step: { 0: 'leader told', 5: 'supervisor told', 10: 'operations, manager told', 60: 'vendor told' }, stepOther: 'told up to minute {n}', next: 'next told in {time}',
    acknowledged: '{name} is on it', nobody: 'nobody on it', top: 'all told',
  },
  incident: {
    level: 'Level {n}', nobody: 'no commander', commander: 'led by {name}', open: '{n} to do', late: '{n} late', allDone: 'all steps done', more: '{n} more',
  },
  type: {
    'lift-entrapment': 'Lift entrapment', 'fire-alarm': 'Fire alarm', 'gas-leak': 'Gas leak', flooding: 'Flooding', 'home-power-cut': 'Power cut in homes', storm: 'Typhoon or rainstorm', earthquake: 'Earthquake', medical: 'Medical case',
    'lost-child': 'Lost child', fight: 'Fight', 'drunk-person': 'Drunk person', 'suspicious-person': 'Suspicious person', vehicle: 'Stolen or damaged vehicle', other: 'Other emergency',
  },
  drill: { tag: 'DRILL', title: 'DRILL', since: 'since {time}', calls: '{n} drill calls', by: 'led by {name}', notReal: 'This is a drill, not real' },
}

export default en
