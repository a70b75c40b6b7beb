// Backups that are known: those that were made from here and those that lie beside them, with what their manifests say.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openKnownBackups } from './known-backups.ts'
import { manifestName, writeManifest } from './manifest.ts'

const startMs = Date.UTC(2026, 5, 1)
const dayMs = 86_400_000

function made(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'known-backups-'))
  t.after(() => rmSync(root, { recursive: true }))
  const warnings: string[] = []
  const logger = { warn: (_: object, message: string) => void warnings.push(message) }
  const dataDir = join(root, 'data')
  mkdirSync(dataDir)
  const put = (name: string, day: number) => {
    const to = join(root, 'backups', name)
    mkdirSync(to, { recursive: true })
    const at = (ms: number) => new Date(startMs + day * dayMs + ms).toISOString()
    const log = { id: 'l', oldest: { offset: 0, events: 0 }, head: { offset: 3, events: 5 }, queued: 2 }
    const told = { ...{ id: 'w', version: 9, database: 'd', load_seq: 1, log_offset: 3 }, totals: null, tables: [] }
    const manifest = writeManifest({
      ...{ program: '0.1.0', began_at: at(0), taken_at: at(1), ended_at: at(2), loads_held_ms: 1 },
      ...{ warehouse: { ...told, rows: { events: 7 }, sums: [] }, log, accounts: { products: 1, keys: 1 } },
      files: [
        { path: 'a', bytes: 100, sha256: 'x' },
        { path: 'b', bytes: 20, sha256: 'y' },
      ],
    })
    writeFileSync(join(to, manifestName), manifest)
    return to
  }
  return { root, dataDir, put, warnings, open: () => openKnownBackups(dataDir, logger) }
}

test('lists what was made here and what lies beside it, after a restart too; not what is gone', async t => {
  const { root, put, open } = made(t)
  assert.deepEqual(await open().list(), [])
  const [first, second] = [put('1', 1), put('2', 2)]
  mkdirSync(join(root, 'backups', 'something-else'))
  open().note(first, startMs + dayMs, '')
  const known = open()
  const listed = await known.list()
  assert.deepEqual(
    listed.map(({ to }) => to),
    [second, first],
  )
  const { state, bytes, events, queued, takenMs, endedMs, program, checkedMs } = listed[0]!
  assert.deepEqual([state, bytes, events, queued, program, checkedMs], ['complete', 120, 7, 2, '0.1.0', null])
  assert.deepEqual([takenMs, endedMs], [startMs + 2 * dayMs + 1, startMs + 2 * dayMs + 2])
  rmSync(first, { recursive: true })
  assert.deepEqual(
    (await known.list()).map(({ to }) => to),
    [second],
  )
})

test('a check holds for the backup that was read, and not for another in its place', async t => {
  const { put, open } = made(t)
  const to = put('1', 1)
  open().note(to, startMs, '')
  const known = open()
  await known.noteCheck(to, startMs + 5, '')
  assert.equal((await known.list())[0]?.checkedMs, startMs + 5)
  await known.noteCheck(to, startMs + 6, 'a file is missing')
  const [damaged] = await open().list()
  assert.deepEqual(
    [damaged?.state, damaged?.checkedMs, damaged?.problem],
    ['damaged', startMs + 6, 'a file is missing'],
  )
  rmSync(to, { recursive: true })
  put('1', 3)
  const [other] = await open().list()
  assert.deepEqual([other?.state, other?.checkedMs], ['complete', null])
})

test('one that failed is told until another was made; a manifest that cannot be read is damaged', async t => {
  const { root, put, open } = made(t)
  const known = open()
  const to = put('1', 1)
  known.note(to, startMs + dayMs, '')
  known.note(join(root, 'backups', '2'), startMs + 2 * dayMs, 'there is no room')
  assert.deepEqual(
    (await known.list()).map(({ state, problem }) => [state, problem]),
    [
      ['failed', 'there is no room'],
      ['complete', ''],
    ],
  )
  put('3', 3)
  writeFileSync(join(to, manifestName), '{}')
  const states = Object.fromEntries((await known.list()).map(one => [one.to.at(-1), one.state]))
  assert.deepEqual(states, { 1: 'damaged', 3: 'complete' })
})

test('a note that cannot be read is told of, and is as good as none', async t => {
  const { dataDir, put, open, warnings } = made(t)
  for (const text of ['{', JSON.stringify({ format: 2, places: [] })]) {
    writeFileSync(join(dataDir, 'backups.json'), text)
    assert.deepEqual(await open().list(), [])
  }
  assert.equal(warnings.length, 2)
  const known = open()
  known.note(put('1', 1), startMs, '')
  assert.equal((await open().list()).length, 1)
})
