// What is asked of the warehouse, on a real engine: filters, pages, counts, duplicates, and that no question can do harm.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connect } from '../connection.ts'
import { generatedTransactionId } from '../../steps/transaction-id.ts'
import type { DuplicateRow, EventRow } from '../load.ts'
import { type EngineProcess, silentLogger, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeEvents, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import { rollAll } from '../testing/roll-all.ts'
import type { Warehouse } from '../warehouse.ts'
import type { StoredEvent } from './event-columns.ts'
import { type EventsQuestion, listEvents } from './list-events.ts'

let engine: EngineProcess
let warehouse: Warehouse

const many = madeEvents(1, 3_000)
const agent = {
  device_class: 'Mobile',
  device_name: 'Tab\t\\N',
  operating_system_name: 'Android',
  operating_system_version: '13',
  agent_name: "o'Browser",
  agent_class: 'Browser',
}
const derived = { country: 'TW', city: "L'Aquila", agent, gameType: 'slot' }
const whole = eventRow(
  {
    product: 'p1',
    mode: 'test',
    keyId: 'k9',
    requestId: uuidOf('whole'),
    position: 3,
    receivedMs: startMs - 86_400_000,
    logOffset: 5,
  },
  {
    name: "it's a\ttest\n🎲",
    userId: 'back\\slash',
    clickId: '"click"',
    eventMs: 1_000,
    ipAddress: '2001:db8::1',
    userAgent: '\\N',
    gameType: 'slot',
    gameProvider: "o'neil",
    transactionId: 'T\r\n1',
    parentTransactionId: '[]',
    messageId: '{}',
    amount: '99999999999999999999.123456789012345678',
    currency: 'ΩMG',
    currencySent: 'ωmg',
    isCrypto: true,
    betResult: 'unknown',
    betResultAmount: '-0.000000000000000001',
    flags: ['future_skew', 'sign_mismatch'],
  },
  { raw: '{"note":"\\u0000 tab\t \\\\ \\n 🎲"}', derived },
)

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  await warehouse.loading.load(madeLoad(1, [...many, whole]))
})

after(async () => {
  await warehouse.close()
  await engine.remove()
})

/** All pages of a question. */
async function all(
  question: Omit<EventsQuestion, 'cursor'>,
  list: Warehouse['listEvents'] = warehouse.listEvents,
): Promise<StoredEvent[]> {
  const rows: StoredEvent[] = []
  let cursor: string | null = null
  do {
    const page = await list({ ...question, ...(cursor === null ? {} : { cursor }) })
    rows.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== null)
  return rows
}

const place = (row: { request_id: string; position: number }) => `${row.request_id} ${row.position}`
const placeOfRow = ({ origin }: EventRow) => `${origin.requestId} ${origin.position}`
const newestFirst = (rows: EventRow[]) => rows.toSorted((a, b) => b.origin.receivedMs - a.origin.receivedMs)

test('a stored event is shown exactly, in the words of the wire', async () => {
  const [shown] = await all({ limit: 10, request: whole.origin.requestId, raw: true })
  assert.deepEqual(shown, {
    product: 'p1',
    mode: 'test',
    event_name: "it's a\ttest\n🎲",
    client_user_id: 'back\\slash',
    timestamp: 1_000,
    received_at: '2026-05-31T00:00:00.000Z',
    amount: '99999999999999999999.123456789012345678',
    currency: 'ΩMG',
    transaction_id: 'T\r\n1',
    generated_transaction_id: '',
    click_id: '"click"',
    ip_address: '2001:db8::1',
    user_agent: '\\N',
    game_type: 'slot',
    game_provider: "o'neil",
    parent_transaction_id: '[]',
    message_id: '{}',
    idempotency_key: '',
    currency_sent: 'ωmg',
    is_crypto: true,
    bet_result: 'unknown',
    bet_result_amount: '-0.000000000000000001',
    flags: ['future_skew', 'sign_mismatch'],
    key_id: 'k9',
    request_id: whole.origin.requestId,
    position: 3,
    log_offset: 5,
    load_seq: 1,
    identity: whole.identity,
    country: 'TW',
    city: "L'Aquila",
    ...agent,
    canonical_game_type: 'slot',
    amount_usd: null,
    raw: whole.raw,
  })
})

test('all pages together are all events, newest first, each once; the text as sent only when asked for', async () => {
  const rows = await all({ limit: 700 })
  assert.deepEqual(rows.map(place), [...newestFirst(many), whole].map(placeOfRow))
  assert(rows.every(row => !('raw' in row)))
})

