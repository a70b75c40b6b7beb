// Events that were there before, newest first, each beside the event that stands, with the fields of a conflict named.

import type { Connection } from '../connection.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'
import { afterPlaceSql, cursorOf, placeOf, placeParams } from './cursor.ts'
import { sentColumnsSql, type StoredRow, type StoredSent, storedEventOf } from './event-columns.ts'
import type { Page } from './list-events.ts'
import { type Compared, differsFrom, readFirsts, type StandingEvent } from './standing-events.ts'

/** `resolved`: whether an operator has decided about the conflict. */
export type DuplicatesQuestion = Filter & {
  conflict?: boolean
  resolved?: boolean
  limit: number
  cursor?: string
  raw?: boolean
}

export type StoredDuplicate = StoredSent & {
  conflict: boolean
  first_request_id: string
  first_position: number
  /** Of the event that stands; null when it is not kept any more. */
  first: (Compared & { received_at: string }) | null
  /** Names of what differs from it. */
  differs: (keyof Compared)[]
  /** The last decision about it: which of the two stands, when, and why. */
  resolution: { stands: 'first' | 'later'; decided_at: string; reason: string } | null
}

type DuplicateColumns = { conflict: boolean; first_request_id: string; first_position: number }
type Found = StoredRow<StoredSent> & DuplicateColumns

export async function listDuplicates(
  connection: Connection,
  question: DuplicatesQuestion,
): Promise<Page<StoredDuplicate>> {
  const { limit, cursor, raw, conflict, resolved, ...filter } = question
  const conditions = conditionsOf(filter)
  const params: Record<string, unknown> = { ...conditions.params, limit: limit + 1 }
  if (conflict !== undefined) {
    conditions.sql.push('conflict = {conflict:Bool}')
    params.conflict = conflict
  }
  if (resolved !== undefined) conditions.sql.push(`${resolved ? '' : 'NOT '}(${isResolvedSql})`)
  if (cursor !== undefined) {
    conditions.sql.push(afterPlaceSql)
    Object.assign(params, placeParams(placeOf(cursor)))
  }
  const sql = `SELECT ${sentColumnsSql(raw === true)}, conflict, first_request_id, first_position
    FROM duplicates ${where(conditions.sql)}
    ORDER BY received_at DESC, log_offset DESC, position DESC LIMIT {limit:UInt32}`
  const found = await connection.select<Found>('ask', sql, params)
  const rows = found.slice(0, limit)
  const firsts = await readFirsts(connection, rows.map(firstPlaceOf))
  const resolutions = await readResolutions(connection, rows)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  return {
    rows: rows.map(row => ({
      ...besideFirst(row, firsts.get(`${row.first_request_id} ${row.first_position}`)),
      resolution: resolutions.get(`${row.request_id} ${row.position}`) ?? null,
    })),
    cursor: more
      ? cursorOf({ receivedMs: last.received_ms, logOffset: last.log_offset, position: last.position })
      : null,
  }
}

/** It came later and the first one stands by decision, or it stood once and another one does. */
const isResolvedSql = `(request_id, position) IN
    (SELECT request_id, position FROM resolutions WHERE stands = 'first' AND state = 'done')
  OR (request_id, position) IN
    (SELECT first_request_id, first_position FROM resolutions WHERE stands = 'later' AND state = 'done')`

/** By place of what does not stand; the last decision counts. */
async function readResolutions(connection: Connection, rows: readonly Found[]) {
  const found = new Map<string, StoredDuplicate['resolution']>()
  if (rows.length === 0) return found
  const sql = `SELECT toString(if(stands = 'first', request_id, first_request_id)) AS request,
      if(stands = 'first', position, first_position) AS place, stands, reason,
      toUnixTimestamp64Milli(decided_at) AS decidedMs
    FROM resolutions WHERE state = 'done' AND request IN {requests:Array(String)} ORDER BY decided_at`
  type Decided = { request: string; place: number; stands: 'first' | 'later'; reason: string; decidedMs: number }
  const requests = [...new Set(rows.map(row => row.request_id))]
  for (const { request, place, stands, reason, decidedMs } of await connection.select<Decided>('ask', sql, {
    requests,
  }))
    found.set(`${request} ${place}`, { stands, reason, decided_at: new Date(decidedMs).toISOString() })
  return found
}

function firstPlaceOf({ product, mode, event_name, first_request_id, first_position }: Found) {
  return { product, mode, eventName: event_name, firstRequestId: first_request_id, firstPosition: first_position }
}

function besideFirst(row: Found, first: StandingEvent | undefined): Omit<StoredDuplicate, 'resolution'> {
  const shown = storedEventOf(row) as StoredSent & DuplicateColumns
  if (first === undefined) return { ...shown, first: null, differs: [] }
  const { client_user_id, amount, currency } = first
  const received_at = new Date(first.received_ms).toISOString()
  return { ...shown, first: { client_user_id, amount, currency, received_at }, differs: differsFrom(row, first) }
}
