// The reading half of the log over a store. Every commit's checksums and its place are verified; a stretch that
// cannot be read is given as a `DamagedRange` between the last good place before it and the first good one after it,
// counted by the running totals on both sides. What may be right on the next try is thrown as a `LogReadFault`.
// Where damage lies at the very end of the newest segment, its other side is not known yet: reading waits there
// (and says so to the logger) until the next readable commit or segment shows it.
//
// Races with the writer: the segments are listed before the newest one listed is read. So when a listing shows a next
// segment, the one before it has all its commits; when not, more may come. A segment that is dropped between listing
// and opening is listed again. What lies in a segment at or behind the beginning of the next was never acknowledged.

import { endOf, fingerprintOf, headIsIntact, holds } from './commit.ts'
import { decode, type DecodedCommit, eventsAt } from './decoded-commit.ts'
import { LogReadFault } from './fault.ts'
import { type PlacedSegment, type ReadLimit, Reading, type ReadingSource } from './reading.ts'
import type { LogHead, LogReader, ReadResult } from './record.ts'
import { beginOfSegment, isDamage, type LogStore, type SegmentName, type SegmentReader, StoreError } from './store.ts'

type Warn = (details: object, message: string) => void

const relistMax = 5
const openMax = 4

export class StoreLogReader implements LogReader {
  #store: LogStore
  #warn: Warn
  #names: SegmentName[] = []
  #open = new Map<number, SegmentReader>()
  #decoded: DecodedCommit | null = null
  /** The last place given out: saves looking for it again. */
  #place: LogHead | null = null
  #stuckAt = -1

  constructor(store: LogStore, warn: Warn) {
    this.#store = store
    this.#warn = warn
  }

