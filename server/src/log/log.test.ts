// The log on a real disk: order, following, limits, one writer, close, retention, refusal and recovery.

import assert from 'node:assert'
import { once } from 'node:events'
import { readdirSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import * as fc from 'fast-check'
import { measureLog } from '../../../bench/micro/log.bench.ts'
import { append, appendEach, keepingLogger, limits, logFolder, readAll, recordOf, until, writerIn } from './fixtures.ts'
import { openLogReader, openLogReaderOver, openLogWriter, openLogWriterOver } from './log.ts'
import { openMemoryStore } from './memory-store.ts'
import { packedBytesMax, packRecord } from './packed.ts'
import type { LogFault } from './record.ts'
import { openSqliteStore } from './sqlite-store.ts'
import type { StoreErrorCode } from './store.ts'

const logger = keepingLogger()

test('what is acknowledged is read in order, whole, from any offset, with its running totals', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  const sent = Array.from({ length: 1000 }, (_, i) => recordOf(`r${i}`, i % 300, i % 7))
  const faults = await Promise.all(sent.map(record => append(writer, record)))
  assert.ok(faults.every(fault => fault === null))
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  const { records, damage } = await readAll(reader)
  assert.deepStrictEqual(damage, [])
  const plain = records.map(({ body, ...rest }) => ({ ...rest, body: Buffer.from(body).toString() }))
  assert.deepStrictEqual(
    plain,
    sent.map(({ body, ...rest }, offset) => ({ ...rest, offset, body: Buffer.from(body).toString() })),
  )
  const total = (to: number) => sent.slice(0, to).reduce((sum, { events }) => sum + events, 0)
  assert.deepStrictEqual(await reader.head(), { offset: 1000, events: total(1000) })
  assert.deepStrictEqual(await reader.oldest(), { offset: 0, events: 0 })
  assert.strictEqual(await reader.id(), writer.status().id)
  for (const from of [0, 1, 255, 256, 257, 700, 999]) {
    const fresh = await openLogReader({ dir, logger })
    const result = await fresh.read(from, { recordsMax: 3, bytesMax: 1_000_000 })
    assert.deepStrictEqual(
      result.records.map(record => record.requestId),
      sent.slice(from, result.next).map(record => record.requestId),
    )
    assert.ok(result.next > from && result.next <= from + 3)
    assert.strictEqual(result.nextEvents, total(result.next))
    await fresh.close()
  }
})

test('records that were packed elsewhere lie among the others, all or none, with their totals', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  const packed = [recordOf('p1', 100, 3), recordOf('p2', 2_000_000, 0), recordOf('p3', 0, 4)]
  const buffer = Buffer.alloc(packed.reduce((sum, record) => sum + packedBytesMax(record), 0))
  const bytes = packed.reduce((end, record) => packRecord(buffer, end, record), 0)
  const together = { bytes: buffer.subarray(0, bytes), records: 3, events: 7 }
  const appendPacked = () => new Promise<LogFault | null>(resolve => writer.appendPacked(together, resolve))
  const faults = await Promise.all([
    append(writer, recordOf('a', 10, 1)),
    appendPacked(),
    append(writer, recordOf('b', 10, 1)),
  ])
  assert.deepStrictEqual(faults, [null, null, null])
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  const { records } = await readAll(reader)
  assert.deepStrictEqual(
    records.map(({ requestId, body, events }) => [requestId, body.length, events]),
    [recordOf('a', 10, 1), ...packed, recordOf('b', 10, 1)].map(({ requestId, body, events }) => [
      requestId,
      body.length,
      events,
    ]),
  )
  assert.deepStrictEqual(await reader.head(), { offset: 5, events: 9 })
  await writer.close()
  assert.strictEqual((await appendPacked())?.code, 'LOG_CLOSED')
})

