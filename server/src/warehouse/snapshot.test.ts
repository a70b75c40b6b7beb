// A warehouse held still while loads and merges go on, its files copied, and put back in another engine: the same rows,
// sums and identities, and a warehouse that can be loaded on.

import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from './connection.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { madeEvents, madeLoad } from './testing/made-loads.ts'

let engine: EngineProcess
let other: EngineProcess

before(async () => {
  engine = await startEngine()
  other = await startEngine()
})
after(async () => {
  await engine.remove()
  await other.remove()
})

const july = Date.UTC(2026, 6, 1)

test('what was taken stays as it was, and comes back as it was', async () => {
  const warehouse = engine.warehouse()
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  for (let seq = 1; seq <= 8; seq++) {
    const events = madeEvents(seq, 200, seq % 2 === 0 ? july : undefined)
    const [first] = events
    const parked = { origin: { ...first!.origin, position: -1 }, events: 1, reason: 'unreadable', detail: '', raw: '{' }
    await warehouse.loading.load(madeLoad(seq, events, { parked: [parked] }))
  }
  // A row that is deleted and not yet merged away must not come back.
  const deletion = 'DELETE FROM parked WHERE load_seq = 3'
  await connection.command(deletion, {}, { lightweight_deletes_sync: '2', mutations_sync: '2' })

  // What is being made anew is no table of ours.
  await connection.command('CREATE TABLE events_rebuilt AS events')
  await connection.command('INSERT INTO events_rebuilt SELECT * FROM events')

  const { snapshot } = warehouse
  await snapshot.prepare()
  const taken = await snapshot.take()
  assert.deepEqual([taken.note?.seq, taken.warehouseId], [8, await warehouse.loading.id()])
  await warehouse.loading.load(madeLoad(9, madeEvents(9, 200)))
  await connection.command('OPTIMIZE TABLE events FINAL')
  const measured = await snapshot.measure()
  assert.deepEqual([measured.rows['events'], measured.rows['parked'], measured.rows['loads']], [1_600, 7, 8])
  assert.equal(
    measured.sums.reduce((all, { events }) => all + events, 0),
    1_600,
  )
  const tables = await snapshot.tables()
  assert.ok(tables.some(({ name, parts }) => name === 'events' && parts.length >= 2))

  const target = connect({ socketPath: other.socketPath, database: 'renamed', logger: silentLogger })
  const restored = other.warehouse(Date.now, 'renamed')
  const { empty } = restored
  await empty.create(tables)
  for (const { name, parts } of tables) {
    const landing = await empty.landing(name)
    for (const part of parts) await cp(part.dir, join(landing, part.name), { recursive: true })
    await empty.attach(
      name,
      parts.map(part => part.name),
    )
  }
  assert.deepEqual(await empty.measure(tables.map(({ name }) => name)), measured)
  await snapshot.drop()
  await snapshot.drop()
  const left = await connection.select('load', "SELECT name FROM system.databases WHERE name = 'datapulse_backup'")
  assert.deepEqual(left, [])

  await restored.ready()
  assert.deepEqual(await restored.loading.lastNote(), taken.note)
  assert.equal(await restored.loading.id(), taken.warehouseId)
  assert.equal((await restored.loading.identitiesAfter(null)).length, 1_600)
  await restored.loading.load(madeLoad(9, madeEvents(9, 200)))
  assert.equal((await restored.status()).eventsMissing, 0)
  const made = async (one: typeof connection) =>
    (
      await one.select<{ query: string }>(
        'load',
        `SELECT replaceOne(create_table_query, concat(database, '.'), '') AS query FROM system.tables WHERE database = {database:String} ORDER BY name`,
        { database: one.database },
      )
    ).map(({ query }) => query)
  await connection.command('DROP TABLE events_rebuilt SYNC')
  assert.deepEqual(await made(target), await made(connection), 'tables are made as they were')
  await target.close()
  await connection.close()
  await restored.close()
  await warehouse.close()
})

test('a second one may follow, and what a cut-off one left is let go', async () => {
  const warehouse = engine.warehouse()
  await warehouse.snapshot.prepare()
  await warehouse.snapshot.take()
  await engine.kill()
  await engine.start()
  await warehouse.snapshot.prepare()
  await warehouse.snapshot.take()
  assert.equal((await warehouse.snapshot.measure()).rows['loads'], 9)
  await warehouse.snapshot.drop()
  const stores = await readdir(join(engine.dir, 'store'), { recursive: true })
  const databases = stores.filter(name => /^[\da-f]{3}\/[\da-f-]{36}\/events\.sql$/.test(name))
  assert.equal(databases.length, 1, 'its files are gone too')
  await warehouse.close()
})
