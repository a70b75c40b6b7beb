// How far a file was sent, beside the file, so that whoever was stopped (Ctrl-C, kill -9, a power cut) goes on from there.
// One row of SQLite: a note is there whole or not at all, and the open file is a lock, so that two do not send it at once.
// It belongs to one state of the file and one place to send it to; for another it begins anew. It is gone when all is sent.

import { existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { Failure } from '../failure.ts'

export type Progress = {
  /** Events, good and bad, that have their outcome: all of the file up to there. */
  events: number
  accepted: number
  rejected: number
  rejectedFile: string
  /** The length of that file when this was noted. */
  rejectedBytes: number
}

export type Journal = {
  /** What was noted for this very file; null when there is nothing. */
  found: Progress | null
  /** There was something, of another state of the file or another place to send it to. */
  isOther: boolean
  note(progress: Progress): void
  /** All is sent. */
  remove(): void
  close(): void
}

const format = 1
const sqliteBusy = 5

export function openJournal(path: string, identity: string, restart: boolean): Journal {
  const db = openFile(path)
  const row = db.prepare('SELECT identity, progress FROM sending').get()
  const isSame = row !== undefined && row['identity'] === identity && !restart
  if (!isSame) db.exec('DELETE FROM sending')
  const put = db.prepare('INSERT OR REPLACE INTO sending (one, identity, progress) VALUES (1, ?, ?)')
  const close = () => {
    if (db.isOpen) db.close()
  }
  return {
    found: isSame ? (JSON.parse(String(row['progress'])) as Progress) : null,
    isOther: row !== undefined && row['identity'] !== identity,
    note: progress => void put.run(identity, JSON.stringify(progress)),
    remove() {
      close()
      rmSync(path, { force: true })
    },
    close,
  }
}

function openFile(path: string): DatabaseSync {
  const isNew = !existsSync(path)
  let db: DatabaseSync | null = null
  try {
    db = new DatabaseSync(path, { timeout: 0 })
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE')
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0)
    if (version > format) throw new Error(`it has format ${version}, and this program knows ${format}`)
    if (version === 0 && !isNew && hasTables(db)) throw new Error('it is something else')
    db.exec(
      `CREATE TABLE IF NOT EXISTS sending (one INTEGER PRIMARY KEY, identity TEXT NOT NULL, progress TEXT NOT NULL);
       PRAGMA user_version = ${format}; COMMIT`,
    )
    return db
  } catch (error) {
    db?.close()
    if ((error as { errcode?: number }).errcode === sqliteBusy)
      throw new Failure(
        'BEING_SENT',
        `Cannot send this file because another process is sending it: it has ${path} open`,
      )
    throw new Failure(
      'BAD_JOURNAL',
      `Cannot note in ${path} how far the file was sent (${(error as Error).message}): name another place with --journal, or go without one with --no-journal`,
    )
  }
}

function hasTables(db: DatabaseSync): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name <> 'sending'").get() !== undefined
}
