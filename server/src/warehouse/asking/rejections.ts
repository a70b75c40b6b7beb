// Requests that were refused at the door: listed, grouped by what was wrong, and opened. And what can be sent again:
// these, and what is parked.

import { notExactDetail, readHead, rejectedReason, type RejectionHead } from '../../steps/rejection.ts'
import { type Connection, settledSettings } from '../connection.ts'
import { type Conditions, conditionsOf, type Filter, refuseOthers, where } from './conditions.ts'
import { afterPlaceSql, cursorOf, placeOf, placeParams } from './cursor.ts'
import type { Page } from './list-events.ts'

/** Of the filter, product, mode, request and times are known here. */
export type RejectionsQuestion = Filter & {
  key?: string
  code?: string
  /** With a violation of this rule, of this field, or of both at once. */
  rule?: string
  field?: string
}

export type Rejection = {
  request_id: string
  product: string
  mode: 'live' | 'test'
  key_id: string
  /** ISO 8601. */
  received_at: string
  kind: 'event' | 'batch'
  code: string
  message: string
  violations_total: number
  /** How many of the batch's events were refused; null when nothing of the body was taken. */
  events_refused: number | null
  address: string
  /** Of the body. */
  bytes: number
}

export type RejectionGroup = {
  product: string
  key_id: string
  code: string
  /** Empty where the body as a whole was wrong in a way that no field has. */
  rule: string
  field: string
  requests: number
  violations: number
  /** ISO 8601. */
  first_at: string
  last_at: string
  /** The message and the request of the last one. */
  message: string
  request_id: string
}

/** Something that can be sent again. `head` is null of what is parked. */
export type Kept = {
  product: string
  mode: 'live' | 'test'
  keyId: string
  requestId: string
  position: number
  receivedMs: number
  idempotencyKey: string
  head: RejectionHead | null
  reason: string
  raw: string
  /** Whether `raw` is what was sent, byte for byte; else bytes that are not UTF-8 were replaced in it. */
  exact: boolean
}

const told = (name: string) => `JSONExtractString(detail, '${name}')`

export async function listRejections(
  connection: Connection,
  question: RejectionsQuestion & { limit: number; cursor?: string },
): Promise<Page<Rejection>> {
  const { limit, cursor, ...filter } = question
  const { sql, params } = conditionsFor(filter)
  if (cursor !== undefined) {
    sql.push(afterPlaceSql)
    Object.assign(params, placeParams(placeOf(cursor)))
  }
  type Found = Omit<Rejection, 'received_at'> & { received_ms: number; log_offset: number; position: number }
  const statement = `SELECT request_id, product, mode, key_id, toUnixTimestamp64Milli(received_at) AS received_ms,
      ${told('kind')} AS kind, ${told('code')} AS code, ${told('message')} AS message,
      JSONExtractUInt(detail, 'violationsTotal') AS violations_total,
      if(JSONType(detail, 'refused') = 'Array', JSONLength(detail, 'refused'), NULL) AS events_refused,
      ${told('address')} AS address, length(raw) AS bytes, log_offset, position
    FROM parked ${where(sql)} ORDER BY received_at DESC, log_offset DESC, position DESC LIMIT {limit:UInt32}`
  const found = await connection.select<Found>('ask', statement, { ...params, limit: limit + 1 })
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  return {
    rows: rows.map(({ received_ms, log_offset: _offset, position: _position, ...row }) => ({
      ...row,
      received_at: new Date(received_ms).toISOString(),
    })),
    cursor: more
      ? cursorOf({ receivedMs: last.received_ms, logOffset: last.log_offset, position: last.position })
      : null,
  }
}

