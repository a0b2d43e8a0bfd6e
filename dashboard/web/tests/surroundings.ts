/** A socket, timers and chance that a test moves by hand. */

import type { Ears, Line, Listener, Surroundings } from '../src/live'
import type { Message } from '../src/board/vocabulary'

export class FakeSurroundings implements Surroundings {
  readonly urls: string[] = []
  readonly closed: boolean[] = []
  private ears: Ears[] = []
  private timers: { due: number; act: () => void }[] = []
  private time = 0

  open(url: string, ears: Ears): { close(): void } {
    const index = this.urls.push(url) - 1
    this.ears.push(ears)
    this.closed.push(false)
    return {
      close: () => {
        this.closed[index] = true
      },
    }
  }

  after(ms: number, act: () => void): () => void {
    const timer = { due: this.time + ms, act }
    this.timers.push(timer)
    return () => {
      this.timers = this.timers.filter((other) => other !== timer)
    }
  }

  random(): number {
    return 1
  }

  get latest(): Ears {
    const ears = this.ears.at(-1)
    if (!ears) throw new Error('nothing was opened')
    return ears
  }

  say(value: unknown): void {
    this.latest.received(JSON.stringify(value))
  }

  pass(ms: number): void {
    this.time += ms
    for (;;) {
      const due = this.timers.find((timer) => timer.due <= this.time)
      if (!due) return
      this.timers = this.timers.filter((other) => other !== due)
      due.act()
    }
  }
}

export class Notebook implements Listener {
  readonly messages: Message[] = []
  readonly lines: Line[] = []

  heard(message: Message): void {
    this.messages.push(message)
  }

  became(line: Line): void {
    if (this.lines.at(-1) !== line) this.lines.push(line)
  }

  get line(): Line | undefined {
    return this.lines.at(-1)
  }
}
