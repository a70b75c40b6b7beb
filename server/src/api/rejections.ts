// Keeps the requests of known keys that were refused for what is in them, so that an operator can see what a partner sent,
// and send it again after a fix. They go into the log, behind the reply: nobody waits for them, and a crash may lose the
// last ones. Of each key, and of all together, so much a minute is kept; the counts (tally.ts) are complete.
//
// The body of a record of kind `rejection` is a line of JSON (RejectionHead), then the request's body, decompressed.

import { type EventErrors, limits as wire, type Violation } from '@datapulse/contract'
import type { LogRecord, LogWriter } from '../log/record.ts'
import type { RejectionHead } from '../steps/rejection.ts'

export type RejectionLimits = {
  rejectionsPerMinuteMax: number
  rejectionBytesPerMinuteMax: number
  rejectionBytesPerMinuteInAllMax: number
}

type Kept = { requests: number; bytes: number }

const minuteMs = 60_000

export class Rejections {
  #log: Pick<LogWriter, 'append'>
  #limits: RejectionLimits
  #minute = 0
  #byKey = new Map<string, Kept>()
  #bytesInAll = 0
  #kept = 0
  #dropped = 0

  constructor(log: Pick<LogWriter, 'append'>, limits: RejectionLimits) {
    this.#log = log
    this.#limits = limits
  }

  /** `whose`: the request as it would have been recorded. Never throws. */
  keep(whose: Omit<LogRecord, 'kind' | 'events' | 'body'>, head: RejectionHead, body: Uint8Array): void {
    if (!this.#admit(whose.keyId, whose.receivedMs, body.length)) {
      this.#dropped++
      return
    }
    const bytes = Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body])
    try {
      this.#log.append({ ...whose, kind: 'rejection', events: 0, body: bytes }, fault => {
        if (fault === null) this.#kept++
        else this.#dropped++
      })
    } catch {
      this.#dropped++
    }
  }

  status(): { rejectionsKept: number; rejectionsDropped: number } {
    return { rejectionsKept: this.#kept, rejectionsDropped: this.#dropped }
  }

  #admit(keyId: string, nowMs: number, bytes: number): boolean {
    const minute = Math.floor(nowMs / minuteMs)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#byKey.clear()
      this.#bytesInAll = 0
    }
    const kept = this.#byKey.get(keyId) ?? { requests: 0, bytes: 0 }
    const { rejectionsPerMinuteMax, rejectionBytesPerMinuteMax, rejectionBytesPerMinuteInAllMax } = this.#limits
    if (kept.requests >= rejectionsPerMinuteMax || kept.bytes + bytes > rejectionBytesPerMinuteMax) return false
    if (this.#bytesInAll + bytes > rejectionBytesPerMinuteInAllMax) return false
    this.#byKey.set(keyId, { requests: kept.requests + 1, bytes: kept.bytes + bytes })
    this.#bytesInAll += bytes
    return true
  }
}

/** What is told of the events of a partial batch that were refused. */
export function partialRejection(errors: readonly EventErrors[]): Omit<RejectionHead, 'kind' | 'address'> {
  const all: Violation[] = errors.flatMap(({ index, violations }) => violations.map(one => ({ index, ...one })))
  return {
    code: 'VALIDATION_ERROR',
    message: `${errors.length} events of the batch were refused`,
    violations: all.slice(0, wire.violationsListedMax),
    violationsTotal: all.length,
    refused: errors.map(({ index }) => index),
  }
}
