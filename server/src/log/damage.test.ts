// Damage on a real disk: whatever is broken, every record that is left is read, and what is not is counted exactly.

import assert from 'node:assert'
import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import * as fc from 'fast-check'
import {
  append,
  appendEach,
  type Everything,
  keepingLogger,
  limits,
  logFolder,
  readAll,
  recordOf,
  writerIn,
} from './fixtures.ts'
import { type LogLogger, openLogReader, openLogWriter, openLogWriterOver } from './log.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { inspectWal, mendedWal } from './wal-frames.ts'

const headerBytes = 32
const pageBytes = 8192
const frameBytes = 24 + pageBytes

test('any byte of a sealed segment may flip: each record is read, or counted as damaged', async t => {
  const { dir, count } = await severalSegments(t)
  seal(dir)
  const victim = segmentFiles(dir)[1]!
  const original = readFileSync(victim)
  // The first page of a file is SQLite's header: a flip there may make it another kind of file, not a damaged one.
  const place = fc.integer({ min: 100, max: original.length - 1 })
  await fc.assert(
    fc.asyncProperty(place, fc.nat({ max: 7 }), async (at, bit) => {
      const broken = Buffer.from(original)
      broken[at]! ^= 1 << bit
      writeFileSync(victim, broken)
      await everyRecordOrItsDamage(dir, count)
    }),
    { numRuns: 60 },
  )
  for (let at = 0; at < 100; at += 3) {
    const broken = Buffer.from(original)
    broken[at]! ^= 0x55
    writeFileSync(victim, broken)
    await everyRecordOrItsDamage(dir, count)
  }
})

test('a value of a row that was changed is noticed, and its bounds come from its neighbours', async t => {
  const { dir, count } = await severalSegments(t)
  seal(dir)
  const victim = segmentFiles(dir)[1]!
  const db = new DatabaseSync(victim)
  const { offset } = db.prepare('SELECT offset FROM commits ORDER BY offset LIMIT 1 OFFSET 2').get() as {
    offset: number
  }
  for (const change of [
    'records = records + 1',
    'events = events + 1',
    'events_before = 1',
    'body_sum = 1',
    'head_sum = 1',
    'body_bytes = 3',
    'body = zeroblob(length(body))',
    "body = 'text'",
    'records = 9223372036854775807',
  ]) {
    db.exec(`SAVEPOINT s; CREATE TEMP TABLE kept AS SELECT * FROM commits WHERE offset = ${offset}; RELEASE s`)
    db.exec(`UPDATE commits SET ${change} WHERE offset = ${offset}`)
    const { damage, records } = await everyRecordOrItsDamage(dir, count)
    assert.deepStrictEqual(
      damage.map(({ from, to, events }) => [from, to, events]),
      [[offset, offset + 1, 1]],
      change,
    )
    assert.strictEqual(records.length, count - 1)
    db.exec('INSERT OR REPLACE INTO commits SELECT * FROM kept; DROP TABLE kept')
  }
  db.exec(`DELETE FROM commits WHERE offset IN (${offset}, ${offset + 1})`)
  const { damage } = await everyRecordOrItsDamage(dir, count)
  assert.deepStrictEqual(
    damage.map(({ from, to, events }) => [from, to, events]),
    [[offset, offset + 2, 2]],
  )
  db.close()
})

test('a segment that is missing, empty or cut is one damaged range between its neighbours', async t => {
  const { dir, count } = await severalSegments(t)
  seal(dir)
  const [, victim, next] = openSqliteStore(dir).list()
  const path = segmentFiles(dir)[1]!
  const whole = [[victim!.firstOffset, next!.firstOffset, next!.eventsBefore - victim!.eventsBefore]]
  const ranges = async () => {
    const { damage } = await everyRecordOrItsDamage(dir, count)
    return damage.map(({ from, to, events }) => [from, to, events])
  }
  copyFileSync(path, `${path}.kept`)
  truncateSync(path, Math.floor(statSync(path).size / 2 / 8192) * 8192)
  assert.ok((await ranges()).length > 0)
  writeFileSync(path, '')
  assert.deepStrictEqual(await ranges(), whole)
  writeFileSync(path, 'this is no database, and never was one'.repeat(1000))
  assert.deepStrictEqual(await ranges(), whole)
  rmSync(path)
  assert.deepStrictEqual(await ranges(), whole)
})