test('each filter finds what it says and nothing else', async () => {
  const sample = many.find(row => row.event.transactionId !== '') as EventRow
  const untold = many.find(row => row.event.transactionId === '') as EventRow
  const { event, origin } = sample
  const questions: [Partial<EventsQuestion>, (row: EventRow) => boolean][] = [
    [{ product: origin.product }, row => row.origin.product === origin.product],
    [{ mode: 'test' }, row => row.origin.mode === 'test'],
    [{ user: event.userId }, row => row.event.userId === event.userId],
    [{ event: 'withdraw' }, row => row.event.name === 'withdraw'],
    [{ transaction: event.transactionId }, row => row.event.transactionId === event.transactionId],
    [{ click: event.clickId }, row => row.event.clickId === event.clickId],
    [{ message: '{}' }, row => row.event.messageId === '{}'],
    [{ request: origin.requestId }, row => row.origin.requestId === origin.requestId],
    [
      { sinceMs: startMs + 5_000, untilMs: startMs + 9_000 },
      row => row.origin.receivedMs >= startMs + 5_000 && row.origin.receivedMs < startMs + 9_000,
    ],
    [
      { event: whole.event.name, user: whole.event.userId, transaction: whole.event.transactionId },
      row => row === whole,
    ],
    [{ transaction: generatedTransactionId(untold.origin.requestId, untold.origin.position) }, row => row === untold],
    [{ transaction: generatedTransactionId(origin.requestId, origin.position) }, () => false],
    [{ event: "' OR 1 = 1 --" }, () => false],
    [
      { product: origin.product, event: 'bet', sinceMs: startMs + 60_000 },
      row =>
        row.origin.product === origin.product && row.event.name === 'bet' && row.origin.receivedMs >= startMs + 60_000,
    ],
  ]
  for (const [filter, matches] of questions) {
    const rows = await all({ limit: 1_000, ...filter })
    assert.deepEqual(
      rows.map(place),
      newestFirst([...many, whole].filter(matches)).map(placeOfRow),
      JSON.stringify(filter),
    )
  }
})

test('events that arrive while somebody pages do not shift the pages', async () => {
  const first = await warehouse.listEvents({ limit: 10 })
  await warehouse.loading.load(madeLoad(2, madeEvents(2, 50, startMs + 86_400_000)))
  const second = await warehouse.listEvents({ limit: 10, cursor: first.cursor as string })
  assert.deepEqual([...first.rows, ...second.rows].map(place), newestFirst(many).slice(0, 20).map(placeOfRow))
  await assert.rejects(warehouse.listEvents({ limit: 10, cursor: 'nonsense' }), { code: 'WAREHOUSE_REFUSED' })
})

test('counts and sums by event and currency are exact, also past 128 bits', async () => {
  const huge = Array.from({ length: 40 }, (_, index) =>
    eventRow(
      { product: 'huge', requestId: uuidOf(`huge ${index}`) },
      { amount: '99999999999999999999.999999999999999999', currency: 'USD', currencySent: 'USD' },
    ),
  )
  const without = eventRow({ product: 'huge', requestId: uuidOf('without') }, { name: 'login' })
  await warehouse.loading.load(madeLoad(3, [...huge, without]))
  const rows = await warehouse.countEvents({ product: 'huge', by: ['event_name', 'currency', 'day'] })
  assert.deepEqual(rows, [
    {
      event_name: 'deposit',
      currency: 'USD',
      day: '2026-06-01',
      events: 40,
      amounts: 40,
      sum: '3999999999999999999999.99999999999999996',
    },
    { event_name: 'login', currency: '', day: '2026-06-01', events: 1, amounts: 0, sum: null },
  ])
  assert.deepEqual(await warehouse.countEvents({ product: 'huge', by: [] }), [{ events: 41, amounts: 40, sum: null }])
  assert.deepEqual(await warehouse.countEvents({ mode: 'test' }), [
    {
      product: 'p1',
      mode: 'test',
      event_name: whole.event.name,
      currency: 'ΩMG',
      events: 1,
      amounts: 1,
      sum: whole.event.amount,
    },
  ])
  assert.equal((await warehouse.countEvents({ clock: 'event', untilMs: 2_000, by: ['month'] }))[0]?.month, '1970-01')
})

test('products and quotients past 128 bits are exact in Decimal256', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const rows = await connection.select<Record<string, string>>(
    'ask',
    `SELECT multiplyDecimal(toDecimal256(amount, 18), toDecimal256(amount, 18), 18) AS squared,
       divideDecimal(toDecimal256(amount, 18), toDecimal256('0.92', 18), 18) AS quotient
     FROM events WHERE product = {product:String}`,
    { product: 'p1' },
  )
  const units = 99_999_999_999_999_999_999_123_456_789_012_345_678n
  const exact = (scaled: bigint) =>
    `${scaled / 10n ** 18n}.${String(scaled % 10n ** 18n).padStart(18, '0')}`.replace(/\.?0+$/, '')
  assert.deepEqual(rows, [{ squared: exact((units * units) / 10n ** 18n), quotient: exact((units * 100n) / 92n) }])
  await connection.close()
})

