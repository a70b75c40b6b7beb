// Events that were there before, newest first, each beside the event that stands, with the fields of a conflict named.

import type { Connection } from '../connection.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'
import { afterPlaceSql, cursorOf, placeOf, placeParams } from './cursor.ts'
import { sentColumnsSql, type StoredRow, type StoredSent, storedEventOf } from './event-columns.ts'
import type { Page } from './list-events.ts'

export type DuplicatesQuestion = Filter & { conflict?: boolean; limit: number; cursor?: string; raw?: boolean }

/** What is compared between an event and the one that stands. */
type Compared = { client_user_id: string; amount: string | null; currency: string }

export type StoredDuplicate = StoredSent & {
  conflict: boolean
  first_request_id: string
  first_position: number
  /** Of the event that stands; null when it is not kept any more. */
  first: (Compared & { received_at: string }) | null
  /** Names of what differs from it. */
  differs: (keyof Compared)[]
}

type DuplicateColumns = { conflict: boolean; first_request_id: string; first_position: number }
type Found = StoredRow<StoredSent> & DuplicateColumns
type First = Compared & { request_id: string; position: number; received_ms: number }

/** Requests looked up at once: few enough for the bloom filter to leave most of the table unread. */
const lookupMax = 50

export async function listDuplicates(
  connection: Connection,
  question: DuplicatesQuestion,
): Promise<Page<StoredDuplicate>> {
  const { limit, cursor, raw, conflict, ...filter } = question
  const conditions = conditionsOf(filter)
  const params: Record<string, unknown> = { ...conditions.params, limit: limit + 1 }
  if (conflict !== undefined) {
    conditions.sql.push('conflict = {conflict:Bool}')
    params.conflict = conflict
  }
  if (cursor !== undefined) {
    conditions.sql.push(afterPlaceSql)
    Object.assign(params, placeParams(placeOf(cursor)))
  }
  const sql = `SELECT ${sentColumnsSql(raw === true)}, conflict, first_request_id, first_position
    FROM duplicates ${where(conditions.sql)}
    ORDER BY received_at DESC, log_offset DESC, position DESC LIMIT {limit:UInt32}`
  const found = await connection.select<Found>('ask', sql, params)
  const rows = found.slice(0, limit)
  const firsts = await readFirsts(connection, rows)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  return {
    rows: rows.map(row => besideFirst(row, firsts.get(`${row.first_request_id} ${row.first_position}`))),
    cursor: more
      ? cursorOf({ receivedMs: last.received_ms, logOffset: last.log_offset, position: last.position })
      : null,
  }
}

/** The events that stand, by request and position. They have the product, mode and name of their duplicates. */
async function readFirsts(connection: Connection, rows: Found[]): Promise<Map<string, First>> {
  const firsts = new Map<string, First>()
  const unique = <T>(values: T[]) => [...new Set(values)]
  for (let start = 0; start < rows.length; start += lookupMax) {
    const some = rows.slice(start, start + lookupMax)
    const sql = `SELECT request_id, position, client_user_id, amount, currency,
        toUnixTimestamp64Milli(received_at) AS received_ms
      FROM events
      WHERE product IN {products:Array(String)} AND mode IN {modes:Array(String)}
        AND event_name IN {names:Array(String)} AND request_id IN {requests:Array(UUID)}
        AND position IN {positions:Array(UInt32)}`
    const found = await connection.select<First>('ask', sql, {
      products: unique(some.map(row => row.product)),
      modes: unique(some.map(row => row.mode)),
      names: unique(some.map(row => row.event_name)),
      requests: unique(some.map(row => row.first_request_id)),
      positions: unique(some.map(row => row.first_position)),
    })
    for (const first of found) firsts.set(`${first.request_id} ${first.position}`, first)
  }
  return firsts
}

function besideFirst(row: Found, first: First | undefined): StoredDuplicate {
  const shown = storedEventOf(row) as StoredSent & DuplicateColumns
  if (first === undefined) return { ...shown, first: null, differs: [] }
  const { client_user_id, amount, currency } = first
  const differs = (['client_user_id', 'amount', 'currency'] as const).filter(name => row[name] !== first[name])
  const received_at = new Date(first.received_ms).toISOString()
  return { ...shown, first: { client_user_id, amount, currency, received_at }, differs }
}
