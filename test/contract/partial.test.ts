// A batch of which the good events are wanted, and the header that tells a request sent again.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startServer, type TestServer } from '../harness/server.ts'
import { deposit, login } from './events.ts'
import { expectStatus, sendBatch, sendEvent } from './wire.ts'

suite('partial batches and Idempotency-Key', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  const partial = { path: '/v2/s2s/batch?partial=1' }

  test('the good events are taken, and of the others it is said what is wrong', async () => {
    const body = [login(), deposit({ amount: undefined, note: '用戶' }), 7, deposit({ currency: 'ü'.repeat(65) })]
    const reply = await expectStatus(200, null, sendBatch(server, body, partial))
    assert.equal(reply.body.accepted, 1)
    assert.equal(reply.body.rejected, 3)
    assert.deepEqual(
      reply.body.errors?.map(({ index, violations }) => [index, ...violations.map(({ field, rule }) => [field, rule])]),
      [
        [1, ['amount', 'required']],
        [2, ['$', 'shape']],
        [3, ['currency', 'length']],
      ],
    )
    assert.ok(reply.body.errors?.every(({ violations }) => violations.every(one => !('index' in one))))
  })

  test('a message with other letters than ASCII arrives whole', async () => {
    const reply = await expectStatus(200, null, sendBatch(server, [login(), login({ timestamp: '昨天' })], partial))
    assert.match(reply.body.errors?.[0]?.violations[0]?.message ?? '', /got "昨天"/)
  })

  test('with nothing wrong the lists are empty', async () => {
    const reply = await expectStatus(200, null, sendBatch(server, [login(), login()], partial))
    assert.deepEqual([reply.body.accepted, reply.body.rejected, reply.body.errors], [2, 0, []])
  })

  test('with nothing good, or as a whole no batch, it is the ordinary 400', async () => {
    const none = await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [{}, {}], partial))
    assert.equal(none.body.violations?.at(-1)?.index, 1)
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [], partial))
    await expectStatus(400, 'INVALID_JSON', sendBatch(server, '[{}', partial))
  })

  test('partial=0 is off, and to a single event it means nothing', async () => {
    const off = { path: '/v2/s2s/batch?partial=0' }
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [login(), {}], off))
    const reply = await expectStatus(200, null, sendEvent(server, login(), { path: '/v2/s2s/event?partial=1' }))
    assert.equal(reply.body.errors, undefined)
  })

  test('Idempotency-Key: up to 255 printable ASCII characters', async () => {
    for (const key of ['x', 'x'.repeat(255), ' !"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~ ']) {
      await expectStatus(200, null, sendEvent(server, login(), { headers: { 'idempotency-key': key } }))
    }
    for (const key of ['x'.repeat(256), 'k\u00fc', 'a\tb']) {
      const reply = await expectStatus(
        400,
        'BAD_REQUEST',
        sendEvent(server, login(), { headers: { 'idempotency-key': key } }),
      )
      assert.match(reply.body.message ?? '', /^Idempotency-Key must be /)
    }
  })
})
