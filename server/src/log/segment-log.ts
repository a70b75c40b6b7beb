// The writing half of the log over a store, synchronous: gives commits their place, goes on in a new segment when one
// is full or cannot be trusted, drops what retention allows, and refuses while the disk or the budget says no.
// Runs in the writer's worker thread; in a simulation, in the same process.
//
// After an I/O error the segment is never written again: the next begins at the last acknowledged record, and its
// name alone cuts off whatever the failed commit may have left behind in the old one. The same holds once the next
// has been begun, however that ended: its name may be there, and would cut off what is appended to the old one.

import { endOf, headIsIntact, sealCommit } from './commit.ts'
import { appendFault, faultOf } from './fault.ts'
import { firstReadable } from './first-readable.ts'
import type { LogFault, LogHead } from './record.ts'
import { beginOfSegment, type LogStore, type SegmentName, type SegmentWriter, StoreError } from './store.ts'

export type Report = (level: 'info' | 'warn' | 'error', details: object, message: string) => void

export type SegmentLogLimits = {
  segmentBytesMax: number
  /** A segment that is older is followed by the next. */
  segmentMsMax: number
  /** A segment whose records are processed is dropped when it is older than this … */
  retentionMs: number
  /** … or when the log is larger than this. */
  retentionBytes: number
  /** The log refuses to grow past this … */
  budgetBytes: number
  /** … and to leave less than this free on its disk. */
  freeBytesMin: number
}

export type SegmentLogState = {
  id: string
  head: LogHead
  oldestOffset: number
  consumedOffset: number
  bytes: number
  segments: number
  /** Segments that wait to be brought into their final form. */
  unsealed: number
  refusing: LogFault | null
  damage: string[]
}

/** Segments sealed at leisure up to this many; beyond it, under load too. */
const unsealedMax = 16
/** Share of the time spent in commits above which sealing waits. */
const busyShare = 0.25
/** A consumed segment never makes the log refuse: it is dropped early at this share of the budget. */
const budgetShare = 0.9
/** More records than a segment can hold. */
const recordsMax = 2 ** 30
const tickMs = 1_000
const dropsPerTickMax = 8
const damageKept = 20

export class SegmentLog {
  #store: LogStore
  #limits: SegmentLogLimits
  #report: Report
  #id: string
  #head: LogHead
  #names: SegmentName[]
  #writer: SegmentWriter
  /** True when the newest segment must not be written any more. */
  #closed: boolean
  #sealedBytes = new Map<number, number>()
  #otherBytes = 0
  #consumedOffset = 0
  /** Why nothing is taken. */
  #refusing: LogFault | null = null
  /** The largest commit that the budget had no room for; smaller ones are taken while they fit. */
  #noRoom: { bytes: number; fault: LogFault } | null = null
  #damage: string[] = []
  #busyMs = 0
  #sealing: ((name: SegmentName) => void) | null
  /** The segment that was to be sealed last: one that cannot be is passed over for the next. */
  #sealTried = 0
  #unsealable = new Set<number>()

