// The server's life: a second one on the same directory is refused, a graceful stop cuts no request off and loses
// nothing that was acknowledged, children end with their parent, and the door stays open while what comes after is away.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'
import { audit, deposit, seeded, Traffic } from '../harness/traffic.ts'

const main = join(import.meta.dirname, '../../server/src/main.ts')
const opened: Installation[] = []
const open = async () => {
  const made = await Installation.open()
  opened.push(made)
  return made
}
after(async () => {
  for (const made of opened) await made.close()
})

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('a second server on the same directory refuses in one clear sentence', async () => {
  const server = await open()
  const [port, adminPort] = await freePorts()
  const environment = {
    ...bareEnvironment,
    DATAPULSE_DATA_DIR: server.dataDir,
    DATAPULSE_PORT: `${port}`,
    DATAPULSE_ADMIN_PORT: `${adminPort}`,
  }
  const second = spawnSync(process.execPath, [main], { encoding: 'utf8', env: environment, timeout: 60_000 })
  assert.equal(second.status, 1)
  assert.match(second.stderr, /Cannot start because the data directory .* is used by another server/)
  assert.equal((await server.get('/readyz')).status, 200, 'the first goes on')
})

test('wrong configuration is refused at start with every problem named', () => {
  const environment = { ...bareEnvironment, DATAPULSE_PORT: 'eighty', DATAPULSE_LOG_BUDGET: '-1' }
  const refused = spawnSync(process.execPath, [main, '--stop-timeout', 'soon'], {
    encoding: 'utf8',
    env: environment,
    timeout: 60_000,
  })
  assert.equal(refused.status, 2)
  for (const part of ['DATAPULSE_PORT', 'DATAPULSE_LOG_BUDGET', '--stop-timeout'])
    assert.ok(refused.stderr.includes(part), refused.stderr)
})

test('a port in use is refused at start, by its number', async () => {
  const server = await open()
  const [, adminPort] = await freePorts()
  const environment = {
    ...bareEnvironment,
    DATAPULSE_DATA_DIR: join(server.dataDir, 'other'),
    DATAPULSE_PORT: `${server.port}`,
    DATAPULSE_ADMIN_PORT: `${adminPort}`,
  }
  const second = spawnSync(process.execPath, [main], { encoding: 'utf8', env: environment, timeout: 60_000 })
  assert.equal(second.status, 1)
  assert.match(second.stderr, new RegExp(`${server.port}`))
})

test('a graceful stop under load answers what it took, and a start finds all of it', async () => {
  const server = await open()
  const key = await server.key('stop')
  const traffic = new Traffic(server, key, 'g', seeded(7))
  traffic.start(6, 5_000)
  await until('some requests were acknowledged', () => traffic.acknowledged > 50)
  const code = await server.stop()
  await traffic.stop()
  assert.equal(code, 0)
  await server.start()
  await server.drained()
  assert.deepEqual(audit(traffic.requests, await server.events('&product=stop')), [])
})

test('roles end when their supervisor is killed, and a new server takes over', async () => {
  const server = await open()
  const pids = Object.values(server.pids())
  assert.equal(pids.length, 4)
  server.kill('supervisor')
  await until('every role has ended', () => pids.every(pid => !alive(pid)))
  await server.start()
  assert.equal((await server.get('/readyz')).status, 200)
})

test('with the engine and the pipeline stopped the door acknowledges, keys can be revoked, and all is stored later', async () => {
  const server = await open()
  const key = await server.key('away')
  const other = await server.admin('/api/keys', { json: { product: 'away' } })
  const { engine, pipeline } = server.pids()
  for (const pid of [engine, pipeline]) process.kill(pid as number, 'SIGSTOP')
  try {
    for (let i = 0; i < 20; i++)
      assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit(`a-${i}`)))).status, 200)
    const ready = await server.get('/readyz')
    assert.equal(ready.status, 200)
    assert.match(JSON.stringify(ready.body), /pipeline/)
    assert.equal((await server.admin(`/api/keys/${String(other.body['id'])}`, { method: 'DELETE' })).status, 200)
    await until(
      'the revoked key is refused',
      async () => (await server.post('/v2/s2s/event', String(other.body['key']), '{}')).status === 401,
      1_000,
    )
    assert.equal((await fetch(`${server.adminUrl}/metrics`)).status, 200)
  } finally {
    for (const pid of [engine, pipeline]) process.kill(pid as number, 'SIGCONT')
  }
  await server.drained()
  assert.equal((await server.events('&product=away')).length, 20)
  await sleep(0)
})