test('a read is bounded by records and by bytes, and always gives one', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await Promise.all(Array.from({ length: 50 }, (_, i) => append(writer, recordOf(`r${i}`, 1000))))
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  assert.strictEqual((await reader.read(0, { recordsMax: 7, bytesMax: 1e6 })).records.length, 7)
  assert.strictEqual((await reader.read(0, { recordsMax: 50, bytesMax: 2500 })).records.length, 3)
  assert.strictEqual((await reader.read(0, { recordsMax: 50, bytesMax: 1 })).records.length, 1)
})

test('a reader that was there before the log follows it over segments, and waits at its end', async t => {
  const dir = await logFolder(t)
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  await assert.rejects(reader.id(), { code: 'LOG_ABSENT', retry: true })
  assert.deepStrictEqual((await readAll(reader)).records, [])
  const writer = await writerIn(t, dir)
  let at = 0
  for (let round = 0; round < 10; round++) {
    await appendEach(writer, round * 5, 5, 20_000)
    const { records, next } = await readAll(reader, at)
    assert.deepStrictEqual(
      records.map(record => Number(record.requestId)),
      [0, 1, 2, 3, 4].map(i => round * 5 + i),
    )
    at = next
  }
  assert.ok(writer.status().head.offset === 50 && readdirSync(dir).filter(name => name.endsWith('.db')).length > 3)
  const past = await reader.read(60, { recordsMax: 10, bytesMax: 1000 })
  assert.deepStrictEqual({ ...past, nextEvents: 0 }, { records: [], damage: [], next: 60, nextEvents: 0 })
})

test('any interleaving of appending, reopening and reading on disk gives every record once', async t => {
  const moves = fc.array(fc.constantFrom('append', 'append', 'append', 'read', 'reopen', 'tick'), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(moves, async list => {
      const dir = await logFolder(t)
      const small = { ...limits, segmentBytesMax: 60_000 }
      const store = openSqliteStore(dir)
      const open = () =>
        openLogWriterOver({ store, limits: small, now: Date.now, logger, newId: () => 'id', soon: setImmediate })
      let writer = open()
      const reader = openLogReaderOver(store, logger)
      const seen: string[] = []
      let sent = 0
      let at = 0
      const read = async () => {
        const { records, damage, next } = await readAll(reader, at, 3)
        assert.deepStrictEqual(damage, [])
        seen.push(...records.map(record => record.requestId))
        at = next
      }
      for (const move of list) {
        if (move === 'read') await read()
        else if (move === 'tick') writer.tick()
        else if (move === 'reopen') {
          await writer.close()
          writer = open()
        } else {
          const names = Array.from({ length: (sent % 4) + 1 }, (_, i) => String(sent + i))
          sent += names.length
          const faults = await Promise.all(names.map(name => append(writer, recordOf(name, 6_000))))
          assert.ok(faults.every(fault => fault === null))
        }
      }
      await read()
      assert.deepStrictEqual(
        seen,
        Array.from({ length: sent }, (_, i) => String(i)),
      )
      await writer.close()
      await reader.close()
    }),
    { numRuns: 12 },
  )
})

test('a fingerprint names what lies before an offset, inside of a commit too', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await Promise.all(['a', 'b', 'c'].map(name => append(writer, recordOf(name))))
  await append(writer, recordOf('d'))
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  const prints = await Promise.all([0, 1, 2, 3, 4, 5].map(offset => reader.fingerprintBefore(offset)))
  assert.strictEqual(prints[0], null)
  assert.strictEqual(prints[5], null, 'past the head')
  assert.ok(prints[1] !== null && prints[4] !== null && prints[3] !== prints[4])
  assert.strictEqual(prints[1], prints[2])
})

test('a second writer is refused in one sentence, or waits when it is told to', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await assert.rejects(
    openLogWriter({ dir, limits, now: Date.now, logger }),
    /one process may at a time: another holds/,
  )
  const second = openLogWriter({ dir, limits, now: Date.now, logger, lockWaitMs: 5_000 })
  await writer.close()
  const opened = await second
  assert.strictEqual(await append(opened, recordOf('late')), null)
  await opened.close()
})

