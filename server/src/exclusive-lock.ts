// A lock on a file: an open exclusive transaction of SQLite. The system releases it when the process ends, however it
// ends, so a lock never has to be removed by hand, and no file that says who is alive can lie.

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'

const retryMs = 25
const sqliteBusy = 5

/** Takes the lock and gives the function that releases it; null when another has it and `waitMs` have passed. */
export async function takeExclusiveLock(path: string, waitMs: number): Promise<(() => void) | null> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const db = openLockFile(path)
    try {
      db.exec('BEGIN EXCLUSIVE')
      return () => db.close()
    } catch (cause) {
      db.close()
      if ((cause as { errcode?: number }).errcode !== sqliteBusy) throw cannotLock(path, cause)
      if (waitedMs >= waitMs) return null
    }
    await sleep(retryMs)
  }
}

function openLockFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 })
  } catch (cause) {
    throw cannotLock(path, cause)
  }
}

function cannotLock(path: string, cause: unknown): Error {
  return new Error(`Cannot lock ${path}: ${(cause as Error).message}`, { cause })
}
