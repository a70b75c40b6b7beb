// One writer per log: an exclusive SQLite transaction held on `writer.lock` for the life of the process.
// The system releases it when the process ends, however it ends; no file says who is alive, so none can lie.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeFolderDurably } from './durable-file.ts'

const retryMs = 25

/** Gives the function that releases the lock, or throws once `waitMs` has passed. */
export async function takeWriterLock(dir: string, waitMs: number): Promise<() => void> {
  makeFolderDurably(dir)
  const path = join(dir, 'writer.lock')
  for (let waitedMs = 0; ; waitedMs += retryMs) {
    const db = new DatabaseSync(path, { timeout: 0 })
    try {
      db.exec('BEGIN EXCLUSIVE')
      return () => db.close()
    } catch (error) {
      db.close()
      const locked = (error as { errcode?: number }).errcode === 5
      if (!locked) throw new Error(`Cannot open the log because ${path} must be lockable`, { cause: error })
      if (waitedMs >= waitMs) {
        throw new Error(`Cannot write to the log because one process may at a time: another holds ${path}`, {
          cause: error,
        })
      }
    }
    await sleep(retryMs)
  }
}
