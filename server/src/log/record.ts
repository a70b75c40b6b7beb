// What the log holds: one record per accepted request, with the body exactly as the partner sent it (after
// decompression; of a partial batch, the text of each event that was taken), and one `tally` record per second in which
// requests were rejected.

/** One entry of the log. */
export type LogRecord = {
  /**
   * `event`: one JSON object; `batch`: a JSON array of them; `tally`: what the API rejected, as JSON (see api/tally.ts);
   * `rejection`: a request that it rejected, with its body (see api/rejections.ts).
   */
  kind: 'event' | 'batch' | 'tally' | 'rejection'
  /** UUID, lower case with dashes. */
  requestId: string
  /** Product id; on a tally `''`, or one of those that it tells of. */
  product: string
  /** Id of the key that sent it, marked when an operator sends it again (steps/replay-key.ts); `''` on a tally. */
  keyId: string
  mode: 'live' | 'test'
  /** When the API received it: Unix milliseconds. */
  receivedMs: number
  /** How many events the body holds; 0 on a tally and a rejection. */
  events: number
  /** The request's Idempotency-Key, printable ASCII; absent when it had none. */
  idempotencyKey?: string
  /** Where in the sent batch the events of the body stood, when others of it were refused; absent when all are here. */
  positions?: number[]
  /** The request that was rejected or parked, and is sent again with this one by an operator; absent on any other. */
  replayOf?: string
  body: Uint8Array
}

/** A record with its place: records are numbered from 0 without a gap. */
export type StoredRecord = LogRecord & { offset: number }

/** Where the log ends: the offset that the next record will get, and how many events lie before it. */
export type LogHead = { offset: number; events: number }

/**
 * A stretch that cannot be read any more. `events` is exact: it comes from the running totals on both sides. (A reader
 * that was started anew inside of such a stretch does not know its left side: then `events` is 0 and `reason` says so;
 * `nextEvents` of the read is exact all the same.)
 */
export type DamagedRange = { from: number; to: number; events: number; reason: string }

/** What one read gives, in order. `damage` lies before, between or after the records, by its offsets. */
export type ReadResult = {
  records: StoredRecord[]
  damage: DamagedRange[]
  /** Where to read on. */
  next: number
  /** How many events lie before `next`, damaged ones included. */
  nextEvents: number
}

/** Records as they lie in a commit, one after another. */
export type PackedRecords = { bytes: Uint8Array; records: number; events: number }

/** What the API needs of a log. */
export type LogWriter = {
  /** Calls `done` without a fault once the record survives a power cut, with one otherwise. Never calls it twice. */
  append(record: LogRecord, done: (fault: LogFault | null) => void): void
  /** The same for records that are packed already (packed.ts), all or none of them. */
  appendPacked(packed: PackedRecords, done: (fault: LogFault | null) => void): void
  /** Of a log that keeps products apart: where this one's records go. What lies in one record goes to one part. */
  partOf?(product: string): number
  status(): LogStatus
  /** Waits for what was appended, then closes. Appends after it fail. */
  close(): Promise<void>
}

/** What the pipeline needs of a log. Works in any process, beside a live writer. */
export type LogReader = {
  /** Names this log; another log, even at the same path, has another id. UUID. */
  id(): Promise<string>
  head(): Promise<LogHead>
  /** The first offset that is still there. */
  oldest(): Promise<LogHead>
  /**
   * At most `recordsMax` records and about `bytesMax` bytes of bodies from `offset` on; empty when there is nothing yet.
   * May give fewer than there are, so as to end between two commits.
   */
  read(offset: number, limit: { recordsMax: number; bytesMax: number }): Promise<ReadResult>
  /** Checksum of the record before `offset`, or null when it is not there any more: tells a log that was rolled back. */
  fingerprintBefore(offset: number): Promise<string | null>
  /** Of a log that can tell: a place before which it is what it was, whatever it lost behind it. */
  sure?(): Promise<LogHead>
  /** Tells retention that everything below `offset` is processed. */
  consumed(offset: number): Promise<void>
  close(): Promise<void>
}

export type LogStatus = {
  id: string
  head: LogHead
  oldestOffset: number
  consumedOffset: number
  bytes: number
  segments: number
  /** Full segments that wait to be brought into their final form. */
  unsealed: number
  /** Bytes that wait for the disk. */
  pendingBytes: number
  /** What was found broken at start, one sentence each. */
  damage: string[]
  /** null when appends are taken; else why they are not. */
  refusing: LogFault | null
  /** Of a log that keeps products apart: how many parts refuse; `refusing` is told when all do. */
  partsRefusing?: number
  /** What an acknowledged record may not survive though it should; absent where it survives everything promised. */
  weaker?: string
  /** Commits since start, records since start, and the last commit's duration in milliseconds. */
  commits: number
  records: number
  commitMsLast: number
}

/** Why a record could not be made durable. The API answers 500 with `Retry-After: retryAfterSeconds`. */
export type LogFault = {
  code: 'LOG_BUDGET' | 'LOG_DISK_FULL' | 'LOG_IO' | 'LOG_CLOSED'
  message: string
  retryAfterSeconds: number
}
