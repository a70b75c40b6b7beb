// The audit log of a whole server: what the first start did is in it, an act in which a process was killed is seen as
// begun, no key or token is anywhere in the file, and an entry that somebody changed by hand is noticed.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

type Entry = { seq: number; act: string; outcome: string; code: string | null; product: string; target: string }
let server: Installation
before(async () => {
  server = await Installation.open()
})
after(() => server.close())

async function entries(query = ''): Promise<(Entry & { actor: string; way: string; address: string })[]> {
  return (await server.admin(`/api/audit?limit=1000${query}`)).body['audit'] as never
}

async function verified(): Promise<boolean> {
  return (await server.admin('/api/audit/verify')).body['ok'] as boolean
}

test('the first start is recorded, and what is done over HTTP', async () => {
  const first = await entries()
  assert.deepEqual(
    first.map(({ act, outcome, way, actor }) => [act, outcome, way, actor]),
    [
      ['key.create', 'done', 'local', 'datapulse serve'],
      ['admin-token.make', 'done', 'local', 'datapulse serve'],
    ],
  )
  assert.deepEqual(
    first.map(({ product }) => product),
    ['demo', null],
  )

  await server.key('casino')
  const [made] = await entries('&product=casino')
  assert.deepEqual([made?.act, made?.outcome, made?.way, made?.address], ['key.create', 'done', 'token', '127.0.0.1'])
  await server.admin(`/api/keys/${made?.target}`, { method: 'DELETE' })
  assert.deepEqual([(await entries())[0]?.act, (await entries())[0]?.target], ['key.revoke', made?.target])
  assert.equal(await verified(), true)
})

test('killed between intent and act, and between act and end: it is seen as begun, and whether it was done can be told', async () => {
  for (const [point, done] of [
    ['accounts.createKey.before', false],
    ['accounts.createKey.after', true],
  ] as const) {
    await server.stop()
    await server.start({ DATAPULSE_TEST_CRASH_AT: point })
    const product = done ? 'done' : 'undone'
    await server.key(product).catch(() => {})
    const mark = join(server.dataDir, 'run', `crashed-${point}`)
    await until(`the process is killed at ${point}`, () => existsSync(mark))
    await server.ready()
    const [begun] = await entries(`&product=${product}`)
    assert.deepEqual([begun?.act, begun?.outcome], ['key.create', 'begun'])
    const { status, body } = await server.admin(`/api/keys?product=${product}`)
    // The key makes its product: without it there is none.
    assert.deepEqual([status, (body['keys'] as unknown[] | undefined)?.length], done ? [200, 1] : [404, undefined])
    assert.equal(await verified(), true)
  }
})

test('no key and no token is anywhere in the file', async () => {
  const key = await server.key('secrets', { name: 'secret' })
  // Somebody puts it where an id belongs.
  assert.equal((await server.admin(`/api/keys/${key}`, { method: 'DELETE' })).status, 404)
  assert.equal((await entries())[0]?.target, `${key.slice(0, 12)}…`)
  const wrong = 'a-wrong-admin-token'
  const reply = await fetch(`${server.adminUrl}/api/keys`, { headers: { authorization: `Bearer ${wrong}` } })
  assert.equal(reply.status, 401)
  const [attempt] = await entries('&attempts=true')
  assert.deepEqual([attempt?.act, attempt?.outcome, attempt?.address], ['admin.attempt', 'refused', '127.0.0.1'])
  const token = server.adminToken
  await server.stop()
  const files = readdirSync(server.dataDir).filter(name => name.startsWith('accounts.db'))
  assert.ok(files.length > 0)
  for (const name of files) {
    const bytes = readFileSync(join(server.dataDir, name))
    for (const secret of [key.slice(20), token, token.slice(8), wrong])
      assert.ok(!bytes.includes(secret), `${name} holds a secret`)
  }
  await server.start()
})

test('an entry that was changed by hand is noticed', async () => {
  assert.equal(await verified(), true)
  const file = new DatabaseSync(join(server.dataDir, 'accounts.db'))
  assert.throws(() => file.exec("UPDATE audit SET act = 'key.update' WHERE seq = 3"), /never changed/)
  file.exec(
    "DROP TRIGGER audit_never_changes; UPDATE audit SET content = replace(content, 'demo', 'shop') WHERE seq = 3",
  )
  file.exec("UPDATE audit SET content = replace(content, 'dp_live', 'dp_test') WHERE chain = 'acts' AND seq = 3")
  file.close()
  const { body } = await server.admin('/api/audit/verify')
  assert.equal(body['ok'], false)
  assert.match(JSON.stringify(body), /entry 3 is not what was written/)
})

test('every metric that an alert names is told by a running server', async () => {
  await until('the warehouse was asked how it is', async () => {
    const text = String((await server.admin('/metrics')).body['text'])
    return /^datapulse_warehouse_up(\{[^}]*\})? 1$/m.test(text)
  })
  const text = String((await server.admin('/metrics')).body['text'])
  const rules = readFileSync(join(import.meta.dirname, '../../deploy/prometheus/datapulse.rules.yml'), 'utf8')
  const named = [...rules.matchAll(/^ +expr: (.*)$/gm)].flatMap(([, expr]) => expr!.match(/datapulse_\w+/g) ?? [])
  assert.ok(named.length > 20)
  for (const name of named) assert.match(text, new RegExp(`^${name}(\\{[^}]*\\})? [-+0-9]`, 'm'), name)
})
