// The outbox on a disk. `track` resolves once the event's line is synced; all that come while a sync is under way share the
// next one. What has an outcome is noted without syncing: what a crash makes forget that is sent again, and is the same event.
// A rejected event goes to `rejected.ndjson` with what is wrong with it, synced, because after a restart nobody waits for it.
//
//   segment-….spool    events, see segment.ts            sent     below which number all have an outcome
//   rejected.ndjson    events that the server refused    lock.7   see directory-lock.ts

import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DataPulseError } from '../error.ts'
import { mayNotWait, overloaded } from '../memory-outbox.ts'
import type { BatchLimit, Item, Outbox, OutboxNeeds, Outcome, Tracked, Unsent } from '../outbox.ts'
import type { PreparedEvent } from '../prepared-event.ts'
import { Queue } from '../queue.ts'
import { Watermark } from '../watermark.ts'
import { Backlog, type SegmentState, type Waiting } from './backlog.ts'
import { lockDirectory } from './directory-lock.ts'
import { Receipts } from './receipt.ts'
import {
  decodeCheckpoint,
  decodeSegment,
  encodeCheckpoint,
  encodeLine,
  segmentBytesMax,
  segmentName,
  segmentNumber,
} from './segment.ts'
import { createSegmentFile, type Disk, realDisk, type SegmentFile, syncDirectory } from './segment-file.ts'

export type SpoolSettings = { directory: string; bytesMax: number }

type Handed = {
  seq: number
  event: PreparedEvent
  resolve: (tracked: Tracked) => void
  reject: (error: DataPulseError) => void
}

const groupBytesMax = 1024 * 1024
const rejectedAgainMs = 1_000

export class DiskSpool implements Outbox {
  readonly keeps = true
  #settings: SpoolSettings
  #needs: OutboxNeeds
  #disk: Disk
  #backlog: Backlog
  #receipts = new Receipts()
  #watermark = new Watermark(0)
  #release: (() => Promise<void>) | null = null
  /** Handed over and not on the disk yet, in order. */
  #line = new Queue<Handed>()
  #lineBytes = 0
  #nextSeq = 0
  #nextSegment = 1
  #active: { file: SegmentFile; state: SegmentState } | null = null
  #writing: Promise<void> | null = null
  #taking: Promise<unknown> = Promise.resolve()
  #rejecting: Promise<void> = Promise.resolve()
  #noting: Promise<void> | null = null
  #notedBelow = 0
  #roomWaiters: (() => void)[] = []
  #isFull = false
  #isClosed = false

  constructor(settings: SpoolSettings, needs: OutboxNeeds, disk: Disk = realDisk) {
    this.#settings = settings
    this.#needs = needs
    this.#disk = disk
    this.#backlog = new Backlog(settings.directory, needs.tell, seq => this.#watermark.done(seq))
  }

