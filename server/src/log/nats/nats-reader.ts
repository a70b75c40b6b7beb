// The reading half of the log over a stream. Records are numbered in the stream's order, from 0, without a gap: what a
// message holds begins where the one before it ended (lane-book.ts). How far the pipeline got is noted beside the stream,
// with the place of a message, so that a reader begins to count there; earlier places are noted now and then, and messages
// are dropped up to one of these. A message whose bytes do not fit their checksum is damage, counted exactly.

import { crc32 } from 'node:zlib'
import type { LogLogger } from '../log.ts'
import { LogReadFault } from '../fault.ts'
import { unpackRecords } from '../packed.ts'
import type { DamagedRange, LogHead, LogReader, ReadResult, StoredRecord } from '../record.ts'
import { fingerprintOf } from './commit-message.ts'
import { type Follower, openFollower, takeInto } from './follower.ts'
import { LaneBook, laneIdleMsMax, logOrigin, type Mark } from './lane-book.ts'
import { type MessageSource, openMessageSource } from './message-source.ts'
import { idOf, type LogStream, wentBackWords } from './stream.ts'

export type NatsReaderOptions = {
  stream: LogStream
  /** Who tells how far the log was processed also lets go of what is older; null where that is somebody else. */
  retention: { ms: number; bytes: number } | null
  now: () => number
  logger: LogLogger
}

/** Between two places that are noted. */
const markBytes = 64 * 1024 * 1024
const markMs = 3_600_000
const consumedMs = 500
const forgetMs = 30_000
const fetchBytes = 16 * 1024 * 1024
const bodyWaitMs = 2_000
const catchUpMs = 20_000

/** One message taken apart: where it begins and ends, and what is in it. */
type Entry = {
  from: LogHead
  to: LogHead
  damage: DamagedRange[]
  records: StoredRecord[]
  fingerprint: string
  bytes: number
  /** Where the lanes stand behind it. */
  take(book: LaneBook): void
}

export async function openNatsReader(options: NatsReaderOptions): Promise<LogReader> {
  const places = await options.stream.places()
  const reader = new NatsLogReader(options, places)
  if (places.lost !== null) await reader.forgetLost(places)
  return reader
}

type Places = Awaited<ReturnType<LogStream['places']>>

class NatsLogReader implements LogReader {
  #options: NatsReaderOptions
  #follower: Follower
  /** Noted places, by offset, the first being where the log begins. */
  #marks: Mark[]
  #source: MessageSource | null = null
  #book: LaneBook
  /** What was read and is not processed yet, in order; what is before `#done` was. */
  #entries: Entry[] = []
  #done: LaneBook
  #consumedTo = 0
  #consumedAtMs = 0
  #bytesSinceMark = 0
  #markedAtMs: number
  #sure: LogHead
  /** Once the stream went back: what is behind that must be read from there on, for it has other offsets than it had. */
  #readableTo = Number.POSITIVE_INFINITY

  constructor(options: NatsReaderOptions, { marks, last }: Places) {
    this.#options = options
    this.#marks = marks
    this.#markedAtMs = options.now()
    this.#follower = this.#follow(last)
    this.#book = new LaneBook(last)
    this.#done = new LaneBook(last)
    this.#sure = last
  }

  async sure(): Promise<LogHead> {
    const { offset, events } = this.#sure
    return { offset, events }
  }

  /** What was noted of messages that are lost, or have other messages in their places. */
  async forgetLost({ last, lost }: Places): Promise<void> {
    const { stream, retention, logger } = this.#options
    logger.error(
      { stream: stream.name, offset: last.offset, ...(lost !== null && { processed: lost.offset }) },
      wentBackWords(stream.name),
    )
    if (retention === null) return
    this.#readableTo = last.offset
    const noted = (await stream.marks.list()).map(({ offset }) => offset)
    await stream.marks.remove(noted.filter(offset => offset > last.offset))
  }

