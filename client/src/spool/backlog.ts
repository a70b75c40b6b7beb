// The segments of a spool, oldest first: what of each is still to be sent, and what still has no outcome. The events of one
// segment at a time are read into memory, so that memory is flat however much lies on the disk; those of the segment that is
// being written are there already. A segment whose events all have an outcome is deleted.

import { readFile, rename, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tell } from '../notice.ts'
import { Queue } from '../queue.ts'
import { decodeSegment, type Entry, segmentName } from './segment.ts'

export type Waiting = Entry & { sinceMs: number }

export type SegmentState = {
  number: number
  /** On the disk. */
  bytes: number
  /** Nothing is appended any more. */
  isSealed: boolean
  /** It has lines that cannot be read: it is kept aside when it is done. */
  isDamaged: boolean
  /** Still to be sent; null while they are on the disk alone. */
  waiting: Queue<Waiting> | null
  unsent: number
  unsettled: number
  /** Its events are numbered from here, as far as they have no outcome from an earlier process. */
  firstSeq: number
  /** The last of them; before the first where there is none. */
  lastSeq: number
}

export class Backlog {
  #directory: string
  #tell: Tell
  #onLost: (seq: number) => void
  #segments: SegmentState[] = []
  unsent = 0
  unsentBytes = 0
  /** Of all segments, on the disk. */
  bytes = 0

  /** @param onLost told of each event that is on the disk no longer */
  constructor(directory: string, tell: Tell, onLost: (seq: number) => void) {
    this.#directory = directory
    this.#tell = tell
    this.#onLost = onLost
  }

  /** A segment of an earlier process: its events that have no outcome. */
  addOld(number: number, bytes: number, entries: Entry[], isDamaged: boolean): void {
    const { length } = entries
    const firstSeq = entries[0]?.seq ?? 0
    const lastSeq = entries.at(-1)?.seq ?? -1
    const counts = { unsent: length, unsettled: length, firstSeq, lastSeq }
    this.#segments.push({ number, bytes, isSealed: true, isDamaged, waiting: null, ...counts })
    this.unsent += entries.length
    this.unsentBytes += bytes
    this.bytes += bytes
  }

  addNew(number: number, bytes: number): SegmentState {
    const segment = {
      ...{ number, bytes, isSealed: false, isDamaged: false },
      waiting: new Queue<Waiting>(),
      ...{ unsent: 0, unsettled: 0, firstSeq: 0, lastSeq: -1 },
    }
    this.#segments.push(segment)
    this.bytes += bytes
    return segment
  }

  append(segment: SegmentState, entries: Waiting[], bytes: number): void {
    segment.bytes += bytes
    this.bytes += bytes
    this.unsent += entries.length
    segment.unsent += entries.length
    segment.unsettled += entries.length
    if (segment.lastSeq < 0) segment.firstSeq = entries[0]?.seq ?? 0
    segment.lastSeq = entries.at(-1)?.seq ?? segment.lastSeq
    for (const entry of entries) {
      segment.waiting?.push(entry)
      this.unsentBytes += entry.text.length
    }
  }

  async seal(segment: SegmentState): Promise<void> {
    segment.isSealed = true
    // What is not being sent yet is read again when its turn comes.
    if (segment !== this.#first()) segment.waiting = null
    await this.deleteDone()
  }

  /** Since when the next event waits: 0 where it waited before this process; null where there is none. */
  sinceMs(): number | null {
    const first = this.#first()
    if (first === undefined) return null
    return first.waiting === null ? 0 : (first.waiting.first?.sinceMs ?? 0)
  }

  /** What is next, to be shifted from as events are taken; null where there is nothing. */
  async next(): Promise<Queue<Waiting> | null> {
    const segment = this.#first()
    if (segment === undefined) return null
    segment.waiting ??= await this.#read(segment)
    return segment.waiting
  }

  /** The next event has been taken. */
  took(entry: Waiting): void {
    const segment = this.#first()
    if (segment === undefined) return
    segment.unsent--
    this.unsent--
    this.unsentBytes = this.unsent === 0 ? 0 : Math.max(1, this.unsentBytes - entry.text.length)
  }

  settled(seq: number): void {
    const segment = this.#segments.find(({ firstSeq, lastSeq }) => seq >= firstSeq && seq <= lastSeq)
    if (segment !== undefined) segment.unsettled--
  }

  unsettled(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.unsettled, 0)
  }

  /** Deletes what is done; `all`: also the segment that was written until now. */
  async deleteDone(all = false): Promise<void> {
    const isDone = (segment: SegmentState) => (segment.isSealed || all) && segment.unsettled === 0
    const done = this.#segments.filter(isDone)
    if (done.length === 0) return
    this.#segments = this.#segments.filter(segment => !done.includes(segment))
    for (const { number, bytes, isDamaged } of done) {
      this.bytes -= bytes
      const path = join(this.#directory, segmentName(number))
      const aside = join(this.#directory, `damaged-${segmentName(number)}`)
      await (isDamaged ? rename(path, aside) : unlink(path)).catch(() => {})
    }
  }

  #first(): SegmentState | undefined {
    return this.#segments.find(({ unsent }) => unsent > 0)
  }

  async #read(segment: SegmentState): Promise<Queue<Waiting>> {
    const { number, firstSeq, lastSeq } = segment
    const found = decodeSegment(await readFile(join(this.#directory, segmentName(number))).catch(emptyWhereGone))
    const entries = 'newer' in found ? [] : found.entries.filter(({ seq }) => seq >= firstSeq)
    const waiting = new Queue<Waiting>()
    for (const entry of entries) waiting.push({ ...entry, sinceMs: 0 })
    const lost = segment.unsent - waiting.length
    if (lost > 0) {
      segment.unsent -= lost
      segment.unsettled -= lost
      segment.isDamaged = true
      this.unsent -= lost
      const there = new Set(entries.map(({ seq }) => seq))
      for (let seq = firstSeq; seq <= lastSeq; seq++) if (!there.has(seq)) this.#onLost(seq)
      const message = `${lost} events of the spool cannot be read any more: ${segmentName(number)}`
      this.#tell({ type: 'spool', level: 'error', what: 'damaged', message, events: lost })
    }
    return waiting
  }
}

function emptyWhereGone(cause: NodeJS.ErrnoException): Buffer {
  if (cause.code === 'ENOENT') return Buffer.alloc(0)
  throw cause
}
