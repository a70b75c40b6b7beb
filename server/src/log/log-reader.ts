// The reading half of the log over a store. Every commit's checksums and its place are verified; a stretch that
// cannot be read is given as a `DamagedRange` between the last good place before it and the first good one after it,
// counted by the running totals on both sides. What may be right on the next try is thrown as a `LogReadFault`.
// Where damage lies at the very end of the newest segment, its other side is not known yet: reading waits there
// (and says so to the logger) until the next readable commit or segment shows it.
//
// Races with the writer: the segments are listed before the newest one listed is read. So when a listing shows a next
// segment, the one before it has all its commits; when not, more may come. A segment that is dropped between listing
// and opening is listed again. What lies in a segment at or behind the beginning of the next was never acknowledged.

import { bodyIsIntact, type Commit, type CommitHead, fingerprintOf, headIsIntact } from './commit.ts'
import { LogReadFault } from './fault.ts'
import { unpackRecords } from './packed.ts'
import type { DamagedRange, LogHead, LogReader, ReadResult, StoredRecord } from './record.ts'
import { type LogStore, type SegmentName, type SegmentReader, StoreError } from './store.ts'

type ReadLimit = { recordsMax: number; bytesMax: number }
type Warn = (details: object, message: string) => void
type Segment = { name: SegmentName; next: SegmentName | null }
/** A commit that was decoded and not given out whole. */
type Decoded = { head: CommitHead; records: StoredRecord[] }

const relistMax = 5
const openMax = 4

