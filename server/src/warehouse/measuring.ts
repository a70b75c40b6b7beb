// What a warehouse is compared by with what it was copied from: rows of each table, and of the events counts, exact sums
// and a sum of hashes, by everything that money is counted by. Long reads, through the queue of long reads.

import type { Connection } from './connection.ts'
import { events, keyUsage } from './schema.ts'

export type Measured = { rows: Record<string, number>; sums: EventSum[] }

export type EventSum = {
  product: string
  mode: string
  event_name: string
  currency: string
  events: number
  /** Decimal text. */
  amount: string
  bet_result_amount: string
  identities: string
}

export async function measure(connection: Connection, database: string, tables: readonly string[]): Promise<Measured> {
  const rows: Measured['rows'] = {}
  for (const table of tables)
    for await (const page of connection.stream<[number]>(
      `SELECT count() FROM \`${database}\`.\`${table}\`${rowsOf(table)}`,
    ))
      for (const [count] of page) rows[table] = count
  const sums: EventSum[] = []
  if (tables.includes(events.name))
    for await (const page of connection.stream<SumTuple>(sumsSql(database))) sums.push(...page.map(sumOf))
  return { rows, sums }
}

/** Rows of usage may become one at any time. */
function rowsOf(table: string): string {
  return table === keyUsage.name ? ' FINAL' : ''
}

type SumTuple = [string, string, string, string, number, string, string, string]

function sumsSql(database: string): string {
  return `SELECT product, mode, event_name, currency, count(), toString(sum(toDecimal256(ifNull(e.amount, 0), 18))),
      toString(sum(toDecimal256(ifNull(e.bet_result_amount, 0), 18))), toString(sum(cityHash64(identity, request_id, position)))
    FROM \`${database}\`.${events.name} AS e GROUP BY product, mode, event_name, currency
    ORDER BY product, mode, event_name, currency`
}

function sumOf([
  product,
  mode,
  event_name,
  currency,
  count,
  amount,
  bet_result_amount,
  identities,
]: SumTuple): EventSum {
  return { product, mode, event_name, currency, events: count, amount, bet_result_amount, identities }
}
