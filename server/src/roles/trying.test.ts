// What is sent on reaches a door as it was composed, and what became of it is told apart: answered, never sent, not answered.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openRoleSocket, socketPath } from '../role-socket.ts'
import { freePorts } from '../testing/free-ports.ts'
import { sendTo, tryRequest } from './trying.ts'

const wish = { path: '/v2/s2s/event?dryrun', key: 'dp_test_x', idempotencyKey: 'once', body: '{"a":"é"' }

test('a request and its reply pass unchanged', async () => {
  const came: unknown[] = []
  await withDoor(
    async (request, reply) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const { method, url, headers } = request
      came.push([method, url, Buffer.concat(chunks).toString()], headers)
      reply.writeHead(429, { 'Retry-After': '7', 'X-Request-Id': 'r' }).end('{"status":"error"}')
    },
    async at => {
      const tried = await sendTo(at, wish)
      assert.ok(typeof tried === 'object')
      const { status, headers, body, isCut, tookMs } = tried
      assert.deepEqual([status, headers['retry-after'], headers['x-request-id']], [429, '7', 'r'])
      assert.deepEqual([body, isCut, tookMs >= 0], ['{"status":"error"}', false, true])
      assert.ok(!('connection' in headers) && !('transfer-encoding' in headers))
      const [first, sent] = came as [unknown, Record<string, string>]
      assert.deepEqual(first, ['POST', wish.path, wish.body])
      assert.deepEqual(
        [sent['x-api-key'], sent['idempotency-key'], sent['content-type']],
        ['dp_test_x', 'once', 'application/json'],
      )
      assert.ok(!('x-forwarded-for' in sent))
      await sendTo(at, { ...wish, key: null, idempotencyKey: null })
      const bare = came.at(-1) as object
      assert.ok(!('x-api-key' in bare) && !('idempotency-key' in bare))
    },
  )
})

test('where nobody listens nothing was sent', async () => {
  const [port] = (await freePorts(1)) as [number]
  assert.equal(await sendTo({ host: '127.0.0.1', port }, wish), 'away')
})

test('who hangs up, answers in part, or not in time leaves it unknown', async () => {
  const at: Record<string, Door> = {
    hangup: request => void request.socket.destroy(),
    part(_, reply) {
      reply.writeHead(200, { 'content-length': '100' })
      reply.write('{"status"', () => reply.destroy())
    },
    never() {},
  }
  for (const [name, door] of Object.entries(at))
    await withDoor(door, async place => assert.equal(await sendTo(place, wish, 200), 'silent', name))
})

test('the API of this machine is found where it listens, or is away', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'datapulse-trying-'))
  mkdirSync(join(dataDir, 'run'))
  assert.equal(await tryRequest({ dataDir, host: '127.0.0.1' }, wish), 'away')
  await withDoor(
    (_, reply) => reply.end('{}'),
    async ({ port }) => {
      const socket = await openRoleSocket(socketPath(dataDir, 'api'), {
        status: () => ({ port }),
        metrics: async () => ({}),
      })
      for (const host of ['127.0.0.1', '0.0.0.0'])
        assert.equal(((await tryRequest({ dataDir, host }, wish)) as { body: string }).body, '{}', host)
      await socket.close()
    },
  )
  rmSync(dataDir, { recursive: true })
})

type Door = (request: IncomingMessage, reply: ServerResponse) => unknown

async function withDoor(door: Door, use: (at: { host: string; port: number }) => Promise<void>) {
  const server = createServer((request, reply) => void door(request, reply)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    await use({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