export class StoreLogReader implements LogReader {
  #store: LogStore
  #warn: Warn
  #names: SegmentName[] = []
  #open = new Map<number, SegmentReader>()
  #decoded: Decoded | null = null
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
      if (last === null || !headIsIntact(last)) return beginOf(newest)
      return endOf(last)
    })
  }

  async oldest(): Promise<LogHead> {
    return this.#attempt(() => {
      this.#list()
      const oldest = this.#names[0]
      return oldest === undefined ? { offset: 0, events: 0 } : beginOf(oldest)
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

  #source(): Source {
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
  #segmentOf(offset: number): Segment | null {
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
        const decoded = head.offset + head.records > offset ? decode(reader.next(head.offset)) : null
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

/** What one read needs of the reader. */
type Source = {
  list(): SegmentName[]
  segmentOf(offset: number): Segment | null
  reader(name: SegmentName): SegmentReader
  eventsBefore(offset: number): number | null
  oldest(): SegmentName | null
  decoded(): Decoded | null
  keepDecoded(decoded: Decoded | null): void
  keepPlace(place: LogHead): void
  stuck(at: number, reason: string): void
}

/** One call of `read`: walks commits and segments from `at` on until a limit or the end. */
class Reading {
  #source: Source
  #limit: ReadLimit
  #at: number
  /** Events before `at`; null when nothing tells. */
  #events: number | null
  #records: StoredRecord[] = []
  #damage: DamagedRange[] = []
  #bytes = 0

  constructor(source: Source, offset: number, place: LogHead | null, limit: ReadLimit) {
    this.#source = source
    this.#limit = limit
    this.#at = offset
    this.#events = place?.offset === offset ? place.events : null
  }

  run(): ReadResult {
    const listed = this.#source.list()
    let more = listed.length > 0
    while (more && this.#room()) more = this.#step()
    if (this.#events === null) this.#events = this.#source.eventsBefore(this.#at)
    if (this.#events !== null) this.#source.keepPlace({ offset: this.#at, events: this.#events })
    return { records: this.#records, damage: this.#damage, next: this.#at, nextEvents: this.#events ?? 0 }
  }

  #room(): boolean {
    return this.#records.length < this.#limit.recordsMax && this.#bytes < this.#limit.bytesMax
  }

  /** Takes one commit or one damaged stretch; false when there is nothing more yet. */
  #step(): boolean {
    let segment = this.#source.segmentOf(this.#at)
    if (segment === null) {
      return this.#skipTo(beginOf(this.#source.oldest()!), 'its segment is not kept any more, or missing')
    }
    const decoded = this.#source.decoded()
    if (decoded !== null && holds(decoded.head, this.#at)) return this.#take(decoded)
    try {
      const reader = this.#source.reader(segment.name)
      // Opening it may have listed anew, and shown where the segment ends.
      segment = this.#source.segmentOf(this.#at) ?? segment
      return this.#stepIn(segment, reader)
    } catch (error) {
      if (!isDamage(error)) throw error
      return this.#skipUnreadable(segment, (error as Error).message)
    }
  }

  #stepIn(segment: Segment, reader: SegmentReader): boolean {
    let commit = reader.next(this.#at)
    if (commit?.offset !== this.#at) {
      // Perhaps `at` lies inside a commit.
      const head = reader.holding(this.#at)
      if (head !== null && headIsIntact(head) && holds(head, this.#at)) commit = reader.next(head.offset)
    }
    if (commit === null) return this.#atEndOf(segment, reader)
    const intact = headIsIntact(commit)
    if (intact && pastEnd(commit, segment)) return this.#atEndOf(segment, reader)
    if (!intact) return this.#skipUnreadable(segment, 'the numbers of a commit do not fit their checksum')
    if (commit.offset > this.#at) return this.#skipTo(beginOfCommit(commit), 'commits are missing')
    const decoded = decode(commit)
    if (typeof decoded === 'string') return this.#skipTo(endOf(commit), decoded)
    return this.#take(decoded!)
  }

  #atEndOf(segment: Segment, reader: SegmentReader): boolean {
    if (segment.next !== null) return this.#skipTo(beginOf(segment.next), 'commits are missing at the end of a segment')
    if (this.#events === null) {
      // Beyond the head the running total is that of the head.
      const last = reader.holding(Number.MAX_SAFE_INTEGER)
      if (last !== null && headIsIntact(last) && endOf(last).offset <= this.#at) this.#events = endOf(last).events
    }
    return false
  }

  /** Finds the first commit after `at` that can be trusted, and gives what lies before it as damage. */
  #skipUnreadable(segment: Segment, reason: string): boolean {
    const to = this.#nextReadable(segment)
    if (to !== null) return this.#skipTo(to, reason)
    this.#source.stuck(this.#at, reason)
    return false
  }

  #nextReadable(segment: Segment): LogHead | null {
    const limit = segment.next?.firstOffset ?? Number.MAX_SAFE_INTEGER
    const end = segment.next === null ? null : beginOf(segment.next)
    let reader: SegmentReader
    try {
      reader = this.#source.reader(segment.name)
    } catch (error) {
      if (isDamage(error)) return end
      throw error
    }
    // When only the body is unreadable, the commit's own numbers tell where it ends.
    const own = headFrom(reader, this.#at)
    if (typeof own === 'object' && own !== null && own.offset === this.#at) return endOf(own)
    let from = this.#at + 1
    while (from < limit) {
      const found = firstReadable(reader, from, limit)
      if (found === null || found.offset >= limit) return end
      if (headIsIntact(found)) return beginOfCommit(found)
      from = Math.max(from, Number.isSafeInteger(found.offset) ? found.offset : from) + 1
    }
    return end
  }

  #skipTo(to: LogHead, reason: string): boolean {
    this.#events ??= this.#source.eventsBefore(this.#at)
    const known = this.#events !== null
    const sentence = known ? reason : `${reason}; how many events is not known, because nothing is left before it`
    if (to.offset > this.#at) {
      const events = to.events - (this.#events ?? to.events)
      this.#damage.push({ from: this.#at, to: to.offset, events, reason: sentence })
    }
    this.#at = to.offset
    this.#events = to.events
    return true
  }

  /** Takes records of a decoded commit from `at` on, as many as there is room for. */
  #take(decoded: Decoded): boolean {
    const { head, records } = decoded
    let events = this.#events ?? eventsAt(decoded, this.#at)
    let index = this.#at - head.offset
    while (index < records.length && this.#room()) {
      const record = records[index++]!
      this.#records.push(record)
      this.#bytes += record.body.length
      events += record.events
    }
    this.#at = head.offset + index
    this.#events = events
    this.#source.keepDecoded(index < records.length ? decoded : null)
    return true
  }
}

/** The commit's records, null for no commit, or why it cannot be decoded. */
function decode(commit: Commit | null): Decoded | string | null {
  if (commit === null) return null
  if (!bodyIsIntact(commit)) return 'the bytes of a commit do not fit their checksum'
  const records = unpackRecords(commit.body, commit.offset, commit.records)
  return records === null ? 'the bytes of a commit are not packed records' : { head: commit, records }
}

function eventsAt({ head, records }: Decoded, offset: number): number {
  let events = head.eventsBefore
  for (let i = 0; i < offset - head.offset; i++) events += records[i]!.events
  return events
}

/** The first commit from `from` on, or the one behind the damage that is in the way: galloping, then halving. */
function firstReadable(reader: SegmentReader, from: number, limit: number): CommitHead | null {
  let good = headFrom(reader, from)
  if (good !== 'unreadable') return good
  let bad = from
  let step = 1
  let to = from
  while (good === 'unreadable') {
    if (to >= limit) return null
    bad = to
    to = Math.min(limit, to + step)
    step *= 2
    good = headFrom(reader, to)
  }
  while (to - bad > 1) {
    const middle = bad + Math.floor((to - bad) / 2)
    const head = headFrom(reader, middle)
    if (head === 'unreadable') bad = middle
    else {
      to = middle
      good = head
    }
  }
  return good
}

function headFrom(reader: SegmentReader, offset: number): CommitHead | null | 'unreadable' {
  try {
    const head = reader.nextHead(offset)
    return head !== null && head.offset === offset && !headIsIntact(head) ? 'unreadable' : head
  } catch (error) {
    if (isDamage(error)) return 'unreadable'
    throw error
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'CORRUPT'
}

function holds(head: CommitHead, offset: number): boolean {
  return head.offset <= offset && offset < head.offset + head.records
}

function pastEnd(commit: CommitHead, segment: Segment): boolean {
  return segment.next !== null && commit.offset >= segment.next.firstOffset
}

function beginOf(name: SegmentName): LogHead {
  return { offset: name.firstOffset, events: name.eventsBefore }
}

function beginOfCommit(head: CommitHead): LogHead {
  return { offset: head.offset, events: head.eventsBefore }
}

function endOf(head: CommitHead): LogHead {
  return { offset: head.offset + head.records, events: head.eventsBefore + head.events }
}
