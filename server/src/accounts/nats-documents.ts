// The documents of accounts in NATS key-value, for an installation of several machines: the same store as documents.ts, and
// every process holds all of it in memory likewise. A put is durable when a quorum has it, and everybody who is connected
// hears of it at once. While the servers are away everything is answered as it was last known; `unseenMs` tells since when.
//
//   bucket datapulse-accounts   <kind>.<id>: the document as JSON; its revision is the bucket's own
//   bucket datapulse-uses       <id>: Unix milliseconds at which it was last used; written seldom, without waiting

import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { isOvertaken } from '../jetstream-faults.ts'
import type { Documents } from './documents.ts'

export type NatsDocuments = Documents & {
  /** For how long nothing was heard from the servers; 0 while they are there. */
  unseenMs(): number
  /** As `touch`, of all that are newer than what is known, and durable when it resolves. */
  noteUses(uses: Iterable<readonly [id: string, usedMs: number]>): Promise<void>
}

export type NatsDocumentsOptions = {
  connection: NatsConnection
  replicas: number
  now: () => number
  onFault: (fault: unknown) => void
}

type Put = Pick<KvWatchEntry, 'key' | 'revision' | 'value' | 'operation'>
type Entry = { id: string; revision: number; value: unknown }

/** What NATS names the stream under the bucket, and the subjects of its keys. */
const streamOfBucket = 'KV_datapulse-accounts'
const subjectsOfBucket = '$KV.datapulse-accounts.'
/** One use in so long is written down of each. */
const usesMs = 30_000
/** The servers are asked so often for what is newest. */
const lookMs = 300
/** A question that finds no leader is never answered. */
const lookMsMax = 400
/** From when on nothing counts as heard: a look may take its time. */
const unseenAfterMs = 2_000
const followMsMax = 5_000

export async function openNatsDocuments(options: NatsDocumentsOptions): Promise<NatsDocuments> {
  const { connection, replicas, now, onFault } = options
  const manager = new Kvm(jetstream(connection))
  const bucket = await manager.create('datapulse-accounts', { replicas, history: 1 })
  const { streams } = await jetstreamManager(connection, { timeout: lookMsMax })
  const uses = await manager.create('datapulse-uses', { replicas, history: 1 })
  const kinds = new Map<string, Map<string, Entry>>()
  const used = new Map<string, number>()
  const written = new Map<string, number>()
  const watchers: ((kind: string, id: string) => void)[] = []
  let heardRevision = 0
  let seenMs = now()
  let closed = false

  const take = ({ key, revision, value, operation }: Put) => {
    if (operation !== 'PUT') return
    const dot = key.indexOf('.')
    const [kind, id] = [key.slice(0, dot), key.slice(dot + 1)]
    const documents = kinds.get(kind) ?? new Map<string, Entry>()
    kinds.set(kind, documents)
    // What was put here is known before it is heard of.
    if ((documents.get(id)?.revision ?? 0) >= revision) return
    documents.set(id, { id, revision, value: JSON.parse(Buffer.from(value).toString('utf8')) })
    for (const changed of watchers) changed(kind, id)
  }
  const heard = (entry: Put) => {
    try {
      take(entry)
    } catch (fault) {
      onFault(fault)
    }
    heardRevision = Math.max(heardRevision, entry.revision)
  }
  const takeUse = ({ key, value, operation }: KvWatchEntry) => {
    if (operation === 'PUT') used.set(key, Math.max(used.get(key) ?? 0, Number(Buffer.from(value).toString('utf8'))))
  }
  const stops = [await follow(bucket, heard, onFault), await follow(uses, takeUse, onFault)]

  /** What is followed can fall silent for a while after a server died, so what is newest is asked for too. */
  const look = async () => {
    const { last_seq: newest } = (await streams.info(streamOfBucket)).state
    while (heardRevision < newest) {
      const missed = { seq: heardRevision + 1, next_by_subj: `${subjectsOfBucket}>` }
      const message = await streams.getMessage(streamOfBucket, missed)
      if (message === null) break
      const [key, revision] = [message.subject.slice(subjectsOfBucket.length), message.seq]
      heard({ key, revision, value: message.data, operation: 'PUT' })
    }
    seenMs = now()
  }
  const keepLooking = async () => {
    while (!closed && !connection.isClosed()) {
      await sleep(lookMs, undefined, { ref: false })
      // What fails is told by `unseenMs`, and tried again.
      if (!closed) await look().catch(() => {})
    }
  }
  void keepLooking()

  return {
    list: kind => [...(kinds.get(kind)?.values() ?? [])] as never[],
    get: (kind, id) => (kinds.get(kind)?.get(id) ?? null) as never,
    async put(kind, id, value, expected) {
      const [key, text] = [`${kind}.${id}`, JSON.stringify(value)]
      try {
        const revision = expected === 0 ? await bucket.create(key, text) : await bucket.update(key, text, expected)
        take({ key, revision, value: Buffer.from(text), operation: 'PUT' })
        return true
      } catch (fault) {
        if (!isOvertaken((fault as { code?: number }).code)) throw fault
        const newer = await bucket.get(key)
        if (newer !== null) take(newer)
        return false
      }
    },
    watch: changed => void watchers.push(changed),
    // What is new is heard of by itself.
    refresh() {},
    catchUp() {},
    touch(list) {
      for (const [id, usedMs] of list) {
        used.set(id, Math.max(used.get(id) ?? 0, usedMs))
        if (usedMs - (written.get(id) ?? Number.NEGATIVE_INFINITY) < usesMs) continue
        written.set(id, usedMs)
        uses.put(id, String(usedMs)).catch(onFault)
      }
    },
    async noteUses(list) {
      for (const [id, usedMs] of list) {
        if (usedMs <= (used.get(id) ?? 0)) continue
        await uses.put(id, String(usedMs))
        used.set(id, usedMs)
      }
    },
    lastUsed: id => used.get(id) ?? null,
    unseenMs: () => (connection.isClosed() ? Number.POSITIVE_INFINITY : Math.max(0, now() - seenMs - unseenAfterMs)),
    close() {
      if (closed) return
      closed = true
      for (const stop of stops) stop()
    },
  }
}

/** Resolves when all that is there was taken, in time or not at all; what comes is taken as it comes. Gives what ends it. */
async function follow(bucket: KV, take: (entry: KvWatchEntry) => void, onFault: (fault: unknown) => void) {
  const { values } = await bucket.status()
  const entries = await bucket.watch()
  const whole = Promise.withResolvers<void>()
  if (values === 0) whole.resolve()
  const run = async () => {
    for await (const entry of entries) {
      take(entry)
      if (entry.delta === 0 || entry.isUpdate) whole.resolve()
    }
  }
  void run().catch(onFault)
  const timer = setTimeout(() => whole.reject(new Error('what the bucket holds was not told in time')), followMsMax)
  try {
    await whole.promise
  } catch (fault) {
    entries.stop()
    throw fault
  } finally {
    clearTimeout(timer)
  }
  return () => entries.stop()
}
