// Loads into a real engine: once each, whatever is repeated, and the notes say how far they went.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { type Connection, connect } from './connection.ts'
import { loadingOver } from './loading.ts'
import type { DuplicateRow, EventRow, IdentityRow, Load, OutcomeRow, ParkedRow, RejectedRow } from './load.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { eventRow, madeEvents, madeLoad, startMs } from './testing/made-loads.ts'
import type { Warehouse } from './warehouse.ts'

let engine: EngineProcess
let warehouse: Warehouse
let asking: Connection
let seq = 0

before(async () => {
  engine = await startEngine()
  warehouse = engine.warehouse()
  await warehouse.ready()
  asking = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
})

after(async () => {
  await asking.close()
  await warehouse.close()
  await engine.remove()
})

/** Rows per table. */
async function counts(): Promise<Record<string, number>> {
  const names = ['events', 'duplicates', 'parked', 'rejected', 'loads']
  const sql = `SELECT ${names.map(name => `(SELECT count() FROM ${name}) AS ${name}`).join(', ')}`
  const [rows] = await asking.select<Record<string, number>>('load', sql)
  return rows ?? {}
}

/** What the work adds to each table. */
async function added(work: () => Promise<void>): Promise<Record<string, number>> {
  const before = await counts()
  await work()
  const now = await counts()
  return Object.fromEntries(Object.entries(now).map(([name, rows]) => [name, rows - (before[name] ?? 0)]))
}

/** A load with something for every table. */
function fullLoad(events: EventRow[]): Load {
  seq += 1
  const [first] = events as [EventRow]
  const duplicate: DuplicateRow = {
    ...eventRow({ ...first.origin, position: 900 }, first.event),
    firstRequestId: first.origin.requestId,
    firstPosition: first.origin.position,
    conflict: false,
  }
  const parked: ParkedRow = {
    origin: { ...first.origin, position: -1 },
    events: 2,
    reason: 'unreadable',
    detail: 'cut off',
    raw: '{',
  }
  const rejected: RejectedRow = {
    product: '',
    keyId: '',
    code: 'UNAUTHORIZED',
    receivedMs: first.origin.receivedMs,
    events: 3,
    requests: 3,
    logOffset: first.origin.logOffset,
    position: 0,
  }
  return madeLoad(seq, events, { duplicates: [duplicate], parked: [parked], rejected: [rejected] })
}

const one = { events: 20, duplicates: 1, parked: 1, rejected: 1, loads: 1 }
const none = { events: 0, duplicates: 0, parked: 0, rejected: 0, loads: 0 }

test('a warehouse has an id that stays, and no note before the first load', async () => {
  const id = await warehouse.loading.id()
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal(await warehouse.loading.lastNote(), null)
  const other = engine.warehouse()
  assert.equal(await other.loading.id(), id)
  await other.close()
})

test('a load is there when it resolves, with its note', async () => {
  const load = fullLoad(madeEvents(1, 20))
  assert.deepEqual(await added(() => warehouse.loading.load(load)), one)
  assert.deepEqual(await warehouse.loading.lastNote(), load.note)
})

test('a load repeated changes nothing, also after the engine was killed', async () => {
  const load = fullLoad(madeEvents(2, 20))
  assert.deepEqual(await added(() => warehouse.loading.load(load)), one)
  assert.deepEqual(await added(() => warehouse.loading.load(load, true)), none)
  await engine.kill()
  await engine.start()
  assert.deepEqual(await added(() => warehouse.loading.load(load, true)), none)
  const fresh = engine.warehouse()
  assert.deepEqual(await added(() => fresh.loading.load(load, true)), none)
  await fresh.close()
})

test('a load across the end of a month is repeated without effect too', async () => {
  const load = fullLoad(madeEvents(3, 20, Date.UTC(2026, 6, 1) - 400))
  assert.deepEqual(await added(() => warehouse.loading.load(load)), one)
  await engine.kill()
  await engine.start()
  assert.deepEqual(await added(() => warehouse.loading.load(load, true)), none)
})

test('two loads with the same events under different tokens are two loads', async () => {
  const events = madeEvents(4, 20)
  await warehouse.loading.load(fullLoad(events))
  assert.equal((await added(() => warehouse.loading.load(fullLoad(events)))).events, 20)
})

test('lines that were made beforehand are loaded, under their own number only', async () => {
  const load = fullLoad(madeEvents(41, 1_500))
  const lines = await warehouse.loading.linesOf!(load.events, seq)
  assert.equal((await added(() => warehouse.loading.load({ ...load, lines }))).events, 1_500)
  const next = fullLoad(madeEvents(42, 20))
  assert.equal((await added(() => warehouse.loading.load({ ...next, lines }))).events, 20)
  assert.equal((await added(() => warehouse.loading.load({ ...next, lines }, true))).events, 0)
})