test('the live WAL damaged in its middle: only the damaged commit is lost, and it is said', async t => {
  const dir = await logFolder(t)
  await crashedLog(t, dir, 12)
  const wal = newestWal(dir)
  const bytes = readFileSync(wal)
  const frames = Math.floor((bytes.length - headerBytes) / frameBytes)
  bytes[headerBytes + Math.floor(frames / 2) * frameBytes + 24 + 4000]! ^= 0x10
  writeFileSync(wal, bytes)
  const logger = keepingLogger()
  const writer = await writerIn(t, dir, { logger })
  assert.match(writer.status().damage[0]!, /damaged after frame \d+: \d+ commits lie behind it/)
  assert.ok(logger.lines.some(line => line.level === 'error'))
  assert.ok(
    readdirSync(dir).some(name => name.endsWith('.db-wal.damaged')),
    'the broken file is kept',
  )
  assert.deepStrictEqual(writer.status().head, { offset: 12, events: 12 })
  await appendEach(writer, 12, 3)
  const all = await everyRecordOrItsDamage(dir, 15)
  assert.ok(all.damage.reduce((sum, { events }) => sum + events, 0) <= 1)
})

test('a reader that met the broken WAL before the writer did reads on in what was mended', async t => {
  const dir = await logFolder(t)
  await crashedLog(t, dir, 12)
  const wal = newestWal(dir)
  const bytes = readFileSync(wal)
  const middle = Math.floor((bytes.length - headerBytes) / frameBytes / 2)
  bytes[headerBytes + middle * frameBytes + 24 + 4000]! ^= 0x10
  writeFileSync(wal, bytes)
  rmSync(`${segmentFiles(dir)[0]!}-shm`)
  const reader = await openLogReader({ dir, logger: keepingLogger() })
  t.after(() => reader.close())
  const early = await readAll(reader)
  assert.ok(early.next > 0 && early.next < 12, 'SQLite shows it what lies before the break')
  const writer = await writerIn(t, dir)
  assert.strictEqual(writer.status().head.offset, 12)
  await appendEach(writer, 12, 2)
  const late = await readAll(reader, early.next)
  assert.deepStrictEqual([late.next, late.nextEvents], [14, 14])
  assert.ok(late.damage.length <= 1 && early.records.length + late.records.length >= 13)
})

test('any byte of the live WAL may flip: the next start loses nothing without a word', async t => {
  const source = await logFolder(t)
  await crashedLog(t, source, 8)
  const wal = readFileSync(newestWal(source))
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: wal.length - 1 }), async at => {
      const dir = await logFolder(t)
      for (const name of readdirSync(source)) copyFileSync(join(source, name), join(dir, name))
      const broken = Buffer.from(wal)
      broken[at]! ^= 0x04
      writeFileSync(newestWal(dir), broken)
      const writer = await writerIn(t, dir, { logger: keepingLogger() })
      const { head, damage } = writer.status()
      await append(writer, recordOf('after'))
      const reader = await openLogReader({ dir, logger: keepingLogger() })
      const all = await readAll(reader)
      await reader.close()
      await writer.close()
      assert.deepStrictEqual(all.next, head.offset + 1)
      const told = all.damage.length > 0 || damage.length > 0
      // The last commit's own frames are the one place where damage looks like a torn end.
      if (all.records.length < 9 && !told) assert.strictEqual(head.offset, 7, `a flip at ${at} lost more than the last`)
      runs++
    }),
    { numRuns: 12 },
  )
  assert.strictEqual(runs, 12)
})

