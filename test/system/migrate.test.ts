// An installation of one machine becomes one of several: with events in three of four shares, duplicates, a conflict that was
// decided, requests that were parked and rejected, a user who was erased, a key that was revoked, and a queue that nobody has
// processed. Whoever moves it is killed again and again and goes on. A copy that stayed on one machine says what must be there
// in the end: the same answers to all questions, each event once.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLogWriter } from '../../server/src/log/log.ts'
import { type NatsServers, skipWithoutNats as skip, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { limits } from '../../server/src/limits.ts'
import type { LogRecord } from '../../server/src/log/record.ts'
import { type EngineProcess, startEngine } from '../../server/src/warehouse/testing/engine-process.ts'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { openPortBefore } from '../harness/engine-port.ts'
import { Installation, until } from '../harness/installation.ts'
import { natsEnvironment } from '../harness/nats-environment.ts'
import { deposit } from '../harness/traffic.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const main = join(import.meta.dirname, '../../server/src/main.ts')
const root = mkdtempSync(join(tmpdir(), 'datapulse-migrate-'))
const left = join(root, 'left')
const stayed = join(root, 'stayed')
const copied = join(root, 'copied')
const third = join(root, 'third')
// In shares 0, 2 and 3 of four; nothing is in the other.
const products = ['demo', 'casino', 'lottery']

const ends: (() => unknown)[] = []
const requests: string[] = []
const keys = new Map<string, string>()
let revoked = ''
let nats: NatsServers
let engine: EngineProcess
let environment: Record<string, string>

before(async () => {
  if (skip !== false) return
  nats = await startNats()
  ends.push(() => nats.remove())
  engine = await startEngine({ askQueueMax: limits.askQueueMax })
  ends.push(() => engine.remove())
  const port = await openPortBefore(engine.socketPath)
  ends.push(port.close)
  environment = {
    ...natsEnvironment(nats.url, 1),
    DATAPULSE_WAREHOUSE: port.url,
    DATAPULSE_SHARES: '4',
  }
})
after(async () => {
  for (const end of ends.toReversed()) await end()
  rmSync(root, { recursive: true, force: true })
})

async function open(dataDir: string, more: Record<string, string> = {}): Promise<Installation> {
  const server = await Installation.open({ dataDir, environment: more })
  ends.push(() => server.close())
  return server
}

type Ran = { code: number | null; signal: string | null; stdout: string; stderr: string }

function run(args: string[], more: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...bareEnvironment, ...environment, ...more },
  })
  const ran: Ran = { code: null, signal: null, stdout: '', stderr: '' }
  child.stdout.on('data', chunk => (ran.stdout += String(chunk)))
  child.stderr.on('data', chunk => (ran.stderr += String(chunk)))
  return new Promise(resolve => child.on('close', (code, signal) => resolve({ ...ran, code, signal })))
}

const migrate = (args: string[] = [], crashAt = '') =>
  run([cli, 'migrate', '--from', left, '--json', ...args], crashAt === '' ? {} : { DATAPULSE_TEST_CRASH_AT: crashAt })

const login = (user: string) => ({
  client_user_id: user,
  event_name: 'login',
  timestamp: 1_700_000_100,
  ip_address: '203.0.113.1',
})

/** Sends a batch and remembers the request. */
async function send(server: Installation, product: string, events: object[], wanted = 200): Promise<string> {
  const { status, body } = await server.post('/v2/s2s/batch', keys.get(product) ?? '', JSON.stringify(events))
  assert.equal(status, wanted, JSON.stringify(body))
  const request = String(body['request_id'])
  if (wanted === 200) requests.push(request)
  return request
}

/** What no version of the api would have taken, as a damaged one may have left it. */
async function appendUnreadable(product: string): Promise<void> {
  const writer = await openLogWriter({
    dir: join(left, 'log'),
    limits,
    // What was killed may have it open for a moment.
    lockWaitMs: 10_000,
    now: Date.now,
    logger: { info() {}, warn() {}, error() {} },
  })
  const record: LogRecord = {
    ...{ kind: 'batch', requestId: crypto.randomUUID(), product, keyId: 'key_gone', mode: 'live' },
    ...{ receivedMs: Date.now(), events: 3, body: Buffer.from('[{"no JSON') },
  }
  requests.push(record.requestId)
  await new Promise(resolve => writer.append(record, resolve))
  await writer.close()
}

