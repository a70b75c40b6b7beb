// Reports against a plain computation, over months of events that come late, out of order, backfilled, from test keys,
// of bets settled in each way there is.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from '../connection.ts'
import type { EventRow } from '../load.ts'
import { type EngineProcess, silentLogger, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, uuidOf } from '../testing/made-loads.ts'
import { type PlainQuestion, plainReport } from '../testing/plain-report.ts'
import { rollups } from '../rollup-tables.ts'
import { rollAll, rollupNames } from '../testing/roll-all.ts'
import type { Warehouse } from '../warehouse.ts'
import type { ReportQuestion, ReportRow } from './report.ts'

let engine: EngineProcess
let warehouse: Warehouse
let build = ''
const loads = 7
const dayMs = 86_400_000
const juneMs = Date.UTC(2026, 5, 1)
const currencies = ['USD', 'EUR', 'TWD', 'BTC']
const clicks = [...Array.from({ length: 8 }, (_, n) => `click_${n}`), "{from:String} o'neil \\"]
const rates = new Map([
  ['2026-05 EUR', '0.9'],
  ['2026-06 EUR', '0.92'],
  ['2026-06 TWD', '31.7'],
  ['2026-07 BTC', '0.0000105'],
])

/** Always the same numbers: 0 <= next(n) < n. */
function seeded(seed: number): (n: number) => number {
  let state = seed
  return n => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * n)
  }
}

function made(count: number): EventRow[] {
  const next = seeded(7)
  const pick = <T>(values: readonly T[]): T => values[next(values.length)] as T
  const bets: string[] = []
  return Array.from({ length: count }, (_, n) => {
    const name = pick([
      'register',
      'login',
      'deposit',
      'deposit',
      'withdraw',
      'bet',
      'bet',
      'bet',
      'win',
      'loss',
      'level_up',
    ])
    // Times from May 20th to July 12th, many of them the same; a few are received weeks after.
    const eventMs = juneMs - 12 * dayMs + next(54) * dayMs + next(24) * 3_600_000
    const receivedMs = eventMs + next(60_000) + (next(10) === 0 ? next(40) * dayMs : 0)
    const isMoney = ['deposit', 'withdraw', 'bet', 'win', 'loss'].includes(name)
    const currency = isMoney ? pick(currencies) : ''
    const amount = `${next(20) === 0 ? '-' : ''}${next(1_000)}.${1 + next(999_999)}`.replace(/0+$/, '')
    const isBet = name === 'bet'
    const own = isBet && next(2) === 0
    if (isBet) bets.push(`bet_${n}`)
    return eventRow(
      {
        product: next(8) === 0 ? 'other' : 'casino',
        mode: next(12) === 0 ? 'test' : 'live',
        requestId: uuidOf(`report ${next(count)} ${n}`),
        position: next(3),
        receivedMs,
      },
      {
        name,
        userId: `user_${next(60)}`,
        eventMs,
        clickId: next(4) === 0 ? pick(clicks) : '',
        gameType: isMoney ? pick(['', 'slot', 'casino']) : '',
        gameProvider: isMoney ? pick(['', 'EA', "o'neil"]) : '',
        ...(isMoney && { amount, currency, currencySent: currency }),
        transactionId: isBet ? `bet_${n}` : isMoney ? `tx_${n}` : '',
        parentTransactionId: (name === 'win' || name === 'loss') && next(4) > 0 && bets.length > 0 ? pick(bets) : '',
        betResult: own ? pick(['win', 'loss', 'unknown', ''] as const) : isBet && next(3) === 0 ? 'loss' : '',
        betResultAmount: own ? `${next(2) === 0 ? '-' : ''}${next(500)}.${1 + next(9)}` : null,
      },
      { derived: { country: '', city: '', agent: null, gameType: next(2) === 0 ? 'slot' : '' } },
    )
  })
}

/** At night, when clocks are set back: by an hour in Berlin, by half of one on Lord Howe. */
const nights = [
  '2025-10-26T00:10:00Z',
  '2025-10-26T00:50:00Z',
  '2025-10-26T01:10:00Z',
  '2026-04-04T14:45:00Z',
  '2026-04-04T15:15:00Z',
  '2026-04-04T15:45:00Z',
  '2026-04-05T00:35:00Z',
  '2026-04-05T01:05:00Z',
].map((time, n) =>
  eventRow(
    { product: 'clocks', requestId: uuidOf(`night ${n}`) },
    { name: 'login', eventMs: Date.parse(time), transactionId: '', amount: null, currency: '', currencySent: '' },
  ),
)

