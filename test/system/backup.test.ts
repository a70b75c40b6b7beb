// A backup of the whole server under load, and the way back: everything acknowledged before it began is there once, its
// duplicates are still recognised, keys work, the books hold, and the log goes on behind what it had. What is no backup is
// refused, and nothing is put back of it.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { isShared, sharedEnvironment } from '../harness/shared-parts.ts'
import { audit, deposit, seeded, type Sent, Traffic } from '../harness/traffic.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const root = mkdtempSync(join(tmpdir(), 'datapulse-backup-'))
const opened: Installation[] = []
after(async () => {
  for (const one of opened) await one.close()
  rmSync(root, { recursive: true, force: true })
})

type Ran = { code: number | null; stdout: string; stderr: string }
type Told = Record<string, number> & { loads_held_ms: number }

/** Beside the traffic of this process; what is restored goes to where the server on it will look. */
async function run(...args: string[]): Promise<Ran> {
  const into = args[0] === 'restore' ? args[args.indexOf('--data-dir') + 1] : undefined
  const env = {
    ...process.env,
    ...(args.includes('--data-dir') && into !== undefined && (await sharedEnvironment(into))),
  }
  const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  const ran: Ran = { code: null, stdout: '', stderr: '' }
  child.stdout.on('data', chunk => (ran.stdout += String(chunk)))
  child.stderr.on('data', chunk => (ran.stderr += String(chunk)))
  return new Promise(resolve => child.on('close', code => resolve({ ...ran, code })))
}

const place = (server: Installation) => ['--data-dir', server.dataDir, '--url', server.adminUrl]
const folder = (name: string) => join(root, name)

async function open(options: Parameters<typeof Installation.open>[0] = {}): Promise<Installation> {
  const server = await Installation.open(options)
  opened.push(server)
  return server
}

let before: Sent[] = []
let all: Sent[] = []
let secret = ''
let revoked = ''

test('a backup under load, one after another, each into a folder of its own', async () => {
  const server = await open({ dataDir: folder('first') })
  secret = await server.key('kept')
  const doomed = await server.admin('/api/keys', { json: { product: 'kept' } })
  revoked = String(doomed.body['key'])
  await server.admin(`/api/keys/${String(doomed.body['id'])}`, { method: 'DELETE' })
  const rates = {
    month: '2026-06',
    baseCurrency: 'USD',
    generatedAt: '2026-07-01T00:00:00Z',
    rates: [{ currency: 'EUR', rate: 0.92 }],
  }
  assert.equal((await server.admin('/api/rates', { json: rates })).status, 201)
  const post = (path: string, body: unknown) => server.post(path, secret, JSON.stringify(body))
  assert.equal((await post('/v2/s2s/event', deposit('twice'))).status, 200)
  assert.equal((await post('/v2/s2s/event', deposit('twice', { amount: 99 }))).status, 200)
  assert.equal((await post('/v2/s2s/event', { event_name: 'deposit' })).status, 400)
  const unnamed = { client_user_id: 'u', event_name: 'login', timestamp: 1_700_000_000, ip_address: '203.0.113.1' }
  assert.equal((await post('/v2/s2s/event', unnamed)).status, 200)

  await until('what was refused is kept', async () => {
    const { body } = await server.admin('/api/rejected/requests')
    return (body['requests'] as unknown[]).length === 1
  })
  const traffic = new Traffic(server, secret, 'load', seeded(11))
  traffic.start(4, 20_000)
  await until('some requests were acknowledged', () => traffic.acknowledged > 100)
  before = traffic.requests.filter(request => request.acknowledged).map(request => ({ ...request }))
  const backedUp = await run('backup', '--to', folder('copy'), '--json', ...place(server))
  const during = traffic.acknowledged
  assert.equal(backedUp.code, 0, backedUp.stderr)
  const told = JSON.parse(backedUp.stdout) as Told & { state: string }
  assert.equal(told.state, 'done')
  assert.ok(during > before.length, 'events were acknowledged meanwhile')
  await until('loads go on', async () => {
    const { checkpoint } = (await server.status()) as { checkpoint: { events: number } }
    return checkpoint.events > (told['events'] ?? 0) + (told['queued'] ?? 0)
  })
  await traffic.stop()
  all = traffic.requests

  await server.drained()
  const again = await run('backup', '--to', folder('copy'), ...place(server))
  assert.equal(again.code, 1)
  assert.match(again.stderr, /must be empty or not there: it holds a backup/)
  const inside = await run('backup', '--to', join(server.dataDir, 'backup'), ...place(server))
  assert.equal(inside.code, 1)
  assert.match(inside.stderr, /must be outside of the data directory/)
  const twice = [
    await server.admin('/api/backup', { json: { to: folder('copy-1') } }),
    await server.admin('/api/backup', { json: { to: folder('copy-0') } }),
  ]
  assert.deepEqual([twice[0]?.status, twice[1]?.status], [202, 409])
  assert.match(String(twice[1]?.body['message']), /one at a time/)
  await until('the one has ended', async () => {
    const { backup } = (await server.admin('/api/backup')).body as { backup: { state: string } }
    return backup.state === 'done'
  })
  const second = await run('backup', '--to', folder('copy-2'), ...place(server))
  assert.equal(second.code, 0, second.stderr)
  assert.match(second.stdout, /is complete: \d+ events stored and 0 waiting in the log/)
  server.kill('everything')
  await server.gone()
})

