// Accounts of one machine in real NATS servers: the same documents, keys that are found by their secrets, users who are kept
// out, times of last use. Again without effect; what is another's is told.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { connect } from '@nats-io/transport-node'
import { skipWithoutNats as skip, startNats, untilWorks } from '../log/nats/testing/nats-servers.ts'
import { openAccounts, openSharedAccounts } from './accounts.ts'
import { putDocument, readAccounts, refuseStrangers } from './accounts-move.ts'
import { openNatsDocuments } from './nats-documents.ts'

const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.toReversed()) await end()
})

test('accounts are moved as they are', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'accounts-move-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'accounts.db')
  const logger = { warn() {} }
  const own = openAccounts({ path, now: Date.now, logger })
  const made = await own.createKey({ product: 'casino' })
  const ended = await own.createKey({ product: 'sports' })
  assert.ok(made.ok && ended.ok)
  await own.revokeKey(ended.key.id)
  await own.requestErasure('casino', 'ada')
  own.touch([[made.key.id, 1_700_000_000_000]])
  own.close()

  const servers = await startNats({ payloadBytesMax: 2 ** 20 })
  ends.push(() => servers.remove())
  const connection = await connect({ servers: servers.url.split(',') })
  ends.push(() => connection.close())
  const wish = { connection, replicas: 1, now: Date.now, onFault: (fault: unknown) => assert.fail(String(fault)) }
  const documents = await untilWorks(() => openNatsDocuments(wish))
  const kept = readAccounts(path)
  assert.equal(kept.documents.length, 6)
  for (const _ of ['first', 'again']) {
    refuseStrangers(documents, kept)
    for (const document of kept.documents) await putDocument(documents, document)
    await documents.noteUses(kept.uses)
  }
  documents.close()
  const shared = await openSharedAccounts({ connection, replicas: 1, now: Date.now, logger })
  ends.push(() => shared.close())
  assert.deepEqual(shared.findKey(made.secret, Date.now()), made.key)
  assert.equal(shared.findKey(ended.secret, Date.now()), null)
  assert.equal(shared.lastUsed(made.key.id), 1_700_000_000_000)
  assert.equal((await shared.requestErasure('casino', 'ada')).ok, true)
  assert.equal(shared.listErasures().length, 1, 'it is known by the same hash')

  const [first] = kept.documents as [(typeof kept.documents)[0]]
  const other = { ...first, value: { ...(first.value as object), createdMs: 1 } }
  const again = await openNatsDocuments(wish)
  ends.push(() => again.close())
  await assert.rejects(putDocument(again, other), /product casino is another's/)
  assert.throws(
    () => refuseStrangers(again, { ...kept, documents: kept.documents.slice(1) }),
    /product casino is another's/,
  )
})