const rows = [...made(6_000), ...nights]

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  // In loads of mixed times, so that settlements come in other steps than their bets, before and after.
  for (let seq = 1; seq <= loads; seq++)
    await warehouse.loading.load(
      madeLoad(
        seq,
        rows.filter((_, n) => n % loads === seq - 1),
      ),
    )
  build = await warehouse.rolling.beginBuild()
  await rollAll(warehouse.rolling, build, 1)
  for (const month of ['2026-05', '2026-06', '2026-07']) {
    const own = [...rates].filter(([key]) => key.startsWith(month))
    const list = own.map(([key, rate]) => ({ currency: key.slice(8), rate }))
    await warehouse.importRates({ month, generatedMs: juneMs, rates: list })
  }
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

const range = { product: 'casino', from: '2026-05-25', to: '2026-07-05' }
const plainRange = { product: 'casino', fromMs: Date.UTC(2026, 4, 25), toMs: Date.UTC(2026, 6, 5) }
const day = (ms: number) => new Date(ms).toISOString().slice(0, 10)
const hour = (ms: number) => `${new Date(ms).toISOString().slice(0, 13)}:00:00Z`

/** As the plain one: what is not zero, as text. */
function textsOf(report: ReportRow[]): Map<string, Record<string, string>> {
  const all = new Map<string, Record<string, string>>()
  for (const { time, dimension, currency, ...numbers } of report) {
    const texts = Object.entries(numbers).map(([name, value]) => [name, String(value)])
    const some = texts.filter(([, value]) => value !== '0')
    if (some.length > 0)
      all.set([time, dimension, currency].join('|'), Object.fromEntries(some) as Record<string, string>)
  }
  return all
}

async function same(question: Partial<ReportQuestion>, plain: Partial<PlainQuestion>): Promise<void> {
  const report = await warehouse.readReport({ ...range, bucket: 'day', ...question })
  const expected = plainReport(rows, { ...plainRange, bucketOf: day, ...plain })
  const sorted = (map: Map<string, object>) => [...map].toSorted(([a], [b]) => (a < b ? -1 : 1))
  assert.deepEqual(sorted(textsOf(report)), sorted(expected))
  assert.ok(expected.size > 6)
  const rolled = await warehouse.readRolledReport(build, { ...range, bucket: 'day', ...question })
  const isReady = question.receivedBeforeMs === undefined && !(question.dimension === 'click_id' && question.timeZone)
  assert.equal(rolled !== null, isReady)
  if (rolled !== null) assert.deepEqual(sorted(textsOf(rolled)), sorted(expected))
}

test('by day and currency', () => same({}, {}))
test('by hour', () => same({ bucket: 'hour' }, { bucketOf: hour }))
test('in dollars, each event by the rate of its month, with what has none beside', () =>
  same({ converted: true }, { rates }))
