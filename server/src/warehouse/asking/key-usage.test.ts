// Usage of keys in the warehouse: loaded any number of times it is there once, is told by key and time, and goes with age.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { UsageRow } from '../load.ts'
import { type EngineProcess, startEngine } from '../testing/engine-process.ts'
import { madeLoad, startMs as anyMs } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const startMs = Math.floor(anyMs / dayMs) * dayMs

let engine: EngineProcess
let warehouse: Warehouse
let nowMs = startMs + dayMs

function row(keyId: string, atMs: number, more: Partial<UsageRow> = {}): UsageRow {
  const counts = { limit: 60, peak: 0, requests: 0, overLimit: 0, rejected: 0, events: 0 }
  return { product: 'casino', keyId, slotMs: startMs + atMs, source: 2 ** 47 + 1, ...counts, ...more }
}

const usage: UsageRow[] = [
  row('key_a', 0, { requests: 10, peak: 10, events: 100 }),
  // The same slot, told again when there was more of it; and the part of another process.
  row('key_a', 0, { requests: 25, peak: 25, events: 250, rejected: 3 }),
  row('key_a', 0, { source: 7, requests: 5, peak: 30, events: 5 }),
  row('key_a', 30_000, { requests: 30, peak: 55, overLimit: 0, events: 30 }),
  row('key_a', 5 * minuteMs, { requests: 20, peak: 60, overLimit: 12 }),
  row('key_a', 5 * minuteMs + 50_000, { requests: 4, peak: 60, overLimit: 100 }),
  row('key_b', 10_000, { limit: 600, requests: 66, peak: 66 }),
  { ...row('key_a', 0, { requests: 1_000 }), product: 'sports' },
]

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse(() => nowMs)
  await warehouse.loading.load(madeLoad(1, [], { usage }))
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

const question = { product: 'casino', keys: null, sinceMs: startMs, untilMs: startMs + dayMs, bucketMs: null }

const wholeOfA = {
  key_id: 'key_a',
  atMs: 0,
  requests: 84,
  overLimit: 112,
  rejected: 3,
  events: 285,
  askedMax: 136,
  peak: 60,
  peakLimit: 60,
  peakMs: startMs + 5 * minuteMs + 50_000,
  overLimitMs: startMs + 5 * minuteMs + 50_000,
}

test('all of a time is told by key: what one process told more than once counts once, what several told is added up', async () => {
  const found = await warehouse.readKeyUsage(question)
  const quiet = { rejected: 0, events: 0, overLimit: 0, overLimitMs: null }
  const used = { askedMax: 66, peak: 66, peakLimit: 600, peakMs: startMs + 10_000 }
  assert.deepEqual(found, [wholeOfA, { key_id: 'key_b', atMs: 0, requests: 66, ...quiet, ...used }])
})

test('buckets hold what came in them, and one in which nothing came is not there', async () => {
  const found = await warehouse.readKeyUsage({ ...question, keys: ['key_a'], bucketMs: minuteMs })
  assert.deepEqual(
    found.map(({ atMs, requests, askedMax, peak, overLimit, events }) => [
      atMs - startMs,
      requests,
      askedMax,
      peak,
      overLimit,
      events,
    ]),
    [
      [0, 60, 60, 55, 0, 285],
      [5 * minuteMs, 24, 136, 60, 112, 0],
    ],
  )
  const later = await warehouse.readKeyUsage({ ...question, keys: ['key_a'], sinceMs: startMs + minuteMs })
  assert.deepEqual([later[0]?.requests, later.length], [24, 1])
})

test('a load that is made again changes nothing, nor does another one that says the same', async () => {
  await warehouse.loading.load(madeLoad(1, [], { usage }), true)
  await warehouse.loading.load(madeLoad(2, [], { usage }))
  assert.deepEqual((await warehouse.readKeyUsage(question))[0], wholeOfA)
})

test('days that are older than what is kept are deleted, and those within are not', async () => {
  await warehouse.loading.load(madeLoad(3, [], { usage: [row('key_a', 8 * dayMs, { requests: 1 })] }))
  const days = async () => {
    const found = await warehouse.readKeyUsage({
      ...question,
      untilMs: startMs + 30 * dayMs,
      keys: ['key_a'],
      bucketMs: dayMs,
    })
    return found.map(({ atMs }) => (atMs - startMs) / dayMs)
  }
  nowMs = startMs + 8 * dayMs
  await warehouse.trimKeyUsage(8)
  assert.deepEqual(await days(), [0, 8])
  nowMs += dayMs
  await warehouse.trimKeyUsage(8)
  assert.deepEqual(await days(), [8])
})

test('what outlives the retention of its product is deleted with its events', async () => {
  await warehouse.loading.load(
    madeLoad(4, [], { usage: [{ ...row('key_s', 8 * dayMs, { requests: 1 }), product: 'sports' }] }),
  )
  await warehouse.erasing.countExpired('casino', startMs + 9 * dayMs, kind => kind)
  const left = async (product: string) =>
    (await warehouse.readKeyUsage({ ...question, product, untilMs: startMs + 30 * dayMs })).length
  assert.deepEqual([await left('casino'), await left('sports')], [0, 1])
})