const rejectedEvents = async (server: Installation) =>
  ((await server.status())['accounting'] as { rejected: number }).rejected

test('an installation of one machine, with something of everything', { skip, timeout: 240_000 }, async () => {
  const server = await open(left)
  for (const product of products) keys.set(product, await server.key(product, { scopes: ['ingest', 'read'] }))
  const doomed = await server.admin('/api/keys', { json: { product: 'casino' } })
  revoked = String(doomed.body['key'])
  await server.admin(`/api/keys/${String(doomed.body['id'])}`, { method: 'DELETE' })
  const rates = {
    month: '2023-11',
    baseCurrency: 'USD',
    generatedAt: '2023-12-01T00:00:00Z',
    rates: [{ currency: 'EUR', rate: 0.92 }],
  }
  assert.equal((await server.admin('/api/rates', { json: rates })).status, 201)
  for (const product of products) {
    const many = Array.from({ length: 40 }, (_, i) =>
      deposit(`${product}-${i}`, { currency: i % 2 ? 'USD' : 'EUR', amount: i + 0.1 }),
    )
    await send(server, product, [...many, login('ann'), login('bob'), { ...login('cat'), message_id: 'm' }])
    await server.drained()
    await send(server, product, [
      deposit(`${product}-1`, { amount: 1.1 }),
      deposit(`${product}-2`, { amount: 99 }),
      deposit('gone', { client_user_id: 'gone' }),
    ])
    await server.drained()
    await send(server, product, [{ event_name: 'deposit' }, login('x')], 400)
  }
  const [, , , conflict] = requests
  const decided = await server.admin('/api/conflicts', {
    json: { request: conflict, position: 1, stands: 'later', reason: 'finance says so' },
  })
  assert.equal(decided.status, 200, JSON.stringify(decided.body))
  assert.equal((await server.post('/v2/s2s/event', 'dp_live_nobodys', JSON.stringify(login('x')))).status, 401)
  const erased = await server.admin('/api/erasures', { json: { product: 'lottery', user: 'gone' } })
  assert.equal(erased.status, 202)
  await until('the user is erased', async () => {
    const { body } = await server.admin('/api/erasures')
    return (body['erasures'] as { state: string }[])[0]?.state !== 'requested'
  })
  await until('what was refused is counted', async () => (await rejectedEvents(server)) === 7)
  await server.stop()
  await appendUnreadable('casino')
  await server.start()
  await server.drained()

  // From here on nothing is processed.
  process.kill(server.pids().pipeline ?? 0, 'SIGSTOP')
  const offset = async () =>
    ((await server.status().catch(() => ({ log: null })))['log'] as { offset: number } | null)?.offset ?? 0
  const before = await offset()
  for (let round = 0; round < 5; round++)
    for (const product of products) {
      const own = Array.from({ length: 20 }, (_, i) => deposit(`${product}-queued-${round}-${i}`))
      await send(server, product, [
        ...own,
        deposit(`${product}-3`),
        deposit(`${product}-4`, { amount: 1e6 }),
        login(`new ${round}`),
      ])
      await send(server, product, [login('ann'), deposit('late', { client_user_id: 'gone' })])
    }
  await send(server, 'casino', [{ event_name: 'deposit' }], 400)
  await send(server, 'demo', [{ event_name: 'deposit' }], 400)
  // 30 requests, two rejections, and one tally or two.
  await until('what was refused is in the log', async () => (await offset()) >= before + 33)
  await new Promise(resolve => setTimeout(resolve, 1_500))
  server.kill('everything')
  await server.gone()
  await appendUnreadable('demo')
  for (const copy of [stayed, copied, third]) cpSync(left, copy, { recursive: true })
})

test('a look changes nothing, and says what would be moved', { skip, timeout: 120_000 }, async () => {
  const looked = await migrate(['--dry-run'])
  assert.equal(looked.code, 0, looked.stderr)
  const told = JSON.parse(looked.stdout) as Record<string, unknown> & { queued: { events: number } }
  assert.deepEqual([told['state'], told['products'], told['erasures']], ['looked', 3, 1])
  // 3 × 5 × (23 + 2) events and an unreadable request of three.
  assert.equal(told.queued.events, 378)
  const beside = await run([cli, 'migrate', '--from', left], { DATAPULSE_ACCOUNTS: 'embedded' })
  assert.match(beside.stderr, /DATAPULSE_ACCOUNTS must name what the machines of the cluster will use/)
  assert.equal(beside.code, 1)
})

