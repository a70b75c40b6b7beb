// The pipeline over a log, a warehouse and an index in memory: what becomes of events, and that starting again, in every
// state that the three can be left in, ends in the same warehouse. Long because every state is told as one story over the
// same small world.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { IndexFault } from './index/identity-index.ts'
import { deriveWithout } from '../steps/derive.ts'
import { type Pipeline, type PipelineStatus, openPipelineOver } from './pipeline.ts'
import { emptyIndexDisk, type IndexDisk, memoryIndexPlace } from './testing/memory-index.ts'
import { type MemoryLog, openMemoryLog } from './testing/memory-log.ts'
import { emptyTables, openMemoryWarehouse, type WarehouseTables } from './testing/memory-warehouse.ts'
import { batchRecord, deposit, receivedMs, singleRecord, tallyRecord } from './testing/requests.ts'

type World = { log: MemoryLog; tables: WarehouseTables; disk: IndexDisk; limits: { loadEventsMax: number } }
type More = Partial<Parameters<typeof openPipelineOver>[0]>
type Seams = Parameters<typeof openMemoryWarehouse>[1]

const logId = '00000000-0000-4000-8000-000000000001'
const otherLogId = '00000000-0000-4000-8000-000000000002'

test('an event is stored once, whatever follows it', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t1')), batchRecord([deposit('t2'), deposit('t3')]))
  const status = await catchUp(world)
  assert.deepEqual(transactions(world), ['t1', 't2', 't3'])
  assert.equal(status.stored, 3)
  assert.equal(status.accepted, 3)
  assert.equal(status.lagEvents, 0)
  assert.equal(world.log.consumedTo(), 2)
})

test('a repeated transaction is a duplicate, with another amount, currency or user a conflict', async () => {
  const world = makeWorld()
  const first = singleRecord(deposit('t1'))
  world.log.append(first, singleRecord(deposit('t1', { amount: '50.00', currency: 'usd' })))
  await catchUp(world)
  world.log.append(
    batchRecord([
      deposit('t1', { amount: 51 }),
      deposit('t1', { currency: 'EUR' }),
      deposit('t1', { client_user_id: 'user-2' }),
      deposit('t1', { click_id: 'another click' }),
    ]),
    singleRecord(deposit('t1'), { product: 'another' }),
    singleRecord(deposit('t1'), { mode: 'test' }),
  )
  const status = await catchUp(world)
  assert.deepEqual(
    world.tables.duplicates.map(({ row }) => [row.conflict, row.firstRequestId === first.requestId]),
    [false, true, true, true, false].map(conflict => [conflict, true]),
  )
  assert.equal(status.stored, 3)
  assert.equal(status.duplicate, 5)
  assert.equal(status.conflict, 3)
  assert.equal(status.accepted, 8)
})

test('an event with nothing to tell it by is never merged', async () => {
  const world = makeWorld()
  const login = { client_user_id: 'u', event_name: 'login', timestamp: 1_767_225_600, ip_address: '203.0.113.7' }
  world.log.append(singleRecord(login), singleRecord(login), batchRecord([login, login]))
  await catchUp(world)
  assert.equal(world.tables.events.length, 4)
})

test('a request sent again under its key is a duplicate; another one under it is stored, and flagged', async () => {
  for (const loadEventsMax of [1, 3, 1000]) {
    const world = { ...makeWorld(), limits: { loadEventsMax } }
    const key = { idempotencyKey: 'k' }
    const login = { client_user_id: 'u', event_name: 'login', timestamp: 1_767_225_600 }
    const sent = batchRecord([login, { ...login, x: 1 }, deposit('t1')], key)
    world.log.append(sent, { ...sent, requestId: randomUUID() })
    await catchUp(world)
    assert.equal(world.tables.events.length, 3)
    assert.deepEqual(
      world.tables.duplicates
        .map(({ row }) => `${row.firstRequestId} ${row.firstPosition} ${String(row.conflict)}`)
        .toSorted((a, b) => a.localeCompare(b)),
      [0, 1, 2].map(position => `${sent.requestId} ${position} false`),
    )
    // The index is lost: who came first is told by the warehouse.
    await memoryIndexPlace(world.disk).wipe()
    const other = [{ ...login, x: 2 }, { ...login, x: 1 }, deposit('t2'), { ...login, x: 3 }]
    world.log.append(
      batchRecord(other, key),
      batchRecord(other.slice(3), key),
      batchRecord(other, { ...key, mode: 'test' }),
    )
    await catchUp(world)
    const stored = world.tables.events.slice(3).map(({ row: { origin, event } }) => {
      return [origin.mode, origin.position, ...event.flags].join(' ')
    })
    const reused = ['live 0 idempotency_reused', 'live 0 idempotency_reused']
    const rest = ['live 2', 'live 3', 'test 0', 'test 1', 'test 2', 'test 3']
    assert.deepEqual(stored.toSorted(), [...reused, ...rest])
    assert.equal(world.tables.duplicates.length, 4)
  }
})

