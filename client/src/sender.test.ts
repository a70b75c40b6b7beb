// From handing over to the outcome, over a server that stumbles, in a time of its own: nothing here waits for a clock.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DataPulseError } from './error.ts'
import { openMemoryOutbox } from './memory-outbox.ts'
import { type Notice, safely } from './notice.ts'
import { type ClientOptions, readOptions } from './options.ts'
import { Sender } from './sender.ts'
import { FakeServer } from './testing/fake-server.ts'
import { VirtualWorld } from './testing/virtual-world.ts'

const key = 'dp_live_secret0123456789'
const day = { client_user_id: 'u1', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
const login = (n: number) => ({ event_name: 'login', ...day, n })
const deposit = (id: string) => ({
  event_name: 'deposit',
  ...day,
  transaction_id: id,
  amount: '50.00',
  currency: 'USD',
})

function open(options: Partial<ClientOptions> = {}) {
  const server = new FakeServer()
  const world = new VirtualWorld(server.fetch)
  const notices: Notice[] = []
  const onNotice = (notice: Notice) => notices.push(notice)
  const settings = readOptions({ url: 'http://127.0.0.1:1/', key, ...options })
  const sender = new Sender(settings, openMemoryOutbox, world, safely(options.onNotice ?? onNotice))
  return { server, world, sender, notices }
}

const sizes = (server: FakeServer) => server.seen.map(({ events }) => events.length)
const code = (error: unknown) => (error as DataPulseError).code

describe('handing events over', () => {
  it('resolves with the request that took the event', async () => {
    const { server, sender } = open()
    const tracked = await sender.track(deposit('t1'))
    assert.deepEqual([tracked.status, tracked.requestId, tracked.messageId], ['accepted', 'r1', null])
    assert.deepEqual(await tracked.outcome, { status: 'accepted', requestId: 'r1' })
    const [request] = server.seen
    assert.equal(request?.url, 'http://127.0.0.1:1/v2/s2s/batch?partial=1')
    assert.equal(request?.headers['x-api-key'], key)
  })

  it('tells what breaks the contract at once, and sends nothing of it', async () => {
    const { server, sender, notices } = open()
    const { amount: _, ...without } = deposit('t1')
    await assert.rejects(sender.track(without), (error: DataPulseError) => {
      assert.equal(error.code, 'INVALID_EVENT')
      const violation = { field: 'amount', rule: 'required', message: 'amount is required for a deposit' }
      assert.deepEqual(error.violations, [violation])
      return true
    })
    assert.equal(server.seen.length, 0)
    assert.equal(notices[0]?.type, 'invalid')
  })

  it('reads the event before it returns: what is done to the object later changes nothing', async () => {
    const { server, sender } = open()
    const event = login(1)
    const tracked = sender.track(event)
    event.n = 2
    await tracked
    assert.deepEqual(server.sent('n'), [1])
  })

  it('gives a message_id to what no transaction_id tells apart, and leaves one that is there', async () => {
    const { server, sender } = open()
    const events = [login(1), { ...login(2), message_id: ' own ' }, { ...login(3), message_id: '' }, deposit('t1')]
    const tracked = await Promise.all(events.map(event => sender.track(event)))
    assert.deepEqual(server.sent('message_id'), ['made-1', ' own ', 'made-2', undefined])
    assert.deepEqual(
      tracked.map(({ messageId }) => messageId),
      ['made-1', 'own', 'made-2', null],
    )
  })
})

describe('batches', () => {
  it('go by number of events at once, and the rest when its oldest has waited long enough', async () => {
    const { server, sender, world } = open({ batch: { events: 10, ms: 250 } })
    await Promise.all(Array.from({ length: 25 }, (_, n) => sender.track(login(n))))
    assert.deepEqual(sizes(server), [10, 10, 5])
    assert.deepEqual(server.sent('n'), Array.from(Array(25).keys()), 'in order')
    assert.equal(world.nowMs(), 250)
  })

  it('go by bytes', async () => {
    const { server, sender } = open({ batch: { bytes: 1_000 }, gzip: false })
    await Promise.all(Array.from({ length: 10 }, (_, n) => sender.track({ ...login(n), text: 'x'.repeat(200) })))
    assert.ok(sizes(server).length > 2)
    for (const { bytes } of server.seen) assert.ok(bytes <= 1_000, String(bytes))
  })

  it('stay below the number of values that a body may have', async () => {
    const { server, sender } = open({ batch: { events: 5_000, bytes: 8 * 1024 * 1024 } })
    const values = Array.from({ length: 15_000 }, () => 0)
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => sender.track({ ...login(n), values })))
    assert.equal(all.length, 20)
    assert.deepEqual(sizes(server), [13, 7])
  })

  it('are compressed where that gains something, and not after something on the way did not let them through', async () => {
    const { server, sender } = open({ batch: { events: 50 } })
    const some = () => Promise.all(Array.from({ length: 50 }, (_, n) => sender.track(login(n))))
    await sender.track(login(0))
    await some()
    server.stumbles.push({ status: 415 })
    await some()
    assert.deepEqual(
      server.seen.map(({ headers }) => headers['content-encoding'] ?? null),
      [null, 'gzip', 'gzip', null],
    )
    assert.deepEqual(sizes(server), [1, 50, 50, 50])
  })

  it('are under way at once as many as are allowed, and no more', async () => {
    const { server, sender, world } = open({ batch: { events: 1 }, concurrency: 3 })
    let underWay = 0
    let most = 0
    world.fetch = async (url, init) => {
      most = Math.max(most, ++underWay)
      await new Promise(resolve => setImmediate(resolve))
      underWay--
      return server.fetch(url, init)
    }
    await Promise.all(Array.from({ length: 20 }, (_, n) => sender.track(login(n))))
    assert.deepEqual([most, server.seen.length], [3, 20])
  })
})

