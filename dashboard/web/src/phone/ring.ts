/** How a page rings: to be heard, in the title, and as a notification while another window is in front. */

const BURST_S = 0.4
const EVERY_MS = 2000
const TAG = 'sixring.ring'

export class Bell {
  private sound: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private title = ''
  private note: Notification | null = null

  /** To be called while the agent clicks: afterwards the browser lets the page be heard, and may ask for notifications. */
  prepare(): void {
    this.sound ??= new AudioContext()
    void this.sound.resume()
    if ('Notification' in window && Notification.permission === 'default') void Notification.requestPermission()
  }

  ring(words: string): void {
    this.quiet()
    this.title = document.title
    document.title = `☎ ${words}`
    this.burst()
    this.timer = setInterval(() => this.burst(), EVERY_MS)
    if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
      this.note = new Notification(words, { tag: TAG, requireInteraction: true })
      this.note.onclick = () => window.focus()
    }
  }

  quiet(): void {
    if (this.timer === undefined) return
    clearInterval(this.timer)
    this.timer = undefined
    document.title = this.title
    this.note?.close()
    this.note = null
  }

  /** Two tones, as telephones have: made here, so that no file is waited for. */
  private burst(): void {
    this.sound ??= new AudioContext()
    const { currentTime: now, destination } = this.sound
    const gain = new GainNode(this.sound, { gain: 0 })
    gain.connect(destination)
    for (const [step, begin] of [0, BURST_S * 1.5].entries()) {
      gain.gain.setTargetAtTime(0.25, now + begin, 0.01)
      gain.gain.setTargetAtTime(0, now + begin + BURST_S, 0.03)
      for (const frequency of step ? [660, 880] : [880, 660]) {
        const tone = new OscillatorNode(this.sound, { frequency })
        tone.connect(gain)
        tone.start(now + begin)
        tone.stop(now + begin + BURST_S + 0.2)
      }
    }
  }
}
