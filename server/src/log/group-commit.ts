// Group commit: while one group of records is being made durable, the next gathers. Records are packed as they come,
// so that the caller's bytes are not held; nothing here awaits, and nothing is allocated per record but its place
// in a list. Buffers travel to the port and come back to be used again.
//
// A group is closed in the first turn of the event loop that brought nothing more for it, or after `turnsMax`: a lone
// request does not wait, and many at once share one sync. Measured with 64 connections on one core: 63 records a commit
// instead of 32, and 15% less processor time a request, than closing it as soon as the one before was synced.

import { appendFault } from './fault.ts'
import { packedBytesMax, packRecord } from './packed.ts'
import type { LogFault, LogRecord, PackedRecords } from './record.ts'

export type Done = (fault: LogFault | null) => void

/** Where a group goes: the worker thread, or the same process in a simulation. Only one group is under way at a time. */
export type CommitPort = {
  /** Takes over `buffer`, and gives one back that may be used again. */
  commit(group: PackedGroup, done: (fault: LogFault | null, buffer: Buffer | null) => void): void
}

export type PackedGroup = { buffer: Buffer; bytes: number; records: number; events: number }

export type GroupLimits = { commitBytesMax: number; commitRecordsMax: number; pendingBytesMax: number }

type Group = PackedGroup & { done: Done[] }

const firstBytes = 64 * 1024
const buffersKept = 3
/** Turns of the event loop that a group may go on growing. */
const turnsMax = 16
const largeBytes = 128 * 1024
const bufferBytesKept = 8 * 1024 * 1024

export class GroupCommit {
  #port: CommitPort
  #limits: GroupLimits
  #soon: (call: () => void) => void
  #waiting: Group[] = []
  #gathering: Group | null = null
  #underWay: Group | null = null
  #scheduled = false
  #turns = 0
  #recordsSeen = 0
  #pendingBytes = 0
  #buffers: Buffer[] = []
  #whenIdle: (() => void)[] = []

  constructor(port: CommitPort, limits: GroupLimits, soon: (call: () => void) => void) {
    this.#port = port
    this.#limits = limits
    this.#soon = soon
  }

  get pendingBytes(): number {
    return this.#pendingBytes
  }

  append(record: LogRecord, done: Done): void {
    const needed = packedBytesMax(record)
    if (this.#isTooMuch(needed, done)) return
    const group = this.#groupFor(needed)
    this.#grow(group, packRecord(group.buffer, group.bytes, record), 1, record.events, done)
  }

  /** Records that were packed elsewhere, in one piece. */
  appendPacked({ bytes, records, events }: PackedRecords, done: Done): void {
    if (this.#isTooMuch(bytes.length, done)) return
    const group = this.#groupFor(bytes.length)
    group.buffer.set(bytes, group.bytes)
    this.#grow(group, group.bytes + bytes.length, records, events, done)
  }

  #isTooMuch(needed: number, done: Done): boolean {
    if (this.#pendingBytes + needed <= this.#limits.pendingBytesMax) return false
    const wanted = `at most ${this.#limits.pendingBytesMax} bytes may wait for the disk`
    const fault = appendFault('LOG_BUDGET', `Cannot append to the log because ${wanted}: got ${this.#pendingBytes}`)
    this.#soon(() => done(fault))
    return true
  }

  #grow(group: Group, end: number, records: number, events: number, done: Done): void {
    this.#pendingBytes += end - group.bytes
    group.bytes = end
    group.records += records
    group.events += events
    group.done.push(done)
    this.#schedule()
  }

  /** Fails what waits and is not under way. */
  failWaiting(fault: LogFault): void {
    const groups = this.#gathering === null ? this.#waiting : [...this.#waiting, this.#gathering]
    this.#waiting = []
    this.#gathering = null
    for (const group of groups) this.#finish(group, fault)
  }

  /** Calls back once nothing waits and nothing is under way. */
  whenIdle(call: () => void): void {
    if (this.#pendingBytes === 0) call()
    else this.#whenIdle.push(call)
  }

  #groupFor(needed: number): Group {
    const { commitBytesMax, commitRecordsMax } = this.#limits
    let group = this.#gathering
    if (group !== null && (group.records >= commitRecordsMax || group.bytes + needed > commitBytesMax)) {
      this.#waiting.push(group)
      group = null
    }
    if (group === null) {
      group = { buffer: this.#buffer(needed), bytes: 0, records: 0, events: 0, done: [] }
      this.#gathering = group
    }
    if (group.bytes + needed > group.buffer.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(group.bytes + needed, 2 * group.buffer.length))
      group.buffer.copy(larger, 0, 0, group.bytes)
      group.buffer = larger
    }
    return group
  }

  #buffer(needed: number): Buffer {
    return this.#buffers.pop() ?? Buffer.allocUnsafeSlow(Math.max(firstBytes, needed))
  }

  #schedule(): void {
    if (this.#underWay !== null || this.#scheduled) return
    this.#scheduled = true
    this.#turns = 0
    this.#recordsSeen = 0
    this.#soon(this.#commitOrWait)
  }

  #commitOrWait = (): void => {
    const records = this.#gathering?.records ?? 0
    if (!this.#isLarge() && records > this.#recordsSeen && this.#turns++ < turnsMax) {
      this.#recordsSeen = records
      this.#soon(this.#commitOrWait)
      return
    }
    this.#scheduled = false
    this.#commitNext()
  }

  /** A sync is a small part of such a commit's cost: nothing is gained by waiting for more. */
  #isLarge(): boolean {
    return this.#waiting.length > 0 || (this.#gathering?.bytes ?? 0) >= largeBytes
  }

  #commitNext(): void {
    if (this.#underWay !== null) return
    let group = this.#waiting.shift() ?? null
    if (group === null) {
      group = this.#gathering
      this.#gathering = null
    }
    if (group === null) return
    this.#underWay = group
    this.#port.commit(group, (fault, buffer) => {
      if (buffer !== null && buffer.length <= bufferBytesKept && this.#buffers.length < buffersKept) {
        this.#buffers.push(buffer)
      }
      this.#underWay = null
      // What is large already goes at once: the disk works on it while the callers of this one are told.
      if (fault === null && this.#isLarge()) this.#commitNext()
      this.#finish(group, fault)
      if (this.#pendingBytes > 0) this.#schedule()
    })
  }

  #finish(group: Group, fault: LogFault | null): void {
    this.#pendingBytes -= group.bytes
    for (const done of group.done) {
      try {
        done(fault)
      } catch (error) {
        // A caller's bug must not keep the others from hearing.
        queueMicrotask(() => {
          throw error
        })
      }
    }
    if (this.#pendingBytes > 0) return
    const calls = this.#whenIdle
    this.#whenIdle = []
    for (const call of calls) call()
  }
}
