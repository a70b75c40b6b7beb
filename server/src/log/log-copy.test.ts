// A log copied while it is written: every record acknowledged before the copy is in it, from the wanted place on, and a
// writer goes on behind it. A copy of what cannot be read is refused.

import assert from 'node:assert/strict'
import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { appendEach, keepingLogger, logFolder, readAll, writerIn } from './fixtures.ts'
import { openLogReader } from './log.ts'
import { copyLog, copyLogThrough, logBytes, resumeLog } from './log-copy.ts'

const logger = keepingLogger()

test('a copy has what was acknowledged before it, sealed, and is gone on with where it ends', async t => {
  const dir = await logFolder(t)
  const to = join(await logFolder(t), 'copy')
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 60, 20_000)
  const acknowledged = writer.status().head
  let stopped = false
  const meanwhile = (async () => {
    for (let i = 60; !stopped; i++) await appendEach(writer, i, 1, 20_000)
  })()
  const copied = await copyLog(dir, to, 30)
  stopped = true
  await meanwhile
  assert.ok(copied !== null && copied.head.offset >= acknowledged.offset)
  assert.ok(copied.oldest.offset > 0 && copied.oldest.offset < 30, 'the segment with the record before is the first')
  assert.equal(copied.queued, copied.head.events - 30)
  assert.equal(copied.id, writer.status().id)
  for (const name of readdirSync(to)) assert.match(name, /^segment-.*\.db$/, 'nothing but files of a final form')

  assert.deepEqual(await resumeLog(to), { id: copied.id, head: copied.head })
  const next = await writerIn(t, to)
  assert.deepEqual(next.status().head, copied.head)
  await appendEach(next, 9_000, 3)
  const reader = await openLogReader({ dir: to, logger })
  t.after(() => reader.close())
  const { records, damage } = await readAll(reader, 30)
  assert.deepEqual(damage, [])
  assert.deepEqual(
    records.map(({ requestId }) => Number(requestId)),
    [...Array.from({ length: copied.head.offset - 30 }, (_, i) => 30 + i), 9_000, 9_001, 9_002],
  )
})

test('all of it without a place, and none of a log that is not there', async t => {
  const dir = await logFolder(t)
  assert.equal(await copyLog(join(dir, 'none'), join(dir, 'copy'), null), null)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 30, 20_000)
  const copied = await copyLog(dir, join(dir, 'copy'), null)
  assert.deepEqual([copied?.oldest.offset, copied?.head.offset, copied?.queued], [0, 30, 30])
  assert.ok(logBytes(dir, null) > 30 * 20_000)
  assert.ok(logBytes(dir, 29) < logBytes(dir, null))
})

test('what a reader gives is written as a log of the same id and offsets, which is gone on with', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 60, 20_000)
  const source = await openLogReader({ dir, logger })
  t.after(() => source.close())
  for (const from of [null, 0, 30, 60]) {
    const to = join(await logFolder(t), 'copy')
    const copied = await copyLogThrough(source, to, from)
    const begin = from ?? 0
    assert.deepEqual(copied.oldest, { offset: begin, events: begin })
    assert.deepEqual([copied.id, copied.head, copied.queued], [writer.status().id, writer.status().head, 60 - begin])
    for (const name of readdirSync(to)) assert.match(name, /^segment-.*\.db$/, 'nothing but files of a final form')
    assert.deepEqual(await resumeLog(to), { id: copied.id, head: copied.head })
    const next = await writerIn(t, to)
    await appendEach(next, 9_000, 1)
    const reader = await openLogReader({ dir: to, logger })
    t.after(() => reader.close())
    const [original, { records }] = [await readAll(source, begin), await readAll(reader, begin)]
    assert.deepEqual(records.slice(0, -1), original.records)
    assert.deepEqual([records.at(-1)?.offset, records.at(-1)?.requestId], [60, '9000'])
  }
})

test('a log with a stretch that cannot be read is not copied', async t => {
  const dir = await logFolder(t)
  const writer = await writerIn(t, dir)
  await appendEach(writer, 0, 60, 20_000)
  await writer.close()
  const [first] = readdirSync(dir).filter(name => name.endsWith('.db'))
  const wal = join(dir, `${first}-wal`)
  const path = statSync(wal, { throwIfNoEntry: false }) === undefined ? join(dir, String(first)) : wal
  truncateSync(path, Math.floor(statSync(path).size / 2))
  await assert.rejects(copyLog(dir, join(dir, 'copy'), null), /Cannot copy/)
  const reader = await openLogReader({ dir, logger })
  t.after(() => reader.close())
  await assert.rejects(copyLogThrough(reader, join(dir, 'other'), null), /Cannot copy/)
})