test('a WAL torn in its last commit is ordinary: no damage, and the file is not written any more', async t => {
  const dir = await logFolder(t)
  await crashedLog(t, dir, 5)
  const wal = newestWal(dir)
  const bytes = readFileSync(wal)
  const found = inspectWal(bytes, pageBytes)
  assert.deepStrictEqual(found.framesValid, Math.floor((bytes.length - headerBytes) / frameBytes))
  bytes[bytes.length - 5]! ^= 1
  writeFileSync(wal, bytes)
  assert.strictEqual(inspectWal(bytes, pageBytes).commitsBehind, 1)
  const writer = await writerIn(t, dir)
  assert.deepStrictEqual([writer.status().damage, writer.status().head], [[], { offset: 4, events: 4 }])
  await appendEach(writer, 4, 2)
  assert.strictEqual(openSqliteStore(dir).list().length, 2)
  const { damage, records } = await everyRecordOrItsDamage(dir, 6)
  assert.deepStrictEqual([damage, records.length], [[], 6])
})

test('sums computed anew over an intact WAL are the same bytes', async t => {
  const dir = await logFolder(t)
  await crashedLog(t, dir, 4)
  const wal = readFileSync(newestWal(dir))
  assert.ok(mendedWal(wal, pageBytes).equals(wal))
})

test('the newest segment cannot be opened but its WAL is whole: nothing is lost, and it is said', async t => {
  for (const broken of ['head', 'meta', 'all', 'empty'] as const) {
    for (const consumes of [true, false]) {
      const dir = await logFolder(t)
      // So small that the WAL never holds the first page.
      const id = await crashedLog(t, dir, 6, 20)
      if (consumes) await consume(dir, 2)
      const victim = segmentFiles(dir)[0]!
      const bytes = readFileSync(victim)
      if (broken === 'meta') bytes.fill(0x5a, pageBytes, 2 * pageBytes)
      else if (broken !== 'empty') bytes.fill(0x5a, 0, broken === 'head' ? 100 : bytes.length)
      // Without what tells the log's id nothing can be brought back under it; see the next test.
      if (broken !== 'head' && !consumes) continue
      writeFileSync(victim, broken === 'empty' ? '' : bytes)
      rmSync(`${victim}-shm`, { force: true })
      const writer = await writerIn(t, dir)
      const { id: idAfter, head, damage } = writer.status()
      assert.deepStrictEqual([idAfter, head], [id, { offset: 6, events: 6 }], broken)
      assert.match(damage[0]!, /cannot be opened/)
      const kept = readdirSync(dir).filter(file => file.endsWith('-wal.damaged'))
      assert.strictEqual(kept.length, 1, 'until then nothing took the WAL away')
      await appendEach(writer, 6, 3)
      const all = await everyRecordOrItsDamage(dir, 9)
      assert.deepStrictEqual([all.records.length, all.damage], [9, []], broken)
      await writer.close()
    }
  }
})

test('the newest segment and its WAL cannot be opened: nothing new lies where something was acknowledged', async t => {
  for (const consumes of ['here', 'elsewhere'] as const) {
    const dir = await logFolder(t)
    const earlier = await writerIn(t, dir)
    await appendEach(earlier, 0, 20, 20_000)
    await earlier.close()
    await consume(dir, 19, consumes === 'elsewhere' ? 'another-log' : undefined)
    const newest = segmentFiles(dir).at(-1)!
    for (const suffix of ['', '-wal']) writeFileSync(newest + suffix, 'gone'.repeat(5000))
    rmSync(`${newest}-shm`, { force: true })
    const writer = await writerIn(t, dir)
    const { id, head, damage } = writer.status()
    assert.ok(damage.length > 0)
    assert.ok(id === earlier.status().id && head.offset > 20, 'a gap')
    const begin = openSqliteStore(dir).list().at(-2)!
    assert.strictEqual(head.events, consumes === 'here' ? 19 : begin.eventsBefore)
    await appendEach(writer, head.offset, 2)
    const reader = await openLogReader({ dir, logger: keepingLogger() })
    const all = await readAll(reader)
    await reader.close()
    assert.deepStrictEqual([all.next, all.nextEvents], [head.offset + 2, head.events + 2])
    const ranges = all.damage.map(({ from, to }) => [from, to])
    assert.deepStrictEqual(ranges, [[begin.firstOffset, head.offset]])
    await writer.close()
  }
})

