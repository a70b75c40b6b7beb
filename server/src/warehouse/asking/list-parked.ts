// What could not be processed, newest first, with the reason.

import type { Connection } from '../connection.ts'
import { erasedReason, expiredReason } from '../../steps/erasure.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import { conditionsOf, type Filter, refuseOthers, where } from './conditions.ts'
import { afterPlaceSql, cursorOf, placeOf, placeParams } from './cursor.ts'
import type { Page } from './list-events.ts'

/** Of the filter, product, mode, request and times are known here. */
export type ParkedQuestion = Filter & {
  reason?: string
  limit: number
  cursor?: string
  raw?: boolean
}

export type StoredParked = {
  product: string
  mode: 'live' | 'test'
  reason: string
  detail: string
  /** How many events it stands for. */
  events: number
  /** ISO 8601. */
  received_at: string
  key_id: string
  request_id: string
  /** -1: the whole request, or a stretch of the log. */
  position: number
  log_offset: number
  load_seq: number
  raw?: string
}

type Found = Omit<StoredParked, 'received_at'> & { received_ms: number }

export async function listParked(connection: Connection, question: ParkedQuestion): Promise<Page<StoredParked>> {
  const { limit, cursor, raw, reason, ...filter } = question
  refuseOthers(filter, 'parked', ['product', 'mode', 'request', 'sinceMs', 'untilMs'])
  const conditions = conditionsOf(filter)
  conditions.sql.push(`reason NOT IN ('${rejectedReason}', '${erasedReason}', '${expiredReason}')`)
  const params: Record<string, unknown> = { ...conditions.params, limit: limit + 1 }
  if (reason !== undefined) {
    conditions.sql.push('reason = {reason:String}')
    params.reason = reason
  }
  if (cursor !== undefined) {
    conditions.sql.push(afterPlaceSql)
    Object.assign(params, placeParams(placeOf(cursor)))
  }
  const sql = `SELECT product, mode, reason, detail, events, toUnixTimestamp64Milli(received_at) AS received_ms,
      key_id, request_id, position, log_offset, load_seq${raw === true ? ', raw' : ''}
    FROM parked ${where(conditions.sql)}
    ORDER BY received_at DESC, log_offset DESC, position DESC LIMIT {limit:UInt32}`
  const found = await connection.select<Found>('ask', sql, params)
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  return {
    rows: rows.map(({ received_ms, ...row }) => ({ ...row, received_at: new Date(received_ms).toISOString() })),
    cursor: more
      ? cursorOf({ receivedMs: last.received_ms, logOffset: last.log_offset, position: last.position })
      : null,
  }
}