test('it is put back: everything once, duplicates recognised, keys work, the books hold, offsets go on', async () => {
  const check = await run('restore', '--check', '--from', folder('copy'), '--json')
  assert.equal(check.code, 0, check.stderr)
  const whole = JSON.parse(check.stdout) as Told
  const restored = await run('restore', '--from', folder('copy'), '--data-dir', folder('second'), '--json')
  assert.equal(restored.code, 0, restored.stderr)
  const told = JSON.parse(restored.stdout) as Told & { compared: { sums: number } }
  assert.deepEqual([told['events'], told['queued'], told['keys']], [whole['events'], whole['queued'], whole['keys']])
  assert.ok(told.compared.sums >= 2)
  const own = ['accounts.db', 'lock', ...(isShared ? [] : ['log']), 'warehouse']
  assert.deepEqual(readdirSync(folder('second')).sort(), own)

  const server = await open({ dataDir: folder('second') })
  await server.drained()
  const books = all.map(request => ({ ...request, acknowledged: before.some(({ ids }) => ids[0] === request.ids[0]) }))
  const twice = [{ ids: ['twice'], acknowledged: true }]
  const deposits = async () => (await server.events('&product=kept')).filter(event => event.event_name === 'deposit')
  assert.deepEqual(audit([...books, ...twice], await deposits()), [])
  assert.equal((await server.events('&product=kept&event=login')).length, 1)
  assert.equal(
    (await deposits()).length + 1,
    (told['events'] ?? 0) + (told['queued'] ?? 0),
    'what was told is what is there',
  )
  const standing = async () =>
    (await server.status()) as {
      log: { offset: number; events: number }
      accounting: {
        holds: boolean
        problem: string | null
        duplicate: number
        conflict: number
        stored: number
        rejected: number
      }
    }
  const first = await standing()
  assert.equal(first.accounting.holds, true, String(first.accounting.problem))
  assert.deepEqual([first.accounting.conflict, first.accounting.rejected], [1, 1])
  assert.equal(first.log.offset, told['log_offset'])
  assert.equal(((await server.admin('/api/rates/2026-06')).body['rates'] as unknown[]).length, 1)
  assert.equal(((await server.admin('/api/rejected/requests')).body['requests'] as unknown[]).length, 1)

  const post = (key: string, body: unknown) => server.post('/v2/s2s/batch', key, JSON.stringify(body))
  const resent = before.slice(0, 20).flatMap(({ ids }) => ids)
  assert.equal(
    (
      await post(
        secret,
        [...resent, 'twice'].map(id => deposit(id)),
      )
    ).status,
    200,
  )
  assert.equal((await post(revoked, [deposit('x')])).status, 401)
  assert.equal((await post(secret, [deposit('new-1'), deposit('new-2')])).status, 200)
  await server.drained()
  const last = await standing()
  assert.equal(last.accounting.duplicate, first.accounting.duplicate + resent.length + 1)
  assert.equal(last.accounting.stored, first.accounting.stored + 2)
  assert.equal(last.accounting.holds, true)
  assert.equal(last.log.offset > first.log.offset, true)
  await server.stop()
  await server.start()
  assert.equal((await standing()).accounting.holds, true, 'and after another start')
  await server.stop()
})

test('a restore into a directory that is not empty, or was not finished, is refused', async () => {
  const refused = await run('restore', '--from', folder('copy'), '--data-dir', folder('second'))
  assert.equal(refused.code, 1)
  assert.match(refused.stderr, /Cannot restore into .* because it must be empty or not there/)
  const cut = spawn(process.execPath, [cli, 'restore', '--from', folder('copy'), '--data-dir', folder('half')])
  await until('it has begun', () => existsSync(join(folder('half'), 'restoring')))
  cut.kill('SIGKILL')
  await once(cut, 'close')
  const half = await run('restore', '--from', folder('copy'), '--data-dir', folder('half'))
  assert.match(half.stderr, /an earlier restore into it did not come to its end/)
  const start = spawnSync(
    process.execPath,
    [cli, 'serve', '--data-dir', folder('half'), '--port', '0', '--admin-port', '1'],
    { encoding: 'utf8' },
  )
  assert.equal(start.status, 1)
  assert.match(start.stderr, /a backup is being restored into the data directory/)
  assert.equal(existsSync(join(folder('half'), 'restoring')), true)
  assert.equal(existsSync(join(folder('half'), 'admin-token')), false)
  if (!isShared) return
  const env = { ...process.env, ...(await sharedEnvironment(folder('second'))) }
  const elsewhere = [cli, 'restore', '--from', folder('copy'), '--data-dir', folder('elsewhere')]
  const { stderr } = spawnSync(process.execPath, elsewhere, { encoding: 'utf8', env })
  assert.match(stderr, /Cannot restore into nats:.* because another installation was moved or restored there/)
})

