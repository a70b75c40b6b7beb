// Ctrl-C and SIGTERM for a command that has something to bring to an end: the first asks it to stop, the second ends it
// at once. When it has stopped, the process ends by that signal, so that whoever started it sees what happened.

export type Interruption = {
  signal: AbortSignal
  /** Takes the signals no more; when one came, ends the process by it. */
  end(): void
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function openInterruption(onFirst: () => void): Interruption {
  const controller = new AbortController()
  let came: NodeJS.Signals | null = null
  const take = (signal: NodeJS.Signals): void => {
    came = signal
    stopTaking()
    onFirst()
    controller.abort()
  }
  const stopTaking = (): void => {
    for (const one of signals) process.off(one, take)
  }
  for (const one of signals) process.on(one, take)
  return {
    signal: controller.signal,
    end() {
      stopTaking()
      if (came !== null) process.kill(process.pid, came)
    },
  }
}
