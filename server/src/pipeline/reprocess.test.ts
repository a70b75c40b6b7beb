// Processing events again over a real engine: what is derived is new, everything else is as it was, loads go on, and
// whatever does not come out right leaves all as it was.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Derive, nothingDerived } from '../steps/derive.ts'
import type { EventRow, RebuildingWarehouse } from '../warehouse/load.ts'
import { connect } from '../warehouse/connection.ts'
import { type EngineProcess, silentLogger, startEngine } from '../warehouse/testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from '../warehouse/testing/made-loads.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { type ReprocessStatus, readLast, startReprocess } from './reprocess.ts'
import { openTurns } from './turns.ts'

const dayMs = 86_400_000
const juneMs = Date.UTC(2026, 5, 1)
const range = { fromMs: juneMs + 5 * dayMs, toMs: juneMs + 40 * dayMs }

/** A deposit as it was sent on the n-th day from June 1st on. */
function row(n: number, change: Partial<EventRow> = {}): EventRow {
  const sent = {
    client_user_id: `u${n % 7}`,
    event_name: n % 3 === 0 ? 'login' : 'deposit',
    timestamp: juneMs + n * dayMs,
    ip_address: '203.0.113.1',
    ...(n % 3 !== 0 && { transaction_id: `t${n}`, amount: n + 0.5, currency: 'usd' }),
  }
  const money = n % 3 !== 0
  return eventRow(
    {
      requestId: uuidOf(`again ${n}`),
      position: 0,
      receivedMs: juneMs + n * dayMs,
      logOffset: n,
      product: `p${n % 2}`,
    },
    {
      name: sent.event_name,
      userId: sent.client_user_id,
      eventMs: sent.timestamp,
      ipAddress: sent.ip_address,
      ...(money && { transactionId: `t${n}`, amount: `${n}.5`, currency: 'USD', currencySent: 'usd' }),
      flags: n === 10 ? ['idempotency_reused'] : [],
    },
    { raw: JSON.stringify(sent), ...change },
  )
}

const taiwan: Derive = () => ({ ...nothingDerived, country: 'TW', city: 'Taipei' })

