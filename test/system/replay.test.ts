// Rejected requests: kept, listed, grouped, opened, and sent again after a fix, which counts once however often it is done.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Installation, until } from '../harness/installation.ts'

const cli = join(import.meta.dirname, '../../cli/datapulse.js')
const login = { client_user_id: 'u1', event_name: 'login', timestamp: 1_767_225_600, ip_address: '203.0.113.1' }
const { ip_address: _, ...withoutAddress } = login

describe('rejected requests', () => {
  let server: Installation
  let key: string
  before(async () => {
    server = await Installation.open()
    key = await server.key('casino')
  })
  after(() => server.close())

  const refuse = async (path: string, body: string, status = 400) => {
    const reply = await server.post(path, key, body, { 'idempotency-key': 'order 7' })
    assert.equal(reply.status, status, JSON.stringify(reply.body))
    const id = reply.body['request_id'] as string
    await until('it is kept', async () => (await server.admin(`/api/rejected/requests/${id}`)).status === 200)
    return id
  }
  const replay = (json: object) => server.admin('/api/replay', { json })
  const stored = async () => (await server.events('&product=casino')).length
  const run = (...args: string[]) =>
    execFileSync(process.execPath, [cli, ...args, '--data-dir', server.dataDir, '--url', server.adminUrl], {
      encoding: 'utf8',
    })

  it('are kept with what was wrong, and found by it', async () => {
    const one = await refuse('/v2/s2s/event', JSON.stringify({ ...withoutAddress, note: 50.0 }))
    const batch = await refuse('/v2/s2s/batch', JSON.stringify([login, { ...withoutAddress, timestamp: 'x' }]))
    const broken = await refuse('/v2/s2s/event', '{"client_user_id":')
    const list = async (query: string) =>
      (
        (await server.admin(`/api/rejected/requests?product=casino${query}`)).body['requests'] as {
          request_id: string
        }[]
      ).map(({ request_id }) => request_id)
    assert.deepEqual(await list(''), [broken, batch, one])
    assert.deepEqual(await list('&rule=required&field=ip_address'), [batch, one])
    assert.deepEqual(await list('&rule=type&field=ip_address'), [])
    assert.deepEqual(await list('&code=INVALID_JSON'), [broken])
    const { body } = await server.admin('/api/rejected/rules?product=casino')
    assert.deepEqual(
      (body['rules'] as Record<string, unknown>[]).map(row => [
        row['rule'],
        row['field'],
        row['requests'],
        row['violations'],
      ]),
      [
        ['required', 'ip_address', 2, 2],
        ['type', 'timestamp', 1, 1],
        ['syntax', '$', 1, 1],
      ].toSorted((a, b) => Number(b[2]) - Number(a[2]) || (String(a[0]) < String(b[0]) ? -1 : 1)),
    )
    const opened = (await server.admin(`/api/rejected/requests/${one}`)).body
    assert.equal(opened['raw'], JSON.stringify({ ...withoutAddress, note: 50.0 }))
    assert.deepEqual(
      [opened['address'], opened['code'], opened['kind'], opened['idempotency_key']],
      ['127.0.0.1', 'VALIDATION_ERROR', 'event', 'order 7'],
    )
    assert.equal((opened['violations'] as { field: string }[])[0]?.field, 'ip_address')
    assert.match(run('rejected', 'show', batch), /timestamp/)
    assert.match(run('rejected', 'rules', '--product', 'casino'), /required\tip_address\t2/)
    assert.equal(
      (await server.admin('/api/parked?product=casino')).body['parked']?.toString(),
      '',
      'they are not parked',
    )
    const { accounting } = (await server.status()) as { accounting: { holds: boolean; parked: number } }
    assert.deepEqual([accounting.holds, accounting.parked], [true, 0])
  })

  it('are sent again with another name for a key, first dry, and count once', async () => {
    const sent = [
      { ...withoutAddress, ip: '203.0.113.9', precise: 1 },
      { ...withoutAddress, ip: '203.0.113.10' },
    ]
    const id = await refuse('/v2/s2s/batch', JSON.stringify(sent).replace('"precise":1', '"precise":1.000'))
    const asSent = await replay({ request: id })
    assert.deepEqual([asSent.body['accepted'], asSent.body['rejected'], asSent.body['request_id']], [0, 2, null])
    const mapping = { ip: 'ip_address' }
    const dry = await replay({ request: id, mapping, dry_run: true })
    assert.deepEqual([dry.body['accepted'], dry.body['rejected'], dry.body['request_id']], [2, 0, null])
    assert.equal(await stored(), 0)
    for (let i = 0; i < 2; i++) {
      const done = await replay({ request: id, mapping })
      assert.equal(done.status, 200)
      assert.match(String(done.body['request_id']), /^[0-9a-f-]{36}$/)
      await server.drained()
    }
    assert.equal(await stored(), 2)
    const rows = await server.events('&product=casino&raw=true')
    assert.ok(rows.some(row => String(row['raw']).includes('"precise":1.000') && row['ip_address'] === '203.0.113.9'))
    const { accounting } = (await server.status()) as { accounting: { holds: boolean; duplicate: number } }
    assert.deepEqual([accounting.holds, accounting.duplicate], [true, 2])
  })

  it('of a partial batch only what was refused is sent, and the good of it where that is wanted', async () => {
    const was = await stored()
    const sent = [login, { ...withoutAddress, ip: '203.0.113.1' }, { nothing: true }, { ...login, message_id: 'm9' }]
    const id = await refuse('/v2/s2s/batch?partial=1', JSON.stringify(sent), 200)
    await server.drained()
    assert.equal(await stored(), was + 2)
    const refused = spawnSync(
      process.execPath,
      [cli, 'replay', id, '--map', 'ip=ip_address', '--data-dir', server.dataDir, '--url', server.adminUrl],
      { encoding: 'utf8' },
    )
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /Nothing was sent/)
    assert.match(run('replay', id, '--map', 'ip=ip_address', '--partial'), /1 of 2 events were sent, in request/)
    await server.drained()
    assert.equal(await stored(), was + 3)
  })

  it('what is not kept, or cannot be taken apart, is said', async () => {
    const broken = await refuse('/v2/s2s/event', '{"client_user_id":')
    assert.deepEqual([(await replay({ request: broken })).status], [409])
    assert.equal((await replay({ request: '0199f2d4-5a31-7c7e-9d3e-3c1f6f0b8a55' })).status, 404)
    assert.equal((await replay({})).status, 400)
    assert.equal((await replay({ request: broken, mapping: { a: 1 } })).status, 400)
  })

  it('a flood of them is kept in part and counted whole', async () => {
    for (let i = 0; i < 80; i++) await server.post('/v2/s2s/event', key, '{}')
    const counted = async () => {
      const { body } = await server.admin('/api/rejected?product=casino')
      const rows = body['rejected'] as { code: string; requests: number }[]
      return rows.find(({ code }) => code === 'VALIDATION_ERROR')?.requests ?? 0
    }
    await until('all are counted', async () => (await counted()) >= 80)
    const { body } = await server.admin('/api/rejected/requests?product=casino&limit=1000')
    const kept = (body['requests'] as unknown[]).length
    assert.ok(kept < 80, `${kept} kept`)
  })
})
