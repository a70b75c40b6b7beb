// What the first page asks of the admin API, as addresses: by them an answer that was asked for early is found.

import type { Days } from './days.ts'

export type Query = Record<string, string | number | boolean | undefined>

export function pathOf(path: string, query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value))
  return parameters.size === 0 ? path : `${path}?${parameters.toString()}`
}

/** What nobody chose a product for; it is no product's name. */
export const noProduct = '~'
export const keptProduct = 'datapulse-product'
/** What the router keeps beside an address that nobody gave: that of the product that was looked at last. */
export type Guess = { isGuess: true }
/** Whether there were rates when they were asked for last: so money is asked for beside them. */
export const keptConverted = 'datapulse-converted'

export const paths = {
  session: '/api/session',
  products: '/api/products',
  status: '/api/status',
  rates: '/api/rates',
  keys: (product: string) => pathOf('/api/keys', { product }),
  hours: (product: string, since: string) => pathOf('/api/counts', { product, mode: 'live', by: 'hour', since }),
  minute: (product: string) => pathOf('/api/counts', { product, mode: 'live', by: 'product', since: '1m' }),
  money: (product: string, { yesterday, tomorrow, zone }: Days, converted: boolean) =>
    pathOf('/api/reports/hourly', {
      product,
      from: yesterday,
      to: tomorrow,
      tz: zone,
      converted: converted || undefined,
    }),
  diagnosis: (product: string, mode: string, window: string) => pathOf('/api/diagnostics', { product, mode, window }),
}
