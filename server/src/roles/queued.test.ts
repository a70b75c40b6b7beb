// Finding what is queued: everything that is there, in time, and saying so when time was short.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { LogReader, StoredRecord } from '../log/record.ts'
import { findQueued } from './queued.ts'

const startMs = 1_767_225_600_000
const event = (more: object = {}) => ({
  client_user_id: 'u',
  event_name: 'login',
  timestamp: 1,
  ip_address: '::1',
  ...more,
})

/** A UUIDv7 of this moment. */
function uuidOf(ms: number, n: number): string {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(n).padStart(12, '0')}`
}

function record(offset: number, more: Partial<StoredRecord> = {}, body: unknown = event()): StoredRecord {
  const receivedMs = startMs + offset
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return {
    kind: Array.isArray(body) ? 'batch' : 'event',
    requestId: uuidOf(receivedMs, offset),
    product: 'casino',
    keyId: 'k',
    mode: 'live',
    receivedMs,
    events: Array.isArray(body) ? body.length : 1,
    body: bytes,
    offset,
    ...more,
  }
}

function logOf(records: StoredRecord[]) {
  let reads = 0
  const log: Pick<LogReader, 'head' | 'read'> = {
    head: async () => ({ offset: records.length, events: 0 }),
    async read(offset, { recordsMax }) {
      reads++
      const some = records.slice(offset, offset + recordsMax)
      return { records: some, damage: [], next: offset + some.length, nextEvents: 0 }
    },
  }
  return { log: log as LogReader, reads: () => reads }
}

const limits = { searchMsMax: 1_000, now: () => 0 }

describe('what is queued', () => {
  test('a request is found by its id wherever it is, in few reads of a long log', async () => {
    const records = Array.from({ length: 100_000 }, (_, offset) => record(offset))
    const { log, reads } = logOf(records)
    for (const at of [0, 1, 49_999, 99_999]) {
      const found = await findQueued(log, 0, { request: records[at]!.requestId }, limits)
      assert.deepEqual(
        found.receipts.map(one => [one.requestId, one.position, one.outcome]),
        [[records[at]!.requestId, 0, 'queued']],
      )
    }
    assert.ok(reads() < 200, `${reads()} reads`)
    const after = await findQueued(log, 50_000, { request: records[49_999]!.requestId }, limits)
    assert.deepEqual(after, { receipts: [], isWhole: true }, 'what is before the checkpoint is not queued')
  })

  test('a clock that went back hides nothing', async () => {
    const records = Array.from({ length: 30_000 }, (_, offset) =>
      record(offset, { receivedMs: startMs - offset * 10, requestId: uuidOf(startMs - offset * 10, offset) }),
    )
    for (const at of [0, 12_345, 29_999]) {
      const found = await findQueued(logOf(records).log, 0, { request: records[at]!.requestId }, limits)
      assert.equal(found.receipts[0]?.requestId, records[at]!.requestId)
    }
  })

  test('ids are compared as the pipeline reads them, in any spelling', async () => {
    const { log } = logOf([
      record(
        0,
        {},
        `{"client_user_id":"u","event_name":"x","timestamp":1,"ip_address":"::1","message_id":" m\\u0031 "}`,
      ),
      record(1, {}, event({ message_id: 'm2', note: 'm1' })),
      record(2, { positions: [4, 7] }, [event({ transaction_id: 12 }), event({ message_id: 'm1' })]),
      record(3, { kind: 'tally', events: 0 }, '[]'),
      record(4, { mode: 'test' }, event({ message_id: 'm1' })),
      record(5, { product: 'other' }, event({ message_id: 'm1' })),
      record(6, { idempotencyKey: 'm1' }, event()),
    ])
    const placesOf = async (question: object) =>
      (await findQueued(log, 0, { product: 'casino', mode: 'live', ...question }, limits)).receipts.map(
        one => `${Number(one.requestId.slice(-3))} ${one.position}`,
      )
    assert.deepEqual(await placesOf({ message: 'm1' }), ['0 0', '2 7'])
    assert.deepEqual(await placesOf({ transaction: '12' }), ['2 4'])
    assert.deepEqual(await placesOf({ idempotencyKey: 'm1' }), ['6 0'])
    assert.deepEqual(await placesOf({ message: 'none' }), [])
  })

  test('a request that cannot be taken apart is told as a whole, an event that cannot be read without its ids', async () => {
    const broken = record(0, { events: 3 }, '[{')
    const odd = record(1, {}, [event(), { no: 'event' }])
    const { log } = logOf([broken, odd])
    const whole = await findQueued(log, 0, { request: broken.requestId }, limits)
    assert.deepEqual(
      whole.receipts.map(one => [one.position, one.events, one.eventName]),
      [[-1, 3, '']],
    )
    const parts = await findQueued(log, 0, { request: odd.requestId }, limits)
    assert.deepEqual(
      parts.receipts.map(one => [one.position, one.events, one.eventName]),
      [
        [0, 1, 'login'],
        [1, 1, ''],
      ],
    )
  })

  test('when time is short, it is said that not everything was looked at', async () => {
    const records = Array.from({ length: 10_000 }, (_, offset) => record(offset))
    let nowMs = 0
    const short = { searchMsMax: 2, now: () => nowMs++ }
    const found = await findQueued(logOf(records).log, 0, { message: 'm1' }, short)
    assert.deepEqual(found, { receipts: [], isWhole: false })
  })
})
