// What is stuck around the server: a role that cannot be spawned for a while, an output that nobody reads, a role of an
// earlier server that does not let go of its port. Each is waited out or given up in bounded time, and the door is open
// meanwhile.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { copyFileSync, linkSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'
import { deposit } from '../harness/traffic.ts'

const main = join(import.meta.dirname, '../../server/src/main.ts')
const closing: (() => Promise<void> | void)[] = []
after(async () => {
  for (const close of closing.toReversed()) await close()
})
const temporary = () => {
  const dir = mkdtempSync(join(tmpdir(), 'datapulse-stuck-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }))
  return dir
}

test('a role whose program is gone for a while is started once it is back', async () => {
  const dir = temporary()
  const node = join(dir, 'node')
  try {
    linkSync(process.execPath, node)
  } catch {
    copyFileSync(process.execPath, node)
  }
  const server = await Installation.open()
  closing.push(() => server.close())
  await server.stop()
  server.node = node
  await server.start()
  const key = await server.key('spawn')
  renameSync(node, `${node}.away`)
  server.kill('pipeline')
  await until('it could not be spawned, twice', () => server.output.join('').split('could not be spawned').length > 2)
  assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(deposit('gone')))).status, 200)
  renameSync(`${node}.away`, node)
  await server.ready()
  await server.drained()
  assert.equal((await server.events('&product=spawn')).length, 1)
})

test('with an output that nobody reads a stop ends in time', { skip: process.platform === 'win32' }, async () => {
  const dir = temporary()
  const [port, adminPort] = await freePorts()
  const full = `mkfifo "${dir}/full" && exec 3<>"${dir}/full" && head -c 65536 /dev/zero >&3 && exec "$0" "$@" >&3 2>&3`
  const child = spawn('sh', ['-c', full, process.execPath, main, '--stop-timeout', '5s'], {
    stdio: 'ignore',
    env: {
      ...bareEnvironment,
      DATAPULSE_DATA_DIR: join(dir, 'data'),
      DATAPULSE_PORT: `${port}`,
      DATAPULSE_ADMIN_PORT: `${adminPort}`,
    },
  })
  closing.push(() => void child.kill('SIGKILL'))
  const answers = () =>
    fetch(`http://127.0.0.1:${port}/readyz`).then(
      reply => reply.json(),
      () => null,
    )
  await until('it is ready', async () => ((await answers()) as { status?: string } | null)?.status === 'ready')
  child.kill('SIGTERM')
  await until('it has ended', () => child.exitCode !== null || child.signalCode !== null, 20_000)
  assert.equal(child.exitCode, 0)
})

test('a role of a killed server that holds the admin port does not keep the next server’s door shut', async () => {
  const server = await Installation.open()
  closing.push(() => server.close())
  const key = await server.key('held')
  const { web } = server.pids()
  process.kill(web as number, 'SIGSTOP')
  let started: Promise<unknown> = Promise.resolve()
  try {
    server.kill('supervisor')
    await server.gone()
    started = server.start().then(
      () => null,
      (cause: unknown) => cause,
    )
    await until('events are taken', async () => {
      const reply = await server.post('/v2/s2s/event', key, JSON.stringify(deposit('held'))).catch(() => null)
      return reply?.status === 200 && server.output.join('').includes('EADDRINUSE')
    })
  } finally {
    process.kill(web as number, 'SIGCONT')
  }
  assert.equal(await started, null, 'the admin port came back too')
})