describe('a server that stumbles', () => {
  it('gets the same events again, with the same ids, and has each once', async () => {
    const { server, sender } = open()
    server.stumbles.push(
      { drop: 'before' },
      { drop: 'after' },
      { half: true },
      { status: 500 },
      { status: 502, body: '<html>' },
    )
    await Promise.all([sender.track(login(1)), sender.track(deposit('t1'))])
    assert.equal(server.seen.length, 6)
    assert.deepEqual(new Set(server.seen.map(({ events }) => JSON.stringify(events))).size, 1)
    assert.deepEqual([...server.taken.values()], [3, 3], 'two identities, taken with every whole request')
  })

  it('is asked again after a wait below a bound that doubles up to its limit', async () => {
    const { server, sender, notices } = open({ backoff: { baseMs: 100, maxMs: 500 } })
    server.stumbles.push(...Array.from({ length: 5 }, () => ({ status: 500 })))
    await sender.track(login(1))
    const waits = notices.flatMap(notice => (notice.type === 'retry' ? [Math.round(notice.waitMs)] : []))
    assert.deepEqual(waits, [100, 200, 400, 500, 500])
  })

  it('is not asked again before it says, in seconds or as a date', async () => {
    const { server, sender, world } = open()
    server.stumbles.push({ status: 429, headers: { 'retry-after': '7' } })
    await sender.track(login(1))
    assert.ok(world.nowMs() >= 7_000 && world.nowMs() < 9_000, String(world.nowMs()))
    const date = new Date(Date.now() + 60_000).toUTCString()
    server.stumbles.push({ status: 500, headers: { 'retry-after': date } })
    const before = world.nowMs()
    await sender.track(login(2))
    assert.ok(world.nowMs() - before > 50_000, String(world.nowMs() - before))
  })

  it('holds back every batch, not only the one that was answered', async () => {
    const { server, sender, world } = open({ batch: { events: 1 }, concurrency: 2 })
    server.stumbles.push({ status: 429, headers: { 'retry-after': '30' } })
    const times: number[] = []
    world.fetch = (url, init) => (times.push(world.nowMs()), server.fetch(url, init))
    await Promise.all([1, 2, 3].map(n => sender.track(login(n))))
    assert.ok(
      times.slice(2).every(ms => ms >= 30_000),
      times.join(),
    )
  })

  it('is not waited for longer than one request may take', async () => {
    const { server, sender, notices } = open({ timeoutMs: 5_000 })
    server.stumbles.push({ hold: new Promise(() => {}) })
    await sender.track(login(1))
    const retry = notices.find(notice => notice.type === 'retry')
    assert.equal(retry?.type === 'retry' && retry.reason, 'no whole reply within 5000 ms')
    assert.equal(server.seen.length, 2)
  })

  it('gets halves of what it finds too large, down to one event', async () => {
    const { server, sender } = open()
    server.bytesMax = 600
    const large = sender.track({ ...login(9), text: 'x'.repeat(1_000) })
    const all = Array.from({ length: 9 }, (_, n) => sender.track(login(n)))
    await Promise.all(all)
    await assert.rejects(large, { code: 'REJECTED' })
    assert.equal(server.taken.size, 9)
    assert.ok([...server.taken.values()].every(times => times === 1))
  })

  it('takes the good events of a batch, and says of the others what is wrong', async () => {
    const { server, sender } = open()
    const future = { ...login(1), timestamp: Date.now() + 72 * 60 * 60 * 1000 }
    const [bad, good] = await Promise.allSettled([sender.track(future), sender.track(login(2))])
    assert.equal(good.status, 'fulfilled')
    assert.ok(bad.status === 'rejected')
    assert.equal(code(bad.reason), 'REJECTED')
    const [violation] = (bad.reason as DataPulseError).violations
    assert.deepEqual([violation?.field, violation?.rule], ['timestamp', 'future'])
    assert.equal(server.seen.length, 1)
    await assert.rejects(sender.track(future), { code: 'REJECTED' }, 'none of the batch is good')
  })

  it('sends the others again where the whole batch was refused for some', async () => {
    const { server, sender } = open()
    const violations = [{ index: 1, field: 'x', rule: 'type', message: 'no' }]
    const body = { status: 'error', code: 'VALIDATION_ERROR', message: 'no', violations }
    server.stumbles.push({ status: 400, body })
    const results = await Promise.allSettled([1, 2, 3].map(n => sender.track(login(n))))
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
    assert.deepEqual(sizes(server), [3, 2])
  })

  it('that is not ours decides about no event', async () => {
    const { server, sender } = open()
    server.stumbles.push(
      { status: 200, body: '<html>welcome to this network</html>' },
      { status: 200, body: { status: 'success', accepted: 7 } },
      { status: 400, body: { status: 'error', code: 'INVALID_JSON' } },
    )
    await sender.track(login(1))
    assert.equal(server.seen.length, 4)
    server.stumbles.push({ status: 400, body: '<html>bad</html>' })
    await assert.rejects(sender.track(login(1)), { code: 'REFUSED', status: 400 })
  })

  it('that lets an event not even alone through holds up no other: the event is tried again, and that is told', async () => {
    const { server, sender, notices } = open()
    server.gatewayBytesMax = 600
    const large = sender.track({ ...login(9), text: 'x'.repeat(1_000) })
    await Promise.all(Array.from({ length: 9 }, (_, n) => sender.track(login(n))))
    await assert.rejects(sender.flush(Number.POSITIVE_INFINITY), { code: 'REFUSED', status: 413 })
    assert.equal(sender.pending(), 1)
    const told = notices.findLast(({ type }) => type === 'refused')
    assert.match(
      told?.message ?? '',
      /^Something in between lets an event through not even alone \(413\): .* again in \d+ ms, and others go on$/,
    )
    server.gatewayBytesMax = Number.POSITIVE_INFINITY
    assert.equal((await large).status, 'accepted')
    await sender.flush(Number.POSITIVE_INFINITY)
    assert.deepEqual([server.taken.size, new Set(server.taken.values())], [10, new Set([1])])
  })

  it('that lets no event through at all is tried with a few of them, and all go when it does', async () => {
    const { server, sender } = open({ concurrency: 2 })
    server.gatewayBytesMax = 0
    const all = Array.from({ length: 300 }, (_, n) => sender.track(login(n)))
    await assert.rejects(sender.flush(600_000), { code: 'REFUSED', status: 413 })
    await assert.rejects(sender.flush(600_000), { code: 'REFUSED', status: 413 })
    const tried = new Set(server.seen.filter(({ events }) => events.length === 1).map(({ events }) => events[0]?.['n']))
    assert.ok(tried.size < 150, `${tried.size} were tried alone`)
    server.gatewayBytesMax = Number.POSITIVE_INFINITY
    await Promise.all(all)
    assert.deepEqual([server.taken.size, new Set(server.taken.values())], [300, new Set([1])])
  })

  it('that lets an event not even alone through gives it back when the time for it is up, or the client ends', async () => {
    const { server, sender, world } = open({ giveUpMs: 60_000 })
    server.gatewayBytesMax = 0
    await assert.rejects(sender.track(login(1)), { code: 'UNDELIVERED', message: /413/ })
    const last = sender.track(login(2))
    last.catch(() => {})
    await assert.rejects(sender.flush(20_000), { code: 'REFUSED' })
    await assert.rejects(sender.close(1), { code: /REFUSED|TIMEOUT|UNDELIVERED/ })
    await assert.rejects(last, { code: 'UNDELIVERED' })
    assert.deepEqual([sender.pending(), world.timers], [0, 0])
  })

  it('refuses a key: whoever waits is told, once, with the event to hand over again', async () => {
    const { server, sender, notices } = open()
    server.stumbles.push({ status: 401, body: { status: 'error', code: 'UNAUTHORIZED', message: 'no' } })
    const error = await sender.track(login(1)).catch(caught => caught as DataPulseError)
    assert.ok(error instanceof DataPulseError)
    assert.deepEqual([error.code, error.status, error.retry], ['REFUSED', 401, false])
    assert.deepEqual(error.event, { ...login(1), message_id: 'made-1' })
    assert.equal(server.seen.length, 1)
    assert.ok(notices.some(({ type }) => type === 'refused'))
  })

  it('that points elsewhere is not followed', async () => {
    const { server, sender } = open()
    server.stumbles.push({ status: 302, headers: { location: 'http://127.0.0.1:2/' } })
    await assert.rejects(sender.track(login(1)), { code: 'REFUSED', status: 302 })
  })

  it('is given up where that was asked for: the event handed over again counts once', async () => {
    const { server, sender } = open({ giveUpMs: 10_000 })
    server.stumbles.push({ drop: 'after' }, ...Array.from({ length: 50 }, () => ({ drop: 'before' as const })))
    const error = await sender.track(login(1)).catch(caught => caught as DataPulseError)
    assert.ok(error instanceof DataPulseError)
    assert.deepEqual([error.code, error.retry], ['UNDELIVERED', true])
    server.stumbles.length = 0
    await sender.track(error.event)
    assert.equal(server.taken.size, 1)
  })
})