test('a load of 20,000 rows and 32 MiB is repeated without effect', async () => {
  const raw = `{"note":"${'x'.repeat(1_600)}","tab":"\\t"}`
  seq += 1
  const load = madeLoad(
    seq,
    madeEvents(5, 20_000).map((row, index) => ({ ...row, raw: `${index}${raw}` })),
  )
  assert.equal((await added(() => warehouse.loading.load(load))).events, 20_000)
  assert.deepEqual(await added(() => warehouse.loading.load(load, true)), none)
})

test('a load that died between tables is completed by its repetition', async () => {
  const whole = fullLoad(madeEvents(6, 20))
  const parts: (keyof Load)[] = ['duplicates', 'parked', 'rejected', 'events']
  for (const [index] of parts.entries()) {
    seq += 1
    const load = { ...whole, note: { ...whole.note, seq, token: `partial ${index}` } }
    const all = await added(async () => {
      await withoutNote(load, parts.slice(0, index + 1))
      await warehouse.loading.load(load, true)
    })
    assert.deepEqual(all, one, `died behind ${String(parts[index])}`)
  }
})

test('tokens that are there without their rows, as a crash at the rename leaves them, do not swallow the rows', async () => {
  const across = madeEvents(9, 20, Date.UTC(2026, 6, 1) - 400)
  const { loading, close, burn } = overBurntTokens()
  for (const [mode, isRepeated] of [
    ['cut off and repeated by the connection', false],
    ['repeated by the pipeline', true],
  ] as const)
    for (const table of ['duplicates', 'parked', 'rejected', 'events', 'loads'])
      for (const times of table === 'events' ? [1, 2] : [1]) {
        const load = fullLoad(
          across.map(row => ({ ...row, origin: { ...row.origin, requestId: crypto.randomUUID() } })),
        )
        burn(table, times)
        assert.deepEqual(await added(() => loading.load(load, isRepeated)), one, `${mode}: ${times} tokens of ${table}`)
        assert.deepEqual(await added(() => warehouse.loading.load(load, true)), none)
        assert.deepEqual(await warehouse.loading.lastNote(), load.note)
      }
  await close()
})

test('of a load across two months, the month that is absent is brought, the other is not doubled', async () => {
  const [early, late] = [madeEvents(10, 8, Date.UTC(2026, 6, 1) - 4_000), madeEvents(11, 8, Date.UTC(2026, 6, 2))]
  seq += 1
  const load = madeLoad(seq, [...early, ...late])
  await withoutNote({ ...load, events: early }, ['events'])
  assert.equal((await added(() => warehouse.loading.load(load, true))).events, 8)
})

test('an answer at the first attempt costs no question', async () => {
  const { loading, close, asked } = overBurntTokens()
  await loading.load(fullLoad(madeEvents(12, 20)))
  assert.equal(asked(), 0)
  await close()
})

/** A connection that loses the part of an insert after its token was written: its repetition is ignored. */
function overBurntTokens() {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const burnt = new Set<string>()
  let [table, left, asked] = ['', 0, 0]
  const through: Connection = {
    ...connection,
    select(workload, sql, params) {
      asked += 1
      return connection.select(workload, sql, params)
    },
    async insert(name, columns, rows, token) {
      if (burnt.has(token)) return { isCertain: true }
      if (name !== table || left === 0) return connection.insert(name, columns, rows, token)
      left -= 1
      burnt.add(token)
      return { isCertain: false }
    },
  }
  return {
    loading: loadingOver(through, question => question()),
    close: () => connection.close(),
    asked: () => asked,
    burn(name: string, times: number) {
      ;[table, left] = [name, times]
    },
  }
}

/** Loads only some tables of a load, as a process that dies in between does. */
async function withoutNote(load: Load, tables: (keyof Load)[]): Promise<void> {
  const partial = { ...load }
  for (const table of ['events', 'duplicates', 'parked', 'rejected'] as const)
    if (!tables.includes(table)) partial[table] = []
  // The note cannot be a number: the engine refuses it, after everything else is in.
  const broken = { ...partial, note: { ...load.note, to: 'x' as unknown as number } }
  await assert.rejects(warehouse.loading.load(broken, true), { code: 'WAREHOUSE_REFUSED' })
}

