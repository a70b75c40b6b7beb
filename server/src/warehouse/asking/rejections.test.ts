// Rejected requests in the warehouse: found by what was wrong, told from what is parked, and trimmed key by key.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type RejectionHead, rejectedPosition, rejectedReason } from '../../steps/rejection.ts'
import type { ParkedRow } from '../load.ts'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'

let engine: EngineProcess
let warehouse: Warehouse

/** The n-th request of a key, a minute after the one before. */
function rejected(keyId: string, n: number, head: Partial<RejectionHead> = {}, raw = '{}'): ParkedRow {
  const { origin } = eventRow({
    keyId,
    requestId: uuidOf(`${keyId} ${n}`),
    position: rejectedPosition,
    receivedMs: startMs + n * 60_000,
    logOffset: n,
  })
  const whole: RejectionHead = {
    kind: 'event',
    code: 'VALIDATION_ERROR',
    message: 'amount is required',
    violations: [{ field: 'amount', rule: 'required', message: 'amount is required' }],
    violationsTotal: 1,
    address: '203.0.113.1',
    refused: null,
    ...head,
  }
  return { origin, events: 0, reason: rejectedReason, detail: JSON.stringify(whole), raw }
}

const parkedRow: ParkedRow = { ...rejected('key_a', 50), events: 1, reason: 'event_failed', detail: 'why' }

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  const twice = [
    { index: 0, field: 'currency', rule: 'required', message: 'x' },
    { index: 2, field: 'currency', rule: 'required', message: 'y' },
    { index: 2, field: 'amount', rule: 'type', message: 'z' },
  ] as RejectionHead['violations']
  await warehouse.loading.load(
    madeLoad(1, [], {
      parked: [
        ...Array.from({ length: 10 }, (_, n) => rejected('key_a', n, {}, `{"n":${n},"pad":"${'x'.repeat(1_000)}"}`)),
        rejected('key_b', 0, { violations: twice, violationsTotal: 3, kind: 'batch', refused: [0, 2] }, '[{},{},{}]'),
        rejected('key_b', 1, { code: 'INVALID_JSON', violations: [], violationsTotal: 0 }, 'no json'),
        { ...parkedRow, origin: { ...parkedRow.origin, position: 0 } },
      ],
    }),
  )
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

const requestsOf = async (question: object) =>
  (await warehouse.listRejections({ ...question, limit: 100 })).rows.map(row => row.request_id)

test('are listed newest first, by key, code, rule and field together, in pages', async () => {
  assert.equal((await requestsOf({})).length, 12)
  assert.deepEqual(await requestsOf({ key: 'key_b' }), [uuidOf('key_b 1'), uuidOf('key_b 0')])
  assert.deepEqual(await requestsOf({ rule: 'required', field: 'currency' }), [uuidOf('key_b 0')])
  assert.deepEqual(await requestsOf({ rule: 'type', field: 'currency' }), [], 'of one violation, not of two')
  assert.deepEqual(await requestsOf({ code: 'INVALID_JSON' }), [uuidOf('key_b 1')])
  const first = await warehouse.listRejections({ key: 'key_a', limit: 4 })
  const rest = await warehouse.listRejections({ key: 'key_a', limit: 100, cursor: first.cursor as string })
  assert.deepEqual(
    [...first.rows, ...rest.rows].map(row => row.request_id),
    Array.from({ length: 10 }, (_, n) => uuidOf(`key_a ${9 - n}`)),
  )
  const [batch] = (await warehouse.listRejections({ request: uuidOf('key_b 0'), limit: 1 })).rows
  assert.deepEqual([batch?.kind, batch?.events_refused, batch?.violations_total, batch?.bytes], ['batch', 2, 3, 10])
})