describe('memory', () => {
  it('holds no more than it may: others wait for room, in order, and none is dropped', async () => {
    const { server, sender, notices } = open({ memory: { events: 10 }, batch: { events: 4 } })
    const all = Array.from({ length: 100 }, (_, n) => sender.track(login(n)))
    for (const { events } of server.seen) assert.ok(events.length <= 10)
    await Promise.all(all)
    assert.deepEqual(server.sent('n'), Array.from(Array(100).keys()))
    const fulls = notices.flatMap(notice => (notice.type === 'full' ? [notice.isFull] : []))
    assert.deepEqual(fulls, [true, false])
  })

  it('tells when more calls wait than may', async () => {
    const { sender } = open({ memory: { events: 2, waiting: 3 } })
    const results = await Promise.allSettled(Array.from({ length: 6 }, (_, n) => sender.track(login(n))))
    assert.deepEqual(
      results.map(({ status }) => status),
      [...Array.from({ length: 5 }, () => 'fulfilled'), 'rejected'],
    )
    assert.equal(code((results[5] as PromiseRejectedResult).reason), 'OVERLOADED')
    assert.equal(sender.totals.unkept, 1)
  })

  it('tells when the calls that wait hold as many bytes as may be held', async () => {
    const { server, sender } = open({ memory: { events: 1, bytes: 70_000 } })
    server.stumbles.push({ hold: new Promise(() => {}) })
    const text = 'x'.repeat(60_000)
    const all = Array.from({ length: 4 }, (_, n) => sender.track({ ...login(n), text }))
    await assert.rejects(all.at(-1) as Promise<unknown>, { code: 'OVERLOADED' })
    assert.equal(sender.pending(), 3)
    await Promise.all(all.slice(0, 3))
  })
})

