// The note of the last load: how far the log has been processed.

import type { Connection } from './connection.ts'
import type { LoadNote } from './load.ts'

/** Null before the first load. */
export async function readLastNote(
  connection: Connection,
  workload: 'load' | 'ask' | 'status' = 'load',
): Promise<LoadNote | null> {
  const row = (await connection.select<NoteRow>(workload, lastNoteSql))[0]
  if (row === undefined) return null
  const { accepted, stored, duplicate, conflict, parked, rejected, ...note } = row
  return { ...note, totals: { accepted, stored, duplicate, conflict, parked, rejected } }
}

type NoteRow = Omit<LoadNote, 'totals'> & LoadNote['totals']

const lastNoteSql = `
  SELECT seq, log_id AS logId, log_from AS from, log_to AS to, fingerprint, token,
    toUnixTimestamp64Milli(loaded_at) AS loadedMs, accepted, stored, duplicate, conflict, parked, rejected
  FROM loads ORDER BY seq DESC LIMIT 1`
