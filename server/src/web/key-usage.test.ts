// What is told of a key's usage: the verdict and the next step by the numbers, and what /api/usage and /api/keys/:id/usage ask for.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KeyUsageBucket } from '../steps/key-usage.ts'
import { makeFakes, startMs as nowMs } from './fakes.ts'
import { judge } from './key-usage.ts'
import { Refusal } from './problem.ts'
import { adminRoutes } from './routes.ts'

const minuteMs = 60_000
const hourMs = 3_600_000
const dayMs = 86_400_000

function bucket(more: Partial<KeyUsageBucket> = {}): KeyUsageBucket {
  const counts = { requests: 900, overLimit: 0, rejected: 5, events: 9_000, askedMax: 40, overLimitMs: null }
  const peak = { peak: 30, peakLimit: 60, peakMs: nowMs - 2 * hourMs }
  return { key_id: 'key_1', atMs: 0, ...counts, ...peak, ...more }
}

function told(whole: KeyUsageBucket | null, rateLimit = 60) {
  const { verdict, found, next, suggested_rate_limit } = judge({ id: 'key_1', rateLimit }, whole, null, nowMs)
  return { verdict, found, next, suggested_rate_limit }
}

describe('the verdict', () => {
  it('is good while there is room, and tells the peak', () => {
    assert.deepEqual(told(bucket()), {
      verdict: 'good',
      found:
        'Peaked at 50% of the limit at 2026-03-01T10:00:00Z (30 of 60 requests in a minute); no request was refused for it.',
      next: 'Nothing to do.',
      suggested_rate_limit: null,
    })
    assert.equal(told(null).verdict, 'nothing')
  })

  it('is attention near the limit, with a limit that would do', () => {
    const near = told(bucket({ peak: 55, askedMax: 55 }))
    assert.equal(near.verdict, 'attention')
    assert.match(near.found, /^Peaked at 91\.7% of the limit/)
    assert.match(near.next, /raise the limit to 69 with `datapulse keys update key_1 --rate-limit 69`/)
    assert.equal(near.suggested_rate_limit, 69)
    assert.equal(told(bucket({ peak: 48, askedMax: 48 })).verdict, 'good')
    assert.equal(told(bucket({ peak: 49, askedMax: 49 })).verdict, 'attention')
  })

  it('is attention or a problem by how much the limit refused', () => {
    const over = { peak: 60, askedMax: 372, overLimitMs: nowMs - 10 * minuteMs }
    const few = told(bucket({ ...over, overLimit: 12 }))
    assert.equal(few.verdict, 'attention')
    assert.match(
      few.found,
      /^Refused 12 requests \(1\.3%\), the last 10 min ago; up to 372 requests a minute were asked for\.$/,
    )
    const many = told(bucket({ ...over, overLimit: 312 }))
    assert.deepEqual([many.verdict, many.suggested_rate_limit], ['problem', 470])
    assert.match(
      many.next,
      /^Raise the limit to 470 with `datapulse keys update key_1 --rate-limit 470`; or have the partner send batches/,
    )
  })

  it('is good again once the limit is raised far enough', () => {
    const over = bucket({ peak: 60, askedMax: 372, overLimit: 312, overLimitMs: nowMs - hourMs })
    const raised = told(over, 600)
    assert.deepEqual([raised.verdict, raised.suggested_rate_limit], ['good', null])
    assert.equal(raised.next, 'Nothing to do: the limit is 600 by now.')
    assert.equal(told(over, 400).verdict, 'problem')
  })

  it('suggests no limit that a key cannot have', () => {
    const most = bucket({
      peak: 6_000_000,
      peakLimit: 6_000_000,
      askedMax: 9_000_000,
      overLimit: 1,
      overLimitMs: nowMs,
    })
    assert.equal(told(most, 5_000_000).suggested_rate_limit, 6_000_000)
    assert.equal(told(bucket({ peak: 1, peakLimit: 1, askedMax: 1 }), 1).suggested_rate_limit, 2)
  })
})

describe('the routes', () => {
  const ask = async (path: string, query: string, id = '', found: KeyUsageBucket[] = []) => {
    const fakes = makeFakes()
    await fakes.needs.accounts.createKey({ product: 'demo' })
    await fakes.needs.accounts.createKey({ product: 'demo', mode: 'test' })
    fakes.needs.readKeyUsage = async question => {
      fakes.asked.push(question)
      return found
    }
    const route = adminRoutes(fakes.needs, 10).find(one => one.path === path)
    const nobody = { caller: null, adminTokenHash: '' }
    const answer = await route!.answer({ query: new URLSearchParams(query), id, body: {}, now: nowMs, ...nobody })
    return { asked: fakes.asked as Record<string, unknown>[], body: answer.body as Record<string, unknown> }
  }

  it('tell of one key, in buckets by how long the time is', async () => {
    const { asked, body } = await ask('/api/keys/:id/usage', '', 'key_1', [bucket({ atMs: nowMs - hourMs })])
    const question = { product: 'demo', keys: ['key_1'], sinceMs: nowMs - dayMs, untilMs: nowMs + 1 }
    assert.deepEqual(asked, [
      { ...question, bucketMs: 15 * minuteMs },
      { ...question, bucketMs: null },
      { ...question, sinceMs: nowMs - 50_000, bucketMs: null },
    ])
    assert.deepEqual(
      [body['product'], body['key_id'], body['bucket_seconds'], body['verdict'], body['now']],
      ['demo', 'key_1', 900, 'good', { requests: 900, over_limit: 0 }],
    )
    assert.deepEqual(body['peak'], { at: '2026-03-01T10:00:00.000Z', requests: 30, rate_limit: 60, share: 0.5 })
    const counts = { requests: 900, over_limit: 0, rejected: 5, events: 9_000, asked_max: 40 }
    assert.deepEqual(body['buckets'], [{ at: '2026-03-01T11:00:00.000Z', ...counts, peak: 30, rate_limit: 60 }])
    const secondsOf = async (since: string) =>
      (await ask('/api/keys/:id/usage', `since=${since}`, 'key_1')).body['bucket_seconds']
    assert.deepEqual(await Promise.all(['1h', '3h', '7d', '30d'].map(secondsOf)), [60, 300, 7_200, 7_200])
  })

  it('tell of all keys of a product, of those too with which nothing came', async () => {
    const { body } = await ask('/api/usage', 'product=demo&since=1h', '', [bucket()])
    const usage = body['usage'] as { key_id: string; verdict: string }[]
    assert.deepEqual(
      usage.map(({ key_id, verdict }) => [key_id, verdict]),
      [
        ['key_1', 'good'],
        ['key_2', 'nothing'],
      ],
    )
  })

  it('ask for no more than is kept, and refuse what makes no sense', async () => {
    const { asked } = await ask('/api/usage', 'product=demo&since=90d')
    assert.equal(asked[0]?.['sinceMs'], nowMs - 8 * dayMs)
    for (const [path, query, id, wanted] of [
      ['/api/usage', '', '', /product/],
      ['/api/usage', 'product=none', '', /no product/],
      ['/api/usage', 'product=demo&until=9d', '', /until/],
      ['/api/keys/:id/usage', '', 'key_none', /no key/],
      ['/api/keys/:id/usage', 'since=1h&until=2h', 'key_1', /until/],
      ['/api/keys/:id/usage', 'window=1h', 'key_1', /window/],
    ] as const)
      await assert.rejects(
        ask(path, query, id),
        (refusal: unknown) => refusal instanceof Refusal && wanted.test(refusal.message),
        `${path}?${query}`,
      )
  })
})
