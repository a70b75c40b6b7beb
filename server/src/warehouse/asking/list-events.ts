// Stored events, newest first by receipt, a page at a time. The table is ordered for counting, not for this, so the
// scan is bounded: without a condition that a bloom filter answers, recent stretches of time are looked through first,
// each much longer than the one before, until the page is full. The second begins where the rest of the page is said to
// be by what is counted by the hour (rollup_received): only a hint, so it may lag behind. Of a user or a click, which may
// have events at all times, the latest millions are looked through first, and then the rest.

import { convert } from '@datapulse/contract/decimals'
import type { Connection } from '../connection.ts'
import { findRates } from '../rates.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'
import { afterPlaceSql, cursorOf, placeOf, placeParams } from './cursor.ts'
import { eventColumnsSql, type StoredEvent, type StoredRow, storedEventOf } from './event-columns.ts'
import { flagSettledTwice } from './settled-twice.ts'

export type EventsQuestion = Filter & {
  limit: number
  cursor?: string
  /** Whether the text as sent is wanted. */
  raw?: boolean
}

/** A page; `cursor` is null on the last one. */
export type Page<Row> = { rows: Row[]; cursor: string | null }

type Stretch = { fromMs: number; toMs: number }
type Bounds = Stretch & { rows: number }

const firstStretchMs = 60_000
const growth = 64
const hourMs = 3_600_000
/** Looked through in a moment by the bloom filter of users or clicks, from which on it pays not to look through all. */
const latestEvents = 8_000_000

export async function listEvents(
  connection: Connection,
  question: EventsQuestion,
  latest = latestEvents,
): Promise<Page<StoredEvent>> {
  const { limit, cursor, raw, ...filter } = question
  const place = cursor === undefined ? null : placeOf(cursor)
  const bounds = await boundsOf(connection)
  if (bounds === null) return { rows: [], cursor: null }
  const fromMs = Math.max(bounds.fromMs, filter.sinceMs ?? 0)
  const toMs = Math.min(bounds.toMs, filter.untilMs ?? bounds.toMs, place === null ? bounds.toMs : place.receivedMs + 1)
  const found: StoredRow[] = []
  const hint = (events: number) => (beforeMs: number) => hourBehind(connection, filter, events, beforeMs)
  const whole = { fromMs, toMs }
  const stretches = isOfFew(filter)
    ? [whole]
    : isSelective(filter)
      ? bounds.rows <= 2 * latest
        ? [whole]
        : latestAndRest(whole, hint(latest))
      : growing(whole, hint(limit + 1))
  for await (const stretch of stretches) {
    const conditions = conditionsOf({ ...filter, sinceMs: stretch.fromMs, untilMs: stretch.toMs })
    if (place !== null) conditions.sql.push(afterPlaceSql)
    const sql = `SELECT ${eventColumnsSql(raw === true)} FROM events ${where(conditions.sql)}
      ORDER BY received_at DESC, log_offset DESC, position DESC LIMIT {limit:UInt32}`
    const params = {
      ...conditions.params,
      ...(place === null ? {} : placeParams(place)),
      limit: limit + 1 - found.length,
    }
    found.push(...(await connection.select<StoredRow>('ask', sql, params)))
    if (found.length > limit) break
  }
  const rows = found.slice(0, limit)
  const last = rows.at(-1)
  const more = found.length > limit && last !== undefined
  const next = more
    ? cursorOf({ receivedMs: last.received_ms, logOffset: last.log_offset, position: last.position })
    : null
  return { rows: await showRows(connection, rows), cursor: next }
}

/** Rows as they are shown: with what is known of them as of now. */
export async function showRows(connection: Connection, rows: StoredRow[]): Promise<StoredEvent[]> {
  const [flagged, rates] = await Promise.all([flagSettledTwice(connection, rows), ratesOf(connection, rows)])
  return flagged.map((row, i) => {
    const rate = rates[i] ?? null
    const amount_usd = row.amount === null || rate === null ? null : convert(row.amount, rate)
    return { ...storedEventOf(row), amount_usd }
  })
}

function ratesOf(connection: Connection, rows: StoredRow[]): Promise<(string | null)[]> {
  const wishes = rows.map(({ amount, currency, timestamp_ms: eventMs }) => ({
    eventMs,
    currency: amount === null ? '' : currency,
  }))
  return findRates(connection, wishes)
}

/** When the first and the last event were received: known from the parts, without reading them. */
async function boundsOf(connection: Connection): Promise<Bounds | null> {
  const sql = `SELECT count() AS rows, toUnixTimestamp64Milli(min(received_at)) AS fromMs,
    toUnixTimestamp64Milli(max(received_at)) + 1 AS toMs FROM events`
  const row = (await connection.select<Bounds>('ask', sql))[0]
  return row === undefined || row.rows === 0 ? null : row
}

/** Where a bloom filter leaves little to be read. */
function isSelective(filter: Filter): boolean {
  return isOfFew(filter) || filter.user !== undefined || filter.click !== undefined
}

function isOfFew({ transaction, message, request }: Filter): boolean {
  return [transaction, message, request].some(value => value !== undefined)
}

type Hint = (beforeMs: number) => Promise<number | null>

async function* latestAndRest(whole: Stretch, hint: Hint): AsyncGenerator<Stretch> {
  const fromMs = Math.max(whole.fromMs, (await hint(whole.toMs)) ?? whole.fromMs)
  yield { fromMs, toMs: whole.toMs }
  if (fromMs > whole.fromMs) yield { fromMs: whole.fromMs, toMs: fromMs }
}

/** The stretches to look through, newest first, together the whole. */
async function* growing(whole: Stretch, hint: Hint): AsyncGenerator<Stretch> {
  let { toMs } = whole
  for (let lengthMs = firstStretchMs; toMs > whole.fromMs; lengthMs *= growth) {
    const hintMs = lengthMs === firstStretchMs * growth ? await hint(toMs) : null
    const fromMs = Math.max(whole.fromMs, Math.min(toMs - lengthMs, hintMs ?? toMs))
    yield { fromMs, toMs }
    toMs = fromMs
  }
}

/** The beginning of the latest hour since which so many events came, in hours that ended before; null if they did not. */
async function hourBehind(
  connection: Connection,
  { product, mode, event }: Filter,
  events: number,
  beforeMs: number,
): Promise<number | null> {
  const { sql, params } = conditionsOf(
    {
      ...(product !== undefined && { product }),
      ...(mode !== undefined && { mode }),
      ...(event !== undefined && { event }),
      untilMs: Math.max(0, beforeMs - hourMs + 1),
    },
    'at',
  )
  const statement = `SELECT toUnixTimestamp(max(at)) * 1000 AS fromMs FROM (
      SELECT at, sum(sum(r.events)) OVER (ORDER BY at DESC) AS since FROM rollup_received AS r
      ${where(["build = ''", "product != ''", ...sql])} GROUP BY at
    ) WHERE since >= {events:UInt64} HAVING count() > 0`
  const [row] = await connection.select<{ fromMs: number }>('ask', statement, { ...params, events })
  return row?.fromMs ?? null
}
