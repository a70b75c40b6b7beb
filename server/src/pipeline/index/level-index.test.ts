// The index on LevelDB: it finds what was committed, after reopening too; it knows what is pending; and what is not an
// index of this version is damaged, not trusted.

import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { ClassicLevel } from 'classic-level'
import { claimOf, identityOfPlace, identityOfText } from '../../steps/identity.ts'
import type { Checkpoint, IdentityEntry, Pending } from './identity-index.ts'
import { levelIndexPlace } from './level-index.ts'
import { rebuildIndex } from './rebuild.ts'

let dir = ''
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'identities-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const checkpoint: Checkpoint = { warehouseId: randomUUID(), note: null, uncounted: null }

test('finds what was committed, in the order asked, and nothing else', async () => {
  const place = levelIndexPlace(join(dir, 'index'))
  const entries = Array.from({ length: 500 }, (_, i) => entryOf(i))
  const first = await place.open()
  await first.commit(first.stage(entries), checkpoint)
  await first.close()
  const index = await place.open()
  const asked = [7, 499, 1000, 0, 7].map(i => entryOf(i))
  const found = await index.find(asked.map(({ identity }) => identity))
  assert.deepEqual(
    found.map((entry, at) => entry && { identity: asked[at]!.identity, ...entry }),
    asked.map((entry, at) => (at === 2 ? undefined : entry)),
  )
  assert.deepEqual(await index.find([]), [])
  await index.close()
})

test('a commit ends what was pending', async () => {
  const place = levelIndexPlace(join(dir, 'index'))
  const index = await place.open()
  assert.deepEqual(await index.state(), { checkpoint: null, pending: null })
  const pending: Pending = { seq: 1, logId: 'l', from: 0, to: 3, fromEvents: 0, part: null, token: 't' }
  await index.begin(pending)
  assert.deepEqual(await index.state(), { checkpoint: null, pending })
  await index.commit(index.stage([]), checkpoint)
  assert.deepEqual(await index.state(), { checkpoint, pending: null })
  await index.close()
})

test('what LevelDB cannot open is damaged, and so is another format', async () => {
  const place = levelIndexPlace(join(dir, 'index'))
  const index = await place.open()
  await index.commit(index.stage([entryOf(1)]), checkpoint)
  await index.close()
  const manifest = (await readdir(join(dir, 'index'))).find(name => name.startsWith('MANIFEST'))
  await truncate(join(dir, 'index', manifest!), 3)
  await assert.rejects(place.open(), { code: 'INDEX_DAMAGED' })
  await writeFile(join(dir, 'index', 'CURRENT'), 'nonsense')
  await assert.rejects(place.open(), { code: 'INDEX_DAMAGED' })

  await place.wipe()
  const other = new ClassicLevel(join(dir, 'index'))
  await other.put('format', '2')
  await other.close()
  await assert.rejects(place.open(), { code: 'INDEX_DAMAGED', message: /format 2/ })

  await place.wipe()
  const stranger = new ClassicLevel(join(dir, 'index'))
  await stranger.put('somebody', 'else')
  await stranger.close()
  await assert.rejects(place.open(), { code: 'INDEX_DAMAGED' })
})

test('an index that somebody else has open is waited for, not damaged', async () => {
  const place = levelIndexPlace(join(dir, 'index'))
  const index = await place.open()
  await assert.rejects(place.open(), { code: 'INDEX_HELD', retry: true })
  await index.close()
})

test('a rebuild replaces what was there, page by page', async () => {
  const place = levelIndexPlace(join(dir, 'index'))
  const old = await place.open()
  await old.commit(old.stage([entryOf(99)]), checkpoint)
  await old.close()
  const claim = { product: 'demo', mode: 'live', idempotencyKey: 'k' }
  const rows = Array.from({ length: 250 }, (_, i) => {
    const { identity, requestId, position } = entryOf(i)
    return {
      identity,
      requestId,
      position,
      amount: '1',
      currency: 'USD',
      userId: `u${i}`,
      claim: i === 7 ? claim : null,
    }
  })
  const warehouse = {
    async *identities() {
      for (let at = 0; at < rows.length; at += 100) yield rows.slice(at, at + 100)
    },
    async *outcomes() {
      yield [{ outcome: 'duplicate' as const, requestId: entryOf(7).requestId, position: 7 }]
    },
  }
  let seen = 0
  const after: Checkpoint = { ...checkpoint, uncounted: { logId: 'l', from: 2, to: 5 } }
  const index = await rebuildIndex(place, warehouse, after, more => (seen += more))
  assert.equal(seen, 250)
  assert.deepEqual(await index.state(), { checkpoint: after, pending: null })
  const [first, last, gone] = await index.find([0, 249, 999].map(i => entryOf(i).identity))
  assert.equal(first?.position, 0)
  assert.equal(last?.uncounted, true)
  assert.equal(gone, undefined)
  const [claimed] = await index.find([claimOf('demo', 'live', 'k', entryOf(7).position)])
  assert.equal(claimed?.requestId, entryOf(7).requestId)
  assert.equal(claimed?.fingerprint, entryOf(7).identity.slice(0, 16))
  const [mark] = await index.find([identityOfPlace(entryOf(7).requestId, 7)])
  assert.deepEqual([mark?.requestId, mark?.uncounted], [entryOf(7).requestId, false])
  await index.close()
})

function entryOf(i: number): IdentityEntry {
  const requestId = `00000000-0000-4000-8000-${i.toString(16).padStart(12, '0')}`
  return { identity: identityOfText(`${i}`), requestId, position: i, fingerprint: '00112233aabbccdd', uncounted: false }
}
