// Several machines that share a log and accounts in NATS, limits in Redis, and a warehouse: what any of them acknowledges is
// there once, whichever server or process dies; keys and limits hold on all of them.

import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { skipWithoutRedis, startRedis } from '../../server/src/api/testing/redis-server.ts'
import { type NatsServers, skipWithoutNats, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { endsInTime } from '../harness/ended-key.ts'
import { openEnginePort } from '../harness/engine-port.ts'
import { freePorts, Installation, until } from '../harness/installation.ts'
import { natsEnvironment } from '../harness/nats-environment.ts'
import { audit, seeded, Traffic } from '../harness/traffic.ts'

const skip = skipWithoutNats || skipWithoutRedis
const ends: (() => unknown)[] = []
let nats: NatsServers
let redis: ChildProcess
let one: Installation
let other: Installation

before(async () => {
  if (skip !== false) return
  nats = await startNats({ count: 3 })
  ends.push(() => nats.remove())
  const [redisPort] = await freePorts()
  redis = await startRedis(redisPort)
  ends.push(() => redis.kill('SIGKILL'))
  const environment = {
    ...natsEnvironment(nats.url, 3),
    DATAPULSE_LIMITS: `redis://127.0.0.1:${redisPort}`,
  }
  one = await Installation.open({ environment })
  ends.push(() => one.close())
  // The engine of the first machine is the warehouse of the other, by URL.
  const engine = await openEnginePort(one.dataDir)
  ends.push(engine.close)
  const warehouse = { DATAPULSE_WAREHOUSE: engine.url }
  other = await Installation.open({ environment: { ...environment, ...warehouse } })
  ends.push(() => other.close())
})
after(async () => {
  for (const end of ends.toReversed()) await end()
})

const login = (user: string) =>
  JSON.stringify({ client_user_id: user, event_name: 'login', timestamp: 1_702_963_200, ip_address: '203.0.113.1' })

test('a key that one machine makes is good on the other, and its limit is one', { skip }, async () => {
  const key = await one.key('casino', { rate_limit: 60 })
  await until(
    'the key is known to the other',
    async () => (await other.post('/v2/s2s/event', key, login('first'))).status === 200,
  )
  const replies = await Promise.all(
    Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? one : other).post('/v2/s2s/event', key, login(`u${i}`))),
  )
  const refused = replies.filter(reply => reply.status === 429).length
  const taken = replies.filter(reply => reply.status === 200).length
  assert.equal(taken + refused, 100)
  // Some of the sixty were asked for before the key was known.
  assert.equal(taken, 59)
  const whole = { requests: 60, over_limit: 41, events: 60, peak: 60 }
  for (const machine of [one, other])
    await until('each tells what was used on both', async () => isDeepStrictEqual(await usageOf(machine), whole))
})

async function usageOf(machine: Installation): Promise<Record<string, unknown>> {
  const { body } = await machine.admin('/api/usage?product=casino')
  const [{ requests, over_limit, events, peak }] = body['usage'] as [Record<string, unknown>]
  return { requests, over_limit, events, peak: (peak as Record<string, unknown> | null)?.['requests'] }
}

test('a key that one machine revokes ends on the other within a second', { skip }, async () => {
  const key = await other.key('casino')
  await until('it is good', async () => (await one.post('/v2/s2s/event', key, login('v'))).status === 200)
  const listed = (await one.admin('/api/keys?product=casino')).body['keys'] as { id: string; prefix: string }[]
  const { id } = listed.find(({ prefix }) => key.startsWith(prefix)) ?? assert.fail('it is listed')
  assert.equal((await other.admin(`/api/keys/${id}`, { method: 'DELETE' })).status, 200)
  await endsInTime(async () => [(await one.post('/v2/s2s/event', key, login('w'))).status])
})

test('each of them lists what any of them took, and tells receipts of it', { skip }, async () => {
  const key = await one.key('listed', { scopes: ['ingest', 'read'] })
  await until('it is good', async () => (await other.post('/v2/s2s/event', key, login('a'))).status === 200)
  const sent = await other.post('/v2/s2s/event', key, login('b'))
  for (const machine of [one, other]) {
    await until('it is listed', async () => (await machine.events('&product=listed')).length === 2)
    const receipt = await fetch(`${machine.url}/v2/s2s/requests/${String(sent.body['request_id'])}`, {
      headers: { 'x-api-key': key },
    })
    assert.equal(receipt.status, 200)
  }
})

test('whoever is killed under load, what was acknowledged is there once', { skip }, async () => {
  const key = await one.key('shared')
  await until(
    'it is good on the other',
    async () => (await other.post('/v2/s2s/event', key, login('x'))).status === 200,
  )
  const traffics = [one, other].map((machine, i) => new Traffic(machine, key, `m${i}`, seeded(i + 1)))
  for (const traffic of traffics) traffic.start(3, 4_000)
  const acts: (() => unknown)[] = [
    () => nats.signal(0, 'SIGKILL'),
    () => nats.start(0),
    () => one.kill('pipeline'),
    () => other.kill('pipeline'),
    () => redis.kill('SIGSTOP'),
    () => one.kill('api'),
    () => redis.kill('SIGCONT'),
    () => nats.signal(1, 'SIGKILL'),
    () => nats.start(1),
    () => other.kill('api'),
    () => one.kill('engine'),
  ]
  for (const act of acts) {
    await sleep(1_500)
    await act()
  }
  await sleep(2_000)
  await until('each machine has acknowledged enough', () => traffics.every(traffic => traffic.acknowledged > 50))
  for (const traffic of traffics) await traffic.stop()
  await one.ready()
  await other.ready()
  await one.drained()
  const stored = (await one.events('&product=shared')).filter(event => event.event_name === 'deposit')
  const requests = traffics.flatMap(traffic => traffic.requests)
  assert.deepEqual(audit(requests, stored), [])
})

test('a pipeline that stood still until another machine had its share doubles and loses nothing when it goes on', {
  skip,
}, async () => {
  const key = await one.key('paused')
  await until(
    'it is good on the other',
    async () => (await other.post('/v2/s2s/event', key, login('y'))).status === 200,
  )
  const owner = (await hasTheShare(one)) ? one : other
  const next = owner === one ? other : one
  await until('one of them has the share', () => hasTheShare(owner))
  const traffic = new Traffic(next, key, 'q', seeded(7))
  traffic.start(3, 4_000)
  await until('requests are acknowledged', () => traffic.acknowledged > 50)
  const pipeline = owner.pids().pipeline ?? assert.fail('it runs')
  process.kill(pipeline, 'SIGSTOP')
  try {
    await until('the other machine has the share', () => hasTheShare(next))
  } finally {
    process.kill(pipeline, 'SIGCONT')
  }
  const seen = traffic.acknowledged
  await until('more is acknowledged', () => traffic.acknowledged > seen + 50)
  await traffic.stop()
  assert.ok(await hasTheShare(next), 'who went on has it no more')
  await next.drained()
  const stored = (await next.events('&product=paused')).filter(event => event.event_name === 'deposit')
  assert.deepEqual(audit(traffic.requests, stored), [])
})

async function hasTheShare(machine: Installation): Promise<boolean> {
  const { body } = await machine.admin('/metrics')
  return /^datapulse_shares\b.* 1$/m.test(String(body['text']))
}
