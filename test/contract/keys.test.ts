// The life of a key, seen from the door: made, used, revoked or expired, and never repeated by anything the server says.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type KeyMaker, skipOnDeployment, skipWithoutKeys, startServer, type TestServer } from '../harness/server.ts'
import { login } from './events.ts'
import { expectStatus, sendEvent } from './wire.ts'

suite('keys', { skip: skipWithoutKeys, concurrency: true }, () => {
  let server: TestServer
  let keys: KeyMaker
  before(async () => {
    server = await startServer()
    keys = server.keys as KeyMaker
  })
  after(() => server.close())

  test('a key works within a second of being made, and stops within a second of being revoked', async () => {
    const { id, secret: key } = await keys.makeKey()
    await statusWithin(1_000, 200, key)
    await keys.revokeKey(id)
    await statusWithin(1_000, 401, key)
    for (let i = 0; i < 5; i++) await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key }))
  })

  test('revoking one key leaves the product’s others', async () => {
    const first = await keys.makeKey({ product: 'poker' })
    const second = await keys.makeKey({ product: 'poker' })
    await keys.revokeKey(first.id)
    await statusWithin(1_000, 401, first.secret)
    await expectStatus(200, null, sendEvent(server, login(), { key: second.secret }))
  })

  test('a key ends at its expiry, and looks like an unknown one then', async () => {
    const { key, expiresMs } = await keyGoodFor(2_500)
    await sleep(expiresMs - Date.now() + 20)
    const expired = await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key }))
    const unknown = await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: 'dp_live_nobody' }))
    assert.equal(expired.body.message, unknown.body.message)
    assert.equal(expired.headers.get('ratelimit'), null)
  })

  test('a key without the ingest scope may not send', async () => {
    const { secret: key } = await keys.makeKey({ scopes: ['read'] })
    // However often: it is no guess at a key, so it is no flood of them either.
    for (let i = 0; i < 65; i++) {
      const reply = await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key }))
      assert.match(reply.body.message ?? '', /scope ingest/)
      assert.notEqual(reply.headers.get('connection'), 'close')
    }
  })

  test('events carry their key’s product and mode', { skip: skipOnDeployment }, async () => {
    const { id, secret: key } = await keys.makeKey({ product: 'bingo', mode: 'test' })
    const reply = await expectStatus(200, null, sendEvent(server, login(), { key }))
    const record = server.own?.records.find(one => one.requestId === reply.body.request_id)
    assert.deepEqual([record?.product, record?.mode, record?.keyId], ['bingo', 'test', id])
  })

  test('no secret is ever logged or echoed', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 1 })
    const wrong = `${key}x`
    const replies = [
      await sendEvent(server, login(), { key }),
      await sendEvent(server, login(), { key }),
      await sendEvent(server, login(), { key: wrong }),
      await sendEvent(server, '{', { key: server.key }),
    ]
    const said = replies.map(reply => reply.text + JSON.stringify([...reply.headers])).join()
    for (const text of [said, server.own?.logged.join() ?? '']) {
      assert.ok(!text.includes(key.slice(13)))
      assert.ok(!text.includes(server.key.slice(13)))
    }
  })

  /** One that was good once: a machine with much else to do may need a longer life for that. */
  async function keyGoodFor(ms: number): Promise<{ key: string; expiresMs: number }> {
    const expiresMs = Date.now() + ms
    const { secret: key } = await keys.makeKey({ expiresMs })
    const reply = await sendEvent(server, login(), { key })
    if (reply.status === 401 && Date.now() >= expiresMs) return keyGoodFor(2 * ms)
    assert.equal(reply.status, 200)
    return { key, expiresMs }
  }

  /** Of whatever is sent later. */
  async function statusWithin(ms: number, status: number, key: string): Promise<void> {
    const deadline = Date.now() + ms
    for (;;) {
      const sentMs = Date.now()
      const reply = await sendEvent(server, login(), { key })
      if (reply.status === status) return
      assert.ok(sentMs < deadline, `still ${reply.status} after ${ms} ms`)
    }
  }
})