describe('processing events again', () => {
  let engine: EngineProcess
  let warehouse: Warehouse
  let seq = 0
  before(async () => {
    engine = await startEngine()
    warehouse = engine.warehouse()
    await load(Array.from({ length: 70 }, (_, n) => row(n)))
  })
  after(async () => {
    await warehouse.close()
    await engine.remove()
  })

  const load = (rows: EventRow[]) => warehouse.loading.load(madeLoad(++seq, rows))
  const list = async () => (await warehouse.listEvents({ limit: 1_000, raw: true })).rows
  const tables = async () => {
    const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
    const rows = await connection.select<{ name: string }>(
      'ask',
      "SELECT name FROM system.tables WHERE database = 'datapulse' AND name LIKE 'events%' ORDER BY name",
    )
    await connection.close()
    return rows.map(({ name }) => name)
  }
  const change = <T>(work: () => Promise<T>) => work()
  const sleep = async () => {}
  const run = async (derive: Derive, over: Partial<RebuildingWarehouse> = {}): Promise<ReprocessStatus> => {
    const { rebuilding } = warehouse
    const parts = { turns: openTurns(), now: Date.now, logger: silentLogger, isClosing: () => false, change, sleep }
    const { status, ended } = startReprocess({ ...parts, derive, warehouse: { ...rebuilding, ...over } }, range)
    assert.equal(status.state, 'building')
    await ended
    return status
  }
  const isWithin = (receivedMs: number) => receivedMs >= range.fromMs && receivedMs < range.toMs

  test('makes the range anew, and what is loaded meanwhile is there too', async () => {
    const was = await list()
    let late = 100
    const status = await run(taiwan, {
      async addRebuilt(...args) {
        // Loads go on: one into a month that is being built, one elsewhere, one more just before the swap.
        await load([row(12, { origin: { ...row(12).origin, requestId: uuidOf(`late ${late}`), logOffset: late++ } })])
        await load([row(69, { origin: { ...row(69).origin, requestId: uuidOf(`late ${late}`), logOffset: late++ } })])
        return warehouse.rebuilding.addRebuilt(...args)
      },
    })
    assert.deepEqual(
      [status.state, status.problem, status.events, status.done, status.changed],
      ['swapped', '', 35, 35, 35],
    )
    const now = await list()
    assert.equal(now.length, was.length + 2)
    const before = new Map(was.map(one => [`${one.request_id} ${one.position}`, one]))
    for (const one of now) {
      const old = before.get(`${one.request_id} ${one.position}`)
      if (old === undefined) continue
      const isNew = isWithin(Date.parse(one.received_at))
      assert.deepEqual(one, isNew ? { ...old, country: 'TW', city: 'Taipei' } : old)
    }
    assert.ok(now.some(one => one.flags.includes('idempotency_reused' as never)))
    assert.deepEqual(await tables(), ['events'])
    await load([row(200)])
    assert.equal((await list()).length, was.length + 3, 'loads find the table that counts')
    assert.equal((await run(taiwan)).changed, 1, 'what came late is made anew, the rest is as it would be')
  })

  test('counts when it was swapped in, though no answer came, and the next life knows', async () => {
    let unheard = 2
    const status = await run(() => ({ ...nothingDerived, country: 'JP' }), {
      async swapRebuilt(...args) {
        await warehouse.rebuilding.swapRebuilt(...args)
        throw new Error('socket hang up')
      },
      async lastRebuild() {
        if (unheard-- > 0) throw new Error('away')
        return warehouse.rebuilding.lastRebuild()
      },
    })
    assert.deepEqual([status.state, status.problem], ['swapped', ''])
    assert.ok((await list()).some(one => one.country === 'JP'))
    const told = await readLast(warehouse.rebuilding)
    assert.ok((told?.endedMs ?? 0) <= (status.endedMs ?? 0))
    assert.deepEqual({ ...told, endedMs: status.endedMs }, status)
  })

  test('that was cut off is told as that, and what is left of it goes', async () => {
    const as = { id: 'cut', startedMs: Date.now() }
    await warehouse.rebuilding.beginRebuild(range, as)
    const told = await readLast(warehouse.rebuilding)
    assert.deepEqual([told?.state, told?.startedMs, told?.endedMs], ['failed', as.startedMs, null])
    assert.match(told?.problem ?? '', /all is as it was/)
    assert.deepEqual(await tables(), ['events', 'events_rebuilt'])
    await warehouse.rebuilding.dropRebuilt()
    assert.deepEqual(await tables(), ['events'])
    assert.equal((await readLast(warehouse.rebuilding))?.state, 'swapped', 'the one before')
  })

  test('that does not come out right changes nothing', async () => {
    const was = await list()
    const broken = await run(() => {
      throw new Error('no database')
    })
    assert.equal(broken.state, 'failed')
    assert.match(broken.problem, /Cannot process the event at .* again: no database/)
    assert.deepEqual(await list(), was)

    const lost = await run(taiwan, { addRebuilt: async () => {} })
    assert.match(lost.problem, /counts and sums must be those of before/)
    assert.deepEqual(await list(), was)

    const other = row(20, { origin: { ...row(20).origin, requestId: uuidOf('other'), logOffset: 500 } })
    await load([{ ...other, event: { ...other.event, amount: '21' } }])
    const differs = await run(taiwan)
    assert.match(differs.problem, /they differ for deposit USD of p0/)
    assert.equal((await list()).length, was.length + 1)
  })
})

test('turns are taken one at a time, in order, and a failure is its own', async () => {
  const turns = openTurns()
  const told: string[] = []
  const turn = (name: string, fails = false) =>
    turns.run(async () => {
      told.push(`${name} begins`)
      await new Promise(resolve => setImmediate(resolve))
      told.push(`${name} ends`)
      if (fails) throw new Error(name)
      return name
    })
  const all = await Promise.allSettled([turn('a'), turn('b', true), turn('c')])
  assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  assert.deepEqual(
    all.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
})
