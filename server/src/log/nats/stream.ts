// The stream of one share of the log, and the bucket in which it is noted how far the log was processed. Made when they are
// not there; refused, in one sentence, when they are not what they must be.
//
//   stream  datapulse-log-<share>      subjects datapulse.log.<share>.*; files; refuses what does not fit
//   bucket  datapulse-marks            log.<share>.consumed and log.<share>.mark.<offset>: a Mark as JSON
//
// The log's id is in the stream's description, so that a stream that was made anew has another.

import { setTimeout as sleep } from 'node:timers/promises'
import {
  DeliverPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  JetStreamApiCodes,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamInfo,
} from '@nats-io/jetstream'
import { Kvm, type KV } from '@nats-io/kv'
import { type Msg, type MsgHdrs, nanos, type NatsConnection } from '@nats-io/transport-node'
import { LogReadFault } from '../fault.ts'
import { unpackRecords } from '../packed.ts'
import { commitHeader, laneOf, readNote } from './commit-message.ts'
import { doubtServer } from './cut-off.ts'
import { logOrigin, type Mark } from './lane-book.ts'

export type StreamOptions = {
  share: number
  replicas: number
  budgetBytes: number
  /** Throws where nothing of the stream may be made or changed: what the bucket of the marks says comes first. */
  allow?: (bucket: KV) => Promise<void>
}

export type LogStream = {
  name: string
  share: number
  replicas: number
  clock: StreamClock
  info(): Promise<Pick<StreamInfo, 'config' | 'state'>>
  /** Throws when nothing is answered in time. */
  put(subject: string, body: Uint8Array, headers: MsgHdrs, timeoutMs: number): Promise<PutReply>
  /** What is put is acknowledged by nobody: other servers may do better. */
  doubt(): void
  isClosed(): boolean
  /** Gives messages from one on, in order; with their heads alone where the bodies are not wanted. */
  openConsumer(seq: number, headsOnly: boolean): Promise<StreamConsumer>
  /** Lets go of all before that message. */
  dropBefore(seq: number): Promise<void>
  /** The last message of a subject. */
  lastOf(subject: string): Promise<{ id: string; seq: number } | null>
  /** The message of that number; what is not there was `dropped`, or is `absent`: behind all that are there. */
  at(seq: number): Promise<StreamMessage | 'dropped' | 'absent'>
  /** The request of the record that is the last; null without any. */
  lastRequest(): Promise<string | null>
  marks: Marks
  /**
   * Noted places of what is there, by offset, the first being where it begins; and the last place, how far the log was
   * processed unless `lost` tells of another: the stream does not have any more what came before that.
   */
  places(): Promise<{ marks: Mark[]; last: Mark; lost: Mark | null }>
  /** The bucket of the marks, where owners are noted too. */
  bucket: KV
}

/** `now`: milliseconds from whenever, growing. */
export type StreamClock = {
  now(): number
  /** Never rejects; the signal ends it early. */
  sleep(ms: number, signal?: AbortSignal): Promise<unknown>
}

const realClock: StreamClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { ...(signal !== undefined && { signal }) }).catch(() => {}),
}

export type PutReply = { seq: number; code: 0; text: '' } | { seq: null; code: number; text: string }

export type StreamEntry = {
  seq: number
  subject: string
  headers?: Pick<MsgHdrs, 'get'> | undefined
  data: Uint8Array
  time: Date
}

export type StreamConsumer = {
  /** Ends by itself after `expires` milliseconds, or when it has given what was wanted. */
  fetch(wanted: ({ max_messages: number } | { max_bytes: number }) & { expires: number }): Promise<Fetched>
}

export type Fetched = AsyncIterable<StreamEntry> & { close(): unknown; stop(cause: Error): unknown }

export type StreamMessage = { id: string; lane: string; note: ReturnType<typeof readNote> }

/** What servers did that lost what they had acknowledged. */
export const wentBackWords = (stream: string) =>
  `stream ${stream} went back: its servers do not have any more what was read of it, or give its numbers to other messages`

/** How a place stands in a stream: what is before it is the same as it was, another, or not there. */
export type Standing = 'same' | 'other' | 'absent'

