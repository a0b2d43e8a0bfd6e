import type zh from './zh'

const en: typeof zh = {
  brand: { tagline: 'A call never rings a seventh time' },
  signIn: {
    title: 'Sign in', name: 'User name', password: 'Password', submit: 'Sign in', waiting: 'Signing in…',
    loading: 'Connecting to the server…', forbidden: 'This account may not see the wallboard. Sign in with another one.',
    ended: 'You have been signed out. Please sign in again.',
  },
  error: {
    wrong_credentials: 'The name or the password is wrong.', too_many_requests: 'Too many tries. Try again in 15 minutes.',
    unreachable: 'The server cannot be reached. Check the network.', unavailable: 'The server is not available just now.',
    invalid: 'Enter your name and password.', other: 'Something went wrong ({code}). Please try again.',
  },
  action: { signOut: 'Sign out', language: '中文' },
  line: {
    connecting: 'Connecting', live: 'Live', degraded: 'No data', lost: 'Reconnecting', signed_out: 'Signed out',
    forbidden: 'No access',
  },
  alert: {
    stopped: 'Data stopped at {time}', reconnecting: 'The connection to the server is lost; reconnecting by itself',
    redis: 'The message bus does not answer; the board updates by itself when it is back',
    no_board: 'Call distribution has not sent any data yet', never: 'No data yet', down: '{name} is down',
    degraded: '{name} is impaired', silent: 'no answer', since: 'since {time}',
  },
  headline: {
    title: 'Answered in 2 rings', rule: 'Today, all queues · goal {goal}%', offered: 'Offered', answered: 'Answered',
    abandoned: 'Abandoned', messages: 'Messages', none: 'No call has entered a queue today',
  },
  queue: {
    title: 'Queues', waiting: 'Waiting', longest: 'Longest wait', level: 'Service level', within: 'in {s} s',
    abandonment: 'Abandoned', offered: 'Offered', answered: 'Answered', overflowed: 'Overflowed', messages: 'Messages',
    backup: 'Backup ringing', nobody: 'nobody waits', none: 'The site file has no queues',
  },
  seat: {
    title: 'Seats', none: 'No seats yet', withheld: 'Number withheld',
    kind: { primary: '', backup: 'Backup', leader: 'Leader' },
    state: { offline: 'Offline', ready: 'Ready', ringing: 'Ringing', talking: 'Talking', wrapup: 'Wrap-up', paused: 'Paused' },
  },
  call: {
    title: 'Calls on the line', caller: 'Caller', none: 'The line is quiet: no calls', more: '1 more call | {n} more calls', backup: 'Backup',
    state: { menu: 'Menu', queued: 'Queued', ringing: 'Ringing', talking: 'Talking', after: 'Ending' },
    rings: '{n} of {of} rings',
  },
  health: {
    title: 'System', none: 'No component has reported yet',
    state: { ok: 'OK', degraded: 'Impaired', down: 'Down' },
    name: {
      trunk: 'Trunk', asterisk: 'Asterisk', ami: 'Control link', acd: 'Distribution', agi: 'Caller lookup', crm: 'Records',
      dashboard: 'Wallboard', redis: 'Message bus', database: 'Database', disk: 'Disk',
    },
  },
}

export default en
