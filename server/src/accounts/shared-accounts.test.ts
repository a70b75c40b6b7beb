// Accounts that several machines share, in real NATS servers: what one changes holds for all, and what was known goes on to
// hold while the servers are away.

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '@nats-io/transport-node'
import { type NatsServers, skipWithoutNats as skip, startNats, untilWorks } from '../log/nats/testing/nats-servers.ts'
import { type Accounts, openSharedAccounts } from './accounts.ts'

const ends: (() => unknown)[] = []
after(async () => {
  for (const end of ends.toReversed()) await end()
})

async function servers(count = 1): Promise<NatsServers> {
  const started = await startNats({ count, payloadBytesMax: 2 ** 20 })
  ends.push(() => started.remove())
  return started
}

async function open(url: string, replicas = 1): Promise<Accounts> {
  const connection = await connect({ servers: url.split(','), maxReconnectAttempts: -1, reconnectTimeWait: 50 })
  ends.push(() => connection.close())
  const wish = { connection, replicas, now: Date.now, logger: { warn() {} } }
  const accounts = await untilWorks(() => openSharedAccounts(wish), 150)
  ends.push(() => accounts.close())
  return accounts
}

/** A second in which this process could look: a machine with much else to do lets it wait for more than it asked. */
async function withinASecond(condition: () => boolean): Promise<void> {
  const lookMs = 5
  for (let looks = 0; !condition(); looks++) {
    assert.ok(looks < 1_000 / lookMs, 'must be seen within a second')
    await sleep(lookMs)
  }
}

async function makeKey(accounts: Accounts) {
  const made = await accounts.createKey({ product: 'casino' })
  assert.ok(made.ok)
  return made
}

test('a key that one process makes or revokes is good or ended in all within a second', { skip }, async () => {
  const { url } = await servers()
  const [one, other] = [await open(url), await open(url)]
  const { key, secret } = await makeKey(one)
  assert.equal(one.findKey(secret, Date.now())?.id, key.id)
  await withinASecond(() => other.findKey(secret, Date.now())?.id === key.id)
  assert.ok((await other.revokeKey(key.id)).ok)
  assert.equal(other.findKey(secret, Date.now()), null)
  await withinASecond(() => one.findKey(secret, Date.now()) === null)
  assert.equal(one.findEnded(secret)?.ended, 'revoked')
  const later = await open(url)
  assert.deepEqual(later.listKeys(), one.listKeys())
  assert.deepEqual(later.listProducts(), one.listProducts())
})

test('of two who change the same key at once neither change is lost', { skip }, async () => {
  const { url } = await servers()
  const [one, other] = [await open(url), await open(url)]
  const { key } = await makeKey(one)
  await withinASecond(() => other.listKeys().length === 1)
  const changes = await Promise.all([
    ...Array.from({ length: 5 }, (_, i) => one.updateKey(key.id, { rateLimit: 100 + i })),
    ...Array.from({ length: 5 }, (_, i) => other.updateKey(key.id, { name: `name ${i}` })),
  ])
  assert.ok(changes.every(change => change.ok))
  await withinASecond(() => JSON.stringify(one.listKeys()) === JSON.stringify(other.listKeys()))
  const [changed] = one.listKeys()
  assert.ok((changed?.rateLimit ?? 0) >= 100 && changed?.name.startsWith('name '), JSON.stringify(changed))
})

test('a session and a viewer hold on all machines within a second, and end so; none is lost when many begin', {
  skip,
}, async () => {
  const { url } = await servers()
  const [one, other] = [await open(url), await open(url)]
  const wish = { role: 'admin', name: null, address: null, tokenHash: 'f'.repeat(64) } as const
  const begun = await Promise.all([one, other, one, other].map(accounts => accounts.openSession(wish)))
  for (const { secret, session } of begun)
    await withinASecond(() =>
      [one, other].every(one => one.findSession(secret, wish.tokenHash, true)?.id === session.id),
    )
  const { secret, session } = begun[0]!
  assert.equal(await other.endSession(session.id), true)
  await withinASecond(() => one.findSession(secret, wish.tokenHash, true) === null)
  const made = await one.createViewer('Support')
  assert.ok(made.ok)
  await withinASecond(() => other.findViewer(made.viewer.hash) !== null)
  assert.ok((await other.removeViewer(made.viewer.id)).ok)
  await withinASecond(() => one.findViewer(made.viewer.hash) === null)
})

test('when a key was used last is known to all', { skip }, async () => {
  const { url } = await servers()
  const [one, other] = [await open(url), await open(url)]
  const { key } = await makeKey(one)
  one.touch([[key.id, 1_750_000_000_000]])
  await withinASecond(() => other.lastUsed(key.id) === 1_750_000_000_000)
  assert.equal(other.lastUsed('key_other'), null)
})

test('while the servers are away what was known holds, for how long is told, and what follows is heard of', {
  skip,
}, async () => {
  const cluster = await servers(3)
  const [one, other] = [await open(cluster.url, 3), await open(cluster.url, 3)]
  const { key, secret } = await makeKey(one)
  await withinASecond(() => other.findKey(secret, Date.now()) !== null)
  for (const index of [0, 1, 2]) await cluster.signal(index, 'SIGKILL')
  while (other.unseenMs() === 0) await sleep(50)
  assert.equal(other.findKey(secret, Date.now())?.id, key.id)
  await assert.rejects(one.revokeKey(key.id), fault => !(fault instanceof assert.AssertionError))
  for (const index of [0, 1, 2]) await cluster.start(index)
  while (other.unseenMs() > 0) await sleep(50)
  await untilWorks(async () => assert.ok((await one.revokeKey(key.id)).ok), 60)
  await withinASecond(() => other.findKey(secret, Date.now()) === null)
})

test('a key revoked after any one server was killed is ended in all within a second', { skip }, async () => {
  const cluster = await servers(3)
  const [one, other] = [await open(cluster.url, 3), await open(cluster.url, 3)]
  for (const index of [0, 1, 2]) {
    const { key, secret } = await makeKey(one)
    await withinASecond(() => other.findKey(secret, Date.now()) !== null)
    await cluster.signal(index, 'SIGKILL')
    await untilWorks(async () => assert.ok((await one.revokeKey(key.id)).ok), 60)
    await withinASecond(() => other.findKey(secret, Date.now()) === null)
    await cluster.start(index)
    await untilWorks(async () => assert.ok(other.unseenMs() === 0 && one.unseenMs() === 0), 60)
  }
})
