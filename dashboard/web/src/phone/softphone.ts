/** The page as a seat's phone: SIP over a websocket to Asterisk, sound by WebRTC. It knows nothing of the board.
 *
 *  It never says goodbye when the page goes away: to Asterisk that would be an agent who has hung up, and the caller would be
 *  lost. A phone that falls silent is dead, and the floor gives its caller back to the queue. */

import type { UA } from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import { microphone, NoMicrophone, release, type MicrophoneFault } from './microphone'

export interface PhoneAccount {
  readonly uri: string
  readonly password: string
  readonly websocket: string
}

/** `lost`: Asterisk cannot be reached or does not take us; tried again by itself. */
export type PhoneLine = 'connecting' | 'ready' | 'lost'

export interface PhoneCall {
  readonly stage: 'ringing' | 'answering' | 'talking'
  readonly name: string
  readonly number: string
  readonly held: boolean
  readonly muted: boolean
}

export interface PhoneEars {
  line(line: PhoneLine): void
  call(call: PhoneCall | null): void
  fault(code: MicrophoneFault | 'no_sound'): void
}

const RETRY_MS = 3000
/** Gathering of addresses may hang on a network that is half there; those of this machine are there at once. */
const GATHER_MS = 500
const BUSY = { status_code: 486 }

export class Softphone {
  private session: RTCSession | null = null
  private stream: MediaStream | null = null
  private retry: ReturnType<typeof setTimeout> | undefined
  private stopped = false
  private readonly ear = new Audio()

  private constructor(
    private readonly ua: UA,
    private readonly ears: PhoneEars,
  ) {
    this.ear.autoplay = true
    ua.on('connecting', () => ears.line('connecting'))
    ua.on('disconnected', () => this.tell('lost'))
    ua.on('registered', () => this.tell('ready'))
    ua.on('unregistered', () => this.tell('lost'))
    ua.on('registrationFailed', () => {
      this.tell('lost')
      clearTimeout(this.retry)
      this.retry = setTimeout(() => this.ua.isConnected() && this.ua.register(), RETRY_MS)
    })
    ua.on('newRTCSession', ({ session }: { session: RTCSession }) => this.rings(session))
  }

  /** The library is loaded only where a page is a phone. */
  static async start(account: PhoneAccount, ears: PhoneEars): Promise<Softphone> {
    const jssip = await import('jssip')
    const ua = new jssip.UA({
      sockets: [new jssip.WebSocketInterface(account.websocket)], uri: account.uri, password: account.password,
      register_expires: 120, session_timers: false, connection_recovery_min_interval: 1, connection_recovery_max_interval: 5,
      user_agent: 'Sixring desk',
    })
    const phone = new Softphone(ua, ears)
    ua.start()
    return phone
  }

  /** Nobody sits here any more: no longer registered. A talk that is on ends as by hanging up. */
  stop(): void {
    this.stopped = true
    clearTimeout(this.retry)
    this.ua.stop()
    this.over()
  }

  async answer(): Promise<void> {
    const { session } = this
    if (!session || session.isEstablished() || this.stream) return
    this.show({ stage: 'answering' })
    try {
      const stream = await microphone()
      if (session !== this.session || session.isEnded()) return release(stream)
      this.stream = stream
    } catch (error) {
      this.show({ stage: 'ringing' })
      this.ears.fault(error instanceof NoMicrophone ? error.code : 'microphone_busy')
      return
    }
    session.answer({ mediaStream: this.stream, pcConfig: { iceServers: [] } })
  }

  hangUp(): void {
    this.session?.terminate()
  }

  hold(on: boolean): void {
    if (on) this.session?.hold()
    else this.session?.unhold()
  }

  mute(on: boolean): void {
    if (on) this.session?.mute({ audio: true })
    else this.session?.unmute({ audio: true })
  }

  press(key: string): void {
    this.dtmf(key)
  }

  private dtmf(key: string): void {
    const sender = this.session?.connection.getSenders().find((one) => one.dtmf)?.dtmf
    sender?.insertDTMF(sender.toneBuffer + key, 160, 80) // RFC 4733, as a telephone sends it
  }

  private tell(line: PhoneLine): void {
    if (!this.stopped) this.ears.line(line)
  }

  private shown: PhoneCall | null = null

  private show(change: Partial<PhoneCall>): void {
    if (!this.shown) return
    this.shown = { ...this.shown, ...change }
    this.ears.call(this.shown)
  }

  private rings(session: RTCSession): void {
    if (this.session) return session.terminate(BUSY)
    this.session = session
    const { display_name: name, uri } = session.remote_identity
    this.shown = { stage: 'ringing', name: name ?? '', number: uri.user ?? '', held: false, muted: false }
    this.ears.call(this.shown)
    session.on('accepted', () => this.show({ stage: 'talking' }))
    session.on('ended', () => this.over(session))
    session.on('failed', () => this.over(session))
    for (const [event, change] of [['hold', { held: true }], ['unhold', { held: false }]] as const) {
      session.on(event, ({ originator }) => {
        if (originator === 'local') this.show(change)
      })
    }
    session.on('muted', () => this.show({ muted: true }))
    session.on('unmuted', () => this.show({ muted: false }))
    session.on('peerconnection', ({ peerconnection }) => this.listen(peerconnection))
    let gathering: ReturnType<typeof setTimeout> | undefined
    session.on('icecandidate', ({ ready }) => {
      gathering ??= setTimeout(ready, GATHER_MS)
    })
  }

  private listen(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ track, streams }) => {
      this.ear.srcObject = streams[0] ?? new MediaStream([track])
      this.ear.play().catch(() => this.ears.fault('no_sound'))
    })
  }

  private over(session = this.session): void {
    if (session !== this.session) return
    this.session = null
    this.shown = null
    release(this.stream)
    this.stream = null
    this.ear.srcObject = null
    if (session) this.ears.call(null)
  }
}
