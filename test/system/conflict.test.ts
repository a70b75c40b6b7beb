// Two events of one transaction differ, and an operator decides which counts: in lists, receipts, reports and
// reconciliation, for whatever comes again, and through every death on the way.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')

describe('deciding about a conflict', () => {
  let server: Installation
  let key: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino', { scopes: ['ingest', 'read'] })
  })
  after(() => server.close())

  const deposit = (transaction: string, amount: number) => ({
    client_user_id: 'u1',
    event_name: 'deposit',
    timestamp: 1_767_225_600,
    ip_address: '8.8.8.8',
    transaction_id: transaction,
    amount,
    currency: 'USD',
  })
  const send = async (event: object) => {
    const reply = await server.post('/v2/s2s/event', key, JSON.stringify(event))
    assert.equal(reply.status, 200, JSON.stringify(reply.body))
    await server.drained()
    return reply.body['request_id'] as string
  }
  const amounts = async (transaction: string) =>
    (await server.events(`&transaction=${transaction}`)).map(event => [event['amount'], event['request_id']])
  const outcome = async (request: string) =>
    ((await server.admin(`/api/receipts?request=${request}`)).body['events'] as Record<string, unknown>[])[0]!
  const unresolved = async () =>
    ((await server.admin('/api/duplicates?conflict=true&resolved=false')).body['duplicates'] as object[]).length
  const place = () => ['--data-dir', server.dataDir, '--url', server.adminUrl]
  const run = (...args: string[]) => execFileSync(process.execPath, [cli, ...args, ...place()], { encoding: 'utf8' })
  const resolve = (request: string, stands: string) =>
    run('duplicates', 'resolve', request, '--stands', stands, '--reason', 'finance says so')
  const holds = async () => ((await server.status())['accounting'] as Record<string, unknown>)['holds']

  it('the later one can stand, everywhere, and be turned round', async () => {
    const [first, later] = [await send(deposit('t1', 10)), await send(deposit('t1', 12.5))]
    assert.deepEqual(await amounts('t1'), [['10', first]])
    assert.equal(await unresolved(), 1)
    assert.match(run('duplicates', 'list', '--unresolved'), new RegExp(first))

    assert.match(resolve(later, 'later'), new RegExp(`${later} #0 counts`))
    const [stored] = await server.events('&transaction=t1')
    assert.deepEqual([stored!['amount'], stored!['request_id'], stored!['country']], ['12.5', later, 'US'])
    assert.equal((await outcome(later))['outcome'], 'stored')
    const receipt = await outcome(first)
    assert.deepEqual(
      [receipt['outcome'], receipt['first'], receipt['differs']],
      [
        'conflict',
        { request_id: later, index: 0, received_at: stored!['received_at'] },
        [{ field: 'amount', sent: '10', stands: '12.5' }],
      ],
    )
    assert.equal(await unresolved(), 0)
    const [row] = (await server.admin('/api/duplicates?resolved=true')).body['duplicates'] as Record<string, unknown>[]
    assert.deepEqual(
      [row!['resolved'], row!['resolved_reason'], row!['request_id']],
      ['later', 'finance says so', first],
    )
    const report = run('report', 'daily', '--product', 'casino', '--from', '2026-01-01', '--to', '2026-01-02', '--json')
    const [usd] = (JSON.parse(report) as Record<string, unknown>[]).filter(one => one['currency'] === 'USD')
    assert.deepEqual([usd!['deposit_count'], usd!['deposit_amount'], usd!['ftd_amount']], [1, '12.5', '12.5'])
    assert.equal(await holds(), true)

    const [same, other] = [await send(deposit('t1', 12.5)), await send(deposit('t1', 10))]
    assert.deepEqual([(await outcome(same))['outcome'], (await outcome(other))['outcome']], ['duplicate', 'conflict'])

    resolve(first, 'later')
    assert.deepEqual(await amounts('t1'), [['10', first]])
    assert.equal((await outcome(later))['outcome'], 'conflict')
    assert.equal(await holds(), true)
  })

  it('that the first one stands is kept as a decision', async () => {
    const [first, later] = [await send(deposit('t2', 1)), await send(deposit('t2', 2))]
    const before = await unresolved()
    assert.match(resolve(later, 'first'), new RegExp(`${first} #0 counts`))
    assert.equal(await unresolved(), before - 1)
    assert.deepEqual(await amounts('t2'), [['1', first]])
    assert.match(run('duplicates', 'list', '--conflicts'), /conflict, first stands/)
  })

  it('a decision that was begun is finished, wherever it died, and known after the loss of the index', async () => {
    for (const [n, point] of ['decide.after', 'swap.before', 'swap.after', 'done.after'].entries()) {
      const [, later] = [await send(deposit(`k${n}`, 1)), await send(deposit(`k${n}`, 2))]
      await server.stop()
      await server.start({ DATAPULSE_TEST_CRASH_AT: `resolving.${point}` })
      assert.throws(() => resolve(later, 'later'), /cannot be asked just now/)
      await until(`${point}: it is finished`, async () => isDeepStrictEqual(await amounts(`k${n}`), [['2', later]]))
      await server.ready()
    }
    await server.stop()
    rmSync(join(server.dataDir, 'index'), { recursive: true })
    await server.start()
    const again = await send(deposit('k0', 2))
    assert.equal((await outcome(again))['outcome'], 'duplicate')
    assert.equal(await holds(), true)
  })

  it('what is no conflict cannot be decided about', async () => {
    const [, same] = [await send(deposit('t3', 1)), await send(deposit('t3', 1))]
    assert.throws(() => resolve(same, 'later'), /No event that came from there is in conflict/)
    assert.throws(() => resolve('01976e2a-5c00-7000-8000-000000000001', 'first'), /No event/)
  })
})
