// The OpenAPI document and a running server say the same: what it shows as sent is sent, and what it shows as answered is
// answered, word for word but for ids and times. (Every reply that the other suites get is read against it too: wire.ts.)

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { batchAcceptedExample, partlyExample } from '../../contract/openapi/answer-examples.ts'
import { errorExamples, refusedBodies } from '../../contract/openapi/error-examples.ts'
import { batchExamples, eventExamples, partlyGood } from '../../contract/openapi/sent-examples.ts'
import { assertDescribed, document, type Operation, operations, resolved } from '../harness/described.ts'
import { type OwnServer, skipOnDeployment, startOwnServer, startServer, type TestServer } from '../harness/server.ts'
import { head, type RawReply, type Reply, send, sendBatch, sendEvent, Wire } from './wire.ts'

const id = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

suite('openapi', () => {
  let server: TestServer
  before(async () => {
    server = await startServer()
  })
  after(() => server.close())

  test('is served to anybody, compressed or not, and not again to whoever has it', async () => {
    const ask = (headers: Record<string, string> = {}, method = 'GET') =>
      send(server, { path: '/openapi.json', method, key: null, headers })
    const reply = await ask({ 'accept-encoding': 'identity' })
    assert.equal(reply.status, 200)
    const served = JSON.parse(reply.text) as typeof document
    assert.match((served['info'] as { version: string }).version, /^\d+\.\d+\.\d+$/)
    assert.deepEqual({ ...served, info: null }, { ...JSON.parse(JSON.stringify(document)), info: null })
    assert.equal(reply.headers.get('content-encoding'), null)
    assert.equal((await ask({ 'accept-encoding': 'gzip;q=0, br' })).headers.get('content-encoding'), null)

    const wire = await Wire.open(server)
    await wire.write(head(server, { 'Accept-Encoding': 'br, gzip' }, 'GET /openapi.json'))
    const compressed = await wire.bytes()
    assert.equal(compressed.headers.get('content-encoding'), 'gzip')
    assert.equal(gunzipSync(compressed.body).toString(), reply.text)
    wire.end()

    const etag = reply.headers.get('etag') ?? ''
    for (const tag of [etag, `"other", ${etag}`, etag.replace('W/', ''), '*']) {
      const again = await fetch(`${server.url}/openapi.json`, { headers: { 'if-none-match': tag } })
      assert.deepEqual([again.status, await again.text(), again.headers.get('etag')], [304, '', etag])
    }
    assert.equal((await ask({ 'if-none-match': '"other"' })).status, 200)
    const bodiless = await fetch(`${server.url}/openapi.json`, { method: 'HEAD' })
    assert.deepEqual([bodiless.status, await bodiless.text()], [200, ''])
    assert.equal((await ask({}, 'POST')).status, 405)
  })

  test('every request that it shows is taken', async () => {
    let sent = 0
    for (const { path, operation } of operations) {
      for (const { value } of examplesOf(operation)) {
        for (const query of ['', '?dryrun', '?partial=1']) {
          const reply = await send(server, { path: path + query, body: value })
          assert.equal(reply.status, 200, reply.text)
          sent++
        }
      }
    }
    assert.ok(sent >= 3 * (Object.keys(eventExamples).length + 1))
    assertAnswer(await sendBatch(server, batchExamples.batch.value), batchAcceptedExample)
    assertAnswer(await sendBatch(server, partlyGood, { path: '/v2/s2s/batch?partial=1' }), partlyExample)
  })

  test('a dry run is answered as it shows', async () => {
    const shown = answersOf('sendEvent')
    const { misspelled } = operationOf('sendEvent').requestBody?.content['application/json']?.examples ?? {}
    assertAnswer(await sendEvent(server, misspelled?.value, { path: '/v2/s2s/event?dryrun' }), shown['dryRun'])
    const batch = await sendBatch(server, partlyGood, { path: '/v2/s2s/batch?dryrun' })
    assertAnswer(batch, answersOf('sendBatch')['dryRun'])
  })

  test('every body that it shows refused is refused in those words', async () => {
    const shown = { ...errorExamples.VALIDATION_ERROR, ...errorExamples.INVALID_JSON }
    for (const [name, { kind, body }] of Object.entries(refusedBodies)) {
      const reply = await send(server, { path: `/v2/s2s/${kind}`, body: body() })
      assertAnswer(reply, shown[name])
    }
  })

  test('whoever is alive and ready says so as it shows', async () => {
    assertAnswer(await send(server, { path: '/healthz', method: 'GET' }), answersOf('isAlive')['alive'])
    const { body } = await send(server, { path: '/readyz', method: 'GET' })
    assert.equal((body as unknown as { parts: Record<string, string> }).parts['api'], 'ready')
  })

  test('what is not described would be noticed', async () => {
    const reply = await sendEvent(server, eventExamples.login.value)
    const told = (change: Partial<Reply>) => assertDescribed('POST', '/v2/s2s/event', { ...reply, ...change })
    told({})
    assert.throws(() => told({ status: 503 }), /no such status/)
    assert.throws(() => told({ text: reply.text.replace('"accepted"', '"taken"') }), /must have required property/)
    assert.throws(() => told({ text: reply.text.replace('{', '{"more":1,') }), /must NOT have additional properties/)
    const more = new Headers([...reply.headers, ['X-More', '1']])
    assert.throws(() => told({ headers: more }), /the header x-more is not described/)
    assert.throws(() => told({ headers: new Headers({ 'x-request-id': 'x' }) }), /must match format|is missing/)
  })
})

