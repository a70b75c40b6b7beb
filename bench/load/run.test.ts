// The load generator against a small server that looks at everything it gets.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { buildEvents, eventBytes, stampEvents } from './events.ts'
import type { Job } from './job.ts'
import { run } from './run.ts'

type Got = { path: string; body: unknown; bytes: number }

async function listen(
  t: TestContext,
  statusOf: (count: number) => number,
  { onConnection = (_: Socket) => {}, replyMs = 0 } = {},
): Promise<{ port: number; got: Got[] }> {
  const got: Got[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      got.push({ path: request.url ?? '', body: JSON.parse(body.toString()) as unknown, bytes: body.length })
      const reply = '{"status":"any"}'
      response.writeHead(statusOf(got.length), { 'content-length': reply.length })
      if (replyMs === 0) response.end(reply)
      else setTimeout(() => response.end(reply), replyMs)
    })
  })
  server.on('connection', onConnection)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, got }
}

function job(port: number, more: Partial<Job>): Job {
  const loop = { kind: 'closed' } as const
  const counts = { connections: 4, warmSeconds: 0, seconds: 20, requestsMax: 200 }
  return { port, events: 1, apiKey: 'key', loop, ...counts, ...more }
}

test('closed loop sends so many requests, each event with a transaction of its own', async t => {
  const { port, got } = await listen(t, () => 200)
  const outcome = await run(job(port, {}))
  assert.equal(outcome.eventsAcknowledged, got.length)
  assert.ok(got.length >= 200 && got.length < 210, `${got.length} requests`)
  assert.deepEqual(new Set(got.map(each => each.path)), new Set(['/v2/s2s/event']))
  assert.deepEqual(new Set(got.map(each => each.bytes)), new Set([eventBytes]))
  const ids = got.map(each => (each.body as { transaction_id: string }).transaction_id)
  assert.equal(new Set(ids).size, got.length)
})

test('a batch is an array of unique events', async t => {
  const { port, got } = await listen(t, () => 200)
  const outcome = await run(job(port, { events: 50, requestsMax: 10 }))
  const events = got.flatMap(each => each.body as { transaction_id: string }[])
  assert.equal(events.length, outcome.eventsAcknowledged)
  assert.equal(new Set(events.map(event => event.transaction_id)).size, events.length)
  assert.deepEqual(new Set(got.map(each => each.path)), new Set(['/v2/s2s/batch']))
})

test('what is not a 200 is counted by its status and not as acknowledged', async t => {
  const { port, got } = await listen(t, count => (count % 4 === 0 ? 500 : count % 4 === 1 ? 429 : 200))
  const outcome = await run(job(port, {}))
  const of = (rest: number[]) => got.filter((_, i) => rest.includes((i + 1) % 4)).length
  assert.equal(outcome.eventsAcknowledged, of([2, 3]))
  assert.deepEqual(outcome.failures, { '429': of([1]), '500': of([0]) })
})

test('open loop sends what was intended, each once', async t => {
  const { port, got } = await listen(t, () => 200)
  const loop = { kind: 'open', requestsPerSecond: 2_000, pace: 'timer' } as const
  const outcome = await run(job(port, { loop, seconds: 60 }))
  assert.deepEqual(outcome.failures, {})
  assert.equal(outcome.eventsAcknowledged, got.length)
  assert.equal(outcome.requests, got.length)
  assert.ok(got.length >= 200 && got.length < 210, `${got.length} requests`)
  const ids = got.map(each => (each.body as { transaction_id: string }).transaction_id)
  assert.equal(new Set(ids).size, got.length)
})

test('a connection that the server closed while it was idle is opened again, and nothing is lost with it', async t => {
  const closedFirst = 6
  let opened = 0
  const onConnection = (socket: Socket) => {
    if (opened++ < closedFirst) socket.destroy()
  }
  // Each reply takes so long that several connections are needed at once, and those that were closed come up.
  const { port, got } = await listen(t, () => 200, { onConnection, replyMs: 40 })
  const loop = { kind: 'open', requestsPerSecond: 200, pace: 'timer' } as const
  const outcome = await run(job(port, { loop, connections: 8, requestsMax: 40 }))
  assert.deepEqual(outcome.failures, {})
  assert.equal(outcome.eventsAcknowledged, got.length)
  assert.ok(got.length >= 40 && opened > 8, `${got.length} requests, ${opened} connections`)
})

test('in an open loop what is not answered 200 counts as the slowest there is, and not as a request', async t => {
  const { port, got } = await listen(t, count => (count % 20 === 0 ? 500 : 200))
  const loop = { kind: 'open', requestsPerSecond: 2_000, pace: 'timer' } as const
  const outcome = await run(job(port, { loop, seconds: 60 }))
  const failed = got.filter((_, i) => (i + 1) % 20 === 0).length
  assert.equal(outcome.requests, got.length - failed)
  assert.equal(outcome.failures['500'], failed)
  assert.equal(outcome.latency.p99Ms, outcome.latency.maxMs)
  assert.ok(outcome.latency.maxMs > 1e6)
  assert.ok(outcome.latency.p50Ms < 1e6)
})

test('in a closed loop it has no latency', async t => {
  const { port } = await listen(t, count => (count % 20 === 0 ? 500 : 200))
  const outcome = await run(job(port, {}))
  assert.ok(outcome.latency.maxMs < 1e6)
})

test('stamping changes digits only: the text stays valid and as long as it was', () => {
  const text = buildEvents({ events: 7, asArray: true, tag: 'abc123', variant: 3 })
  const length = text.bytes.length
  assert.equal(stampEvents(text.bytes, 0, text, 999), 1006)
  const events = JSON.parse(text.bytes.toString()) as { transaction_id: string }[]
  assert.equal(text.bytes.length, length)
  assert.deepEqual(
    events.map(event => event.transaction_id),
    Array.from({ length: 7 }, (_, i) => `tx-abc123-${String(999 + i).padStart(12, '0')}`),
  )
})
