// Why do no events arrive? A partner makes its mistakes against a running server, and the operator is told of each.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

type Told = {
  verdict: string
  next: string
  checks: { check: string; verdict: string; found: string; next: string; numbers: Record<string, unknown> }[]
  keys: { id: string; state: string; refused: Record<string, number> }[]
  events: { event_name: string | null; state: string; events: number; errors: number }[]
  unknown_keys: { prefix: string | null; address: string; requests: number; resembles: string | null }[]
}

const login = (more: object = {}) => ({
  client_user_id: 'u1',
  event_name: 'login',
  timestamp: Date.now(),
  ip_address: '203.0.113.1',
  click_id: 'c1',
  user_agent: 'Mozilla/5.0',
  ...more,
})

describe('diagnostics', () => {
  let server: Installation
  before(async () => {
    server = await Installation.open()
  })
  after(() => server.close())

  const send = async (key: string, body: unknown, status: number) => {
    const reply = await server.post('/v2/s2s/event', key, typeof body === 'string' ? body : JSON.stringify(body))
    assert.equal(reply.status, status, JSON.stringify(reply.body))
    return reply.body
  }
  const ask = async (product: string, more = '') =>
    (await server.admin(`/api/diagnostics?product=${product}${more}`)).body as unknown as Told
  const checkOf = (told: Told, name: string) => told.checks.find(({ check }) => check === name)!

  it('tells a revoked key from one that nobody has, though their replies are alike', async () => {
    const key = await server.key('casino')
    const { id } = ((await server.admin('/api/keys?product=casino')).body['keys'] as { id: string }[])[0]!
    await send(key, login(), 200)
    await server.admin(`/api/keys/${id}`, { method: 'DELETE' })
    const post = () => server.post('/v2/s2s/event', key, JSON.stringify(login()))
    await until('the key is refused', async () => (await post()).status === 401)
    const { request_id: _, ...ofRevoked } = await send(key, login(), 401)
    const { request_id: __, ...ofUnknown } = await send(`dp_live_${'z'.repeat(40)}`, login(), 401)
    assert.deepEqual(ofRevoked, ofUnknown)
    await until('both are counted', async () => {
      const { checks, unknown_keys: unknown } = await ask('casino')
      return Number(checks[0]?.numbers['revoked_requests']) >= 2 && unknown.length > 0
    })
    const told = await ask('casino')
    assert.equal(told.verdict, 'problem')
    assert.match(told.next, /datapulse keys create --product casino/)
    assert.equal(told.keys.find(one => one.id === id)?.state, 'revoked')
    assert.deepEqual(
      told.unknown_keys.map(({ prefix, address, requests }) => [prefix, address, requests]),
      [['dp_live_zzzz', '127.0.0.1', 1]],
    )
    assert.ok(!JSON.stringify(told).includes(key))
  })

  it('tells what is missing, what is nearly named, and what came; test events when asked for', async () => {
    const key = await server.key('poker')
    const testing = await server.key('poker', { mode: 'test' })
    await send(key, login(), 200)
    await send(key, login({ event_name: 'Deposit' }), 200)
    const { ip_address: _, ...withoutAddress } = login({ event_name: 'register' })
    for (let n = 0; n < 3; n++) await send(key, withoutAddress, 400)
    await send(key, '{not json', 400)
    await send(testing, login({ timestamp: Date.now() + 30 * 60_000 }), 200)
    await server.drained()
    await until('what was refused is there', async () => {
      const schema = checkOf(await ask('poker'), 'schema').numbers
      return schema['refused_requests'] === 4 && schema['kept_requests'] === 4
    })
    const told = await ask('poker')
    assert.deepEqual(checkOf(told, 'schema').numbers['missing'], [{ field: 'ip_address', requests: 3, violations: 3 }])
    assert.equal(checkOf(told, 'schema').verdict, 'problem')
    assert.equal(checkOf(told, 'names').verdict, 'problem')
    const states = Object.fromEntries(
      told.events.map(({ event_name, state, errors }) => [event_name, `${state} ${errors}`]),
    )
    assert.deepEqual(states, {
      register: 'errors 3',
      login: 'receiving 0',
      deposit: 'not_seen 0',
      withdraw: 'not_seen 0',
      bet: 'not_seen 0',
      win: 'not_seen 0',
      loss: 'not_seen 0',
      Deposit: 'receiving 0',
    })
    const tried = await ask('poker', '&mode=test')
    assert.equal(checkOf(tried, 'clock').verdict, 'problem')
    assert.equal(checkOf(tried, 'activity').numbers['accepted_events'], 1)
  })

  it("counts nothing that an operator sent again: it is no traffic of the partner's", async () => {
    const key = await server.key('bingo')
    const { ip_address: _, ...withoutAddress } = login()
    const { request_id } = await send(key, { ...withoutAddress, ip: '203.0.113.1' }, 400)
    await until(
      'it is kept',
      async () => (await server.admin(`/api/rejected/requests/${String(request_id)}`)).status === 200,
    )
    for (let times = 0; times < 2; times++) {
      const json = { request: request_id, mapping: { ip: 'ip_address' } }
      assert.equal((await server.admin('/api/replay', { json })).body['accepted'], 1)
      await server.drained()
    }
    assert.equal((await server.events('&product=bingo')).length, 1)
    await until('it is counted', async () => checkOf(await ask('bingo'), 'schema').numbers['refused_requests'] === 1)
    const told = await ask('bingo')
    const { verdict, numbers } = checkOf(told, 'activity')
    assert.deepEqual([verdict, numbers['accepted_events'], numbers['last_received_at']], ['problem', 0, null])
    assert.equal(checkOf(told, 'keys').numbers['accepted_requests'], 0)
    assert.deepEqual(
      ['duplicates', 'conflicts', 'click_id', 'delay', 'clock'].map(name => checkOf(told, name).verdict),
      Array.from({ length: 5 }, () => 'nothing'),
    )
    assert.equal(told.events.find(({ event_name }) => event_name === 'login')?.state, 'errors')
  })

  it('still knows them after a restart', async () => {
    await server.stop()
    await server.start()
    const told = await ask('casino')
    assert.equal(told.verdict, 'problem')
    assert.equal(told.unknown_keys.length, 1)
  })
})
