// What is sent again after somebody was erased, after bytes were lost, or after the whole was sent in the wrong shape: each event
// keeps its place, so that it is stored once, and what cannot be sent again is said in a sentence.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const login = (user: string, more: object = {}) => ({
  client_user_id: user,
  event_name: 'login',
  timestamp: 1_767_225_600,
  ip_address: '203.0.113.1',
  ...more,
})
/** Refused: the address has another name. */
const misnamed = (user: string) => {
  const { ip_address: ip, ...event } = login(user)
  return { ...event, ip }
}

describe('sending again what was kept', () => {
  let server: Installation
  let key: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino')
  })
  after(() => server.close())

  const shown = async (id: string) => (await server.admin(`/api/rejected/requests/${id}`)).body
  const post = async (path: string, body: string | Buffer, status = 400) => {
    const reply = await server.post(path, key, body)
    assert.equal(reply.status, status, JSON.stringify(reply.body))
    const id = reply.body['request_id'] as string
    await until('it is kept', async () => (await server.admin(`/api/rejected/requests/${id}`)).status === 200)
    return id
  }
  const erase = async (user: string) => {
    assert.equal(run('users', 'erase', '--product', 'casino', '--user', user).status, 0)
  }
  const replay = async (request: string, more: object = {}) => {
    const reply = await server.admin('/api/replay', { json: { request, mapping: { ip: 'ip_address' }, ...more } })
    await server.drained()
    return reply
  }
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [cli, ...args, '--data-dir', server.dataDir, '--url', server.adminUrl], {
      encoding: 'utf8',
    })
  const timesOf = async (...users: string[]) => {
    const stored = (await server.events('&product=casino')).map(event => event['client_user_id'])
    return users.map(user => stored.filter(one => one === user).length)
  }
  const indices = async (id: string) =>
    ((await shown(id))['violations'] as { index: number }[]).map(violation => violation.index)

  it('of a partial batch sends what was refused, and nothing twice, when another of it was erased before', async () => {
    const sent = [login('carl'), misnamed('q6'), login('q7')]
    const id = await post('/v2/s2s/batch?partial=1', JSON.stringify(sent), 200)
    await server.drained()
    await erase('carl')
    assert.equal((await shown(id))['raw'], JSON.stringify(['erased', ...sent.slice(1)]))
    assert.deepEqual(await indices(id), [1])
    assert.deepEqual((await replay(id)).body['accepted'], 1)
    assert.deepEqual(await timesOf('carl', 'q6', 'q7'), [0, 1, 1])
  })

  it('of a partial batch sends what was refused when another of it had been erased already', async () => {
    await erase('early')
    const id = await post(
      '/v2/s2s/batch?partial=1',
      JSON.stringify([login('early'), misnamed('q8'), login('q9'), misnamed('early')]),
      200,
    )
    await server.drained()
    const { body } = await replay(id)
    assert.deepEqual([body['events'], body['accepted'], body['erased']], [1, 1, 1])
    assert.deepEqual(await timesOf('early', 'q8', 'q9'), [0, 1, 1])
  })

  it('of a whole batch without ids sends each once, however often it is sent, with an erasure in between', async () => {
    const id = await post('/v2/s2s/batch', JSON.stringify([misnamed('bob'), misnamed('other2')]))
    assert.equal((await replay(id)).body['accepted'], 2)
    await erase('bob')
    const told = run('replay', id, '--map', 'ip=ip_address')
    assert.match(told.stdout, /1 of 1 events were sent/)
    assert.match(told.stdout, /1 was erased with its user/)
    await server.drained()
    assert.deepEqual(await timesOf('bob', 'other2'), [0, 1])
    await erase('other2')
    const { status, body } = await replay(id)
    assert.equal(status, 409)
    assert.match(String(body['message']), /erased/)
  })

  it('never sends a text in which bytes were replaced', async () => {
    const deposit = { ...login('enc?'), event_name: 'deposit', amount: 5, currency: 'USD', transaction_id: 'k?' }
    const bytes = (user: number, transaction: number) => {
      const body = Buffer.from(JSON.stringify(deposit))
      body[body.indexOf('enc?') + 3] = user
      body[body.indexOf('k?') + 1] = transaction
      return body
    }
    for (const body of [bytes(0xfe, 0xc3), bytes(0xfd, 0xc2)]) {
      const id = await post('/v2/s2s/event', body)
      const { status, body: said } = await replay(id)
      assert.equal(status, 409)
      assert.match(String(said['message']), /not UTF-8/)
      assert.equal((await shown(id))['exact'], false)
      assert.match(run('rejected', 'show', id).stdout, /not UTF-8/)
    }
    assert.deepEqual(await timesOf('enc\ufffd'), [0])
    const sent = { ...misnamed('whole'), note: 'sent as it is: \ufffd' }
    const id = await post('/v2/s2s/event', JSON.stringify(sent))
    assert.equal((await shown(id))['exact'], true)
    assert.equal((await replay(id)).body['accepted'], 1)
    assert.deepEqual(await timesOf('whole'), [1])
  })

  it('lets go of an event whose user has another name for the key, and of a value that a later one hides', async () => {
    const { client_user_id: _, ...nobody } = login('')
    const id = await post(
      '/v2/s2s/batch',
      JSON.stringify([
        { ...nobody, uid: 'carlo' },
        { ...nobody, uid: 'nora' },
      ]),
    )
    const hidden = '{"client_user_id":"ann","client_user_id":"x"}'
    const twice = await post('/v2/s2s/batch', `[${hidden},{}]`)
    await erase('carlo')
    await erase('ann')
    assert.equal((await shown(id))['raw'], JSON.stringify(['erased', { ...nobody, uid: 'nora' }]))
    assert.equal((await shown(twice))['raw'], '["erased",{}]')
    assert.equal((await replay(id, { mapping: { uid: 'client_user_id' } })).body['accepted'], 1)
    assert.deepEqual(await timesOf('carlo', 'nora'), [0, 1])
  })

  it('sends what was posted to the other endpoint, and a batch that was too long, in parts', async () => {
    const list = await post('/v2/s2s/event', JSON.stringify([login('l1'), login('l2')]))
    assert.equal((await replay(list)).body['accepted'], 2)
    const single = await post('/v2/s2s/batch', JSON.stringify(login('l3')))
    assert.equal((await replay(single)).body['accepted'], 1)
    assert.deepEqual(await timesOf('l1', 'l2', 'l3'), [1, 1, 1])

    const long = await post('/v2/s2s/batch', JSON.stringify(Array.from({ length: 5_001 }, () => login('long'))))
    for (let i = 0; i < 2; i++) {
      const { body } = await replay(long)
      assert.deepEqual([body['events'], body['accepted']], [5_001, 5_001], JSON.stringify(body))
      assert.equal((body['request_ids'] as string[]).length, 2)
    }
    assert.deepEqual(await timesOf('long'), [5_001])
    const { accounting } = (await server.status()) as { accounting: { holds: boolean; duplicate: number } }
    assert.deepEqual([accounting.holds, accounting.duplicate >= 5_001], [true, true])
  })

  it('says in a sentence why something cannot be sent', async () => {
    const said = async (path: string, body: string) => String((await replay(await post(path, body))).body['message'])
    assert.match(await said('/v2/s2s/event', '{"client_user_id":'), /cannot be taken apart.*ends before it is complete/)
    assert.match(await said('/v2/s2s/batch', 'hello'), /begins with "h"/)
    assert.match(await said('/v2/s2s/batch', '"hello"'), /a JSON array of events: got "hello"/)
  })
})
