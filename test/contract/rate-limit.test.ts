// The limit of a key: a rolling minute, told to the client before it is reached, and not refilled by a restart.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import {
  type KeyMaker,
  skipOnDeployment,
  skipWithoutKeys,
  startOwnServer,
  startServer,
  type TestServer,
} from '../harness/server.ts'
import { Installation, until } from '../harness/installation.ts'
import { login } from './events.ts'
import { expectStatus, rateLimitPattern, type Reply, send, sendBatch, sendEvent } from './wire.ts'

function told(reply: Reply): { r: number; t: number; policy: string | null } {
  const [, r, t] = /^"default";r=(\d+);t=(\d+)$/.exec(reply.headers.get('ratelimit') ?? '') ?? []
  return { r: Number(r), t: Number(t), policy: reply.headers.get('ratelimit-policy') }
}

suite('rate limit', { skip: skipWithoutKeys, concurrency: true }, () => {
  let server: TestServer
  let keys: KeyMaker
  before(async () => {
    server = await startServer()
    keys = server.keys as KeyMaker
  })
  after(() => server.close())

  test('60 a minute by default; the 61st is told when to come again', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 60 })
    for (let left = 59; left >= 0; left--) {
      const reply = await expectStatus(200, null, sendEvent(server, login(), { key }))
      const { r, t, policy } = told(reply)
      assert.deepEqual([r, policy], [left, '"default";q=60;w=60'])
      assert.ok(t >= 1 && t <= 60)
      assert.equal(reply.headers.get('retry-after'), null)
    }
    const reply = await expectStatus(429, 'RATE_LIMITED', sendEvent(server, login(), { key }))
    const { r, t } = told(reply)
    assert.equal(r, 0)
    assert.equal(Number(reply.headers.get('retry-after')), t)
    assert.ok(t >= 1 && t <= 60)
  })

  test('requests at the same time are counted one by one', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 10 })
    const replies = await Promise.all(Array.from({ length: 30 }, () => sendEvent(server, login(), { key })))
    assert.equal(replies.filter(reply => reply.status === 200).length, 10)
    assert.equal(replies.filter(reply => reply.status === 429).length, 20)
  })

  test('a batch is one request, and so is everything that is refused after the limit', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 5 })
    const replies = [
      await expectStatus(200, null, sendBatch(server, [login(), login(), login()], { key })),
      await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, {}, { key })),
      await expectStatus(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        sendEvent(server, '', { key, headers: { 'content-type': 'text/plain' } }),
      ),
      await expectStatus(413, 'PAYLOAD_TOO_LARGE', sendEvent(server, Buffer.alloc(9_000_000), { key })),
      await expectStatus(200, null, sendEvent(server, login(), { key, path: '/v2/s2s/event?dryrun' })),
      await expectStatus(429, 'RATE_LIMITED', sendEvent(server, login(), { key })),
    ]
    assert.deepEqual(
      replies.map(reply => told(reply).r),
      [4, 3, 2, 1, 0, 0],
    )
    for (const reply of replies) assert.match(reply.headers.get('ratelimit') ?? '', rateLimitPattern)
  })

  test('a wrong path or method is not counted, and tells nothing of the key', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 1 })
    const replies = [await send(server, { key, path: '/x' }), await send(server, { key, method: 'PUT', body: '' })]
    for (const reply of replies) assert.equal(reply.headers.get('ratelimit'), null)
    await expectStatus(200, null, sendEvent(server, login(), { key }))
  })

  test('one key’s limit is not another’s, in one product', async () => {
    const first = await keys.makeKey({ rateLimit: 1 })
    const second = await keys.makeKey({ rateLimit: 2 })
    await expectStatus(200, null, sendEvent(server, login(), { key: first.secret }))
    await expectStatus(429, 'RATE_LIMITED', sendEvent(server, login(), { key: first.secret }))
    const reply = await expectStatus(200, null, sendEvent(server, login(), { key: second.secret }))
    assert.deepEqual(told(reply).policy, '"default";q=2;w=60')
  })

  test('a large limit is held as well', async () => {
    const { secret: key } = await keys.makeKey({ rateLimit: 100_000 })
    const reply = await expectStatus(200, null, sendEvent(server, login(), { key }))
    assert.deepEqual([told(reply).r, told(reply).policy], [99_999, '"default";q=100000;w=60'])
  })
})

suite('rate limit over a restart', { skip: skipOnDeployment }, () => {
  test('a restart does not refill a window', async () => {
    const server = await startOwnServer()
    after(() => server.close())
    const { secret: key } = await server.own.makeKey({ rateLimit: 5 })
    // A connection of its own for each request: the server closes idle ones as it stops.
    const sendOne = () => sendEvent(server, login(), { key, headers: { connection: 'close' } })
    for (let i = 0; i < 4; i++) await expectStatus(200, null, sendOne())
    await server.own.restart()
    assert.equal(told(await expectStatus(200, null, sendOne())).r, 0)
    await server.own.restart()
    await expectStatus(429, 'RATE_LIMITED', sendOne())
  })

  test('nor does kill -9 of the api process, or of every process at once', async () => {
    const installation = await Installation.open()
    after(() => installation.close())
    const key = await installation.key('casino', { rate_limit: 5 })
    const sendOne = () => installation.post('/v2/s2s/event', key, JSON.stringify(login()), { connection: 'close' })
    await until('the key is known', async () => (await sendOne()).status === 200)
    for (let i = 0; i < 3; i++) assert.equal((await sendOne()).status, 200)
    const { api } = installation.pids()
    installation.kill('api')
    await until('the api is another process', () => ![undefined, api].includes(installation.pids().api))
    await installation.ready()
    assert.equal((await sendOne()).status, 200)
    assert.equal((await sendOne()).status, 429)
    installation.kill('everything')
    await installation.gone()
    await installation.start()
    assert.equal((await sendOne()).status, 429)
  })
})
