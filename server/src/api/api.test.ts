// The door with a clock of the test's own: limits over time and over a kill, keys that change, last-used times, the port.
// What can be seen without a clock is in test/contract.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import type { LogRecord } from '../log/record.ts'
import { type Api, openApi } from './api.ts'
import type { EndedKey } from './keys-in-use.ts'
import { listUnknownKeys } from './unknown-keys.ts'

const folder = mkdtempSync(join(tmpdir(), 'door-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let directories = 0

type Key = { rateLimit: number }

async function open(windowsDir = join(folder, `${directories++}`), nowMs = 1_750_000_000_000) {
  const clock = { nowMs, unseenMs: 0 }
  const keys: Record<string, Key> = { good: { rateLimit: 60 } }
  const ended: Record<string, EndedKey> = {}
  const records: LogRecord[] = []
  const touched: (readonly [string, number])[] = []
  const found = new Map<Key, ReturnType<typeof keyOf>>()
  const keyOf = (name: string, key: Key) => ({
    id: `key_${name}`,
    product: 'casino',
    mode: 'live' as const,
    scopes: ['ingest'],
    prefix: 'dp_live_abcd',
    ...key,
  })
  const api = await openApi({
    accounts: {
      findKey(presented) {
        const key = keys[presented]
        if (key === undefined) return null
        if (!found.has(key)) found.set(key, keyOf(presented, key))
        return found.get(key) ?? null
      },
      findEnded: presented => ended[presented] ?? null,
      unseenMs: () => clock.unseenMs,
      touch: uses => void touched.push(...uses),
    },
    log: {
      append(record, done) {
        records.push(record)
        setImmediate(done, null)
      },
      status: () => ({ refusing: null }) as never,
    },
    host: '127.0.0.1',
    port: 0,
    now: () => clock.nowMs,
    logger: { info() {}, warn() {}, error() {} },
    limits,
    trustedProxies: [],
    unknownKeysDir: windowsDir,
    windowsDir,
    sharedWindows: null,
    readiness: async () => ({}),
    pages: { page: async () => null },
    answers: { dryRun: away, receipts: away, reconciliation: away },
  })
  after(() => api.close())
  return { api, clock, keys, ended, records, touched, windowsDir }
}

const away = async () => ({ fault: 'away' })

const event = '{"client_user_id":"u","event_name":"login","timestamp":1702963200,"ip_address":"::1"}'

async function post(api: Api, key = 'good') {
  const headers = { 'x-api-key': key, 'content-type': 'application/json' }
  const response = await fetch(`http://127.0.0.1:${api.port}/v2/s2s/event`, { method: 'POST', headers, body: event })
  await response.arrayBuffer()
  const [, r, t] = /r=(\d+);t=(\d+)/.exec(response.headers.get('ratelimit') ?? '') ?? []
  return {
    status: response.status,
    r: Number(r),
    t: Number(t),
    retryAfter: Number(response.headers.get('retry-after')),
  }
}

test('Retry-After is the whole second at which the next request is admitted, and a 429 does not extend it', async () => {
  const { api, clock } = await open()
  for (let i = 0; i < 60; i++) {
    assert.equal((await post(api)).status, 200)
    clock.nowMs += 100
  }
  // The first was 6 s ago.
  for (let second = 0; second < 54; second++) {
    const { status, retryAfter, r, t } = await post(api)
    assert.deepEqual([status, retryAfter, r, t], [429, 54 - second, 0, 54 - second])
    clock.nowMs += 1_000
  }
  assert.equal((await post(api)).status, 200)
  // The second was 100 ms after the first.
  assert.deepEqual(await post(api), { status: 429, r: 0, t: 1, retryAfter: 1 })
  clock.nowMs += 100
  assert.equal((await post(api)).status, 200)
})

test('a key whose limit is changed has the new one at once', async () => {
  const { api, keys } = await open()
  for (let i = 0; i < 3; i++) await post(api)
  keys['good'] = { rateLimit: 5 }
  assert.equal((await post(api)).r, 1)
  keys['good'] = { rateLimit: 2 }
  assert.equal((await post(api)).status, 429)
  keys['good'] = { rateLimit: 50_000 }
  const { r, t } = await post(api)
  // Its window is kept in slots, which end a little later; the time told is still within the policy's.
  assert.deepEqual([r, t], [50_000 - 5, 60])
})

test('keys in use are told to accounts, the others are not', async () => {
  const { api, clock, touched, keys } = await open()
  keys['idle'] = { rateLimit: 60 }
  await post(api)
  await post(api, 'bad')
  await api.close()
  assert.deepEqual(touched, [['key_good', clock.nowMs]])
})

test('a key that may not send is counted as its own, one that nobody has is listed, and the replies are alike', async () => {
  const { api, clock, ended, records, windowsDir } = await open()
  ended['old'] = { key: { id: 'key_old', product: 'casino' }, ended: 'revoked' }
  ended['late'] = { key: { id: 'key_late', product: 'poker' }, ended: 'expired' }
  const replies = []
  for (const key of ['old', 'late', 'nobodys-key-0123456789']) {
    const response = await fetch(`http://127.0.0.1:${api.port}/v2/s2s/event`, {
      method: 'POST',
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: event,
    })
    const { request_id: _, ...body } = (await response.json()) as Record<string, unknown>
    replies.push([response.status, [...response.headers.keys()].toSorted(), body])
  }
  assert.deepEqual(replies[0], replies[2])
  assert.deepEqual(replies[1], replies[2])
  await api.close()
  const counted = records.flatMap(({ body }) => JSON.parse(Buffer.from(body).toString()))
  assert.deepEqual(counted, [
    { product: 'casino', keyId: 'key_old', code: 'KEY_REVOKED', events: 1, requests: 1 },
    { product: 'poker', keyId: 'key_late', code: 'KEY_EXPIRED', events: 1, requests: 1 },
    { product: '', keyId: '', code: 'UNAUTHORIZED', events: 1, requests: 1 },
  ])
  const listed = listUnknownKeys(windowsDir, clock.nowMs, clock.nowMs + 1, 10)
  assert.deepEqual(
    listed.map(({ prefix, address, requests }) => ({ prefix, address, requests })),
    [{ prefix: 'nobodys-key', address: '127.0.0.1', requests: 1 }],
  )
})

test('a key without the scope is counted under its product', async () => {
  const { api, keys, records } = await open()
  keys['reader'] = { rateLimit: 60, scopes: ['read'] } as Key
  assert.equal((await post(api, 'reader')).status, 401)
  await api.close()
  assert.deepEqual(
    records.map(({ body }) => JSON.parse(Buffer.from(body).toString())),
    [[{ product: 'casino', keyId: 'key_reader', code: 'KEY_SCOPE', events: 1, requests: 1 }]],
  )
})

test('keys that may have been revoked meanwhile are good for a minute, then nobody is let in or counted as wrong', async () => {
  const { api, clock, records } = await open()
  clock.unseenMs = 60_000
  assert.equal((await post(api)).status, 200)
  clock.unseenMs = 60_001
  for (const key of ['good', 'unknown']) {
    const refused = await post(api, key)
    assert.equal(refused.status, 500)
    assert.equal(refused.retryAfter, 5)
  }
  clock.unseenMs = 0
  assert.equal((await post(api)).status, 200)
  assert.equal(records.filter(record => record.kind === 'event').length, 2)
})

test('a port that is taken is told by rejecting', async () => {
  const { api, windowsDir } = await open()
  const again = openApi({
    accounts: { findKey: () => null, findEnded: () => null, unseenMs: () => 0, touch() {} },
    log: { append() {}, status: () => ({ refusing: null }) as never },
    host: '127.0.0.1',
    port: api.port,
    now: Date.now,
    logger: { info() {}, warn() {}, error() {} },
    limits,
    trustedProxies: [],
    unknownKeysDir: `${windowsDir}-other`,
    windowsDir: `${windowsDir}-other`,
    sharedWindows: null,
    readiness: async () => ({}),
    pages: { page: async () => null },
    answers: { dryRun: away, receipts: away, reconciliation: away },
  })
  await assert.rejects(again, /EADDRINUSE/)
})

test('closing twice is closing once', async () => {
  const { api } = await open()
  await Promise.all([api.close(), api.close()])
  await api.close()
  await assert.rejects(post(api))
})

test('kill -9 does not refill a window', async () => {
  const windowsDir = join(folder, `${directories++}`)
  const program = `
    const { Limiter } = await import(process.argv[1])
    const limiter = new Limiter(process.argv[2], Date.now(), console)
    const key = limiter.open('key_good', 60)
    for (let i = 0; i < 57; i++) limiter.admit(key, limiter.steady(Date.now()), 60)
    // The turn in which a reply could have been sent is over when this runs.
    setImmediate(() => setImmediate(() => process.kill(process.pid, 'SIGKILL')))`
  const script = new URL('./limiter.ts', import.meta.url).href
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, script, windowsDir], {
    stdio: 'inherit',
  })
  assert.deepEqual(await once(child, 'exit'), [null, 'SIGKILL'])
  const { api } = await open(windowsDir, Date.now())
  assert.equal((await post(api)).r, 2)
})
