// One writer per log: a lock on `writer.lock` for the life of the process (exclusive-lock.ts).

import { join } from 'node:path'
import { takeExclusiveLock } from '../exclusive-lock.ts'

/** Gives the function that releases the lock, or throws once `waitMs` has passed. */
export async function takeWriterLock(dir: string, waitMs: number): Promise<() => void> {
  const path = join(dir, 'writer.lock')
  const release = await takeExclusiveLock(path, waitMs)
  if (release !== null) return release
  throw new Error(`Cannot write to the log because one process may at a time: another holds ${path}`)
}
