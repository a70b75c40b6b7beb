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

  it('the others are in conflict with what stands now, and no longer with what stood', async () => {
    const on = (amount: number) => ({ ...deposit('t4', amount), timestamp: 1_767_312_000 })
    const [first, second] = [await send(on(10)), await send(on(11))]
    const [third, fourth] = [await send(on(11)), await send(on(10))]
    const outcomes = async () => {
      const told = await Promise.all([first, second, third, fourth].map(outcome))
      return told.map(receipt => [receipt['outcome'], (receipt['differs'] as object[] | undefined)?.length ?? 0])
    }
    const books = async () => {
      const range = 'from=2026-01-02&to=2026-01-03'
      const reply = await fetch(`${server.url}/v2/s2s/reconciliation?${range}`, { headers: { 'x-api-key': key } })
      const {
        rows: [row],
      } = (await reply.json()) as { rows: Record<string, unknown>[] }
      return [row!['stored'], row!['duplicate'], row!['conflict'], row!['amount']]
    }
    const [same, other] = [
      ['duplicate', 0],
      ['conflict', 1],
    ]
    assert.deepEqual(await outcomes(), [['stored', 0], other, other, same])
    assert.deepEqual(await books(), [1, 3, 2, '10'])

    resolve(second, 'later')
    assert.deepEqual(await outcomes(), [other, ['stored', 0], same, other])
    assert.deepEqual(await books(), [1, 3, 2, '11'])
    const open = (await server.admin('/api/duplicates?transaction=t4&conflict=true&resolved=false')).body['duplicates']
    assert.deepEqual(
      (open as Record<string, unknown>[]).map(row => row['request_id']),
      [fourth],
    )

    resolve(first, 'later')
    assert.deepEqual(await outcomes(), [['stored', 0], other, other, same])
    assert.equal(await holds(), true)
  })

  it('what stood at a moment is told of that moment, whatever was decided since', async () => {
    const on = (amount: number) => ({ ...deposit('t5', amount), timestamp: 1_767_398_400 })
    const depositsBefore = async (ms: number) => {
      const range = 'product=casino&from=2026-01-03&to=2026-01-04'
      const { body } = await server.admin(`/api/reports/daily?${range}&received_before=${ms}`)
      return (body['rows'] as Record<string, unknown>[]).flatMap(row =>
        row['currency'] ? [row['deposit_amount']] : [],
      )
    }
    /** A moment with nothing in it. */
    const moment = async () => {
      const ms = Date.now() + 2
      await until('it is over', async () => Date.now() > ms + 2)
      return ms
    }
    const beginning = await moment()
    const first = await send(on(100))
    const afterFirst = await moment()
    const second = await send(on(200))
    const third = await send(on(300))
    const afterThird = await moment()
    const moments = [beginning, afterFirst, afterThird]
    const told = async () => (await Promise.all(moments.map(depositsBefore))).map(amounts => amounts.join())
    assert.deepEqual(await told(), ['', '100', '100'])

    resolve(third, 'later')
    moments.push(await moment())
    assert.deepEqual(await told(), ['', '100', '100', '300'])
    resolve(second, 'later')
    moments.push(await moment())
    assert.deepEqual(await told(), ['', '100', '100', '300', '200'])
    resolve(first, 'later')
    moments.push(await moment())
    assert.deepEqual(await told(), ['', '100', '100', '300', '200', '100'])
  })

  it('the same decision again changes nothing, and another one says what was decided and how to decide it', async () => {
    const [first, later] = [await send(deposit('t6', 1)), await send(deposit('t6', 2))]
    const decide = async (request: string, stands: string) =>
      server.admin('/api/conflicts', { json: { request, stands } })
    const kept = await decide(later, 'first')
    assert.equal(kept.status, 200)
    assert.deepEqual((await decide(later, 'first')).body, kept.body)
    const turned = await decide(later, 'later')
    assert.deepEqual((await decide(later, 'later')).body, turned.body)
    assert.deepEqual(await amounts('t6'), [['2', later]])

    const refused = await decide(later, 'first')
    assert.equal(refused.status, 409)
    const sentence = String(refused.body['message'])
    assert.match(sentence, new RegExp(`${later} #0 counts instead of that of ${first} #0`))
    assert.match(sentence, new RegExp(`name ${first} #0 as the one that stands: later`))
    assert.throws(() => resolve(later, 'first'), new RegExp(`name ${first} #0`))
    assert.equal((await decide(first, 'later')).status, 200)
    assert.deepEqual(await amounts('t6'), [['1', first]])
  })

  it('what is no conflict cannot be decided about', async () => {
    const [, same] = [await send(deposit('t3', 1)), await send(deposit('t3', 1))]
    assert.throws(() => resolve(same, 'later'), /No event that came from there is in conflict/)
    assert.throws(() => resolve('01976e2a-5c00-7000-8000-000000000001', 'first'), /No event/)
  })
})
