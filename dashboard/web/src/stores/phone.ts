/** The phone of the seat where I sit, when the page is that phone: from sitting down to leaving, on whatever page I am. */

import { defineStore } from 'pinia'
import { ref, shallowRef, watch } from 'vue'
import { ownPhone, ProblemError } from '../api'
import { talksAt } from '../board/floor'
import { askForMicrophone, NoMicrophone, type MicrophoneFault } from '../phone/microphone'
import { Bell } from '../phone/ring'
import { Softphone, type PhoneCall, type PhoneLine } from '../phone/softphone'
import { useBoard } from './board'

/** `off`: no phone here; `elsewhere`: another tab of this browser is it; `rescue`: the page was loaded anew in a talk, which the
 *  floor takes for the death of the phone, and the caller is on the way back to the queue; `fault` says why, and it can be tried again. */
export type PhoneStage = 'off' | 'elsewhere' | 'rescue' | 'microphone' | 'fault' | PhoneLine

const LOCK = 'sixring.phone'
/** A board that is not there must not keep a phone from ringing. */
const BOARD_MS = 5000
const AFTER_SILENCE_MS = 10_000

export const usePhone = defineStore('phone', () => {
  const board = useBoard()
  const stage = ref<PhoneStage>('off')
  const fault = ref<MicrophoneFault | 'no_sound' | (string & {})>('')
  const call = ref<PhoneCall | null>(null)
  const softphone = shallowRef<Softphone | null>(null)
  const bell = new Bell()
  let sitting: AbortController | null = null
  let at: string | null = null

  /** The seat whose phone this page is now; null: none. */
  function sitAt(seat: string | null): void {
    if (seat === at) return
    leave()
    at = seat
    if (seat !== null) void sit(seat)
  }

  function again(): void {
    const seat = at
    leave()
    sitAt(seat)
  }

  function leave(): void {
    sitting?.abort()
    sitting = null
    at = null
    stage.value = 'off'
    fault.value = ''
  }

  /** One tab of a browser is the phone: two would take the registration from each other. */
  async function sit(seat: string): Promise<void> {
    const { signal } = (sitting = new AbortController())
    stage.value = 'elsewhere'
    try {
      await navigator.locks.request(LOCK, { signal }, () => work(seat, signal))
    } catch (error) {
      if (signal.aborted) return
      stage.value = 'fault'
      fault.value = error instanceof NoMicrophone || error instanceof ProblemError ? error.code : 'internal'
    }
  }

  async function work(seat: string, signal: AbortSignal): Promise<void> {
    stage.value = 'connecting'
    const account = await ownPhone()
    await until(() => board.hydrated, BOARD_MS, signal)
    if (talksAt(board.board, seat)) {
      stage.value = 'rescue'
      await until(() => !talksAt(board.board, seat), account.silent_s * 1000 + AFTER_SILENCE_MS, signal)
    }
    stage.value = 'microphone'
    await askForMicrophone()
    signal.throwIfAborted()
    stage.value = 'connecting'
    const phone = await Softphone.start(account, {
      line: (line) => (stage.value = line),
      call: (now) => {
        if (now?.stage === 'talking' && call.value?.stage !== 'talking') fault.value = '' // whatever it was, it is mended
        call.value = now
      },
      fault: (code) => (fault.value = code),
    })
    softphone.value = phone
    try {
      await until(() => false, Infinity, signal)
    } finally {
      softphone.value = null
      call.value = null
      phone.stop()
    }
  }

  return { stage, fault, call, softphone, bell, sitAt, again }
})

/** Returns when it is so, or after that long; throws once the signal says so. */
function until(so: () => boolean, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done, failed) => {
    const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined
    const stop = watch(so, (now) => {
      if (now) end()
    })
    function end(): void {
      clearTimeout(timer)
      stop()
      signal.removeEventListener('abort', end)
      if (signal.aborted) failed(signal.reason)
      else done()
    }
    signal.addEventListener('abort', end)
    if (signal.aborted || so()) end()
  })
}
