// The seam between the log and the disk: every disk call of writer and reader goes through a `LogStore`.
// All of it is synchronous; in production the writer's store lives in a worker thread (commit-thread.ts), in a
// simulation it is called in the same process: see `openLogWriterOver` and `openLogReaderOver` in log.ts, and
// memory-store.ts, which is such a store with crashes and faults.
//
// What a store must promise:
// - `create` shows a segment under its name whole or not at all, and durable when it returns
// - `append` has made the commit durable when it returns; when it throws, the commit is not visible to readers of
//   the open store, but may appear after a crash unless a segment that begins at its offset was created since
// - `list` is in order of numbers; a number is never used again
// - errors are `StoreError`s; CORRUPT and NEWER never go away by waiting, IO, BUSY and FULL may

import type { Commit, CommitHead } from './commit.ts'
import type { LogHead } from './record.ts'

/** A segment's name tells where it begins, so that a listing alone gives every segment's bounds. */
export type SegmentName = { number: number; firstOffset: number; eventsBefore: number }

export type LogStore = {
  list(): SegmentName[]
  create(name: SegmentName, logId: string): SegmentWriter
  /**
   * Opens the newest segment after a stop or a crash, and reads no other. When it has to be mended, the mended copy is
   * what is opened, under the next number with the same first offset: list again afterwards. `logId` tells the log's
   * id from elsewhere, for a segment that cannot tell it any more; null when nothing does.
   */
  openWriter(name: SegmentName, logId?: () => string | null): SegmentWriter
  openReader(name: SegmentName): SegmentReader
  /** Brings a segment that is not written any more into its final form. */
  seal(name: SegmentName): void
  /** Bytes on disk, when it was made and last changed (Unix ms), whether it has its final form. */
  stat(name: SegmentName): { bytes: number; bornMs: number; changedMs: number; sealed: boolean }
  drop(name: SegmentName): void
  freeBytes(): number
  readConsumed(): Consumed | null
  writeConsumed(consumed: Consumed): void
}

/** `events` is the running total at `offset`, null when the reader could not tell. */
export type Consumed = { logId: string; offset: number; events: number | null }

export type SegmentWriter = {
  readonly logId: string
  /** The last commit in it, null when there is none. */
  readonly last: CommitHead | null
  /** What was found wrong when it was opened: one sentence each. */
  readonly damage: string[]
  /** True when nothing may be appended to it any more: something lies behind its last commit. */
  readonly closedForAppend: boolean
  append(commit: Commit): void
  bytes(): number
  close(): void
}

export type SegmentReader = {
  readonly logId: string
  /** The first commit at or after `offset`. */
  next(offset: number): Commit | null
  /** The same without its body, which is there even when the body is unreadable. */
  nextHead(offset: number): CommitHead | null
  /** The last commit that begins at or before `offset`. */
  holding(offset: number): CommitHead | null
  close(): void
}

export type StoreErrorCode = 'FULL' | 'IO' | 'BUSY' | 'CORRUPT' | 'MISSING' | 'NEWER'

export class StoreError extends Error {
  readonly code: StoreErrorCode
  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreError'
    this.code = code
  }
}

/** What no waiting mends. */
export function isDamage(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'CORRUPT'
}

export function beginOfSegment(name: SegmentName): LogHead {
  return { offset: name.firstOffset, events: name.eventsBefore }
}
