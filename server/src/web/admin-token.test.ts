// The admin token is made once, whole, for its owner only, and an unfit one is refused.

import assert from 'node:assert/strict'
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { adminTokenProblem, readOrMakeAdminToken } from './admin-token.ts'

describe('the admin token', () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'admin-token-'))
  })
  after(() => rm(folder, { recursive: true }))

  it('is made once, for its owner only, and read afterwards', async () => {
    const path = join(folder, 'data', 'admin-token')
    const first = await readOrMakeAdminToken(path)
    assert.equal(first.made, true)
    assert.match(first.token, /^dpa_[A-Za-z0-9_-]{43}$/)
    assert.equal((await stat(path)).mode & 0o777, 0o600)
    assert.deepEqual(await readOrMakeAdminToken(path), { token: first.token, made: false })
    assert.deepEqual(await readdir(join(folder, 'data')), ['admin-token'])
  })

  it('is one token when several make it at once', async () => {
    const path = join(folder, 'race', 'admin-token')
    const made = await Promise.all(Array.from({ length: 8 }, () => readOrMakeAdminToken(path)))
    assert.equal(new Set(made.map(({ token }) => token)).size, 1)
    assert.equal(made.filter(one => one.made).length, 1)
  })

  it('is refused when others may read it, or when it is too weak', async () => {
    const path = join(folder, 'open')
    await writeFile(path, 'a-good-long-token-of-mine\n', { mode: 0o600 })
    assert.equal((await readOrMakeAdminToken(path)).token, 'a-good-long-token-of-mine')
    await chmod(path, 0o644)
    await assert.rejects(readOrMakeAdminToken(path), /others may read it/)
    await writeFile(path, 'short')
    await assert.rejects(readOrMakeAdminToken(path), /16 to 512/)
    assert.equal(adminTokenProblem('x'.repeat(16)), null)
  })
})
