// The log on real NATS servers: what is acknowledged is there once, in order, whatever is killed, and read like any other log.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import type { LogFault, LogReader, LogRecord, LogWriter, StoredRecord } from '../record.ts'
import { connectNats, weaknessOf } from './connection.ts'
import { openNatsReader } from './nats-reader.ts'
import { openNatsWriter } from './nats-writer.ts'
import { openStream } from './stream.ts'
import { type NatsServers, skipWithoutNats as skip, startNats, untilWorks } from './testing/nats-servers.ts'

const logger = { info() {}, warn() {}, error() {} }
const opened: (() => Promise<unknown>)[] = []
after(async () => {
  for (const close of opened.toReversed()) await close()
})

async function servers(options: Parameters<typeof startNats>[0] = {}): Promise<NatsServers> {
  const started = await startNats(options)
  opened.push(() => started.remove())
  return started
}

async function connected(url: string): Promise<NatsConnection> {
  const connection = await connectNats({ url, name: 'test', acceptWeaker: true, logger })
  opened.push(() => connection.close())
  return connection
}

const groupLimits = { commitBytesMax: 2 ** 20, commitRecordsMax: 4_096, pendingBytesMax: 2 ** 26 }

async function writerOf(url: string, replicas = 1, more: { ackMsMax?: number } = {}): Promise<LogWriter> {
  const connection = await connected(url)
  const stream = await untilWorks(() => openStream(connection, { share: 0, replicas, budgetBytes: 2 ** 30 }))
  const writer = await openNatsWriter({ connection, stream, limits: groupLimits, now: Date.now, logger, ...more })
  opened.push(() => writer.close())
  return writer
}

async function readerOf(url: string, replicas = 1, retention = { ms: 1e9, bytes: 2 ** 40 }): Promise<LogReader> {
  const connection = await connected(url)
  const stream = await untilWorks(() => openStream(connection, { share: 0, replicas, budgetBytes: 2 ** 30 }))
  const reader = await openNatsReader({ stream, retention, now: Date.now, logger })
  opened.push(() => reader.close())
  return reader
}

let requests = 0
function recordOf(events = 1, bytes = 40): LogRecord {
  const body = Buffer.from(`${++requests} `.padEnd(bytes, 'x'))
  const requestId = `00000000-0000-7000-8000-${String(requests).padStart(12, '0')}`
  return {
    kind: 'batch',
    requestId,
    product: 'casino',
    keyId: 'key_a',
    mode: 'live',
    receivedMs: 1_750_000_000_000 + requests,
    events,
    body,
  }
}

const append = (writer: LogWriter, record: LogRecord) =>
  new Promise<LogFault | null>(resolve => writer.append(record, resolve))

async function readAll(reader: LogReader, from = 0, recordsMax = 7): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  const head = await reader.head()
  for (let next = from; next < head.offset; ) {
    const read = await reader.read(next, { recordsMax, bytesMax: 1_000_000 })
    assert.deepEqual(read.damage, [])
    records.push(...read.records)
    const events = records.reduce((sum, record) => sum + record.events, 0)
    if (from === 0 && read.next > next) assert.equal(read.nextEvents, events)
    next = read.next
  }
  return records
}

test('records are read as they were appended, numbered without a gap, and counted', { skip }, async () => {
  const { url } = await servers()
  const writer = await writerOf(url)
  const sent = Array.from({ length: 400 }, (_, i) => recordOf(i % 5, 40 + (i % 3) * 10_000))
  const faults = await Promise.all(sent.map(record => append(writer, record)))
  assert.deepEqual(new Set(faults), new Set([null]))
  const reader = await readerOf(url)
  const head = await reader.head()
  assert.deepEqual(head, { offset: 400, events: sent.reduce((sum, record) => sum + record.events, 0) })
  const found = await readAll(reader)
  assert.deepEqual(
    found.map(record => record.offset),
    sent.map((_, i) => i),
  )
  const byId = new Map(sent.map(record => [record.requestId, record]))
  for (const { offset: _, ...record } of found) {
    const { body, ...rest } = byId.get(record.requestId) as LogRecord
    const { body: foundBody, ...foundRest } = record
    assert.deepEqual(foundRest, rest)
    assert.ok(Buffer.from(foundBody).equals(Buffer.from(body)))
  }
  // From anywhere, also backwards, and by a reader that begins there.
  for (const from of [399, 250, 1, 123]) {
    assert.deepEqual(await readAll(reader, from, 50), found.slice(from))
    assert.deepEqual(await readAll(await readerOf(url), from, 50), found.slice(from))
  }
  assert.match((await reader.fingerprintBefore(200)) ?? '', /^[0-9a-f]+-[0-9a-f]+-[0-9a-f]+$/)
  assert.equal(await reader.fingerprintBefore(0), null)
  assert.equal(await reader.id(), writer.status().id)
})

