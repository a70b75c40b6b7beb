// One server at a time uses a data directory. The lock is an open exclusive transaction of SQLite: the system releases
// it when the process ends, however it ends, so a lock never has to be removed by hand.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Holds the lock until `release`. Throws a sentence for people when another process has it. */
export function lockDataDir(dataDir: string): { release(): void } {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const path = join(dataDir, 'lock')
  const db = new DatabaseSync(path, { timeout: 0 })
  try {
    db.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    throw new Error(
      `Cannot start because the data directory ${dataDir} is used by another server: stop that one, or give this one another directory with --data-dir.`,
      { cause },
    )
  }
  return { release: () => db.close() }
}
