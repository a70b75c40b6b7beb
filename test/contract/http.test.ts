// The door as HTTP: routes, methods, keys, types, encodings, limits of a body, and in which order they refuse.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { type OwnServer, skipOnDeployment, startServer, type TestServer } from '../harness/server.ts'
import { deposit, login } from './events.ts'
import { expectStatus, head, rateLimitPattern, type Reply, send, sendBatch, sendEvent, Wire } from './wire.ts'

const good = JSON.stringify(login())
const mebibyte = 1024 * 1024

suite('http', { concurrency: true }, () => {
  let server: TestServer
  let own: OwnServer
  before(async () => {
    server = await startServer()
    own = server.own as OwnServer
  })
  after(() => server.close())

  test('both routes, with a doubled leading slash, a trailing one, and a query', async () => {
    for (const path of [
      '/v2/s2s/event',
      '//v2/s2s/event',
      '/v2/s2s/event/',
      '//v2/s2s/event/',
      '/v2/s2s/event?a=b',
      '/v2/s2s/event/?dryrun=0',
    ]) {
      await expectStatus(200, null, sendEvent(server, login(), { path }))
    }
    for (const path of ['/v2/s2s/batch', '//v2/s2s/batch/'])
      await expectStatus(200, null, sendBatch(server, [login()], { path }))
  })

  test('there is nothing elsewhere', async () => {
    for (const path of [
      '/',
      '/v2/s2s',
      '/v2/s2s/events',
      '/v2/s2s/requests/x/y',
      '/openapi.yaml',
      '/docsx',
      '/v1/s2s/event',
      '/V2/s2s/event',
    ]) {
      await expectStatus(404, 'NOT_FOUND', send(server, { path, method: 'GET' }))
      await expectStatus(404, 'NOT_FOUND', sendEvent(server, login(), { path, key: null }))
    }
  })

  test('other methods are told which one is right', async () => {
    for (const path of ['/v2/s2s/event', '/v2/s2s/batch']) {
      for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
        const reply = await expectStatus(405, 'METHOD_NOT_ALLOWED', send(server, { path, method, key: null }))
        assert.equal(reply.headers.get('allow'), 'POST')
      }
      const reply = await send(server, { path, method: 'HEAD' })
      assert.deepEqual([reply.status, reply.text], [405, ''])
    }
    const reply = await expectStatus(
      405,
      'METHOD_NOT_ALLOWED',
      send(server, { path: '/healthz', method: 'POST', body: '{}' }),
    )
    assert.equal(reply.headers.get('allow'), 'GET, HEAD')
  })

  test('an error says what the contract’s example says', async () => {
    const reply = await expectStatus(
      400,
      'VALIDATION_ERROR',
      sendBatch(server, [login(), login(), login(), deposit({ ip_address: null })]),
    )
    assert.equal(reply.body.error, 'Bad Request')
    const [violation] = reply.body.violations ?? []
    assert.deepEqual(violation, {
      index: 3,
      field: 'ip_address',
      rule: 'required',
      message: 'ip_address is required for a deposit',
    })
  })

  test('no key, an unknown key, two keys, a bearer token: 401', async () => {
    const unknown = `dp_live_${'a'.repeat(40)}`
    const replies = [
      await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: unknown })),
      await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: 'x'.repeat(5_000) })),
      await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: `${server.key}, ${server.key}` })),
    ]
    const [first, ...others] = replies.map(anonymous)
    for (const other of others) assert.deepEqual(other, first)
    const none = await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: null }))
    assert.match(none.body.message ?? '', /it was not sent$/)
    const headers = { authorization: `Bearer ${server.key}` }
    const bearer = await expectStatus(401, 'UNAUTHORIZED', sendEvent(server, login(), { key: null, headers }))
    assert.match(bearer.body.message ?? '', /Authorization is not read/)
    replies.push(none, bearer)
    for (const reply of replies) assert.equal(reply.headers.get('ratelimit'), null)
    const wire = await Wire.open(server)
    await wire.write(
      `POST /v2/s2s/event HTTP/1.1\r\nHost: t\r\nX-API-Key: ${server.key}\r\nX-API-Key: ${server.key}\r\nContent-Length: 0\r\n\r\n`,
    )
    const twice = await wire.reply()
    assert.deepEqual([twice.status, /sent 2 times/.test(twice.json.message ?? '')], [401, true])
    wire.end()
  })

  test('header names are read in any case', async () => {
    const wire = await Wire.open(server)
    await wire.write(
      `POST /v2/s2s/event HTTP/1.1\r\nhost: t\r\nx-api-KEY: ${server.key}\r\nCONTENT-length: ${good.length}\r\n\r\n${good}`,
    )
    assert.equal((await wire.reply()).status, 200)
    wire.end()
  })

  test('content types', async () => {
    const types = ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', '']
    for (const type of types)
      await expectStatus(200, null, send(server, { headers: { 'content-type': type }, body: Buffer.from(good) }))
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'application/json; charset=utf-16',
      'application/x-ndjson',
    ]) {
      const reply = await expectStatus(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        send(server, { headers: { 'content-type': type }, body: good }),
      )
      assert.match(reply.body.message ?? '', /application\/json|utf-8/)
    }
  })

  test('content encodings', async () => {
    const batch = JSON.stringify(Array.from({ length: 3_000 }, () => login()))
    const encoders = {
      gzip: gzipSync,
      'X-GZIP': gzipSync,
      br: brotliCompressSync,
      zstd: zstdCompressSync,
      identity: asIs,
      '': asIs,
    }
    for (const [name, encode] of Object.entries(encoders)) {
      const headers = { 'content-encoding': name }
      await expectStatus(200, null, send(server, { headers, body: encode(Buffer.from(good)) }))
      const reply = await expectStatus(200, null, sendBatch(server, encode(Buffer.from(batch)), { headers }))
      assert.equal(reply.body.accepted, 3_000)
    }
    for (const name of ['deflate', 'compress', 'gzip, br', 'aes128gcm']) {
      const reply = await expectStatus(
        415,
        'UNSUPPORTED_MEDIA_TYPE',
        send(server, { headers: { 'content-encoding': name }, body: deflateSync(good) }),
      )
      assert.match(reply.body.message ?? '', /gzip, br, zstd/)
    }
  })

  test('a body that is not in its encoding', async () => {
    for (const [name, encode] of Object.entries({ gzip: gzipSync, br: brotliCompressSync, zstd: zstdCompressSync })) {
      const headers = { 'content-encoding': name }
      const whole = encode(Buffer.from(JSON.stringify(Array.from({ length: 3_000 }, () => login()))))
      for (const body of [Buffer.from(good), whole.subarray(0, -4), whole.subarray(0, 9), Buffer.alloc(0)]) {
        const reply = await expectStatus(400, 'BAD_REQUEST', sendBatch(server, body, { headers }))
        assert.equal(/window must be at most 8 MiB/.test(reply.body.message ?? ''), name === 'zstd')
      }
    }
  })

  test('what is stored is the body as sent, decompressed, with its byte order mark', {
    skip: skipOnDeployment,
  }, async () => {
    const text = `\ufeff {"client_user_id":"stored-as-sent", "event_name":"login","timestamp":1702963200.50,"ip_address":"::1","é":1e2}\n`
    for (const [headers, body] of [
      [{}, Buffer.from(text)],
      [{ 'content-encoding': 'br' }, brotliCompressSync(text)],
    ] as const) {
      const before = Date.now()
      const reply = await expectStatus(200, null, send(server, { headers, body }))
      const record = own.records.find(one => one.requestId === reply.body.request_id)
      assert.equal(Buffer.from(record?.body ?? []).toString(), text)
      assert.deepEqual([record?.kind, record?.product, record?.mode, record?.events], ['event', 'casino', 'live', 1])
      assert.ok((record?.receivedMs ?? 0) >= before && (record?.receivedMs ?? 0) <= Date.now())
    }
  })

  test('8 MiB is the most that a body may have, however it comes', async () => {
    const fill = (bytes: number) =>
      Buffer.from(
        JSON.stringify(login({ n: '' })).replace(
          '"n":""',
          `"n":"${'x'.repeat(bytes - JSON.stringify(login({ n: '' })).length)}"`,
        ),
      )
    const most = fill(8 * mebibyte)
    const over = fill(8 * mebibyte + 1)
    assert.equal(most.length, 8 * mebibyte)
    // Of the right size for a body, far too large for an event.
    await expectStatus(400, 'VALIDATION_ERROR', sendEvent(server, most))
    await expectStatus(413, 'PAYLOAD_TOO_LARGE', sendEvent(server, over))
    for (const [name, encode] of Object.entries({ gzip: gzipSync, zstd: zstdCompressSync })) {
      await expectStatus(
        400,
        'VALIDATION_ERROR',
        sendEvent(server, encode(most), { headers: { 'content-encoding': name } }),
      )
      await expectStatus(
        413,
        'PAYLOAD_TOO_LARGE',
        sendEvent(server, encode(over), { headers: { 'content-encoding': name } }),
      )
    }
    // Without a length, in chunks.
    const wire = await Wire.open(server)
    await wire.write(head(server, { 'Transfer-Encoding': 'chunked' }))
    for (let i = 0; i < 9; i++) await wire.write(`${mebibyte.toString(16)}\r\n${'x'.repeat(mebibyte)}\r\n`)
    await wire.write('0\r\n\r\n')
    const reply = await wire.reply()
    assert.deepEqual([reply.status, reply.json.code], [413, 'PAYLOAD_TOO_LARGE'])
    await wire.closed()
  })

  test('too large by its Content-Length is refused before the body comes', async () => {
    const wire = await Wire.open(server)
    await wire.write(head(server, { 'Content-Length': 8 * mebibyte + 1 }))
    const reply = await wire.reply()
    assert.deepEqual(
      [reply.status, reply.json.code, reply.headers.get('connection')],
      [413, 'PAYLOAD_TOO_LARGE', 'close'],
    )
    assert.match(reply.headers.get('ratelimit') ?? '', rateLimitPattern)
    wire.end()
  })

  test('a refusal reaches a client that goes on sending', async () => {
    for (const headers of [{ 'X-API-Key': 'nobody' }, { 'Content-Type': 'text/plain' }, {}]) {
      const wire = await Wire.open(server)
      await wire.write(head(server, { 'Content-Length': 20 * mebibyte, ...headers }))
      for (let i = 0; i < 20; i++) await wire.write(Buffer.alloc(mebibyte, 'x'))
      const reply = await wire.reply()
      assert.equal(reply.headers.get('connection'), 'close')
      assert.ok([401, 415, 413].includes(reply.status))
      await wire.closed()
    }
  })

  test('refusals come in the contract’s order', async () => {
    // Each row takes one reason away from the one before.
    const bad = {
      key: null as string | null,
      headers: { 'content-type': 'text/plain' },
      body: Buffer.alloc(8 * mebibyte + 1),
    }
    await expectStatus(404, 'NOT_FOUND', send(server, { ...bad, path: '/nowhere', method: 'PUT' }))
    await expectStatus(405, 'METHOD_NOT_ALLOWED', send(server, { ...bad, method: 'PUT' }))
    await expectStatus(401, 'UNAUTHORIZED', send(server, bad))
    await expectStatus(415, 'UNSUPPORTED_MEDIA_TYPE', send(server, { ...bad, key: server.key }))
    await expectStatus(
      415,
      'UNSUPPORTED_MEDIA_TYPE',
      send(server, { ...bad, key: server.key, headers: { 'content-encoding': 'lzw' } }),
    )
    await expectStatus(413, 'PAYLOAD_TOO_LARGE', send(server, { ...bad, key: server.key, headers: {} }))
    await expectStatus(400, 'INVALID_JSON', send(server, { body: '{' }))
  })

  test('429 comes before 415 and after 401', { skip: skipOnDeployment }, async () => {
    const { id, secret } = await own.makeKey({ rateLimit: 1 })
    await expectStatus(400, 'INVALID_JSON', send(server, { key: secret, body: '{' }))
    await expectStatus(
      429,
      'RATE_LIMITED',
      send(server, { key: secret, headers: { 'content-type': 'text/plain' }, body: Buffer.alloc(9 * mebibyte) }),
    )
    await own.revokeKey(id)
    await expectStatus(401, 'UNAUTHORIZED', send(server, { key: secret, body: good }))
  })

  test('100 Continue comes only after the head was found good', async () => {
    const wire = await Wire.open(server)
    await wire.write(head(server, { Expect: '100-continue', 'Content-Length': good.length }))
    assert.equal((await wire.reply()).status, 100)
    await wire.write(good)
    assert.equal((await wire.reply()).status, 200)
    wire.end()
    for (const [headers, status] of [
      [{ 'X-API-Key': 'nobody' }, 401],
      [{ 'Content-Type': 'text/plain' }, 415],
      [{ 'Content-Length': 9 * mebibyte }, 413],
    ] as const) {
      const refused = await Wire.open(server)
      await refused.write(head(server, { Expect: '100-continue', 'Content-Length': good.length, ...headers }))
      const reply = await refused.reply()
      assert.deepEqual([reply.status, reply.headers.get('connection')], [status, 'close'])
      refused.end()
    }
    const strange = await Wire.open(server)
    await strange.write(head(server, { Expect: 'miracles', 'Content-Length': good.length }) + good)
    assert.equal((await strange.reply()).status, 200)
    strange.end()
  })

  test('a connection goes on after a small refused request', async () => {
    const wire = await Wire.open(server)
    for (const [headers, status] of [
      [{ 'Content-Type': 'text/plain' }, 415],
      [{}, 200],
      [{ 'X-API-Key': 'nobody' }, 401],
      [{}, 200],
    ] as const) {
      await wire.write(head(server, { 'Content-Length': good.length, ...headers }) + good)
      assert.equal((await wire.reply()).status, status)
    }
    wire.end()
  })

  test('requests sent ahead are answered in order', async () => {
    const wire = await Wire.open(server)
    const one = (headers: Record<string, string>) => head(server, { 'Content-Length': good.length, ...headers }) + good
    await wire.write(
      one({}) + one({ 'Content-Type': 'text/plain' }) + one({}) + one({ 'X-API-Key': 'nobody' }) + one({}),
    )
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await wire.reply()).status)
    assert.deepEqual(statuses, [200, 415, 200, 401, 200])
    wire.end()
  })

  test('a body in any chunks is the same body', async () => {
    const text = JSON.stringify(login({ note: 'é'.repeat(2_000) }))
    for (const size of [1, 7, 1_000, 100_000]) {
      const wire = await Wire.open(server)
      let sent = head(server, { 'Transfer-Encoding': 'chunked' })
      const bytes = Buffer.from(text)
      await wire.write(sent)
      for (let at = 0; at < bytes.length; at += size) {
        const piece = bytes.subarray(at, at + size)
        sent = `${piece.length.toString(16)}\r\n`
        await wire.write(Buffer.concat([Buffer.from(sent), piece, Buffer.from('\r\n')]))
      }
      await wire.write('0\r\n\r\n')
      assert.equal((await wire.reply()).status, 200)
      wire.end()
    }
  })

  test('what is no HTTP is answered in JSON, and the connection closed', async () => {
    const wrong: [string, number, string][] = [
      ['hello\r\n\r\n', 400, 'BAD_REQUEST'],
      ['GET / HTTP/9.9\r\n\r\n', 400, 'BAD_REQUEST'],
      ['POST /v2/s2s/event HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n', 400, 'BAD_REQUEST'],
      [
        'POST /v2/s2s/event HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
        400,
        'BAD_REQUEST',
      ],
      ['GET /healthz HTTP/1.1\r\n\r\n', 400, 'BAD_REQUEST'],
      ['POST /v2/s2s/event HTTP/1.1\r\nHost: t\r\nBad Header: 1\r\n\r\n', 400, 'BAD_REQUEST'],
      ['\x16\x03\x01\x02\x00\x01\x00', 400, 'BAD_REQUEST'],
      [`GET /healthz HTTP/1.1\r\nHost: t\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
      [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: t\r\n\r\n`, 431, 'HEADERS_TOO_LARGE'],
      ['CONNECT host:443 HTTP/1.1\r\nHost: host\r\n\r\n', 400, 'BAD_REQUEST'],
    ]
    for (const [bytes, status, code] of wrong) {
      const wire = await Wire.open(server)
      await wire.write(bytes)
      const reply = await wire.reply()
      assert.deepEqual([reply.status, reply.json.code, reply.json.status], [status, code, 'error'], bytes.slice(0, 60))
      assert.equal(reply.headers.get('x-request-id'), reply.json.request_id)
      if (reply.headers.get('connection') === 'close') await wire.closed()
      wire.end()
    }
  })

  test('chunks that are no chunks are told to the key they came with', async () => {
    const wire = await Wire.open(server)
    await wire.write(`${head(server, { 'Transfer-Encoding': 'chunked' })}5\r\nhello\r\nnonsense\r\n`)
    const reply = await wire.reply()
    assert.deepEqual([reply.status, reply.json.code, reply.headers.get('connection')], [400, 'BAD_REQUEST', 'close'])
    assert.match(reply.headers.get('ratelimit') ?? '', rateLimitPattern)
    await wire.closed()
  })

  test('HTTP/1.0 is spoken', async () => {
    const wire = await Wire.open(server)
    await wire.write(
      `POST /v2/s2s/event HTTP/1.0\r\nX-API-Key: ${server.key}\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
    )
    assert.equal((await wire.reply()).status, 200)
    await wire.closed()
  })

  test('health', async () => {
    for (const method of ['GET', 'HEAD'])
      assert.equal((await send(server, { path: '/healthz', method, key: null })).status, 200)
    const reply = await send(server, { path: '/readyz', method: 'GET', key: null })
    assert.equal(reply.status, 200)
    assert.deepEqual(Object.keys(reply.body), ['status', 'parts'])
  })
})

const asIs = (bytes: Buffer) => bytes

/** A reply without what differs between any two. */
function anonymous(reply: Reply) {
  const { request_id: _, ...body } = reply.body
  return {
    status: reply.status,
    body,
    headers: [...reply.headers.keys()].filter(name => name !== 'connection' && name !== 'keep-alive'),
  }
}