suite('openapi: every error', { skip: skipOnDeployment }, () => {
  let server: TestServer & { own: OwnServer }
  let isBroken = false
  before(async () => {
    server = await startOwnServer({
      limits: { bodiesInFlightBytesMax: 1024 * 1024 },
      breakKeys() {
        if (isBroken) throw new Error('a bug')
      },
    })
  })
  after(() => server.close())
  const login = eventExamples.login.value

  test('is answered as it shows', async () => {
    const told: Record<string, () => Promise<Reply | RawReply>> = {
      BAD_REQUEST: () => sendEvent(server, login, { headers: { 'content-encoding': 'gzip' } }),
      UNAUTHORIZED: () => sendEvent(server, login, { key: null }),
      async NOT_FOUND() {
        const { secret: key } = await server.own.makeKey({ scopes: ['read'] })
        return send(server, { method: 'GET', path: '/v2/s2s/requests?message_id=x', key })
      },
      METHOD_NOT_ALLOWED: () => sendEvent(server, login, { method: 'PUT' }),
      async REQUEST_TIMEOUT() {
        const hasty = await startOwnServer({ limits: { headersTimeoutMs: 400, requestTimeoutMs: 500 } })
        after(() => hasty.close())
        return replyTo(head(hasty, { 'Content-Length': 10 }), hasty)
      },
      PAYLOAD_TOO_LARGE: () => replyTo(head(server, { 'Content-Length': 8 * 1024 * 1024 + 1 })),
      UNSUPPORTED_MEDIA_TYPE: () => sendEvent(server, login, { headers: { 'content-type': 'text/plain' } }),
      async RATE_LIMITED() {
        const { secret: key } = await server.own.makeKey({ rateLimit: 1 })
        await sendEvent(server, login, { key })
        return sendEvent(server, login, { key })
      },
      HEADERS_TOO_LARGE: () => replyTo(head(server, { Long: 'x'.repeat(16 * 1024) })),
      async INTERNAL_ERROR() {
        isBroken = true
        const reply = await sendEvent(server, login)
        isBroken = false
        return reply
      },
      OVERLOADED: () => sendEvent(server, 'x'.repeat(2 * 1024 * 1024)),
      async STORAGE_UNAVAILABLE() {
        server.own.failLog({ code: 'LOG_DISK_FULL', message: 'full', retryAfterSeconds: 5 })
        const reply = await sendEvent(server, login)
        server.own.failLog(null)
        return reply
      },
    }
    for (const [code, examples] of Object.entries(errorExamples)) {
      if (code === 'VALIDATION_ERROR' || code === 'INVALID_JSON') continue
      const reply = await (told[code] as () => Promise<Reply>)()
      assertAnswer(reply, Object.values(examples)[0])
    }
  })

  /** Read against the document like any other. */
  async function replyTo(request: string, to: TestServer = server): Promise<RawReply> {
    const wire = await Wire.open(to)
    await wire.write(request)
    const reply = await wire.reply()
    wire.end()
    const headers = new Headers([...reply.headers])
    assertDescribed('POST', '/v2/s2s/event', { status: reply.status, headers, text: reply.body })
    return reply
  }
})

function assertAnswer(reply: Reply | RawReply, shown: { value: unknown } | undefined): void {
  const body = 'json' in reply ? reply.json : reply.body
  assert.deepEqual(masked(body), masked(shown?.value))
}

/** Without what is another one each time: ids, times, the beginning of a key; and numbers in messages. */
function masked(body: unknown): unknown {
  const text = JSON.stringify(body)
    .replaceAll(id, 'ID')
    .replaceAll(/"recv_timestamp":\d+/g, '"recv_timestamp":0')
    .replaceAll(/"apiKey":"dp_(live|test)_[^"]*…"/g, '"apiKey":"dp_…"')
    .replaceAll(/may send \d+|wait \d+ s/g, 'N')
  return JSON.parse(text)
}

function operationOf(operationId: string): Operation {
  const found = operations.find(({ operation }) => operation.operationId === operationId)
  assert.ok(found !== undefined, operationId)
  return found.operation
}

function answersOf(operationId: string): Record<string, { value: unknown }> {
  const described = resolved(operationOf(operationId).responses['200'] as object) as Operation['responses'][string]
  return described.content?.['application/json']?.examples ?? {}
}

function examplesOf({ requestBody }: Operation): { value: unknown }[] {
  return Object.values(requestBody?.content['application/json']?.examples ?? {})
}
