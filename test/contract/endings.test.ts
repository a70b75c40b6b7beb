// How a request and its connection end: a client that ends its side early or on time, bytes after a whole request, and
// heads that HTTP does not allow. Each gets one reply, in the contract's order of refusals.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { startServer, type TestServer } from '../harness/server.ts'
import { login } from './events.ts'
import { head, Wire } from './wire.ts'

const good = JSON.stringify(login())
const mebibyte = 1024 * 1024

suite('endings', { concurrency: true }, () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('a client that ends its side after a whole request gets its reply', async () => {
    const one = head(server, { 'Content-Length': good.length }) + good
    const chunked = `${head(server, { 'Transfer-Encoding': 'chunked' })}${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`
    for (const [bytes, replies] of [
      [one, 1],
      [chunked, 1],
      [one + one + one, 3],
    ] as const) {
      const wire = await Wire.open(server)
      wire.socket.end(bytes)
      for (let i = 0; i < replies; i++) assert.equal((await wire.reply()).status, 200)
      await wire.closed()
    }
    const kept = await Wire.open(server)
    await kept.write(one)
    assert.equal((await kept.reply()).status, 200)
    kept.socket.end()
    await kept.closed()
  })

  test('a client that ends its side in the middle of a request is told so, and the connection is closed', async () => {
    for (const [headers, sent, status] of [
      [{ 'Content-Length': good.length + 5 }, good, 400],
      [{ 'Content-Length': good.length }, '', 400],
      [{ 'Transfer-Encoding': 'chunked' }, '5\r\nhel', 400],
      [{ 'Content-Length': 100, 'Content-Type': 'text/plain' }, 'x', 415],
    ] as const) {
      const wire = await Wire.open(server)
      wire.socket.end(head(server, headers) + sent)
      const reply = await wire.reply()
      assert.equal(reply.status, status)
      if (status === 400) assert.match(reply.json.message ?? '', /Content-Length the length of the body in bytes/)
      await wire.closed()
    }
  })

  test('a whole request is answered whatever comes after it', async () => {
    for (const [headers, status] of [
      [{}, 200],
      [{ 'Content-Type': 'text/plain' }, 415],
    ] as const) {
      const wire = await Wire.open(server)
      await wire.write(`${head(server, { 'Content-Length': good.length, ...headers })}${good}\u0001garbage\r\n\r\n`)
      const reply = await wire.reply()
      assert.deepEqual([reply.status, reply.headers.get('connection')], [status, 'close'])
      await wire.closed()
    }
  })

  test('what is wrong with the head of a known key’s request is told after 401, 415 and 413, and counts', async () => {
    const post = (key: string, more: string, length = good.length) =>
      `POST /v2/s2s/event HTTP/1.1\r\nX-API-Key: ${key}\r\nContent-Length: ${length}\r\n${more}\r\n${good}`
    const rows: [string, number, RegExp][] = [
      [post('nobody', ''), 401, /X-API-Key/],
      [post(server.key, 'Content-Type: text/plain\r\n'), 415, /Content-Type/],
      [post(server.key, '', 9 * mebibyte), 413, /at most/],
      [post(server.key, ''), 400, /Host header: this one has none/],
      [post(server.key, 'Host: a\r\nHost: b\r\n'), 400, /one Host header: this one has 2/],
      [
        `${head(server, { 'Transfer-Encoding': 'gzip, chunked' })}${good.length.toString(16)}\r\n${good}\r\n0\r\n\r\n`,
        400,
        /Transfer-Encoding must be chunked/,
      ],
      [head(server, { 'Transfer-Encoding': 'gzip' }), 400, /Transfer-Encoding must be/],
      ['PUT /v2/s2s/event HTTP/1.1\r\n\r\n', 405, /POST/],
      ['GET /nowhere HTTP/1.1\r\n\r\n', 404, /path/],
    ]
    for (const [bytes, status, message] of rows) {
      const wire = await Wire.open(server)
      await wire.write(bytes)
      const reply = await wire.reply()
      assert.equal(reply.status, status, bytes.slice(0, 120))
      assert.match(reply.json.message ?? '', message)
      const isTold = bytes.includes(server.key)
      assert.equal(reply.headers.has('ratelimit'), isTold, bytes.slice(0, 120))
      wire.end()
    }
  })
})
