// /api/diagnostics: what it asks for, and what it refuses to.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { diagnose } from './diagnosis.ts'
import { makeFakes, startMs as nowMs } from './fakes.ts'
import { Refusal } from './problem.ts'
import { adminRoutes } from './routes.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

describe('GET /api/diagnostics', () => {
  const ask = async (query: string, fakes = makeFakes()) => {
    const route = adminRoutes(fakes.needs, 10).find(({ path }) => path === '/api/diagnostics')
    const nobody = { caller: null, adminTokenHash: '' }
    const answer = await route!.answer({ query: new URLSearchParams(query), id: '', body: {}, now: nowMs, ...nobody })
    return { asked: fakes.asked[0] as Record<string, unknown>, body: answer.body as ReturnType<typeof diagnose> }
  }

  it('asks for the keys of that kind, for the last day or the time given', async () => {
    const fakes = makeFakes()
    await fakes.needs.accounts.createKey({ product: 'demo' })
    await fakes.needs.accounts.createKey({ product: 'demo', mode: 'test' })
    const { asked, body } = await ask('product=demo', fakes)
    assert.deepEqual(asked, {
      product: 'demo',
      mode: 'live',
      keys: ['key_1'],
      sinceMs: nowMs - dayMs,
      untilMs: nowMs + 1,
    })
    assert.equal(body.since, '2026-02-28T12:00:00.000Z')
    assert.equal(body.unknown_keys?.[0]?.address, '203.0.113.9')
    const range = async (query: string) => {
      const {
        asked: { mode, sinceMs, untilMs },
      } = await ask(`product=demo&${query}`)
      return [mode, nowMs - (sinceMs as number), nowMs - (untilMs as number)]
    }
    assert.deepEqual(await range('mode=test&window=90m'), ['test', 90 * minuteMs, -1])
    assert.deepEqual(await range('window=1h&until=2h'), ['live', 180 * minuteMs, 120 * minuteMs])
    assert.deepEqual(await range('since=2h&until=1h'), ['live', 120 * minuteMs, 60 * minuteMs])
  })

  it('refuses what makes no sense', async () => {
    for (const [query, wanted] of [
      ['', /product/],
      ['product=none', /no product/],
      ['product=demo&window=yesterday', /window/],
      ['product=demo&window=1h&since=1h', /window/],
      ['product=demo&since=1h&until=2h', /until/],
      ['product=demo&mode=all', /mode/],
    ] as const) {
      await assert.rejects(
        ask(query),
        (refusal: unknown) => refusal instanceof Refusal && wanted.test(refusal.message),
        query,
      )
    }
  })
})