test('a duplicate is shown beside the event that stands, a conflict with what differs', async () => {
  const standing = many.find(row => row.event.amount !== null) as EventRow
  const later = (index: number, event: object, conflict: boolean): DuplicateRow => ({
    ...eventRow(
      { ...standing.origin, requestId: uuidOf(`later ${index}`), receivedMs: startMs + 1_000_000 + index },
      { ...standing.event, ...event },
    ),
    identity: standing.identity,
    firstRequestId: standing.origin.requestId,
    firstPosition: standing.origin.position,
    conflict,
  })
  const duplicates = [
    later(0, {}, false),
    later(1, { amount: '1.25', currency: 'USD', currencySent: 'USD' }, true),
    { ...later(2, { userId: 'somebody' }, true), firstRequestId: uuidOf('gone') },
  ]
  await warehouse.loading.load(madeLoad(4, [], { duplicates }))
  const { rows, cursor } = await warehouse.listDuplicates({ limit: 2 })
  const [gone, differing] = rows
  assert.equal(gone?.first, null)
  assert.deepEqual(differing?.differs, ['amount', 'currency'])
  assert.deepEqual(differing?.first, {
    client_user_id: standing.event.userId,
    amount: standing.event.amount,
    currency: 'EUR',
    received_at: new Date(standing.origin.receivedMs).toISOString(),
  })
  const rest = await warehouse.listDuplicates({ limit: 2, cursor: cursor as string })
  assert.deepEqual(
    rest.rows.map(row => [row.conflict, row.differs]),
    [[false, []]],
  )
  assert.equal(rest.cursor, null)
  assert.equal((await warehouse.listDuplicates({ limit: 9, conflict: true })).rows.length, 2)
  assert.equal((await warehouse.listDuplicates({ limit: 9, transaction: standing.event.transactionId })).rows.length, 3)
})

test('what is parked and what was rejected is told', async () => {
  const parked = {
    origin: { ...whole.origin, position: -1 },
    events: 3,
    reason: 'unreadable',
    detail: 'cut\toff',
    raw: '[{',
  }
  const tally = { product: 'p1', keyId: 'k9', receivedMs: startMs, logOffset: 9 }
  const rejected = [
    { ...tally, code: 'VALIDATION_ERROR', events: 5, requests: 2, position: 0 },
    { ...tally, code: 'VALIDATION_ERROR', events: 2, requests: 1, position: 1, receivedMs: startMs + 1_000 },
    { ...tally, product: '', keyId: '', code: 'UNAUTHORIZED', events: 1, requests: 1, position: 2 },
  ]
  await warehouse.loading.load(madeLoad(5, [], { parked: [parked], rejected }))
  const { rows } = await warehouse.listParked({ limit: 10, product: 'p1', raw: true })
  assert.deepEqual(rows[0]?.detail, 'cut\toff')
  assert.deepEqual(
    [rows[0]?.position, rows[0]?.events, rows[0]?.raw, rows[0]?.received_at],
    [-1, 3, '[{', '2026-05-31T00:00:00.000Z'],
  )
  assert.deepEqual(await warehouse.countRejected({}), [
    {
      product: 'p1',
      key_id: 'k9',
      code: 'VALIDATION_ERROR',
      events: 7,
      requests: 3,
      last_at: '2026-06-01T00:00:01.000Z',
    },
    { product: '', key_id: '', code: 'UNAUTHORIZED', events: 1, requests: 1, last_at: '2026-06-01T00:00:00.000Z' },
  ])
  assert.equal((await warehouse.countRejected({ product: 'p1', by: ['day'] }))[0]?.events, 7)
  await assert.rejects(warehouse.listParked({ limit: 10, user: 'x' }), { code: 'WAREHOUSE_REFUSED' })
})

test('the status tells what is there and the last load', async () => {
  const { events, lastLoad, eventsMissing } = await warehouse.status()
  assert.equal(lastLoad?.seq, 5)
  assert.equal(events.rows, 3_000 + 1 + 50 + 41)
  assert(events.bytes > 0 && events.parts > 0)
  assert.equal(eventsMissing, Math.max(0, lastLoad.totals.stored - events.rows))
})

