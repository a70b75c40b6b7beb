// The door of the warehouse: opened by several at once, found again with its id, and refusing what it cannot be asked.

import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { connect } from './connection.ts'
import { warehouseVersion } from './migrations.ts'
import { derivedColumns } from './schema.ts'
import { createTable, duplicates, events, loads, parked, rejected } from './schema.ts'
import { type EngineProcess, silentLogger, startEngine } from './testing/engine-process.ts'
import { madeEvents, madeLoad } from './testing/made-loads.ts'
import { openWarehouse } from './warehouse.ts'

let engine: EngineProcess

before(async () => {
  engine = await startEngine()
})

after(() => engine.remove())

test('a database name that is none is refused at once', () => {
  const open = () => openWarehouse({ database: 'a`b', socketPath: 'x', logger: silentLogger, now: Date.now })
  assert.throws(open, /must be a plain name: got a`b/)
})

test('two processes that open an empty warehouse at once agree on its id', async () => {
  const opened = Array.from({ length: 3 }, () => engine.warehouse())
  const ids = await Promise.all(opened.map(warehouse => warehouse.loading.id()))
  assert.equal(new Set(ids).size, 1)
  for (const warehouse of opened) {
    assert.equal(await warehouse.loading.id(), ids[0])
    await warehouse.close()
  }
})

test('of builds that begin in the same millisecond, or after the clock was set back, the last one counts', async () => {
  let nowMs = Date.UTC(2026, 5, 1)
  const warehouse = engine.warehouse(() => nowMs, 'builds')
  const connection = connect({ socketPath: engine.socketPath, database: 'builds', logger: silentLogger })
  for (const ms of [0, 0, 0, -3_600_000, 0, -86_400_000, 1]) {
    nowMs += ms
    const begun = await warehouse.rolling.beginBuild()
    assert.equal(await warehouse.rolling.build(), begun)
    await connection.command('OPTIMIZE TABLE warehouse FINAL')
    assert.equal(await warehouse.rolling.build(), begun)
  }
  await connection.close()
  await warehouse.close()
})

test('every column says what it holds, and the tables sync what is written', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const sql = 'SELECT table, name FROM system.columns WHERE database = {database:String} AND comment = {none:String}'
  assert.deepEqual(await connection.select('ask', sql, { database: 'datapulse', none: '' }), [])
  for (const table of [events, duplicates, parked, rejected, loads]) {
    const made = createTable(table)
    for (const setting of ['fsync_after_insert = 1', 'fsync_part_directory = 1', 'min_rows_to_fsync_after_merge = 1'])
      assert(made.includes(setting), `${table.name}: ${setting}`)
  }
  await connection.close()
})

test('a question that needs too much is refused at once, one that finds the engine busy too', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const ask = (sql: string) => connection.select('ask', sql)
  await assert.rejects(ask('SELECT groupArray(number) FROM numbers(200000000)'), {
    code: 'WAREHOUSE_SLOW',
    retry: false,
  })
  const asked = Array.from({ length: 8 }, () =>
    ask('SELECT sleep(0.3)').then(
      () => '',
      fault => fault.code,
    ),
  )
  assert.equal((await Promise.all(asked)).filter(code => code === 'WAREHOUSE_BUSY').length, 2)
  await connection.close()
})

test('only what is in a row or a parameter is told as a refusal', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const insert = (line: string) => connection.insert('migrations', ['version', 'name'], Buffer.from(line), line)
  for (const line of ['x\tname\n', '-1\tname\n', '1\n', '99999999999\tname\textra\n'])
    await assert.rejects(insert(line), { code: 'WAREHOUSE_REFUSED', retry: false }, line)
  const asked = connection.select('ask', 'SELECT {id:UUID}', { id: 'no uuid' })
  await assert.rejects(asked, { code: 'WAREHOUSE_REFUSED', retry: false })
  await assert.rejects(connection.select('ask', 'SELEC 1'), { code: 'WAREHOUSE_FAILED', retry: false })
  await assert.rejects(connection.command('SELECT 1', {}, { max_no_such: 1 } as never), { code: 'WAREHOUSE_FAILED' })
  await connection.close()
})

test('a warehouse of an older version gets what it lacks, where a new one has it', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const columns = `SELECT table, name, type, compression_codec FROM system.columns WHERE database = 'datapulse' ORDER BY table, position`
  const indexes = `SELECT table, name, expr FROM system.data_skipping_indices WHERE database = 'datapulse' ORDER BY table, name`
  const shape = () => Promise.all([columns, indexes].map(sql => connection.select('load', sql)))
  const before = await shape()
  for (const table of ['events', 'duplicates', 'parked']) {
    const drops = ['DROP COLUMN idempotency_key']
    drops.unshift(`DROP INDEX ${table === 'parked' ? 'by_request' : 'by_idempotency_key'}`)
    if (table === 'events')
      drops.push('DROP INDEX by_load_seq', ...derivedColumns.map(({ name }) => `DROP COLUMN ${name}`))
    await connection.command(`ALTER TABLE ${table} ${drops.join(', ')}`, {}, { mutations_sync: '2' })
  }
  await connection.command('ALTER TABLE migrations DELETE WHERE version >= 2', {}, { mutations_sync: '2' })
  await connection.insert('migrations', ['version', 'name'], Buffer.from('1\tthe first tables\n'), 'the first')
  await connection.command('DROP TABLE rollup_clicks')
  assert.notDeepEqual(await shape(), before)
  const warehouse = engine.warehouse()
  await warehouse.ready()
  await warehouse.close()
  assert.deepEqual(await shape(), before)
  await connection.close()
})

test('a warehouse of a newer version is refused, with a sentence', async () => {
  const connection = connect({ socketPath: engine.socketPath, database: 'datapulse', logger: silentLogger })
  const columns = ['version', 'name', 'written_at']
  await connection.insert(
    'migrations',
    columns,
    Buffer.from('99\tfrom the future\t2030-01-01 00:00:00.000\n'),
    'future',
  )
  const warehouse = engine.warehouse()
  await assert.rejects(warehouse.ready(), {
    code: 'WAREHOUSE_NEWER',
    message: new RegExp(`must be at most ${warehouseVersion}: got 99`),
  })
  await connection.command('ALTER TABLE migrations DELETE WHERE version = 99', {}, { mutations_sync: '2' })
  await warehouse.ready()
  await warehouse.close()
  await connection.close()
})

test('an engine that is away is a fault that passes; a wiped directory is a new warehouse', async () => {
  const warehouse = engine.warehouse()
  const id = await warehouse.loading.id()
  await warehouse.loading.load(madeLoad(1, madeEvents(1, 10)))
  await engine.stop()
  assert.equal(await warehouse.ping(), false)
  const away = openWarehouse({ socketPath: engine.socketPath, logger: silentLogger, now: Date.now, attemptsMax: 2 })
  await assert.rejects(away.status(), { code: 'WAREHOUSE_AWAY', retry: true })
  await rm(engine.dir, { recursive: true })
  await engine.start()
  await assert.rejects(warehouse.listEvents({ limit: 1 }), { code: 'WAREHOUSE_EMPTY' })
  assert.deepEqual(await warehouse.listEvents({ limit: 1 }), { rows: [], cursor: null })
  assert.notEqual(await warehouse.loading.id(), id)
  assert.equal(await warehouse.loading.lastNote(), null)
  assert.equal(await away.loading.id(), await warehouse.loading.id())
  await away.close()
  await warehouse.close()
})