const points = [
  'keep.after',
  'claim.after',
  'putDocument.after:3',
  'put.before:2',
  'put.after:3',
  'putNotes.before',
  'putNotes.after:2',
  'append.before:2',
  'append.after:2',
  'finish.before',
  'finish.after',
]

for (const [n, point] of points.entries())
  test(`killed at ${point}, and begun again`, { skip, timeout: 120_000 }, async () => {
    const ran = await migrate([], `migrate.${point}`)
    assert.equal(ran.signal, 'SIGKILL', `${ran.stdout}${ran.stderr}`)
    if (n !== 4) return
    const own = { DATAPULSE_PORT: '0', DATAPULSE_ADMIN_PORT: '0', DATAPULSE_DISK_FREE_MIN: '1MiB' }
    const early = await run([main], { ...own, DATAPULSE_DATA_DIR: join(root, 'early') })
    assert.match(`${early.stdout}${early.stderr}`, /an installation is being moved or restored there/)
    const old = await run([main], { ...own, ...embedded, DATAPULSE_DATA_DIR: left })
    assert.match(old.stderr, /is being moved to nats:.*run `datapulse migrate` again/)
    const astray = await run([cli, 'migrate', '--from', left], { DATAPULSE_SHARES: '3' })
    assert.match(astray.stderr, /an earlier `datapulse migrate` began to move it to/)
  })

const embedded = {
  DATAPULSE_LOG: 'embedded',
  DATAPULSE_ACCOUNTS: 'embedded',
  DATAPULSE_WAREHOUSE: 'embedded',
  DATAPULSE_SHARES: '1',
}

test('it comes to its end, and no server starts where it was', { skip, timeout: 120_000 }, async () => {
  const ran = await migrate()
  assert.equal(ran.code, 0, ran.stderr)
  assert.equal((JSON.parse(ran.stdout) as { state: string }).state, 'done')
  assert.equal((JSON.parse(readFileSync(join(left, 'migrated.json'), 'utf8')) as { state: string }).state, 'done')
  const old = await run([main], {
    ...embedded,
    DATAPULSE_DATA_DIR: left,
    DATAPULSE_PORT: '0',
    DATAPULSE_ADMIN_PORT: '0',
  })
  assert.equal(old.code, 1)
  assert.match(old.stderr, /was moved to nats:/)
})

type Row = Record<string, unknown>

async function rowsOf(server: Installation, path: string, name: string): Promise<Row[]> {
  const { status, body } = await server.admin(path)
  assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
  return body[name] as Row[]
}

/** Without what tells the log that it lies in, the load that brought it, and a use that may be newer. */
const placed = (rows: Row[]) =>
  rows.map(({ log_offset: _, load_seq: __, last_used_at: ___, ...row }) => JSON.stringify(row)).toSorted()

async function receipt(server: Installation, request: string) {
  const { status, body } = await server.admin(`/api/receipts?request=${request}`)
  assert.equal(status, 200, `${request}: ${JSON.stringify(body)}`)
  const events = (body['events'] as Row[]).map(({ processed_at: at, ...event }) => event)
  return { body: { ...body, events }, events, at: (body['events'] as Row[])[0]?.['processed_at'] }
}

async function books(server: Installation) {
  const { accounting } = (await server.status()) as { accounting: Row }
  const { holds, problem, accepted, stored, duplicate, parked, erased, rejected, in_flight } = accounting
  return { holds, problem, accepted, stored, duplicate, parked, erased, rejected, in_flight }
}

/** What waited in the log of a user who is kept out is counted some seconds after it was loaded. */
const erasedCounted = (machine: Installation, wanted: Awaited<ReturnType<typeof books>>) =>
  until('what was erased is counted', async () => (await books(machine)).erased === wanted.erased)

