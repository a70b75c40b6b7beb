// What diagnostics count, on a real engine: made loads against what is plainly said here of them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Event } from '@datapulse/contract'
import { limits } from '../../limits.ts'
import { replayKeyId } from '../../steps/replay-key.ts'
import { type RejectionHead, rejectedPosition, rejectedReason } from '../../steps/rejection.ts'
import { connect } from '../connection.ts'
import type { DuplicateRow, EventRow, Origin, ParkedRow, RejectedRow } from '../load.ts'
import { type EngineProcess, silentLogger, startEngine } from '../testing/engine-process.ts'
import { eventRow, madeLoad, startMs, uuidOf } from '../testing/made-loads.ts'
import { rollAll } from '../testing/roll-all.ts'
import type { Warehouse } from '../warehouse.ts'
import { readDiagnostics } from './diagnostics.ts'

const hourMs = 3_600_000
const question = {
  product: 'casino',
  mode: 'live' as const,
  keys: ['key_a', 'key_b'],
  sinceMs: startMs,
  untilMs: startMs + 24 * hourMs,
}

let engine: EngineProcess
let warehouse: Warehouse
let rows = 0

/** `afterMs`: how long after the beginning of the window it came; `delayMs`: how late. */
function made(
  name: string,
  afterMs: number,
  delayMs: number,
  event: Partial<Event> = {},
  origin: Partial<Origin> = {},
): EventRow {
  const receivedMs = startMs + afterMs
  const place = { product: 'casino', keyId: 'key_a', requestId: uuidOf(`row ${rows++}`), receivedMs, ...origin }
  return eventRow(place, { name, eventMs: receivedMs - delayMs, ...event })
}

function rejection(n: number, raw: string, head: Partial<RejectionHead> = {}, origin: Partial<Origin> = {}): ParkedRow {
  const place = { product: 'casino', keyId: 'key_a', requestId: uuidOf(`rejected ${n}`), position: rejectedPosition }
  const whole: RejectionHead = {
    kind: 'event',
    code: 'VALIDATION_ERROR',
    message: '',
    violations: [{ field: 'ip_address', rule: 'required', message: '' }],
    violationsTotal: 1,
    address: '203.0.113.1',
    refused: null,
    ...head,
  }
  return {
    origin: eventRow({ ...place, receivedMs: startMs + n, ...origin }).origin,
    events: 0,
    reason: rejectedReason,
    detail: JSON.stringify(whole),
    raw,
  }
}

function refused(
  keyId: string,
  code: string,
  events: number,
  requests: number,
  more: Partial<RejectedRow> = {},
): RejectedRow {
  return {
    product: 'casino',
    keyId,
    code,
    receivedMs: startMs + hourMs,
    events,
    requests,
    logOffset: rows++,
    position: 0,
    ...more,
  }
}

const again = (row: EventRow, conflict: boolean): DuplicateRow => ({
  ...row,
  firstRequestId: uuidOf('first'),
  firstPosition: 0,
  conflict,
})

