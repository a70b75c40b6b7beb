// Bodies and clients that mean harm, or are merely slow: each gets a defined answer, costs bounded memory, and starves
// nobody.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { brotliCompressSync, constants, gzipSync, zstdCompressSync } from 'node:zlib'
import { type OwnServer, skipOnDeployment, startOwnServer, startServer, type TestServer } from '../harness/server.ts'
import { login } from './events.ts'
import { expectStatus, head, sendBatch, sendEvent, Wire } from './wire.ts'

const mebibyte = 1024 * 1024
const good = JSON.stringify(login())

suite('hostile bodies', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('8 MiB of empty objects', async () => {
    const body = `[${'{},'.repeat((8 * mebibyte) / 3 - 2)}{}]`
    await expectStatus(400, 'VALIDATION_ERROR', sendBatch(server, body))
  })

  test('millions of brackets', async () => {
    for (const text of ['[', '[[],', '{"a":', '[{"a":[']) {
      const body = Buffer.alloc(4_000_000, text)
      for (const send of [sendEvent, sendBatch]) {
        const reply = await send(server, body)
        assert.equal(reply.status, 400, text)
      }
    }
    const closed = Buffer.from(`${'['.repeat(4_000_000)}${']'.repeat(4_000_000)}`)
    assert.equal((await sendBatch(server, closed)).status, 400)
  })

  test('one event of millions of small values', async () => {
    const body = `${good.slice(0, -1)},"n":[${'0,'.repeat(2_000_000)}0]}`
    const reply = await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, body))
    assert.deepEqual(
      reply.body.violations?.map(violation => violation.rule),
      ['size'],
    )
  })

  test('a string that never ends, escapes without end, commas without end', async () => {
    for (const text of ['"', '\\', '"\\u', ',', ' ', '\u0000', '-', '1e']) {
      const body = `[${text.repeat(Math.floor((7 * mebibyte) / text.length))}`
      assert.equal((await sendBatch(server, body)).status, 400, JSON.stringify(text))
    }
  })

  test('bombs stop at the limit', async () => {
    const zeros = Buffer.alloc(200 * mebibyte, ' ')
    const bombs = {
      gzip: gzipSync(zeros),
      br: brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
      zstd: zstdCompressSync(zeros),
    }
    for (const [name, body] of Object.entries(bombs)) {
      const sent = Array.from({ length: 8 }, () => sendBatch(server, body, { headers: { 'content-encoding': name } }))
      for (const reply of await Promise.all(sent))
        assert.deepEqual([reply.status, reply.body.code], [413, 'PAYLOAD_TOO_LARGE'])
    }
  })

  test('numbers that a parser rounds or cannot hold', async () => {
    const event = (amount: string) => JSON.stringify(login({ amount: 0 })).replace('"amount":0', `"amount":${amount}`)
    await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, event('1e400')))
    await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, event(`1${'0'.repeat(5_000)}`)))
    await expectStatus(200, null, sendEvent(server, event(`0.${'1'.repeat(5_000)}`)))
  })
})

suite('clients that do not come to an end', { skip: skipOnDeployment, concurrency: true }, () => {
  let server: TestServer & { own: OwnServer }
  before(async () => {
    server = await startOwnServer({
      limits: { headersTimeoutMs: 1_000, requestTimeoutMs: 1_500, keepAliveTimeoutMs: 500 },
    })
  })
  after(() => server.close())

  test('a head that does not come is given up with 408', async () => {
    for (const begun of ['', 'POST /v2/s2s/event HTTP/1.1\r\nHost: t\r\nX-Slow: ']) {
      const wire = await Wire.open(server)
      await wire.write(begun)
      const reply = await wire.reply()
      assert.deepEqual(
        [reply.status, reply.json.code, reply.headers.get('connection')],
        [408, 'REQUEST_TIMEOUT', 'close'],
      )
      await wire.closed()
    }
  })

  test('a body that does not come is given up with 408, told to its key', async () => {
    for (const sent of ['', good.slice(0, 40)]) {
      const wire = await Wire.open(server)
      await wire.write(head(server, { 'Content-Length': good.length }) + sent)
      const reply = await wire.reply()
      assert.deepEqual([reply.status, reply.json.code], [408, 'REQUEST_TIMEOUT'])
      assert.ok(reply.headers.has('ratelimit'))
      await wire.closed()
    }
  })

  test('a refused body that does not come gets its own refusal', async () => {
    const wire = await Wire.open(server)
    await wire.write(head(server, { 'Content-Length': 100, 'Content-Type': 'text/plain' }))
    assert.equal((await wire.reply()).status, 415)
    await wire.closed()
  })

  test('a connection that is idle after a reply is closed', async () => {
    const wire = await Wire.open(server)
    await wire.write(head(server, { 'Content-Length': good.length }) + good)
    assert.equal((await wire.reply()).status, 200)
    await wire.closed()
  })
})

