// A person is erased: gone from everything that is kept, kept out from then on, whatever is killed, lost or sent again;
// and every event still has its outcome. And a product whose events are not kept for ever. Where log and accounts are in NATS
// there is no backup of ours to restore.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Installation, until } from '../harness/installation.ts'
import { sharedEnvironment } from '../harness/shared-parts.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')

const deposit = (user: string, n: number, more: object = {}) => ({
  client_user_id: user,
  event_name: 'deposit',
  timestamp: 1_767_225_600 + n,
  ip_address: '203.0.113.1',
  transaction_id: `tx-${n}`,
  amount: 10,
  currency: 'USD',
  ...more,
})

type Accounting = Record<'stored' | 'duplicate' | 'conflict' | 'parked' | 'erased' | 'accepted', number> & {
  holds: boolean
  problem: string | null
}

describe('erasing a user', () => {
  let server: Installation
  let key: string
  let batch = ''
  let rejected = ''
  const copies = mkdtempSync(join(tmpdir(), 'datapulse-copies-'))
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino')
  })
  after(async () => {
    await server.close()
    rmSync(copies, { recursive: true, force: true })
  })

  const send = async (events: object[], to = key) => {
    const reply = await server.post('/v2/s2s/batch', to, JSON.stringify(events))
    assert.equal(reply.status, 200, JSON.stringify(reply.body))
    await server.drained()
    return reply.body['request_id'] as string
  }
  const usersOf = async (product = 'casino') =>
    (await server.events(`&product=${product}`))
      .map(event => String(event['client_user_id']))
      .toSorted((a, b) => (a < b ? -1 : 1))
  const accounting = async (): Promise<Accounting> => (await server.status())['accounting'] as Accounting
  const outcomes = async (request: string) =>
    ((await server.admin(`/api/receipts?request=${request}`)).body['events'] as { outcome: string }[]).map(
      event => event.outcome,
    )
  const place = () => ['--data-dir', server.dataDir, '--url', server.adminUrl]
  const run = (...args: string[]) => execFileSync(process.execPath, [cli, ...args, ...place()], { encoding: 'utf8' })

  it('takes the person out of events, duplicates and rejected requests, and nobody else', async () => {
    batch = await send([deposit('ada', 1), deposit('bob', 2), deposit('ada', 3), deposit('ada', 3, { amount: 11 })])
    await send([deposit('ada', 1)])
    const other = await server.key('sports')
    await send([deposit('ada', 4)], other)
    const bad = [deposit('ada', 5), { ...deposit('bob', 6), ip_address: 'x' }, deposit('bob', 7)]
    const refused = await server.post('/v2/s2s/batch', key, JSON.stringify(bad))
    rejected = refused.body['request_id'] as string
    await until('it is kept', async () => (await server.admin(`/api/rejected/requests/${rejected}`)).status === 200)
    assert.deepEqual(await outcomes(batch), ['stored', 'stored', 'stored', 'conflict'])

    run('backup', '--to', join(copies, 'before'))
    const told = run('users', 'erase', '--product', 'casino', '--user', ' ada ')
    assert.match(told, /deleted: 2 events, 2 duplicates, 0 parked events/)
    assert.match(told, /taken out of 1 rejected requests/)
    assert.match(told, /leave the disk ten minutes later/)
    assert.match(told, /up to \d{4}-\d\d-\d\dT/)
    assert.equal(told.includes('ada'), false)
    assert.deepEqual(await usersOf(), ['bob'])
    assert.deepEqual(await usersOf('sports'), ['ada'], 'another product has users of its own')
    assert.deepEqual((await server.admin('/api/duplicates?product=casino')).body['duplicates'], [])
    assert.deepEqual((await server.admin('/api/parked?product=casino')).body['parked'], [])
    assert.deepEqual(await outcomes(batch), ['erased', 'stored', 'erased', 'erased'])
    const kept = (await server.admin(`/api/rejected/requests/${rejected}`)).body['raw']
    assert.equal(kept, JSON.stringify(['erased', ...bad.slice(1)]))
    await until('the counts follow', async () => (await accounting()).erased === 4)
    const { holds, problem, stored, duplicate, conflict, parked } = await accounting()
    assert.deepEqual([holds, problem, stored, duplicate, conflict, parked], [true, null, 2, 0, 0, 0])
  })

  it('keeps the person out: what is sent again or anew is erased as it comes', async () => {
    const again = await send([deposit('ada', 1), deposit('ada', 8), deposit('bob', 9)])
    assert.deepEqual(await usersOf(), ['bob', 'bob'])
    assert.deepEqual(await outcomes(again), ['erased', 'erased', 'stored'])
    await until('the counts follow', async () => (await accounting()).erased === 6)
    const { holds, stored, parked } = await accounting()
    assert.deepEqual([holds, stored, parked], [true, 3, 0])
    const second = JSON.parse(run('users', 'erase', '--product', 'casino', '--user', 'ada', '--json')) as object
    assert.equal((second as { state: string }).state, 'erased')
    const list = JSON.parse(run('users', 'erasures', '--json')) as object[]
    assert.deepEqual(list, [second], 'it is one erasure, however often it is asked for')
  })

  it('gives what the person held to whoever sends it now', async () => {
    const later = await send([deposit('cleo', 1, { amount: 12 })])
    assert.deepEqual(await outcomes(later), ['stored'], 'the transaction of an event that is gone is nobody’s')
  })

  it('goes on where it was killed, and through the loss of the index', async () => {
    await send(Array.from({ length: 30 }, (_, n) => deposit(n % 2 === 0 ? 'dan' : 'eve', 100 + n)))
    await server.stop()
    await server.start({ DATAPULSE_TEST_CRASH_AT: 'erasing.eraseUser.before' })
    run('users', 'erase', '--product', 'casino', '--user', 'dan')
    await server.ready()
    assert.equal((await usersOf()).filter(user => user === 'dan').length, 0)
    await server.stop()
    await server.start({ DATAPULSE_TEST_CRASH_AT: 'erasing.eraseUser.after' })
    run('users', 'erase', '--product', 'casino', '--user', 'eve')
    await server.ready()
    await server.stop()
    rmSync(join(server.dataDir, 'index'), { recursive: true })
    await server.start()
    await send([deposit('dan', 100), deposit('eve', 101), deposit('bob', 2)])
    assert.deepEqual(await usersOf(), ['bob', 'bob', 'cleo'])
    await until('the counts follow', async () => (await accounting()).erased === 38)
    const { holds, problem, duplicate, parked } = await accounting()
    assert.deepEqual([holds, problem, duplicate, parked], [true, null, 1, 0])
  })

  it('is obeyed by reprocessing and replay', async () => {
    run('reprocess', '--from', '1d', '--to', '2100-01-01T00:00:00Z')
    assert.deepEqual(await usersOf(), ['bob', 'bob', 'cleo'])
    const wish = { request: rejected, partial: true, mapping: {} }
    const { body } = await server.admin('/api/replay', { json: wish })
    assert.equal(body['accepted'], 1, JSON.stringify(body))
    await server.drained()
    assert.deepEqual(await usersOf(), ['bob', 'bob', 'bob', 'cleo'])
  })

  it('is carried to another installation by its list', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'datapulse-list-'))
    copyFileSync(join(server.dataDir, 'erasures.json'), join(dataDir, 'erasures.json'))
    const other = await Installation.open({ dataDir })
    try {
      const otherKey = await other.key('casino')
      const events = [deposit('ada', 1), deposit('bob', 2)]
      assert.equal((await other.post('/v2/s2s/batch', otherKey, JSON.stringify(events))).status, 200)
      await other.drained()
      assert.deepEqual(
        (await other.events('&product=casino')).map(event => event['client_user_id']),
        ['bob'],
      )
    } finally {
      await other.close()
      rmSync(dataDir, { recursive: true, force: true })
    }
  })

  it('is obeyed when a backup is restored that is older', async () => {
    const dataDir = join(copies, 'restored')
    const list = join(server.dataDir, 'erasures.json')
    const args = ['restore', '--from', join(copies, 'before'), '--data-dir', dataDir, '--erasures', list]
    const env = { ...process.env, ...(await sharedEnvironment(dataDir)) }
    const told = execFileSync(process.execPath, [cli, ...args], { encoding: 'utf8', stdio: 'pipe', env })
    assert.match(told, /3 users who were erased are erased again/)
    const restored = await Installation.open({ dataDir })
    try {
      await until('the person is gone', async () => {
        const users = (await restored.events('&product=casino')).map(event => event['client_user_id'])
        return users.join() === 'bob'
      })
      const [kept] = await restored.events('&product=sports')
      assert.equal(kept?.['client_user_id'], 'ada')
      const accounts = (await restored.status())['accounting'] as Accounting
      assert.equal(accounts.holds, true)
      const { body } = await restored.admin('/api/audit')
      const acts = (body['audit'] as { act: string }[]).map(entry => entry.act)
      assert.deepEqual(acts.slice(0, 2), ['admin-token.make', 'restore'])
    } finally {
      await restored.close()
    }
  })

  it('leaves no file that tells what was deleted by naming the person', async () => {
    const names = () => globSync(join(server.dataDir, 'warehouse/store/*/*/mutation_*.txt'))
    const isNamed = (path: string) => existsSync(path) && readFileSync(path, 'utf8').includes("'ada")
    await until('the deletions are forgotten', () => !names().some(isNamed))
  })

  it('refuses what makes no sense', async () => {
    const ask = async (json: object) => (await server.admin('/api/erasures', { json })).body['code']
    assert.equal(await ask({ product: 'casino' }), 'BAD_PARAMETERS')
    assert.equal(await ask({ product: 'nobody', user: 'ada' }), 'NOT_FOUND')
    const failed = spawnSync(process.execPath, [cli, 'users', 'erase', '--product', 'x', '--user', 'y', ...place()])
    assert.notEqual(failed.status, 0)
  })
})
