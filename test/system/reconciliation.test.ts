// A partner compares with its own books: every count and every sum, of its own product and kind of key alone.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { assertDescribed } from '../harness/described.ts'
import { Installation, until } from '../harness/installation.ts'

type Body = Record<string, unknown> & { rows: Record<string, unknown>[]; rejected: Record<string, unknown>[] }

const today = new Date().toISOString().slice(0, 10)
const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
const deposit = (id: string, amount: number | string, more: object = {}) => ({
  client_user_id: 'u1',
  event_name: 'deposit',
  timestamp: Date.parse('2026-06-01T12:00:00Z'),
  ip_address: '203.0.113.1',
  transaction_id: id,
  amount,
  currency: 'usd',
  ...more,
})

describe('reconciliation', () => {
  let server: Installation
  let key: string
  let testing: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino', { scopes: ['ingest', 'read'] })
    testing = await server.key('casino', { scopes: ['ingest', 'read'], mode: 'test' })
    const other = await server.key('poker')
    const send = async (secret: string, body: unknown, status = 200) => {
      const reply = await server.post('/v2/s2s/batch', secret, JSON.stringify(body))
      assert.equal(reply.status, status, JSON.stringify(reply.body))
    }
    const { amount: _, ...bad } = deposit('t9', 1)
    await send(key, [
      deposit('t1', '0.1'),
      deposit('t2', '0.2'),
      deposit('t3', 5, { timestamp: Date.parse('2026-06-02') }),
    ])
    await send(key, [deposit('t1', '0.10'), deposit('t2', '7')])
    await send(key, [
      { ...deposit('', 0), event_name: 'login', transaction_id: undefined, amount: undefined, currency: undefined },
    ])
    await send(key, [{ ...deposit('b1', 3), event_name: 'bet', bet_result_amount: '-2.5' }])
    await send(key, [deposit('t8', 1), bad], 400)
    await send(testing, [deposit('t1', 99)])
    await send(other, [deposit('t1', 1000)])
    await server.drained()
    await until(
      'what was refused is counted',
      async () => (await ask(`?from=${today}&to=${tomorrow}`)).body.rejected.length > 0,
    )
  })
  after(() => server.close())

  const ask = async (query: string, secret = key) => {
    const asked = await fetch(`${server.url}/v2/s2s/reconciliation${query}`, { headers: { 'x-api-key': secret } })
    const { status, headers } = asked
    const text = await asked.text()
    assertDescribed('GET', `/v2/s2s/reconciliation${query}`, { status, headers, text })
    return { status, body: JSON.parse(text) as Body }
  }

  it('by the time of the events', async () => {
    const { status, body } = await ask('?from=2026-06-01&to=2026-06-03')
    assert.equal(status, 200)
    const none = { received: 1, stored: 1, duplicate: 0, conflict: 0, amount: null, bet_result_amount: null }
    assert.deepEqual(body.rows, [
      { day: '2026-06-01', event_name: 'bet', currency: 'USD', ...none, amount: '3', bet_result_amount: '-2.5' },
      {
        ...{ day: '2026-06-01', event_name: 'deposit', currency: 'USD', ...none, amount: '0.3' },
        ...{ received: 4, stored: 2, duplicate: 2, conflict: 1 },
      },
      { day: '2026-06-01', event_name: 'login', currency: null, ...none },
      { day: '2026-06-02', event_name: 'deposit', currency: 'USD', ...none, amount: '5' },
    ])
    assert.deepEqual([body['parked'], body.rejected], [[], []], 'these are counted on the day on which they came')
    assert.deepEqual([body['product'], body['mode'], body['by']], ['casino', 'live', 'event'])
    assert.equal((await ask('?from=2026-06-02&to=2026-06-03')).body.rows.length, 1)
  })

  it('by the day on which they came, with what was refused', async () => {
    const { body } = await ask(`?from=${today}&to=${tomorrow}&by=received`)
    const deposits = body.rows.find(row => row['event_name'] === 'deposit')
    assert.deepEqual(
      [deposits?.['received'], deposits?.['stored'], deposits?.['duplicate'], deposits?.['amount']],
      [5, 3, 2, '5.3'],
    )
    const refused = body.rejected.map(row => [row['code'], row['events'], row['requests']])
    assert.deepEqual(refused, [['VALIDATION_ERROR', 2, 1]])
  })

  it('a test key reads what was sent with test keys', async () => {
    const { body } = await ask('?from=2026-06-01&to=2026-06-03', testing)
    assert.deepEqual(
      body.rows.map(row => [row['event_name'], row['amount']]),
      [['deposit', '99']],
    )
  })

  it('a question that makes no sense is refused, and so is a key without the scope', async () => {
    for (const [query, wanted] of [
      ['', /from must be a day .*: there is none$/],
      ['?from=2026-06-01', /to must be a day .*: there is none$/],
      ['?from=2026-06-01&to=2026-06-01', /1 to 400 days after from: got 0$/],
      ['?from=2026-06-02&to=2026-06-01', /1 to 400 days after from: got -1$/],
      ['?from=2020-06-01&to=2026-06-01', /1 to 400 days after from: got 2191$/],
      ['?from=1900-01-01&to=1900-02-01', /from must be a day from 1970-01-01 to 9999-12-31, .*: got 1900-01-01$/],
      ['?from=2026-06-01T00:00:00.5Z&to=2026-06-02', /in UTC and without a time, .*: got 2026-06-01T00:00:00.5Z$/],
      [`?from=2026-06-01&to=${'9'.repeat(65)}`, /to must be a day .*: got a longer text$/],
      ['?from=2026-02-30&to=2026-03-01', /from must be a day .*: got 2026-02-30$/],
      ['?from=2026-06-01&to=2026-06-02&by=day', /event or received/],
      ['?from=2026-06-01&to=2026-06-02&product=poker', /nothing else/],
    ] as const) {
      const { status, body } = await ask(query)
      assert.equal(status, 400, query)
      assert.match(String(body['message']), wanted)
    }
    const { status, body } = await ask('?from=2026-06-01&to=2026-06-02', await server.key('casino'))
    assert.equal(status, 401)
    assert.match(String(body['message']), /may not read the reconciliation, .* scope read/)
    const posted = await server.post('/v2/s2s/reconciliation', key, '{}')
    assert.deepEqual([posted.status, posted.headers.get('allow')], [405, 'GET'])
  })
})