test('events of a batch of which some were refused keep the places that they had in it', async () => {
  const world = makeWorld()
  const login = { client_user_id: 'u', event_name: 'login', timestamp: 1_767_225_600 }
  const positions = [1, 4, 7]
  const sent = batchRecord([login, { event_name: 'deposit' }, login], { idempotencyKey: 'k', positions })
  const short = batchRecord([login, login], { positions: [3] })
  world.log.append(sent, { ...sent, requestId: randomUUID() }, short)
  await catchUp(world)
  const places = world.tables.events.map(({ row }) => row.origin.position)
  assert.deepEqual(places, [1, 7])
  assert.deepEqual(
    world.tables.duplicates.map(({ row }) => [row.origin.position, row.firstPosition]),
    [
      [1, 1],
      [7, 7],
    ],
  )
  assert.deepEqual(
    world.tables.parked.map(({ row }) => [row.reason, row.origin.position]),
    [
      ['event_failed', 4],
      ['event_failed', 4],
      ['request_count', -1],
    ],
  )
})

test('what cannot be processed is parked with its reason and the rest goes on', async () => {
  const world = makeWorld()
  world.log.append(
    singleRecord('{"not": json'),
    batchRecord([deposit('t1'), { event_name: 'deposit' }, deposit('t2')]),
    batchRecord([deposit('t3'), deposit('t4')], { events: 3 }),
    singleRecord(deposit('t5'), { kind: 'surprise' as never, events: 7 }),
    singleRecord(deposit('t6')),
    singleRecord(deposit('t7')),
  )
  world.log.damage(4, 5)
  const status = await catchUp(world)
  assert.deepEqual(transactions(world), ['t1', 't2', 't7'])
  assert.deepEqual(
    world.tables.parked.map(({ row }) => [row.reason, row.events, row.origin.position]),
    [
      ['request_unreadable', 1, -1],
      ['event_failed', 1, 1],
      ['request_count', 3, -1],
      ['record_kind', 7, -1],
      ['log_damaged', 1, -1],
    ],
  )
  assert.equal(status.accepted, status.stored + status.parked)
  assert.equal(status.accepted, (await world.log.head()).events)
})

test('tallies become rejected rows and no events', async () => {
  const world = makeWorld()
  world.log.append(
    tallyRecord([{ product: 'shop', keyId: 'k', code: 'VALIDATION_ERROR', events: 3, requests: 2 }]),
    tallyRecord([]),
  )
  const status = await catchUp(world)
  assert.equal(status.rejected, 3)
  assert.equal(status.accepted, 0)
  assert.deepEqual(
    world.tables.rejected.map(({ row }) => [row.code, row.events, row.requests, row.logOffset, row.position]),
    [['VALIDATION_ERROR', 3, 2, 0, 0]],
  )
})

for (const table of ['duplicates', 'parked', 'rejected', 'events', 'notes']) {
  test(`a load that dies before ${table} is repeated to the letter`, async () => {
    const world = makeWorld()
    world.log.append(singleRecord(deposit('t0')))
    await catchUp(world)
    appendOfEverything(world.log)
    await dieAt(world, table)
    await catchUp(world)
    assertWhole(world)
  })

  test(`a load that dies before ${table} with the index lost is completed by what the warehouse knows`, async () => {
    const world = makeWorld()
    world.log.append(singleRecord(deposit('t0')))
    await catchUp(world)
    appendOfEverything(world.log)
    await dieAt(world, table)
    Object.assign(world.disk, emptyIndexDisk())
    await catchUp(world)
    assertWhole(world)
  })
}

