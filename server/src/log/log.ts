// The durable log: what the API acknowledges is in it, in order, until it is processed and old enough to go.
// (Longer than other headers, because the promises and the format of the disk live here.)
//
// `done` without a fault promises: the record is on the disk's own word (fsync) and survives kill -9 and a power cut;
// it has an offset, and every reader will get it there, once, or be told exactly that it was damaged.
// `done` with a fault promises: no reader of the running log sees the record. It may appear later in one case: the
// process ends between a failed fsync (or a lost reply of the thread) and the next segment. Then it has its offset as
// if it had been acknowledged; nothing is ever at an offset where something else was acknowledged or read before.
// Not promised: that a disk which lies about fsync keeps anything; that the damaged LAST commit of a log that was
// killed is told from one that was torn while it was written (nothing but the file itself knows of it); that a newest
// segment of which nothing can be brought back is counted (what follows begins far behind any offset it may have had).
//
// The folder: writer.lock (held by the one writer), consumed.json, and segments (sqlite-store.ts draws their names):
//
//   meta     format, log_id (UUID of the log), first_offset, events_before
//   commits  offset (of its first record), records, events_before, events, body_bytes, body_sum, head_sum, body
//
//   body = packed records (packed.ts) · body_sum = crc32(body) · head_sum = crc32 of the six numbers as float64
//
// One commit is one row, one transaction, one fsync: all appends that wait go together (group-commit.ts) to a worker
// thread (commit-port.ts, commit-thread.ts) in one transferred buffer. A segment is written until its WAL holds
// `segmentBytesMax`, then the next begins; a start after a crash reads the newest only. Full segments are
// checkpointed by another thread when the log is not busy (seal-thread.ts). Offsets and events are running totals, so
// the bounds of any damage are exact.
//
// The path: log.ts > group-commit.ts > commit-port.ts > segment-log.ts > store.ts (the seam) > sqlite-store.ts;
// back: log-reader.ts > store.ts. In a simulation: `openLogWriterOver(store, …)` and `openLogReaderOver(store, …)`
// run all of it but the thread and SQLite, in one process, over any `LogStore` (memory-store.ts is one).
//
// Measured (bench/micro/log.bench.ts; two cores that others used too): 154,000 records/s of 366 bytes with 64 appenders,
// 235,000 with 256, 2,100 records/s of 220 KB (468 MB/s); of CPU 4.7 µs a small record and 311 µs a large one, most of
// it SQLite's. Pages of 4/8/16/64 KiB cost 291/199/186/478 µs of CPU for a commit of 26 KB and 396/478/332/373 µs for
// one of 215 KB: 8 KiB, because a commit of one small record then writes 24 KB at most. zstd level 1 saves 85% of the
// bytes for 130 and 330 µs more; CPU of the API's core is what is scarce, so bodies stay as they are. A checkpoint of
// 64 MiB beside the commits holds up one to three of some 2,500 beyond 4 ms.

import { limits } from '../limits.ts'
import { closedFault } from './fault.ts'
import { openDirectPort, openThreadPort, type LogPort } from './commit-port.ts'
import { GroupCommit, type GroupLimits } from './group-commit.ts'
import { StoreLogReader } from './log-reader.ts'
import type { LogFault, LogReader, LogRecord, LogStatus, LogWriter, PackedRecords } from './record.ts'
import { type Report, SegmentLog, type SegmentLogLimits } from './segment-log.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { LogStore } from './store.ts'
import { takeWriterLock } from './writer-lock.ts'

export type LogLogger = Record<'info' | 'warn' | 'error', (details: object, message: string) => void>

/** Sizes from server/src/limits.ts. */
type LogLimits = GroupLimits & { segmentBytesMax: number; segmentMsMax?: number }

export type LogWriterOptions = {
  /** The log's folder; made when it is not there. */
  dir: string
  limits: LogLimits
  /** A processed segment older than this is dropped; default 7 days. */
  retentionMs?: number
  /** Processed segments are dropped, oldest first, while the log is larger than this; default: no such bound. */
  retentionBytes?: number
  /** Appends are refused while the log is larger than this. Processed segments are dropped at 90% of it. */
  budgetBytes?: number
  /** Appends are refused while less is free on the disk; default 128 MiB. */
  freeBytesMin?: number
  /** How long to wait for another writer to let go; default: not at all. */
  lockWaitMs?: number
  now: () => number
  logger: LogLogger
}

export type LogReaderOptions = { dir: string; logger: LogLogger }

/** What a simulation gives in place of a folder, a thread and timers. */
export type LogWriterOverOptions = Omit<LogWriterOptions, 'dir' | 'lockWaitMs'> & {
  store: LogStore
  newId: () => string
  /** Calls back a little later: gathers a group, and tells a commit's outcome. */
  soon: (call: () => void) => void
}

