import crm from './crm-en'
import type zh from './zh'

const en: typeof zh = {
  crm,
  brand: { tagline: 'A call never rings a seventh time' },
  signIn: {
    title: 'Sign in', name: 'User name', password: 'Password', submit: 'Sign in', waiting: 'Signing in…',
    loading: 'Connecting to the server…', forbidden: 'This account may not see the wallboard. Sign in with another one.',
    ended: 'You have been signed out. Please sign in again.',
  },
  error: {
    known_incident: 'This is known already. Tie the call to it, or say that it is another matter.', call_tied: 'This call is tied to it already.',
    wrong_credentials: 'The name or the password is wrong.', too_many_requests: 'Too many tries. Try again in 15 minutes.',
    unreachable: 'The server cannot be reached. Check the network.', unavailable: 'The server is not available just now.',
    invalid: 'Something in what you entered does not fit.', unauthenticated: 'You have been signed out. Please sign in again.',
    forbidden: 'Your account may not do this.', acd_silent: 'Call distribution did not answer; nothing was done. Please try again.',
    unknown_agent: 'There is no such agent.', unknown_seat: 'There is no such seat.', unknown_queue: 'There is no such queue.',
    seat_taken: 'Somebody sits there. Choose another seat.', seat_unreachable: 'The phone at that seat cannot be reached. Choose another.',
    not_signed_in: 'Not signed in at a seat.', no_call: 'That call is no longer there.', not_now: 'This cannot be done in the present state.',
    too_late: 'Too late: nothing was done.', refused: 'This is not allowed here.',
    no_agent: 'This account is linked to no agent. Ask a supervisor.', no_seat: 'Choose your own phone first.',
    not_found: 'Not found.', conflict: 'Somebody else was faster. Please try again.', foreign_origin: 'The request came from elsewhere.', changed: 'Somebody has changed it meanwhile: look at the changes, then save again.', fields_unfit: 'Some of it does not fit; see the fields that are marked.',
    no_such_move: 'That cannot be done at this stage.', ticket_closed: 'The ticket is closed.', kind_retired: 'This kind of ticket is no longer in use.', barred: 'The ticket is about this person, who cannot handle it.', department_asked: 'A department is asked already; wait for its answer.',
    nobody_asked: 'Nobody is asked just now.', links_in_a_circle: 'That would link them in a circle.', too_many_files: 'There are too many files.', file_damaged: 'The file is damaged.', too_large: 'The file is larger than 20 MB.',
    unsupported_media_type: 'Only photos, PDF and sound can be added.', reason_missing: 'Say why.', recording_damaged: 'The recording is damaged.', merged: 'This household was merged into another; open it anew.', moved_out: 'This person has moved out.',
    person_exists: 'This person is there already.', number_exists: 'This number is there already.', number_unusable: 'This number cannot be used.', tag_unknown: 'There is no such tag.', room_exists: 'There is such a room already.', bad_cursor: 'The list is out of date; search again.',
    in_progress: 'The request before is still at work; please wait.',
    microphone_insecure: 'Browsers give the microphone only to https pages. Open this page by its https address.',
    microphone_refused: 'The browser refuses the microphone. Allow it in the site permissions beside the address, then try again.',
    microphone_none: 'There is no microphone. Plug in your headset and try again.',
    microphone_busy: 'The microphone could not be opened; another program may have it. Close that and try again.',
    not_a_browser_seat: 'This seat has a telephone of its own.',
    internal: 'The server failed. Please try again.', other: 'Something went wrong ({code}). Please try again.',
  },
  page: { title: 'Pages', wall: 'Wall', desk: 'Desk', lead: 'Lead', tickets: 'Tickets', households: 'Households' },
  action: { signOut: 'Sign out', close: 'OK', language: '中文' },
  line: {
    connecting: 'Connecting', live: 'Live', degraded: 'No data', lost: 'Reconnecting', signed_out: 'Signed out',
    forbidden: 'No access',
  },
  alert: {
    stopped: 'Data stopped at {time}', reconnecting: 'The connection to the server is lost; reconnecting by itself',
    redis: 'The message bus does not answer; the board updates by itself when it is back',
    no_board: 'Call distribution has not sent any data yet', never: 'No data yet', down: '{name} is down',
    degraded: '{name} is impaired', silent: 'no answer', since: 'since {time}', help: 'Help wanted', away: 'Away: calls not answered',
    fault: 'Phone unreachable', long: 'Talks over {minutes} min', minutes: '{n} min', more: '{n} more',
    drift: 'Asterisk was out of step', mended: 'put right at {time}',
  },
  headline: {
    title: 'Answered in 2 rings', rule: 'Today, all queues · goal {goal}%', offered: 'Offered', answered: 'Answered',
    abandoned: 'Abandoned', messages: 'Messages', none: 'No call has entered a queue today',
  },
  queue: {
    title: 'Queues', waiting: 'Waiting', longest: 'Longest wait', level: 'Service level', within: 'in {s} s',
    abandonment: 'Abandoned', offered: 'Offered', answered: 'Answered', overflowed: 'Overflow', messages: 'Messages',
    backup: 'Backup ringing', nobody: 'nobody waits',
    expected: 'Expected', error: '± {s} s', callbacks: '{n} to call back', none: 'The site file has no queues',
  },
  seat: {
    title: 'Seats', none: 'No seats yet', withheld: 'Number withheld',
    kind: { primary: '', backup: 'Backup', leader: 'Leader' },
    state: {
      offline: 'Offline', ready: 'Ready', ringing: 'Ringing', talking: 'Talking', wrapup: 'Wrap-up', paused: 'Paused', held: 'On hold',
      away: 'Away', fault: 'No phone', signed_out: 'Signed out', vacant: 'Free',
    },
    left: 'left', missed: '{n} calls missed', help: 'Help', helpFor: 'Wants help {time}',
  },
  desk: {
    at: 'Seat {seat}', unknown: 'Waiting for state', leads: 'At no seat', left: 'until ready', resume: 'Ready again', pause: 'Pause',
    pauseAfter: 'Pause after the call', extend: '{s} s more', longest: 'The wrap-up is as long as it may be', help: 'Ask the leader',
    helpEnd: 'No help needed {time}', move: 'Other seat', signOut: 'Sign out', leave: 'Leave the seat',
    away: '{n} calls in a row were not answered, so you get no more of them. Say when you are ready again.',
    fault: 'The phone at this seat cannot be reached. Take another seat, or look after the phone.',
    seat: {
      choose: 'Take a free seat', mine: 'I sit at', move: 'Move to', stay: 'Stay here', taken: '{name}', offline: 'Phone offline',
      browser: 'in the browser', none: 'There are no seats',
    },
    noCall: 'No call just now', ringing: 'Ringing at your phone', talking: 'On the call', waited: 'waited {time}',
    language: { zh: 'speaks Chinese', en: 'speaks English' }, pickUp: 'Pick up the phone', park: 'Park', parked: 'Parked calls',
    retrieve: 'Fetch {slot}', newTicket: 'New ticket', household: 'Household', stopRecord: 'Pause recording', record: 'Resume recording', notRecorded: 'Not being recorded',
    expected: 'expected {time}',
  },
  phone: {
    title: 'Phone', rings: '{who} is calling', pickUp: 'Press “Answer” above', answer: 'Answer', hangUp: 'Hang up', hold: 'Hold',
    unhold: 'Back to the call', mute: 'Mute', unmute: 'Unmute', keypad: 'Keypad', again: 'Try again',
    lostInTalk: 'The connection to the switch is gone and comes back by itself. The call goes on.',
    call: { ringing: '{who} is calling', answering: '{who}, connecting', talking: 'Talking to {who}', held: '{who} is on hold' },
    stage: {
      off: 'Not in use', connecting: 'Connecting to the switch', ready: 'Ready: calls ring here',
      lost: 'The switch cannot be reached. Trying again; no calls come to you meanwhile',
      elsewhere: 'The phone is in another tab of this browser; this one does not ring', microphone: 'Allow the microphone where the browser asks',
      rescue: 'The page was loaded anew during a call, which ended it here: the caller is going back to the front of the queue, then the phone is ready again.',
    },
    fault: { no_sound: 'The browser does not let this page be heard: click anywhere on it.' },
  },
  transfer: {
    title: 'Transfer', kind: { agent: 'Agent', seat: 'Seat', queue: 'Queue', department: 'Department', outside: 'Outside' },
    number: 'Outside number', nobody: 'Nobody to transfer to', blind: 'Transfer now', attended: 'Talk first', conference: 'Add to the call',
    choose: 'Choose who gets it', type: 'Enter the number', with: 'Talking to {name}; the caller waits', consulting: 'Talking to the other; the caller waits',
    complete: 'Hand over', all: 'All together', cancel: 'Back to the caller',
  },
  lead: {
    agent: 'Agent', seat: 'Seat', state: 'State', since: 'For', call: 'Call', nobody: 'No agents yet', listen: 'Listen', whisper: 'Whisper',
    join: 'Join', takeOver: 'Take over', noSeat: 'Choose your own phone first: it rings when you listen.', noReason: 'No reason given',
    notTalking: 'Not on a call now', isOut: 'Signed out: nothing to do.', resume: 'Ready again', pause: 'Set to pause', move: 'Other seat',
    moveTo: 'Move to', signOut: 'Sign out', signOutSure: 'Really sign out {name}', waiting: 'Waiting', moveCall: 'Move…',
    mySeat: 'My phone', none: 'none',
  },
  reason: {
    break: 'Break', meal: 'Meal', training: 'Training', outbound: 'Outbound', back_office: 'Back office', help: 'Helping',
  },
  call: {
    title: 'Calls on the line', caller: 'Caller', none: 'The line is quiet: no calls', more: '1 more call | {n} more calls', backup: 'Backup',
    state: { menu: 'Menu', queued: 'Queued', ringing: 'Ringing', talking: 'Talking', after: 'Ending' },
    long: 'over {minutes} min',
    rings: '{n} of {of} rings',
  },
  health: {
    title: 'System', none: 'No component has reported yet',
    state: { ok: 'OK', degraded: 'Impaired', down: 'Down' },
    name: {
      trunk: 'Trunk', asterisk: 'Asterisk', ami: 'Control link', acd: 'Distribution', agi: 'Caller lookup', crm: 'Records',
      dashboard: 'Wallboard', redis: 'Message bus', database: 'Database', disk: 'Disk', figures: 'Figures',
    },
  },
}

export default en
