// The client: events are handed to it, and each has one outcome. See README.md for what it promises.

import type { Asked } from './event.ts'
import type { DataPulseError } from './error.ts'
import { openMemoryOutbox } from './memory-outbox.ts'
import { safely } from './notice.ts'
import { type ClientOptions, readOptions } from './options.ts'
import type { Tracked } from './outbox.ts'
import { Sender } from './sender.ts'
import type { Totals } from './totals.ts'
import { type Fetch, realWorld } from './world.ts'

/** `pending`: handed over, and without an outcome. */
export type Stats = Totals & { pending: number }

export class DataPulseClient {
  #sender: Sender

  constructor(options: ClientOptions) {
    const settings = readOptions(options)
    const { fetch: given } = options
    // Called bare: the fetch of some runtimes refuses to be anybody's method.
    const world = given === undefined ? realWorld : { ...realWorld, fetch: bare(given) }
    this.#sender = new Sender(settings, options.spool ?? openMemoryOutbox, world, safely(options.onNotice))
  }

  /**
   * Hands an event over. Resolves when the server has it durably, or with a spool when this disk has; rejects with a
   * DataPulseError when it will not be sent, or was refused. A rejection that nobody handles ends no process.
   * @example await client.track({ event_name: 'deposit', client_user_id: 'u1', timestamp: Date.now(), ip_address: '203.0.113.1',
   *   transaction_id: 't1', amount: '50.00', currency: 'USD' })
   */
  track<const Given extends { event_name: string }>(event: Given & Asked<Given>): Promise<Tracked> {
    return handled(this.#sender.track(event))
  }

  /**
   * Hands over as many events as there are, no faster than there is room for them: for files and backfills. Resolves when
   * each has been taken or has failed; `onFailed` is told why, and has the event. Stops where the server refuses the client.
   * @example await client.trackAll(readEvents(), error => console.error(error.message, error.violations))
   */
  trackAll<const Given extends { event_name: string }>(
    events: Iterable<Given & Asked<Given>> | AsyncIterable<Given & Asked<Given>>,
    onFailed: (error: DataPulseError, event: Given) => void = () => {},
  ): Promise<{ taken: number; failed: number }> {
    return handled(this.#trackAll(events, onFailed))
  }

  /**
   * Resolves when every event handed over before has its outcome. Rejects with TIMEOUT, with UNDELIVERED when events were given
   * back to their callers since the last flush, and with REFUSED when the server refuses what a spool has.
   */
  flush({ timeoutMs = Number.POSITIVE_INFINITY }: { timeoutMs?: number } = {}): Promise<void> {
    return handled(this.#sender.flush(timeoutMs))
  }

  /**
   * Takes no more events, sends what there is, and lets go of everything. After `timeoutMs` (30 s) it waits no longer: what
   * is in memory is given back to its callers with UNDELIVERED, and so this rejects; what is in a spool stays (`kept`).
   */
  close({ timeoutMs = 30_000 }: { timeoutMs?: number } = {}): Promise<{ kept: number }> {
    return handled(this.#sender.close(timeoutMs))
  }

  stats(): Stats {
    return { ...this.#sender.totals, pending: this.#sender.pending() }
  }

  async #trackAll<Given>(
    events: Iterable<Given> | AsyncIterable<Given>,
    onFailed: (error: DataPulseError, event: Given) => void,
  ): Promise<{ taken: number; failed: number }> {
    const underWay = new Set<Promise<void>>()
    const result = { taken: 0, failed: 0 }
    let refused: unknown = null
    for await (const event of events) {
      await this.#sender.room()
      if (refused !== null) break
      const one = this.#sender.track(event).then(
        () => void result.taken++,
        (error: DataPulseError) => {
          result.failed++
          if (error.code === 'REFUSED' || error.code === 'CLOSED') refused ??= error
          onFailed(error, event)
        },
      )
      underWay.add(one)
      void one.finally(() => underWay.delete(one)).catch(() => {})
    }
    await Promise.all(underWay)
    if (refused !== null) throw refused
    return result
  }
}

function bare(given: Fetch): Fetch {
  return (url, init) => given(url, init)
}

/** The same promise, of which a rejection is never unhandled. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}