const tickMs = 1_000
const weekMs = 7 * 24 * 3_600_000
const freeBytesMinDefault = 128 * 1024 * 1024

/** Opens the log for appending, or throws one sentence: another writer, a newer format, a disk that fails. */
export async function openLogWriter(options: LogWriterOptions): Promise<LogWriter> {
  const release = await takeWriterLock(options.dir, options.lockWaitMs ?? 0)
  try {
    const report: Report = (level, details, message) => options.logger[level](details, message)
    const port = await openThreadPort({ dir: options.dir, limits: limitsOf(options) }, report)
    const writer = new PortLogWriter(port, options.limits, options.now, setImmediate)
    const timer = setInterval(() => writer.tick(), tickMs)
    timer.unref()
    writer.whenClosed(() => {
      clearInterval(timer)
      release()
    })
    return writer
  } catch (error) {
    release()
    throw error
  }
}

/** The same over a given store, in this process. The caller calls `tick` about once a second of its time. */
export function openLogWriterOver(options: LogWriterOverOptions): LogWriter & { tick(): void } {
  const report: Report = (level, details, message) => options.logger[level](details, message)
  const log = new SegmentLog(options.store, limitsOf(options), { report, newId: options.newId })
  return new PortLogWriter(openDirectPort(log, options.soon), options.limits, options.now, options.soon)
}

/**
 * Opens the log for reading, beside a writer or without one; there need not be a log yet.
 * What may work on the next try is thrown as `LogReadFault`: an Error with `code` and `retry`.
 */
export async function openLogReader(options: LogReaderOptions): Promise<LogReader> {
  return openLogReaderOver(openSqliteStore(options.dir), options.logger)
}

export function openLogReaderOver(store: LogStore, logger: LogLogger): LogReader {
  return new StoreLogReader(store, (details, message) => logger.error(details, message))
}

function limitsOf(options: Omit<LogWriterOptions, 'dir'>): SegmentLogLimits {
  return {
    segmentBytesMax: options.limits.segmentBytesMax,
    retentionMs: options.retentionMs ?? weekMs,
    segmentMsMax: options.limits.segmentMsMax ?? Number.MAX_SAFE_INTEGER,
    retentionBytes: options.retentionBytes ?? Number.MAX_SAFE_INTEGER,
    budgetBytes: options.budgetBytes ?? Number.MAX_SAFE_INTEGER,
    freeBytesMin: options.freeBytesMin ?? freeBytesMinDefault,
  }
}

class PortLogWriter implements LogWriter {
  #port: LogPort
  #groups: GroupCommit
  #now: () => number
  #soon: (call: () => void) => void
  #commits = 0
  #records = 0
  #commitMsLast = 0
  #closed: Promise<void> | null = null
  #onClosed: () => void = () => {}

  constructor(port: LogPort, limits: GroupLimits, now: () => number, soon: (call: () => void) => void) {
    this.#port = port
    this.#now = now
    this.#soon = soon
    const timed: LogPort['commit'] = (group, done) => {
      const started = performance.now()
      const { records } = group
      port.commit(group, (fault, buffer) => {
        this.#commitMsLast = performance.now() - started
        if (fault === null) {
          this.#commits++
          this.#records += records
        }
        done(fault, buffer)
      })
    }
    this.#groups = new GroupCommit({ commit: timed }, limits, soon)
  }

  append(record: LogRecord, done: (fault: LogFault | null) => void): void {
    if (this.#closed !== null) {
      this.#soon(() => done(closedFault()))
      return
    }
    this.#groups.append(record, done)
  }

  appendPacked(packed: PackedRecords, done: (fault: LogFault | null) => void): void {
    if (this.#closed !== null) {
      this.#soon(() => done(closedFault()))
      return
    }
    this.#groups.appendPacked(packed, done)
  }

  status(): LogStatus {
    const { id, head, oldestOffset, consumedOffset, bytes, segments, unsealed, refusing, damage } = this.#port.state()
    return {
      id,
      head,
      oldestOffset,
      consumedOffset,
      bytes,
      segments,
      unsealed,
      refusing,
      damage,
      pendingBytes: this.#groups.pendingBytes,
      commits: this.#commits,
      records: this.#records,
      commitMsLast: this.#commitMsLast,
    }
  }

  tick(): void {
    this.#port.tick(this.#now())
  }

  whenClosed(call: () => void): void {
    this.#onClosed = call
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await atMost(limits.logCloseMs, new Promise<void>(resolve => this.#groups.whenIdle(resolve)))
    this.#groups.failWaiting(closedFault())
    await atMost(limits.logCloseMs, this.#port.close())
    this.#onClosed()
  }
}

async function atMost(ms: number, ending: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  await Promise.race([ending, late])
  clearTimeout(timer)
}
