// Several threads behind one port: they share the log, the limits and the keys, and are told of as one.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { skipWithoutRedis, startRedis } from '../../server/src/api/testing/redis-server.ts'
import { bareEnvironment } from '../harness/bare-environment.ts'
import { endsInTime } from '../harness/ended-key.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'
import { audit, deposit, seeded, Traffic } from '../harness/traffic.ts'

const environment = { DATAPULSE_API_WORKERS: '3' }
let server: Installation
before(async () => {
  server = await Installation.open({ environment })
})
after(() => server.close())

/** One request on a connection of its own: the system hands each to one of the threads. */
function postAlone(key: string, body: string, to: Installation = server): Promise<number> {
  const agent = new Agent({ keepAlive: false })
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key, 'content-length': Buffer.byteLength(body) }
    const sent = request(`${to.url}/v2/s2s/event`, { method: 'POST', headers, agent }, reply => {
      reply.resume()
      reply.on('end', () => resolve(reply.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

async function metric(name: string, of: Installation = server): Promise<number> {
  const { text } = (await of.admin('/metrics')).body
  return Number(new RegExp(`^${name}\\{[^}]*\\} (\\d+)$`, 'm').exec(String(text))?.[1] ?? Number.NaN)
}

test('what they counted is told as one', async () => {
  const key = await server.key('counted')
  await Promise.all(Array.from({ length: 40 }, (_, i) => postAlone(key, JSON.stringify(deposit(`c${i}`)))))
  await Promise.all(Array.from({ length: 20 }, () => postAlone(key, '{}')))
  await until('all are counted', async () => (await metric('datapulse_events_accepted_total')) === 40)
  await until('all are counted', async () => (await metric('datapulse_events_rejected_total')) === 20)
  await until('they are in the books', async () => (await server.events('&product=counted')).length === 40)
})

test('a limit is exact over all of them, and outlives them', async () => {
  const key = await server.key('limited', { rate_limit: 60 })
  const statuses = await Promise.all(
    Array.from({ length: 150 }, (_, i) => postAlone(key, JSON.stringify(deposit(`l${i}`)))),
  )
  assert.equal(statuses.filter(status => status === 200).length, 60)
  assert.equal(statuses.filter(status => status === 429).length, 90)
  const usage = async () => {
    const { body } = await server.admin('/api/usage?product=limited')
    const [{ requests, over_limit, events, peak }] = body['usage'] as [Record<string, unknown>]
    return { requests, over_limit, events, peak: (peak as Record<string, unknown> | null)?.['requests'] }
  }
  const whole = { requests: 60, over_limit: 90, events: 60, peak: 60 }
  await until('their usage is told as one', async () => isDeepStrictEqual(await usage(), whole))
  server.kill('api')
  await server.ready()
  assert.equal(await postAlone(key, JSON.stringify(deposit('l'))), 429)
  await until('it outlives them', async () => isDeepStrictEqual(await usage(), { ...whole, over_limit: 91 }))
})

test('with limits in Redis they are one more process: while it is away they have the limit once, and no more when it is back', {
  skip: skipWithoutRedis,
}, async t => {
  const [port] = await freePorts()
  let redis = await startRedis(port)
  t.after(() => redis.kill('SIGKILL'))
  const shared = await Installation.open({
    environment: { ...environment, DATAPULSE_LIMITS: `redis://127.0.0.1:${port}` },
  })
  t.after(() => shared.close())
  const taken = async (key: string) => {
    const posts = Array.from({ length: 60 }, (_, i) => postAlone(key, JSON.stringify(deposit(`${key}${i}`)), shared))
    return (await Promise.all(posts)).filter(status => status === 200).length
  }
  const holds = (is: boolean) =>
    until(`limits hold: ${is}`, async () => (await metric('datapulse_limits_hold', shared)) === Number(is))
  await holds(true)
  const before = await shared.key('before', { rate_limit: 10 })
  assert.equal(await taken(before), 10)
  redis.kill('SIGKILL')
  await holds(false)
  const during = await shared.key('during', { rate_limit: 10 })
  assert.deepEqual([await taken(during), await taken(before)], [10, 0])
  redis = await startRedis(port)
  await holds(true)
  assert.deepEqual([await taken(during), await taken(before)], [0, 0])
})

test('a key that is revoked ends in all of them within a second', async () => {
  const key = await server.key('ending')
  const { id } = ((await server.admin('/api/keys?product=ending')).body['keys'] as { id: string }[])[0] ?? assert.fail()
  const all = () => Promise.all(Array.from({ length: 30 }, (_, i) => postAlone(key, JSON.stringify(deposit(`e${i}`)))))
  assert.deepEqual(new Set(await all()), new Set([200]))
  await server.admin(`/api/keys/${id}`, { method: 'DELETE' })
  await endsInTime(all)
})

test('kill -9 and a graceful stop under load lose and double nothing that was acknowledged', async () => {
  const key = await server.key('shared')
  const traffic = new Traffic(server, key, 's', seeded(3))
  traffic.start(6, 20_000)
  for (let i = 0; i < 3; i++) {
    const seen = traffic.acknowledged
    await until('requests are acknowledged', () => traffic.acknowledged > seen + 40)
    server.kill('api')
  }
  const seen = traffic.acknowledged
  await until('requests are acknowledged', () => traffic.acknowledged > seen + 40)
  assert.equal(await server.stop(), 0)
  await traffic.stop()
  await server.start()
  await server.drained()
  assert.deepEqual(audit(traffic.requests, await server.events('&product=shared')), [])
})

test('a port that another server has is refused, though both would share it', async () => {
  const [, adminPort] = await freePorts()
  const second = spawnSync(process.execPath, [join(import.meta.dirname, '../../server/src/main.ts')], {
    encoding: 'utf8',
    timeout: 60_000,
    env: {
      ...environment,
      ...bareEnvironment,
      DATAPULSE_DATA_DIR: join(server.dataDir, 'other'),
      DATAPULSE_PORT: `${server.port}`,
      DATAPULSE_ADMIN_PORT: `${adminPort}`,
    },
  })
  assert.equal(second.status, 1)
  assert.match(second.stderr, new RegExp(`Cannot listen on 127.0.0.1:${server.port} because another program does`))
})