describe('flushing and closing', () => {
  it('flush sends at once, and resolves when everything before it has an outcome', async () => {
    const { server, sender, world } = open({ batch: { ms: 60_000 } })
    let done = 0
    for (let n = 0; n < 3; n++) void sender.track(login(n)).then(() => done++)
    await sender.flush(Number.POSITIVE_INFINITY)
    assert.deepEqual([done, server.taken.size], [3, 3])
    assert.ok(world.nowMs() < 60_000)
  })

  it('flush says when it waited in vain, and when events were given back', async () => {
    const { server, sender } = open()
    server.stumbles.push(...Array.from({ length: 20 }, () => ({ status: 500 })))
    void sender.track(login(1)).catch(() => {})
    await assert.rejects(sender.flush(5_000), { code: 'TIMEOUT', message: /^1 events have no outcome/ })
    server.stumbles.length = 0
    server.stumbles.push({ status: 401 })
    await assert.rejects(sender.flush(600_000), { code: 'UNDELIVERED' })
    await sender.flush(1)
  })

  it('close sends what there is, takes no more, and leaves no timer', async () => {
    const { server, sender, world } = open({ batch: { ms: 60_000 } })
    const before = sender.track(login(1))
    const end = sender.close(30_000)
    await assert.rejects(sender.track(login(2)), { code: 'CLOSED' })
    assert.deepEqual(await end, { kept: 0 })
    assert.equal((await before).status, 'accepted')
    assert.deepEqual([server.taken.size, world.timers], [1, 0])
    assert.equal(await sender.close(1), await end)
  })

  it('close waits so long and no longer: what has no outcome is given back', async () => {
    const { server, sender, world } = open({ memory: { events: 2 }, batch: { events: 1 } })
    server.stumbles.push({ hold: new Promise(() => {}) })
    const all = Promise.allSettled([1, 2, 3, 4].map(n => sender.track(login(n))))
    await assert.rejects(sender.close(10_000), { code: 'TIMEOUT' })
    for (const result of await all) assert.equal(code((result as PromiseRejectedResult).reason), 'UNDELIVERED')
    assert.equal(world.timers, 0)
    assert.equal(sender.pending(), 0)
  })

  it('serverless: what is handed over in one turn goes together, at once, and no timer is left', async () => {
    const { server, sender, world } = open({ serverless: true })
    await Promise.all([1, 2, 3].map(n => sender.track(login(n))))
    assert.deepEqual([sizes(server), world.timers], [[3], 0])
    assert.deepEqual(
      world.waits.filter(ms => ms !== 30_000),
      [],
      'but the one of the request itself',
    )
  })
})

