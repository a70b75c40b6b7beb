// From what was asked to WHERE: each condition names its parameter with its type, and the value travels beside the
// statement, never in it.

import type { Params } from '../connection.ts'
import { placeOfTransactionId } from '../../steps/transaction-id.ts'
import { warehouseFault } from '../fault.ts'

/** What may be asked of events, duplicates and parked events alike. */
export type Filter = {
  product?: string
  mode?: 'live' | 'test'
  user?: string
  event?: string
  transaction?: string
  click?: string
  message?: string
  /** UUID of a request. */
  request?: string
  /** Received at or after, and before: Unix milliseconds. */
  sinceMs?: number
  untilMs?: number
}

/** Conditions with their parameters; `and` of nothing is true. */
export type Conditions = { sql: string[]; params: Params }

const equals: [keyof Filter, string][] = [
  ['product', 'product = {product:String}'],
  ['mode', 'mode = {mode:String}'],
  ['user', 'client_user_id = {user:String}'],
  ['event', 'event_name = {event:String}'],
  ['transaction', 'transaction_id = {transaction:String}'],
  ['click', 'click_id = {click:String}'],
  ['message', 'message_id = {message:String}'],
  ['request', 'request_id = {request:UUID}'],
]

/** The conditions of a filter, of those fields that it has; `clock` is the column that its times mean. */
export function conditionsOf(filter: Filter, clock: 'received_at' | 'timestamp' | 'at' = 'received_at'): Conditions {
  const { sinceMs, untilMs } = filter
  const conditions: Conditions = { sql: [], params: {} }
  for (const [name, sql] of equals) {
    const value = filter[name]
    if (value === undefined) continue
    const place = name === 'transaction' ? placeOfTransactionId(String(value)) : null
    if (place !== null) {
      addPlace(conditions, place)
      continue
    }
    conditions.sql.push(sql)
    conditions.params[name] = value
  }
  if (sinceMs !== undefined) {
    conditions.sql.push(`${clock} >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')`)
    conditions.params.sinceMs = sinceMs
  }
  if (untilMs !== undefined) {
    conditions.sql.push(`${clock} < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`)
    conditions.params.untilMs = untilMs
  }
  return conditions
}

/** A generated id says where the event stands. */
function addPlace({ sql, params }: Conditions, { requestId, position }: { requestId: string; position: number }): void {
  sql.push("request_id = {generatedRequest:UUID} AND position = {generatedPosition:UInt32} AND transaction_id = ''")
  Object.assign(params, { generatedRequest: requestId, generatedPosition: position })
}

/** Throws WAREHOUSE_REFUSED when a filter has fields that a table has no columns for: an answer would mislead. */
export function refuseOthers(filter: Filter, table: string, known: readonly (keyof Filter)[]): void {
  for (const [name, value] of Object.entries(filter))
    if (value !== undefined && !known.includes(name as keyof Filter))
      throw warehouseFault(
        'WAREHOUSE_REFUSED',
        `Cannot look for ${name} in ${table} because it is not known there`,
        false,
      )
}

/** `WHERE a AND b`, or nothing. */
export function where(sql: readonly string[]): string {
  return sql.length === 0 ? '' : `WHERE ${sql.join(' AND ')}`
}
