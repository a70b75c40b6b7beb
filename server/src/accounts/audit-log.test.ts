// The audit log on a real disk: what is in it, in which order, that it is never changed unnoticed, and how it ends.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import { openAccounts } from './accounts.ts'
import { type AuditLog, type AuditOptions, openAuditLog } from './audit-log.ts'
import { makeSecret } from './secret.ts'

const folder = mkdtempSync(join(tmpdir(), 'audit-'))
after(() => rmSync(folder, { recursive: true, force: true }))
let files = 0

function open(options: Partial<AuditOptions> = {}): AuditLog & { path: string } {
  const path = options.path ?? join(folder, `${files++}.db`)
  const audit = openAuditLog({ path, now: () => 1_000, ...options })
  after(() => {
    try {
      audit.close()
    } catch {
      // closed by the test itself
    }
  })
  return { ...audit, path }
}

const intent = { act: 'key.create', product: 'casino', actor: 'ada', way: 'token', address: '127.0.0.1' } as const
/** So many acts that are done; each takes two entries. */
function fill(audit: AuditLog, acts: number): void {
  for (let n = 0; n < acts; n++) audit.begin({ ...intent, target: `key_${n}` })({ outcome: 'done' })
}

/** As somebody who has the file and knows SQLite. */
function tamper(path: string, sql: string): void {
  const file = new DatabaseSync(path)
  const triggers = file.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as { name: string }[]
  for (const { name } of triggers) file.exec(`DROP TRIGGER ${name}`)
  file.exec(sql)
  file.close()
}

async function problemOf(audit: AuditLog, known?: { seq: number; hash: string }): Promise<string | null> {
  const [acts] = await audit.verify(known)
  return acts?.problem ?? null
}

test('an act is begun before it is done, and its entry says how it ended', () => {
  let nowMs = 1_000
  const audit = open({ now: () => nowMs })
  const end = audit.begin({ ...intent, values: { name: 'main' } })
  const [begun] = audit.list({ limit: 10 })
  assert.deepEqual([begun?.outcome, begun?.startedMs, begun?.endedMs], ['begun', 1_000, null])
  nowMs = 2_000
  end({ outcome: 'done', target: 'key_1', values: { prefix: 'dp_live_ab' } })
  audit.begin({ ...intent, act: 'key.revoke', product: null })({ outcome: 'refused', code: 'NOT_FOUND' })
  const [refused, done] = audit.list({ limit: 10 })
  assert.deepEqual([refused?.outcome, refused?.code, refused?.product], ['refused', 'NOT_FOUND', null])
  const { hash, ...rest } = done!
  assert.match(hash, /^[0-9a-f]{64}$/)
  assert.deepEqual(rest, {
    seq: 1,
    startedMs: 1_000,
    endedMs: 2_000,
    outcome: 'done',
    code: null,
    target: 'key_1',
    values: { name: 'main', prefix: 'dp_live_ab' },
    ...intent,
  })
})

test('another process sees at once what was begun, and the two go on in one chain', async () => {
  const here = open()
  const there = open({ path: here.path })
  const end = here.begin(intent)
  assert.equal(there.list({ limit: 1 })[0]?.outcome, 'begun')
  fill(there, 1)
  end({ outcome: 'done' })
  assert.deepEqual(
    here.list({ limit: 10 }).map(({ outcome }) => outcome),
    ['done', 'done'],
  )
  const [acts] = await there.verify()
  assert.deepEqual([acts?.entries, acts?.begun, acts?.problem], [4, 0, null])
})

test('filters and pages', () => {
  let nowMs = 0
  const audit = open({ now: () => nowMs })
  for (nowMs = 1; nowMs <= 5; nowMs++) fill(audit, 1)
  audit.begin({ act: 'replay.send', way: 'token' })({ outcome: 'done', product: 'shop' })
  audit.begin({ act: 'replay.send', way: 'token', product: 'casino' })({ outcome: 'done', product: 'shop' })
  const targets = (question: object) => audit.list({ limit: 10, ...question }).map(({ seq }) => seq)
  assert.deepEqual(targets({}), [13, 11, 9, 7, 5, 3, 1])
  assert.deepEqual(targets({ limit: 2 }), [13, 11])
  assert.deepEqual(targets({ limit: 2, before: 11 }), [9, 7])
  assert.deepEqual(targets({ act: 'replay.send' }), [13, 11])
  assert.deepEqual(targets({ product: 'shop' }), [11], 'known at its end only; what it began with counts else')
  assert.deepEqual(targets({ sinceMs: 2, untilMs: 4 }), [5, 3])
  assert.deepEqual(targets({ chain: 'attempts' }), [])
})