/** Every question is answered by the machine as by the one that stayed where it was. */
async function compareAnswers(one: Installation, machine: Installation, shares: number): Promise<void> {
  await Promise.all([one.drained(), machine.drained()])
  assert.doesNotMatch(machine.output.join(''), /"level":50|ERROR|was replaced by another/)
  const same = async (path: string, name: string) => {
    const [wanted, got] = [await rowsOf(one, path, name), await rowsOf(machine, path, name)]
    const [there, own] = [new Set(placed(got)), new Set(placed(wanted))]
    assert.deepEqual([...there.difference(own)].slice(0, 3), [], path)
    assert.deepEqual([...own.difference(there)].slice(0, 3), [], path)
    assert.equal(got.length, wanted.length, path)
    return wanted.length
  }
  const reports = async () => {
    for (const product of products)
      for (const report of ['daily', 'clicks', 'late'])
        await same(`/api/reports/${report}?product=${product}&from=2023-11-01&to=2023-12-01&converted=true`, 'rows')
  }
  for (const product of products) {
    assert.ok((await same(`/api/events?product=${product}&limit=1000&raw=1`, 'events')) > 100)
    assert.ok((await same(`/api/duplicates?product=${product}&limit=1000`, 'duplicates')) > 2)
    await same(`/api/parked?product=${product}&limit=1000`, 'parked')
    await same(`/api/rejected?product=${product}`, 'rejected')
    await same(`/api/rejected/requests?product=${product}`, 'requests')
  }
  await reports()
  await until('every share has made its rollups anew', async () => {
    const { stages } = (await machine.status()) as { stages: { pipeline: { rollSteps: number } } }
    return stages.pipeline.rollSteps >= shares
  })
  await reports()
  await same('/api/rejected', 'rejected')
  await same('/api/rates/2023-11', 'rates')
  await same('/api/keys', 'keys')
  // The cluster's log never had what the erased user sent: there it is complete.
  const [kept, erased] = [
    await rowsOf(machine, '/api/erasures', 'erasures'),
    await rowsOf(one, '/api/erasures', 'erasures'),
  ]
  const unchecked = (rows: Row[]) => rows.map(({ state: _, checked_at: __, ...row }) => row)
  assert.deepEqual(unchecked(kept), unchecked(erased))
  for (const [n, request] of requests.entries()) {
    const [wanted, got] = [await receipt(one, request), await receipt(machine, request)]
    assert.deepEqual(got.body, wanted.body)
    // Processed before the move: when, is known as well.
    if (n < 6) assert.equal(got.at, wanted.at)
  }
  const wanted = await books(one)
  assert.equal(wanted.holds, true)
  await erasedCounted(machine, wanted)
  assert.deepEqual(await books(machine), wanted)
}

let one: Installation

test('a machine of the cluster answers what the one that stayed does', { skip, timeout: 240_000 }, async () => {
  one = await open(stayed)
  const machine = await open(join(root, 'machine'), environment)
  await compareAnswers(one, machine, 4)

  const before = await books(machine)
  const old = keys.get('casino') ?? ''
  const retries = [deposit('casino-7', { amount: 7.1 }), deposit('casino-queued-2-7')]
  const retried = await Promise.all(retries.map(event => machine.post('/v2/s2s/event', old, JSON.stringify(event))))
  assert.equal((await machine.post('/v2/s2s/event', revoked, JSON.stringify(login('x')))).status, 401)
  await machine.drained()
  for (const { body } of retried)
    assert.equal((await receipt(machine, String(body['request_id']))).events[0]?.['outcome'], 'duplicate')
  const last = await books(machine)
  assert.deepEqual([last.holds, last.duplicate, last.stored], [true, Number(before.duplicate) + 2, before.stored])
  await machine.stop()
  await machine.start()
  await machine.drained()
  assert.deepEqual({ ...(await books(machine)), rejected: 0 }, { ...last, rejected: 0 })
  await machine.stop()
})

test('without shares it is the same', { skip, timeout: 240_000 }, async () => {
  const servers = await startNats()
  ends.push(() => servers.remove())
  const alone = {
    ...environment,
    DATAPULSE_LOG: servers.url,
    DATAPULSE_ACCOUNTS: servers.url,
    DATAPULSE_SHARES: '1',
    // Another than that of the warehouse that is left.
    DATAPULSE_WAREHOUSE_DATABASE: 'alone',
  }
  const ran = await run([cli, 'migrate', '--from', copied], alone)
  assert.equal(ran.code, 0, ran.stderr)
  assert.match(
    ran.stdout,
    /^Moved to nats:.*, in 1 shares: 3 products, .* groups of counts and sums compared and equal/,
  )
  const again = await run([cli, 'migrate', '--from', copied], alone)
  assert.equal(again.code, 0, again.stderr)
  await compareAnswers(one, await open(join(root, 'alone'), alone), 1)
  const other = await run([cli, 'migrate', '--from', third], alone)
  assert.match(other.stderr, /another installation was moved or restored there/)
})