test('a segment that cannot be sealed does not keep the others from being sealed', async t => {
  const dir = await logFolder(t)
  const earlier = await openLogWriter({
    dir,
    limits: { ...limits, segmentBytesMax: 20_000 },
    now: () => 0,
    logger: keepingLogger(),
    freeBytesMin: 0,
  })
  await appendEach(earlier, 0, 20)
  await earlier.close()
  const victim = segmentFiles(dir)[0]!
  writeFileSync(victim, readFileSync(victim).fill(0x5a, 0, 100))
  rmSync(`${victim}-shm`, { force: true })
  const logger = keepingLogger()
  const { tick, status, close } = over(dir, logger)
  const { unsealed } = status()
  assert.ok(unsealed >= 2)
  for (let i = 0; i < 2 * unsealed; i++) tick()
  assert.strictEqual(status().unsealed, 1)
  assert.strictEqual(logger.lines.filter(line => line.message.includes('could not be sealed')).length, 1)
  await close()
})

/** Records 0 … count - 1, one event each, over several segments. The writer is closed. */
async function severalSegments(t: TestContext): Promise<{ dir: string; count: number }> {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 40, 20_000)
  await writer.close()
  assert.ok(openSqliteStore(dir).list().length >= 3)
  return { dir, count: 40 }
}

/** A log of `count` commits whose process ended without a word. Gives its id. */
async function crashedLog(t: TestContext, dir: string, count: number, bytes = 9_000): Promise<string> {
  const writer = await writerIn(t, dir, { limits: { ...limits, segmentBytesMax: 1e9 } })
  await appendEach(writer, 0, count, bytes)
  await writer.close()
  return writer.status().id
}

/** Notes that a reader came so far. */
async function consume(dir: string, offset: number, logId?: string): Promise<void> {
  const reader = await openLogReader({ dir, logger: keepingLogger() })
  await readAll(reader)
  await reader.consumed(offset)
  await reader.close()
  const store = openSqliteStore(dir)
  if (logId !== undefined) store.writeConsumed({ ...store.readConsumed()!, logId })
}

function over(dir: string, logger: LogLogger) {
  const store = openSqliteStore(dir)
  const options = { store, limits, freeBytesMin: 0, now: Date.now, logger, newId: () => 'log-1', soon: setImmediate }
  const writer = openLogWriterOver(options)
  return { tick: () => writer.tick(), status: () => writer.status(), close: () => writer.close() }
}

function seal(dir: string): void {
  const store = openSqliteStore(dir)
  for (const name of store.list().slice(0, -1)) store.seal(name)
}

function segmentFiles(dir: string): string[] {
  return readdirSync(dir)
    .filter(name => name.endsWith('.db'))
    .toSorted()
    .map(name => join(dir, name))
}

function newestWal(dir: string): string {
  return `${segmentFiles(dir).at(-1)!}-wal`
}

async function everyRecordOrItsDamage(dir: string, count: number): Promise<Everything> {
  const reader = await openLogReader({ dir, logger: keepingLogger() })
  const all = await readAll(reader)
  await reader.close()
  assert.deepStrictEqual([all.next, all.nextEvents], [count, count])
  const damaged = all.damage.reduce((sum, { events }) => sum + events, 0)
  assert.strictEqual(all.records.length + damaged, count)
  for (const record of all.records) {
    const expected = recordOf(record.requestId, record.body.length)
    assert.deepStrictEqual(Buffer.from(record.body), expected.body)
  }
  for (const { from, to, events } of all.damage) assert.strictEqual(to - from, events)
  return all
}
