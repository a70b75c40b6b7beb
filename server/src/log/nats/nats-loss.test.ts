// Servers that lost what they had acknowledged: put back to what they had earlier, they give its numbers out again.

import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LogReadFault } from '../fault.ts'
import type { LogFault, LogReader, LogWriter } from '../record.ts'
import { connectNats } from './connection.ts'
import { openNatsReader } from './nats-reader.ts'
import { openNatsWriter } from './nats-writer.ts'
import { openStream } from './stream.ts'
import { skipWithoutNats as skip, startNats, untilWorks } from './testing/nats-servers.ts'

const logger = { info() {}, warn() {}, error() {} }
const limits = { commitBytesMax: 2 ** 20, commitRecordsMax: 4_096, pendingBytesMax: 2 ** 26 }
const opened: (() => unknown)[] = []
after(async () => {
  for (const close of opened.toReversed()) await close()
})

/** A server that can be put back to what it had. */
async function forgetful() {
  const place = mkdtempSync(join(tmpdir(), 'nats-loss-'))
  opened.push(() => rmSync(place, { recursive: true, force: true }))
  const [folder, copy] = [join(place, 'now'), join(place, 'then')]
  const nats = await startNats({ folders: [folder] })
  opened.push(() => nats.remove())
  const whileAway = async (work: () => void) => {
    await nats.signal(0, 'SIGKILL')
    work()
    await nats.start(0)
  }
  const connection = await connectNats({ url: nats.url, name: 'test', acceptWeaker: true, logger })
  opened.push(() => connection.close())
  const stream = () => untilWorks(() => openStream(connection, { share: 0, replicas: 1, budgetBytes: 2 ** 30 }))
  return {
    remember: () => whileAway(() => cpSync(folder, copy, { recursive: true })),
    forget: () =>
      whileAway(() => {
        rmSync(folder, { recursive: true })
        cpSync(copy, folder, { recursive: true })
      }),
    marks: async () => (await stream()).marks,
    async writer(lanes = 1): Promise<LogWriter> {
      const writer = await openNatsWriter({ connection, stream: await stream(), limits, now: Date.now, logger, lanes })
      opened.push(() => writer.close())
      return writer
    },
    async reader(retention: { ms: number; bytes: number } | null = { ms: 1e9, bytes: 2 ** 40 }): Promise<LogReader> {
      const reader = await openNatsReader({ stream: await stream(), retention, now: Date.now, logger })
      opened.push(() => reader.close())
      return reader
    },
  }
}

const append = (writer: LogWriter, requestId: string, events = 1) =>
  new Promise<LogFault | null>(resolve => {
    const body = Buffer.from(requestId)
    const record = {
      kind: 'batch',
      product: 'casino',
      keyId: 'key_a',
      mode: 'live',
      receivedMs: 1_750_000_000_000,
    } as const
    writer.append({ ...record, requestId, events, body }, resolve)
  })

async function put(writer: LogWriter, ...requestIds: string[]): Promise<void> {
  for (const requestId of requestIds) await untilWorks(async () => assert.equal(await append(writer, requestId), null))
}

const idOf = (number: number) => `00000000-0000-7000-8000-${String(number).padStart(12, '0')}`
const ids = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => idOf(from + i))

/** What is there from `from` on, once the log ends at `end`. */
async function readTo(reader: LogReader, from: number, end: number) {
  await untilWorks(async () => assert.equal((await reader.head()).offset, end))
  const [found, damage]: [string[], object[]] = [[], []]
  for (let next = from; next < end; ) {
    const read = await reader.read(next, { recordsMax: 7, bytesMax: 1_000_000 })
    found.push(...read.records.map(({ requestId }) => requestId))
    damage.push(...read.damage.map(({ from, to, events }) => ({ from, to, events })))
    next = read.next
  }
  return { found, damage }
}

const consume = async (reader: LogReader, offset: number) => {
  await sleep(510)
  await reader.consumed(offset)
}

const isRolledBack = (cause: unknown) => cause instanceof LogReadFault && cause.code === 'LOG_ROLLED_BACK'

/** A server that remembers ten events, of which all fifteen were read and consumed. */
async function readAhead() {
  const server = await forgetful()
  const [writer, reader] = [await server.writer(), await server.reader()]
  await put(writer, ...ids(0, 10))
  await server.remember()
  await put(writer, ...ids(10, 15))
  await readTo(reader, 0, 15)
  await consume(reader, 15)
  return { server, writer, reader }
}

