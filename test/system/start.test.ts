// Starts that do not go well: a port that is taken leaves the first key to the start that succeeds, a data directory that
// cannot be is one sentence and exit code 2, ports that the system chooses are said, and who stops npm stops the server.

import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test, type TestContext } from 'node:test'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'

const root = join(import.meta.dirname, '../..')
const main = join(root, 'server/src/main.ts')
const opened: Installation[] = []
const folders: string[] = []
after(async () => {
  for (const made of opened) await made.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'datapulse-start-'))
  folders.push(folder)
  return folder
}

function serve(variables: Record<string, string>) {
  const env = { ...bareEnvironment, DATAPULSE_DISK_FREE_MIN: '1MiB', ...variables }
  return spawnSync(process.execPath, [main], { encoding: 'utf8', env, timeout: 60_000 })
}

/** A port that somebody listens on until the test is over. */
async function occupy(t: TestContext): Promise<{ port: number }> {
  const server = createServer()
  t.after(() => server.close())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as { port: number }).port }
}

test('a first start that fails says which option helps, and leaves the key to the next', async t => {
  const taken = await occupy(t)
  const dataDir = join(emptyFolder(), 'data')
  const [port, adminPort] = await freePorts()
  const place = { DATAPULSE_DATA_DIR: dataDir, DATAPULSE_PORT: `${port}`, DATAPULSE_ADMIN_PORT: `${adminPort}` }

  const admin = serve({ ...place, DATAPULSE_ADMIN_PORT: `${taken.port}` })
  assert.equal(admin.status, 1)
  assert.match(admin.stderr, new RegExp(`^The web cannot start: .*127\\.0\\.0\\.1:${taken.port} .*--admin-port`, 'm'))
  const door = serve({ ...place, DATAPULSE_PORT: `${taken.port}` })
  assert.match(door.stderr, new RegExp(`^The api cannot start: .*127\\.0\\.0\\.1:${taken.port} .*--port`, 'm'))
  const elsewhere = serve({ ...place, DATAPULSE_HOST: '192.0.2.1' })
  assert.match(elsewhere.stderr, /^The api cannot start: .*192\.0\.2\.1.*--host/m)
  for (const { stdout, stderr } of [admin, door, elsewhere]) {
    assert.doesNotMatch(stdout + stderr, /^\s+at |\\n\s+at /m, 'no stack')
    assert.doesNotMatch(stdout + stderr, /dp_live_/)
  }

  const server = await Installation.open({ dataDir })
  opened.push(server)
  await until('the welcome is printed', () => server.output.join('').includes('takes events at'))
  const key = /dp_live_\w+/.exec(server.output.join(''))?.[0] ?? ''
  const event = { client_user_id: 'u', event_name: 'hello', timestamp: 1_700_000_000, ip_address: '203.0.113.1' }
  assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(event))).status, 200)

  const metrics = await (await fetch(`${server.adminUrl}/metrics`)).text()
  assert.match(metrics, /^datapulse_engine_loads_failed_total\{role="engine"\} 0$/m)
})

test('a data directory that cannot be is one sentence, at once', () => {
  const places = ['/etc/passwd', '/etc/passwd/below', ...(existsSync('/proc/self') ? ['/proc/datapulse'] : [])]
  for (const place of places) {
    const refused = serve({ DATAPULSE_DATA_DIR: place })
    assert.equal(refused.status, 2, `${place}: ${refused.stderr}`)
    assert.match(refused.stderr, /^The configuration is wrong:\n {2}DATAPULSE_DATA_DIR .*must be .*\n$/)
    assert.ok(refused.stderr.includes(place))
  }
})

test('where the system chooses the ports, they are said, and stay what they were said to be', {
  skip: existsSync('/proc/self/task') ? false : 'needs /proc',
}, async t => {
  const variables = { DATAPULSE_DATA_DIR: join(emptyFolder(), 'data'), DATAPULSE_DISK_FREE_MIN: '1MiB' }
  const args = [main, '--port', '0', '--admin-port', '0']
  const server = spawn(process.execPath, args, { env: { ...bareEnvironment, ...variables } })
  t.after(() => ended(server))
  const output = outputOf(server)
  await until('the server says where it is', () => output().includes('events list'))
  const [door = ''] = /(?<=events at )http:\S+(?=\/v2)/.exec(output()) ?? []
  const [console = ''] = /(?<=console is at )http:\S+/.exec(output()) ?? []
  assert.match(output(), new RegExp(`curl -X POST '${door}/v2`))
  assert.match(output(), new RegExp(`events list --url ${console.replace(/\/$/, '')} `))
  assert.ok((await fetch(`${door}/healthz`)).ok)
  assert.ok((await fetch(console)).ok)

  const api = descendantsOf(server.pid as number).find(pid => roleOf(pid) === 'api')
  process.kill(api as number, 'SIGKILL')
  await until(
    'the api is at its place again',
    async () => (await fetch(`${door}/healthz`).catch(() => null))?.ok === true,
  )
})

const hasNpm = spawnSync('npm', ['--version']).status === 0

test('SIGTERM to `npm start` ends the server and all of its parts', {
  skip: hasNpm ? (existsSync('/proc/self/task') ? false : 'needs /proc') : 'npm is not installed',
}, async t => {
  const [port, adminPort] = await freePorts()
  const npm = spawn('npm', ['start'], {
    cwd: root,
    env: {
      ...bareEnvironment,
      HOME: process.env['HOME'],
      DATAPULSE_DATA_DIR: join(emptyFolder(), 'data'),
      DATAPULSE_PORT: `${port}`,
      DATAPULSE_ADMIN_PORT: `${adminPort}`,
      DATAPULSE_DISK_FREE_MIN: '1MiB',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let family: number[] = []
  t.after(() => family.filter(isAlive).forEach(pid => void process.kill(pid, 'SIGKILL')))
  const output = outputOf(npm)
  await until('the server says where it is', () => output().includes('takes events at'))
  family = [npm.pid as number, ...descendantsOf(npm.pid as number)]
  assert.ok(family.length >= 6, `npm, the supervisor and four parts: ${family.length}`)
  npm.kill('SIGTERM')
  await until('all of them are gone', () => family.every(pid => !isAlive(pid)))
})

function outputOf(child: ChildProcess): () => string {
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', chunk => void (text += String(chunk)))
  return () => text
}

function descendantsOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number)
  return children.flatMap(child => [child, ...descendantsOf(child)])
}

function roleOf(pid: number): string | undefined {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  return words[words.indexOf('--role') + 1]
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return
  const gone = once(server, 'exit')
  server.kill('SIGTERM')
  await gone
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('what the printed pages tell to run can be run', { skip: hasNpm ? false : 'npm is not installed' }, () => {
  const options = { cwd: root, encoding: 'utf8' } as const
  assert.match(execFileSync('npx', ['--no', 'datapulse', 'help'], options), /^Usage: datapulse /)
})