test('the file itself refuses to change, delete or slip in an entry', () => {
  const audit = open()
  fill(audit, 2)
  const file = new DatabaseSync(audit.path)
  assert.throws(() => file.exec("UPDATE audit SET act = 'key.read' WHERE seq = 1"), /never changed/)
  assert.throws(() => file.exec('DELETE FROM audit WHERE seq = 4'), /never deleted/)
  const row = "('acts', 2, NULL, 1, 'done', 'x', NULL, '{}', '')"
  assert.throws(() => file.exec(`INSERT OR REPLACE INTO audit VALUES ${row}`), /behind the last/)
  file.close()
  assert.equal(audit.list({ limit: 10 }).length, 2)
})

test('what was changed, removed or put in is noticed', async () => {
  const changes: [string, RegExp][] = [
    ["UPDATE audit SET content = replace(content, 'ada', 'eve') WHERE seq = 3", /entry 3 is not what was written/],
    ['UPDATE audit SET at_ms = 999 WHERE seq = 4', /entry 4/],
    ["UPDATE audit SET product = 'shop' WHERE seq = 5", /entry 5/],
    ["UPDATE audit SET hash = 'f' WHERE seq = 3", /entry 3/],
    ['DELETE FROM audit WHERE seq = 3', /entries between 2 and 4 are gone/],
    ['DELETE FROM audit WHERE seq <= 2', /entries before 3 are gone/],
    [
      "INSERT INTO audit SELECT chain, 7, NULL, at_ms, 'done', 'key.update', product, content, hash FROM audit WHERE seq = 6",
      /entry 7/,
    ],
  ]
  for (const [sql, problem] of changes) {
    const audit = open()
    fill(audit, 3)
    assert.equal(await problemOf(audit), null)
    tamper(audit.path, sql)
    assert.match((await problemOf(audit)) ?? '', problem, sql)
  }
})

test('an end that was cut off is noticed by who has noted the last hash', async () => {
  const audit = open()
  fill(audit, 3)
  const [acts] = await audit.verify()
  const known = { seq: acts!.last, hash: acts!.hash }
  assert.equal(await problemOf(audit, known), null)
  assert.match((await problemOf(audit, { ...known, hash: 'f'.repeat(64) })) ?? '', /does not have the hash/)
  tamper(audit.path, 'DELETE FROM audit WHERE seq > 4')
  assert.equal(await problemOf(audit), null, 'what is left is whole')
  assert.match((await problemOf(audit, known)) ?? '', /entry 6, whose hash was noted, is gone/)
})

test('the oldest go when there are too many, which is an entry, and the chain still holds', async () => {
  const audit = open({ limits: { entriesMax: { acts: 200, attempts: 10 }, ageMsMax: 1_000_000 } })
  fill(audit, 250)
  const [acts] = await audit.verify()
  assert.equal(acts?.problem, null)
  assert.ok(acts!.entries <= 201, `${acts!.entries} are kept`)
  assert.ok(acts!.entries > 190)
  assert.equal(audit.written(), acts!.last)
  const [trim] = audit.list({ act: 'audit.trim', limit: 1 })
  assert.equal(trim?.values['through'], acts!.first - 1)
  assert.equal(
    await problemOf(audit, { seq: 1, hash: 'f'.repeat(64) }),
    null,
    'what was let go of cannot be looked for',
  )
  tamper(audit.path, `DELETE FROM audit WHERE seq = ${acts!.first}`)
  assert.match((await problemOf(audit)) ?? '', /entries before/)
})

