// Copies an SQLite file that others write: one moment of it, whatever is committed meanwhile. What comes of it is one
// file without a WAL. The original is opened by SQLite alone: a descriptor of node:fs would take its locks along.

import { backup, DatabaseSync } from 'node:sqlite'
import { syncPath } from './durable-file.ts'

/** More pages than a file of ours has: copied in one step, which nobody's commit can make begin anew. */
const allPages = 2 ** 30

/** `to` must not be there; it is synced, its folder is not. */
export async function copySqlite(from: string, to: string): Promise<void> {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5_000 })
  try {
    await backup(source, to, { rate: allPages })
  } finally {
    source.close()
  }
  // Opened and closed once for writing: what reading leaves beside it goes.
  const copy = new DatabaseSync(to)
  try {
    copy.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    copy.close()
  }
  await syncPath(to)
}
