// Whatever a server does, and in whatever order, each event that was handed over has one outcome: what was accepted is there,
// under one identity however often it came; what was rejected was bad; and the totals add up.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { DataPulseError } from './error.ts'
import { openMemoryOutbox } from './memory-outbox.ts'
import { readOptions } from './options.ts'
import { Sender } from './sender.ts'
import { FakeServer, type Stumble } from './testing/fake-server.ts'
import { VirtualWorld } from './testing/virtual-world.ts'

const stumble: fc.Arbitrary<Stumble> = fc.oneof(
  fc.constantFrom<Stumble>({ drop: 'before' }, { drop: 'after' }, { half: true }, { hold: new Promise(() => {}) }),
  fc.record({
    status: fc.constantFrom(408, 413, 429, 500, 502, 503),
    headers: fc.constantFrom({}, { 'retry-after': '2' }),
  }),
  fc.record({
    status: fc.constant(200),
    body: fc.constantFrom('', '<html>', { status: 'success', accepted: 1_000_000 }),
  }),
)
const batch = fc.record({ events: fc.integer({ min: 1, max: 20 }), ms: fc.integer({ min: 0, max: 50 }) })
const memory = fc.record({ events: fc.integer({ min: 1, max: 30 }) })
const future = Date.now() + 100 * 60 * 60 * 1000

it('gives every event one outcome, and the server each accepted one under one identity', async () => {
  const cases = fc.record({
    ...{ batch, memory, concurrency: fc.integer({ min: 1, max: 4 }), serverless: fc.boolean() },
    stumbles: fc.array(stumble, { maxLength: 40 }),
    bad: fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
  })
  await fc.assert(
    fc.asyncProperty(cases, async ({ stumbles, bad, ...options }) => {
      const server = new FakeServer()
      server.stumbles.push(...stumbles)
      const world = new VirtualWorld(server.fetch)
      const settings = readOptions({ url: 'http://127.0.0.1:1', key: 'k', timeoutMs: 1_000, ...options })
      const sender = new Sender(settings, openMemoryOutbox, world, () => {})
      const results = await Promise.all(
        bad.map((isBad, n) => {
          const day = { client_user_id: `u${n}`, ip_address: '203.0.113.1', timestamp: isBad ? future : 1_702_963_200 }
          return sender.track({ event_name: 'login', ...day }).then(
            () => 'accepted',
            (error: DataPulseError) => error.code,
          )
        }),
      )
      for (const [n, isBad] of bad.entries()) {
        assert.equal(results[n], isBad ? 'REJECTED' : 'accepted')
      }
      const users = [...server.taken.keys()].map(identity => String(JSON.parse(identity)[4]))
      assert.equal(new Set(users).size, users.length, 'one identity a user')
      const accepted = results.flatMap((result, n) => (result === 'accepted' ? [`u${n}`] : []))
      assert.ok(accepted.every(user => users.includes(user)))
      const { tracked, rejected, accepted: count } = sender.totals
      assert.deepEqual([tracked, count + rejected, sender.pending()], [bad.length, bad.length, 0])
      await sender.close(1)
      assert.equal(world.timers, 0)
    }),
    { numRuns: 60 },
  )
})