suite('clients that are slow or leave', { skip: skipOnDeployment, concurrency: true }, () => {
  let server: TestServer & { own: OwnServer }
  before(async () => {
    server = await startOwnServer()
  })
  after(() => server.close())

  test('a slow client does not hold up others, and what it sent is let go', async () => {
    const wires = await Promise.all(Array.from({ length: 50 }, () => Wire.open(server)))
    await Promise.all(wires.map(wire => wire.write(head(server, { 'Content-Length': mebibyte }) + 'x'.repeat(100_000))))
    await expectStatus(200, null, sendEvent(server, login()))
    for (const wire of wires) wire.end()
    await until(() => server.own.api().status().bodyBytesInFlight === 0)
  })

  test('clients that go away in the middle leave nothing behind', async () => {
    for (const sent of ['', 'x', 'x'.repeat(70_000)]) {
      for (const type of ['application/json', 'text/plain']) {
        const wire = await Wire.open(server)
        await wire.write(head(server, { 'Content-Length': mebibyte, 'Content-Type': type }) + sent)
        wire.end()
        const half = await Wire.open(server)
        half.socket.end(head(server, { 'Content-Length': mebibyte, 'Content-Type': type }) + sent)
        await half.closed()
        const followed = await Wire.open(server)
        const whole = head(server, { 'Content-Length': good.length, 'Content-Type': type }) + good
        followed.socket.end(whole + head(server, { 'Content-Length': mebibyte }) + sent)
        assert.equal((await followed.reply()).status, type === 'text/plain' ? 415 : 200)
        await followed.closed()
      }
    }
    await until(() => server.own.api().status().requestsInFlight === 0)
    assert.equal(server.own.logged.filter(line => line.includes('bug')).length, 0)
  })
})

suite('floods', { skip: skipOnDeployment }, () => {
  test('an address with more than 60 bad keys in a minute loses its connections, and good keys are not held back', async () => {
    const server = await startOwnServer({ trustedProxies: ['127.0.0.1'] })
    after(() => server.close())
    const bad = (from: string) => sendEvent(server, login(), { key: 'nobody', headers: { 'x-forwarded-for': from } })
    for (let i = 0; i < 60; i++)
      assert.notEqual((await expectStatus(401, 'UNAUTHORIZED', bad('198.51.100.1'))).headers.get('connection'), 'close')
    for (let i = 0; i < 3; i++)
      assert.equal((await expectStatus(401, 'UNAUTHORIZED', bad('198.51.100.1'))).headers.get('connection'), 'close')
    assert.notEqual((await bad('198.51.100.2')).headers.get('connection'), 'close')
    const reply = await expectStatus(
      200,
      null,
      sendEvent(server, login(), { headers: { 'x-forwarded-for': '198.51.100.1' } }),
    )
    assert.notEqual(reply.headers.get('connection'), 'close')
  })

  test('X-Forwarded-For of a stranger is not believed', async () => {
    const server = await startOwnServer()
    after(() => server.close())
    let closed = 0
    for (let i = 0; i < 65; i++) {
      const reply = await sendEvent(server, login(), {
        key: 'nobody',
        headers: { 'x-forwarded-for': `198.51.100.${i}` },
      })
      if (reply.headers.get('connection') === 'close') closed++
    }
    assert.equal(closed, 5)
  })

  test('bodies beyond the budget are told to come again, and a key has its share only', async () => {
    const server = await startOwnServer({
      limits: { bodiesInFlightBytesMax: 3 * mebibyte, bodiesInFlightBytesPerKeyMax: 2 * mebibyte },
    })
    after(() => server.close())
    const body = JSON.stringify(Array.from({ length: 20 }, () => login({ note: 'x'.repeat(47_000) })))
    server.own.failLog('hold')
    const other = await server.own.makeKey()
    const held = [sendBatch(server, body), sendBatch(server, body)]
    await until(() => server.own.api().status().bodyBytesInFlight > 1.7 * mebibyte)
    const refused = await expectStatus(500, 'OVERLOADED', sendBatch(server, body))
    assert.equal(refused.headers.get('retry-after'), '1')
    assert.match(refused.body.message ?? '', /as one key may have/)
    assert.ok(refused.headers.has('ratelimit'))
    held.push(sendBatch(server, body, { key: other.secret }))
    await until(() => server.own.api().status().bodyBytesInFlight > 2.6 * mebibyte)
    const full = await expectStatus(500, 'OVERLOADED', sendBatch(server, body, { key: other.secret }))
    assert.match(full.body.message ?? '', /as it can/)
    server.own.failLog(null)
    for (const reply of held) await expectStatus(200, null, reply)
    assert.equal(server.own.api().status().bodyBytesInFlight, 0)
    await expectStatus(200, null, sendBatch(server, body))
  })

  test('more connections than allowed are closed at once, the others go on', async () => {
    const server = await startOwnServer({ limits: { connectionsMax: 3 } })
    after(() => server.close())
    const wires = [await Wire.open(server), await Wire.open(server), await Wire.open(server)]
    const fourth = await Wire.open(server)
    await fourth.closed()
    await wires[0]?.write(head(server, { 'Content-Length': good.length }) + good)
    assert.equal((await wires[0]?.reply())?.status, 200)
    assert.equal(server.own.api().status().connectionsDropped, 1)
    for (const wire of wires) wire.end()
  })
})

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000
  while (!condition()) {
    assert.ok(Date.now() < deadline, 'waited a minute in vain')
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