const batch = { requestId: uuidOf('a batch') }
const events = [
  made('register', 0, 1_000, { clickId: 'c', userAgent: 'a' }),
  made('register', 1_000, 1_000, { userAgent: 'a' }),
  made('Deposit', 2_000, 1_000),
  made('bet', 3_000, -6_000, { betResultAmount: '-1', transactionId: 'b1' }, { ...batch, position: 0 }),
  made('bet', 3_000, -400_000, { betResult: 'win', transactionId: 'b2' }, { ...batch, position: 1 }),
  made('win', 3_000, 1_000, { parentTransactionId: 'b2' }, { ...batch, position: 2 }),
  made('loss', 24 * hourMs - 1, 1_000, {}, { keyId: 'key_b' }),
  // None of these is in it.
  made('login', -1, 0),
  made('login', 24 * hourMs, 0),
  made('deposit', 1, 0, {}, { mode: 'test', keyId: 'key_t' }),
  made('deposit', 1, 0, {}, { product: 'poker', keyId: 'key_p' }),
  made('withdraw', 9_000, 3_600_000, { clickId: 'c' }, { keyId: replayKeyId('key_a') }),
]

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  const bad = { field: 'amount', rule: 'required', message: '' } as const
  await warehouse.loading.load(
    madeLoad(1, events, {
      duplicates: [
        again(made('register', 5_000, 0), false),
        again(made('bet', 6_000, 0, {}, { keyId: 'key_b', position: 3 }), true),
        again(made('bet', -5_000, 0), true),
        again(made('bet', 9_000, 0, {}, { keyId: replayKeyId('key_a') }), true),
      ],
      parked: [
        rejection(1, '{"event_name":" login "}'),
        rejection(2, '{"event_name":"login"}', {
          violations: [
            { field: 'ip_address', rule: 'required', message: '' },
            { field: 'timestamp', rule: 'future', message: '' },
          ],
        }),
        rejection(3, '[{"event_name":"login"},{"event_name":"withdraw"},{"event_name":"deposit"}]', {
          kind: 'batch',
          violations: [
            { index: 1, ...bad },
            { index: 1, ...bad, field: 'currency' },
            { index: 2, ...bad },
          ],
        }),
        rejection(4, '{not json', { code: 'INVALID_JSON', violations: [] }),
        rejection(5, '{"client_user_id":"u"}', {
          violations: [{ field: 'event_name', rule: 'required', message: '' }],
        }),
        rejection(6, '{"event_name":"login"}', {}, { mode: 'test' }),
        rejection(-1, '{"event_name":"login"}'),
        { origin: made('x', 7_000, 0).origin, events: 1, reason: 'event_failed', detail: '', raw: '{}' },
        {
          origin: made('x', 9_000, 0, {}, { keyId: replayKeyId('key_a') }).origin,
          events: 1,
          reason: 'event_failed',
          detail: '',
          raw: '{}',
        },
        {
          origin: { ...made('x', 8_000, 0).origin, position: -1 },
          events: 5,
          reason: 'request_unreadable',
          detail: '',
          raw: '{}',
        },
      ],
      rejected: [
        refused('key_a', 'VALIDATION_ERROR', 3, 2),
        refused('key_a', 'VALIDATION_ERROR', 4, 1, { receivedMs: startMs + 2 * hourMs }),
        refused('key_b', 'KEY_REVOKED', 1, 1),
        refused('key_b', 'KEY_REVOKED', 1, 1, { receivedMs: startMs - 1 }),
        refused('key_t', 'KEY_REVOKED', 1, 1),
        refused('key_a', 'RATE_LIMITED', 1, 1, { product: 'poker' }),
        refused('', 'UNAUTHORIZED', 9, 9, { product: '' }),
      ],
    }),
  )
})
after(async () => {
  await warehouse.close()
  await engine.remove()
})

test('events are counted by name, by key and in all, each once and only those of the question', async () => {
  const { stored, storedOf } = await warehouse.readDiagnostics(question)
  const { looks, ...counts } = stored!
  assert.deepEqual(counts, { events: 7, requests: 5, lastHour: 1, lastMs: startMs + 24 * hourMs - 1 })
  const { delayMs, ...looked } = looks
  assert.deepEqual(looked, {
    looked: 7,
    withClick: 1,
    withAgent: 2,
    ahead: 2,
    farAhead: 1,
    bets: 2,
    betsWithResult: 1,
    results: 2,
    resultsWithParent: 1,
  })
  assert.ok(Math.abs(delayMs.median - 1_000) <= 10, `${delayMs.median}`)
  assert.ok(Math.abs(delayMs.least + 400_000) <= 4_000, `${delayMs.least}`)
  assert.deepEqual(
    storedOf.names.map(({ event_name, events: count, requests }) => [event_name, count, requests]),
    [
      ['bet', 2, 1],
      ['register', 2, 2],
      ['loss', 1, 1],
      ['win', 1, 0],
      ['Deposit', 1, 1],
    ],
    'known names first, the largest first',
  )
  assert.deepEqual(
    storedOf.keys.map(({ key_id, events: count, requests, lastMs }) => [key_id, count, requests, lastMs - startMs]),
    [
      ['key_a', 6, 4, 3_000],
      ['key_b', 1, 1, 24 * hourMs - 1],
    ],
  )
})