test('closing waits for what was appended; after it appends fail', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  const pending = Array.from({ length: 600 }, (_, i) => append(writer, recordOf(`r${i}`)))
  const closed = writer.close()
  assert.strictEqual((await append(writer, recordOf('late')))?.code, 'LOG_CLOSED')
  assert.ok((await Promise.all(pending)).every(fault => fault === null))
  await closed
  const again = await writerIn(t, dir)
  assert.deepStrictEqual(again.status().head, { offset: 600, events: 600 })
  assert.ok(
    readdirSync(dir).some(name => name.endsWith('-wal') && statSync(join(dir, name)).size > 0),
    'the newest segment is not checkpointed by closing',
  )
})

test('more than may wait is refused at once and counts for nothing', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir, { limits: { ...limits, pendingBytesMax: 10_000 } })
  const faults = await Promise.all(Array.from({ length: 30 }, (_, i) => append(writer, recordOf(`r${i}`, 1000))))
  const refused = faults.filter(fault => fault !== null)
  assert.ok(refused.length > 0 && refused.length < 30)
  assert.ok(refused.every(fault => fault.code === 'LOG_BUDGET' && fault.retryAfterSeconds >= 1))
  assert.strictEqual(writer.status().head.offset, 30 - refused.length)
  assert.strictEqual(await append(writer, recordOf('after')), null)
})

test('full segments are sealed beside the commits and read the same', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 20, 30_000)
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  await until(() => writer.status().segments > 1 && writer.status().unsealed === 0)
  const { records, damage } = await readAll(reader)
  assert.deepStrictEqual([records.length, damage], [20, []])
})

test('a segment of a newer format is refused by writer and reader', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 3)
  await writer.close()
  const file = readdirSync(dir).find(name => name.endsWith('.db'))!
  const db = new DatabaseSync(join(dir, file))
  db.exec('UPDATE meta SET format = 99')
  db.close()
  await assert.rejects(
    openLogWriter({ dir, limits, now: Date.now, logger }),
    /format version must be 3 or older: got 99/,
  )
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  await assert.rejects(reader.read(0, { recordsMax: 1, bytesMax: 1 }), { code: 'LOG_NEWER', retry: false })
})

test('when its thread dies, what was under way fails, and appends are taken again', async t => {
  const dir = await logFolder(t)
  const born = once(process, 'worker') as Promise<[Worker]>
  const writer = await writerIn(t, dir)
  const [thread] = await born
  await appendEach(writer, 0, 3)
  const pending = append(writer, recordOf('under-way'))
  const ended = once(thread, 'exit')
  await thread.terminate()
  await ended
  const fault = await pending
  assert.ok(fault === null || fault.code === 'LOG_IO')
  assert.strictEqual((await append(writer, recordOf('too-soon')))?.code, 'LOG_IO')
  assert.strictEqual(writer.status().refusing?.code, 'LOG_IO')
  await until(() => writer.status().refusing === null)
  assert.strictEqual(await append(writer, recordOf('after')), null)
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  const names = (await readAll(reader)).records.map(record => record.requestId)
  assert.deepStrictEqual(
    names.filter(name => name !== 'under-way'),
    ['0', '1', '2', 'after'],
  )
})

test('consumed segments go when they are old, never before they are consumed', async () => {
  let nowMs = 0
  const store = openMemoryStore({ now: () => nowMs })
  const { writer, send } = overMemory(store, { retentionMs: 60_000, now: () => nowMs })
  for (let i = 0; i < 10; i++) send(`r${i}`, 3_000)
  writer.tick()
  assert.strictEqual(writer.status().segments, 5)
  nowMs = 100_000
  writer.tick()
  assert.strictEqual(writer.status().oldestOffset, 0, 'old, not consumed')
  const reader = openLogReaderOver(store, logger)
  await readAll(reader)
  await reader.consumed(5)
  writer.tick()
  assert.deepStrictEqual([writer.status().oldestOffset, writer.status().consumedOffset], [4, 5])
  assert.deepStrictEqual(await reader.oldest(), { offset: 4, events: 4 })
  const { damage, records } = await readAll(reader, 0)
  assert.deepStrictEqual([damage[0]!.from, damage[0]!.to, damage[0]!.events, records.length], [0, 4, 4, 6])
  nowMs = 0
})

