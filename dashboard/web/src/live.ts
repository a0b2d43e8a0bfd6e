/** One socket to the live feed: comes back by itself with back-off and jitter, resumes where it was, stops for good when
 *  the server says that this user may not listen. */

import { message, type Message } from './board/vocabulary'

export type Line = 'connecting' | 'live' | 'degraded' | 'lost' | 'signed_out' | 'forbidden'

/** An open connection; closing it silences it. */
export interface Socket {
  close(): void
}

export interface Ears {
  received(data: unknown): void
  closed(code: number): void
}

/** What a test replaces: the socket, the timers and chance. */
export interface Surroundings {
  open(url: string, ears: Ears): Socket
  after(ms: number, act: () => void): () => void
  random(): number
}

export interface Listener {
  heard(message: Message): void
  became(line: Line): void
}

export const FIRST_PAUSE_MS = 400
export const LONGEST_PAUSE_MS = 10_000
/** The server pings every 10 s: this much silence means a half-open connection. */
export const SILENCE_MS = 25_000
const TERMINAL: Readonly<Record<number, Line>> = { 4401: 'signed_out', 4403: 'forbidden' }

/** Full jitter over an exponential ceiling: a hundred walls that lost the same server do not come back in one second. */
export function pause(attempt: number, random: number): number {
  return Math.max(100, Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * random)
}

export class LiveLine {
  private socket: Socket | null = null
  private attempt = 0
  private epoch = ''
  private cursor = ''
  private stopped = true
  private degraded = false
  private cancelRetry: (() => void) | null = null
  private cancelSilence: (() => void) | null = null

  constructor(
    private readonly url: string,
    private readonly listener: Listener,
    private readonly around: Surroundings,
  ) {}

  start(): void {
    if (!this.stopped) return
    this.stopped = false
    this.listener.became('connecting')
    this.connect()
  }

  /** For good: the listener hears nothing more. */
  stop(): void {
    this.stopped = true
    this.cancelRetry?.()
    this.letGo()
  }

  /** The machine is back on the network: do not wait for the pause to end. */
  retryNow(): void {
    if (this.stopped || this.socket) return
    this.cancelRetry?.()
    this.connect()
  }

  private connect(): void {
    this.cancelRetry = null
    const resume = this.epoch ? `?cursor=${encodeURIComponent(this.cursor)}&epoch=${encodeURIComponent(this.epoch)}` : ''
    this.socket = this.around.open(this.url + resume, {
      received: (data) => this.received(data),
      closed: (code) => this.closed(code),
    })
    this.watchForSilence()
  }

  private received(data: unknown): void {
    this.watchForSilence()
    let heard: Message
    try {
      if (typeof data !== 'string') throw new TypeError('not text')
      heard = message(data)
    } catch {
      this.epoch = '' // whatever this was, a snapshot makes the board right again
      this.lost()
      return
    }
    this.attempt = 0
    if (heard.type === 'snapshot') this.epoch = heard.epoch
    if (heard.type === 'snapshot' || heard.type === 'event') this.cursor = heard.cursor
    if (heard.type === 'degraded') this.degraded = true
    if (heard.type === 'snapshot') this.degraded = false
    this.listener.heard(heard)
    this.listener.became(this.degraded ? 'degraded' : 'live')
  }

  private closed(code: number): void {
    const end = TERMINAL[code]
    if (end) {
      this.stop()
      this.listener.became(end)
      return
    }
    this.lost()
  }

  private lost(): void {
    this.letGo()
    this.degraded = false
    this.listener.became('lost')
    this.cancelRetry = this.around.after(pause(this.attempt, this.around.random()), () => this.connect())
    this.attempt += 1
  }

  private letGo(): void {
    this.cancelSilence?.()
    this.socket?.close()
    this.socket = null
  }

  private watchForSilence(): void {
    this.cancelSilence?.()
    this.cancelSilence = this.around.after(SILENCE_MS, () => this.lost())
  }
}

export const browser: Surroundings = {
  open: (url, ears) => {
    const socket = new WebSocket(url)
    socket.onmessage = ({ data }) => ears.received(data)
    socket.onclose = ({ code }) => ears.closed(code)
    return {
      close: () => {
        socket.onmessage = null
        socket.onclose = null
        socket.close()
      },
    }
  },
  after: (ms, act) => {
    const timer = setTimeout(act, ms)
    return () => clearTimeout(timer)
  },
  random: Math.random,
}