test('what came again, what was parked, and what was refused by the keys of the question', async () => {
  const { repeated, repeatedOf, parked, refused: found } = await warehouse.readDiagnostics(question)
  assert.deepEqual(repeated, { events: 2, conflicts: 1, requests: 1, lastMs: startMs + 6_000 })
  assert.deepEqual(
    repeatedOf.names.map(({ event_name, events: count, conflicts }) => [event_name, count, conflicts]),
    [
      ['bet', 1, 1],
      ['register', 1, 0],
    ],
  )
  assert.deepEqual(parked, [
    { key_id: 'key_a', reason: 'request_unreadable', events: 5, requests: 1, lastMs: startMs + 8_000 },
    { key_id: 'key_a', reason: 'event_failed', events: 1, requests: 1, lastMs: startMs + 7_000 },
  ])
  assert.deepEqual(found, [
    { key_id: 'key_a', code: 'VALIDATION_ERROR', events: 7, requests: 3, lastMs: startMs + 2 * hourMs },
    { key_id: 'key_b', code: 'KEY_REVOKED', events: 1, requests: 1, lastMs: startMs + hourMs },
  ])
})

test('mistakes are read from the requests that are kept, and whose events they are from the bodies', async () => {
  const { mistakes } = await warehouse.readDiagnostics(question)
  assert.deepEqual(
    mistakes.rules.map(({ rule, field, requests, violations }) => [rule, field, requests, violations].join(' ')),
    [
      'required ip_address 2 2',
      'required amount 1 2',
      'INVALID_JSON  1 1',
      'future timestamp 1 1',
      'required currency 1 1',
      'required event_name 1 1',
    ],
  )
  assert.deepEqual(
    mistakes.names.map(({ event_name, requests }) => [event_name, requests]),
    [
      ['login', 2],
      ['deposit', 1],
      ['withdraw', 1],
      ['', 1],
    ],
  )
  assert.equal(mistakes.kept, 5)
})

test('every name was last seen at some time before the end, whenever that was', async () => {
  const last = async (more: object) =>
    (await warehouse.readDiagnostics({ ...question, ...more })).lastSeen.map(({ event_name, lastMs }) => [
      event_name,
      lastMs - startMs,
    ])
  const before = [
    ['bet', 3_000],
    ['win', 3_000],
    ['register', 1_000],
    ['login', -1],
    ['Deposit', 2_000],
  ]
  assert.deepEqual(await last({ sinceMs: startMs + 23 * hourMs }), [['loss', 24 * hourMs - 1], ...before])
  assert.deepEqual(await last({ sinceMs: startMs + 22 * hourMs, untilMs: startMs + 23 * hourMs }), before)
  assert.deepEqual(await last({ sinceMs: startMs - hourMs, untilMs: startMs }), [['login', -1]])
})

test('test events are seen with the mode test, and nothing of a product that has sent nothing', async () => {
  const tried = await warehouse.readDiagnostics({ ...question, mode: 'test', keys: ['key_t'] })
  assert.deepEqual(
    tried.storedOf.names.map(({ event_name }) => event_name),
    ['deposit'],
  )
  assert.deepEqual(
    tried.refused.map(({ code }) => code),
    ['KEY_REVOKED'],
  )
  assert.deepEqual(
    tried.mistakes.names.map(({ requests }) => requests),
    [1],
  )
  const none = await warehouse.readDiagnostics({ ...question, product: 'new', keys: [] })
  assert.deepEqual(
    [none.stored, none.repeated, none.storedOf.names, none.lastSeen, none.refused],
    [null, null, [], [], []],
  )
  assert.deepEqual(none.mistakes, { kept: 0, rules: [], names: [] })
})

test('keys are told apart however many there are', async () => {
  const of = async (keys: string[]) =>
    (await warehouse.readDiagnostics({ ...question, keys })).storedOf.keys.map(row => ({ ...row }))
  const many = [...question.keys, ...Array.from({ length: 20 }, (_, n) => `key_${n}`)]
  assert.deepEqual(await of(many), await of([...question.keys]))
  assert.deepEqual(await of(['key_b', 'key_none']), [
    { key_id: 'key_b', events: 1, requests: 1, lastMs: startMs + 24 * hourMs - 1 },
  ])
})

