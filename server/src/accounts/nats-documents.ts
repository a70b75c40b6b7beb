// The documents of accounts in NATS key-value, for an installation of several machines: the same store as documents.ts, and
// every process holds all of it in memory likewise. A put is durable when a quorum has it, and everybody who is connected
// hears of it at once. While the servers are away everything is answered as it was last known; `unseenMs` tells since when.
//
//   bucket datapulse-accounts   <kind>.<id>: the document as JSON; its revision is the bucket's own
//   bucket datapulse-uses       <id>: Unix milliseconds at which it was last used; written seldom, without waiting

import { jetstream } from '@nats-io/jetstream'
import { Kvm, type KV, type KvWatchEntry } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { isOvertaken } from '../jetstream-faults.ts'
import type { Documents } from './documents.ts'

export type NatsDocuments = Documents & {
  /** For how long nothing was heard from the servers; 0 while they are there. */
  unseenMs(): number
}

export type NatsDocumentsOptions = {
  connection: NatsConnection
  replicas: number
  now: () => number
  onFault: (fault: unknown) => void
}

type Entry = { id: string; revision: number; value: unknown }

/** One use in so long is written down of each. */
const usesMs = 30_000
/** The servers are asked for a sign of life so often. */
const aliveMs = 1_000

export async function openNatsDocuments(options: NatsDocumentsOptions): Promise<NatsDocuments> {
  const { connection, replicas, now, onFault } = options
  const manager = new Kvm(jetstream(connection))
  const bucket = await manager.create('datapulse-accounts', { replicas, history: 1 })
  const uses = await manager.create('datapulse-uses', { replicas, history: 1 })
  const kinds = new Map<string, Map<string, Entry>>()
  const used = new Map<string, number>()
  const written = new Map<string, number>()
  const watchers: ((kind: string, id: string) => void)[] = []
  let seenMs = now()
  let closed = false

  const take = ({
    key,
    revision,
    value,
    operation,
  }: Pick<KvWatchEntry, 'key' | 'revision' | 'value' | 'operation'>) => {
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
  const takeUse = ({ key, value, operation }: KvWatchEntry) => {
    if (operation === 'PUT') used.set(key, Math.max(used.get(key) ?? 0, Number(Buffer.from(value).toString('utf8'))))
  }
  const stops = [await follow(bucket, take, onFault), await follow(uses, takeUse, onFault)]
  const timer = setInterval(() => void look(), aliveMs)
  timer.unref()

  const look = async () => {
    try {
      await connection.flush()
      seenMs = now()
    } catch {
      // `unseenMs` says it.
    }
  }

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
    lastUsed: id => used.get(id) ?? null,
    unseenMs: () => (connection.isClosed() ? Number.POSITIVE_INFINITY : Math.max(0, now() - seenMs - 2 * aliveMs)),
    close() {
      if (closed) return
      closed = true
      clearInterval(timer)
      for (const stop of stops) stop()
    },
  }
}

/** Resolves when all that is there was taken; what comes is taken as it comes. Gives what ends it. */
async function follow(bucket: KV, take: (entry: KvWatchEntry) => void, onFault: (fault: unknown) => void) {
  const { values } = await bucket.status()
  const entries = await bucket.watch()
  const whole = Promise.withResolvers<void>()
  if (values === 0) whole.resolve()
  const run = async () => {
    for await (const entry of entries) {
      try {
        take(entry)
      } catch (fault) {
        onFault(fault)
      }
      if (entry.delta === 0 || entry.isUpdate) whole.resolve()
    }
  }
  void run().catch(onFault)
  await whole.promise
  return () => entries.stop()
}
