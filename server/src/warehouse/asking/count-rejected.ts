// How many events and requests were refused at the door.

import type { Connection } from '../connection.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'

export type RejectedBy = 'product' | 'key_id' | 'code' | 'day' | 'hour'

export type RejectedQuestion = Pick<Filter, 'product' | 'sinceMs' | 'untilMs'> & { by: RejectedBy[]; limit?: number }

export type RejectedCount = {
  product?: string
  key_id?: string
  code?: string
  /** `2026-06-01`, `2026-06-01T13:00:00Z`, in UTC. */
  day?: string
  hour?: string
  events: number
  requests: number
  /** ISO 8601. */
  last_at: string
}

const groups: Record<RejectedBy, string> = {
  product: 'product',
  key_id: 'key_id',
  code: 'code',
  day: "formatDateTime(toStartOfDay(received_at), '%Y-%m-%d')",
  hour: "formatDateTime(toStartOfHour(received_at), '%Y-%m-%dT%H:00:00Z')",
}

export async function countRejected(connection: Connection, question: RejectedQuestion): Promise<RejectedCount[]> {
  const { by, limit = 10_000, ...filter } = question
  const conditions = conditionsOf(filter)
  const names = [...new Set(by)]
  const counted = `sum(rejected.events) AS events, sum(rejected.requests) AS requests,
    formatDateTime(max(rejected.received_at), '%Y-%m-%dT%H:%i:%SZ') AS last_at`
  const sql = `SELECT ${[...names.map(name => `${groups[name]} AS ${name}`), counted].join(', ')}
    FROM rejected ${where(conditions.sql)}
    ${names.length === 0 ? '' : `GROUP BY ${names.join(', ')} ORDER BY events DESC, ${names.join(', ')}`}
    LIMIT {limit:UInt32}`
  return await connection.select<RejectedCount>('ask', sql, { ...conditions.params, limit })
}