test('with little traffic too a segment ends, and goes when it is old', async () => {
  let nowMs = 1
  const store = openMemoryStore({ now: () => nowMs })
  const limits = { ...smallLimits, segmentMsMax: 10_000 }
  const { writer, send } = overMemory(store, { limits, retentionMs: 60_000, now: () => nowMs })
  nowMs = 50_000
  writer.tick()
  assert.strictEqual(writer.status().segments, 1, 'an empty one may grow old')
  send('a')
  writer.tick()
  assert.strictEqual(writer.status().segments, 2)
  writer.tick()
  assert.strictEqual(writer.status().segments, 2, 'the next one is new')
  await openLogReaderOver(store, logger).consumed(1)
  nowMs = 200_000
  writer.tick()
  assert.deepStrictEqual([writer.status().segments, writer.status().oldestOffset], [1, 1])
})

test('the budget refuses when nothing may go, and takes appends again when something went', async () => {
  const store = openMemoryStore()
  const { writer, send } = overMemory(store, { budgetBytes: 60_000 })
  const outcomes = Array.from({ length: 20 }, (_, i) => send(`r${i}`, 5_000))
  const kept = outcomes.filter(outcome => outcome.fault === null).length
  assert.ok(kept > 3 && kept < 20)
  assert.strictEqual(outcomes.at(-1)!.fault!.code, 'LOG_BUDGET')
  assert.strictEqual(writer.status().refusing?.code, 'LOG_BUDGET')
  assert.strictEqual(writer.status().head.offset, kept)
  const reader = openLogReaderOver(store, logger)
  await reader.consumed((await readAll(reader)).next)
  writer.tick()
  assert.strictEqual(writer.status().refusing, null)
  assert.strictEqual(send('after', 5_000).fault, null)
})

test('a commit that does not fit the budget is refused, told once, and taken when what was before it is consumed', async () => {
  const store = openMemoryStore()
  const kept = keepingLogger()
  // Less than a segment: the newest must be closed to be dropped at all.
  const { writer, send } = overMemory(store, { budgetBytes: 9_000, limits, logger: kept })
  writer.tick()
  for (const name of ['a', 'b', 'c']) assert.strictEqual(send(name, 1_000).fault, null)
  for (let i = 0; i < 4; i++) {
    assert.strictEqual(send('large', 3_000).fault?.code, 'LOG_BUDGET')
    writer.tick()
    assert.strictEqual(writer.status().refusing?.code, 'LOG_BUDGET')
  }
  const reader = openLogReaderOver(store, logger)
  await reader.consumed((await readAll(reader)).next)
  for (let i = 0; i < 2; i++) writer.tick()
  assert.strictEqual(writer.status().refusing, null)
  assert.strictEqual(send('large', 3_000).fault, null)
  const told = kept.lines.filter(line => !line.message.includes('retention')).map(line => line.level)
  assert.deepStrictEqual(told, ['error', 'info'])
})

test('a full disk, and too little free space, refuse with LOG_DISK_FULL until there is room', () => {
  const small = openMemoryStore({ capacityBytes: 40_000 })
  const { writer, send } = overMemory(small, { freeBytesMin: 10_000 })
  writer.tick()
  assert.strictEqual(send('a', 20_000).fault, null)
  const full = send('b', 20_000).fault!
  assert.deepStrictEqual([full.code, full.retryAfterSeconds > 0], ['LOG_DISK_FULL', true])
  writer.tick()
  assert.strictEqual(writer.status().refusing, null, 'there is room for a smaller one')
  assert.strictEqual(send('c', 5_000).fault, null)
  writer.tick()
  assert.strictEqual(writer.status().refusing?.code, 'LOG_DISK_FULL')
  assert.strictEqual(send('d', 1).fault!.code, 'LOG_DISK_FULL')
})

