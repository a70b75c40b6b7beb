// What a backup and a restore need of the other stages, as types of functions; roles/ hands them in.

import type { LoadNote } from '../warehouse/load.ts'

/** A table of the warehouse as it was, and the files of its parts. */
export type TableCopied = { name: string; create: string; parts: PartCopied[] }
/** `dir`: where its files are, on this machine. */
export type PartCopied = { name: string; dir: string }

/** What a warehouse is compared by: rows of each table, and of the events counts and exact sums. */
export type Measured = { rows: Record<string, number>; sums: EventSum[] }

export type EventSum = {
  product: string
  mode: string
  event_name: string
  currency: string
  events: number
  /** Decimal text. */
  amount: string
  bet_result_amount: string
  /** A sum of hashes of identity and place: equal only for the same events. */
  identities: string
}

/** The moment of the warehouse that is copied. */
export type Taken = { warehouseId: string; version: number; note: LoadNote | null }

/** A warehouse that can be held still under another name (hard links), while the original goes on. */
export type SnapshotWarehouse = {
  /** About how much there is to copy. */
  bytes(): Promise<number>
  /** Everything that need not be done in the moment of taking. */
  prepare(): Promise<void>
  /** Must not meet a load. */
  take(): Promise<Taken>
  tables(): Promise<TableCopied[]>
  measure(): Promise<Measured>
  /** Lets go; without effect when nothing is held. */
  drop(): Promise<void>
}

/** A new, empty warehouse that is to become one that was. */
export type EmptyWarehouse = {
  create(tables: readonly Pick<TableCopied, 'name' | 'create'>[]): Promise<void>
  /** Where the parts of a table are put to be attached. */
  landing(table: string): Promise<string>
  attach(table: string, parts: readonly string[]): Promise<void>
  measure(tables: readonly string[]): Promise<Measured>
  /** Brings what was put back to the version of this program. */
  ready(): Promise<void>
}

/** Places in a log: an offset, and how many events lie before it. */
export type LogBounds = { offset: number; events: number }

/** `oldest` to `head` is what was copied; `queued` events of it are not in the warehouse that goes with it. */
export type LogCopied = { id: string; oldest: LogBounds; head: LogBounds; queued: number }

export type AccountsCopied = { products: number; keys: number }
