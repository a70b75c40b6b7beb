// One call of the reader's `read`: walks commits and segments in order, verifies each, and puts what cannot be read
// into exact ranges. See log-reader.ts for the promises and the races.

import { beginOf, type CommitHead, endOf, headIsIntact, holds } from './commit.ts'
import { decode, type DecodedCommit, eventsAt } from './decoded-commit.ts'
import { firstReadable, headFrom } from './first-readable.ts'
import type { DamagedRange, LogHead, ReadResult, StoredRecord } from './record.ts'
import { beginOfSegment, isDamage, type SegmentName, type SegmentReader } from './store.ts'

export type ReadLimit = { recordsMax: number; bytesMax: number }
/** A segment and the one after it. */
export type PlacedSegment = { name: SegmentName; next: SegmentName | null }

/** What one read needs of the reader. */
export type ReadingSource = {
  list(): SegmentName[]
  segmentOf(offset: number): PlacedSegment | null
  reader(name: SegmentName): SegmentReader
  eventsBefore(offset: number): number | null
  oldest(): SegmentName | null
  decoded(): DecodedCommit | null
  keepDecoded(decoded: DecodedCommit | null): void
  keepPlace(place: LogHead): void
  stuck(at: number, reason: string): void
}

/** One call of `read`: walks commits and segments from `at` on until a limit or the end. */
export class Reading {
  #source: ReadingSource
  #limit: ReadLimit
  #at: number
  /** Events before `at`; null when nothing tells. */
  #events: number | null
  #records: StoredRecord[] = []
  #damage: DamagedRange[] = []
  #bytes = 0

  constructor(source: ReadingSource, offset: number, place: LogHead | null, limit: ReadLimit) {
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

  #fits(head: CommitHead): boolean {
    const { recordsMax, bytesMax } = this.#limit
    return this.#records.length + head.records <= recordsMax && this.#bytes + head.bodyBytes <= bytesMax
  }

  /** Takes one commit or one damaged stretch; false when there is nothing more yet. */
  #step(): boolean {
    let segment = this.#source.segmentOf(this.#at)
    if (segment === null) {
      return this.#skipTo(beginOfSegment(this.#source.oldest()!), 'its segment is not kept any more, or missing')
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

  #stepIn(segment: PlacedSegment, reader: SegmentReader): boolean {
    let commit = reader.next(this.#at)
    if (commit?.offset !== this.#at) {
      // Perhaps `at` lies inside a commit.
      const head = reader.holding(this.#at)
      if (head !== null && headIsIntact(head) && holds(head, this.#at)) commit = reader.next(head.offset)
    }
    if (commit === null) return this.#atEndOf(segment, reader)
    const intact = headIsIntact(commit)
    if (intact && segment.next !== null && commit.offset >= segment.next.firstOffset)
      return this.#atEndOf(segment, reader)
    if (!intact) return this.#skipUnreadable(segment, 'the numbers of a commit do not fit their checksum')
    if (commit.offset > this.#at) return this.#skipTo(beginOf(commit), 'commits are missing')
    const decoded = decode(commit)
    if (typeof decoded === 'string') return this.#skipTo(endOf(commit), decoded)
    return this.#take(decoded!)
  }

  #atEndOf(segment: PlacedSegment, reader: SegmentReader): boolean {
    if (segment.next !== null)
      return this.#skipTo(beginOfSegment(segment.next), 'commits are missing at the end of a segment')
    if (this.#events === null) {
      // Beyond the head the running total is that of the head.
      const last = reader.holding(Number.MAX_SAFE_INTEGER)
      if (last !== null && headIsIntact(last) && endOf(last).offset <= this.#at) this.#events = endOf(last).events
    }
    return false
  }

  /** Finds the first commit after `at` that can be trusted, and gives what lies before it as damage. */
  #skipUnreadable(segment: PlacedSegment, reason: string): boolean {
    const to = this.#nextReadable(segment)
    if (to !== null) return this.#skipTo(to, reason)
    this.#source.stuck(this.#at, reason)
    return false
  }

  #nextReadable(segment: PlacedSegment): LogHead | null {
    const limit = segment.next?.firstOffset ?? Number.MAX_SAFE_INTEGER
    const end = segment.next === null ? null : beginOfSegment(segment.next)
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
      if (headIsIntact(found)) return beginOf(found)
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

  /**
   * Takes records of a decoded commit from `at` on, as many as there is room for. A commit that does not fit whole
   * begins the next read instead, where that is possible: a reader that goes on at the beginning of a commit can
   * always tell how many events lie in damage there.
   */
  #take(decoded: DecodedCommit): boolean {
    const { head, records } = decoded
    if (this.#records.length > 0 && this.#at === head.offset && !this.#fits(head)) {
      this.#source.keepDecoded(decoded)
      return false
    }
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
