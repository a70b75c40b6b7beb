// How many events there are, and how much money they moved, by whatever is asked. Amounts are summed as Decimal256:
// 128 bits overflow without a word. Amounts of different currencies are never added, so there are sums only `by`
// currency.

import type { Connection } from '../connection.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'

export type CountBy = 'product' | 'mode' | 'event_name' | 'currency' | 'month' | 'day' | 'hour'

/** What is counted by when nothing is said. */
export type CountByDefault = 'product' | 'mode' | 'event_name' | 'currency'

export type CountQuestion<By extends CountBy = CountByDefault> = Filter & {
  by?: readonly By[]
  /** Which time is meant by `sinceMs`, `untilMs`, month, day and hour: receipt (the default), or the partner's. */
  clock?: 'received' | 'event'
  /** At most so many rows, largest counts first; 10,000 by default. */
  limit?: number
}

/**
 * One group: `2026-06`, `2026-06-01`, `2026-06-01T13:00:00Z` for month, day and hour, in UTC. `amounts` says how many
 * of its events had an amount; `sum` is theirs, decimal text, null without any or when not by currency.
 */
export type CountRow<By extends CountBy = CountByDefault> = {
  [name in By]: name extends 'mode' ? 'live' | 'test' : string
} & { events: number; amounts: number; sum: string | null }

const byDefault: CountBy[] = ['product', 'mode', 'event_name', 'currency']

const clocks = { received: 'received_at', event: 'timestamp' } as const

const groups: Record<CountBy, (column: string) => string> = {
  product: () => 'product',
  mode: () => 'mode',
  event_name: () => 'event_name',
  currency: () => 'currency',
  month: column => `formatDateTime(toStartOfMonth(${column}), '%Y-%m')`,
  day: column => `formatDateTime(toStartOfDay(${column}), '%Y-%m-%d')`,
  hour: column => `formatDateTime(toStartOfHour(${column}), '%Y-%m-%dT%H:00:00Z')`,
}

export async function countEvents<By extends CountBy = CountByDefault>(
  connection: Connection,
  question: CountQuestion<By>,
): Promise<CountRow<By>[]> {
  const { by = byDefault, clock = 'received', limit = 10_000, ...filter } = question
  const column = clocks[clock]
  const conditions = conditionsOf(filter, column)
  const names = [...new Set<CountBy>(by)]
  const sum = names.includes('currency') ? 'if(amounts = 0, NULL, sum(toDecimal256(events.amount, 18)))' : 'NULL'
  const counted = `count() AS events, count(events.amount) AS amounts, ${sum} AS sum`
  const sql = `SELECT ${[...names.map(name => `${groups[name](column)} AS ${name}`), counted].join(', ')}
    FROM events ${where(conditions.sql)}
    ${names.length === 0 ? '' : `GROUP BY ${names.join(', ')} ORDER BY events DESC, ${names.join(', ')}`}
    LIMIT {limit:UInt32}`
  return await connection.select<CountRow<By>>('ask', sql, { ...conditions.params, limit })
}