test('what came with long gaps is listed page by page, whether it is counted by the hour or not', async () => {
  const hours = [0, 0.01, 0.9, 2, 2.5, 70, 71, 24 * 100, 24 * 100 + 1, 24 * 400, 24 * 1_000]
  const sparse = hours.flatMap(back =>
    ['deposit', 'login', 'deposit'].map((name, position) =>
      eventRow(
        {
          product: 'sparse',
          mode: name === 'login' ? 'test' : 'live',
          requestId: uuidOf(`sparse ${back}`),
          position,
          receivedMs: startMs + 86_400_000 - back * 3_600_000 - position,
          logOffset: 100 - hours.indexOf(back),
        },
        { name },
      ),
    ),
  )
  await warehouse.loading.load(madeLoad(6, sparse))
  const filters: Omit<EventsQuestion, 'limit'>[] = [
    {},
    { event: 'deposit' },
    { mode: 'test' },
    { sinceMs: startMs - 86_400_000 },
  ]
  const check = async (limit: number) => {
    for (const filter of filters) {
      const wanted = newestFirst(sparse).filter(
        ({ origin, event }) =>
          (filter.event ?? event.name) === event.name &&
          (filter.mode ?? origin.mode) === origin.mode &&
          origin.receivedMs >= (filter.sinceMs ?? 0),
      )
      const listed = await all({ product: 'sparse', limit, ...filter })
      assert.deepEqual(listed.map(place), wanted.map(placeOfRow), JSON.stringify({ limit, ...filter }))
    }
  }
  await check(4)
  const build = await warehouse.rolling.beginBuild()
  await rollAll(warehouse.rolling, build, 1_000_000)
  for (const limit of [1, 4, 30]) await check(limit)
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  for (const latest of [1, 5, 1_000_000]) {
    const ofUser = await all({ product: 'sparse', limit: 4, user: 'user_1' }, asked =>
      listEvents(connection, asked, latest),
    )
    assert.deepEqual(ofUser.map(place), newestFirst(sparse).map(placeOfRow), `the latest ${latest} first`)
  }
  await connection.close()
})

test('new events come in the order of the loads, each once, and only what a note stands behind', async () => {
  const own = engine.warehouse(Date.now, 'watched')
  try {
    assert.deepEqual((await own.newEvents({ limit: 10, last: 5 })).rows, [])
    const start = (await own.newEvents({ limit: 10 })).after
    const [first, second] = [madeEvents(1, 40), madeEvents(2, 40)]
    await own.loading.load(madeLoad(1, first))
    await own.loading.load(madeLoad(2, second))
    const read = async (wish: { after: string; product?: string; limit: number }) => {
      const rows: StoredEvent[] = []
      let { after } = wish
      for (let more = true; more; ) {
        const found = await own.newEvents({ ...wish, after })
        rows.push(...found.rows)
        ;({ after, more } = found)
      }
      return { rows, after }
    }
    const { rows, after } = await read({ after: start, limit: 7 })
    assert.equal(rows.length, 80)
    assert.equal(new Set(rows.map(row => row.identity)).size, 80)
    assert.deepEqual(
      rows.map(row => row.load_seq),
      rows.map(row => row.load_seq).toSorted((a, b) => a - b),
    )
    const product = rows[0]!.product
    assert.deepEqual(
      (await read({ after: start, limit: 1_000, product })).rows,
      rows.filter(row => row.product === product),
    )
    const sample = await own.newEvents({ limit: 7, after: start, sample: true })
    assert.deepEqual([sample.rows, sample.count, sample.more], [rows.slice(0, 7), 80, false])
    assert.deepEqual((await own.newEvents({ limit: 7, after: sample.after, sample: true })).rows, [])
    const latest = await own.newEvents({ limit: 10, last: 3 })
    const received = (some: StoredEvent[]) => some.map(row => row.received_at)
    assert.deepEqual(received(latest.rows), received(rows).toSorted().slice(-3))
    assert.deepEqual((await own.newEvents({ limit: 10, after: latest.after })).rows, [])

    // What a load has brought before its note: another one shows it, once the note is there.
    const connection = connect({ socketPath: engine.socketPath, logger: silentLogger, database: 'watched' })
    await connection.command('INSERT INTO events SELECT * REPLACE (3 AS load_seq) FROM events WHERE load_seq = 2')
    assert.deepEqual((await own.newEvents({ limit: 10, after })).rows, [])
    await own.loading.load(madeLoad(3, madeEvents(3, 1)))
    assert.ok((await read({ after, limit: 100 })).rows.length > 0)
    await connection.close()

    const other = Buffer.from('n 99 1 1').toString('base64url')
    assert.deepEqual(
      await own.newEvents({ limit: 10, after: other }),
      { ...(await own.newEvents({ limit: 10 })), rows: [] },
      'of another warehouse: from the end on',
    )
    await assert.rejects(own.newEvents({ limit: 1, after: 'tampered' }), { code: 'WAREHOUSE_REFUSED' })
  } finally {
    await own.close()
  }
})
