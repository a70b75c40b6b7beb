// Products and keys on a real disk: made, found, revoked, expired, followed by other processes, refused with a sentence.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { type Accounts, openAccounts } from './accounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'accounts-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const silent = { warn() {} }
let files = 0

function open(
  path = join(folder, `${files++}.db`),
  nowMs = () => Date.now(),
  logger: { warn(): void } = silent,
): Accounts {
  const accounts = openAccounts({ path, now: nowMs, logger, pollMs: 20 })
  after(() => {
    try {
      accounts.close()
    } catch {
      // closed by the test itself
    }
  })
  return accounts
}

async function makeKey(accounts: Accounts, wish: Partial<Parameters<Accounts['createKey']>[0]> = {}) {
  const made = await accounts.createKey({ product: 'casino', ...wish })
  assert.ok(made.ok)
  return made
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 1_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'must be seen within a second')
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

test('a key is made with its product, and found by its secret only', async () => {
  const accounts = open()
  const { key, secret } = await makeKey(accounts)
  assert.match(secret, /^dp_live_[a-z2-7]{40}$/)
  assert.equal(key.prefix, secret.slice(0, 12))
  assert.equal(key.rateLimit, 60)
  assert.deepEqual(key.scopes, ['ingest'])
  assert.deepEqual(
    accounts.listProducts().map(product => product.id),
    ['casino'],
  )
  assert.equal(accounts.findKey(secret, Date.now())?.id, key.id)
  assert.equal(accounts.findKey(`${secret}x`, Date.now()), null)
  assert.equal(accounts.findKey(key.hash, Date.now()), null)
  assert.equal(accounts.findKey('', Date.now()), null)
  assert.equal(accounts.findKey('x'.repeat(100_000), Date.now()), null)
})

test('a test key says so', async () => {
  const accounts = open()
  const { key, secret } = await makeKey(accounts, {
    mode: 'test',
    name: ' staging ',
    rateLimit: 7,
    scopes: ['ingest', 'read'],
  })
  assert.match(secret, /^dp_test_/)
  assert.equal(key.name, 'staging')
  assert.deepEqual([key.mode, key.rateLimit, key.scopes], ['test', 7, ['ingest', 'read']])
})

test('the secret is not on disk', async () => {
  const path = join(folder, 'secret.db')
  const accounts = open(path)
  const { secret, key } = await makeKey(accounts)
  accounts.findKey(secret, Date.now())
  accounts.close()
  const bytes = readFileSync(path)
  assert.ok(bytes.includes(key.hash))
  assert.ok(!bytes.includes(secret.slice(14)))
})

test('creating a key revokes no other', async () => {
  const accounts = open()
  const first = await makeKey(accounts)
  const second = await makeKey(accounts)
  assert.notEqual(first.secret, second.secret)
  assert.ok(accounts.findKey(first.secret, Date.now()))
  assert.ok(accounts.findKey(second.secret, Date.now()))
})

test('a revoked key is not found, and revoking again changes nothing', async () => {
  let nowMs = 1_000
  const accounts = open(undefined, () => nowMs)
  const { key, secret } = await makeKey(accounts)
  assert.ok(accounts.findKey(secret, nowMs))
  const revoked = await accounts.revokeKey(key.id)
  assert.ok(revoked.ok)
  assert.equal(revoked.key.revokedMs, 1_000)
  assert.equal(accounts.findKey(secret, nowMs), null)
  assert.deepEqual(accounts.findEnded(secret), { key: revoked.key, ended: 'revoked' })
  assert.equal(accounts.findKey(`${secret}x`, nowMs), null)
  assert.equal(accounts.findEnded(`${secret}x`), null)
  nowMs = 2_000
  const again = await accounts.revokeKey(key.id)
  assert.ok(again.ok)
  assert.equal(again.key.revokedMs, 1_000)
  assert.deepEqual(accounts.status(), { products: 1, keys: 1, keysActive: 0 })
})

test('a key ends at its expiry', async () => {
  const accounts = open(undefined, () => 1_000)
  const { secret } = await makeKey(accounts, { expiresMs: 5_000 })
  assert.ok(accounts.findKey(secret, 4_999))
  assert.equal(accounts.findKey(secret, 5_000), null)
  assert.equal(accounts.findEnded(secret)?.ended, 'expired')
})

test('everything is there after opening again', async () => {
  const path = join(folder, 'again.db')
  const first = open(path)
  const { key, secret } = await makeKey(first)
  const other = await makeKey(first)
  await first.revokeKey(other.key.id)
  first.close()
  const second = open(path)
  assert.deepEqual(second.findKey(secret, Date.now()), key)
  assert.equal(second.findKey(other.secret, Date.now()), null)
})

