// Several machines under load while one part after the other fails: partners are told the truth, what is acknowledged is there
// once, and limits hold. Each test ends when all is whole again and the books agree.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { skipWithoutRedis } from '../../server/src/api/testing/redis-server.ts'
import { skipWithoutNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { endsInTime } from '../harness/ended-key.ts'
import { type Installation, until } from '../harness/installation.ts'
import { Machines, natsNames } from '../harness/machines.ts'
import { skipWithoutNetwork } from '../harness/network.ts'
import { Partners } from '../harness/partner.ts'
import { deposit } from '../harness/traffic.ts'

const skip = skipWithoutNetwork || skipWithoutNats || skipWithoutRedis
const windowMs = 60_000
const limit = 60
let machines: Machines
let partners: Partners
/** Who sends more than is allowed, all the time. */
let greedy: Partners

before(async () => {
  if (skip !== false) return
  machines = await Machines.open()
  const both = machines.both
  partners = new Partners({
    machines: both,
    key: await machines.key('casino'),
    name: 'p',
    lanes: 3,
    pauseMs: 60,
  })
  const key = await machines.key('greedy', { rate_limit: limit })
  greedy = new Partners({ machines: both, key, name: 'g', lanes: 2, pauseMs: 100, knocking: true })
})
after(() => machines?.close())

/** Something happens while partners send; they are heard of before and after it. Then all is there once, and limits held. */
async function underLoad(happens: () => Promise<void>): Promise<void> {
  partners.start()
  greedy.start()
  try {
    await someMore()
    await happens()
    await someMore()
  } finally {
    await Promise.all([partners.stop(), greedy.stop()])
  }
  assert.deepEqual(
    partners.requests.filter(request => !request.acknowledged),
    [],
    'partners gave up',
  )
  await machines.settled({ casino: partners, greedy }).catch(cause => {
    throw new Error(`The books do not agree:\n${machines.told('pipeline')}`, { cause })
  })
  // Where limits could not be shared for a while, each of the two machines applied the whole of it.
  assert.ok(greedy.admittedMost(windowMs).count <= 2 * limit, JSON.stringify(greedy.admittedMost(windowMs)))
}

async function someMore(count = 20): Promise<void> {
  const seen = partners.acknowledged
  await until('requests are acknowledged', () => partners.acknowledged >= seen + count)
}

const event = (id: string) => JSON.stringify(deposit(id))

test('any server or process is killed', { skip }, async () => {
  const { nats, one, other } = machines
  await underLoad(async () => {
    for (const index of natsNames.keys()) {
      await nats.signal(index, 'SIGKILL')
      await someMore()
      await nats.start(index)
      await sleep(1_000)
    }
    for (const machine of [one, other])
      for (const role of ['api', 'pipeline'] as const) {
        machine.kill(role)
        await someMore()
      }
    one.kill('engine')
    await someMore()
  })
})

test('Redis dies and comes back empty: in one window no key sends more than its limit times the processes', {
  skip,
}, async () => {
  const key = await machines.key('hasty', { rate_limit: limit })
  const admitted = async () => {
    const posts = Array.from({ length: 2 * limit + 20 }, (_, i) =>
      (machines.both[i % 2] as Installation).post('/v2/s2s/event', key, event(`h${i}`)),
    )
    const statuses = (await Promise.all(posts)).map(reply => reply.status)
    assert.ok(statuses.every(status => status === 200 || status === 429))
    return statuses.filter(status => status === 200).length
  }
  const [firstMs, first] = [Date.now(), await admitted()]
  assert.ok(first <= limit)
  await underLoad(async () => {
    await machines.killRedis()
    await machines.limitsHold(false)
    const apart = await admitted()
    await machines.startRedis()
    await machines.limitsHold(true)
    const again = await admitted()
    assert.ok(Date.now() < firstMs + windowMs, 'all of that is one window')
    assert.ok(first + apart + again <= 2 * limit, `${first} and ${apart} and ${again}`)
  })
})

test('the NATS server that leads is cut off from the others: both machines go on without it', { skip }, async () => {
  const { network, both } = machines
  await underLoad(async () => {
    const leader = await machines.leader()
    network.cut(natsNames[leader] as string, ...natsNames.toSpliced(leader, 1))
    const cutMs = Date.now()
    await sleep(1_000)
    for (const machine of both)
      await until('the machine acknowledges', () =>
        partners.heard.some(heard => heard.machine === machine && heard.sentMs > cutMs && heard.reply?.status === 200),
      )
    network.heal()
  })
})

test('a machine that is cut off from NATS refuses, says when to come again, and goes on by itself', {
  skip,
}, async () => {
  const { network, one } = machines
  const since = (ms: number) => partners.heard.filter(heard => heard.machine === one && heard.sentMs > ms)
  await underLoad(async () => {
    network.cut('one', ...natsNames)
    const cutMs = Date.now()
    await until('it refuses', () => since(cutMs).some(({ reply }) => reply !== null))
    await sleep(3_000)
    const healedMs = Date.now()
    for (const { reply } of since(cutMs)) {
      assert.notEqual(reply?.status, 200)
      assert.match(reply?.headers.get('retry-after') ?? 'none', /^\d+$/)
    }
    network.heal()
    await until('it acknowledges', () => since(healedMs).some(({ reply }) => reply?.status === 200))
  })
})

test('everything is killed at once', { skip }, async () => {
  const { nats, one, other } = machines
  await underLoad(async () => {
    for (const machine of [one, other]) machine.kill('everything')
    await Promise.all([machines.killRedis(), ...natsNames.keys().map(index => nats.signal(index, 'SIGKILL'))])
    await Promise.all([machines.startRedis(), ...natsNames.keys().map(index => nats.start(index))])
    await Promise.all([one.start(), other.start()])
  })
})

test('the disk of a NATS server is full: the others go on, and it comes back whole when there is room', {
  skip,
}, async () => {
  const { nats } = machines
  await underLoad(async () => {
    machines.fill(0)
    await someMore(100)
    // A NATS server that met a full disk does nothing more until it is started again.
    machines.empty(0)
    await nats.signal(0, 'SIGKILL')
    await nats.start(0)
    await machines.natsWhole()
    await nats.signal(1, 'SIGKILL')
    await someMore()
    await nats.start(1)
  })
})

test('no NATS server has room for more: they refuse until there is room again', { skip }, async () => {
  await underLoad(async () => {
    const sinceMs = Date.now()
    const giveRoom = await machines.useUpLog()
    const refused = () => partners.heard.filter(({ reply, sentMs }) => sentMs > sinceMs && reply?.status === 500)
    await until('they refuse', () => refused().length > 6)
    for (const { reply } of refused()) assert.match(reply?.headers.get('retry-after') ?? 'none', /^\d+$/)
    await giveRoom()
  })
})

test('a key that is revoked while a NATS server dies ends everywhere within a second', { skip }, async () => {
  const { nats, one, other, both } = machines
  await underLoad(async () => {
    for (const index of natsNames.keys()) {
      const key = await machines.key('ending')
      const { keys } = (await one.admin('/api/keys?product=ending')).body as { keys: { id: string; prefix: string }[] }
      const { id } = keys.find(({ prefix }) => key.startsWith(prefix)) ?? assert.fail('it is listed')
      await nats.signal(index, 'SIGKILL')
      await until(
        'it is revoked',
        async () => (await other.admin(`/api/keys/${id}`, { method: 'DELETE' })).status === 200,
      )
      await endsInTime(async () => {
        const replies = await Promise.all(both.map(machine => machine.post('/v2/s2s/event', key, '{}')))
        return replies.map(({ status }) => status)
      })
      await nats.start(index)
      await sleep(1_000)
    }
  })
})

test('api processes are rolled one by one: partners see closed connections and no failed request', {
  skip,
}, async () => {
  await underLoad(async () => {
    const sinceMs = Date.now()
    for (const machine of machines.both) {
      const { api = 0 } = machine.pids()
      process.kill(api, 'SIGTERM')
      await until('another one runs', () => ![api, undefined].includes(machine.pids().api))
      await machine.ready()
    }
    const statuses = partners.heard.filter(({ sentMs }) => sentMs > sinceMs).map(({ reply }) => reply?.status ?? 'none')
    assert.deepEqual(new Set(statuses), new Set([200, 'none']))
  })
})