test('what is written after a stream went back is read, and what was lost is told', {
  skip,
  timeout: 120_000,
}, async () => {
  const server = await forgetful()
  const [writer, reader, other] = [await server.writer(), await server.reader(), await server.reader(null)]
  await put(writer, ...ids(0, 10))
  assert.deepEqual((await readTo(reader, 0, 10)).found, ids(0, 10))
  await consume(reader, 10)
  await server.remember()
  await put(writer, ...ids(10, 15))
  assert.deepEqual((await readTo(reader, 10, 15)).found, ids(10, 15))
  assert.deepEqual((await readTo(other, 0, 15)).found, ids(0, 15))
  await consume(reader, 15)
  await server.forget()
  await put(writer, ...ids(15, 18))

  // It says so rather than give what is new under the offsets of what is gone …
  await untilWorks(() => assert.rejects(reader.read(15, { recordsMax: 1, bytesMax: 1 }), isRolledBack))
  const sure = await reader.sure?.()
  assert.ok(sure !== undefined && sure.offset <= 10 && sure.events === sure.offset)
  // … and gives it from where it is sure: the lane tells what it lacks.
  const expected = { found: ids(15, 18), damage: [{ from: 10, to: 15, events: 5 }] }
  const again = await readTo(reader, sure.offset, 18)
  assert.deepEqual({ ...again, found: again.found.slice(10 - sure.offset) }, expected)
  await consume(reader, 18)
  // So do all that begin or go on.
  for (const one of [other, await server.reader(null), await server.reader()])
    assert.deepEqual(await readTo(one, 10, 18), expected)
  for (const one of [writer, await server.writer()])
    await untilWorks(async () => assert.deepEqual(one.status().head, { offset: 18, events: 18 }))
  assert.match(writer.status().damage.join(), /stream datapulse-log-0 went back/)
})

test('a stream that went back while nobody read is noticed by who opens it', { skip, timeout: 120_000 }, async () => {
  const { server, writer, reader } = await readAhead()
  await reader.close()
  await writer.close()
  // How far the log was processed is in another stream, which need not have gone back.
  const processed = (await server.marks()).consumed
  const consumed = await processed()
  assert.equal(consumed?.offset, 15)
  await server.forget()
  assert.equal(await untilWorks(processed), null)
  await (await server.marks()).writeConsumed(consumed)
  await put(await server.writer(), ...ids(15, 28))

  const next = await server.reader()
  assert.deepEqual(await next.sure?.(), { offset: 0, events: 0 })
  await assert.rejects(next.read(15, { recordsMax: 1, bytesMax: 1 }), isRolledBack)
  // Nobody is left who knows that something is missing but the reader, which has just said so.
  assert.deepEqual(await readTo(next, 0, 23), { found: [...ids(0, 10), ...ids(15, 28)], damage: [] })
})

test('a stream that ends earlier than it did is noticed though nothing new comes', {
  skip,
  timeout: 120_000,
}, async () => {
  const server = await forgetful()
  const [writer, reader] = [await server.writer(), await server.reader()]
  await put(writer, ...ids(0, 3))
  await server.remember()
  await put(writer, ...ids(3, 8))
  await readTo(reader, 0, 8)
  await server.forget()
  await consume(reader, 8)
  await untilWorks(async () => assert.deepEqual(await reader.head(), { offset: 3, events: 3 }), 200)
})

test('who begins again before the loss is noticed is given all that is there', { skip, timeout: 120_000 }, async () => {
  const { server, writer, reader } = await readAhead()
  await server.forget()
  await put(writer, ...ids(15, 18))

  let [next, found]: [number, string[]] = [0, []]
  await untilWorks(async () => {
    try {
      const read = await reader.read(next, { recordsMax: 100, bytesMax: 1_000_000 })
      found.push(...read.records.map(({ requestId }) => requestId))
      next = read.next
      await reader.consumed(next)
    } catch (cause) {
      if (!isRolledBack(cause)) throw cause
      next = (await reader.sure?.())?.offset ?? 0
      found = found.slice(0, next)
    }
    assert.equal(next, 18)
  }, 200)
  assert.deepEqual(found, [...ids(0, 10), ...ids(15, 18)])
})