test('a flood of attempts pushes out no act', async () => {
  const audit = open({ limits: { entriesMax: { acts: 200, attempts: 50 }, ageMsMax: 1_000_000 } })
  fill(audit, 1)
  for (let n = 0; n < 300; n++) audit.note('attempts', { act: 'admin.attempt', way: 'none', outcome: 'refused' })
  const [acts, attempts] = await audit.verify()
  assert.deepEqual([acts?.entries, acts?.problem, attempts?.problem], [2, null, null])
  assert.ok(attempts!.entries <= 52, `${attempts!.entries} are kept`)
  const [latest] = audit.list({ chain: 'attempts', limit: 1 })
  assert.deepEqual([latest?.act, latest?.outcome], ['admin.attempt', 'refused'])
})

test('what is too old goes at the next start, and the entry that says so carries the chain on', async () => {
  const first = open({ now: () => 1_000 })
  fill(first, 3)
  const bounds = { entriesMax: { acts: 200, attempts: 10 }, ageMsMax: 500 }
  const later = open({ path: first.path, now: () => 5_000, limits: bounds })
  assert.deepEqual(
    later.list({ limit: 10 }).map(({ act }) => act),
    ['audit.trim'],
  )
  fill(later, 1)
  const [acts] = await later.verify()
  assert.deepEqual([acts?.problem, acts?.last], [null, 9])
})

test('no key, token or control character is in an entry, and none is long', () => {
  const audit = open()
  const secret = makeSecret('live')
  const token = 'dpa_0123456789abcdefghijklmnopqrstuvwxyz-_ABCDEF'
  audit.begin({
    ...intent,
    product: secret,
    target: token,
    actor: `\u001b[2J${secret}`,
    values: {
      name: `it is ${secret}`,
      deep: [{ [secret]: token }],
      long: 'x'.repeat(9_999),
      bad: { a: { b: { c: 1 } } },
    },
  })({ outcome: 'done', product: secret, target: secret, values: { key: secret } })
  const [entry] = audit.list({ limit: 1 })
  assert.equal(entry?.product, `${secret.slice(0, 12)}…`)
  assert.deepEqual(entry?.values['bad'], { a: { b: '…' } })
  assert.equal(String(entry?.values['long']).length, 200)
  audit.close()
  const bytes = readFileSync(audit.path).toString('latin1')
  for (const forbidden of [secret.slice(14), token.slice(6), '\u001b[2J']) assert.ok(!bytes.includes(forbidden))
})

test('an entry that would be too large says so in place of its values', () => {
  const audit = open()
  const values = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`v${n}`, 'x'.repeat(200)]))
  audit.begin({ ...intent, values })({ outcome: 'done' })
  assert.deepEqual(audit.list({ limit: 1 })[0]?.values, { omitted: `more than ${limits.auditEntryBytesMax} bytes` })
})

test('a file of format 1 is read and gets an audit log; a newer one is refused', async () => {
  const path = join(folder, 'format-1.db')
  const old = new DatabaseSync(path)
  old.exec(`
    CREATE TABLE documents (
      kind TEXT NOT NULL, id TEXT NOT NULL, revision INTEGER NOT NULL, document TEXT NOT NULL,
      PRIMARY KEY (kind, id)) WITHOUT ROWID;
    CREATE UNIQUE INDEX documents_by_revision ON documents (revision);
    CREATE TABLE uses (id TEXT PRIMARY KEY, used_ms INTEGER NOT NULL) WITHOUT ROWID;
    INSERT INTO documents VALUES ('product', 'casino', 1, '{"id":"casino","createdMs":7}');
    PRAGMA user_version = 1`)
  old.close()
  const accounts = openAccounts({ path, now: Date.now, logger: { warn() {} } })
  assert.deepEqual(accounts.listProducts(), [{ id: 'casino', createdMs: 7 }])
  accounts.close()
  const audit = open({ path })
  fill(audit, 1)
  assert.equal(await problemOf(audit), null)
  audit.close()
  const newer = new DatabaseSync(path)
  newer.exec('PRAGMA user_version = 3')
  newer.close()
  assert.throws(() => open({ path }), /its format must be 2 or older: got 3/)
})
