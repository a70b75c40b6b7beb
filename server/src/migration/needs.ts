// What a move needs of the other stages, as types of functions; roles/ hands them in.

import type { LogHead, LogReader, LogRecord } from '../log/record.ts'
import type { LoadNote, MovedBlock, MovedSum, MovingWarehouse } from '../warehouse/load.ts'
import type { Migrated } from './migrated-file.ts'

export type MovedDocument = { kind: string; id: string; value: unknown }
export type MovedAccounts = { documents: MovedDocument[]; uses: [id: string, usedMs: number][] }

/** Where the log goes on behind what is loaded; `problem` says why it cannot be moved. */
export type LogFits = { from: number } | { problem: string }

/** The installation that is left. Nothing of it changes but its note of where it went. */
export type MoveSource = {
  accounts(): MovedAccounts
  warehouse: MovingWarehouse
  log: LogReader
  /** Where the log is to be read on after the last load. */
  fits(note: LoadNote | null): Promise<LogFits>
  migrated(): Migrated | null
}

/** Steps that change something: durable when they resolve, and again without effect. */
export type MoveTarget = {
  /** Of a move: `none`, this one's, and whether that came to its end. Throws a sentence when it is another's. */
  claimed(id: string): Promise<'none' | 'under way' | 'done'>
  /** Throws a sentence when something is there already. */
  refuseOthers(accounts: MovedAccounts): Promise<void>
  keep(migrated: Migrated): Promise<void>
  claim(id: string): Promise<void>
  putDocument(document: MovedDocument): Promise<void>
  noteUses(uses: MovedAccounts['uses']): Promise<void>
  /** Brings the database of a share to this version. */
  ready(share: number): Promise<void>
  put(
    share: number,
    block: MovedBlock,
    lines: () => Promise<Buffer>,
    token: string,
    isRepeated: boolean,
  ): Promise<boolean>
  putNotes(share: number, notes: readonly LoadNote[], token: string, isRepeated: boolean): Promise<boolean>
  sums(share: number): Promise<MovedSum[]>
  lastNote(share: number): Promise<LoadNote | null>
  logId(share: number): Promise<string>
  /** Where a share's log ends, and the request that is its last. */
  logEnd(share: number): Promise<LogHead & { lastRequest: string | null }>
  /** All of them or none, in this order. Throws when it cannot be told whether they are there. */
  append(share: number, records: readonly LogRecord[]): Promise<void>
  finish(id: string): Promise<void>
}

/** Made by the pipeline's own rules: what a load is recognised by, and how much was accepted before the log. */
export type MakeToken = (text: string, accepted: number) => string
