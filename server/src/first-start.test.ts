// The first key is made once it can be shown, and shown once. What is printed at a start can be pasted: the command line is
// told where the server is when it is not where it looks.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openAccounts } from './accounts/accounts.ts'
import { openAuditLog } from './accounts/audit-log.ts'
import { type Config, readConfig } from './config.ts'
import { giveDemoKey, welcomeText } from './first-start.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const dies = (): never => {
  throw new Error('it died here')
}

function emptyConfig(t: TestContext, ...args: string[]): Config {
  const dataDir = mkdtempSync(join(tmpdir(), 'datapulse-first-'))
  t.after(() => rmSync(dataDir, { recursive: true }))
  const result = readConfig(['--data-dir', dataDir, ...args], {})
  if (!('config' in result)) throw new Error('The configuration of the test must be right')
  return result.config
}

function keysOf(config: Config) {
  const accounts = openAccounts({ path: join(config.dataDir, 'accounts.db'), now: Date.now, logger: silent })
  const keys = accounts.listKeys()
  accounts.close()
  return keys
}

/** What was shown. */
async function given(config: Config): Promise<string[]> {
  const shown: string[] = []
  const isGiven = await giveDemoKey(config, silent, ({ secret }) => void shown.push(secret))
  assert.equal(isGiven, shown.length === 1)
  return shown
}

test('the first key is shown once, and its act ends done', async t => {
  const config = emptyConfig(t)
  const [secret] = await given(config)
  assert.match(secret ?? '', /^dp_live_/)
  assert.deepEqual(await given(config), [])
  assert.equal(keysOf(config).length, 1)
  const audit = openAuditLog({ path: join(config.dataDir, 'accounts.db'), now: Date.now })
  t.after(() => audit.close())
  assert.deepEqual(
    audit.list({ limit: 9 }).map(({ act, outcome, product }) => [act, outcome, product]),
    [['key.create', 'done', 'demo']],
  )
})

test('a key that nobody saw is revoked at the next start, and another is shown', async t => {
  const config = emptyConfig(t)
  for (let deaths = 0; deaths < 2; deaths++) await assert.rejects(giveDemoKey(config, silent, dies), /it died here/)
  const [secret] = await given(config)
  const active = keysOf(config).filter(key => key.revokedMs === null)
  assert.deepEqual([keysOf(config).length, active.length], [3, 1])
  assert.ok(secret?.startsWith(active[0]?.prefix ?? 'none'))
  assert.deepEqual(await given(config), [])
})

test('whoever has made a product or key already is shown none, also after a death', async t => {
  const config = emptyConfig(t)
  await assert.rejects(giveDemoKey(config, silent, dies))
  const path = join(config.dataDir, 'accounts.db')
  const audit = openAuditLog({ path, now: Date.now })
  audit.begin({ act: 'key.create', product: 'demo', way: 'token', actor: 'somebody' })({ outcome: 'done' })
  audit.close()
  assert.deepEqual(await given(config), [])

  const other = emptyConfig(t)
  const accounts = openAccounts({ path: join(other.dataDir, 'accounts.db'), now: Date.now, logger: silent })
  await accounts.createProduct('casino')
  accounts.close()
  assert.deepEqual(await given(other), [])
})

test('no key is made where others can reach the ports', async t => {
  assert.deepEqual(await given(emptyConfig(t, '--host', '0.0.0.0')), [])
})

function welcomed(args: string[], demo: boolean, environment: Record<string, string> = {}): string {
  const result = readConfig(args, environment)
  if (!('config' in result)) throw new Error('The configuration of the test must be right')
  return welcomeText(result.config, demo ? { secret: 'dp_live_x' } : null, [])
}

test('with everything as usual the lines are short', () => {
  assert.match(welcomed([], true), /^ {2}npx --no datapulse events list$/m)
  assert.match(welcomed([], false), /keys create --product NAME$/m)
})

test('the console is named, and where its token is, but never the token', () => {
  assert.match(
    welcomed([], false),
    /^The console is at http:\/\/127\.0\.0\.1:8081\/ \(sign in with the token in data\/admin-token\)$/m,
  )
  assert.match(welcomed(['--data-dir', '/var/lib/dp'], false), /the token in \/var\/lib\/dp\/admin-token\)$/m)
  const given = welcomed([], false, { DATAPULSE_ADMIN_TOKEN: 'chosen-by-somebody' })
  assert.match(given, /sign in with the admin token that was configured/)
  assert.ok(!given.includes('chosen-by-somebody'))
})

test('another port, address or directory is said in every line', () => {
  const args = ['--admin-port', '9001', '--admin-host', '::1', '--data-dir', "/tmp/it's here"]
  const options = ` --url http://[::1]:9001 --data-dir '/tmp/it'\\''s here'`
  assert.ok(welcomed(args, true).includes(`  npx --no datapulse events list${options}\n`))
  assert.ok(welcomed(args, false).includes(`keys create --product NAME${options}\n`))
  assert.match(welcomed(['--admin-host', '0.0.0.0', '--admin-port', '9001'], false), / --url http:\/\/127.0.0.1:9001$/m)
})
