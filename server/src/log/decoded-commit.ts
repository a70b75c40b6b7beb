// A commit whose checksum was verified and whose records were unpacked.

import { bodyIsIntact, type Commit, type CommitHead } from './commit.ts'
import { unpackRecords } from './packed.ts'
import type { StoredRecord } from './record.ts'

export type DecodedCommit = { head: CommitHead; records: StoredRecord[] }

/** The commit's records, null for no commit, or why it cannot be decoded. */
export function decode(commit: Commit | null): DecodedCommit | string | null {
  if (commit === null) return null
  if (!bodyIsIntact(commit)) return 'the bytes of a commit do not fit their checksum'
  const records = unpackRecords(commit.body, commit.offset, commit.records)
  return records === null ? 'the bytes of a commit are not packed records' : { head: commit, records }
}

/** The running total at a record of it. */
export function eventsAt({ head, records }: DecodedCommit, offset: number): number {
  let events = head.eventsBefore
  for (let i = 0; i < offset - head.offset; i++) events += records[i]!.events
  return events
}