  async id(): Promise<string> {
    return this.#attempt(() => {
      // Opened anew, so that a log that was put in this one's place is noticed.
      this.#forget()
      this.#list()
      let failure: unknown
      for (const name of this.#names.toReversed()) {
        try {
          return this.#reader(name).logId
        } catch (error) {
          if (!isDamage(error)) throw error
          failure = error
        }
      }
      throw new LogReadFault('LOG_ABSENT', 'Cannot name the log because it must have a readable segment', failure)
    })
  }

  async head(): Promise<LogHead> {
    return this.#attempt(() => {
      this.#list()
      const newest = this.#names.at(-1)
      if (newest === undefined) return { offset: 0, events: 0 }
      const last = this.#reader(newest).holding(Number.MAX_SAFE_INTEGER)
      if (last === null || !headIsIntact(last)) return beginOfSegment(newest)
      return endOf(last)
    })
  }

  async oldest(): Promise<LogHead> {
    return this.#attempt(() => {
      this.#list()
      const oldest = this.#names[0]
      return oldest === undefined ? { offset: 0, events: 0 } : beginOfSegment(oldest)
    })
  }

  async read(offset: number, limit: ReadLimit): Promise<ReadResult> {
    return this.#attempt(() => new Reading(this.#source(), offset, this.#place, limit).run())
  }

  async fingerprintBefore(offset: number): Promise<string | null> {
    return this.#attempt(() => {
      this.#list()
      if (offset <= 0) return null
      const segment = this.#segmentOf(offset - 1)
      if (segment === null || (segment.next !== null && offset > segment.next.firstOffset)) return null
      try {
        const head = this.#reader(segment.name).holding(offset - 1)
        if (head === null || !headIsIntact(head) || offset > head.offset + head.records) return null
        return fingerprintOf(head)
      } catch (error) {
        if (isDamage(error)) return null
        throw error
      }
    })
  }

  async consumed(offset: number): Promise<void> {
    return this.#attempt(() => {
      const newest = this.#names.at(-1) ?? this.#list().at(-1)
      if (newest === undefined) return
      const known = this.#place?.offset === offset ? this.#place.events : this.#eventsBefore(offset)
      this.#store.writeConsumed({ logId: this.#reader(newest).logId, offset, events: known })
    })
  }

  async close(): Promise<void> {
    for (const reader of this.#open.values()) reader.close()
    this.#open.clear()
    this.#decoded = null
  }

  #source(): ReadingSource {
    return {
      list: () => this.#list(),
      segmentOf: offset => this.#segmentOf(offset),
      reader: name => this.#reader(name),
      eventsBefore: offset => this.#eventsBefore(offset),
      oldest: () => this.#names[0] ?? null,
      decoded: () => this.#decoded,
      keepDecoded: decoded => {
        this.#decoded = decoded
      },
      keepPlace: place => {
        this.#place = place
      },
      stuck: (at, reason) => {
        if (this.#stuckAt === at) return
        this.#stuckAt = at
        this.#warn({ offset: at, reason }, 'The end of the log is damaged; reading waits there for what comes after it')
      },
    }
  }

  #list(): SegmentName[] {
    this.#names = this.#store.list()
    const numbers = new Set(this.#names.map(name => name.number))
    for (const [number, reader] of this.#open) {
      if (numbers.has(number)) continue
      reader.close()
      this.#open.delete(number)
    }
    return this.#names
  }

  /** The segment in which `offset` lies or would lie, and the one after it. */
  #segmentOf(offset: number): PlacedSegment | null {
    const index = this.#names.findLastIndex(name => name.firstOffset <= offset)
    return index === -1 ? null : { name: this.#names[index]!, next: this.#names[index + 1] ?? null }
  }

  #reader(name: SegmentName): SegmentReader {
    const open = this.#open.get(name.number)
    if (open !== undefined) return open
    const reader = this.#store.openReader(name)
    this.#open.set(name.number, reader)
    // Opening may bring back a commit that failed to sync; by then the next segment cuts it off (see store.ts).
    this.#names = this.#store.list()
    for (const [number, other] of this.#open) {
      if (this.#open.size <= openMax) break
      if (number === name.number) continue
      other.close()
      this.#open.delete(number)
    }
    return reader
  }

  /** The running total at `offset`, when a commit or a segment begins or ends there, or something lies in it. */
  #eventsBefore(offset: number): number | null {
    const segment = this.#segmentOf(offset)
    if (offset === 0) return 0
    if (segment === null) return this.#consumedEvents(offset)
    if (segment.name.firstOffset === offset) return segment.name.eventsBefore
    try {
      const reader = this.#reader(segment.name)
      const head = reader.holding(offset - 1)
      if (head !== null && headIsIntact(head)) {
        if (head.offset + head.records === offset) return head.eventsBefore + head.events
        const decoded = holds(head, offset) ? decode(reader.next(head.offset)) : null
        if (typeof decoded === 'object' && decoded !== null) return eventsAt(decoded, offset)
      }
    } catch (error) {
      if (!isDamage(error)) throw error
    }
    return this.#consumedEvents(offset)
  }

  #consumedEvents(offset: number): number | null {
    const consumed = this.#store.readConsumed()
    return consumed !== null && consumed.offset === offset ? consumed.events : null
  }

  /** Runs one question; a segment that vanished meanwhile is asked about again from the listing on. */
  #attempt<T>(question: () => T): T {
    for (let attempt = 1; ; attempt++) {
      try {
        return question()
      } catch (error) {
        if (error instanceof LogReadFault) throw error
        if (!(error instanceof StoreError)) throw error
        this.#forget()
        if (error.code === 'MISSING' && attempt < relistMax) continue
        const code = error.code === 'NEWER' ? 'LOG_NEWER' : 'LOG_IO'
        throw new LogReadFault(code, error.message, error)
      }
    }
  }

  /** After a failure nothing open is trusted. */
  #forget(): void {
    for (const reader of this.#open.values()) {
      try {
        reader.close()
      } catch {
        // It is gone either way.
      }
    }
    this.#open.clear()
    this.#decoded = null
  }
}
