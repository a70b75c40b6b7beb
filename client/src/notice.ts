// What the client tells while it works. Each notice is one object with a level and a sentence, so that one line logs it:
// `onNotice: notice => logger[notice.level](notice, notice.message)`. None holds a key or anything of an event but counts
// and violations. Whoever is told may throw, or reject: it changes nothing here.

import type { Violation } from '@datapulse/contract'

export type Notice = { level: 'debug' | 'info' | 'warn' | 'error'; message: string } & (
  | {
      /** One attempt ended. `status` is null where no whole reply came. */
      type: 'request'
      status: number | null
      events: number
      /** Of the body as it went, compressed or not. */
      bytes: number
      ms: number
      requestId: string | null
    }
  | { type: 'retry'; reason: string; waitMs: number; attempt: number }
  | { type: 'accepted'; events: number; requestId: string | null }
  | { type: 'rejected'; messageId: string | null; requestId: string | null; violations: readonly Violation[] }
  /** Handed over, broken, and told so: it was not sent. */
  | { type: 'invalid'; violations: readonly Violation[] }
  /** The server refuses what this client sends, or (413) something in between an event. What is kept is tried again after `waitMs`. */
  | { type: 'refused'; status: number; waitMs: number | null }
  | { type: 'undelivered'; events: number }
  /** There is no room: `track` waits, or no longer does. */
  | { type: 'full'; isFull: boolean }
  /** What the spool found or could not do: see `what`. */
  | { type: 'spool'; what: 'opened' | 'damaged' | 'failed'; events: number }
)

export type Tell = (notice: Notice) => void

export function safely(onNotice: ((notice: Notice) => unknown) | undefined): Tell {
  if (onNotice === undefined) return () => {}
  return notice => {
    try {
      const result = onNotice(notice)
      if (result instanceof Promise) result.catch(() => {})
    } catch {
      // Whoever logs has a fault of their own; no event waits for it.
    }
  }
}
