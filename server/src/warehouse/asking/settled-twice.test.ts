// The flag settled_twice on a real engine: on both sides, in both orders, up to date whatever comes and goes, and with one
// question more, or none, for a page.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Event, limits as wireLimits } from '@datapulse/contract'
import { limits } from '../../limits.ts'
import { type Connection, connect } from '../connection.ts'
import type { EventRow, Origin } from '../load.ts'
import { type EngineProcess, silentLogger, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import type { Warehouse } from '../warehouse.ts'
import { listEvents } from './list-events.ts'

let engine: EngineProcess
let warehouse: Warehouse
let connection: Connection
/** Every SELECT that went over `connection`. */
const asked: string[] = []

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  const real = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  connection = {
    ...real,
    select: (workload, sql, params) => {
      asked.push(sql)
      return real.select(workload, sql, params)
    },
  }
})

after(async () => {
  await connection.close()
  await warehouse.close()
  await engine.remove()
})

let made = 0
let seq = 0

type Change = Partial<Event> & { origin?: Partial<Origin> }

function row(name: string, { origin, ...event }: Change): EventRow {
  made += 1
  const place = { product: 'demo', requestId: uuidOf(`made ${made}`), logOffset: made, receivedMs: startMs + made }
  const sent = { amount: '5', currency: 'USD', currencySent: 'USD', transactionId: `${name} ${made}` }
  return eventRow({ ...place, ...origin }, { name, ...sent, ...event })
}

const bet = (transactionId: string, change: Change = {}) => row('bet', { transactionId, ...change })
const betWithResult = (transactionId: string, change: Change = {}) =>
  bet(transactionId, { betResult: 'win', betResultAmount: '5', ...change })
const settlement = (parentTransactionId: string, change: Change = {}) =>
  row(change.name ?? 'win', { parentTransactionId, ...change })

async function store(...events: EventRow[]): Promise<void> {
  seq += 1
  await warehouse.loading.load(madeLoad(seq, events))
}

/** Names of the flagged events among those of the product, the first received first. */
async function flagged(product: string): Promise<string[]> {
  const { rows } = await listEvents(connection, { product, limit: limits.pageRowsMax })
  return rows
    .toReversed()
    .filter(({ flags }) => flags.includes('settled_twice'))
    .map(({ mode, event_name, transaction_id, parent_transaction_id }) =>
      [...(mode === 'test' ? [mode] : []), event_name, parent_transaction_id || transaction_id].join(' '),
    )
}

test('both are flagged when the second comes, whichever it is', async () => {
  const of = (product: string) => ({ origin: { product } })
  await store(betWithResult('b1', of('bet-first')), settlement('b1', of('settlement-first')))
  assert.deepEqual([await flagged('bet-first'), await flagged('settlement-first')], [[], []])
  await store(settlement('b1', of('bet-first')), betWithResult('b1', of('settlement-first')))
  assert.deepEqual(await flagged('bet-first'), ['bet b1', 'win b1'])
  assert.deepEqual(await flagged('settlement-first'), ['win b1', 'bet b1'])
})

test('the flag comes behind those that are stored, and only events of the page are told', async () => {
  const origin = { product: 'behind' }
  await store(
    settlement('b1', { name: 'loss', origin, flags: ['sign_mismatch'] }),
    settlement('b1', { origin }),
    betWithResult('b1', { origin }),
  )
  assert.deepEqual(await flagged('behind'), ['loss b1', 'win b1', 'bet b1'])
  const { rows } = await listEvents(connection, { product: 'behind', event: 'loss', limit: 1 })
  assert.deepEqual(
    rows.map(({ flags }) => flags),
    [['sign_mismatch', 'settled_twice']],
  )
})

test('a bet without a result of its own, or without a settlement, and a settlement of nothing are not flagged', async () => {
  const origin = { product: 'plain' }
  await store(
    bet('no result', { origin }),
    settlement('no result', { origin }),
    bet('no amount', { origin, betResult: 'win' }),
    settlement('no amount', { origin }),
    betWithResult('no settlement', { origin }),
    settlement('no bet', { origin }),
    settlement('', { origin, transactionId: 'no parent' }),
    betWithResult('no parent', { origin }),
    betWithResult('custom', { origin }),
    row('cashback', { origin, parentTransactionId: 'custom' }),
    row('deposit', { origin, transactionId: 'deposited' }),
    settlement('deposited', { origin }),
    betWithResult('Case', { origin }),
    settlement('case', { origin }),
  )
  assert.deepEqual(await flagged('plain'), [])
})

