// From what was asked to WHERE: each condition names its parameter with its type, and the value travels beside the
// statement, never in it.

import type { Params } from '../connection.ts'

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
  ['sinceMs', "received_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')"],
  ['untilMs', "received_at < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')"],
]

/** The conditions of a filter, of those fields that it has. */
export function conditionsOf(filter: Filter): Conditions {
  const conditions: Conditions = { sql: [], params: {} }
  for (const [name, sql] of equals) {
    const value = filter[name]
    if (value === undefined) continue
    conditions.sql.push(sql)
    conditions.params[name] = value
  }
  return conditions
}

/** `WHERE a AND b`, or nothing. */
export function where(sql: readonly string[]): string {
  return sql.length === 0 ? '' : `WHERE ${sql.join(' AND ')}`
}
