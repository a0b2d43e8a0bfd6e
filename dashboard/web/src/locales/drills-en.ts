/** Words of drills on the live line (H12). */

export default {
  title: 'Drills', none: 'No drill was held yet', begin: 'Begin a drill', reason: 'What for', hint: 'e.g. before the rains; it is audited',
  name: 'Name', nameHint: 'Drills of one name are compared', rate: 'Calls a minute', minutes: 'Minutes', keys: 'Keys',
  keysHint: 'One key a menu; several choices with commas: 1,1,2', patience: 'Mean patience (s)', talk: 'Mean talk (s)', seats: 'Seats',
  simulated: 'Simulated seats', real: 'Real seats', agents: 'Simulated seats, number', surge: 'Exercise the tiers',
  realHint: 'Real callers come first: while one waits, the drill gives the seats back', start: 'Begin', stop: 'Stop now', stopping: 'Stopping',
  running: 'On: {n} of {of} have called, {line} on the line', again: 'Once more', summary: 'Summary', ofAll: 'All', figure: 'Figure',
  value: 'This one', differs: 'To the last', first: 'No drill of this name to compare with', against: 'Compared with drill {n}',
  changed: 'Other settings: {said}', notes: 'What was noticed', note: 'Note', noteHint: 'What went wrong, what the plan should change',
  planned: '{n} callers planned, {calls} came', gaveWay: '{n} gave way to real callers', stopped: '{n} ended by the stop',
  lost: '{n} lost in a restart', menu: '{n} chose no queue', open: '{n} without an end', notBegun: '{n} not begun ({why})', past: 'Past drills',
  by: '{at}, by {name}',
  figures: { offered: 'Entered a queue', answered: 'Answered', abandoned: 'Gave up', short_abandons: 'Gave up at once', overflowed: 'To backup after six rings', mean_wait_s: 'Mean wait (s)', wait_90_s: '90 % waited at most (s)', longest_wait_s: 'Longest wait (s)', answered_in_2_rings: 'Within two rings', service_level: 'Service level', mean_talk_s: 'Mean talk (s)' },
  why: { done: 'Came to its end', by_hand: 'Stopped by hand', callers: 'Stopped itself: real callers waited', surge: 'Stopped itself: a real surge', acd_silent: 'Stopped itself: the call control is silent', too_long: 'Stopped itself: too long', refused: 'Could not begin' },
  refused: { cap: 'too many at once', callers: 'real callers waited', late: 'their time went by', acd_silent: 'call control silent', other: 'other' },
  setting: { name: 'name', calls_a_minute: 'calls a minute', minutes: 'minutes', number: 'number', keys: 'keys', patience: 'patience', talk: 'talk', seats: 'seats', agents: 'number of seats', picks_up: 'time to answer', surge: 'tiers', seed: 'seed' },
}