test('of the whole range at once, by click, game type and provider', async () => {
  for (const dimension of ['click_id', 'game_type', 'game_provider'] as const)
    await same({ dimension, bucket: 'none' }, { dimension, bucketOf: () => '' })
  await same({ dimension: 'click_id', converted: true }, { dimension: 'click_id', rates })
})
test('as it was before later events came', async () => {
  const receivedBeforeMs = Date.UTC(2026, 5, 20, 5)
  await same({ receivedBeforeMs }, { receivedBeforeMs })
  await same({ receivedBeforeMs, dimension: 'click_id' }, { receivedBeforeMs, dimension: 'click_id' })
})
test('the funnel and what came late are the same from the rollups', async () => {
  for (const question of [range, { ...range, timeZone: 'Asia/Kathmandu' }]) {
    const late = await warehouse.readLate(question)
    assert.ok(late.length > 10)
    assert.deepEqual(await warehouse.readRolledLate(build, question), late)
    for (const byClick of [false, true]) {
      const funnel = await warehouse.readFunnel({ ...question, byClick })
      assert.ok(funnel.some(row => row.deposited_twice > 0))
      assert.deepEqual(await warehouse.readRolledFunnel(build, { ...question, byClick }), funnel)
      const cut = { ...question, byClick, dimensionsMax: 2 }
      assert.deepEqual(await warehouse.readRolledFunnel(build, cut), funnel.slice(0, 2))
      assert.deepEqual(await warehouse.readFunnel(cut), funnel.slice(0, 2))
    }
  }
})
test('cut off at so many clicks, both keep the same ones', async () => {
  for (const converted of [false, true]) {
    const question = { ...range, bucket: 'none', dimension: 'click_id', dimensionsMax: 3, converted } as const
    const report = await warehouse.readReport(question)
    assert.equal(new Set(report.map(row => row.dimension)).size, 3)
    assert.deepEqual(textsOf((await warehouse.readRolledReport(build, question))!), textsOf(report))
  }
})
test('a range that ends after all times that fit in 32 bits has everything', async () => {
  for (const dimension of ['click_id', 'game_type'] as const)
    for (const timeZone of ['UTC', ...(dimension === 'click_id' ? [] : ['Asia/Taipei'])]) {
      const question = { ...range, to: '2150-01-11', bucket: 'none', dimension, timeZone } as const
      const report = await warehouse.readReport(question)
      assert.ok(report.length > 3)
      assert.deepEqual(textsOf((await warehouse.readRolledReport(build, question))!), textsOf(report))
    }
})
/** Some of the events, of another product. */
function eventsOf(product: string): EventRow[] {
  return made(600).map((row, n) => ({
    ...row,
    identity: uuidOf(`${product} ${n}`).replaceAll('-', ''),
    origin: { ...row.origin, product },
  }))
}

async function lastLoad(): Promise<number> {
  return (await warehouse.status()).lastLoad?.seq ?? 0
}

async function isWhole(product: string): Promise<void> {
  for (const dimension of ['click_id', 'game_type'] as const) {
    const question = { ...range, product, bucket: 'none', dimension } as const
    const report = await warehouse.readReport(question)
    assert.ok(report.length > 3)
    assert.deepEqual(textsOf((await warehouse.readRolledReport(build, question))!), textsOf(report))
  }
}

