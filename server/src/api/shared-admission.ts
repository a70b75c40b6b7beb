// Windows that several processes share: one place (redis-windows.ts) decides, atomically and by its own clock. Requests
// that came in the same turn of the event loop are asked about together, in one round trip. While that place is away, or
// does not answer in time, this process applies the whole limit by itself: nothing valid is refused for it, and together
// the processes may admit as many times the limit as they are. What was admitted anywhere by this process is in its own
// window too, so that it does not begin with an empty one; and a place that came back with nothing in it does not give out
// again what this process has admitted.

import { admitted, type Admission, type Verdict } from './admission.ts'
import type { KeyWindow, Limiter } from './limiter.ts'

/** The answer about one key: how many of the requests were admitted, and what is left; times in milliseconds. */
export type SharedAnswer = { admitted: number; remaining: number; resetMs: number; waitMs: number }

/** The place that windows are shared in. */
export type SharedWindows = {
  isThere(): boolean
  /** `wanted` requests of one key. Rejects when there was no answer in time; they may be counted all the same. */
  admit(keyId: string, limit: number, wanted: number): Promise<SharedAnswer>
  close(): void
}

type Batch = { limit: number; waiting: ((verdict: Verdict) => void)[] }
type Known = { remaining: number; resetAtMs: number }

/** `local` is this process's own admission, over `limiter`. */
export function openSharedAdmission(
  shared: SharedWindows,
  local: Admission,
  limiter: Limiter,
  now: () => number,
): Admission {
  const known = new WeakMap<KeyWindow, Known>()
  let batches = new Map<KeyWindow, Batch>()
  let limitedAlone = 0

  const alone = (key: KeyWindow, limit: number, done: (verdict: Verdict) => void) => {
    limitedAlone++
    known.delete(key)
    local.admit(key, limit, done)
  }
  const send = () => {
    const sent = batches
    batches = new Map()
    for (const [key, batch] of sent) void ask(key, batch)
  }
  const ask = async (key: KeyWindow, { limit, waiting }: Batch) => {
    let answer: SharedAnswer
    const askedMs = limiter.steady(now())
    try {
      answer = await shared.admit(key.keyId, limit, waiting.length)
    } catch {
      for (const done of waiting) alone(key, limit, done)
      return
    }
    const nowMs = limiter.steady(now())
    // What is counted at the time of asking leaves this window no later than the shared one: it refuses nothing that is allowed.
    const room = limiter.remaining(key, nowMs, limit)
    const count = Math.min(answer.admitted, room)
    limiter.count(key, askedMs, limit, count)
    const remaining = Math.min(answer.remaining, room - count)
    known.set(key, { remaining, resetAtMs: nowMs + answer.resetMs })
    const waitMs = count < answer.admitted ? key.window.waitMs(nowMs, limit) : answer.waitMs
    const refused: Verdict = { admitted: false, waitMs }
    for (const [n, done] of waiting.entries()) done(n < count ? admitted : refused)
  }

  return {
    open: (keyId, limit) => limiter.open(keyId, limit),
    admit(key, limit, done) {
      if (!shared.isThere()) return alone(key, limit, done)
      const batch = batches.get(key)
      if (batch !== undefined) {
        batch.limit = limit
        batch.waiting.push(done)
        return
      }
      if (batches.size === 0) setImmediate(send)
      batches.set(key, { limit, waiting: [done] })
    },
    standing(key, limit) {
      const last = known.get(key)
      if (last === undefined) return local.standing(key, limit)
      const resetMs = Math.max(0, last.resetAtMs - limiter.steady(now()))
      return { remaining: Math.min(last.remaining, limit), resetMs }
    },
    isIdle: key => local.isIdle(key),
    tick: () => local.tick(),
    close() {
      shared.close()
      local.close()
    },
    status: () => ({ ...local.status(), limitsHold: shared.isThere(), limitedAlone }),
  }
}
