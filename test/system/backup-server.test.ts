// A backup where the warehouse is a server by URL: accounts and all of the log that is kept, which says so, and which goes
// on with that warehouse. A backup of one kind is not taken for the other. (The server is an engine of ours behind TCP.)

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startEngine } from '../../server/src/warehouse/testing/engine-process.ts'
import { Installation } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')

test('accounts and log are backed up, the warehouse is its own', async t => {
  const root = mkdtempSync(join(tmpdir(), 'datapulse-backup-'))
  const engine = await startEngine()
  const proxy = createServer(from => {
    const to = connect(engine.socketPath)
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const)
      one.on('error', () => other.destroy()).pipe(other)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const DATAPULSE_WAREHOUSE = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  const opened: Installation[] = []
  t.after(async () => {
    for (const one of opened) await one.close()
    proxy.close()
    await engine.remove()
    rmSync(root, { recursive: true, force: true })
  })
  const open = async (name: string) => {
    const made = await Installation.open({ dataDir: join(root, name), environment: { DATAPULSE_WAREHOUSE } })
    opened.push(made)
    return made
  }
  const run = (args: string[], warehouse = DATAPULSE_WAREHOUSE) => {
    const environment = { ...process.env, DATAPULSE_WAREHOUSE: warehouse }
    return spawnSync(process.execPath, [cli, ...args], { encoding: 'utf8', env: environment })
  }

  const first = await open('first')
  const key = await first.key('by-url')
  const post = async (server: Installation, ...ids: string[]) =>
    assert.equal((await server.post('/v2/s2s/batch', key, JSON.stringify(ids.map(id => deposit(id))))).status, 200)
  await post(first, 'a', 'b')
  await first.drained()
  const copy = join(root, 'copy')
  const backedUp = run(['backup', '--to', copy, '--data-dir', first.dataDir, '--url', first.adminUrl])
  assert.equal(backedUp.status, 0, backedUp.stderr)
  assert.match(backedUp.stdout, /a log of 2 events, .* NOT in it: back it up by its own BACKUP/)
  assert.deepEqual(readdirSync(copy).toSorted(), ['accounts.db', 'log', 'manifest.json'])
  await first.stop()

  const back = ['restore', '--from', copy, '--data-dir', join(root, 'second')]
  const refused = run(back, '')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /whose warehouse is a ClickHouse server: name it with DATAPULSE_WAREHOUSE/)
  assert.equal(existsSync(join(root, 'second')), false)
  const restored = run(back)
  assert.equal(restored.status, 0, restored.stderr)
  assert.match(restored.stdout, /is restored by its own RESTORE/)

  const second = await open('second')
  await post(second, 'b', 'c')
  await second.drained()
  const found = (await second.events('&product=by-url')).map(event => event.transaction_id)
  assert.deepEqual(found.toSorted(), ['a', 'b', 'c'])
  const { accounting } = (await second.status()) as { accounting: { holds: boolean; duplicate: number } }
  assert.deepEqual([accounting.holds, accounting.duplicate], [true, 1])
})
