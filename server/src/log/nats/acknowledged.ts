// What a writer was acknowledged and its follower has not come to yet: so that what it tells of the log's end holds at least all
// that it has answered for.

import type { LogHead } from '../record.ts'
import type { Place } from './follower.ts'

type Kept = { seq: number; records: number; events: number }

const keptMax = 1_000

export class Acknowledged {
  #kept: Kept[] = []

  add(one: Kept): void {
    const last = this.#kept.at(-1)
    if (last === undefined || this.#kept.length < keptMax) this.#kept.push(one)
    else {
      // Of many, the last stand for one.
      last.seq = Math.max(last.seq, one.seq)
      last.records += one.records
      last.events += one.events
    }
  }

  /** Where the log ends at least. `head`: the end of what was followed. */
  endAfter({ seq, offset, events }: Place): LogHead {
    this.#kept = this.#kept.filter(one => one.seq >= seq)
    for (const one of this.#kept) {
      offset += one.records
      events += one.events
    }
    return { offset, events }
  }
}
