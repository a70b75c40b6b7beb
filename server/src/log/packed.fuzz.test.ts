// What is packed comes out the same; bytes that were not packed are refused, never misread past their end.

import assert from 'node:assert'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { bodyIsIntact, headIsIntact, sealCommit } from './commit.ts'
import { packedBytesMax, packRecord, unpackRecords } from './packed.ts'
import type { LogRecord } from './record.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const plain: fc.Arbitrary<LogRecord> = fc.record({
  kind: fc.constantFrom('event', 'batch', 'tally', 'rejection'),
  requestId: fc.uuid(),
  product: text,
  keyId: text,
  mode: fc.constantFrom('live', 'test'),
  receivedMs: fc.nat({ max: 2 ** 47 }),
  events: fc.nat({ max: 5000 }),
  body: fc.uint8Array({ maxLength: 300 }),
})
const printable = fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map(code => String.fromCharCode(code)) })
const extras = fc.record(
  { idempotencyKey: printable, positions: fc.array(fc.nat({ max: 4_999 })), replayOf: fc.uuid() },
  { requiredKeys: [] },
)
const record = fc.tuple(plain, extras).map(([one, more]) => ({ ...one, ...more }))

function pack(records: LogRecord[]): Buffer {
  const bytes = records.reduce((sum, one) => sum + packedBytesMax(one), 0)
  const buffer = Buffer.alloc(bytes)
  const end = records.reduce((at, one) => packRecord(buffer, at, one), 0)
  return buffer.subarray(0, end)
}

test('records come out as they were packed, numbered from the commit’s offset', () => {
  fc.assert(
    fc.property(fc.array(record, { maxLength: 20 }), fc.nat(), (records, offset) => {
      const unpacked = unpackRecords(pack(records), offset, records.length)
      const expected = records.map((one, index) => ({ ...one, offset: offset + index }))
      assert.deepStrictEqual(unpacked?.map(withPlainBody), expected.map(withPlainBody))
    }),
  )
})

test('bytes cut short, or of another count, are refused', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), (records, cut) => {
      const packed = pack(records)
      const shorter = packed.subarray(0, cut % packed.length)
      assert.strictEqual(unpackRecords(shorter, 0, records.length), null)
      assert.strictEqual(unpackRecords(packed, 0, records.length + 1), null)
      assert.strictEqual(unpackRecords(packed, 0, records.length - 1), null)
    }),
  )
})

test('any bytes at all are either records or refused, without a throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 5 }), (bytes, count) => {
      unpackRecords(bytes, 0, count)
    }),
  )
})

test('a flipped bit in a commit’s body or in any of its numbers is noticed', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1, maxLength: 5 }), fc.nat(), fc.nat({ max: 7 }), (records, at, bit) => {
      const commit = sealCommit({ offset: 7, records: records.length, eventsBefore: 9, events: 3 }, pack(records))
      assert.ok(headIsIntact(commit) && bodyIsIntact(commit))
      const body = commit.body.slice()
      body[at % body.length]! ^= 1 << bit
      assert.ok(!bodyIsIntact({ ...commit, body }))
      for (const key of ['offset', 'records', 'eventsBefore', 'events', 'bodyBytes', 'bodySum', 'headSum'] as const) {
        assert.ok(!headIsIntact({ ...commit, [key]: commit[key] ^ (1 << bit) }), key)
      }
    }),
  )
})

function withPlainBody<T extends LogRecord>(one: T): T {
  return { ...one, body: Uint8Array.from(one.body) }
}
