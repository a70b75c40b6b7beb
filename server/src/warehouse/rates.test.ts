// Rates by month: the last import of a month counts as a whole, and events are shown with their amount in dollars.

import { convert } from '@datapulse/contract/decimals'
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from './connection.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from './testing/made-loads.ts'
import type { Warehouse } from './warehouse.ts'

let engine: EngineProcess
let warehouse: Warehouse
const juneMs = Date.UTC(2026, 5, 30, 23, 59, 59, 999)
const julyMs = Date.UTC(2026, 6, 1)
const generatedMs = Date.UTC(2026, 6, 2)

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  const money = (n: number, eventMs: number, amount: string | null, currency: string) =>
    eventRow({ requestId: uuidOf(`rates ${n}`), receivedMs: julyMs + n }, { eventMs, amount, currency })
  await warehouse.loading.load(
    madeLoad(1, [
      money(1, juneMs, '46', 'EUR'),
      money(2, julyMs, '46', 'EUR'),
      money(3, juneMs, '7.5', 'USD'),
      money(4, juneMs, '10', 'TWD'),
      money(5, juneMs, null, ''),
      money(6, juneMs, '-99999999999999999999.123456789012345678', 'EUR'),
    ]),
  )
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

async function dollars(): Promise<(string | null)[]> {
  const { rows } = await warehouse.listEvents({ limit: 10 })
  return rows.toReversed().map(row => row.amount_usd)
}

test('without rates only dollars are converted', async () => {
  assert.deepEqual(await dollars(), [null, null, '7.5', null, null, null])
  assert.deepEqual(await warehouse.listRates(), [])
})

test('the month of the event decides, and a month that is imported again takes the place of all it had', async () => {
  const june = { month: '2026-06', generatedMs }
  const both = [
    { currency: 'EUR', rate: '0.92' },
    { currency: 'TWD', rate: '32' },
  ]
  await warehouse.importRates({ ...june, rates: both })
  const large = convert('-99999999999999999999.123456789012345678', '0.92')
  assert.deepEqual(await dollars(), ['50', null, '7.5', '0.3125', null, large])
  await warehouse.importRates({ month: '2026-07', generatedMs, rates: [{ currency: 'EUR', rate: '0.5' }] })
  assert.deepEqual((await dollars())[1], '92')
  await warehouse.importRates({ ...june, rates: [{ currency: 'EUR', rate: '1' }] })
  assert.deepEqual((await dollars()).slice(0, 4), ['46', '92', '7.5', null])
  const months = await warehouse.listRates()
  assert.deepEqual(
    months.map(({ month, currencies, generatedMs: made }) => [month, currencies, made]),
    [
      ['2026-07', 1, generatedMs],
      ['2026-06', 1, generatedMs],
    ],
  )
  assert.deepEqual(await warehouse.readRates('2026-06'), [{ currency: 'EUR', rate: '1' }])
  assert.deepEqual(await warehouse.readRates('2025-01'), [])
})

test("the warehouse's division and ours are the same", async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const pairs = [
    ['100', '3'],
    ['-100', '7'],
    ['99999999999999999999.123456789012345678', '0.000000000000000001'],
    ['0.000000000000000001', '19999999999999999999.5'],
    ['12345.678901234567890123', '32.123456'],
  ] as const
  for (const [amount, rate] of pairs) {
    const sql = `SELECT divideDecimal(toDecimal256({amount:String}, 18), toDecimal256({rate:String}, 18), 18) AS quotient`
    const [row] = await connection.select<{ quotient: string }>('ask', sql, { amount, rate })
    assert.equal(row?.quotient, convert(amount, rate), `${amount} / ${rate}`)
  }
  await connection.close()
})