test('a reader follows what comes, and another one goes on where the first was processed', { skip }, async () => {
  const { url } = await servers()
  const writer = await writerOf(url)
  const reader = await readerOf(url)
  const read: string[] = []
  const sent: string[] = []
  let next = 0
  for (let round = 0; round < 5; round++) {
    const records = Array.from({ length: 50 }, () => recordOf(2))
    await Promise.all(records.map(record => append(writer, record)))
    sent.push(...records.map(record => record.requestId))
    while (read.length < sent.length) {
      const { records: found, next: to } = await reader.read(next, { recordsMax: 30, bytesMax: 1_000_000 })
      read.push(...found.map(record => record.requestId))
      next = to
      if (found.length === 0) await sleep(5)
    }
    await sleep(510)
    await reader.consumed(next)
  }
  assert.deepEqual(read.toSorted(), sent.toSorted())
  const later = await readerOf(url)
  assert.deepEqual(await later.head(), { offset: 250, events: 500 })
  assert.deepEqual((await later.read(250, { recordsMax: 10, bytesMax: 1_000 })).records, [])
  await append(writer, recordOf(3))
  assert.deepEqual(await later.head(), { offset: 251, events: 503 })
  assert.equal((await readAll(later, 240)).length, 11)
})

test('several writers at once are one log', { skip }, async () => {
  const { url } = await servers()
  const writers = [await writerOf(url), await writerOf(url), await writerOf(url)]
  const sent = Array.from({ length: 300 }, () => recordOf())
  const faults = await Promise.all(sent.map((record, i) => append(writers[i % 3] as LogWriter, record)))
  assert.deepEqual(new Set(faults), new Set([null]))
  const found = await readAll(await readerOf(url))
  assert.deepEqual(found.map(record => record.requestId).toSorted(), sent.map(record => record.requestId).toSorted())
})

test('servers that are killed one after the other lose nothing that was acknowledged, and double nothing', {
  skip,
}, async () => {
  const cluster = await servers({ count: 3 })
  const writer = await writerOf(cluster.url, 3)
  const acknowledged = new Set<string>()
  const unknown = new Set<string>()
  let stop = false
  const send = async () => {
    while (!stop) {
      const record = recordOf()
      const fault = await append(writer, record)
      if (fault === null) acknowledged.add(record.requestId)
      else unknown.add(record.requestId)
    }
  }
  const senders = Array.from({ length: 8 }, send)
  for (const index of [0, 1, 2]) {
    await sleep(700)
    await cluster.signal(index, 'SIGKILL')
    await sleep(1_500)
    await cluster.start(index)
    await sleep(2_500)
  }
  stop = true
  await Promise.all(senders)
  assert.ok(acknowledged.size > 100, `${acknowledged.size}`)
  const found = await untilWorks(async () => readAll(await readerOf(cluster.url, 3), 0, 500))
  const ids = found.map(record => record.requestId)
  assert.equal(new Set(ids).size, ids.length)
  const all = new Set(ids)
  assert.deepEqual(
    [...acknowledged].filter(id => !all.has(id)),
    [],
  )
  assert.deepEqual(
    ids.filter(id => !acknowledged.has(id) && !unknown.has(id)),
    [],
  )
})

test('without servers appends are refused in time, and taken again when they are back', { skip }, async () => {
  const one = await servers()
  const writer = await writerOf(one.url, 1, { ackMsMax: 1_000 })
  assert.equal(await append(writer, recordOf()), null)
  await one.signal(0, 'SIGKILL')
  assert.equal((await append(writer, recordOf()))?.code, 'LOG_IO')
  while (writer.status().refusing === null) await sleep(20)
  assert.equal((await append(writer, recordOf()))?.code, 'LOG_IO')
  await one.start(0)
  await untilWorks(async () => assert.equal(await append(writer, recordOf()), null))
  assert.equal(writer.status().refusing, null)
})

test('messages that together are too many for one fetch are read on without a fault', { skip }, async () => {
  const { url } = await servers()
  const writer = await writerOf(url)
  for (let i = 0; i < 8; i++) await append(writer, recordOf(1, 3_000_000))
  const connection = await connected(url)
  const stream = await openStream(connection, { share: 0, replicas: 1, budgetBytes: 2 ** 30 })
  const warnings: unknown[] = []
  const listening = { ...logger, warn: (fields: object) => void warnings.push(fields) }
  const reader = await openNatsReader({ stream, retention: null, now: Date.now, logger: listening })
  opened.push(() => reader.close())
  assert.equal((await readAll(reader)).length, 8)
  assert.deepEqual(warnings, [])
})

