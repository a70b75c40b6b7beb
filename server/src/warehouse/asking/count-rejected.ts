// How many events and requests were refused at the door.

import type { Connection } from '../connection.ts'
import { conditionsOf, type Filter, refuseOthers, where } from './conditions.ts'

export type RejectedBy = 'product' | 'key_id' | 'code' | 'day' | 'hour'

/** What is counted by when nothing is said. */
export type RejectedByDefault = 'product' | 'key_id' | 'code'

/** Of the filter, product and times are known here. */
export type RejectedQuestion<By extends RejectedBy = RejectedByDefault> = Filter & {
  by?: readonly By[]
  limit?: number
}

/** One group; days and hours as `2026-06-01` and `2026-06-01T13:00:00Z`, in UTC. `last_at` is ISO 8601. */
export type RejectedCount<By extends RejectedBy = RejectedByDefault> = { [name in By]: string } & {
  events: number
  requests: number
  last_at: string
}

const byDefault: RejectedBy[] = ['product', 'key_id', 'code']

const groups: Record<RejectedBy, string> = {
  product: 'product',
  key_id: 'key_id',
  code: 'code',
  day: "formatDateTime(toStartOfDay(received_at), '%Y-%m-%d')",
  hour: "formatDateTime(toStartOfHour(received_at), '%Y-%m-%dT%H:00:00Z')",
}

export async function countRejected<By extends RejectedBy = RejectedByDefault>(
  connection: Connection,
  question: RejectedQuestion<By>,
): Promise<RejectedCount<By>[]> {
  const { by = byDefault, limit = 10_000, ...filter } = question
  refuseOthers(filter, 'rejected', ['product', 'sinceMs', 'untilMs'])
  const conditions = conditionsOf(filter)
  const names = [...new Set<RejectedBy>(by)]
  const counted = `sum(rejected.events) AS events, sum(rejected.requests) AS requests,
    toUnixTimestamp64Milli(max(rejected.received_at)) AS last_ms`
  const sql = `SELECT ${[...names.map(name => `${groups[name]} AS ${name}`), counted].join(', ')}
    FROM rejected ${where(conditions.sql)}
    ${names.length === 0 ? '' : `GROUP BY ${names.join(', ')} ORDER BY events DESC, ${names.join(', ')}`}
    LIMIT {limit:UInt32}`
  type Row = Omit<RejectedCount<By>, 'last_at'> & { last_ms: number }
  const rows = await connection.select<Row>('ask', sql, { ...conditions.params, limit })
  return rows.map(({ last_ms, ...row }) => {
    return { ...row, last_at: new Date(last_ms).toISOString() } as unknown as RejectedCount<By>
  })
}
