// When our side fails: a log that refuses, later stages that are down, a stop in the middle, a bug. Never a lie, never a
// lost count: received = accepted + rejected + waiting, always.

import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { skipOnDeployment, startOwnServer } from '../harness/server.ts'
import { login } from './events.ts'
import { expectStatus, head, send, sendBatch, sendEvent, Wire } from './wire.ts'

type Entry = { product: string; keyId: string; code: string; events: number; requests: number }

suite('faults', { skip: skipOnDeployment }, () => {
  test('a log that cannot write is 500 with Retry-After, and recovers by itself', async () => {
    const server = await startOwnServer()
    after(() => server.close())
    for (const code of ['LOG_BUDGET', 'LOG_DISK_FULL', 'LOG_IO', 'LOG_CLOSED'] as const) {
      server.own.failLog({ code, message: 'secret path /data', retryAfterSeconds: 7 })
      const reply = await expectStatus(500, 'STORAGE_UNAVAILABLE', sendBatch(server, [login(), login()]))
      assert.equal(reply.headers.get('retry-after'), '7')
      assert.ok(reply.headers.has('ratelimit'))
      assert.ok(!reply.text.includes('/data'))
      assert.equal((await send(server, { path: '/readyz', method: 'GET' })).status, 503)
    }
    server.own.failLog(null)
    await expectStatus(200, null, sendBatch(server, [login(), login()]))
    const { eventsReceived, eventsAccepted, eventsRejected, eventsWaiting } = server.own.api().status()
    assert.deepEqual([eventsReceived, eventsAccepted, eventsRejected, eventsWaiting], [10, 2, 8, 0])
  })

  test('no reply before the log’s word', async () => {
    const server = await startOwnServer()
    after(() => server.close())
    server.own.failLog('hold')
    const wire = await Wire.open(server)
    const body = JSON.stringify(login())
    await wire.write(head(server, { 'Content-Length': body.length }) + body)
    await until(() => server.own.api().status().eventsWaiting === 1)
    await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: null }))
    assert.equal(wire.socket.bytesRead, 0)
    server.own.failLog(null)
    assert.equal((await wire.reply()).status, 200)
    wire.end()
  })

  test('/readyz names the part that is not ready, and is 200 while events are taken', async () => {
    const others: Record<string, string | null> = { pipeline: null, warehouse: 'the engine does not answer' }
    const server = await startOwnServer({ readiness: async () => others })
    after(() => server.close())
    const ready = () => send(server, { path: '/readyz', method: 'GET', key: null })
    const degraded = await ready()
    assert.deepEqual(
      [degraded.status, degraded.body],
      [
        200,
        {
          status: 'degraded',
          parts: { api: 'ready', log: 'ready', pipeline: 'ready', warehouse: 'the engine does not answer' },
        },
      ],
    )
    others['warehouse'] = null
    assert.equal((await ready()).body.status, 'ready')
    server.own.failLog({ code: 'LOG_DISK_FULL', message: 'no space', retryAfterSeconds: 1 })
    const unavailable = await ready()
    assert.deepEqual([unavailable.status, unavailable.body.status], [503, 'unavailable'])
    assert.match(unavailable.text, /LOG_DISK_FULL/)
  })

  test('later stages that do not answer, or throw, do not stop the door', async () => {
    const server = await startOwnServer({ readiness: () => Promise.reject(new Error('gone')) })
    after(() => server.close())
    const reply = await send(server, { path: '/readyz', method: 'GET', key: null })
    assert.deepEqual([reply.status, reply.body.status], [200, 'degraded'])
    await expectStatus(200, null, sendEvent(server, login()))
  })

  test('what was rejected is in the log, by product, key and code, and nothing twice', async () => {
    const server = await startOwnServer({ limits: { tallyIntervalMs: 50 } })
    after(() => server.close())
    const { id, secret: key } = await server.own.makeKey({ product: 'slots', rateLimit: 4 })
    await expectStatus(200, null, sendEvent(server, login(), { key }))
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, [login(), {}, login()], { key }))
    await expectStatus(400, 'INVALID_JSON', sendBatch(server, '[', { key }))
    server.own.failLog({ code: 'LOG_IO', message: 'broken', retryAfterSeconds: 1 })
    await expectStatus(500, 'STORAGE_UNAVAILABLE', sendBatch(server, [login(), login()], { key }))
    await expectStatus(429, 'RATE_LIMITED', sendEvent(server, login(), { key }))
    await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: 'nobody' }))
    await expectStatus(404, 'NOT_FOUND', send(server, { path: '/x' }))
    server.own.failLog(null)
    const tallied = () => {
      const sums: Record<string, [number, number]> = {}
      for (const record of server.own.records) {
        if (record.kind !== 'tally') continue
        for (const entry of refusalsIn(record.body)) {
          const name = `${entry.product}/${entry.keyId}/${entry.code}`
          const [events, requests] = sums[name] ?? [0, 0]
          sums[name] = [events + entry.events, requests + entry.requests]
        }
      }
      return sums
    }
    await until(() => Object.keys(tallied()).length === 5)
    assert.deepEqual(tallied(), {
      [`slots/${id}/VALIDATION_ERROR`]: [3, 1],
      [`slots/${id}/INVALID_JSON`]: [1, 1],
      [`slots/${id}/STORAGE_UNAVAILABLE`]: [2, 1],
      [`slots/${id}/RATE_LIMITED`]: [1, 1],
      '//UNAUTHORIZED': [1, 1],
    })
    const { eventsReceived, eventsAccepted, eventsRejected } = server.own.api().status()
    assert.deepEqual([eventsReceived, eventsAccepted, eventsRejected], [9, 1, 8])
  })

  test('a stop answers what is in flight, closes its connections, and writes the last counts', async () => {
    const server = await startOwnServer({ limits: { tallyIntervalMs: 60_000 } })
    after(() => server.close())
    server.own.failLog('hold')
    await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: 'nobody' }))
    const held = sendEvent(server, login())
    await until(() => server.own.api().status().eventsWaiting === 1)
    const half = await Wire.open(server)
    const body = JSON.stringify(login())
    await half.write(head(server, { 'Content-Length': body.length }) + body.slice(0, 20))
    await until(() => server.own.api().status().requestsInFlight === 2)
    const idle = await Wire.open(server)
    const stopped = server.own.api().close()
    await idle.closed()
    await assert.rejects(fetch(`${server.url}/healthz`))
    await half.write(body.slice(20))
    await until(() => server.own.api().status().eventsWaiting === 2)
    server.own.failLog(null)
    const reply = await expectStatus(200, null, held)
    assert.equal(reply.headers.get('connection'), 'close')
    assert.equal((await half.reply()).status, 200)
    await stopped
    const kinds = server.own.records.map(record => record.kind)
    assert.deepEqual(
      kinds,
      ['event', 'event', 'tally', 'tally'],
      'of what was refused, and of how much the key was used',
    )
    const refused = server.own.records.slice(2).flatMap(({ body }) => refusalsIn(body))
    assert.deepEqual(
      refused.map(({ code, requests }) => [code, requests]),
      [['UNAUTHORIZED', 1]],
    )
  })

  test('a stop does not wait for those who never end: silent, handed out, or in the middle of a refused body', async () => {
    const server = await startOwnServer()
    after(() => server.close())
    const silent = await Wire.open(server)
    const connecting = await Wire.open(server)
    await connecting.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal((await connecting.reply()).status, 400)
    const refused = await Wire.open(server)
    await refused.write(head(server, { 'Content-Length': 9_000_000 }))
    assert.equal((await refused.reply()).status, 413)
    await server.own.api().close()
    for (const wire of [silent, connecting, refused]) await wire.closed()
  })

  test('a bug ends the request it met and nothing else', async () => {
    const server = await startOwnServer({
      breakLog: () => {
        throw new TypeError('a bug in the log')
      },
    })
    after(() => server.close())
    await expectStatus(500, 'STORAGE_UNAVAILABLE', sendEvent(server, login()))
    await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, {}))
    const broken = await startOwnServer({
      breakKeys: () => {
        throw new TypeError('a bug in accounts')
      },
    })
    after(() => broken.close())
    await expectStatus(500, 'INTERNAL_ERROR', sendEvent(broken, login()))
    assert.equal((await send(broken, { path: '/healthz', method: 'GET' })).status, 200)
    assert.ok(broken.own.logged.some(line => line.includes('a bug in accounts')))
    assert.ok(!broken.own.logged.join().includes(broken.key.slice(13)))
    const { eventsReceived, eventsRejected, requestsInFlight } = broken.own.api().status()
    assert.deepEqual([eventsReceived, eventsRejected, requestsInFlight], [1, 1, 0])
  })
})

/** A tally tells how much keys are used, too. */
function refusalsIn(body: Uint8Array): Entry[] {
  const entries = JSON.parse(Buffer.from(body).toString()) as (Entry & { usage?: object })[]
  return entries.filter(({ usage }) => usage === undefined)
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'waited a minute in vain')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
