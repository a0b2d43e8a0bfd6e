import type zh from './crm-zh'

const en: typeof zh = {
  date: { day: 'YYYY-MM-DD', time: 'YYYY-MM-DD HH:MM', pick: 'Open the calendar', before: 'Month before', after: 'Month after' }, none: '–', yes: 'Yes', no: 'No', files: '1 file | {n} files', loading: 'Loading…', again: 'Try again', more: 'Show more', save: 'Save', cancel: 'Cancel', edit: 'Change',
  close: 'Close', back: 'Back to the list', optional: 'optional', required: 'required', unsaved: 'Not saved yet', whole: 'All fields', saved: 'Saved',
  span: { days: '{d} d {h} h', hours: '{h} h {m} min', minutes: '{m} min {s} s' },
  rating: { 1: '1 satisfied', 2: '2 fair', 3: '3 not satisfied' },
  role: {
    agent: 'Agent', leader: 'Leader', supervisor: 'Supervisor', duty_lead: 'Duty lead', manager: 'Manager', operations: 'Operations', engineer: 'Engineer', office: 'Office',
    spokesperson: 'Spokesperson', admin: 'Administrator', employee: 'Employee',
  },
  whom: {
    agent: 'the agents', leader: 'the leader', supervisor: 'the supervisor', duty_lead: 'the duty lead', manager: 'the manager', operations: 'operations', engineer: 'the engineers', office: 'the office',
    spokesperson: 'the spokesperson', admin: 'the administrator', owner: 'the owner', assignee: 'who works on it',
  },
  link: { rework: 'Rework of', duplicate: 'Told twice, as', followup: 'Follow-up of', part: 'Part of' },
  list: {
    title: 'Tickets', new: 'New ticket', find: 'Number or title', kind: 'Kind', stage: 'Stage', state: 'State', estate: 'Estate', who: 'Whose', all: 'All', open: 'Open', closed: 'Closed',
    mine: 'Mine', team: '{name}', due: 'Due', anyDue: 'Any', soon: 'Within the hour', broken: 'Overdue', clear: 'Clear filters', none: 'No ticket fits these filters',
    noneAtAll: 'No ticket is open', number: 'Number', what: 'What', where: 'Room', owner: 'Owner', updated: 'Changed', clock: 'Due', keys: '/ find · N new · J K move · Enter opens', nobody: 'Nobody',
    shown: '{n} tickets shown', asked: '{name} asked {to} to take over',
  },
  fault: {
    missing: 'Required', unknown_field: 'There is no such field', other_value_needed: 'Needs another value', no_option: 'Choose from the list', too_long: 'Too long', too_short: 'Too short',
    more_than_a_line: 'One line only', no_match: 'Not in the right form', bad_characters: 'Has characters that cannot be used', no_number: 'Enter a number', no_money: 'Enter an amount, at most two decimals', too_small: 'Too small',
    too_large: 'Too large', no_date: 'Enter a date', no_time: 'Enter a date and a time', no_phone: 'Not a phone number', no_person: 'There is nobody of that name', other_estate: 'Does not serve this estate', no_rating: 'Choose 1 to 3',
    no_files: 'Not files', no_file: 'The file is gone', no_text: 'Enter text', no_yes_no: 'Choose yes or no', other: 'Does not fit ({code})',
  },
  event: {
    opened: 'Opened', moved: '{from} → {to}', filled_in: 'Filled in', noted: 'Note', assigned: 'Given to {to}', unassigned: 'Nobody works on it now', offered: 'Asked {to} to take over', accepted: 'Took it over',
    declined: 'Declined to take over', asked: 'Asked a department', answered: 'The department answered', linked: 'Linked: {as}', unlinked: 'Unlinked', attached: 'Added a file', not_made: 'What should follow could not be made', not_moved: 'Could not be moved on by itself',
    called: 'A further call about it, {callers} callers so far', known: 'Marked as known', acknowledged: 'Took note of a notice', dispatched: 'Sent to {to}, order {order}', sent_back: 'Order {order} came back', charged: 'Charged {code} × {quantity}: ¥{amount}', uncharged: 'Charge {code} taken off',
    settled: 'Paid ¥{amount}', reversed: 'Payment reversed: ¥{amount}', step_kept: 'Something from the engineer’s phone did not fit and was kept', step_dealt: 'What was kept has been dealt with', letter: 'Letter: {did}',
  },
  letter: { drafted: 'drafted', reworded: 'reworded', approved: 'approved', sent: 'sent', withdrawn: 'withdrawn' },
  clock: {
    title: 'Clocks', none: 'No clock runs at this stage', left: '{time} left', over: '{time} over', rest: 'Paused', kept: 'On time', missed: 'Late', broken: 'Overdue', due: 'due {at}', ended: 'ended {at}', promise: 'promised',
    did: {
      started: '{name}: started, due {at}', paused: '{name}: paused', resumed: '{name}: goes on, due {at}', changed: '{name}: now due {at}', warned: '{name}: due soon ({at})', broken: '{name}: overdue', climbed: '{name}: overdue, told {tell}',
      kept: '{name}: on time', stopped: '{name}: ended late', withdrawn: '{name}: withdrawn',
    },
  },
  private: {
    show: 'Show', reason: 'Why you look', why: 'It is logged', seen: 'Shown; the look is logged', change: 'Change', quiet: 'Private data: the recording is paused', quietSoon: 'Private: in a call the recording pauses while you type', hidden: 'Private',
  },
  ticket: {
    title: 'Ticket', path: 'Stages', moves: 'Next', noMoves: 'There is no step for you at this stage', notYours: 'For others to do: {moves}', need: 'Needs: ', form: 'Details', category: 'Category', contact: 'Contact number', notes: 'Notes of the call', room: 'Room', household: 'Household', opened: 'opened {at}',
    closed: 'ended {at}', noteNew: 'Write a note; no numbers in it', note: 'Add note', timeline: 'Timeline', noForm: 'Nothing is filled in yet', moveTo: 'Do it: {name}', mustBe: 'must be: {value}', go: 'Go', call: 'Call {id}',
    files: 'Files', upload: 'Add a file', uploading: 'Sending {name}', drop: 'Photos, PDF or sound, up to 20 MB', noFiles: 'No files', sound: 'Recordings', noSound: 'No recordings', links: 'Links', noLinks: 'No linked tickets', parent: '{as}', children: 'Tickets below it',
    tie: 'Link to', tieAs: 'as', number: 'Ticket number', untie: 'Unlink', unknownNumber: 'There is no such number',
  },
  hands: {
    title: 'People', owner: 'Owner', assignee: 'Works on it', nobody: 'Nobody', assign: 'Give to', offer: 'Hand over', offered: '{name} was asked to take over; until then {owner} answers for it', forYou: 'You are asked to take this over', accept: 'Take it over', decline: 'Decline', takeBack: 'Take back',
    summary: 'Summary for them', reason: 'Reason', to: 'To whom', department: 'Department', ask: 'Ask a department', question: 'What to ask', asked: '{name} is asked', answer: 'It answered', answerText: 'What it answered', take: 'I take it', choose: 'Choose',
  },
  changed: {
    title: '{who} has just changed this ticket', nobody: 'Somebody', what: 'What changed', none: 'Nothing of its content', kept: 'All you typed is still here; it is not saved.', meets: 'You changed this too: yours stands in the form', mine: 'Use mine', theirs: 'Use theirs', ok: 'I have seen it', was: 'was {from}',
    parts: {
      stage: 'Stage', category: 'Category', owner: 'Owner', offered_to: 'Asked to take over', assignee: 'Works on it', department: 'Department', contact_number: 'Contact number', room: 'Room',
    },
  },
  create: {
    title: 'New ticket', kind: 'What is it about?', forHome: 'Household', noHome: 'No household chosen', unset: 'Without household', choose: 'Find a household', fromCall: 'From the call you are on', submit: 'Open ticket', other: 'Another kind', estate: 'Estate', noEstate: 'No estate', notes: 'Notes', busy: 'Opening…',
    none: 'There is no kind of ticket that you may open',
  },
  known: {
    title: 'Already known here', hint: 'Tie this call to it: the caller is rung back when it is over.', marked: 'known to the desk', alike: 'same building, same kind', callers: '{n} called', tie: 'Tie this call to it', despite: 'It is another matter: open a ticket',
  },
  sound: {
    play: 'Play', pause: 'Pause', at: 'at {at}', note: 'Note at this place', add: 'Add', drop: 'Delete', wave: 'Waveform; click to go there', damaged: 'The recording is damaged', message: 'with a message', expires: 'kept until {on}', speed: 'Speed', seat: 'Seat {seat}', mark: '{who}: {text}',
  },
  home: {
    title: 'Households', find: 'Room, name or whole number', estate: 'Estate', tag: 'Tag', all: 'All', none: 'No household found', people: 'People', role: { owner: 'Owner', tenant: 'Tenant', staff: 'Staff' }, language: 'Language', zh: 'Chinese', en: 'English', room: 'Room',
    unit: 'Unit', door: 'Door', tags: 'Tags', numbers: 'Numbers', label: { mobile: 'Mobile', home: 'Home', work: 'Work', other: 'Other' }, bounced: 'does not ring', noNumbers: 'No numbers', movedOut: 'moved out {on}', past: 'Moved out', noCall: 'Do not call', noCallSince: 'do not call, since {at}',
    open: 'Open matters', noOpen: 'No open tickets or callbacks', history: 'History', noHistory: 'Nothing yet', newTicket: 'New ticket', edit: 'Change household', add: 'Add a person', name: 'Name', number: 'Number', addNumber: 'Add number', removeNumber: 'Delete number',
    end: 'Moved out', endSure: 'Really moved out', removeSure: 'Really delete it', endOn: 'Moved out on', consents: 'Consents', consent: { survey: 'Survey', marketing: 'Invitations', recording: 'Use of recordings', calls: 'Calls', texts: 'Text messages' }, give: 'Consent given', withdraw: 'Withdraw', how: { phone: 'by phone', paper: 'on paper', visit: 'in person', web: 'online' }, stopCalls: 'Do not call',
    allowCalls: 'May be called again', why: 'Reason', see: 'Household page', changed: 'Somebody has just changed this household. This is the newest; what you typed is still here. Please save again.', tickets: 'Tickets', asked: 'asked', withdrawnAt: 'withdrawn {at}', works: 'rings after all', call: 'Check before you call',
  },
  unsent: {
    line: '{words} ({code})', no_secret: 'its secret is missing', secrets_unreadable: 'the secrets file cannot be read', secret_unfit: 'its secret has characters that cannot be sent', no_channel: 'no longer in the site file', smtp: 'the mail server did not take it', http: 'the other server did not take it',
    code: 'the robot did not take it', not_its_answer: 'the answer makes no sense', fault: 'a fault of ours, see the log', no_call: 'asked not to be contacted', no_consent: 'no consent to texts', no_number: 'no number that takes texts', unreachable: 'cannot be reached', refused: 'the other side did not take it',
  },
  texts: { title: 'Texts', purpose: { thanks: 'Thanks for a rating' }, forgotten: 'number deleted', state: { sent: 'sent', waits: 'waits', again: 'not sent yet, tried again', failed: 'not sent' } },
  happened: { call: 'Call', callback: 'Callback', message: 'Message', ticket: 'Ticket', visit: 'Visit' },
  outcome: {
    answered: 'answered', abandoned: 'gave up', short_abandon: 'gave up at once', message: 'left a message', voicemail: 'left a message', lost: 'lost', callback: 'asked to be rung back', menu: 'ended in the menu', waiting: 'waits', ringing: 'rings', talking: 'talking', retry: 'to be tried again', done: 'done',
    failed: 'not reached', cancelled: 'cancelled',
  },
  bell: {
    title: 'Notices', none: 'Nothing to take note of', open: 'Notices, {n} open', take: 'Taken note', warned: '{name}: due soon', broken: '{name}: overdue', climbed: '{name}: nobody answered, passed up', told: '{name}: started', due: 'due {at}', taken: '{name} took note',
  },
}

export default en
