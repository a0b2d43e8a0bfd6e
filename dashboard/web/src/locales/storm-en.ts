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
    'own-power-cut': 'Power failure of the centre', attack: 'Attack on line or network',
  },
  drills,
  drill: { caller: 'DRILL caller', tag: 'DRILL', title: 'DRILL', since: 'since {time}', calls: '{n} drill calls', by: 'led by {name}', notReal: 'This is a drill, not real' },
  line: {
    title: 'Line switched', since: 'since {time}, {ago}', announcement: 'announcement only', number: 'to an outside number', by: 'by {name}', phone: 'phone of seat {seat}', console: 'console',
    card: 'The line', here: 'new calls come here', goes: 'new calls go to {to}', to: { announcement: 'the emergency announcement' }, where: 'Where to', switch: 'Switch the line', sure: 'Really send all new calls away', back: 'Back to this line', unknown: 'Where it goes now is not known yet',
  },
  calm: 'No surge; one is declared when a limit is crossed', rests: 'does not declare itself before {time}',
  hand: {
    title: 'By hand', reason: 'Reason', hint: 'On the wall and in the report: no names, no numbers', first: 'Write the reason first', declare: 'Declare {tier}', raise: 'Raise to {tier}', lower: 'Lower to {tier}', over: 'End the surge', hold: 'Hold here',
    letGo: 'Let go', end: 'End all of it', endSure: 'Really end all of it',
  },
  signal: {
    title: 'Figures', now: 'Now', limit: 'Declared at', controlled: 'Under control', agents: '{n} agents at work', arrivals: 'Calls ÷ forecast', waiting: 'Waiting', longest_wait: 'Longest wait', service_level: 'Service level',
    above: 'above {limit}', below: 'below {limit}', most: 'at most {limit}', least: 'at least {limit}', lasting: 'for {time}', crossed: 'crossed for {time}', never: 'not used', minutes: '{n} min', seconds: '{n} s',
    rule: 'Not under control for {two}: tier 2; for {three} more: tier 3; under control for {down}: one tier less. ', byHand: 'Declared by hand only.',
  },
  callin: {
    none: 'Nobody is called in now', stop: 'Release them', seat: 'seat {seat}', tries: 'rung {n}×', accept: 'Comes', arrive: 'Is here', refuse: 'Does not', whom: 'Whom', tier2: 'Off-duty agents', tier3: 'Other staff', begin: 'Call in', past: 'Earlier',
  },
  fallen: {
    title: 'Agents out', tell: 'Report as out, forecast', out: '{n} out', managerTold: 'manager told', worst: 'Answered in the half hour from {time} (before → now → with who is proposed)', bring: 'Bring in', short: '{n} short even then: consider a surge tier', lately: 'No forecast yet: as in the last hour',
    how: { paused: 'paused', on_duty: 'on duty, not signed in', off_duty: 'off duty' },
  },
  people: {
    title: 'Call-in list', none: 'Nobody is on the list', noNumber: 'no number', name: 'Name', number: 'Number', agent: 'Code', add: 'Add', remove: 'Remove', removeSure: 'Really remove',
  },
  situation: {
    title: 'Situation reports', write: 'Write one now', send: 'and send it', none: 'No situation report yet',
    acknowledge: 'Taken note', waiting: 'not yet', climbed: 'not in time, passed up', replaced: 'not; a newer one was sent',
  },
  past: {
    title: 'Surges so far', none: 'None yet', highest: 'up to {tier}', on: 'going on', ended: 'over {at}',
    act: { declared: 'declared by itself', rose: 'raised by itself', fell: 'lowered by itself', raised: 'raised by hand', lowered: 'lowered by hand', held: 'held by hand', let_go: 'hold lifted', hold_over: 'hold ran out' },
  },
  mine: { title: 'You are called in', accept: 'I come', mobile: 'On my own phone', onMobile: 'calls come to your own phone', refuse: 'I cannot' },
  party: {
    guard: 'Guards', cleaner: 'Cleaners', lift_company: 'Lift company', gas_company: 'Gas company', power_company: 'Power company', fire_brigade: 'Fire brigade', police: 'Police', ambulance: 'Ambulance', family: 'Family', resident: 'Resident',
  },
  emergency: {
    declare: 'Declare an emergency', declareNow: 'Declare', declareDrill: 'Declare (drill)', type: 'Type', level: 'Level', place: 'Where', what: 'What has happened', conditions: 'Known so far', need: 'Type, place and what has happened are needed',
    phase: { active: 'Going on', over: 'Over', closed: 'Closed', all: 'All' }, calm: 'No emergency goes on', none: 'None', by: 'declared {at} by {name}',
  },
  proposal: { title: 'Proposed', choose: 'Choose a type', unknown: 'Type to be chosen', weather: 'because of the weather', calls: '{n} callers of one building since {time}', accept: 'Declare', dismiss: 'It is none' },
  weather: { title: 'Weather level', level: { 0: 'Nothing', 3: '3: light rain or a warning', 2: '2: heavy rain', 1: '1: rainstorm' } },
  step: {
    title: 'Checklist', optional: 'may be left out', why: 'Why it is not needed', left: '{time} left', over: '{time} late', waiting: 'after “{step}”',
    say: { begun: 'Begun', done: 'Done', not_needed: 'Not needed' }, is: { waiting: 'waits', open: 'to do', begun: 'begun', done: 'done', not_needed: 'not needed' },
  },
  record: { title: 'Known and recorded', note: 'Note' },
  command: {
    title: 'Command', to: 'Hand over to', why: 'What they must know', handOver: 'Hand over', level: 'Change level', how: 'How it came to its end', over: 'Declare it over', hindering: '{n} open before it can be over:', followUp: 'Follow up', whyNone: 'If no household was affected: why',
    close: 'Close', left: 'Left before it is closed:',
  },
  broadcast: {
    title: 'Telling households', start: 'Ring the households', sure: 'Really ring them now', whole: 'the whole estate', running: 'ringing', over: 'over', stop: 'Stop', again: 'Ring again who was missed', pressed: '{n} of {of} households pressed 1', heard: '{n} heard it',
    missed: '{n} not reached', refused: '{n} not to be rung', none: 'Nobody was rung', drill: 'A drill rings no household', noPlace: 'It is of no estate: nobody can be rung', noPrompt: 'There are no spoken words for this type', copy: 'Copy', copied: 'Copied',
  },
  chat: {
    title: 'Group chats', to: 'To', send: 'Send', own: 'Other words', given: 'The words given', none: 'The site file names no chat robot for this estate: copy the text', drill: 'marked as a drill', in: { zh: 'In Chinese', en: 'In English' },
    state: { sent: 'sent', waits: 'being sent', again: 'not sent yet, tried again', failed: 'not sent' },
  },
  report: {
    title: 'Written report', due: 'due {at}', none: 'Not drafted yet', draft: 'Draft from the timeline', again: 'Draft anew', sign: 'Sign', approve: 'Approve', lacks: 'To be written before it is signed:', byAnother: 'to be approved by another who leads', signed: 'signed by {name}', approved: 'approved by {name}', theirs: 'Somebody has written here meanwhile:', photos: '{n} photos',
    state: { draft: 'draft', signed: 'signed', approved: 'approved' }, what: 'What', occurred: 'When', place: 'Where', course: 'Course', conclusion: 'Conclusion',
  },
  act: {
    title: 'Timeline', numbers: '{n} numbers', hint: 'Write a line', note: 'Note', declared: 'declared, level {level}', level: 'level is {level}', handed_over: 'command handed over to {to}', begun: 'begun: {step}', done: 'done: {step}', late: 'late: {step}', not_needed: 'not needed: {step}',
    conditions: 'known: {said}', recorded: 'recorded: {said}', noted: 'note', called: 'a further call, {said} callers so far', broadcast: 'households are rung: {said}', chat: 'group chats were told: {said}', over: 'over', learnt: 'afterwards: {said}', followed_up: 'follow-ups of {said} households', report: 'written report: {said}', closed: 'closed',
    said: {
      causes: 'Causes', lessons: 'Lessons', insurance: 'Insurance', followed_up: 'Follow-ups of households', report: 'The report approved', begun: 'begun', again: 'again', stopped: 'stopped', drafted: 'drafted', changed: 'changed', signed: 'signed', approved: 'approved',
    },
  },
  outages: { onlyOpen: 'Only those that go on', none: 'No outages', goesOn: 'goes on', take: 'I am on it', by: 'taken on by {name}', cause: 'Cause', why: 'What the cause was', note: 'Note the cause' },
  ladder: { title: 'Who was told', Began: 'began', Told: 'told', Acknowledged: 'taken on', Ended: 'working again', sent: 'sent', not_sent: 'not sent', minute: 'minute {n}', clear: 'all-clear' },
  lost: {
    title: 'Lost callers', unknown: 'Known once it is over and the journal is read', none: 'Nobody was lost', unreachable: '{n} withheld their number', how: { lost: 'lost', cut_off: 'cut off', abandoned: 'gave up' }, willRing: 'to be rung back', ticket: 'Ticket',
    callback: { waiting: 'to be rung back', ringing: 'being rung', talking: 'talking', retry: 'rung again later', done: 'rung back', failed: 'not reached', cancelled: 'cancelled' },
  },
}

import drills from './drills-en'

export default en