  async open(): Promise<void> {
    const { directory } = this.#settings
    try {
      await this.#makeDirectory()
      this.#release = await lockDirectory(directory)
    } catch (cause) {
      throw cannotOpen(directory, cause)
    }
    if (this.#release === null)
      throw new DataPulseError('SPOOL', `Cannot open the spool ${directory} because another process has it`)
    try {
      await this.#readAll()
    } catch (cause) {
      await this.#release()
      throw cause instanceof DataPulseError ? cause : cannotOpen(directory, cause)
    }
    const events = this.#backlog.unsent
    const message = `the spool is open: ${events} events wait in it`
    this.#needs.tell({ type: 'spool', level: 'info', what: 'opened', message, events })
  }

  add(event: PreparedEvent): Promise<Tracked> {
    const { length } = this.#line
    if (length >= this.#needs.memory.events && mayNotWait(length, this.#lineBytes, this.#needs))
      return Promise.reject(overloaded(length, event))
    return new Promise((resolve, reject) => {
      this.#line.push({ seq: this.#nextSeq++, event, resolve, reject })
      this.#lineBytes += event.bytes
      this.#write()
    })
  }

  async room(): Promise<void> {
    while (!this.#isClosed && (this.#line.length >= this.#needs.memory.events || !this.#hasRoom()))
      await new Promise<void>(resolve => this.#roomWaiters.push(resolve))
  }

  unsent(): Unsent {
    const { unsent, unsentBytes } = this.#backlog
    return { events: unsent, bytes: unsentBytes, sinceMs: this.#backlog.sinceMs(), isFull: this.#isFull }
  }

  take(most: BatchLimit): Promise<Item[]> {
    const taken = this.#taking.then(() => this.#takeNext(most))
    this.#taking = taken.catch(() => {})
    return taken.catch((cause: unknown) => {
      this.#failed('cannot be read', cause)
      return []
    })
  }

  settled(): Promise<void> {
    return this.#watermark.reached(this.#nextSeq)
  }

  pending(): number {
    return this.#backlog.unsettled() + this.#line.length
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (let handed = this.#line.shift(); handed !== undefined; handed = this.#line.shift()) {
      const { seq, event, reject } = handed
      this.#watermark.done(seq)
      reject(new DataPulseError('CLOSED', 'Cannot take the event because the client was closed', { text: event.text }))
    }
    await this.#writing
    await this.#taking
    await this.#rejecting
    await this.#noting
    this.#receipts.keepAll()
    this.#wakeRoom()
    await this.#active?.file.close().catch(() => {})
    this.#active = null
    if (this.#release === null) return
    await this.#backlog.deleteDone(true)
    await this.#note()
    await this.#release()
  }

  async #makeDirectory(): Promise<void> {
    const directory = resolve(this.#settings.directory)
    const first = await mkdir(directory, { recursive: true, mode: 0o700 })
    if (first === undefined) return
    for (let at = dirname(directory); at.length >= dirname(first).length; at = dirname(at)) {
      await syncDirectory(this.#disk, at)
      if (at === dirname(at)) return
    }
  }

  async #readAll(): Promise<void> {
    const { directory } = this.#settings
    const names = await readdir(directory)
    const below = decodeCheckpoint(await readFile(join(directory, 'sent'), 'utf8').catch(() => '')) ?? 0
    const numbers = names.flatMap(name => segmentNumber(name) ?? []).toSorted((a, b) => a - b)
    const missing: number[] = []
    let first: number | null = null
    let next = 0
    let damaged = 0
    for (const number of numbers) {
      const bytes = await readFile(join(directory, segmentName(number)))
      const segment = decodeSegment(bytes)
      if ('newer' in segment)
        throw new DataPulseError(
          'SPOOL',
          `Cannot open the spool ${directory} because a newer version of the client wrote it`,
        )
      const entries = segment.entries.filter(({ seq }) => seq >= below)
      damaged += segment.damaged
      this.#backlog.addOld(number, bytes.length, entries, segment.damaged > 0)
      for (const { seq } of entries) {
        if (first !== null) for (; next < seq; next++) missing.push(next)
        first ??= seq
        next = seq + 1
      }
    }
    this.#nextSegment = (numbers.at(-1) ?? 0) + 1
    this.#nextSeq = Math.max(below, next)
    this.#watermark = new Watermark(first ?? this.#nextSeq)
    for (const seq of missing) this.#watermark.done(seq)
    this.#notedBelow = below
    await this.#backlog.deleteDone()
    if (damaged === 0) return
    const message = `${damaged} lines of the spool are damaged; their files are kept as damaged-…`
    this.#needs.tell({ type: 'spool', level: 'error', what: 'damaged', message, events: damaged })
  }

  /** One loop at a time: what is handed over while it syncs goes into its next group. */
  #write(): void {
    this.#writing ??= this.#writeAll()
  }

  async #writeAll(): Promise<void> {
    await Promise.resolve()
    while (this.#line.length > 0 && !this.#isClosed && this.#hasRoom()) {
      const group = this.#nextGroup()
      const text = group.map(({ seq, event }) => encodeLine({ seq, text: event.text })).join('')
      try {
        await this.#append(group, text)
      } catch (cause) {
        await this.#giveUp(group, cause)
      }
    }
    // In one turn with the look at what is left: what comes now begins another loop.
    this.#writing = null
    this.#tellRoom()
    this.#needs.onUnsent()
  }

  #nextGroup(): Handed[] {
    const group: Handed[] = []
    let bytes = 0
    while (bytes < groupBytesMax) {
      const handed = this.#line.shift()
      if (handed === undefined) break
      group.push(handed)
      bytes += handed.event.bytes
    }
    this.#lineBytes -= bytes
    return group
  }

  async #append(group: Handed[], text: string): Promise<void> {
    const active = await this.#segmentToWrite()
    const before = active.file.bytes
    await active.file.append(text)
    const sinceMs = this.#needs.nowMs()
    const entries = group.map(({ seq, event }): Waiting => ({ seq, text: event.text, sinceMs }))
    this.#backlog.append(active.state, entries, active.file.bytes - before)
    for (const { seq, event, resolve } of group) resolve(this.#receipts.make(seq, event.messageId))
    this.#needs.onUnsent()
  }

  async #segmentToWrite(): Promise<{ file: SegmentFile; state: SegmentState }> {
    if (this.#active !== null && this.#active.file.bytes < segmentBytesMax) return this.#active
    await this.#leaveSegment()
    const { directory } = this.#settings
    const number = this.#nextSegment++
    const file = await createSegmentFile(this.#disk, directory, join(directory, segmentName(number)))
    this.#active = { file, state: this.#backlog.addNew(number, file.bytes) }
    return this.#active
  }

  async #leaveSegment(): Promise<void> {
    const left = this.#active
    if (left === null) return
    this.#active = null
    await left.file.close().catch(() => {})
    await this.#backlog.seal(left.state)
  }

  /** What the disk did with it nobody knows: no more goes into that file. */
  async #giveUp(group: Handed[], cause: unknown): Promise<void> {
    await this.#leaveSegment()
    this.#failed('cannot take events', cause)
    const message = `Cannot keep the event because the spool's disk refuses it: ${reasonOf(cause)}`
    for (const { seq, event, reject } of group) {
      this.#watermark.done(seq)
      reject(new DataPulseError('SPOOL', message, { text: event.text, cause }))
    }
  }

  async #takeNext(most: BatchLimit): Promise<Item[]> {
    const items: Item[] = []
    let bytes = 2
    let values = 0
    for (;;) {
      const waiting = await this.#backlog.next()
      const entry = waiting?.first
      if (entry === undefined || items.length === most.events) return items
      const item = this.#itemOf(entry)
      bytes += item.bytes + 1
      values += item.values
      if (items.length > 0 && (bytes > most.bytes || values > most.values)) return items
      items.push(item)
      waiting?.shift()
      this.#backlog.took(entry)
    }
  }

  #itemOf({ seq, text, sinceMs }: Waiting): Item {
    let isSettled = false
    const settle = (outcome: Outcome | DataPulseError): void => {
      if (isSettled) return
      isSettled = true
      if (outcome instanceof Error || outcome.status === 'kept') this.#receipts.settle(seq, { status: 'kept' })
      else if (outcome.status === 'accepted') this.#finish(seq, outcome)
      else this.#rejecting = this.#rejecting.then(() => this.#reject(seq, text, outcome))
    }
    return { text, bytes: Buffer.byteLength(text), values: valuesAtMost(text), sinceMs, settle }
  }