test('an index that is damaged, from another warehouse, older or newer is rebuilt', async () => {
  const world = makeWorld()
  const older = structuredClone(world.disk)
  appendOfEverything(world.log)
  await catchUp(world)
  assert.equal(await rebuildsAfter(world, () => {}), 0)
  assert.equal(await rebuildsAfter(world, disk => (disk.damaged = true)), 1)
  assert.equal(await rebuildsAfter(world, disk => (disk.checkpoint!.warehouseId = otherLogId)), 1)
  assert.equal(await rebuildsAfter(world, disk => Object.assign(disk, structuredClone(older))), 1)
  assert.equal(await rebuildsAfter(world, disk => (disk.checkpoint!.note!.seq += 5)), 1)
  assertWhole(world, ['t1', 't2', 't3'])
})

test('a restored older warehouse gets again what it misses', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t0')))
  await catchUp(world)
  const backup = structuredClone(world.tables)
  appendOfEverything(world.log)
  await catchUp(world)
  world.tables = backup
  await catchUp(world)
  assertWhole(world)
})

test('a wiped warehouse gets everything that the log still holds, and the rest is parked', async () => {
  const world = makeWorld()
  world.log.append(batchRecord([deposit('a'), deposit('b')]), singleRecord(deposit('c')))
  await catchUp(world)
  world.log.dropBefore(1)
  world.tables = emptyTables(otherLogId)
  const status = await catchUp(world)
  assert.deepEqual(transactions(world), ['c'])
  assert.deepEqual(
    world.tables.parked.map(({ row }) => [row.reason, row.events]),
    [['log_missing', 2]],
  )
  assert.equal(status.accepted, 3)
})

test('a log that is rolled back or replaced is read again, and nothing is counted twice', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t0')))
  appendOfEverything(world.log)
  const before = await catchUp(world)
  world.log.rollBackTo(2)
  const rolledBack = await catchUp(world)
  assert.equal(rolledBack.accepted, before.accepted)
  world.log.append(singleRecord(deposit('t9')))
  const grown = await catchUp(world)
  assert.equal(grown.accepted, before.accepted + 1)
  world.log.replace(otherLogId)
  world.log.append(singleRecord(deposit('t1')), singleRecord(deposit('t10')))
  const replaced = await catchUp(world)
  assert.equal(replaced.stored, before.stored + 2)
  assert.equal(replaced.duplicate, before.duplicate + 1)
  assert.equal(replaced.accepted, replaced.stored + replaced.duplicate + replaced.parked)
})

test('a stretch that was dropped before it was processed is parked with its events', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('a')))
  await catchUp(world)
  Object.assign(world.disk, emptyIndexDisk())
  world.log.append(batchRecord([deposit('b'), deposit('c')]), singleRecord(deposit('d')))
  world.log.dropBefore(2)
  const status = await catchUp(world)
  assert.deepEqual(transactions(world), ['a', 'd'])
  assert.equal(status.parked, 2)
  assert.equal(status.accepted, 4)
})

test('what the warehouse refuses is parked, alone', async () => {
  const world = makeWorld()
  const events = Array.from({ length: 40 }, (_, i) => deposit(`t${i}`, i % 13 === 5 ? { note: 'poison' } : {}))
  world.log.append(batchRecord(events), singleRecord(deposit('t1')), singleRecord(deposit('t5')))
  const status = await catchUp(world, { refuses: row => 'identity' in row && row.raw.includes('poison') })
  assert.equal(status.parked, 3)
  // The poisoned t5 is no event, so the later t5 is the first.
  assert.equal(status.stored, 38)
  assert.equal(status.duplicate, 1)
  assert.deepEqual(
    world.tables.parked.map(({ row }) => [row.reason, row.raw.includes('poison'), row.origin.position]),
    [5, 18, 31].map(position => ['warehouse_refused', true, position]),
  )
  assert.equal(new Set(transactions(world)).size, transactions(world).length)
  await catchUp(world)
  assert.equal(world.tables.events.length, 38)
})

test('a load that times out after it was done is not done twice', async () => {
  const world = makeWorld()
  appendOfEverything(world.log)
  let failures = 0
  const warehouse = openMemoryWarehouse(world.tables)
  const load = warehouse.load.bind(warehouse)
  warehouse.load = async what => {
    await load(what)
    if (failures++ < 3) throw Object.assign(new Error('timed out'), { code: 'WAREHOUSE_SLOW', retry: false })
  }
  await catchUp(world, {}, warehouse)
  assertWhole(world, ['t1', 't2', 't3'])
})

