// Where an installation went: a file in the data directory that it left. It is there before anything is moved, says what is
// done, and keeps a server with a log of its own from starting on that directory: both would go on, each without the other.
//
//   migrated.json   {format, id, state, begun_at, ended_at, to: {log, accounts, warehouse, database, shares}, done}

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileDurably } from '../durable-file.ts'

export type MovedTo = { log: string; accounts: string; warehouse: string; database: string; shares: number }

export type Migrated = {
  format: 1
  /** A name of its own, never the same again. */
  id: string
  state: 'under way' | 'done'
  begun_at: string
  ended_at: string | null
  to: MovedTo
  /** Steps that are done, by name. */
  done: string[]
}

const fileName = 'migrated.json'

/** Null where nothing was moved. Throws a sentence when the file cannot be understood. */
export function readMigrated(dataDir: string): Migrated | null {
  const path = join(dataDir, fileName)
  if (!existsSync(path)) return null
  const found = JSON.parse(readFileSync(path, 'utf8')) as Omit<Migrated, 'format'> & { format: number }
  if (found.format === 1) return { ...found, format: 1 }
  throw new Error(`Cannot read ${path} because its format must be 1: got ${found.format}. A newer DataPulse wrote it.`)
}

export function writeMigrated(dataDir: string, migrated: Migrated): void {
  writeFileDurably(dataDir, fileName, `${JSON.stringify(migrated, null, 2)}\n`)
}

/** Why no server with a log of its own may start there; null where it may. */
export function movedProblem(dataDir: string): string | null {
  const migrated = readMigrated(dataDir)
  if (migrated === null) return null
  const { state, ended_at, to } = migrated
  const cannot = `Cannot start because what is in the data directory ${dataDir}`
  return state === 'done'
    ? `${cannot} was moved to ${to.log} at ${ended_at}: start with DATAPULSE_LOG=${to.log} and what else \`datapulse migrate\` was given. (${fileName} there says so; docs/guides/cluster.md says how to go back.)`
    : `${cannot} is being moved to ${to.log}, which has not come to its end: run \`datapulse migrate\` again. (To go on here instead, remove ${fileName} there, and what is at the other place.)`
}
