// What a partner's books are compared with: of each day, event name and currency, how many events are stored, came again,
// or came again otherwise, and the exact sums of what is stored. Parked and rejected events have no name and no sum: they
// are counted by day of receipt. What is stored is read from a rollup where that is up to date: the same numbers, sooner.

import type { Connection, Params } from '../connection.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import { readBuild } from '../rollup-builds.ts'

export type ReconciliationQuestion = {
  product: string
  mode: 'live' | 'test'
  /** Keys of that product and mode: whose rejections are counted. */
  keys: readonly string[]
  /** Days, UTC: the first, and the one behind the last. */
  from: string
  to: string
  /** Which time of an event its day is of: its own, or that of its receipt. */
  by: 'event' | 'received'
}

export type ReconciliationRow = {
  day: string
  event_name: string
  currency: string
  /** stored + duplicate. */
  received: number
  stored: number
  /** Conflicts among them. */
  duplicate: number
  conflict: number
  /** Of what is stored: decimal text, null without any. */
  amount: string | null
  bet_result_amount: string | null
}

export type Reconciliation = {
  rows: ReconciliationRow[]
  parked: { day: string; reason: string; events: number }[]
  rejected: { day: string; code: string; events: number; requests: number }[]
}

export async function readReconciliation(
  connection: Connection,
  question: ReconciliationQuestion,
  /** Of the rollups that are up to date; null: from the events. */
  build: string | null = null,
): Promise<Reconciliation> {
  const { product, mode, from, to, by } = question
  const params: Params = { product, mode, from, to, by }
  const clock = question.by === 'event' ? 'timestamp' : 'received_at'
  const sum = (column: string) => `if(count(${column}) = 0, NULL, toString(sum(toDecimal256(${column}, 18))))`
  const of = (
    columns: string,
    table: string,
  ) => `SELECT toString(toDate(${clock})) AS day, event_name, currency, ${columns}
    FROM ${table} AS e WHERE product = {product:String} AND mode = {mode:String} AND ${within(clock)}
    GROUP BY day, event_name, currency`
  const plain = of(
    `count() AS stored, ${sum('e.amount')} AS amount, ${sum('e.bet_result_amount')} AS bet_result_amount`,
    'events',
  )
  const stored = build === null ? plain : rolledSql
  const duplicates = of('count() AS duplicate, countIf(conflict) AS conflict', 'duplicates')
  const parked = `SELECT toString(toDate(received_at)) AS day, reason, sum(parked.events) AS events FROM parked
    WHERE product = {product:String} AND mode = {mode:String} AND reason != '${rejectedReason}' AND ${within('received_at')}
    GROUP BY day, reason ORDER BY day, reason`
  const rejected = `SELECT toString(toDate(received_at)) AS day, code, key_id, sum(rejected.events) AS events,
      sum(rejected.requests) AS requests FROM rejected
    WHERE product = {product:String} AND ${within('received_at')}
    GROUP BY day, code, key_id ORDER BY day, code`
  const [storedRows, duplicateRows, parkedRows, rejectedRows] = await Promise.all([
    connection.select<Partial<ReconciliationRow>>('ask', stored, params),
    connection.select<Partial<ReconciliationRow>>('ask', duplicates, params),
    connection.select<Reconciliation['parked'][number]>('ask', parked, params),
    connection.select<RejectedOfKey>('ask', rejected, params),
  ])
  // Emptied under the question, they would have told too little.
  if (build !== null && (await readBuild(connection, 'ask')) !== build) return readReconciliation(connection, question)
  return {
    rows: together([...storedRows, ...duplicateRows]),
    parked: parkedRows,
    rejected: ofKeys(rejectedRows, question.keys),
  }
}

const rolledSql = `SELECT toString(toDate(at)) AS day, event_name, currency, sum(r.events) AS stored,
    if(sum(r.amounts) = 0, NULL, toString(sum(r.amount))) AS amount,
    if(sum(r.bet_results) = 0, NULL, toString(sum(r.bet_result_amount))) AS bet_result_amount
  FROM rollup_books AS r WHERE product = {product:String} AND build = '' AND mode = {mode:String}
    AND clock = {by:String} AND ${within('at')}
  GROUP BY day, event_name, currency`

type RejectedOfKey = Reconciliation['rejected'][number] & { key_id: string }

/** A product may have more keys than a question has room for, so they are picked here. */
function ofKeys(rows: readonly RejectedOfKey[], keys: readonly string[]): Reconciliation['rejected'] {
  const known = new Set(keys)
  const sums = new Map<string, Reconciliation['rejected'][number]>()
  for (const { key_id, day, code, events, requests } of rows) {
    if (!known.has(key_id)) continue
    const sum = sums.get(`${day} ${code}`) ?? { day, code, events: 0, requests: 0 }
    sums.set(`${day} ${code}`, { ...sum, events: sum.events + events, requests: sum.requests + requests })
  }
  return [...sums.values()]
}

function within(clock: string): string {
  return `${clock} >= toDateTime64({from:String}, 3, 'UTC') AND ${clock} < toDateTime64({to:String}, 3, 'UTC')`
}

function together(found: Partial<ReconciliationRow>[]): ReconciliationRow[] {
  const rows = new Map<string, ReconciliationRow>()
  for (const { day = '', event_name = '', currency = '', ...numbers } of found) {
    const key = JSON.stringify([day, event_name, currency])
    const none = { received: 0, stored: 0, duplicate: 0, conflict: 0, amount: null, bet_result_amount: null }
    rows.set(key, { day, event_name, currency, ...none, ...rows.get(key), ...numbers })
  }
  for (const row of rows.values()) row.received = row.stored + row.duplicate
  return [...rows.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}