test('after a rebuild a log that is read again counts and stores nothing twice, whatever became of it', async () => {
  const world = makeWorld()
  appendOfEverything(world.log)
  world.log.append(singleRecord(deposit('t0')), singleRecord(deposit('t9')))
  await catchUp(world)
  world.disk = emptyIndexDisk()
  world.log.rollBackTo(6)
  assert.equal((await catchUp(world)).rebuilds, 1)
  world.tables.events = world.tables.events.filter(({ row }) => row.event.transactionId !== 't9')
  world.tables.notes.at(-1)!.totals.stored--
  world.tables.notes.at(-1)!.totals.accepted--
  assertWhole(world)
})

test('copies of two moments after one note put together: what the warehouse has is not stored again', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t1')))
  await catchUp(world)
  const copy = structuredClone(world.disk)
  world.log.append(singleRecord(deposit('t2')), singleRecord(deposit('t3')))
  await dieAt(world, 'notes')
  assert.deepEqual(transactions(world), ['t1', 't2', 't3'])
  Object.assign(world.disk, copy)
  const status = await catchUp(world)
  assert.deepEqual(transactions(world), ['t1', 't2', 't3'])
  assert.deepEqual([status.rebuilds, status.stored], [1, 3])
})

test('a token without its part does not swallow events, whether the pipeline lives on or starts again', async () => {
  for (const dies of [false, true]) {
    const world = makeWorld()
    world.log.append(singleRecord(deposit('t1')), batchRecord([deposit('t2'), deposit('t3')]))
    let cuts = 2
    const onToken = () => {
      if (cuts-- > 0) throw new Error('the disk is full')
    }
    if (dies) {
      let dead = false
      await new Promise<void>(resolve => {
        const die = () => {
          dead = true
          resolve()
          return new Promise<void>(() => {})
        }
        start(world, openMemoryWarehouse(world.tables, { onToken: die }), () => dead)
      })
    }
    const status = await catchUp(world, { onToken })
    assert.deepEqual(transactions(world).sort(), ['t1', 't2', 't3'])
    assert.equal(status.stored, 3)
  }
})

test('an event that ends the engine is parked, alone', async () => {
  const world = makeWorld()
  const bad = deposit('bad', { client_user_id: 'poison' })
  world.log.append(
    singleRecord(deposit('t1')),
    batchRecord([deposit('t2'), bad, deposit('t1', { amount: 1 })]),
    singleRecord('not json'),
    singleRecord(deposit('t4')),
  )
  const status = await catchUp(world, { kills: row => 'identity' in row && row.raw.includes('poison') })
  assert.deepEqual(transactions(world).sort(), ['t1', 't2', 't4'])
  assert.deepEqual(world.tables.parked.map(({ row }) => row.reason).sort(), ['request_unreadable', 'warehouse_refused'])
  const { accepted, stored, duplicate, parked } = status
  assert.deepEqual({ accepted, stored, duplicate, parked }, { accepted: 6, stored: 3, duplicate: 1, parked: 2 })
})

test('a warehouse that is busy or full for long parks nothing', async () => {
  for (const code of ['WAREHOUSE_BUSY', 'WAREHOUSE_DISK_FULL']) {
    const world = makeWorld()
    world.log.append(singleRecord(deposit('t1')), singleRecord(deposit('t2')))
    let failures = 40
    const onTable = () => {
      if (failures-- > 0) throw Object.assign(new Error('not now'), { code, retry: true })
    }
    await catchUp(world, { onTable })
    assert.deepEqual([transactions(world), world.tables.parked], [['t1', 't2'], []])
  }
})

test('an index that a living process holds is waited for, and never removed', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t1')))
  const place = memoryIndexPlace(world.disk)
  let held = 30
  let wiped = 0
  const pipeline = start(world, undefined, undefined, {
    place: {
      async open() {
        if (held-- > 0) throw new IndexFault('IO error: lock', { damaged: false, held: true })
        return place.open()
      },
      async wipe() {
        if (held > 0) wiped++
        await place.wipe()
      },
    },
  })
  await untilSo(() => pipeline.status().checkpointOffset === 1)
  await pipeline.close()
  assert.equal(wiped, 0)
  assert.deepEqual(transactions(world), ['t1'])
})

test('a broken assertion while reading the log ends the pipeline', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t1')))
  const { read } = world.log
  world.log.read = async (offset, limit) => {
    const result = await read(offset, limit)
    return limit.recordsMax > 1 ? { ...result, nextEvents: result.nextEvents + 1 } : result
  }
  const bug = await start(world).ended
  assert.match(String(bug), /AssertionError/)
})