/** `found`: the message before the mark. */
export function standingOf({ lanes, seq }: Mark, found: StreamMessage | 'dropped' | 'absent'): Standing {
  if (found === 'dropped' || seq <= 1) return 'same'
  if (found === 'absent') return 'absent'
  const { lane, note } = found
  // What cannot be read tells nothing.
  if (note === null || note === 'newer') return 'same'
  const known = lanes[lane]
  const isSame =
    known?.records === note.recordsBefore + note.records && known.events === note.eventsBefore + note.events
  return isSame ? 'same' : 'other'
}

/** How far the log was processed, and earlier places of it. */
export type Marks = {
  consumed(): Promise<Mark | null>
  writeConsumed(mark: Mark): Promise<void>
  /** By offset. */
  list(): Promise<Mark[]>
  add(mark: Mark): Promise<void>
  remove(offsets: readonly number[]): Promise<void>
}

/** A server that leads no more and does not know it may not have what the others have: it is asked so often before that is believed. */
export const absencesMax = 6
export const absentMs = 2_000
/** A consumer that nobody asks goes. */
const idleMs = 300_000
/** Repetitions of a message are recognised for so long; longer than anybody goes on repeating one. */
const duplicateWindowMs = 120_000
const description = (id: string) => `DataPulse log ${id}`

export async function openStream(connection: NatsConnection, options: StreamOptions): Promise<LogStream> {
  const { share, replicas, budgetBytes, allow } = options
  const name = `datapulse-log-${share}`
  const client = jetstream(connection)
  const manager = await jetstreamManager(connection)
  const found = await infoOf(manager, name)
  if (found !== null) refuseOthers(found, replicas)
  const bucket = await new Kvm(client).create('datapulse-marks', { replicas, history: 1 })
  await allow?.(bucket)
  const info = found ?? (await make(manager, name, options))
  if (info.config.max_bytes !== budgetBytes) await manager.streams.update(name, { max_bytes: budgetBytes })
  const marks = marksIn(bucket, share)
  const at = async (seq: number): Promise<StreamMessage | 'dropped' | 'absent'> => {
    const found = seq < 1 ? null : await manager.streams.getMessage(name, { seq })
    if (found === null) return seq <= (await manager.streams.info(name)).state.last_seq ? 'dropped' : 'absent'
    const lane = laneOf(found.subject)
    return { id: found.header.get('Nats-Msg-Id'), lane, note: readNote(lane, found.header.get(commitHeader)) }
  }
  return {
    name,
    share,
    replicas,
    clock: realClock,
    info: () => manager.streams.info(name),
    put: async (subject, body, headers, timeout) =>
      readReply(await connection.request(subject, body, { headers, timeout })),
    doubt: () => doubtServer(connection),
    isClosed: () => connection.isClosed(),
    openConsumer: (seq, headsOnly) =>
      client.consumers.get(name, {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: seq,
        headers_only: headsOnly,
        inactive_threshold: idleMs,
      }) as Promise<StreamConsumer>,
    async dropBefore(seq) {
      await manager.streams.purge(name, { seq })
    },
    async lastOf(subject) {
      const last = await manager.streams.getMessage(name, { last_by_subj: subject })
      return last === null ? null : { id: last.header.get('Nats-Msg-Id'), seq: last.seq }
    },
    async lastRequest() {
      const { last_seq, messages } = (await manager.streams.info(name)).state
      const last = messages === 0 ? null : await manager.streams.getMessage(name, { seq: last_seq })
      if (last === null) return null
      const note = readNote(laneOf(last.subject), last.header.get(commitHeader))
      const records = note === null || note === 'newer' ? null : unpackRecords(last.data, 0, note.records)
      return records?.at(-1)?.requestId ?? null
    },
    at,
    marks,
    places: () => placesOf({ at, marks, info: () => manager.streams.info(name), clock: realClock }),
    bucket,
  }
}