test('what a load without a note left is forgotten, but for events, and can be loaded again under the same token', async () => {
  const note = await warehouse.loading.lastNote()
  assert.deepEqual(await added(() => warehouse.loading.forgetAfter(note)), none)
  const load = fullLoad(madeEvents(7, 20))
  const left = await added(async () => {
    await withoutNote(load, ['events', 'duplicates', 'parked', 'rejected'])
    await warehouse.loading.forgetAfter(note)
  })
  const shown = async (listed: Promise<{ rows: unknown[] }>) => (await listed).rows.length
  const { request } = { request: load.events[0]?.origin.requestId as string }
  assert.equal(left.events, 20)
  assert.equal(await shown(warehouse.listDuplicates({ request, limit: 10 })), 0)
  assert.equal(await shown(warehouse.listParked({ request, limit: 10 })), 0)
  const again = engine.warehouse()
  assert.equal((await added(() => again.loading.load(load, true))).events, 0)
  await again.close()
  assert.equal(await shown(warehouse.listDuplicates({ request, limit: 10 })), 1)
  assert.equal(await shown(warehouse.listParked({ request, limit: 10 })), 1)
  assert.deepEqual(await warehouse.loading.lastNote(), load.note)
})

test('a load that is refused has left no events', async () => {
  const bad = { ...eventRow(), identity: 'not hexadecimal' }
  const load = fullLoad([...madeEvents(8, 20), bad])
  const left = await added(() =>
    assert.rejects(warehouse.loading.load(load), { code: 'WAREHOUSE_REFUSED', retry: false }),
  )
  assert.equal(left.events, 0)
  assert.equal(left.loads, 0)
  await warehouse.loading.forgetAfter(await warehouse.loading.lastNote())
})

test('every identity comes back, with the origin and what a conflict is told by', async () => {
  const strange = eventRow(
    { requestId: '01976e2a-5c00-7000-8000-0000000000ff', position: 7, idempotencyKey: 'it\'s "mine"\\' },
    { amount: '-12345678901234567890.000000000000000001', currency: 'USDT', userId: 'tab\t"quote"\nline\\ 🎲' },
    { identity: '00ff00ff00ff00ff00ff00ff00ff00ff' },
  )
  seq += 1
  await warehouse.loading.load(madeLoad(seq, [strange]))
  const found = new Map<string, IdentityRow>()
  let rows = 0
  for await (const page of warehouse.loading.identities()) {
    rows += page.length
    for (const row of page) found.set(row.identity, row)
  }
  assert.equal(rows, (await counts()).events)
  assert.deepEqual(found.get(strange.identity), {
    identity: strange.identity,
    requestId: strange.origin.requestId,
    position: 7,
    amount: '-12345678901234567890.000000000000000001',
    currency: 'USDT',
    userId: 'tab\t"quote"\nline\\ 🎲',
    claim: { product: 'demo', mode: 'live', idempotencyKey: 'it\'s "mine"\\' },
  })
  const others = [...found.values()].filter(row => row.identity !== strange.identity)
  assert.ok(others.length > 0 && others.every(row => row.claim === null))
})

test('what a load brought that has no note comes back, and what became of everything else', async () => {
  const note = await warehouse.loading.lastNote()
  const load = fullLoad(madeEvents(13, 3))
  await withoutNote(load, ['events', 'duplicates', 'parked', 'rejected'])
  const after = await warehouse.loading.identitiesAfter(note)
  assert.deepEqual(after.map(row => row.identity).toSorted(), load.events.map(row => row.identity).toSorted())
  const outcomes: OutcomeRow[] = []
  for await (const page of warehouse.loading.outcomes()) outcomes.push(...page)
  const { requestId } = load.events[0]!.origin
  const mine = outcomes.flatMap(row => (row.outcome === 'rejected' || row.requestId !== requestId ? [] : [row]))
  assert.deepEqual(mine.map(row => `${row.outcome} ${row.position}`).toSorted(), ['duplicate 900', 'parked -1'])
  const row = load.rejected[0]
  assert.ok(outcomes.some(found => found.outcome === 'rejected' && isDeepStrictEqual(found.row, row)))
  await warehouse.loading.load(load, true)
  assert.deepEqual(await warehouse.loading.identitiesAfter(load.note), [])
})

test('killed again and again while it loads, everything is there once', async () => {
  const before = await counts()
  const loads = Array.from({ length: 5 }, (_, index) => fullLoad(madeEvents(100 + index, 500, startMs + index)))
  for (const [index, load] of loads.entries()) {
    const going = warehouse.loading.load(load)
    await new Promise(resolve => setTimeout(resolve, index * 11))
    await engine.kill()
    await engine.start()
    // It is tried again by itself while the engine is away; what comes after is a repetition, as of a restarted pipeline.
    await going
    await warehouse.loading.load(load, true)
  }
  const after = await counts()
  assert.equal((after.events ?? 0) - (before.events ?? 0), 2_500)
  assert.equal((after.duplicates ?? 0) - (before.duplicates ?? 0), 5)
  assert.equal((after.loads ?? 0) - (before.loads ?? 0), 5)
  assert.deepEqual(await warehouse.loading.lastNote(), loads.at(-1)?.note)
})
