/** The microphone, and why there is none: each reason has its own words, because each is mended elsewhere. */

export type MicrophoneFault = 'microphone_insecure' | 'microphone_refused' | 'microphone_none' | 'microphone_busy'

export class NoMicrophone extends Error {
  constructor(readonly code: MicrophoneFault) {
    super(code)
  }
}

const causes: Readonly<Record<string, MicrophoneFault>> = {
  NotAllowedError: 'microphone_refused',
  SecurityError: 'microphone_refused',
  NotFoundError: 'microphone_none',
  OverconstrainedError: 'microphone_none',
}

/** Only a page from https, or from this machine, has media devices at all; the library's types do not know that. */
function devices(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined
}

export async function microphone(): Promise<MediaStream> {
  const there = devices()
  if (!there) throw new NoMicrophone('microphone_insecure')
  try {
    return await there.getUserMedia({ audio: true })
  } catch (error) {
    throw new NoMicrophone((error instanceof DOMException ? causes[error.name] : undefined) ?? 'microphone_busy')
  }
}

export function release(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop()
}

/** Asks before the first call does: a phone that cannot speak must not ring. Raises NoMicrophone. */
export async function askForMicrophone(): Promise<void> {
  release(await microphone())
}
