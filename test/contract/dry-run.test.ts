// A dry run: judged like a real request, echoed with what would be derived, and stored nowhere.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { skipOnDeployment, startServer, type TestServer } from '../harness/server.ts'
import { deposit, login, published } from './events.ts'
import { expectStatus, type Reply, sendBatch, sendEvent } from './wire.ts'

suite('dry run', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  const dryEvent = { path: '/v2/s2s/event?dryrun' }
  const dryBatch = { path: '/v2/s2s/batch?dryrun=1' }
  const echoOf = (reply: Reply) => reply.body as unknown as Record<string, unknown> & { eventData: object }

  test('of one event says what it was taken for', async () => {
    const sent = deposit({
      ip_address: '1.34.0.1',
      user_agent: 'Mozilla/5.0 (Linux; Android 13; SM-G991B) AppleWebKit/537.36',
      amount: -5,
      vip_tier: { level: 3 },
    })
    const reply = await expectStatus(200, null, sendEvent(server, sent, dryEvent))
    const { requestId, apiKey, eventData, ...rest } = echoOf(reply)
    assert.equal(reply.headers.get('x-ingest-mode'), 'dryrun')
    assert.equal(requestId, `s2s.event-${reply.headers.get('x-request-id')}`)
    assert.equal(apiKey, `${server.key.slice(0, 12)}…`)
    assert.deepEqual(rest, {
      clickId: 'clk_998877',
      country: 'TW',
      city: null,
      userAgentInfo: {
        device_class: 'Mobile',
        device_name: 'Samsung SM-G991B',
        operating_system_name: 'Android',
        operating_system_version: '13',
        agent_name: 'Android',
        agent_class: 'Browser',
      },
      flags: ['negative_amount'],
      misspelledFields: [],
    })
    const { recv_timestamp, request_id, ...asSent } = eventData as Record<string, unknown>
    assert.deepEqual(asSent, sent)
    assert.equal(request_id, requestId)
    assert.ok(Math.abs(Number(recv_timestamp) - Date.now()) < 60_000)
  })

  test('what is not there or not known is null', async () => {
    const echo = echoOf(await expectStatus(200, null, sendEvent(server, login({ ip_address: '127.0.0.1' }), dryEvent)))
    assert.deepEqual([echo.clickId, echo.country, echo.city, echo.userAgentInfo], [null, null, null, null])
  })

  test('every example of the published page passes', async () => {
    for (const [name, event] of Object.entries(published)) {
      const reply = await sendEvent(server, event, dryEvent)
      assert.equal(reply.status, 200, `${name}: ${reply.text}`)
      assert.deepEqual(echoOf(reply).misspelledFields, [], name)
    }
  })

  test('keys that look like ours are told', async () => {
    const sent = login({ userAgent: 'x', ClickID: 'y', vip_tier: 3 })
    const echo = echoOf(await expectStatus(200, null, sendEvent(server, sent, dryEvent)))
    assert.deepEqual(echo.misspelledFields, [
      { sent: 'userAgent', expected: 'user_agent' },
      { sent: 'ClickID', expected: 'click_id' },
    ])
    assert.equal(echo.clickId, null)
  })

  test('numbers are echoed digit by digit, and where a name is ours, ours stands', async () => {
    const body = JSON.stringify(login({ recv_timestamp: 1, request_id: 'mine' })).replace(
      '{',
      '{"precise":0.10000000000000000000001,"large":123456789012345678901234567890,"fifty":50.00,"__proto__":{"a":1},',
    )
    const reply = await expectStatus(200, null, sendEvent(server, body, dryEvent))
    const data = /"eventData":(\{.*\}),"flags"/.exec(reply.text)?.[1] ?? ''
    for (const part of ['"precise":0.10000000000000000000001,', '"large":123456789012345678901234567890,'])
      assert.ok(data.includes(part), data)
    assert.ok(data.includes('"fifty":50.00,') && data.includes('"__proto__":{"a":1}'), data)
    assert.ok(!data.includes('mine') && data.split('recv_timestamp').length === 2, data)
  })

  test('an invalid event is the ordinary 400', async () => {
    const real = await sendEvent(server, deposit({ amount: 'abc', currency: undefined }))
    const reply = await expectStatus(
      400,
      'VALIDATION_ERROR',
      sendEvent(server, deposit({ amount: 'abc', currency: undefined }), dryEvent),
    )
    assert.equal(reply.headers.get('x-ingest-mode'), null)
    assert.deepEqual({ ...reply.body, request_id: '' }, { ...real.body, request_id: '' })
    await expectStatus(400, 'INVALID_JSON', sendEvent(server, '{', dryEvent))
    await expectStatus(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      sendEvent(server, '{}', { ...dryEvent, headers: { 'content-type': 'text/plain' } }),
    )
    await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { ...dryEvent, key: 'dp_live_wrong' }))
  })

  test('of a batch judges each event, with or without partial', async () => {
    const sent = [login({ userAgent: 'x' }), deposit({ amount: undefined }), 7, deposit({ transaction_id: 't2' })]
    for (const path of ['/v2/s2s/batch?dryrun', '/v2/s2s/batch?partial=1&dryrun']) {
      const reply = await expectStatus(200, null, sendBatch(server, sent, { path }))
      const { requestId, mode, total, successCount, failureCount, successEvents, errors, misspelledFields } = echoOf(
        reply,
      ) as Record<string, unknown>
      assert.equal(requestId, `s2s.batch-${reply.headers.get('x-request-id')}`)
      assert.deepEqual([mode, total, successCount, failureCount], ['dryrun', 4, 2, 2])
      assert.deepEqual(
        (successEvents as { index: number; eventData: { event_name: string } }[]).map(one => [
          one.index,
          one.eventData.event_name,
        ]),
        [
          [0, 'login'],
          [3, 'deposit'],
        ],
      )
      assert.deepEqual(
        (errors as { index: number; violations: { rule: string }[] }[]).map(one => [
          one.index,
          one.violations[0]?.rule,
        ]),
        [
          [1, 'required'],
          [2, 'shape'],
        ],
      )
      assert.deepEqual(misspelledFields, { 0: [{ sent: 'userAgent', expected: 'user_agent' }] })
      assert.deepEqual(Object.keys(reply.body as object), [
        ...['requestId', 'mode', 'total', 'successCount', 'failureCount', 'successEvents', 'errors'],
        'misspelledFields',
      ])
    }
  })

  test('of a batch of bad events is 200; an empty or too large one is 400', async () => {
    const reply = await expectStatus(200, null, sendBatch(server, [{}, 7], dryBatch))
    const body = reply.body as unknown as Record<string, unknown>
    assert.deepEqual([body.total, body.successCount, body.failureCount, body.successEvents], [2, 0, 2, []])
    assert.ok(!('misspelledFields' in body))
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [], dryBatch))
    const many = Array.from({ length: 5_001 }, () => login())
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, many, dryBatch))
  })

  test('of a full batch is answered whole', async () => {
    const many = Array.from({ length: 5_000 }, (_, i) => login({ i }))
    const reply = await expectStatus(200, null, sendBatch(server, many, dryBatch))
    const body = reply.body as unknown as { successCount: number; successEvents: { eventData: { i: number } }[] }
    assert.equal(body.successCount, 5_000)
    assert.equal(body.successEvents.at(-1)?.eventData.i, 4_999)
  })

  test('leaves nothing in the log, and nothing in the books', { skip: skipOnDeployment }, async () => {
    const own = (await startServer()) as Required<TestServer>
    try {
      await expectStatus(200, null, sendEvent(own, login(), dryEvent))
      await expectStatus(400, 'VALIDATION_ERROR', sendEvent(own, {}, dryEvent))
      await expectStatus(200, null, sendBatch(own, [login(), {}], dryBatch))
      assert.deepEqual(own.own.records, [])
      const { eventsReceived, eventsAccepted, eventsRejected } = own.own.api().status()
      assert.deepEqual([eventsReceived, eventsAccepted, eventsRejected], [0, 0, 0])
    } finally {
      await own.close()
    }
  })

  test('is 500 with Retry-After while the part that answers is away', { skip: skipOnDeployment }, async () => {
    const gone = async () => ({ fault: 'connect ENOENT' })
    const away = await startServer({ answers: { dryRun: gone, receipts: gone, reconciliation: gone } })
    try {
      const reply = await expectStatus(500, 'OVERLOADED', sendEvent(away, login(), dryEvent))
      assert.equal(reply.headers.get('retry-after'), '1')
      assert.ok(!reply.text.includes('ENOENT'))
      await expectStatus(200, null, sendEvent(away, login()))
    } finally {
      await away.close()
    }
  })
})
