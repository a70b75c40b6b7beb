// A backup that cannot be made says why, leaves nothing, and lets go of what it held; one that is made has its manifest.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type BackupParts, type BackupStatus, startBackup } from './backup.ts'
import { checkBackup } from './kept-backup.ts'
import type { SnapshotWarehouse } from './needs.ts'

type Made = { parts: BackupParts; to: string; warehouse: SnapshotWarehouse; did: string[] }

/** Everything over a few small files. */
async function made(t: TestContext): Promise<Made> {
  const root = await mkdtemp(join(tmpdir(), 'backup-test-'))
  t.after(() => rm(root, { recursive: true }))
  const dataDir = join(root, 'data')
  const part = join(dataDir, 'store', 'all_1_1_0')
  await mkdir(part, { recursive: true })
  await mkdir(join(root, 'backups'))
  await writeFile(join(part, 'data.bin'), 'columns')
  await writeFile(join(dataDir, 'accounts.db'), 'accounts')
  const did: string[] = []
  const warehouse: SnapshotWarehouse = {
    bytes: async () => 7,
    prepare: async () => void did.push('prepare'),
    take: async () => {
      did.push('take')
      return { warehouseId: 'w', version: 3, note: null }
    },
    tables: async () => [{ name: 'events', create: 'CREATE TABLE events', parts: [{ name: 'all_1_1_0', dir: part }] }],
    measure: async () => ({ rows: { events: 5 }, sums: [] }),
    drop: async () => void did.push('drop'),
  }
  const parts: BackupParts = {
    dataDir,
    freeBytesMin: 0,
    program: '0.1.0',
    warehouse,
    log: {
      head: async () => ({ offset: 3, events: 5 }),
      bytes: async () => 9,
      async copy(to, from) {
        did.push(`log from ${from}`)
        await mkdir(to)
        await writeFile(join(to, 'segment-00000001-0-0.db'), 'segment')
        return { id: 'l', oldest: { offset: 0, events: 0 }, head: { offset: 3, events: 5 }, queued: 2 }
      },
    },
    async copyAccounts(to) {
      did.push('accounts')
      await writeFile(to, 'accounts')
      return { products: 1, keys: 2 }
    },
    betweenLoads: work => work(),
    now: () => Date.UTC(2026, 5, 1),
    logger: { info() {}, error() {} },
    isClosing: () => false,
  }
  return { parts, to: join(root, 'backups', 'one'), warehouse, did }
}

async function ended(parts: BackupParts, to: string): Promise<BackupStatus> {
  const { status, ended: over } = startBackup(parts, to)
  await over
  return status
}

test('the moment, then the log from its end, then accounts; a whole backup in the end', async t => {
  const { parts, to, did } = await made(t)
  const status = await ended(parts, to)
  assert.deepEqual([status.state, status.problem, status.events, status.queued, status.done], ['done', '', 5, 2, 22])
  assert.deepEqual(did, ['prepare', 'take', 'log from 0', 'accounts', 'drop'])
  const manifest = await checkBackup(to)
  assert.deepEqual(
    manifest.files.map(({ path }) => path),
    ['accounts.db', 'log/segment-00000001-0-0.db', 'warehouse/events/all_1_1_0/data.bin'],
  )
  assert.deepEqual(manifest.warehouse?.tables, [
    { name: 'events', create: 'CREATE TABLE events', parts: ['all_1_1_0'] },
  ])
})

test('without a warehouse of its own all of the log is copied, and it is said', async t => {
  const { parts, to, did } = await made(t)
  const status = await ended({ ...parts, warehouse: null }, to)
  assert.deepEqual([status.state, status.warehouse, did], ['done', 'server', ['log from null', 'accounts']])
  assert.equal((await checkBackup(to)).warehouse, null)
})

test('what fails leaves nothing of it, and holds nothing still', async t => {
  const { parts, to, warehouse, did } = await made(t)
  const [table] = await warehouse.tables()
  const dir = join(parts.dataDir, 'gone')
  const gone = [{ ...table!, parts: [{ name: 'gone', dir }] }]
  await mkdir(dir)
  await symlink(join(dir, 'nowhere'), join(dir, 'data.bin'))
  const nowhere = await ended(parts, '/proc/nowhere')
  assert.match(nowhere.problem, /ENOENT.*mkdir/)
  const failing: [BackupParts, RegExp][] = [
    [{ ...parts, log: { ...parts.log, bytes: async () => 1e18 } }, /because \d+ bytes must be free there: got \d+/],
    [{ ...parts, freeBytesMin: 1e18 }, /bytes must be free there/],
    [
      { ...parts, log: { ...parts.log, head: async () => ({ offset: 4, events: 6 }) } },
      /must end at 4 or later: got 3/,
    ],
    [{ ...parts, isClosing: () => true }, /closes/],
    [{ ...parts, betweenLoads: () => Promise.reject(new Error('no turn')) }, /no turn/],
    [{ ...parts, warehouse: { ...warehouse, tables: async () => gone } }, /the engine was started again, try again/],
    [{ ...parts, warehouse: { ...warehouse, measure: () => Promise.reject(new Error('away')) } }, /away/],
  ]
  for (const [broken, sentence] of failing) {
    did.length = 0
    const status = await ended(broken, to)
    assert.equal(status.state, 'failed')
    assert.match(status.problem, sentence)
    assert.equal(existsSync(to), false, status.problem)
    assert.equal(did.at(-1), 'drop', status.problem)
  }
  await mkdir(to)
  await ended({ ...parts, isClosing: () => true }, to)
  assert.deepEqual(await readdir(to), [], 'a folder that was there stays')
  const theirs = join(to, 'theirs')
  const meanwhile = () => writeFile(theirs, '').then(() => Promise.reject(new Error('away')))
  await ended({ ...parts, warehouse: { ...warehouse, tables: meanwhile } }, to)
  assert.deepEqual(await readdir(to), ['theirs'], 'and so does what somebody else put there')
  await rm(theirs)
  assert.equal((await ended(parts, to)).state, 'done')
  assert.equal(JSON.parse(await readFile(join(to, 'manifest.json'), 'utf8')).format, 1)
})