test('another process follows: keys made and revoked elsewhere', async () => {
  const path = join(folder, 'shared.db')
  const here = open(path)
  const there = open(path)
  const { key, secret } = await makeKey(there)
  await until(() => here.findKey(secret, Date.now()) !== null)
  await there.revokeKey(key.id)
  await until(() => here.findKey(secret, Date.now()) === null)
})

test('processes that create at the same time lose nothing', async () => {
  const path = join(folder, 'many.db')
  const accounts = open(path)
  const program = `
    const { openAccounts } = await import(process.argv[1])
    const accounts = openAccounts({ path: process.argv[2], now: Date.now, logger: console })
    for (let i = 0; i < 20; i++) await accounts.createKey({ product: 'p' + i })
    accounts.close()`
  const children = [0, 1].map(() =>
    spawn(
      process.execPath,
      ['--input-type=module', '-e', program, new URL('./accounts.ts', import.meta.url).href, path],
      {
        stdio: 'inherit',
      },
    ),
  )
  const ends = await Promise.all(children.map(child => once(child, 'exit')))
  assert.deepEqual(
    ends.map(end => end[0]),
    [0, 0],
  )
  await until(() => accounts.listKeys().length === 40)
  assert.equal(accounts.listProducts().length, 20)
})

test('a wish that cannot be granted is answered with a sentence and changes nothing', async () => {
  const accounts = open(undefined, () => 1_000)
  const wishes: [object, RegExp][] = [
    [{ product: 'Casino' }, /product name.*a-z.*got "Casino"/],
    [{ product: '' }, /product name/],
    [{ product: 'x'.repeat(64) }, /product name/],
    [{ product: undefined }, /product name/],
    [{ name: ' ' }, /name must be 1 to 100/],
    [{ name: 'a\nb' }, /name must be 1 to 100/],
    [{ mode: 'prod' }, /live or test: got "prod"/],
    [{ rateLimit: 0 }, /whole number from 1/],
    [{ rateLimit: 1.5 }, /got 1.5/],
    [{ rateLimit: Number.NaN }, /rate limit/],
    [{ expiresMs: 1_000 }, /in the future/],
    [{ scopes: [] }, /scopes/],
    [{ scopes: ['admin'] }, /ingest and read/],
    [{ scopes: ['read', 'read'] }, /scopes/],
  ]
  for (const [wish, problem] of wishes) {
    const made = await accounts.createKey({ product: 'casino', ...wish } as never)
    assert.ok(!made.ok, JSON.stringify(wish))
    assert.match(made.problem, problem)
  }
  assert.deepEqual(accounts.status(), { products: 0, keys: 0, keysActive: 0 })
  const revoked = await accounts.revokeKey('key_nobody')
  assert.ok(!revoked.ok)
  assert.match(revoked.problem, /none with the id "key_nobody"/)
})

test('a product is made once', async () => {
  const accounts = open()
  const first = await accounts.createProduct('casino')
  const second = await accounts.createProduct('casino')
  assert.ok(first.ok && second.ok)
  assert.deepEqual([first.created, second.created], [true, false])
  assert.deepEqual(second.product, first.product)
})

test('last-used times go forward, and are told to every process', async () => {
  const path = join(folder, 'uses.db')
  const here = open(path)
  const there = open(path)
  assert.equal(here.lastUsed('key_a'), null)
  here.touch([
    ['key_a', 100],
    ['key_b', 200],
  ])
  here.touch([['key_a', 50]])
  assert.equal(there.lastUsed('key_a'), 100)
  assert.equal(there.lastUsed('key_b'), 200)
})

test('a last-used time that cannot be written is a log line, not a fault', () => {
  const path = join(folder, 'busy.db')
  const lines: unknown[] = []
  const accounts = open(path, Date.now, { warn: (...line: unknown[]) => void lines.push(line) })
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  accounts.touch([['key_a', 1]])
  other.exec('ROLLBACK')
  other.close()
  assert.equal(lines.length, 1)
  accounts.touch([['key_a', 2]])
  assert.equal(accounts.lastUsed('key_a'), 2)
})

test('a newer format is refused with a sentence', () => {
  const path = join(folder, 'newer.db')
  const file = new DatabaseSync(path)
  file.exec('PRAGMA user_version = 3')
  file.close()
  assert.throws(() => open(path), /its format must be 2 or older: got 3/)
})

test('a key that another process made is good at once, before the next poll', async () => {
  const path = join(folder, `${files++}.db`)
  const door = openAccounts({ path, now: Date.now, logger: silent, pollMs: 60_000 })
  after(() => door.close())
  const { key, secret } = await makeKey(open(path))
  assert.equal(door.findKey(secret, Date.now())?.id, key.id)
})
