// Receipts from the whole server: what became of each event of a request that was answered 200, at every moment from the
// reply on, and of nobody else's.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { assertDescribed } from '../harness/described.ts'
import { Installation, type Reply, until } from '../harness/installation.ts'

type Event = Record<string, unknown> & { outcome: string; index: number }

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const login = { client_user_id: 'u1', event_name: 'login', timestamp: 1_767_225_600, ip_address: '203.0.113.1' }
const deposit = (id: string, amount: number) => ({
  ...login,
  event_name: 'deposit',
  transaction_id: id,
  amount,
  currency: 'USD',
})

describe('receipts', () => {
  let server: Installation
  let key: string
  let keyId: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino', { scopes: ['ingest', 'read'] })
    const { body } = await server.admin('/api/keys?product=casino')
    keyId = (body['keys'] as { id: string }[])[0]!.id
  })
  after(() => server.close())

  const ask = async (path: string, secret = key): Promise<Reply> => {
    const asked = await fetch(`${server.url}/v2/s2s/requests${path}`, { headers: { 'x-api-key': secret } })
    const { status, headers } = asked
    const text = await asked.text()
    assertDescribed('GET', `/v2/s2s/requests${path}`, { status, headers, text })
    return { status, headers, body: JSON.parse(text) as Record<string, unknown> }
  }
  const send = async (path: string, body: unknown, headers: Record<string, string> = {}, secret = key) => {
    const reply = await server.post(path, secret, JSON.stringify(body), headers)
    assert.equal(reply.status, 200, JSON.stringify(reply.body))
    return reply.body['request_id'] as string
  }
  const eventsOf = (reply: Reply) => reply.body['events'] as Event[]
  const outcomesOf = (reply: Reply) => eventsOf(reply).map(({ index, outcome }) => `${index} ${outcome}`)

  it('an event is queued, then stored, and its retry is a duplicate, or a conflict with what differs', async () => {
    const first = await send('/v2/s2s/event', deposit('t1', 50))
    const early = await ask(`/${first}`)
    assert.equal(early.status, 200)
    assert.match(outcomesOf(early)[0] ?? '', /^0 (queued|stored)$/)
    await server.drained()
    const again = await send('/v2/s2s/event', deposit('t1', 50))
    const other = await send('/v2/s2s/batch', [login, deposit('t1', 60)])
    await server.drained()

    const stored = await ask(`/${first}`)
    assert.deepEqual(stored.body['outcomes'], { queued: 0, stored: 1, duplicate: 0, conflict: 0, parked: 0, erased: 0 })
    const [one] = eventsOf(stored)
    assert.deepEqual(
      [one?.['event_name'], one?.['transaction_id'], one?.['client_user_id'], one?.['message_id']],
      ['deposit', 't1', 'u1', null],
    )
    assert.ok(Date.parse(String(one?.['processed_at'])) >= Date.parse(String(stored.body['received_at'])))

    const [duplicate] = eventsOf(await ask(`/${again}`))
    assert.equal(duplicate?.outcome, 'duplicate')
    const place = { request_id: first, index: 0, received_at: stored.body['received_at'] }
    assert.deepEqual(duplicate['first'], place)
    assert.equal('differs' in duplicate, false)

    const batch = await ask(`/${other}`)
    assert.equal(batch.body['accepted'], 2)
    assert.deepEqual(outcomesOf(batch), ['0 stored', '1 conflict'])
    assert.deepEqual(eventsOf(batch)[1]?.['differs'], [{ field: 'amount', sent: '60', stands: '50' }])
    assert.deepEqual(eventsOf(batch)[1]?.['first'], place)

    const byId = await ask('?transaction_id=t1')
    assert.deepEqual(
      eventsOf(byId).map(event => [event['request_id'], event.outcome]),
      [
        [first, 'stored'],
        [again, 'duplicate'],
        [other, 'conflict'],
      ],
    )
    const shown = execFileSync(
      process.execPath,
      [cli, 'receipts', 'show', '--transaction', 't1', '--data-dir', server.dataDir, '--url', server.adminUrl],
      { encoding: 'utf8' },
    )
    assert.match(shown, /conflict/)
    assert.match(shown, /amount 60, stands 50/)
  })

  it('what is not processed yet is told as queued, by every id', async () => {
    const pipeline = server.pids().pipeline ?? 0
    process.kill(pipeline, 'SIGSTOP')
    let request = ''
    try {
      const batch = [login, {}, { ...login, message_id: 'm1' }, deposit('queued "t"', 5)]
      request = await send('/v2/s2s/batch?partial=1', batch, { 'idempotency-key': 'i 1' })
      const whole = await ask(`/${request}`)
      assert.deepEqual(outcomesOf(whole), ['0 queued', '2 queued', '3 queued'])
      assert.deepEqual([whole.body['accepted'], whole.body['idempotency_key']], [3, 'i 1'])
      assert.equal(eventsOf(whole)[0]?.['processed_at'], null)
      for (const [query, expected] of [
        ['message_id=m1', ['2 queued']],
        ['transaction_id=queued%20%22t%22', ['3 queued']],
        ['idempotency_key=i%201', ['0 queued', '2 queued', '3 queued']],
        [`transaction_id=dp-${request}-0`, ['0 queued']],
      ] as const)
        assert.deepEqual(outcomesOf(await ask(`?${query}`)), expected, query)
    } finally {
      process.kill(pipeline, 'SIGCONT')
    }
    await server.drained()
    assert.deepEqual(outcomesOf(await ask('?idempotency_key=i%201')), ['0 stored', '2 stored', '3 stored'])
    assert.deepEqual(outcomesOf(await ask(`?transaction_id=dp-${request}-0`)), ['0 stored'])
    assert.equal((await ask(`?transaction_id=dp-${request}-3`)).status, 404, 'it has an id of its own')
  })

  it('is nobody else’s', async () => {
    const request = await send('/v2/s2s/event', { ...login, message_id: 'mine' })
    const others = [
      await server.key('poker', { scopes: ['read'] }),
      await server.key('casino', { scopes: ['read'], mode: 'test' }),
    ]
    for (const other of others) {
      for (const path of [`/${request}`, '?message_id=mine']) {
        const reply = await ask(path, other)
        assert.deepEqual([reply.status, reply.body['code']], [404, 'NOT_FOUND'])
      }
    }
    assert.equal((await ask('/0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55')).status, 404)
    assert.equal((await ask('/nonsense')).status, 404)
  })

  it('asked for in vain is no request that went to a wrong path', async () => {
    const astray = async () => {
      const { stages } = (await server.status()) as { stages: { api: { requestsAstray: number } } }
      return stages.api.requestsAstray
    }
    assert.equal((await ask('?transaction_id=none')).status, 404)
    assert.equal(await astray(), 0)
    assert.equal((await server.post('/v2/s2s/events', key, JSON.stringify(login))).status, 404)
    assert.equal(await astray(), 1)
  })

  it('takes the scope read, which a key can be given and lose', async () => {
    const request = await send('/v2/s2s/event', login)
    const change = async (json: object) => {
      const changed = await server.admin(`/api/keys/${keyId}`, { method: 'PATCH', json })
      assert.equal(changed.status, 200, JSON.stringify(changed.body))
    }
    /** Every process follows within a second; a question that came sooner is still answered as before. */
    const asked = async (status: number) => {
      let reply = await ask(`/${request}`)
      await until(`it is answered ${status}`, async () => (reply = await ask(`/${request}`)).status === status)
      return reply
    }
    await change({ scopes: ['ingest'] })
    const refused = await asked(401)
    assert.equal(refused.body['code'], 'UNAUTHORIZED')
    assert.match(String(refused.body['message']), /may not read receipts, .* scope read/)
    await change({ scopes: ['read'], rate_limit: 1_000 })
    assert.match((await asked(200)).headers.get('ratelimit-policy') ?? '', /q=1000;/)
    assert.equal((await server.post('/v2/s2s/event', key, JSON.stringify(login))).status, 401)
    await change({ scopes: ['ingest', 'read'], rate_limit: 1_000_000 })
    await until('it is as it was', async () =>
      /q=1000000;/.test((await ask(`/${request}`)).headers.get('ratelimit-policy') ?? ''),
    )
  })

  it('a question that makes no sense is refused with what would be right', async () => {
    for (const query of [
      '',
      '?transaction_id=',
      '?transaction_id=a&message_id=b',
      '?message_id=a&message_id=b',
      '?x=1',
    ]) {
      const reply = await ask(query)
      assert.deepEqual([reply.status, reply.body['code']], [400, 'BAD_REQUEST'], query)
      assert.match(String(reply.body['message']), /one of transaction_id, message_id and idempotency_key/)
    }
    assert.equal((await ask(`?transaction_id=${'x'.repeat(513)}`)).status, 400)
    const posted = await server.post('/v2/s2s/requests', key, '{}')
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET'])
  })
})