test('a damaged or unfinished backup is refused in a sentence, and nothing is put back', async () => {
  const files = readdirSync(folder('copy'), { recursive: true, encoding: 'utf8' })
  const data = files.find(name => /^warehouse\/events\/.*\/data\.bin$/.test(name)) ?? ''
  const segment = files.find(name => name.startsWith('log/segment')) ?? ''
  const damages: [string, (dir: string) => void, RegExp][] = [
    ['a flipped byte', dir => flip(join(dir, data)), /data\.bin is damaged: its checksum is another one/],
    ['a flipped byte of the log', dir => flip(join(dir, segment)), /segment.* is damaged: its checksum/],
    ['a file cut short', dir => truncateSync(join(dir, 'accounts.db'), 100), /accounts\.db is damaged: it must have/],
    ['a file removed', dir => rmSync(join(dir, data)), /data\.bin is missing/],
    [
      'no manifest',
      dir => rmSync(join(dir, 'manifest.json')),
      /it has no manifest\.json: it is no backup, or one that was not finished/,
    ],
    ['a changed manifest', dir => flip(join(dir, 'manifest.json')), /manifest\.json is damaged/],
    [
      'a newer format',
      dir => newer(join(dir, 'manifest.json')),
      /its format must be 1 or older: got 2; a newer DataPulse/,
    ],
  ]
  for (const [what, damage, sentence] of damages) {
    const dir = folder('damaged')
    cpSync(folder('copy'), dir, { recursive: true })
    damage(dir)
    for (const args of [['--check'], ['--data-dir', folder('third')]]) {
      const { code, stderr, stdout } = await run('restore', '--from', dir, ...args)
      assert.deepEqual([code, stdout], [1, ''], what)
      assert.match(stderr, sentence, what)
    }
    assert.equal(existsSync(folder('third')), false, what)
    rmSync(dir, { recursive: true })
  }
})

test('a server killed amid a backup leaves none, and the next one is whole', async () => {
  const server = opened[1] as Installation
  await server.start({ DATAPULSE_TEST_CRASH_AT: 'snapshot.tables.after' })
  const cut = await run('backup', '--to', folder('cut'), ...place(server))
  assert.equal(cut.code, 1)
  assert.match(cut.stderr, /The pipeline was started again meanwhile: what is in .* is no backup/)
  assert.equal(existsSync(join(folder('cut'), 'accounts.db')), true, 'it was amid it')
  assert.match((await run('restore', '--check', '--from', folder('cut'))).stderr, /no manifest\.json/)
  await server.ready()
  const { body } = await server.admin('/api/backups')
  const cutOff = (body['backups'] as Record<string, unknown>[]).find(one => one['to'] === folder('cut'))
  assert.equal(cutOff?.['state'], 'failed')
  assert.match(String(cutOff?.['problem']), /ended before it was complete/)
  assert.equal(
    (await run('backup', '--to', folder('cut'), ...place(server))).code,
    1,
    'its remains are not written over',
  )
  const whole = await run('backup', '--to', folder('whole'), ...place(server))
  assert.equal(whole.code, 0, whole.stderr)
  assert.equal((await run('restore', '--check', '--from', folder('whole'))).code, 0)
})

test('one whose server was killed when it was complete is told as complete', async () => {
  const server = opened[1] as Installation
  await server.stop()
  // At the first of these it lets go of what an earlier one held, at the second of its own.
  await server.start({ DATAPULSE_TEST_CRASH_AT: 'snapshot.drop.before:2' })
  const made = await run('backup', '--to', folder('unheard'), ...place(server))
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /^The backup in .*unheard is complete: \d+ events stored/)
  assert.equal((await run('restore', '--check', '--from', folder('unheard'))).code, 0)
  const { body } = await server.admin('/api/backups')
  const listed = (body['backups'] as { to: string; state: string }[]).map(({ to, state }) => `${to} ${state}`)
  assert.ok(listed.includes(`${folder('unheard')} complete`), listed.join())
})

function flip(path: string): void {
  const bytes = readFileSync(path)
  const at = Math.floor(bytes.length / 2)
  bytes[at] = (bytes[at] as number) ^ 1
  writeFileSync(path, bytes)
}

function newer(path: string): void {
  writeFileSync(path, readFileSync(path, 'utf8').replace('"format": 1', '"format": 2'))
}