test('are grouped by rule and field, requests and violations apart', async () => {
  const groups = await warehouse.groupRejections({ limit: 100 })
  assert.deepEqual(
    groups.map(({ key_id, code, rule, field, requests, violations }) =>
      [key_id, code, rule, field, requests, violations].join(' '),
    ),
    [
      'key_a VALIDATION_ERROR required amount 10 10',
      'key_b VALIDATION_ERROR required currency 1 2',
      'key_b VALIDATION_ERROR type amount 1 1',
      'key_b INVALID_JSON   1 0',
    ],
  )
  assert.equal(groups[0]?.request_id, uuidOf('key_a 9'))
})

test('are opened, and are not what is parked', async () => {
  const [one] = await warehouse.readKept(uuidOf('key_b 0'))
  assert.deepEqual([one?.raw, one?.head?.refused, one?.position], ['[{},{},{}]', [0, 2], rejectedPosition])
  assert.deepEqual(
    (await warehouse.listParked({ limit: 10 })).rows.map(row => row.reason),
    ['event_failed'],
  )
  const [parked] = await warehouse.readKept(parkedRow.origin.requestId, 0)
  assert.deepEqual([parked?.head, parked?.reason], [null, 'event_failed'])
})

test('are trimmed key by key: the oldest beyond number, bytes and age', async () => {
  const ample = { perKeyMax: 100, bytesPerKeyMax: 1e9, ageMsMax: 100 * 365 * 86_400_000 }
  assert.equal(await warehouse.trimRejections(ample), 0)
  assert.equal(await warehouse.trimRejections({ ...ample, perKeyMax: 8 }), 2)
  assert.deepEqual((await requestsOf({ key: 'key_a' })).at(-1), uuidOf('key_a 2'))
  assert.equal(await warehouse.trimRejections({ ...ample, bytesPerKeyMax: 3_100 }), 5)
  assert.deepEqual(
    await requestsOf({ key: 'key_a' }),
    [9, 8, 7].map(n => uuidOf(`key_a ${n}`)),
  )
  assert.equal((await requestsOf({ key: 'key_b' })).length, 2, 'another key keeps its own')
  assert.equal(await warehouse.trimRejections({ ...ample, ageMsMax: 1 }), 5)
  assert.deepEqual(await requestsOf({}), [])
  assert.equal((await warehouse.listParked({ limit: 10 })).rows.length, 1, 'what is parked stays')
})

test('books are told of a product with thousands of keys', async () => {
  const tallies = ['key_a', 'key_b', 'key_other'].map((keyId, position) => ({
    ...{ product: 'demo', keyId, code: 'RATE_LIMITED', receivedMs: startMs, events: 2, requests: 1 },
    ...{ logOffset: 9_000, position },
  }))
  await warehouse.loading.load(madeLoad(2, [], { rejected: tallies }))
  const keys = ['key_a', 'key_b', ...Array.from({ length: 5_000 }, (_, n) => `key_${String(n).padStart(12, 'a')}`)]
  const day = new Date(startMs).toISOString().slice(0, 10)
  const question = { product: 'demo', mode: 'live', from: day, to: '2100-01-01', by: 'received' } as const
  const { rejected } = await warehouse.readReconciliation({ ...question, keys })
  assert.deepEqual(rejected, [{ day, code: 'RATE_LIMITED', events: 4, requests: 2 }])
})

test('say whether their text is what was sent, also those that are from before it was noted', async () => {
  const message = 'The body must be valid UTF-8: this one has bytes that are not'
  const ofBytes = [{ field: '$', rule: 'encoding', message }] as RejectionHead['violations']
  const parked = [
    rejected('key_c', 0, { exact: false }, '{"a":"\ufffd"}'),
    rejected('key_c', 1, { violations: ofBytes }, '{"a":"\ufffd"}'),
    rejected('key_c', 2, {}, '{"a":"\ufffd"}'),
  ]
  await warehouse.loading.load(madeLoad(2, [], { parked }))
  const exact = async (n: number) => (await warehouse.readKept(uuidOf(`key_c ${n}`)))[0]?.exact
  assert.deepEqual([await exact(0), await exact(1), await exact(2)], [false, false, true])
})
