// The index of identities: which stored event has an identity, as a type, so that the pipeline does not know LevelDB.
// It is a cache of the warehouse, never the truth: it carries the mark of the warehouse and of the last load that it
// knows, and the pipeline rebuilds it whenever the mark does not fit or anything about it cannot be read.
//
// Two writes are durable when they resolve: `begin` (a load is about to be tried) and `commit` (it is done: its
// identities, the checkpoint, and the end of what was pending, all or nothing). Without the first nothing would be lost
// or doubled, but every crash in a load would cost a rebuild. `add` is durable after the next
// `commit` that follows a `close` and `open`.

import type { LoadNote } from '../../warehouse/load.ts'

/** What is kept of an event: where it stands, and what a duplicate is compared by. */
export type IndexEntry = {
  requestId: string
  position: number
  /** See steps/conflict.ts. */
  fingerprint: string
  /** Whether it is in the warehouse without a note having counted it, as far as it lies in the uncounted stretch. */
  uncounted: boolean
}

export type IdentityEntry = IndexEntry & { identity: string }

/** What the index knows about itself. */
export type Checkpoint = {
  warehouseId: string
  /** The last load whose identities are all here; null before the first. */
  note: LoadNote | null
  /**
   * A stretch of the log of which some may be in the warehouse without a note having counted it: brought by a load that
   * was cut off before its note (found by a rebuild), or by a part of a chunk (delivery.ts). Entries say which.
   */
  uncounted: { logId: string; from: number; to: number } | null
}

/** A load that was about to be tried: enough to do exactly the same again. */
export type Pending = {
  seq: number
  logId: string
  from: number
  to: number
  /** Running total of the log before `from`. */
  fromEvents: number
  part: LoadPart | null
  token: string
}

/**
 * Which items of the range a load holds, by their order; null for all. There are parts only once the warehouse has
 * refused something (see delivery.ts). `refused`: the one item is parked for this reason; `bare`: without its text.
 */
export type LoadPart = { first: number; last: number; refused: string | null; bare: boolean }

export type IndexState = { checkpoint: Checkpoint | null; pending: Pending | null }

/** Entries that wait for their commit, which happens once; or for being discarded. */
export type Staged = { discard(): Promise<void> }

export type IdentityIndex = {
  state(): Promise<IndexState>
  /** One answer for each identity, in order. */
  find(identities: string[]): Promise<(IndexEntry | undefined)[]>
  begin(pending: Pending): Promise<void>
  /** Makes ready for `commit` what can be made ready before it: nothing is written yet. */
  stage(entries: Iterable<IdentityEntry>): Staged
  commit(staged: Staged, checkpoint: Checkpoint): Promise<void>
  /** Takes away entries and puts others in, all or nothing, durably; the checkpoint stays. */
  replace(identities: string[], entries: IdentityEntry[]): Promise<void>
  /** Adds without waiting for the disk; only while rebuilding. */
  add(entries: IdentityEntry[]): Promise<void>
  bytes(): Promise<number>
  close(): Promise<void>
}

/** Where the index lives. `open` gives an empty one when there is none. */
export type IndexPlace = {
  /** Throws an IndexFault with `damaged` when what is there cannot be read, with `held` when somebody has it open. */
  open(): Promise<IdentityIndex>
  /** Removes whatever is there. */
  wipe(): Promise<void>
}

/**
 * The index failed. `damaged`: opening it again would not help, it has to be rebuilt. `held`: a living process has it
 * open; it is waited for, whatever happens, and never removed under it.
 */
export class IndexFault extends Error {
  readonly code: 'INDEX_DAMAGED' | 'INDEX_HELD' | 'INDEX_IO'
  readonly retry: boolean

  constructor(message: string, options: { damaged: boolean; held?: boolean; cause?: unknown }) {
    super(message, { cause: options.cause })
    this.name = 'IndexFault'
    this.code = options.held === true ? 'INDEX_HELD' : options.damaged ? 'INDEX_DAMAGED' : 'INDEX_IO'
    this.retry = !options.damaged
  }
}