test('products, and live and test events, are kept apart, also in a page of all of them', async () => {
  const places = [
    { product: 'apart-1', mode: 'live' },
    { product: 'apart-1', mode: 'test' },
    { product: 'apart-2', mode: 'live' },
    { product: 'apart-2', mode: 'test' },
  ] as const
  const [one, two, three, four] = places.map(origin => ({ origin }))
  await store(betWithResult('b', one), settlement('b', two), settlement('b', three), betWithResult('b', four))
  assert.deepEqual([...(await flagged('apart-1')), ...(await flagged('apart-2'))], [])
  await store(betWithResult('b', two), settlement('b', four))
  assert.deepEqual(await flagged('apart-1'), ['test win b', 'test bet b'])
  assert.deepEqual(await flagged('apart-2'), ['test bet b', 'test win b'])
  const { rows } = await listEvents(connection, { transaction: 'b', limit: 10 })
  assert.deepEqual(
    rows.map(({ product, mode, flags }) => [product, mode, flags.length]),
    [
      ['apart-1', 'test', 1],
      ['apart-2', 'test', 1],
      ['apart-1', 'live', 0],
    ],
  )
})

test('one that is erased, or exchanged for another, is no longer the second', async () => {
  const origin = { product: 'gone' }
  const first = betWithResult('exchanged', { origin })
  await store(
    first,
    betWithResult('erased', { origin, userId: 'ann' }),
    settlement('erased', { origin, userId: 'bob' }),
    settlement('exchanged', { origin }),
  )
  assert.deepEqual(await flagged('gone'), ['bet exchanged', 'bet erased', 'win erased', 'win exchanged'])
  await warehouse.erasing.eraseUser('gone', 'ann')
  assert.deepEqual(await flagged('gone'), ['bet exchanged', 'win exchanged'])

  const later = { ...bet('exchanged', { origin }), identity: first.identity }
  await warehouse.resolving.swap(
    {
      ...{ id: uuidOf('resolution'), product: 'gone', mode: 'live', identity: first.identity, stands: 'later' },
      ...{ requestId: later.origin.requestId, position: 0, reason: '', decidedMs: startMs },
      ...{ firstRequestId: first.origin.requestId, firstPosition: 0 },
    },
    { ...later, loadSeq: seq },
  )
  assert.deepEqual(await flagged('gone'), [])
})

test('a page without bets with results and settlements asks nothing more, any other page one question', async () => {
  const asks = async (product: string) => {
    asked.length = 0
    await listEvents(connection, { product, limit: limits.pageRowsMax })
    return asked.filter(
      sql => sql.includes('parent_transaction_id IN') || sql.includes('bet_result_amount IS NOT NULL'),
    )
  }
  const of = (product: string) => ({ origin: { product }, currency: '' })
  await store(
    bet('b', of('nothing')),
    row('deposit', of('nothing')),
    settlement('', of('nothing')),
    betWithResult('', of('nothing')),
    ...Array.from({ length: 30 }, (_, n) => betWithResult(`b${n}`, of('something'))),
    ...Array.from({ length: 30 }, (_, n) => settlement(`b${n % 7}`, of('something'))),
  )
  assert.deepEqual(await asks('nothing'), [])
  const [question, ...others] = await asks('something')
  assert.deepEqual(others, [])
  const plan = await connection.select<{ explain: string }>('ask', `EXPLAIN indexes = 1 ${question}`)
  const told = plan.map(({ explain }) => explain).join('\n')
  for (const index of ['by_transaction', 'by_parent']) assert.match(told, new RegExp(`Name: ${index}\\b`))
  assert.match(told, /PrimaryKey\s+Keys:\s+product\s+mode\s+event_name/)
})

test('a page of the largest size with the longest ids is right, whatever these are made of', async () => {
  const origin = { product: 'large' }
  const nasty = "{limit:UInt32} '\\' \\x7B ? -- /* 🎲 \t"
  const id = (n: number) => `${nasty} ${n} `.padEnd(wireLimits.idBytesMax - 2, "'")
  const half = limits.pageRowsMax / 2
  await store(
    ...Array.from({ length: half }, (_, n) => betWithResult(id(n), { origin })),
    ...Array.from({ length: half }, (_, n) => settlement(id(2 * n), { origin })),
  )
  const even = Array.from({ length: half }, (_, n) => 2 * n)
  assert.deepEqual(await flagged('large'), [
    ...even.filter(n => n < half).map(n => `bet ${id(n)}`),
    ...even.filter(n => n < half).map(n => `win ${id(n)}`),
  ])
})
