// A log in several shares, which two machines divide among them: each works on some, one on all while the other is away, and
// whatever moves, what was acknowledged is there once. What is asked of all products is answered from all of them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  askStreams,
  type NatsServers,
  skipWithoutNats as skip,
  startNats,
} from '../../server/src/log/nats/testing/nats-servers.ts'
import { openEnginePort } from '../harness/engine-port.ts'
import { Installation, type ListedEvent, until } from '../harness/installation.ts'
import { natsEnvironment } from '../harness/nats-environment.ts'
import { audit, seeded, Traffic } from '../harness/traffic.ts'

// In shares 0, 2, 2 and 3 of four; nobody's is the other.
const products = ['demo', 'casino', 'sports', 'lottery']
const ends: (() => unknown)[] = []
let nats: NatsServers
let one: Installation
let other: Installation

before(async () => {
  if (skip !== false) return
  nats = await startNats()
  ends.push(() => nats.remove())
  const environment = { ...natsEnvironment(nats.url, 1), DATAPULSE_SHARES: '4' }
  one = await Installation.open({ environment })
  ends.push(() => one.close())
  const engine = await openEnginePort(one.dataDir)
  ends.push(engine.close)
  other = await Installation.open({ environment: { ...environment, DATAPULSE_WAREHOUSE: engine.url } })
  ends.push(() => other.close())
})
after(async () => {
  for (const end of ends.toReversed()) await end()
})

/** How many shares a machine works on. */
async function sharesOf(machine: Installation): Promise<number> {
  const { body } = await machine.admin('/metrics')
  const found = /^datapulse_shares\{[^}]*\} (\d+)/m.exec(String(body['text']))
  return Number(found?.[1] ?? 0)
}

const dividedAs = (shares: [number, number]) =>
  until(`shares are divided as ${shares.join(' and ')}`, async () => {
    const found = [await sharesOf(one).catch(() => 0), await sharesOf(other).catch(() => 0)]
    return found[0] === shares[0] && found[1] === shares[1]
  })

const login = { client_user_id: 'u', event_name: 'login', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }

const deposits = async (machine: Installation, query: string) =>
  (await machine.events(query)).filter(event => event.event_name === 'deposit')

test('machines divide the shares, take over those of one that dies, and divide them again', { skip }, async () => {
  await dividedAs([2, 2])
  const keys = await Promise.all(products.map(product => one.key(product)))
  for (const key of keys)
    await until(
      'its key is known to the other',
      async () => (await other.post('/v2/s2s/event', key, JSON.stringify(login))).status === 200,
    )
  const traffics = keys.map((key, i) => new Traffic(i % 2 === 0 ? one : other, key, `p${i}`, seeded(i + 1)))
  const toOne = traffics.filter((_, i) => i % 2 === 0)
  for (const traffic of traffics) traffic.start(1, 2_000)
  await sleep(1_000)
  one.kill('pipeline')
  await sleep(2_000)
  one.kill('engine')
  await sleep(2_000)
  other.kill('everything')
  await other.gone()
  await until('one has all of them', async () => (await sharesOf(one)) === 4)
  for (const traffic of traffics.filter(traffic => !toOne.includes(traffic))) await traffic.stop()
  await other.start()
  await dividedAs([2, 2])
  await sleep(1_000)
  await until('enough is acknowledged', () => toOne.every(({ acknowledged }) => acknowledged > 20))
  for (const traffic of toOne) await traffic.stop()
  await one.ready()
  await one.drained()
  for (const [i, product] of products.entries()) {
    const traffic = traffics[i] as Traffic
    assert.ok(traffic.acknowledged > 20, `${product}: ${traffic.acknowledged}`)
    assert.deepEqual(audit(traffic.requests, await deposits(other, `&product=${product}`)), [], product)
  }
})

test('what is asked of all products is answered from all shares', { skip }, async () => {
  const logins = Array.from({ length: 1_100 }, (_, i) => ({ ...login, client_user_id: `many-${i}` }))
  const key = await one.key(products[0] as string)
  await until(
    'they are taken',
    async () => (await one.post('/v2/s2s/batch', key, JSON.stringify(logins))).status === 200,
  )
  await one.drained()
  const place = ({ request_id, position }: ListedEvent) => `${request_id} ${String(position)}`
  const apart = (await Promise.all(products.map(product => one.events(`&product=${product}`)))).flat()
  const together = await other.events()
  assert.ok(together.length > 1_000, 'it takes more than a page')
  assert.deepEqual(together.map(place).toSorted(), apart.map(place).toSorted())
  const status = await one.status()
  const accounting = status['accounting'] as { accepted: number; stored: number; duplicate: number; holds: boolean }
  assert.equal(accounting.holds, true, JSON.stringify(status))
  assert.equal(accounting.stored, together.length)
  const counts = await one.admin('/api/counts?by=event_name')
  const counted = (counts.body['counts'] as { events: number }[]).reduce((sum, { events }) => sum + events, 0)
  assert.equal(counted, together.length)
})

test('a receipt and a report of a product come from its share', { skip }, async () => {
  const key = await one.key('casino', { scopes: ['ingest', 'read'] })
  const event = { client_user_id: 'r', event_name: 'register', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
  await until(
    'the key is known to the other',
    async () => (await other.post('/v2/s2s/event', key, JSON.stringify(event))).status === 200,
  )
  const sent = await other.post('/v2/s2s/event', key, JSON.stringify({ ...event, client_user_id: 'r2' }))
  await one.drained()
  const url = `${one.url}/v2/s2s/requests/${String(sent.body['request_id'])}`
  const receipt = (await (await fetch(url, { headers: { 'x-api-key': key } })).json()) as { events: object[] }
  assert.equal(receipt.events.length, 1)
  for (const machine of [one, other]) {
    const report = await machine.admin('/api/reports/daily?product=casino&from=2023-12-01&to=2024-01-01')
    assert.equal(report.status, 200)
    const rows = report.body['rows'] as { registrations: number }[]
    assert.equal(
      rows.reduce((sum, row) => sum + row.registrations, 0),
      2,
    )
  }
})

test('another number of shares is refused, before anything is changed', { skip }, async () => {
  const streams = () =>
    askStreams(nats.url, async asked =>
      (await Array.fromAsync(asked.list())).map(({ config }) => `${config.name} ${config.max_bytes}`).toSorted(),
    )
  const before = await streams()
  assert.equal(await other.stop(), 0)
  await assert.rejects(
    other.start({ DATAPULSE_SHARES: '5' }),
    /DATAPULSE_SHARES must be 4, as at the first start: got 5/,
  )
  assert.deepEqual(await streams(), before)
})