test('a reader whose consumer went with the server that had it makes another, before that server is back', {
  skip,
}, async () => {
  const cluster = await servers({ count: 3 })
  const writer = await writerOf(cluster.url, 3)
  const manager = await jetstreamManager(await connected(cluster.url))
  const consumers = () => untilWorks(() => manager.consumers.list('datapulse-log-0').next())
  await untilWorks(async () => assert.equal(await append(writer, recordOf()), null))
  const others = new Set((await consumers()).map(({ name }) => name))
  const reader = await readerOf(cluster.url, 3)
  await untilWorks(async () => assert.equal((await reader.head()).offset, 1))
  const own = (await consumers()).find(({ name }) => !others.has(name))
  const place = /^n(\d)$/.exec(own?.cluster?.leader ?? '')?.[1]
  assert.ok(place !== undefined)
  await cluster.signal(Number(place), 'SIGKILL')
  await untilWorks(async () => assert.equal(await append(writer, recordOf()), null))
  await untilWorks(async () => assert.ok((await reader.head()).offset >= 2))
  const { offset } = await reader.head()
  assert.equal((await readAll(reader)).length, offset)
})

test('a stream that is full refuses, and takes nothing of what it refused', { skip }, async () => {
  const connection = await connected((await servers()).url)
  const stream = await openStream(connection, { share: 1, replicas: 1, budgetBytes: 5_000_000 })
  const writer = await openNatsWriter({ connection, stream, limits: groupLimits, now: Date.now, logger })
  opened.push(() => writer.close())
  assert.equal(await append(writer, recordOf(1, 3_000_000)), null)
  for (let i = 0; i < 3; i++) assert.equal((await append(writer, recordOf(1, 3_000_000)))?.code, 'LOG_BUDGET')
  assert.equal(await append(writer, recordOf(1, 1_000)), null)
  const reader = await openNatsReader({ stream, retention: null, now: Date.now, logger })
  opened.push(() => reader.close())
  assert.deepEqual(await reader.head(), { offset: 2, events: 2 })
})

test('what is processed and old is let go of', { skip }, async () => {
  const { url } = await servers()
  const writer = await writerOf(url)
  const reader = await readerOf(url, 1, { ms: 0, bytes: 2 ** 40 })
  for (let i = 0; i < 30; i++) await append(writer, recordOf(1, 3_000_000))
  assert.deepEqual(await reader.oldest(), { offset: 0, events: 0 })
  let next = 0
  while (next < 30) {
    next = (await reader.read(next, { recordsMax: 5, bytesMax: 10_000_000 })).next
    await sleep(510)
    await reader.consumed(next)
  }
  await sleep(510)
  await reader.consumed(next)
  const oldest = await reader.oldest()
  assert.ok(oldest.offset > 0 && oldest.offset === oldest.events, JSON.stringify(oldest))
  const other = await readerOf(url)
  assert.deepEqual(await other.oldest(), oldest)
  await untilWorks(async () => assert.equal(writer.status().oldestOffset, oldest.offset), 20)
  assert.ok(writer.status().bytes < 3_000_100 * (30 - oldest.offset) + 10_000, 'what was let go of is gone')
  assert.equal((await readAll(other, oldest.offset)).length, 30 - oldest.offset)
})

test('servers that are not what they must be are refused in one sentence', { skip }, async () => {
  const { url } = await servers({ payloadBytesMax: 2 ** 20 })
  await assert.rejects(
    connectNats({ url, name: 'test', acceptWeaker: true, logger }),
    /Cannot use NATS for the log because its max_payload must be at least 9437184 bytes: got 1048576\./,
  )
})

/** The server as one of an older version: so it says of itself. */
async function asOlder(url: string, version: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const proxy = createServer(client => {
    const server = connectTcp(Number(port), hostname)
    client.pipe(server)
    server.on('data', said => {
      client.write(said.toString('latin1').replace(/"version":"[^"]*"/, `"version":"${version}"`), 'latin1')
    })
    for (const end of [client, server]) end.on('error', () => void [client.destroy(), server.destroy()])
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  opened.push(async () => proxy.close())
  return `nats://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

test('servers that cannot sync what they acknowledge are refused, or accepted and said to', { skip }, async () => {
  const own = await servers()
  const url = await asOlder(own.url, '2.9.10')
  await assert.rejects(
    connectNats({ url, name: 'test', acceptWeaker: false, logger }),
    /Cannot use NATS 2\.9\.10 for the log because it cannot sync .* With --accept-weaker-durability/,
  )
  const weaker = await writerOf(url)
  assert.equal(await append(weaker, recordOf()), null)
  assert.match(weaker.status().weaker ?? '', /^NATS 2\.9\.10 does not sync what it acknowledges/)
  assert.equal((await writerOf(own.url)).status().weaker, undefined)
})

test('servers that may lose what they acknowledged when several die are said to', () => {
  assert.match(weaknessOf('2.11.9', 3) ?? '', /^NATS 2\.11\.9 may lose .*: use 2\.12 or later$/)
  assert.equal(weaknessOf('2.12.0', 3), null)
  assert.equal(weaknessOf('3.0.1', 3), null)
  assert.equal(weaknessOf('2.10.27', 1), null, 'one alone loses nothing that it synced')
})
