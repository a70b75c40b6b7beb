// Who may be admitted by the limit of its key: the door's side. Where windows are in this process (limiter.ts) the answer is
// there at once; where several processes share them (shared-admission.ts) it comes from the one place that has them.

import type { KeyWindow, Limiter } from './limiter.ts'

/** `waitMs`: until the next request will be admitted, of one that was not. */
export type Verdict = { admitted: boolean; waitMs: number }

/** What a client is told: requests that it has left, and milliseconds until one is given back (0: it has used none). */
export type Standing = { remaining: number; resetMs: number }

export type Admission = {
  open(keyId: string, limit: number): KeyWindow
  /** Calls back once, at once or later. */
  admit(key: KeyWindow, limit: number, done: (verdict: Verdict) => void): void
  standing(key: KeyWindow, limit: number): Standing
  /** Whether nothing of the key is in its window. */
  isIdle(key: KeyWindow): boolean
  /** Every second or so. */
  tick(): void
  close(): void
  status(): AdmissionStatus
}

export type AdmissionStatus = {
  keysInWindow: number
  /** Whether limits hold across processes just now; of one process alone they always do. */
  limitsHold: boolean
  /** Requests since start that were admitted or not by this process alone, while the place that windows are shared in was away. */
  limitedAlone: number
}

/** Windows of this process alone. */
export function openLocalAdmission(limiter: Limiter, now: () => number): Admission {
  const steady = () => limiter.steady(now())
  return {
    open: (keyId, limit) => limiter.open(keyId, limit),
    admit(key, limit, done) {
      const nowMs = steady()
      if (limiter.admit(key, nowMs, limit)) done(admitted)
      else done({ admitted: false, waitMs: key.window.waitMs(nowMs, limit) })
    },
    standing({ window }, limit) {
      const nowMs = steady()
      return { remaining: window.remaining(nowMs, limit), resetMs: window.resetMs(nowMs) }
    },
    isIdle: ({ window }) => window.resetMs(steady()) === 0,
    tick: () => limiter.tick(steady()),
    close: () => limiter.close(),
    status: () => ({ ...limiter.status(), limitsHold: true, limitedAlone: 0 }),
  }
}

export const admitted: Verdict = { admitted: true, waitMs: 0 }
