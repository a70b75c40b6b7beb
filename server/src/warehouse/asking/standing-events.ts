// The events that stand, for events that came again: looked up by their places, and compared.

import type { Connection } from '../connection.ts'

/** What is compared between an event and the one that stands. */
export type Compared = { client_user_id: string; amount: string | null; currency: string }

export type StandingEvent = Compared & { request_id: string; position: number; received_ms: number }

/** Requests looked up at once: few enough for the bloom filter to leave most of the table unread. */
const lookupMax = 50

/** By `<request> <position>`. They have the product, mode and name of what came again. */
export async function readFirsts(
  connection: Connection,
  rows: readonly {
    product: string
    mode: string
    eventName: string
    firstRequestId: string
    firstPosition: number
  }[],
): Promise<Map<string, StandingEvent>> {
  const firsts = new Map<string, StandingEvent>()
  const unique = <T>(values: T[]) => [...new Set(values)]
  for (let start = 0; start < rows.length; start += lookupMax) {
    const some = rows.slice(start, start + lookupMax)
    const sql = `SELECT request_id, position, client_user_id, amount, currency,
        toUnixTimestamp64Milli(received_at) AS received_ms
      FROM events
      WHERE product IN {products:Array(String)} AND mode IN {modes:Array(String)}
        AND event_name IN {names:Array(String)} AND request_id IN {requests:Array(UUID)}
        AND position IN {positions:Array(UInt32)}`
    const found = await connection.select<StandingEvent>('ask', sql, {
      products: unique(some.map(row => row.product)),
      modes: unique(some.map(row => row.mode)),
      names: unique(some.map(row => row.eventName)),
      requests: unique(some.map(row => row.firstRequestId)),
      positions: unique(some.map(row => row.firstPosition)),
    })
    for (const first of found) firsts.set(`${first.request_id} ${first.position}`, first)
  }
  return firsts
}

/** Names of what differs. */
export function differsFrom(sent: Compared, stands: Compared): (keyof Compared)[] {
  return (['client_user_id', 'amount', 'currency'] as const).filter(name => sent[name] !== stands[name])
}