/** The most requests first. A request with several violations is in several groups. */
export async function groupRejections(
  connection: Connection,
  question: RejectionsQuestion & { limit: number },
): Promise<RejectionGroup[]> {
  const { limit, ...filter } = question
  const { sql, params } = conditionsFor(filter)
  const having = [
    ...(filter.rule === undefined ? [] : ['rule = {rule:String}']),
    ...(filter.field === undefined ? [] : ['field = {field:String}']),
  ]
  // A body without a violation is one group of its own.
  const violations = "JSONExtractArrayRaw(detail, 'violations')"
  const statement = `SELECT product, key_id, code, rule, field, uniqExact(request) AS requests,
      countIf(rule != '') AS violations, toUnixTimestamp64Milli(min(received_at)) AS firstMs,
      toUnixTimestamp64Milli(max(received_at)) AS lastMs, argMax(said, received_at) AS message,
      toString(argMax(request, received_at)) AS request_id
    FROM (
      SELECT product, key_id, request_id AS request, received_at, ${told('code')} AS code,
        arrayJoin(if(empty(${violations}), [''], ${violations})) AS one,
        JSONExtractString(one, 'rule') AS rule, JSONExtractString(one, 'field') AS field,
        if(rule = '', ${told('message')}, JSONExtractString(one, 'message')) AS said
      FROM parked ${where(sql)}
    ) ${where(having)}
    GROUP BY product, key_id, code, rule, field ORDER BY requests DESC, violations DESC, product, key_id, rule, field
    LIMIT {limit:UInt32}`
  type Found = Omit<RejectionGroup, 'first_at' | 'last_at'> & { firstMs: number; lastMs: number }
  const rows = await connection.select<Found>('ask', statement, { ...params, limit })
  return rows.map(({ firstMs, lastMs, message, request_id, ...row }) => ({
    ...row,
    first_at: new Date(firstMs).toISOString(),
    last_at: new Date(lastMs).toISOString(),
    message,
    request_id,
  }))
}

/** What is kept of a request; `position` picks one of what is parked. */
export async function readKept(connection: Connection, request: string, position?: number): Promise<Kept[]> {
  const sql = `SELECT product, mode, key_id AS keyId, request_id AS requestId, position, idempotency_key AS idempotencyKey,
      toUnixTimestamp64Milli(received_at) AS receivedMs, reason, detail, raw
    FROM parked WHERE request_id = {request:UUID} AND raw != ''
      ${position === undefined ? '' : 'AND position = {position:Int32}'} ORDER BY position`
  type Found = Omit<Kept, 'head' | 'exact'> & { detail: string }
  const rows = await connection.select<Found>('ask', sql, { request, position: position ?? 0 })
  return rows.map(({ detail, ...row }) => {
    const head = row.reason === rejectedReason ? readHead(detail) : null
    return { ...row, head, exact: head === null ? !detail.endsWith(notExactDetail) : head.exact !== false }
  })
}

export type TrimLimits = { perKeyMax: number; bytesPerKeyMax: number; ageMsMax: number }

/** Deletes what is more, or older, than is kept of each key. Gives how many requests went. */
export async function trimRejections(connection: Connection, limits: TrimLimits, nowMs: number): Promise<number> {
  const beyond = `SELECT request_id FROM (
      SELECT request_id, received_at, row_number() OVER newest AS nth, sum(length(raw)) OVER newest AS bytes
      FROM parked WHERE reason = '${rejectedReason}'
      WINDOW newest AS (PARTITION BY product, key_id ORDER BY received_at DESC, request_id)
    ) WHERE nth > {perKeyMax:UInt64} OR (nth > 1 AND bytes > {bytesPerKeyMax:UInt64})
      OR received_at < fromUnixTimestamp64Milli({oldestMs:Int64}, 'UTC')`
  const params = { ...limits, oldestMs: nowMs - limits.ageMsMax }
  const sql = `SELECT count() AS rows FROM (${beyond})`
  const rows = (await connection.select<{ rows: number }>('ask', sql, params))[0]?.rows ?? 0
  if (rows === 0) return 0
  const deletion = `DELETE FROM parked WHERE reason = '${rejectedReason}' AND request_id IN (${beyond})`
  await connection.command(deletion, params, settledSettings)
  return rows
}

function conditionsFor({ key, code, rule, field, ...filter }: RejectionsQuestion): Conditions {
  refuseOthers(filter, 'rejected', ['product', 'mode', 'request', 'sinceMs', 'untilMs'])
  const conditions = conditionsOf(filter)
  const { sql, params } = conditions
  sql.push(`reason = '${rejectedReason}'`)
  const add = (condition: string, more: Record<string, string>) => {
    sql.push(condition)
    Object.assign(params, more)
  }
  if (key !== undefined) add('key_id = {key:String}', { key })
  if (code !== undefined) add(`${told('code')} = {code:String}`, { code })
  const wanted = [
    ...(rule === undefined ? [] : ["JSONExtractString(one, 'rule') = {rule:String}"]),
    ...(field === undefined ? [] : ["JSONExtractString(one, 'field') = {field:String}"]),
  ]
  if (wanted.length > 0) {
    const violation = wanted.join(' AND ')
    add(`arrayExists(one -> ${violation}, JSONExtractArrayRaw(detail, 'violations'))`, {
      ...(rule !== undefined && { rule }),
      ...(field !== undefined && { field }),
    })
  }
  return conditions
}
