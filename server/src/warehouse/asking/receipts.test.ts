// Receipts from the warehouse: each outcome by each id, and nothing that has no note yet.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { DuplicateRow, EventRow, ParkedRow } from '../load.ts'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeEvents, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'
import type { Receipt, ReceiptsQuestion } from './receipts.ts'

let engine: EngineProcess
let warehouse: Warehouse
const many = madeEvents(5, 3_000)
const standing = many.find(row => row.event.transactionId !== '') as EventRow
const later = uuidOf('later')
const again = (position: number, change: object, conflict: boolean): DuplicateRow => ({
  ...eventRow(
    { ...standing.origin, requestId: later, position, receivedMs: startMs + 1_000_000, idempotencyKey: 'key-1' },
    { ...standing.event, ...change },
  ),
  firstRequestId: standing.origin.requestId,
  firstPosition: standing.origin.position,
  conflict,
})
const park = (position: number, events: number, raw: object): ParkedRow => ({
  origin: { ...standing.origin, requestId: later, position, receivedMs: startMs + 1_000_000 },
  events,
  reason: 'event_failed',
  detail: 'why',
  raw: JSON.stringify(raw),
})
const duplicates = [again(0, {}, false), again(1, { amount: '7', userId: 'other' }, true)]
const parked = [
  park(2, 1, { transaction_id: ' parked-1 ', message_id: 77 }),
  park(-1, 4, { transaction_id: 'parked-10' }),
]

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  await warehouse.loading.load(madeLoad(1, many))
  await warehouse.loading.load(madeLoad(2, [], { duplicates, parked }))
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

async function ask(question: Omit<ReceiptsQuestion, 'limit'>): Promise<Receipt[]> {
  return (await warehouse.readReceipts({ ...question, limit: 10_000 })).receipts
}
const place = ({ requestId, position }: Receipt) => `${requestId} ${position}`

test('a stored event, with the time of its load', async () => {
  const found = await ask({ request: standing.origin.requestId })
  const expected = many.filter(row => row.origin.requestId === standing.origin.requestId)
  assert.deepEqual(
    found.map(place),
    expected.map(({ origin }) => `${origin.requestId} ${origin.position}`),
  )
  const one = found.find(({ position }) => position === standing.origin.position)
  assert.deepEqual(
    [one?.outcome, one?.events, one?.receivedMs, one?.processedMs, one?.transactionId, one?.userId],
    ['stored', 1, standing.origin.receivedMs, startMs + 1, standing.event.transactionId, standing.event.userId],
  )
})

test('duplicates, conflicts and what is parked, of one request', async () => {
  const found = await ask({ request: later })
  assert.deepEqual(
    found.map(({ position, outcome, events }) => [position, outcome, events]),
    [
      [-1, 'parked', 4],
      [0, 'duplicate', 1],
      [1, 'conflict', 1],
      [2, 'parked', 1],
    ],
  )
  const { requestId, position, receivedMs } = standing.origin
  const [whole, duplicate, conflict] = found as [Receipt, Receipt, Receipt]
  assert.ok(whole.outcome === 'parked' && whole.reason === 'event_failed' && whole.detail === 'why')
  assert.ok(duplicate.outcome === 'duplicate' && conflict.outcome === 'conflict')
  assert.deepEqual(duplicate.first, { requestId, position, receivedMs })
  assert.deepEqual(duplicate.differs, [])
  assert.deepEqual(conflict.differs, [
    { field: 'client_user_id', sent: 'other', stands: standing.event.userId },
    { field: 'amount', sent: '7', stands: standing.event.amount },
  ])
})

test('by the sender’s own ids, those of what is parked too', async () => {
  const { transactionId } = standing.event
  assert.deepEqual(
    (await ask({ transaction: transactionId })).map(({ outcome }) => outcome),
    ['stored', 'duplicate', 'conflict'],
  )
  assert.deepEqual((await ask({ transaction: 'parked-1' })).map(place), [`${later} 2`])
  assert.deepEqual((await ask({ message: '77' })).map(place), [`${later} 2`])
  assert.deepEqual((await ask({ idempotencyKey: 'key-1' })).map(place), [`${later} 0`, `${later} 1`])
  assert.deepEqual(await ask({ transaction: transactionId, product: 'product_x' }), [])
  assert.deepEqual(await ask({ transaction: transactionId, mode: 'test' }), [])
  assert.deepEqual(await ask({ transaction: "' OR 1=1" }), [])
})

test('what was loaded and has no note yet is left out, and the note says where to go on', async () => {
  const row = eventRow({ requestId: uuidOf('no note') })
  const { note } = madeLoad(4, [])
  await warehouse.loading.load(madeLoad(3, [row]))
  assert.equal((await ask({ request: row.origin.requestId })).length, 1)
  const early = eventRow({ requestId: uuidOf('early') })
  // A load whose note never comes: its rows are there, under a number that no note has.
  await assert.rejects(warehouse.loading.load({ ...madeLoad(4, [early]), note: { ...note, logId: 'no uuid' } }))
  assert.equal((await warehouse.listEvents({ limit: 10, request: early.origin.requestId })).rows.length, 1)
  const { receipts, note: last } = await warehouse.readReceipts({ request: early.origin.requestId, limit: 10 })
  assert.deepEqual([receipts, last?.seq, last?.to], [[], 3, 400])
})
