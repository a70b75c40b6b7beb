// Whatever bytes come over a connection, in whatever pieces: every reply is HTTP with a JSON body and a status of the
// contract, nothing is stored that was not acknowledged and the other way round, and when the clients are gone nothing
// is held any more. Requests are cut, doubled, mixed and bent; seeds are printed by fast-check.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import * as fc from 'fast-check'
import { limits } from '../limits.ts'
import { type Api, openApi } from './api.ts'

const directory = mkdtempSync(join(tmpdir(), 'door-fuzz-'))
const logged: string[] = []
const stored: string[] = []
let api: Api

before(async () => {
  const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const key = {
    id: 'key_a',
    product: 'casino',
    mode: 'live',
    rateLimit: 6_000_000,
    scopes: ['ingest'],
    prefix: 'dp_live_abcd',
  } as const
  api = await openApi({
    accounts: {
      findKey: presented => (presented === 'good' ? key : null),
      findEnded: () => null,
      unseenMs: () => 0,
      touch() {},
    },
    log: {
      append(record, done) {
        if (record.kind !== 'tally') stored.push(record.requestId)
        setImmediate(done, null)
      },
      status: () => ({ refusing: null }) as never,
    },
    host: '127.0.0.1',
    port: 0,
    now: Date.now,
    logger: { info: line, warn: line, error: line },
    limits: { ...limits, headersTimeoutMs: 400, requestTimeoutMs: 600, tallyIntervalMs: 100 },
    trustedProxies: [],
    unknownKeysDir: directory,
    windowsDir: directory,
    sharedWindows: null,
    readiness: async () => ({}),
    pages: { page: async () => null },
    answers: {
      dryRun: async () => ({ answer: Buffer.from('{}') }),
      receipts: async () => ({ answer: Buffer.from('null') }),
      reconciliation: async () => ({ answer: Buffer.from('{}') }),
    },
  })
})

after(async () => {
  await api.close()
  rmSync(directory, { recursive: true, force: true })
})

const event = '{"client_user_id":"u","event_name":"login","timestamp":1702963200,"ip_address":"::1"}'
const bodies = fc.constantFrom(
  event,
  `[${event},${event}]`,
  '',
  '{',
  '[]',
  '\ufeff{}',
  'x'.repeat(70_000),
  `[${'['.repeat(50_000)}`,
)

const headers = fc.subarray([
  'X-API-Key: good',
  'Host: t',
  'X-API-Key: bad',
  'Content-Type: application/json',
  'Content-Type: text/plain',
  'Content-Encoding: gzip',
  'Content-Encoding: br',
  'Expect: 100-continue',
  'Connection: close',
  'Connection: keep-alive, upgrade',
  'Upgrade: websocket',
  'Transfer-Encoding: gzip',
  'X-Forwarded-For: 1.2.3.4',
  'Trailer: x',
])

const request = fc
  .record({
    method: fc.constantFrom('POST', 'POST', 'POST', 'POST', 'GET', 'HEAD', 'PUT', 'OPTIONS', 'CONNECT', 'PRI', 'BREW'),
    target: fc.constantFrom(
      '/v2/s2s/event',
      '/v2/s2s/batch',
      '//v2/s2s/event/',
      '/readyz',
      '/healthz',
      '/x',
      '*',
      '/v2/s2s/event?dryrun',
    ),
    version: fc.constantFrom('1.1', '1.1', '1.1', '1.0', '2.0'),
    good: fc.boolean(),
    headers,
    body: bodies,
    frame: fc.constantFrom('length', 'length', 'chunked', 'short', 'long', 'none', 'gzip'),
  })
  .map(wish => {
    const lines = wish.good ? ['Host: t', 'X-API-Key: good'] : wish.headers
    const body = wish.frame === 'gzip' ? gzipSync(wish.body) : Buffer.from(wish.body)
    const framed: Record<string, string[]> = {
      length: [`Content-Length: ${body.length}`],
      gzip: [`Content-Length: ${body.length}`, 'Content-Encoding: gzip'],
      short: [`Content-Length: ${Math.max(0, body.length - 3)}`],
      long: [`Content-Length: ${body.length + 9}`],
      chunked: ['Transfer-Encoding: chunked'],
      none: [],
    }
    const head = [`${wish.method} ${wish.target} HTTP/${wish.version}`, ...lines, ...(framed[wish.frame] ?? [])]
    const payload =
      wish.frame === 'chunked'
        ? Buffer.concat([
            Buffer.from(`${body.length.toString(16)}\r\n`),
            body,
            Buffer.from(body.length > 0 ? '\r\n0\r\n\r\n' : '\r\n'),
          ])
        : body
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), payload])
  })

