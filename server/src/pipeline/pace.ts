// How the pipeline waits: pauses that end soon after it is told to close, and patience with what is away, asked again
// ever more slowly, with the reason in sight. A broken assertion is no matter of patience: it is thrown at once. And what
// fails over and over is thrown too in the end, for recovery.ts to ask anew how everything stands.

import { AssertionError } from 'node:assert'

export type Logger = {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export type Pace = {
  pause(ms: number): Promise<void>
  /** Waits after the given number of failures in a row; says why in `waiting`. Throws when the pipeline closes. */
  hold(attempt: number, why: string, cause: unknown): Promise<void>
  /** What was waited for is back; without a name everything is. */
  going(why?: string): void
  /** Does it until it does not throw; throws at once what waiting does not help, anything else after `failuresMax` times. */
  untilDone<T>(why: string, work: () => Promise<T>): Promise<T>
  /** Why nothing moves; null while it does. */
  waiting(): string | null
  close(): void
  closing(): boolean
}

/** Thrown out of a wait that ends because the pipeline closes. */
export class PipelineClosing extends Error {}

/** The log is not what it was: it is to be asked anew where to go on. */
export function isRolledBack(cause: unknown): boolean {
  return (cause as { code?: unknown } | null)?.code === 'LOG_ROLLED_BACK'
}

const holdMsFirst = 100
const holdMsMax = 5_000
const sliceMs = 100
/** About two minutes. */
const failuresMax = 30

export function openPace(sleep: (ms: number) => Promise<void>, logger: Logger): Pace {
  let closing = false
  /** By what is waited for: the log may be read on while the warehouse is away. */
  const waits = new Map<string, string>()

  async function pause(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !closing; left -= sliceMs) await sleep(Math.min(left, sliceMs))
  }

  async function hold(attempt: number, why: string, cause: unknown): Promise<void> {
    const waiting = `${why}: ${cause instanceof Error ? cause.message : String(cause)}`
    waits.set(why, waiting)
    const ms = Math.min(holdMsMax, holdMsFirst * 2 ** Math.min(attempt, 16))
    logger.warn({ attempt, againInMs: ms, code: (cause as { code?: unknown } | null)?.code }, waiting)
    await pause(ms)
    if (closing) throw new PipelineClosing(waiting)
  }

  return {
    pause,
    hold,
    going(why) {
      if (why === undefined) waits.clear()
      else waits.delete(why)
    },
    async untilDone(why, work) {
      for (let attempt = 0; ; attempt++) {
        try {
          const done = await work()
          waits.delete(why)
          return done
        } catch (cause) {
          if (cause instanceof AssertionError || isRolledBack(cause) || attempt + 1 >= failuresMax) throw cause
          await hold(attempt, why, cause)
        }
      }
    },
    waiting: () => waits.values().next().value ?? null,
    close() {
      closing = true
    },
    closing: () => closing,
  }
}
