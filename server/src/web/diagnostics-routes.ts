// The admin API's answer to why no events of a product arrive: /api/diagnostics.

import { diagnose } from './diagnosis.ts'
import { checkProduct } from './known-product.ts'
import type { WebNeeds } from './needs.ts'
import { lengthOfTime, oneOf, past, productId, readQuery, required } from './parameters.ts'
import { badParameters } from './problem.ts'
import type { Route } from './routes.ts'

const parameters = {
  product: required(productId, 'diagnostics are of one product'),
  mode: oneOf('live', 'test'),
  window: lengthOfTime,
  since: past,
  until: past,
}
const dayMs = 86_400_000

export function diagnosticsRoutes(needs: WebNeeds): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/diagnostics',
      async answer({ query, now }) {
        const { product, mode: wanted, ...times } = readQuery(query, parameters, now)
        checkProduct(needs.accounts, product)
        const mode = wanted ?? 'live'
        const keys = needs.accounts.listKeys(product!).filter(key => key.mode === mode)
        const time = timeOf(times, now)
        const question = { product: product!, mode, keys: keys.map(({ id }) => id), ...time }
        const [found, unknownKeys, standing] = await Promise.all([
          needs.readDiagnostics(question),
          needs.listUnknownKeys(time),
          needs.standing(),
        ])
        const lastUsed = (id: string) => needs.accounts.lastUsed(id)
        return { body: diagnose({ ...question, nowMs: now, keys, lastUsed, found, unknownKeys, standing }) }
      },
    },
  ]
}

type Times = { window: number | null; since: number | null; until: number | null }

/** The last day, when nothing is said. What came this very millisecond is in it. */
function timeOf({ window, since, until }: Times, now: number): { sinceMs: number; untilMs: number } {
  if (window !== null && since !== null)
    throw badParameters([{ name: 'window', message: 'window and since cannot be given both: give one' }])
  const untilMs = until ?? now + 1
  const sinceMs = since ?? (until ?? now) - (window ?? dayMs)
  if (sinceMs >= untilMs) throw badParameters([{ name: 'until', message: 'until must be later than since' }])
  return { sinceMs: Math.max(0, sinceMs), untilMs }
}
