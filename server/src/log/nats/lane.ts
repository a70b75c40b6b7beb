// One lane of the log: commits that are put one after the other, each once the one before it is acknowledged. What is not
// acknowledged is put again, under the same id and with the same expectation of what lies before it, so that it is in the
// stream once, whatever was lost on the way. A commit whose fate cannot be told in time ends the lane: its callers hear
// that it may have been kept, and nothing follows it.
//
// Servers that lost what they had acknowledged to the lane refuse its next commit, whose expectation cannot hold. The lane
// goes on from what they have: what its messages tell of what lies before them shows readers the gap, counted exactly.

import { crc32 } from 'node:zlib'
import { headers } from '@nats-io/transport-node'
import { isOvertaken } from '../../jetstream-faults.ts'
import { appendFault } from '../fault.ts'
import type { CommitPort, PackedGroup } from '../group-commit.ts'
import type { LogLogger } from '../log.ts'
import type { LogFault } from '../record.ts'
import { commitHeader, subjectOf, writeNote } from './commit-message.ts'
import { type LogStream, wentBackWords } from './stream.ts'

export type LaneParts = {
  stream: Pick<LogStream, 'name' | 'share' | 'clock' | 'put' | 'doubt' | 'isClosed' | 'lastOf'>
  /** A name of its own, never the same again. */
  id: string
  limits: { ackMsMax: number; tryMs: number; retryMs: number }
  now: () => number
  logger: LogLogger
}

type CommitDone = Parameters<CommitPort['commit']>[1]
type Outcome = { seq: number } | { fault: LogFault; ends: boolean }

/** JetStream's words; the codes are the server's. */
const streamIsFull = [10_077, 10_122]
const noRoom = [10_023, 10_047, 10_028]
/** So often nothing was answered, and the others may have another leader by now. */
const triesBeforeDoubt = 2

export class Lane implements CommitPort {
  #parts: LaneParts
  #number = 0
  #lastSeq = 0
  #records = 0
  #events = 0
  #endedBy: LogFault | null = null
  lastMs: number

  constructor(parts: LaneParts) {
    this.#parts = parts
    this.lastMs = parts.now()
  }

  /** Whether it takes no more. */
  get ended(): boolean {
    return this.#endedBy !== null
  }

  /** The place of what was acknowledged last; 0 before that. */
  get lastSeq(): number {
    return this.#lastSeq
  }

  commit(group: PackedGroup, done: CommitDone): void {
    void this.#commit(group, done)
  }

  async #commit(group: PackedGroup, done: CommitDone): Promise<void> {
    done(await this.#put(group), group.buffer)
  }

  async #put({ buffer, bytes, records, events }: PackedGroup): Promise<LogFault | null> {
    if (this.#endedBy !== null) return this.#endedBy
    const { id, stream, now } = this.#parts
    const body = buffer.subarray(0, bytes)
    const note = { records, events, recordsBefore: this.#records, eventsBefore: this.#events, bodySum: crc32(body) }
    const messageId = `${id}.${this.#number}`
    const head = headers()
    head.set('Nats-Msg-Id', messageId)
    head.set(commitHeader, writeNote(id, note))
    const outcome = await this.#untilKnown(subjectOf(stream.share, id), body, head, messageId)
    this.lastMs = now()
    if ('fault' in outcome) {
      if (outcome.ends) this.#endedBy = outcome.fault
      return outcome.fault
    }
    this.#number++
    this.#lastSeq = outcome.seq
    this.#records += records
    this.#events += events
    return null
  }

  async #untilKnown(
    subject: string,
    body: Uint8Array,
    head: ReturnType<typeof headers>,
    messageId: string,
  ): Promise<Outcome> {
    const { stream, limits, now } = this.#parts
    const endMs = now() + limits.ackMsMax
    for (let sent = 0; ; ) {
      let why: string
      head.set('Nats-Expected-Last-Subject-Sequence', String(this.#lastSeq))
      try {
        sent++
        const told = await stream.put(subject, body, head, limits.tryMs)
        if (told.seq !== null) return { seq: told.seq }
        // Refused before anything was kept, unless an earlier try was.
        if (sent === 1 && streamIsFull.includes(told.code)) return { fault: fullFault(told.text), ends: false }
        if (sent === 1 && noRoom.includes(told.code)) return { fault: roomFault(told.text), ends: false }
        if (isOvertaken(told.code)) {
          const last = await stream.lastOf(subject)
          if (last?.id === messageId) return { seq: last.seq }
          if ((last?.seq ?? 0) < this.#lastSeq) this.#goOnFrom(last?.seq ?? 0)
        }
        why = told.text
      } catch (cause) {
        why = cause instanceof Error ? cause.message : String(cause)
        if (sent >= triesBeforeDoubt) stream.doubt()
      }
      if (now() >= endMs || stream.isClosed()) return { fault: unknownFault(why), ends: true }
      await stream.clock.sleep(limits.retryMs)
    }
  }

  /** What was acknowledged behind `seq` is gone. Should a server say so that knows no better, the next try is refused like this one. */
  #goOnFrom(seq: number): void {
    const { stream, id, logger } = this.#parts
    logger.error({ stream: stream.name, lane: id, acknowledged: this.#lastSeq, last: seq }, wentBackWords(stream.name))
    this.#lastSeq = seq
  }
}

function fullFault(text: string): LogFault {
  return appendFault('LOG_BUDGET', `Cannot append to the log because its stream is full: ${text}`, 5)
}

function roomFault(text: string): LogFault {
  return appendFault('LOG_DISK_FULL', `Cannot append to the log because its servers have no room: ${text}`, 5)
}

function unknownFault(text: string): LogFault {
  const message = `Cannot tell whether the log has the append because its servers did not acknowledge it (${text}): it may or may not have been kept; send again with the same transaction_id or message_id`
  return appendFault('LOG_IO', message, 2)
}