describe('what is told', () => {
  it('the totals add up', async () => {
    const { server, sender } = open({ memory: { events: 3, waiting: 2 }, serverless: true })
    const future = { ...login(1), timestamp: Date.now() + 72 * 60 * 60 * 1000 }
    const events = [login(1), future, {}, login(2), login(3), login(4), login(5)]
    await Promise.allSettled(events.map(event => sender.track(event)))
    server.stumbles.push({ status: 403 })
    await Promise.allSettled([sender.track(login(6))])
    const { tracked, invalid, unkept, accepted, rejected, undelivered } = sender.totals
    assert.deepEqual([tracked, invalid, unkept, accepted, rejected, undelivered], [8, 1, 1, 4, 1, 1])
    assert.equal(tracked, invalid + unkept + accepted + rejected + undelivered + sender.pending())
  })

  it('the key is in no notice and no error, whatever the world says', async () => {
    const { server, sender, notices, world } = open({ giveUpMs: 5_000 })
    world.fetch = () => Promise.reject(new TypeError('fetch failed', { cause: { message: `header ${key} is wrong` } }))
    const error = await sender.track(login(1)).catch(caught => caught as DataPulseError)
    world.fetch = server.fetch
    server.stumbles.push({ status: 401 })
    await assert.rejects(sender.track(login(1)))
    const told = JSON.stringify([notices, error, (error as Error).message, (error as Error).stack])
    assert.ok(told.includes('header the key is wrong'))
    assert.ok(!told.includes(key))
  })

  it('whoever is told may throw or reject: nothing changes', async () => {
    for (const onNotice of [() => assert.fail('thrown'), () => Promise.reject(new Error('rejected'))]) {
      const { sender } = open({ onNotice })
      await sender.track(login(1))
    }
  })
})
