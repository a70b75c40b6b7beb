// NATS, Redis and a ClickHouse server that ask for encryption, user and password: events go through all of them, what is wrong
// is said in a sentence, and no secret is told to anybody.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { skipWithoutRedis, startRedis } from '../../server/src/api/testing/redis-server.ts'
import { type NatsServers, skipWithoutNats, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { startEngine } from '../../server/src/warehouse/testing/engine-process.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'
import { natsEnvironment } from '../harness/nats-environment.ts'

const skipWithoutOpenssl = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed'
const skip = skipWithoutNats || skipWithoutRedis || skipWithoutOpenssl
const secrets = { nats: 'nats-secret-1', redis: 'redis-secret-2', warehouse: 'warehouse-secret-3' }
const ends: (() => unknown)[] = []
let folder: string
let nats: NatsServers
let environment: Record<string, string>

before(async () => {
  if (skip !== false) return
  folder = mkdtempSync(join(tmpdir(), 'secured-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const [key, certificate] = makeCertificate()
  const more = [
    `tls { cert_file: "${certificate}", key_file: "${key}" }`,
    `authorization { user: datapulse, password: "${secrets.nats}" }`,
  ]
  nats = await startNats({ more })
  ends.push(() => nats.remove())
  const [redisPort] = await freePorts()
  const redis = await startRedis(redisPort, ['--requirepass', secrets.redis])
  ends.push(() => redis.kill('SIGKILL'))
  const engine = await startEngine()
  ends.push(() => engine.remove())
  const warehouse = await startWarehouse(key, certificate, engine.socketPath)
  ends.push(() => warehouse.close())
  environment = {
    NODE_EXTRA_CA_CERTS: certificate,
    ...natsEnvironment(nats.url.replace('nats://127.0.0.1', 'tls://localhost'), 1),
    DATAPULSE_NATS_USER: 'datapulse',
    DATAPULSE_NATS_PASSWORD: secrets.nats,
    DATAPULSE_LIMITS: `redis://:${secrets.redis}@127.0.0.1:${redisPort}`,
    DATAPULSE_WAREHOUSE: `https://127.0.0.1:${(warehouse.address() as AddressInfo).port}`,
    DATAPULSE_WAREHOUSE_USER: 'datapulse',
    DATAPULSE_WAREHOUSE_PASSWORD: secrets.warehouse,
  }
})
after(async () => {
  for (const end of ends.toReversed()) await end()
})

function makeCertificate(): [string, string] {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const wish = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1']
  const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', certificate]
  const made = spawnSync('openssl', [...wish, ...names])
  assert.equal(made.status, 0, made.stderr.toString())
  return [key, certificate]
}

/** The engine behind what a ClickHouse server asks for: TLS, and who it is. */
async function startWarehouse(key: string, certificate: string, socketPath: string): Promise<Server> {
  const wanted = `Basic ${Buffer.from(`datapulse:${secrets.warehouse}`).toString('base64')}`
  const server = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (req, res) => {
    if (req.headers.authorization !== wanted) {
      req.resume()
      const code = { 'X-ClickHouse-Exception-Code': '516' }
      return void res.writeHead(403, code).end('Code: 516. DB::Exception: datapulse: Authentication failed')
    }
    const { url, method, headers } = req
    const engine = request({ socketPath, path: url, method, headers }, reply => {
      res.writeHead(reply.statusCode ?? 502, reply.headers)
      reply.pipe(res)
    })
    engine.on('error', () => res.destroy())
    req.pipe(engine)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const event = JSON.stringify({
  client_user_id: 'u',
  event_name: 'login',
  timestamp: 1_702_963_200,
  ip_address: '203.0.113.1',
})

let server: Installation

test('events go through all of them, and no secret is told', { skip }, async () => {
  server = await Installation.open({ environment })
  ends.push(() => server.close())
  const key = await server.key('casino')
  assert.equal((await server.post('/v2/s2s/event', key, event)).status, 200)
  await until('it is listed', async () => (await server.events()).length === 1)
  const { body } = await server.admin('/metrics')
  assert.match(String(body['text']), /^datapulse_limits_hold\{[^}]*\} 1/m)
  const told = [server.output.join(''), String(body['text']), JSON.stringify(await server.status())].join('\n')
  for (const secret of [...Object.values(secrets), key]) assert.ok(!told.includes(secret), 'a secret is told')
  assert.equal(await server.stop(), 0)
})

test('with a wrong password at the warehouse events are taken, and it is said why they wait', { skip }, async () => {
  server.launch({ DATAPULSE_WAREHOUSE_PASSWORD: 'wrong-secret-4' })
  const why = async () => (await server.get('/readyz').catch(() => null))?.body['parts'] as Record<string, string>
  await until('it says why', async () => /Authentication failed/.test((await why())?.['pipeline'] ?? ''))
  const key = await server.key('casino')
  assert.equal((await server.post('/v2/s2s/event', key, event)).status, 200)
  assert.ok(!server.output.join('').includes('wrong-secret-4'))
  await server.stop()
  await server.start()
  await until('what waited is listed', async () => (await server.events()).length === 2)
  assert.equal(await server.stop(), 0)
})

test('a wrong password at NATS is said in a sentence, without it', { skip }, async () => {
  await assert.rejects(server.start({ DATAPULSE_NATS_PASSWORD: 'wrong-secret-5' }), (fault: Error) => {
    assert.match(fault.message, /Cannot use NATS because .*[Aa]uth/)
    assert.ok(!fault.message.includes('wrong-secret-5'))
    return true
  })
})