/** See `LogStream.places`. */
export async function placesOf({
  at,
  marks,
  info,
  clock,
}: Pick<LogStream, 'at' | 'marks' | 'info' | 'clock'>): ReturnType<LogStream['places']> {
  const stands = async (mark: Mark) => {
    for (let tries = 1; ; tries++) {
      const standing = standingOf(mark, await at(mark.seq - 1))
      if (standing !== 'absent' || tries === absencesMax) return standing === 'same'
      await clock.sleep(absentMs)
    }
  }
  const { first_seq } = (await info()).state
  // Messages are let go of up to a noted place; what is noted before that is taken off the notes later.
  const noted = (await marks.list()).filter(mark => mark.seq >= first_seq)
  const all = first_seq > 1 && noted.length > 0 ? noted : [logOrigin, ...noted]
  const consumed = await marks.consumed()
  const [first = logOrigin] = all
  if (consumed === null) return { marks: all, last: first, lost: null }
  if (await stands(consumed)) return { marks: all, last: consumed, lost: null }
  while (all.length > 1 && !(await stands(all.at(-1) as Mark))) all.pop()
  return { marks: all, last: all.at(-1) ?? first, lost: consumed }
}

/** Another process may make it meanwhile. */
async function make(
  manager: JetStreamManager,
  name: string,
  { share, replicas, budgetBytes }: StreamOptions,
): Promise<StreamInfo> {
  const wish = {
    name,
    description: description(crypto.randomUUID()),
    subjects: [`datapulse.log.${share}.*`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_bytes: budgetBytes,
    duplicate_window: nanos(duplicateWindowMs),
    allow_direct: true,
  }
  await manager.streams.add(wish).catch(async cause => {
    if ((await infoOf(manager, name)) === null) throw cause
  })
  const info = await manager.streams.info(name)
  refuseOthers(info, replicas)
  return info
}

async function infoOf(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name)
  } catch (cause) {
    if ((cause as { code?: number }).code === JetStreamApiCodes.StreamNotFound) return null
    throw cause
  }
}

/** The log's id. */
export function idOf(info: Pick<StreamInfo, 'config'>): string {
  const found = /^DataPulse log ([0-9a-f-]{36})$/.exec(info.config.description ?? '')?.[1]
  if (found !== undefined) return found
  throw new LogReadFault(
    'LOG_ABSENT',
    `Cannot name the log because stream ${info.config.name} must have been made by DataPulse`,
  )
}

function refuseOthers({ config }: StreamInfo, replicas: number): void {
  const wanted: [string, string | number, string | number][] = [
    ['storage', config.storage, StorageType.File],
    ['discard', config.discard, DiscardPolicy.New],
    ['retention', config.retention, RetentionPolicy.Limits],
    ['max_age', config.max_age, 0],
    ['num_replicas', config.num_replicas, replicas],
  ]
  const wrong = wanted.filter(([, is, want]) => is !== want).map(([key, is, want]) => `${key} ${want}: got ${is}`)
  if (wrong.length > 0)
    throw new Error(`Cannot use stream ${config.name} for the log because it must have ${wrong.join(', and ')}.`)
}

const offsetDigits = 16

function marksIn(bucket: KV, share: number): Marks {
  const keyOf = (offset: number) => `log.${share}.mark.${String(offset).padStart(offsetDigits, '0')}`
  const read = async (key: string): Promise<Mark | null> => {
    const entry = await bucket.get(key)
    return entry === null || entry.operation !== 'PUT' ? null : entry.json<Mark>()
  }
  return {
    consumed: () => read(`log.${share}.consumed`),
    async writeConsumed(mark) {
      await bucket.put(`log.${share}.consumed`, JSON.stringify(mark))
    },
    async list() {
      const keys: string[] = []
      for await (const key of await bucket.keys(`log.${share}.mark.*`)) keys.push(key)
      const marks = await Promise.all(keys.toSorted().map(read))
      return marks.filter(mark => mark !== null)
    },
    async add(mark) {
      await bucket.put(keyOf(mark.offset), JSON.stringify(mark))
    },
    async remove(offsets) {
      for (const offset of offsets) await bucket.purge(keyOf(offset))
    },
  }
}

function readReply(reply: Msg): PutReply {
  const told = reply.json<{ seq?: number; error?: { err_code?: number; description?: string } }>()
  if (told.error === undefined && Number.isSafeInteger(told.seq) && (told.seq ?? 0) > 0)
    return { seq: told.seq as number, code: 0, text: '' }
  return { seq: null, code: told.error?.err_code ?? 0, text: told.error?.description ?? 'a reply that says nothing' }
}
