// Who has a share: one at a time, handed over at once or when its owner is silent, and never had by two.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream } from '@nats-io/jetstream'
import { type KV, Kvm } from '@nats-io/kv'
import { connect } from '@nats-io/transport-node'
import { type NatsServers, skipWithoutNats as skip, startNats } from '../log/nats/testing/nats-servers.ts'
import type { Pending } from '../pipeline/index/identity-index.ts'
import { type ShareLease, type ShareLeaseParts, takeShare } from './share-lease.ts'

const logger = { info() {}, warn() {}, error() {} }
const times = { beatMs: 100, lostMs: 400, takeMs: 1_000, lookMs: 50 }
const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.toReversed()) await end()
})

async function servers(): Promise<NatsServers> {
  const started = await startNats({ payloadBytesMax: 2 ** 20 })
  ends.push(() => started.remove())
  return started
}

async function bucketAt(url: string): Promise<KV> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50, timeout: 500 })
  ends.push(() => connection.close())
  return new Kvm(jetstream(connection, { timeout: 300 })).create('datapulse-marks', { history: 1 })
}

async function take(bucket: KV, more: Partial<ShareLeaseParts> = {}): Promise<ShareLease> {
  const lease = await takeShare({ bucket, share: 0, owner: crypto.randomUUID(), logger, times, ...more })
  assert.ok(lease !== null)
  ends.push(() => lease.release())
  return lease
}

const isPending = async (promise: Promise<unknown>) =>
  (await Promise.race([promise.then(() => false), sleep(0).then(() => true)])) as boolean

function pendingOf(seq: number): Pending {
  return { seq, logId: 'log', from: seq, to: seq + 1, fromEvents: seq, part: null, token: `token ${seq}` }
}

test('a share is had by one, and handed over with what was begun last when it is let go', { skip }, async () => {
  const { url } = await servers()
  const one = await take(await bucketAt(url))
  assert.equal(one.epoch, 1)
  assert.equal(one.pending(), null)
  const waiting = take(await bucketAt(url))
  await sleep(2 * times.takeMs)
  assert.ok(await isPending(waiting), 'nobody else has it while its owner is there')
  await one.begin(pendingOf(7))
  await one.release()
  const other = await waiting
  assert.equal(other.epoch, 2)
  assert.deepEqual(other.pending(), pendingOf(7))
  await assert.rejects(one.begin(pendingOf(8)), /not this process's any more/)
  assert.ok(await isPending(one.lost), 'what was let go is not lost')
  const elsewhere = await take(await bucketAt(url), { share: 1 })
  assert.equal(elsewhere.epoch, 1)
})

test('an owner that was silent for too long finds that it can begin nothing any more', { skip }, async () => {
  const { url } = await servers()
  const first = await bucketAt(url)
  const paused: { until: Promise<void> } = { until: Promise.resolve() }
  // A process that stands still: it says nothing, and what it was about to say it says later.
  const slow = new Proxy(first, {
    get(target, name: keyof KV) {
      const method = target[name] as (...args: unknown[]) => unknown
      if (typeof method !== 'function') return method
      return async (...args: unknown[]) => {
        await paused.until
        return method.apply(target, args)
      }
    },
  })
  const one = await take(slow, { times: { ...times, lostMs: 1e9 } })
  await one.begin(pendingOf(1))
  const resumed = Promise.withResolvers<void>()
  paused.until = resumed.promise
  const late = one.begin(pendingOf(2))
  const other = await take(await bucketAt(url))
  assert.deepEqual(other.pending(), pendingOf(1))
  await other.begin(pendingOf(2))
  resumed.resolve()
  await assert.rejects(late, /not this process's any more/)
  assert.match(await one.lost, /another process has taken it/)
  await other.begin(pendingOf(3))
  assert.deepEqual(other.pending(), pendingOf(3))
})

test('without servers an owner gives up before anybody could take over, and one that waits goes on waiting', {
  skip,
}, async () => {
  const cluster = await servers()
  const one = await take(await bucketAt(cluster.url))
  const cancelled = Promise.withResolvers<void>()
  const waiting = takeShare({
    bucket: await bucketAt(cluster.url),
    share: 0,
    owner: 'one that waits',
    logger,
    times,
    cancelled: cancelled.promise,
  })
  await cluster.signal(0, 'SIGKILL')
  assert.match(await one.lost, /nothing could be said for \d+ ms/)
  await assert.rejects(one.begin(pendingOf(1)))
  assert.ok(await isPending(waiting))
  cancelled.resolve()
  assert.equal(await waiting, null)
})

test('a process has at once what the one of its name had, and that one nothing any more', { skip }, async () => {
  const { url } = await servers()
  const endless = { ...times, takeMs: 1e9 }
  const before = await take(await bucketAt(url), { owner: 'pipeline of one', times: endless })
  await before.begin(pendingOf(3))
  const waiting = take(await bucketAt(url), { times: endless })
  const next = await take(await bucketAt(url), { owner: 'pipeline of one', times: endless })
  assert.equal(next.epoch, 2)
  assert.deepEqual(next.pending(), pendingOf(3))
  await assert.rejects(before.begin(pendingOf(4)), /not this process's any more/)
  await assert.rejects(before.hold(), /not this process's any more/)
  await next.hold()
  assert.deepEqual(next.pending(), pendingOf(3))
  assert.ok(await isPending(waiting))
  await next.release()
  await (await waiting).release()
})
