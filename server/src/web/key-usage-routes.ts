// The admin API's answers about how much of their limits keys use: /api/usage of a product's keys, /api/keys/:id/usage of one.

import { limits } from '../limits.ts'
import { judge, showBucket } from './key-usage.ts'
import { checkProduct } from './known-product.ts'
import type { WebNeeds } from './needs.ts'
import { past, productId, readQuery, required } from './parameters.ts'
import { badParameters, Refusal } from './problem.ts'
import type { Route } from './routes.ts'
import { iso } from './when.ts'

const dayMs = 86_400_000
const minuteMs = 60_000
const times = { since: past, until: past }
/** Lengths of buckets: the first that makes at most so many of the time. */
const bucketMinutes = [1, 5, 15, 60, 120, 180]
const bucketsMax = 120

export function keyUsageRoutes(needs: WebNeeds): Route[] {
  /** What came in the last minute, a slot more or less. */
  const lastMinute = (product: string, keys: string[] | null, now: number) => {
    const { keyUsageSlotMs: slotMs } = limits
    const sinceMs = Math.floor(now / slotMs) * slotMs + slotMs - minuteMs
    return needs.readKeyUsage({ product, keys, sinceMs, untilMs: now + 1, bucketMs: null })
  }
  return [
    {
      method: 'GET',
      path: '/api/usage',
      async answer({ query, now }) {
        const { product, ...wish } = readQuery(
          query,
          { product: required(productId, 'usage is of the keys of one product'), ...times },
          now,
        )
        checkProduct(needs.accounts, product)
        const time = timeOf(wish, now)
        const question = { product: product!, keys: null, ...time, bucketMs: null }
        const [whole, last] = await Promise.all([needs.readKeyUsage(question), lastMinute(product!, null, now)])
        const usage = needs.accounts
          .listKeys(product!)
          .map(key => judge(key, ofKey(whole, key.id), ofKey(last, key.id), now))
        return { body: { since: iso(time.sinceMs), until: iso(time.untilMs), usage } }
      },
    },
    {
      method: 'GET',
      path: '/api/keys/:id/usage',
      async answer({ query, id, now }) {
        const wish = readQuery(query, times, now)
        const key = needs.accounts.listKeys().find(one => one.id === id)
        if (key === undefined) throw new Refusal('NOT_FOUND', 'There is no key of this id')
        const time = timeOf(wish, now)
        const bucketMs = bucketOf(time)
        const question = { product: key.product, keys: [id], ...time }
        const [buckets, whole, last] = await Promise.all([
          needs.readKeyUsage({ ...question, bucketMs }),
          needs.readKeyUsage({ ...question, bucketMs: null }),
          lastMinute(key.product, [id], now),
        ])
        const told = judge(key, whole[0] ?? null, last[0] ?? null, now)
        const { sinceMs, untilMs } = time
        const window = { since: iso(sinceMs), until: iso(untilMs), bucket_seconds: bucketMs / 1000 }
        return { body: { product: key.product, ...told, ...window, buckets: buckets.map(showBucket) } }
      },
    },
  ]
}

/** The last day, when nothing is said; no more than is kept. What came this very millisecond is in it. */
function timeOf(wish: { since: number | null; until: number | null }, now: number) {
  const untilMs = wish.until ?? now + 1
  const sinceMs = Math.max(wish.since ?? (wish.until ?? now) - dayMs, now - limits.keyUsageDaysMax * dayMs, 0)
  if (sinceMs >= untilMs) {
    const message = `until must be later than since, and within the ${limits.keyUsageDaysMax} days that usage is kept`
    throw badParameters([{ name: 'until', message }])
  }
  return { sinceMs, untilMs }
}

function bucketOf({ sinceMs, untilMs }: { sinceMs: number; untilMs: number }): number {
  const lengthMs = untilMs - sinceMs
  const minutes = bucketMinutes.find(one => lengthMs <= one * minuteMs * bucketsMax) ?? bucketMinutes.at(-1)!
  return minutes * minuteMs
}

function ofKey<Row extends { key_id: string }>(rows: readonly Row[], id: string): Row | null {
  return rows.find(({ key_id }) => key_id === id) ?? null
}
