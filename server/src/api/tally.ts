// The door's books, in events: received = accepted + rejected + waiting for the log. What was rejected is written to the
// log too, once a second when there is news, so that it reaches the warehouse by the same exactly-once path as events.
//
// A record of kind `tally` has events 0, product '' and key '', and as its body a JSON array:
//   [{"product":"casino","keyId":"key_…","code":"VALIDATION_ERROR","events":12,"requests":3}, …]
// one entry for each product, key and code since the record before. `events` is what the requests held as far as it
// could be told; a body that was not read, or could not be, counts as one. A request whose key is known and may not be
// used is counted under that key with a code that the reply does not tell (KeyRefusal); whose key is not known (the other
// 401s) has product and keyId ''. Requests to no route of ours (404, 405), and bytes that are no request, hold no events: they are
// counted in `status()` alone. A crash loses at most the last second's entries.
//
// Where the log keeps products apart (`partOf`), there is a record for each part, and its product is one of these.
// Records of this kind hold how much keys are used, too (key-usage.ts), in entries of another shape.
//
// An append that fails keeps its counts for the next one. There are at most `tallyEntriesMax` entries; the counts of more are
// kept under product '' and keyId ''.

import { randomUUIDv7 } from 'node:crypto'
import type { Code } from '@datapulse/contract'
import { limits } from '../limits.ts'
import type { LogWriter } from '../log/record.ts'

/** Why a key of a product is refused: what is answered 401 all the same. */
export type KeyRefusal = 'KEY_REVOKED' | 'KEY_EXPIRED' | 'KEY_SCOPE'

export type TallyEntry = {
  product: string
  keyId: string
  code: Code | KeyRefusal
  events: number
  requests: number
}

/** Under which product, key and code a refusal is counted, where that is not what the reply tells. */
export type CountedAs = { product: string; keyId: string; code: KeyRefusal }

export class Tally {
  #log: Pick<LogWriter, 'append' | 'partOf'>
  #now: () => number
  #entries = new Map<string, TallyEntry>()
  #flying: Promise<boolean> | null = null
  #codes: Partial<Record<Code, number>> = {}
  #received = 0
  #accepted = 0
  #rejected = 0
  #acceptedRequests = 0
  #astrayRequests = 0

  constructor(log: Pick<LogWriter, 'append' | 'partOf'>, now: () => number) {
    this.#log = log
    this.#now = now
  }

  /** A request was read, or is given up: `events` came in. Its outcome follows. */
  receive(events: number): void {
    this.#received += events
  }

  accept(events: number): void {
    this.#accepted += events
    this.#acceptedRequests++
  }

  /** `code` is the reply's. */
  reject(product: string, keyId: string, code: Code, events: number, countedAs?: CountedAs): void {
    this.#rejected += events
    this.countCode(code)
    this.#add({ product, keyId, code, ...countedAs, events, requests: 1 })
  }

  /** A request that holds no events. */
  countCode(code: Code): void {
    this.#codes[code] = (this.#codes[code] ?? 0) + 1
  }

  /** A request to a path that is none of ours: most often its sender has the address wrong. */
  countAstray(): void {
    this.#astrayRequests++
  }

  /** Appends what is new. Resolves to false when it could not be; the counts are kept then. */
  flush(): Promise<boolean> {
    this.#flying ??= this.#append().finally(() => {
      this.#flying = null
    })
    return this.#flying
  }

  status() {
    return {
      eventsReceived: this.#received,
      eventsAccepted: this.#accepted,
      eventsRejected: this.#rejected,
      eventsWaiting: this.#received - this.#accepted - this.#rejected,
      requestsAccepted: this.#acceptedRequests,
      requestsAstray: this.#astrayRequests,
      requestsByCode: { ...this.#codes },
      tallyEntriesPending: this.#entries.size,
    }
  }

  async #append(): Promise<boolean> {
    const entries = [...this.#entries.values()]
    this.#entries.clear()
    return appendTally(this.#log, this.#now(), entries, entry => this.#add(entry))
  }

  #add(entry: TallyEntry): void {
    let name = `${entry.product} ${entry.keyId} ${entry.code}`
    if (this.#entries.size >= limits.tallyEntriesMax && !this.#entries.has(name)) {
      name = `  ${entry.code}`
      entry = { ...entry, product: '', keyId: '' }
    }
    const known = this.#entries.get(name)
    if (known === undefined) {
      this.#entries.set(name, { ...entry })
      return
    }
    known.events += entry.events
    known.requests += entry.requests
  }
}

/** A record for each part of the log, of what `told` makes of its entries; `absent` takes those that could not be appended. */
export async function appendTally<Entry extends { product: string }>(
  log: Pick<LogWriter, 'append' | 'partOf'>,
  nowMs: number,
  entries: readonly Entry[],
  absent: (entry: Entry) => void,
  told: (entry: Entry) => object = entry => entry,
): Promise<boolean> {
  const parts = Map.groupBy(entries, ({ product }) => log.partOf?.(product) ?? 0)
  const appended = await Promise.all([...parts.values()].map(part => appendPart(log, nowMs, part, absent, told)))
  return appended.every(isThere => isThere)
}

function appendPart<Entry extends { product: string }>(
  log: Pick<LogWriter, 'append' | 'partOf'>,
  nowMs: number,
  entries: Entry[],
  absent: (entry: Entry) => void,
  told: (entry: Entry) => object,
): Promise<boolean> {
  return new Promise(resolve => {
    const done = (fault: unknown) => {
      if (fault !== null) for (const entry of entries) absent(entry)
      resolve(fault === null)
    }
    try {
      log.append(
        {
          kind: 'tally',
          requestId: randomUUIDv7(),
          product: log.partOf === undefined ? '' : (entries[0]?.product ?? ''),
          keyId: '',
          mode: 'live',
          receivedMs: nowMs,
          events: 0,
          body: Buffer.from(JSON.stringify(entries.map(told))),
        },
        done,
      )
    } catch (fault) {
      done(fault)
    }
  })
}
