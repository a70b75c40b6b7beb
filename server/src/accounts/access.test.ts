// Viewers and sessions on a real disk: found by their secrets only, seen by other processes, over in time, gone with their
// token, within their bounds, and not in a backup.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { limits } from '../limits.ts'
import { copyAccounts } from './accounts-copy.ts'
import { readAccounts } from './accounts-move.ts'
import { type Accounts, openAccounts } from './accounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'access-'))
const opened: Accounts[] = []
after(() => {
  for (const accounts of opened) accounts.close()
  rmSync(folder, { recursive: true, force: true })
})
let files = 0
let nowMs = 1_772_000_000_000
const newPath = () => join(folder, `${files++}.db`)
const open = (path = newPath()): Accounts => {
  const accounts = openAccounts({ path, now: () => nowMs, logger: { warn() {} }, pollMs: 3_600_000 })
  opened.push(accounts)
  return accounts
}
const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const adminHash = hash('the admin token')
const admin = { role: 'admin', name: 'Ada', address: null, tokenHash: adminHash } as const

test('a session is found by its secret, by another process too, after a restart too, and is not on disk', async () => {
  const path = newPath()
  const [one, other] = [open(path), open(path)]
  const { session, secret } = await one.openSession(admin)
  assert.equal(other.findSession(secret, adminHash, true)?.id, session.id)
  assert.equal(open(path).findSession(secret, adminHash, true)?.name, 'Ada')
  for (const wrong of ['', `${secret}x`, session.hash, session.id])
    assert.equal(one.findSession(wrong, adminHash, true), null)
  assert.ok(!readFileSync(path).includes(secret) && !readFileSync(`${path}-wal`).includes(secret))
  assert.equal(await other.endSession(session.id), true)
  assert.equal(one.findSession(secret, adminHash, true), null)
  assert.equal(await one.endSession(session.id), false)
})

test('a session is over when it was not seen for long, or is old, or its token is another', async () => {
  const accounts = open()
  const idle = await accounts.openSession(admin)
  const used = await accounts.openSession(admin)
  const beganMs = nowMs
  while (nowMs + limits.sessionIdleMsMax / 2 < beganMs + limits.sessionMsMax) {
    nowMs += limits.sessionIdleMsMax / 2
    assert.equal(accounts.findSession(used.secret, adminHash, true)?.id, used.session.id)
  }
  assert.equal(accounts.findSession(idle.secret, adminHash, true), null)
  assert.equal(accounts.findSession(used.secret, hash('another token'), true), null)
  assert.deepEqual(
    accounts.listSessions(adminHash).map(({ id }) => id),
    [used.session.id],
  )
  nowMs = beganMs + limits.sessionMsMax + 1
  assert.equal(accounts.findSession(used.secret, adminHash, true), null)
  assert.deepEqual(accounts.listSessions(adminHash), [])
})

test('a page that nobody attends to keeps no session', async () => {
  const accounts = open()
  const { session, secret } = await accounts.openSession(admin)
  const endsMs = nowMs + limits.sessionIdleMsMax
  for (; nowMs <= endsMs; nowMs += limits.sessionSeenMs)
    assert.equal(accounts.findSession(secret, adminHash, false)?.id, session.id)
  assert.equal(accounts.findSession(secret, adminHash, true), null)
})

test('beyond the most that there may be, the one that was seen least lately ends', async () => {
  const accounts = open()
  const first = await accounts.openSession(admin)
  const second = await accounts.openSession(admin)
  nowMs += limits.sessionSeenMs
  accounts.findSession(first.secret, adminHash, true)
  for (let n = 2; n <= limits.sessionsMax; n++) await accounts.openSession(admin)
  assert.equal(accounts.listSessions(adminHash).length, limits.sessionsMax)
  assert.equal(accounts.findSession(second.secret, adminHash, true), null)
  assert.notEqual(accounts.findSession(first.secret, adminHash, true), null)
})

test('sessions of several processes do not lose each other', async () => {
  const path = newPath()
  const many = [open(path), open(path), open(path)]
  const made = await Promise.all(Array.from({ length: 12 }, (_, n) => many[n % 3]!.openSession(admin)))
  assert.deepEqual(
    new Set(
      open(path)
        .listSessions(adminHash)
        .map(({ id }) => id),
    ),
    new Set(made.map(({ session }) => session.id)),
  )
})

test('a viewer is found by the token until removed, and the sessions go too', async () => {
  const accounts = open()
  const made = await accounts.createViewer('  Support  ')
  assert.ok(made.ok)
  const { viewer, token } = made
  assert.match(token, /^dpv_[\w-]{43}$/)
  assert.equal(accounts.findViewer(hash(token))?.name, 'Support')
  assert.equal(accounts.findViewer(viewer.hash.slice(1)), null)
  const looking = { role: 'viewer', name: 'Support', address: null, tokenHash: hash(token) } as const
  const { secret } = await accounts.openSession(looking)
  assert.equal(accounts.findSession(secret, adminHash, true)?.role, 'viewer')
  const removed = await accounts.removeViewer(viewer.id)
  assert.deepEqual(await accounts.removeViewer(viewer.id), removed)
  assert.equal(accounts.findViewer(hash(token)), null)
  assert.equal(accounts.findSession(secret, adminHash, true), null)
  assert.equal(accounts.listViewers().length, 1)
  for (const name of ['', ' ', 'a\nb', 'x'.repeat(101)]) assert.equal((await accounts.createViewer(name)).ok, false)
  assert.equal((await accounts.removeViewer('viewer_none')).ok, false)
})

test('a backup and a move have the viewers and no sessions', async () => {
  const path = newPath()
  const accounts = open(path)
  const made = await accounts.createViewer('Support')
  assert.ok(made.ok)
  const { secret } = await accounts.openSession(admin)
  const copied = newPath()
  await copyAccounts(path, copied)
  const restored = open(copied)
  assert.equal(restored.findViewer(hash(made.token))?.id, made.viewer.id)
  assert.equal(restored.findSession(secret, adminHash, true), null)
  assert.deepEqual(
    readAccounts(path).documents.map(({ kind }) => kind),
    ['viewer'],
  )
})