test('without room nothing is loaded, and with room it goes on by itself', async () => {
  const world = makeWorld()
  world.log.append(singleRecord(deposit('t1')))
  let problem: string | null = 'the disk is nearly full'
  const pipeline = start(world, undefined, undefined, { roomProblem: () => problem })
  await untilSo(() => pipeline.status().reason.includes('nearly full'))
  assert.equal(pipeline.status().state, 'waiting')
  assert.deepEqual([transactions(world), world.disk.pending], [[], null])
  problem = null
  await untilSo(() => pipeline.status().checkpointOffset === 1)
  assert.equal(pipeline.status().state, 'running')
  await pipeline.close()
  assert.deepEqual(transactions(world), ['t1'])
})

async function untilSo(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve))
}

function makeWorld(): World {
  const tables = emptyTables('00000000-0000-4000-8000-00000000000a')
  return { log: openMemoryLog(logId), tables, disk: emptyIndexDisk(), limits: { loadEventsMax: 1000 } }
}

/** Something for every table. */
function appendOfEverything(log: MemoryLog): void {
  log.append(
    batchRecord([deposit('t1'), deposit('t2'), deposit('t1', { amount: 9 })]),
    singleRecord('not json'),
    tallyRecord([{ product: 'shop', keyId: 'k', code: 'RATE_LIMITED', events: 2, requests: 2 }]),
    singleRecord(deposit('t3')),
    singleRecord(deposit('t2')),
  )
}

function assertWhole({ tables }: World, expected = ['t0', 't1', 't2', 't3']): void {
  assert.deepEqual(transactions({ tables } as World).sort(), expected)
  assert.deepEqual(
    tables.duplicates.map(({ row }) => [row.event.transactionId, row.conflict]),
    [
      ['t1', true],
      ['t2', false],
    ],
  )
  assert.equal(tables.parked.length, 1)
  assert.equal(tables.rejected.length, 1)
  const { accepted, stored, duplicate, parked, rejected, conflict } = tables.notes.at(-1)!.totals
  assert.deepEqual(
    { accepted, stored, duplicate, parked, rejected, conflict },
    { accepted: expected.length + 3, stored: expected.length, duplicate: 2, parked: 1, rejected: 2, conflict: 1 },
  )
}

function transactions({ tables }: World): string[] {
  return tables.events.map(({ row }) => row.event.transactionId)
}

async function rebuildsAfter(world: World, change: (disk: IndexDisk) => unknown): Promise<number> {
  change(world.disk)
  return (await catchUp(world)).rebuilds
}

function start(
  world: World,
  warehouse = openMemoryWarehouse(world.tables),
  isDead = () => false,
  more: More = {},
): Pipeline {
  const { log, disk } = world
  const limits = { loadEventsMax: world.limits.loadEventsMax, loadBytesMax: 1 << 20, loadIntervalMs: 0 }
  const sleep = () =>
    new Promise<void>(resolve => {
      if (!isDead()) setImmediate(resolve)
    })
  const place = memoryIndexPlace(disk)
  const plain = { now: () => receivedMs, derive: deriveWithout, logger: silent }
  return openPipelineOver({ log, warehouse, place, ...plain, limits, sleep, ...more })
}

const silent = { info() {}, warn() {}, error() {} }

/** Runs until everything is processed. */
async function catchUp(world: World, seams: Seams = {}, warehouse = openMemoryWarehouse(world.tables, seams)) {
  const pipeline = start(world, warehouse)
  const head = await world.log.head()
  const isBalanced = ({ acceptedBefore, headEvents, ...of }: PipelineStatus) =>
    acceptedBefore + headEvents === of.stored + of.duplicate + of.parked + of.lagEvents
  for (;;) {
    const { state, reason, checkpointOffset, headOffset } = pipeline.status()
    assert.notEqual(state, 'failed', reason)
    if (state === 'running' && headOffset === head.offset && checkpointOffset === head.offset) break
    await new Promise(resolve => setImmediate(resolve))
  }
  await pipeline.close()
  assert.equal(await pipeline.ended, null)
  assert(isBalanced(pipeline.status()), `of this log and those before it: ${JSON.stringify(pipeline.status())}`)
  return pipeline.status()
}

/** The process dies as the load comes to this table: whatever it asks afterwards is never answered. */
async function dieAt(world: World, table: string): Promise<void> {
  let dead = false
  await new Promise<void>(resolve => {
    const onTable = (name: string) => {
      if (name === table) {
        dead = true
        resolve()
      }
      return dead ? new Promise<void>(() => {}) : undefined
    }
    start(world, openMemoryWarehouse(world.tables, { onTable }), () => dead)
  })
}