const connection = fc.record({
  requests: fc.array(request, { minLength: 1, maxLength: 5 }),
  flips: fc.array(fc.record({ at: fc.nat(), byte: fc.nat(255) }), { maxLength: 2 }),
  cut: fc.option(fc.nat(), { freq: 4 }),
  sizes: fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 4 }),
  end: fc.constantFrom('half', 'reset', 'wait'),
})

test('any bytes in any pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(connection, { minLength: 1, maxLength: 4 }), async connections => {
      const replies = await Promise.all(connections.map(one => exchange(one)))
      for (const text of replies) assertReplies(text)
      const deadline = Date.now() + 10_000
      for (;;) {
        const { requestsInFlight, bodyBytesInFlight, eventsWaiting, connections: open } = api.status()
        if (requestsInFlight + bodyBytesInFlight + eventsWaiting + open === 0) break
        assert.ok(Date.now() < deadline, `held: ${JSON.stringify(api.status())}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      assert.deepEqual(logged, [])
      const { eventsReceived, eventsAccepted, eventsRejected } = api.status()
      assert.equal(eventsReceived, eventsAccepted + eventsRejected)
    }),
    { numRuns: 25 },
  )
})

/** Sends what is wished for and gives all that came back. */
async function exchange(wish: {
  requests: Buffer[]
  flips: { at: number; byte: number }[]
  cut: number | null
  sizes: number[]
  end: string
}) {
  const sent = Buffer.concat(wish.requests)
  for (const { at, byte } of wish.flips) sent[at % sent.length] = byte
  const bytes = wish.cut === null ? sent : sent.subarray(0, wish.cut % sent.length)
  const socket = connect(api.port, '127.0.0.1')
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (text: string) => {
    received += text
  })
  socket.on('error', () => {})
  const closed = new Promise<void>(resolve => socket.on('close', () => resolve()))
  await new Promise(resolve => socket.once('connect', resolve))
  for (let at = 0, i = 0; at < bytes.length && !socket.destroyed; i++) {
    const size = wish.sizes[i % wish.sizes.length] as number
    await new Promise(resolve => socket.write(bytes.subarray(at, at + size), resolve))
    at += size
  }
  if (wish.end === 'half') socket.end()
  if (wish.end === 'reset') socket.resetAndDestroy()
  // One that waits is let go by the server, or by us a little after its last byte.
  if (wish.end === 'wait') setTimeout(() => socket.destroy(), 60)
  await closed
  return received
}

const statuses = new Set(['100', '200', '400', '401', '404', '405', '408', '413', '415', '431'])

function assertReplies(text: string): void {
  let rest = text
  while (rest !== '') {
    const headEnd = rest.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const head = rest.slice(0, headEnd)
    const status = /^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? head.slice(0, 80)
    assert.ok(statuses.has(status), status)
    rest = rest.slice(headEnd + 4)
    if (status === '100') continue
    assert.match(head, /\r\nContent-Type: application\/json\r\n/)
    const requestId = /\r\nX-Request-Id: (\S+)/.exec(head)?.[1] ?? ''
    const length = Number(/\r\nContent-Length: (\d+)/.exec(head)?.[1])
    const body = rest.slice(0, length)
    // The reply to a HEAD has no body, and what follows begins another.
    if (body.length < length || body.startsWith('HTTP/1.1')) continue
    rest = rest.slice(length)
    const parsed = JSON.parse(Buffer.from(body, 'latin1').toString()) as { status: string; request_id?: string }
    if (parsed.request_id !== undefined) assert.equal(parsed.request_id, requestId)
    if (parsed.status === 'success') assert.ok(stored.includes(requestId))
  }
}