  async #reject(seq: number, text: string, outcome: Outcome & { status: 'rejected' }): Promise<void> {
    const { status: _, ...why } = outcome
    const line = Buffer.from(`${JSON.stringify(why).slice(0, -1)},"event":${text}}\n`)
    do {
      try {
        const file = await this.#disk.open(join(this.#settings.directory, 'rejected.ndjson'), 'a', 0o600)
        try {
          await file.write(line)
          await file.datasync()
        } finally {
          await file.close()
        }
        this.#finish(seq, outcome)
        return
      } catch (cause) {
        this.#failed('cannot note a rejected event', cause)
        if (!this.#isClosed) await new Promise(resolve => setTimeout(resolve, rejectedAgainMs))
      }
    } while (!this.#isClosed)
  }

  #finish(seq: number, outcome: Outcome): void {
    this.#backlog.settled(seq)
    this.#watermark.done(seq)
    this.#receipts.settle(seq, outcome)
    this.#noting ??= this.#note()
  }

  /** Notes what is done, deletes what is done with, and lets in who waits for room. */
  async #note(): Promise<void> {
    await Promise.resolve()
    while (this.#notedBelow < this.#watermark.below) {
      const { below } = this.#watermark
      const path = join(this.#settings.directory, 'sent')
      try {
        await writeFile(`${path}.new`, encodeCheckpoint(below), { mode: 0o600 })
        await rename(`${path}.new`, path)
      } catch {
        // More is sent again than needs to be.
      }
      this.#notedBelow = below
      await this.#backlog.deleteDone()
    }
    // In one turn with the look at what is left, as above.
    this.#noting = null
    if (this.#line.length > 0 && this.#hasRoom()) this.#write()
    this.#tellRoom()
  }

  #hasRoom(): boolean {
    return this.#backlog.bytes < this.#settings.bytesMax
  }

  #tellRoom(): void {
    const isFull = !this.#hasRoom()
    if (isFull !== this.#isFull) {
      this.#isFull = isFull
      const message = isFull ? 'the spool is full: track waits' : 'the spool has room again'
      this.#needs.tell({ type: 'full', level: isFull ? 'warn' : 'info', message, isFull })
    }
    this.#wakeRoom()
  }

  #wakeRoom(): void {
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }

  #failed(what: string, cause: unknown): void {
    const message = `the spool ${what}: ${reasonOf(cause)}`
    this.#needs.tell({ type: 'spool', level: 'error', what: 'failed', message, events: 0 })
  }
}

/** Every value stands behind one of these. */
function valuesAtMost(text: string): number {
  let count = 1
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 0x2c || unit === 0x5b || unit === 0x7b) count++
  }
  return count
}

function cannotOpen(directory: string, cause: unknown): DataPulseError {
  return new DataPulseError('SPOOL', `Cannot open the spool ${directory}: ${reasonOf(cause)}`, { cause })
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
