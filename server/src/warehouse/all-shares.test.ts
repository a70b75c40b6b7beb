// What is asked of all shares together, on a real engine: the same as of one database that has everything.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type AllShares, overAllShares } from './all-shares.ts'
import type { EventsQuestion } from './asking/list-events.ts'
import type { EventRow } from './load.ts'
import { type EngineProcess, startEngine } from './testing/engine-process.ts'
import { madeEvents, madeLoad, startMs } from './testing/made-loads.ts'
import type { Warehouse } from './warehouse.ts'

// Many at once, and at the same place of their logs: so that pages end amid them.
const made = madeEvents(1, 600, startMs, 1).map(row => atOnce(row))
const numberOf = (product: string) => Number(product.slice(-1)) % 3

let engine: EngineProcess
let shares: Warehouse[]
let whole: Warehouse
let all: AllShares

before(async () => {
  engine = await startEngine()
  whole = engine.warehouse()
  shares = [0, 1, 2].map(share => engine.warehouse(Date.now, `datapulse_${share}`))
  await whole.loading.load(loadOf(made))
  for (const [share, warehouse] of shares.entries())
    await warehouse.loading.load(loadOf(made.filter(({ origin }) => numberOf(origin.product) === share)))
  all = overAllShares(shares, numberOf)
})
after(async () => {
  for (const warehouse of [whole, ...shares]) await warehouse.close()
  await engine.remove()
})

function atOnce(row: EventRow): EventRow {
  const receivedMs = startMs + Math.floor((row.origin.receivedMs - startMs) / 50) * 50
  return { ...row, origin: { ...row.origin, receivedMs } }
}

function loadOf(events: EventRow[]) {
  const own = events.map((row, i) => ({ ...row, origin: { ...row.origin, logOffset: Math.floor(i / 7) } }))
  const parked = own
    .slice(0, 40)
    .map(({ origin }) => ({ origin, events: 1, reason: 'event_failed', detail: '', raw: '' }))
  const rejected = own.slice(0, 30).map(({ origin }) => ({
    product: origin.product,
    keyId: 'k1',
    code: 'VALIDATION_ERROR',
    receivedMs: origin.receivedMs,
    events: 2,
    requests: 1,
    logOffset: origin.logOffset,
    position: origin.position,
  }))
  return madeLoad(1, own, { parked, rejected })
}

/** Where everything is, in pages; and that each page is full. */
async function paged(question: Omit<EventsQuestion, 'cursor'>) {
  const places: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<AllShares['listEvents']>> = await all.listEvents({
      ...question,
      ...(cursor !== null && { cursor }),
    })
    places.push(...page.rows.map(row => `${row.received_at} ${row.request_id} ${row.position}`))
    cursor = page.cursor
    if (cursor !== null) assert.equal(page.rows.length, question.limit)
  } while (cursor !== null)
  return places
}

test('pages hold everything once, newest first, wherever they end', async () => {
  const { rows } = await whole.listEvents({ limit: 1_000 })
  const expected = rows.map(row => `${row.received_at} ${row.request_id} ${row.position}`)
  assert.equal(expected.length, made.length)
  for (const limit of [1_000, 100, 37]) {
    const places = await paged({ limit })
    assert.deepEqual(places.toSorted(), expected.toSorted(), `pages of ${limit}`)
    const times = places.map(place => place.slice(0, 24))
    assert.deepEqual(times, times.toSorted().toReversed(), `pages of ${limit}`)
  }
  const own = made.filter(({ origin }) => origin.product === 'product_1')
  assert.equal((await paged({ limit: 50, product: 'product_1' })).length, own.length)
  const parked = await all.listParked({ limit: 1_000 })
  assert.equal(parked.rows.length, 40 * 3)
})

test('a cursor that no page ended with is refused', async () => {
  await assert.rejects(all.listEvents({ limit: 1, cursor: 'tampered' }), { code: 'WAREHOUSE_REFUSED' })
})

test('counts and sums are those of all', async () => {
  for (const by of [undefined, ['event_name', 'currency'], ['currency', 'day'], ['product']] as const) {
    const question = by === undefined ? {} : { by: [...by] }
    const bySize = (rows: object[]) => rows.map(row => JSON.stringify(row, Object.keys(row).toSorted())).toSorted()
    assert.deepEqual(bySize(await all.countEvents(question)), bySize(await whole.countEvents(question)))
  }
  const rejected = await all.countRejected({ by: ['code'] })
  assert.deepEqual(
    rejected.map(({ events, requests }) => [events, requests]),
    [[180, 90]],
  )
  const [one, other] = [await all.status(), await whole.status()]
  assert.equal(one.events.rows, other.events.rows)
  assert.equal(one.eventsMissing, 0)
})

test('new events of all shares are those of each, once, and a place goes on in each', async () => {
  const placeOf = (row: { request_id: string; position: number }) => `${row.request_id} ${row.position}`
  const start = (await all.newEvents({ limit: 1 })).after
  assert.deepEqual((await all.newEvents({ limit: 10, after: start })).rows, [])
  const latest = (await all.newEvents({ limit: 10, last: 25 })).rows
  assert.equal(latest.length, 25)
  assert.deepEqual(
    latest.map(row => row.received_at),
    (await whole.newEvents({ limit: 10, last: 25 })).rows.map(row => row.received_at),
  )
  const before = Buffer.from(`p ${shares.map(() => Buffer.from('n 0 0 0').toString('base64url')).join(' ')}`)
  const seen: string[] = []
  let after = before.toString('base64url')
  for (let more = true; more; ) {
    const found = await all.newEvents({ limit: 90, after })
    seen.push(...found.rows.map(placeOf))
    ;({ after, more } = found)
  }
  assert.equal(seen.length, 600)
  assert.equal(new Set(seen).size, 600)
  const sample = await all.newEvents({ limit: 50, after: before.toString('base64url'), sample: true })
  assert.deepEqual([sample.rows.length, sample.count, sample.more], [50, 600, false])
  assert.deepEqual((await all.newEvents({ limit: 50, after: sample.after, sample: true })).rows, [])
  await assert.rejects(all.newEvents({ limit: 1, product: 'p1', after }), { code: 'WAREHOUSE_REFUSED' })
})