  /** `seal` starts sealing elsewhere; without it segments are sealed in `tick`. */
  constructor(
    store: LogStore,
    limits: SegmentLogLimits,
    options: { report: Report; newId: () => string; seal?: ((name: SegmentName) => void) | undefined },
  ) {
    this.#store = store
    this.#limits = limits
    this.#report = options.report
    this.#sealing = options.seal ?? null
    this.#names = store.list()
    const newest = this.#names.at(-1)
    if (newest === undefined) {
      this.#id = options.newId()
      this.#head = { offset: 0, events: 0 }
      const first = { number: 1, firstOffset: 0, eventsBefore: 0 }
      this.#writer = store.create(first, this.#id)
      this.#names.push(first)
      this.#closed = false
    } else {
      const opened = this.#reopen(newest)
      this.#writer = opened.writer
      this.#id = opened.writer.logId
      this.#head = opened.head
      this.#closed = opened.closed
    }
    if (this.#closed) this.#goOn()
    this.#measure()
  }

  /** Makes the packed records durable, or says why not: then none of them is in the log. */
  commit(body: Uint8Array, records: number, events: number): LogFault | null {
    if (this.#refusing !== null) return this.#refusing
    const started = performance.now()
    try {
      const bytes = this.#writer.bytes()
      const { offset, events: eventsBefore } = this.#head
      const full = bytes >= this.#limits.segmentBytesMax && offset > this.#names.at(-1)!.firstOffset
      if (this.#otherBytes + bytes + body.length > this.#limits.budgetBytes) return this.#noRoomFor(body.length)
      if (this.#closed || full) this.#rotate()
      this.#writer.append(sealCommit({ offset, records, eventsBefore, events }, body))
      this.#head = { offset: offset + records, events: eventsBefore + events }
      return null
    } catch (error) {
      // An append that met a full disk leaves the segment as it was; after any other error its pages cannot be trusted.
      if (!(error instanceof StoreError && error.code === 'FULL')) this.#closed = true
      return this.#refuse(faultOf(error))
    } finally {
      this.#busyMs += performance.now() - started
    }
  }

  /** Once a second: retention, free space, recovery, sealing. */
  tick(nowMs: number): void {
    try {
      this.#names = this.#store.list()
      this.#readConsumed()
      this.#measure()
      const freeBytes = this.#store.freeBytes()
      this.#retain(nowMs, freeBytes)
      this.#sealOne()
      this.#refusing = this.#obstacle(freeBytes)
      const live = this.#names.at(-1)!
      const offset = live.firstOffset
      // With little traffic too a segment ends, so that retention can drop it.
      const isOld = this.#head.offset > offset && nowMs - this.#store.stat(live).bornMs > this.#limits.segmentMsMax
      // Without room only a closed segment can be dropped once it is consumed.
      const isStuck = (this.#refusing ?? this.#noRoom?.fault)?.code === 'LOG_BUDGET' && this.#head.offset > offset
      if (isStuck || ((isOld || this.#closed) && this.#refusing === null)) this.#goOn()
    } catch (error) {
      this.#refuse(faultOf(error))
    }
    this.#busyMs = 0
  }

  /** A segment was sealed elsewhere: the next may follow. */
  sealed(): void {
    try {
      this.#measure()
      this.#sealOne()
    } catch (error) {
      this.#report('warn', { err: error }, 'The segments of the log could not be looked at')
    }
  }

  /** It is as readable as it was, and is tried again; told once. */
  notSealed(number: number, sentence: string): void {
    if (!this.#unsealable.has(number)) this.#report('warn', {}, sentence)
    this.#unsealable.add(number)
  }

  state(): SegmentLogState {
    return {
      id: this.#id,
      head: this.#head,
      oldestOffset: this.#names[0]!.firstOffset,
      consumedOffset: this.#consumedOffset,
      bytes: this.#bytes(),
      segments: this.#names.length,
      unsealed: this.#names.length - 1 - this.#sealedBytes.size,
      refusing: this.#refusing ?? this.#noRoom?.fault ?? null,
      damage: this.#damage,
    }
  }

  /** The part of the state that changes with every commit. */
  place(): { head: LogHead; bytes: number; refusing: LogFault | null } {
    return { head: this.#head, bytes: this.#bytes(), refusing: this.#refusing ?? this.#noRoom?.fault ?? null }
  }

  close(): void {
    this.#writer.close()
  }

  #reopen(newest: SegmentName): { writer: SegmentWriter; head: LogHead; closed: boolean } {
    const begin = beginOfSegment(newest)
    try {
      const writer = this.#store.openWriter(newest, () => this.#idIn(this.#names.slice(0, -1)))
      this.#names = this.#store.list()
      for (const sentence of writer.damage) this.#noteDamage(sentence)
      const last = writer.last
      const trusted = last === null || (headIsIntact(last) && last.offset >= newest.firstOffset)
      if (trusted) return { writer, head: last === null ? begin : endOf(last), closed: writer.closedForAppend }
      this.#noteDamage(`The last commit of segment ${newest.number} is damaged: its numbers do not fit their checksum`)
      const known = this.#headKnown(newest, writer.logId)
      const { offset, events } = laterOf(endOf(last), known)
      const head = Number.isSafeInteger(offset) ? { offset, events } : known
      return { writer, head, closed: true }
    } catch (error) {
      if (!(error instanceof StoreError && (error.code === 'CORRUPT' || error.code === 'MISSING'))) throw error
      this.#noteDamage(`Segment ${newest.number} cannot be opened: ${error.message}`)
      const id = this.#idIn(this.#names)
      if (id === null) {
        throw new StoreError('CORRUPT', 'Cannot open the log because one segment must be readable: got none')
      }
      const { offset, events } = laterOf(this.#headKnown(newest, id), this.#readableEnd(newest))
      // How many records it held nobody knows; what comes next begins behind any offset that they may have had.
      return { writer: unopened(id), head: { offset: offset + recordsMax, events }, closed: true }
    }
  }

  /** How far the log went at least, by what is known outside of its newest segment. */
  #headKnown(newest: SegmentName, id: string): LogHead {
    const begin = beginOfSegment(newest)
    const consumed = this.#store.readConsumed()
    if (consumed === null || consumed.logId !== id) return begin
    return laterOf(begin, { offset: consumed.offset, events: consumed.events ?? begin.events })
  }

  /** How far a reader comes in a segment that no writer can open. */
  #readableEnd(newest: SegmentName): LogHead {
    let end = beginOfSegment(newest)
    try {
      const reader = this.#store.openReader(newest)
      for (;;) {
        const head = firstReadable(reader, end.offset, end.offset + recordsMax)
        if (head === null || !headIsIntact(head)) break
        end = endOf(head)
      }
      reader.close()
    } catch {
      // So far, then.
    }
    return end
  }

  #idIn(names: SegmentName[]): string | null {
    for (const name of names.toReversed()) {
      try {
        const reader = this.#store.openReader(name)
        reader.close()
        return reader.logId
      } catch {
        // The next older one may be readable.
      }
    }
    return this.#store.readConsumed()?.logId ?? null
  }

  /** Begins the next segment at the head; only then lets go of the old one, which is not written from here on. */
  #rotate(): void {
    this.#closed = true
    const number = this.#names.at(-1)!.number + 1
    const name = { number, firstOffset: this.#head.offset, eventsBefore: this.#head.events }
    const writer = this.#store.create(name, this.#id)
    const old = this.#writer
    this.#names.push(name)
    this.#writer = writer
    this.#closed = false
    try {
      old.close()
    } catch (error) {
      this.#report('warn', { err: error }, 'The old segment of the log could not be closed')
    }
    this.#measure()
  }

  #goOn(): void {
    try {
      this.#rotate()
    } catch (error) {
      this.#refuse(faultOf(error))
    }
  }

  #refuse(fault: LogFault): LogFault {
    const before = this.#refusing ?? this.#noRoom?.fault
    if (before?.code !== fault.code) this.#report('error', { fault }, fault.message)
    this.#refusing = fault
    return fault
  }

  /** What stands in the way of appends now. */
  #obstacle(freeBytes: number): LogFault | null {
    const { freeBytesMin, budgetBytes } = this.#limits
    let fault: LogFault | null = null
    if (freeBytes < freeBytesMin) {
      const wanted = `at least ${freeBytesMin} bytes must be free: got ${freeBytes}`
      fault = appendFault('LOG_DISK_FULL', `Cannot append to the log because ${wanted}`, 5)
    } else if (this.#bytes() >= budgetBytes) {
      fault = this.#overBudget()
    }
    const before = this.#refusing ?? this.#noRoom
    if (this.#noRoom !== null && this.#bytes() + this.#noRoom.bytes <= budgetBytes) this.#noRoom = null
    if (before !== null && fault === null && this.#noRoom === null) {
      this.#report('info', {}, 'The log takes appends again')
    }
    return fault === null ? null : this.#refuse(fault)
  }

  #noRoomFor(bytes: number): LogFault {
    const fault = this.#overBudget()
    if (this.#noRoom === null) this.#report('error', { fault }, fault.message)
    this.#noRoom = { bytes: Math.max(bytes, this.#noRoom?.bytes ?? 0), fault }
    return fault
  }

  #overBudget(): LogFault {
    const message = `its size must stay under ${this.#limits.budgetBytes} bytes and nothing may be dropped yet: it is ${this.#bytes()}`
    return appendFault('LOG_BUDGET', `Cannot append to the log because ${message}`, 5)
  }

  #bytes(): number {
    return this.#otherBytes + this.#writer.bytes()
  }

  /** Looks at the sizes of all segments but the newest; of a sealed one only once. */
  #measure(): void {
    let bytes = 0
    const kept = new Map<number, number>()
    for (const name of this.#names.slice(0, -1)) {
      const known = this.#sealedBytes.get(name.number)
      const stat = known === undefined ? this.#store.stat(name) : { bytes: known, sealed: true }
      if (stat.sealed) kept.set(name.number, stat.bytes)
      bytes += stat.bytes
    }
    this.#sealedBytes = kept
    this.#otherBytes = bytes
  }

  #readConsumed(): void {
    const consumed = this.#store.readConsumed()
    if (consumed !== null && consumed.logId === this.#id) this.#consumedOffset = consumed.offset
  }

  #retain(nowMs: number, freeBytes: number): void {
    const { retentionMs, retentionBytes, budgetBytes, freeBytesMin } = this.#limits
    const bytesMax = Math.min(retentionBytes, budgetBytes * budgetShare)
    let free = freeBytes
    // A few at a time: deleting is slow, and commits wait meanwhile.
    for (let dropped = 0; dropped < dropsPerTickMax && this.#names.length > 1; dropped++) {
      const [oldest, next] = this.#names as [SegmentName, SegmentName]
      if (next.firstOffset > this.#consumedOffset) return
      const { bytes, changedMs } = this.#store.stat(oldest)
      if (nowMs - changedMs <= retentionMs && this.#bytes() <= bytesMax && free >= freeBytesMin) return
      this.#store.drop(oldest)
      this.#names.shift()
      this.#sealedBytes.delete(oldest.number)
      this.#otherBytes -= bytes
      free += bytes
      this.#report('info', { segment: oldest.number, bytes }, 'A segment of the log was dropped by retention')
    }
  }

  #sealOne(): void {
    const unsealed = this.#names.slice(0, -1).filter(name => !this.#sealedBytes.has(name.number))
    const oldest = unsealed.find(({ number }) => number > this.#sealTried) ?? unsealed[0]
    if (oldest === undefined || (this.#busyMs > busyShare * tickMs && unsealed.length <= unsealedMax)) return
    this.#sealTried = oldest.number
    if (this.#sealing !== null) return this.#sealing(oldest)
    try {
      this.#store.seal(oldest)
    } catch (error) {
      this.notSealed(oldest.number, `Segment ${oldest.number} of the log could not be sealed yet: ${String(error)}`)
    }
  }

  #noteDamage(sentence: string): void {
    if (this.#damage.length < damageKept) this.#damage.push(sentence)
    this.#report('error', {}, sentence)
  }
}

function laterOf(a: LogHead, b: LogHead): LogHead {
  return b.offset > a.offset ? b : a
}

/** Stands where a segment could not be opened, until the next one is made. */
function unopened(logId: string): SegmentWriter {
  return {
    logId,
    last: null,
    damage: [],
    closedForAppend: true,
    append: () => {
      throw new StoreError('CORRUPT', 'the segment could not be opened')
    },
    bytes: () => 0,
    close: () => {},
  }
}