test('in each rollup, what has no product says of a step that it is there, and nothing else', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  for (const { name } of Object.values(rollups)) {
    const sql = `SELECT DISTINCT build, step FROM ${name} WHERE product = '' ORDER BY step`
    const steps = Array.from({ length: loads }, (_, n) => ({ build, step: n + 1 }))
    assert.deepEqual(await connection.select('ask', sql), steps, name)
  }
  await connection.close()
})
test('clicks that are merged are told as before, from one part', async () => {
  await warehouse.rolling.merge()
  await isWhole(range.product)
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const sql =
    "SELECT table, count() AS parts FROM system.parts WHERE active AND table IN ('rollup_clicks', 'rollup_click_ranks') GROUP BY table ORDER BY table"
  const one = ['rollup_click_ranks', 'rollup_clicks'].map(table => ({ table, parts: 1 }))
  assert.deepEqual(await connection.select('ask', sql), one)
  await connection.close()
})
test('rollups of another build are not taken for these', async () => {
  assert.equal(await warehouse.readRolledReport('another', { ...range, bucket: 'day' }), null)
})
test('a step that was cut off between two rollups, or done twice, is whole in the end', async () => {
  for (const done of rollupNames.keys()) {
    const product = `cut ${done}`
    const sent = eventsOf(product)
    const last = await lastLoad()
    await warehouse.loading.load(madeLoad(last + 1, sent.slice(0, 200)))
    await rollAll(warehouse.rolling, build, 1)
    await warehouse.loading.load(madeLoad(last + 2, sent.slice(200, 400)))
    const step = { build, from: last + 1, to: last + 2 }
    await warehouse.rolling.prepare(step)
    for (const name of [...rollupNames.slice(0, done), ...rollupNames.slice(0, done)])
      await warehouse.rolling.roll(name, step)
    const stepped = await warehouse.rolling.stepped(build)
    assert.deepEqual(
      rollupNames.filter(name => stepped[name] === last + 2),
      rollupNames.slice(0, done),
    )
    await warehouse.loading.load(madeLoad(last + 3, sent.slice(400)))
    await rollAll(warehouse.rolling, build, 1)
    await isWhole(product)
  }
})
test('a step that the engine lost while it was made is in no rollup, and one that is added twice counts once', async () => {
  const last = await lastLoad()
  await warehouse.loading.load(madeLoad(last + 1, eventsOf('lost')))
  const step = { build, from: last, to: last + 1 }
  await warehouse.rolling.prepare(step)
  await engine.kill()
  await engine.start()
  for (const name of rollupNames) await warehouse.rolling.roll(name, step)
  assert.deepEqual(new Set(Object.values(await warehouse.rolling.stepped(build))), new Set([last]))
  await warehouse.rolling.prepare(step)
  for (const name of [...rollupNames, ...rollupNames]) await warehouse.rolling.roll(name, step)
  await isWhole('lost')
})
test('a build that was begun by one who died before the tables were emptied begins with empty tables', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const [name, value] = ['rollup build', uuidOf('begun')]
  const row = Buffer.from(`${name}\t${value}\t${Date.now() / 1000 + 3_600}\n`)
  await connection.insert('warehouse', ['name', 'value', 'written_at'], row, value)
  await connection.close()
  build = (await warehouse.rolling.build()) ?? assert.fail('there is a build')
  assert.equal(build, value)
  await rollAll(warehouse.rolling, build, 1_000)
  await isWhole('casino')
  assert.equal(await warehouse.rolling.build(), value)
  await isWhole('casino')
})
test('in another time zone, where days have other ends', () => {
  const taipeiMs = 8 * 3_600_000
  return same(
    { timeZone: 'Asia/Taipei' },
    { fromMs: plainRange.fromMs - taipeiMs, toMs: plainRange.toMs - taipeiMs, bucketOf: ms => day(ms + taipeiMs) },
  )
})
test('in one, of a range that begins and ends within days of UTC, or is shorter than two of them', async () => {
  const kathmanduMs = 20_700_000
  for (const [from, to] of [
    ['2026-05-25', '2026-07-05'],
    ['2026-06-10', '2026-06-13'],
    ['2026-06-11', '2026-06-12'],
  ] as const)
    for (const dimension of ['game_type', 'game_provider'] as const)
      await same(
        { timeZone: 'Asia/Kathmandu', bucket: 'none', dimension, from, to },
        {
          dimension,
          fromMs: Date.parse(from) - kathmanduMs,
          toMs: Date.parse(to) - kathmanduMs,
          bucketOf: () => '',
        },
      )
})
test('hours are those of the clock, told so that programs can read them, in their order also when it was set back', async () => {
  const hours = async (timeZone: string, from: string, to: string) => {
    const question = { product: 'clocks', from, to, timeZone, bucket: 'hour' } as const
    const report = await warehouse.readReport(question)
    assert.deepEqual(await warehouse.readRolledReport(build, question), report)
    return report.map(({ time, logins }) => `${time} ${logins}`)
  }
  assert.deepEqual(await hours('Europe/Berlin', '2025-10-26', '2025-10-27'), [
    '2025-10-26T02:00:00+02:00 2',
    '2025-10-26T02:00:00+01:00 1',
  ])
  assert.deepEqual(await hours('Europe/London', '2025-10-26', '2025-10-27'), [
    '2025-10-26T01:00:00+01:00 2',
    '2025-10-26T01:00:00Z 1',
  ])
  assert.deepEqual(await hours('Australia/Lord_Howe', '2026-04-05', '2026-04-06'), [
    '2026-04-05T01:00:00+11:00 1',
    '2026-04-05T01:00:00+10:30 1',
    '2026-04-05T02:00:00+10:30 1',
    '2026-04-05T11:00:00+10:30 2',
  ])
})
test('a product without events has no rows, and nothing of another', async () => {
  assert.deepEqual(await warehouse.readReport({ ...range, product: 'none', bucket: 'day' }), [])
})
test("a partner's books are the same from the rollups, by either time", async () => {
  for (const mode of ['live', 'test'] as const)
    for (const by of ['event', 'received'] as const) {
      const question = { product: 'casino', mode, keys: [], from: range.from, to: range.to, by }
      const plain = await warehouse.readReconciliation(question)
      assert.ok(plain.rows.length > 10)
      assert.deepEqual(await warehouse.readReconciliation(question, build), plain)
      assert.deepEqual(await warehouse.readReconciliation(question, 'another build'), plain)
    }
})