  /** What was read before is given first, to whoever tells how far it is processed. */
  async #noticeLoss(): Promise<void> {
    const { stream, retention } = this.#options
    const wentBack = this.#follower.wentBack() || this.#source?.wentBack() === true
    // A message that only ends behind what was followed is not given as a whole before the loss is noticed.
    const isGiven = this.#entries.length === 0 || this.#consumedTo >= this.#follower.head().offset
    if (!wentBack || (retention !== null && !isGiven)) return
    const places = await stream.places()
    this.#follower.close()
    this.#follower = this.#follow(places.last)
    this.#readOnFrom(places.last)
    this.#marks = places.marks
    this.#sure = places.last
    this.#consumedTo = 0
    await this.forgetLost(places)
  }

  async id(): Promise<string> {
    return this.#ask(async () => idOf(await this.#options.stream.info()))
  }

  async head(): Promise<LogHead> {
    return this.#ask(async () => {
      await this.#noticeLoss()
      const { state } = await this.#options.stream.info()
      if (!(await this.#follower.reach(state.last_seq, catchUpMs)))
        throw new LogReadFault(
          'LOG_IO',
          `Cannot tell where the log ends because its messages must be counted first: at ${this.#follower.head().seq} of ${state.last_seq}`,
        )
      if (this.#options.retention === null) await this.#forgetConsumed()
      const { offset, events } = this.#follower.head()
      return { offset, events }
    })
  }

  /** What somebody else has processed is asked for by nobody here. */
  async #forgetConsumed(): Promise<void> {
    const { now, stream } = this.#options
    if (now() - this.#consumedAtMs < forgetMs) return
    this.#consumedAtMs = now()
    const consumed = await stream.marks.consumed()
    if (consumed !== null) this.#follower.forget(consumed.offset)
  }

  async oldest(): Promise<LogHead> {
    const { offset, events } = this.#marks[0] ?? logOrigin
    return { offset, events }
  }

  async read(offset: number, limit: { recordsMax: number; bytesMax: number }): Promise<ReadResult> {
    return this.#ask(async () => {
      await this.#noticeLoss()
      if (offset > this.#readableTo)
        throw new LogReadFault(
          'LOG_ROLLED_BACK',
          `Cannot read the log from ${offset} because it must be read again from ${this.#readableTo}: ${wentBackWords(this.#options.stream.name)}`,
        )
      const result = await this.#read(offset, limit)
      this.#readableTo = Math.max(this.#readableTo, result.next)
      return result
    })
  }

  async #read(offset: number, { recordsMax, bytesMax }: { recordsMax: number; bytesMax: number }): Promise<ReadResult> {
    const result: ReadResult = { records: [], damage: [], next: offset, nextEvents: 0 }
    let bytes = 0
    for (;;) {
      const entry = await this.#entryAt(result.next)
      if (entry === null) {
        if (result.next === offset) result.nextEvents = await this.#eventsBefore(offset)
        return result
      }
      const damage = entry.damage.find(({ from, to }) => from <= result.next && result.next < to)
      if (damage !== undefined) {
        // What was read of it before, while it was whole, is told by the totals.
        result.damage.push({ ...damage, from: result.next })
        result.next = damage.to
        result.nextEvents = entry.from.events + eventsUpTo(entry, damage.to)
        continue
      }
      const first = entry.records[0]?.offset ?? entry.to.offset
      for (let i = result.next - first; i < entry.records.length; i++) {
        const record = entry.records[i] as StoredRecord
        const isFull = result.records.length >= recordsMax || bytes + record.body.length > bytesMax
        if (isFull && result.records.length > 0) return result
        result.records.push(record)
        bytes += record.body.length
        result.next = record.offset + 1
        result.nextEvents = entry.from.events + eventsUpTo(entry, result.next)
        if (result.records.length >= recordsMax || bytes >= bytesMax) return result
      }
    }
  }

  async fingerprintBefore(offset: number): Promise<string | null> {
    return this.#ask(async () => {
      if (offset <= 0 || offset > this.#follower.head().offset) return null
      const entry = await this.#entryAt(offset - 1)
      return entry === null || entry.to.offset < offset || entry.records.length === 0 ? null : entry.fingerprint
    })
  }

  async consumed(offset: number): Promise<void> {
    const { now, retention, stream } = this.#options
    this.#consumedTo = offset
    for (let entry = this.#entries[0]; entry !== undefined && entry.to.offset <= offset; entry = this.#entries[0]) {
      this.#entries.shift()
      entry.take(this.#done)
      this.#bytesSinceMark += entry.bytes
    }
    if (now() - this.#consumedAtMs < consumedMs) return
    this.#consumedAtMs = now()
    await this.#ask(async () => {
      const mark = this.#done.mark(now() - 2 * laneIdleMsMax)
      this.#follower.forget(mark.offset)
      await stream.marks.writeConsumed(mark)
      if (retention === null) return
      if (this.#bytesSinceMark >= markBytes || now() - this.#markedAtMs >= markMs) await this.#note(mark)
      await this.#drop(retention)
    })
  }

  async close(): Promise<void> {
    this.#source?.close()
    this.#follower.close()
  }

  async #note(mark: Mark): Promise<void> {
    await this.#options.stream.marks.add(mark)
    this.#marks.push(mark)
    this.#bytesSinceMark = 0
    this.#markedAtMs = this.#options.now()
  }

  /** Lets go of messages before the newest noted place behind which all is young, or small, enough. */
  async #drop(retention: { ms: number; bytes: number }): Promise<void> {
    const { stream, now } = this.#options
    const [, second] = this.#marks
    if (second === undefined) return
    const { state } = await stream.info()
    const last = Math.max(0, ...Object.values(second.lanes).map(lane => lane.ms))
    if (last > now() - retention.ms && state.bytes <= retention.bytes) return
    await stream.dropBefore(second.seq)
    const [first] = this.#marks.splice(0, 1)
    if (first !== undefined) await stream.marks.remove([first.offset])
  }

  #follow(from: Mark): Follower {
    const { stream, logger } = this.#options
    return openFollower({ stream, from, keepsMarks: true, logger })
  }

  /** The message in which `offset` lies; null when it is not there yet. */
  async #entryAt(offset: number): Promise<Entry | null> {
    if (offset >= this.#follower.head().offset) return null
    const first = this.#entries[0]
    if (first === undefined ? offset < this.#book.next.offset : offset < first.from.offset) this.#goBack(offset)
    for (;;) {
      const last = this.#entries.at(-1)
      if (last !== undefined && offset < last.to.offset) return this.#find(offset)
      const entry = await this.#nextEntry()
      if (entry === null) return null
      this.#entries.push(entry)
    }
  }

  #find(offset: number): Entry | null {
    let [low, high] = [0, this.#entries.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#entries[middle] as Entry).to.offset <= offset) low = middle + 1
      else high = middle
    }
    return this.#entries[low] ?? null
  }

  /** Reads again from the last place that is known before `offset`. */
  #goBack(offset: number): void {
    this.#readOnFrom(this.#follower.before(offset) ?? this.#marks.findLast(mark => mark.offset <= offset) ?? logOrigin)
  }

  #readOnFrom(begin: Mark): void {
    this.#source?.close()
    this.#source = null
    this.#entries = []
    this.#book = new LaneBook(begin)
    this.#done = new LaneBook(begin)
  }

  async #nextEntry(): Promise<Entry | null> {
    const { stream, logger } = this.#options
    this.#source ??= openMessageSource({
      stream,
      from: this.#book.mark(0),
      bytesMax: fetchBytes,
      logger,
    })
    let message = this.#source.shift()
    if (message === undefined) {
      await this.#source.wait(bodyWaitMs)
      message = this.#source.shift()
    }
    if (message === undefined) return null
    const from = { offset: this.#book.next.offset, events: this.#book.next.events }
    const { note, placed } = takeInto(this.#book, message, logger, stream.name)
    const to = { offset: this.#book.next.offset, events: this.#book.next.events }
    const { seq, data } = message
    const taken = message
    const entry: Entry = {
      from,
      to,
      damage: [],
      records: [],
      fingerprint: '',
      bytes: data.length,
      take: book => void takeInto(book, taken, quiet, stream.name),
    }
    if (note === null || placed === null) return entry
    if (placed.damage !== null) entry.damage.push(placed.damage)
    entry.fingerprint = fingerprintOf(seq, note)
    const records = crc32(data) === note.bodySum ? unpackRecords(data, placed.offset, note.records) : null
    if (records !== null) entry.records = records
    else {
      const range = { from: placed.offset, to: to.offset, events: note.events }
      entry.damage.push({ ...range, reason: 'the bytes of a commit do not fit their checksum' })
    }
    return entry
  }

  async #eventsBefore(offset: number): Promise<number> {
    const head = this.#follower.head()
    if (offset === head.offset) return head.events
    return offset === this.#book.next.offset ? this.#book.next.events : 0
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (cause) {
      if (cause instanceof LogReadFault) throw cause
      throw new LogReadFault('LOG_IO', `Cannot read the log because its servers must answer: ${String(cause)}`, cause)
    }
  }
}

/** Events of the entry, what it lacks among them, before `offset`. */
function eventsUpTo({ damage, records }: Entry, offset: number): number {
  let events = 0
  for (const gap of damage) if (gap.to <= offset) events += gap.events
  for (const record of records) if (record.offset < offset) events += record.events
  return events
}

const quiet: LogLogger = { info() {}, warn() {}, error() {} }