test('after an I/O error nobody sees what failed, and the log goes on in a new segment by itself', async () => {
  for (const appears of [true, false]) {
    const orders: StoreErrorCode[] = []
    const store = openMemoryStore({ fault: call => (call === 'append' ? (orders.shift() ?? null) : null) })
    const { writer, send } = overMemory(store)
    assert.strictEqual(send('a').fault, null)
    orders.push('IO')
    const fault = send('b').fault!
    assert.deepStrictEqual([fault.code, fault.retryAfterSeconds > 0], ['LOG_IO', true])
    assert.strictEqual(send('c').fault!.code, 'LOG_IO', 'refused until it has recovered')
    writer.tick()
    assert.strictEqual(send('d').fault, null)
    store.crash(() => appears)
    const { records, damage } = await readAll(openLogReaderOver(store, logger))
    assert.deepStrictEqual([records.map(record => record.requestId), damage], [['a', 'd'], []])
  }
})

test('a next segment that was made but not synced: nothing is appended behind its beginning', async () => {
  for (const code of ['FULL', 'IO'] as const) {
    const orders: StoreErrorCode[] = []
    const store = openMemoryStore({ fault: call => (call === 'created' ? (orders.shift() ?? null) : null) })
    const { writer, send } = overMemory(store)
    assert.deepStrictEqual([send('a', 6_000).fault, send('b', 6_000).fault], [null, null])
    orders.push(code)
    assert.notStrictEqual(send('c').fault, null)
    writer.tick()
    assert.deepStrictEqual([send('d').fault, send('e', 12_000).fault, send('f').fault], [null, null, null])
    store.crash(() => false)
    const { records, damage } = await readAll(openLogReaderOver(store, logger))
    assert.deepStrictEqual([records.map(record => record.requestId), damage], [['a', 'b', 'd', 'e', 'f'], []])
  }
})

test('a log that was put in the place of another has another id', async t => {
  const dir = await logFolder(t)
  const first = await writerIn(t, join(dir, 'log'))
  await appendEach(first, 0, 2)
  const reader = await openLogReader({ dir: join(dir, 'log'), logger })
  t.after(() => reader.close())
  const id = await reader.id()
  await first.close()
  renameSync(join(dir, 'log'), join(dir, 'old'))
  const second = await writerIn(t, join(dir, 'log'))
  assert.notStrictEqual(await reader.id(), id)
  assert.strictEqual(await reader.id(), second.status().id)
})

test('the micro-benchmark reads back what it wrote', async () => {
  const size = { name: 'small', records: 200, bodyBytes: 100, appenders: 8 }
  const { hash, recordsPerSecond } = await measureLog(size)
  assert.strictEqual(hash, '45e496b33804')
  assert.ok(recordsPerSecond > 0)
})

type Over = Partial<Parameters<typeof openLogWriterOver>[0]>

/** A writer over `store` in which every append is decided before `send` returns. */
const smallLimits = { ...limits, segmentBytesMax: 10_000 }

function overMemory(store: ReturnType<typeof openMemoryStore>, options: Over = {}) {
  const queue: (() => void)[] = []
  const writer = openLogWriterOver({
    store,
    limits: smallLimits,
    freeBytesMin: 0,
    now: () => 0,
    logger,
    newId: () => 'log-1',
    soon: call => queue.push(call),
    ...options,
  })
  const send = (name: string, bytes = 20): { fault: LogFault | null } => {
    let outcome: { fault: LogFault | null } | null = null
    writer.append(recordOf(name, bytes), fault => {
      outcome = { fault }
    })
    while (queue.length > 0) queue.shift()!()
    assert.ok(outcome !== null, 'nobody was told')
    return outcome
  }
  return { writer, send }
}