test('of very many, some that are spread over the time are looked at, and all are counted', async () => {
  const many = Array.from({ length: 20_000 }, (_, n) =>
    made(n % 2 === 0 ? 'bet' : 'win', n * 1_000, n < 10_000 ? 1_000 : 9_000, n % 4 === 0 ? { clickId: 'c' } : {}, {
      product: 'large',
    }),
  )
  await warehouse.loading.load(madeLoad(3, many))
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const found = await readDiagnostics(connection, { ...question, product: 'large' }, { lookedMax: 2_000 })
  await connection.close()
  const { events, looks } = found.stored!
  assert.equal(events, 20_000)
  assert.ok(Math.abs(looks.looked - 2_000) < 100, `looked at ${looks.looked}`)
  assert.ok(Math.abs(looks.withClick - looks.looked / 4) < 60, `${looks.withClick} of ${looks.looked} have a click`)
  assert.ok(Math.abs(looks.delayMs.least - 1_000) <= 10 && Math.abs(looks.delayMs.most - 9_000) <= 90)
  assert.deepEqual(
    found.storedOf.names.map(({ event_name, events: count }) => [event_name, count]),
    [
      ['bet', 10_000],
      ['win', 10_000],
    ],
  )
  assert.equal(found.storedOf.keys[0]?.events, 20_000)
})

test('many keys and many long names can be asked about', async () => {
  const name = (n: number) => `${'名'.repeat(120)}${n}`
  const long = Array.from({ length: 300 }, (_, n) => made(name(n), n, 0, {}, { product: 'long', keyId: `key_${n}` }))
  await warehouse.loading.load(madeLoad(4, long))
  const keys = Array.from({ length: 5_000 }, (_, n) => `key_${n}`)
  const { stored, storedOf, lastSeen } = await warehouse.readDiagnostics({ ...question, product: 'long', keys })
  const rows = limits.diagnosticsRowsMax
  assert.deepEqual(
    [stored?.events, storedOf.names.length, storedOf.keys.length, lastSeen.length],
    [300, rows, rows, rows],
  )
})

test('names are cut, the known ones and the largest stay, and the total has them all', async () => {
  const many = Array.from({ length: limits.diagnosticsRowsMax + 50 }, (_, n) =>
    made(`custom_${n}`, n, 0, {}, { product: 'many' }),
  )
  const known = made('deposit', 1, 0, {}, { product: 'many' })
  const twice = [made('custom_249', 2, 0, {}, { product: 'many' })]
  await warehouse.loading.load(madeLoad(2, [...many, known, ...twice]))
  const { stored, storedOf, lastSeen } = await warehouse.readDiagnostics({ ...question, product: 'many', keys: [] })
  assert.equal(stored?.events, limits.diagnosticsRowsMax + 52)
  assert.equal(storedOf.names.length, limits.diagnosticsRowsMax)
  assert.deepEqual(
    storedOf.names.slice(0, 2).map(({ event_name, events: count }) => [event_name, count]),
    [
      ['deposit', 1],
      ['custom_249', 2],
    ],
  )
  assert.equal(lastSeen.length, limits.diagnosticsRowsMax)
})

test('what is counted already by the hour tells the same, whatever the window begins and ends with', async () => {
  const { rolling } = warehouse
  await rollAll(rolling, await rolling.beginBuild(), 1_000_000)
  // Later than what is counted already, in the middle of these hours and behind them.
  const later = [5_000_000, 9_000_000, 24 * hourMs - 2].map(ms => made('bet', ms, 0, {}, { product: 'large' }))
  await warehouse.loading.load(madeLoad(5, later))
  const windows = [
    {},
    { sinceMs: startMs - 90 * 60_000, untilMs: startMs + 30 * hourMs + 1 },
    { sinceMs: startMs + 1, untilMs: startMs + hourMs },
  ]
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const plainly = (asked: Parameters<typeof readDiagnostics>[1]) =>
    readDiagnostics(connection, asked, { takesHours: false })
  for (const product of ['casino', 'large', 'poker'])
    for (const mode of ['live', 'test'] as const)
      for (const window of windows) {
        const asked = { ...question, keys: [...question.keys, 'key_t'], product, mode, ...window }
        assert.deepEqual(await warehouse.readDiagnostics(asked), await plainly(asked))
      }
  const large = { ...question, product: 'large' }
  assert.equal((await warehouse.readDiagnostics(large)).stored?.events, 20_003)
  await rolling.beginBuild()
  assert.equal((await warehouse.readDiagnostics(large)).stored?.events, 20_003, 'without what was emptied')
  await connection.close()
})
