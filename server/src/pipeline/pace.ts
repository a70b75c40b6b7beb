// How the pipeline waits: pauses that end soon after it is told to close, and patience with what is away, asked again
// ever more slowly and for ever, with the reason in sight.

export type Logger = {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export type Pace = {
  pause(ms: number): Promise<void>
  /** Waits after the given number of failures in a row; says why in `waiting`. Throws when the pipeline closes. */
  hold(attempt: number, why: string, cause: unknown): Promise<void>
  /** What was away is back. */
  going(): void
  /** Does it until it does not throw. */
  untilDone<T>(why: string, work: () => Promise<T>): Promise<T>
  /** Why nothing moves; null while it does. */
  waiting(): string | null
  close(): void
  closing(): boolean
}

/** Thrown out of a wait that ends because the pipeline closes. */
export class PipelineClosing extends Error {}

const holdMsFirst = 100
const holdMsMax = 5_000
const sliceMs = 100

export function openPace(sleep: (ms: number) => Promise<void>, logger: Logger): Pace {
  let closing = false
  let waiting: string | null = null

  async function pause(ms: number): Promise<void> {
    for (let left = ms; left > 0 && !closing; left -= sliceMs) await sleep(Math.min(left, sliceMs))
  }

  async function hold(attempt: number, why: string, cause: unknown): Promise<void> {
    waiting = `${why}: ${cause instanceof Error ? cause.message : String(cause)}`
    const ms = Math.min(holdMsMax, holdMsFirst * 2 ** Math.min(attempt, 16))
    logger.warn({ attempt, againInMs: ms, code: (cause as { code?: unknown } | null)?.code }, waiting)
    await pause(ms)
    if (closing) throw new PipelineClosing(waiting)
  }

  return {
    pause,
    hold,
    going() {
      waiting = null
    },
    async untilDone(why, work) {
      for (let attempt = 0; ; attempt++) {
        try {
          const done = await work()
          waiting = null
          return done
        } catch (cause) {
          await hold(attempt, why, cause)
        }
      }
    },
    waiting: () => waiting,
    close() {
      closing = true
    },
    closing: () => closing,
  }
}
