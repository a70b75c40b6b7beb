// What is counted of a product for its diagnostics (steps/diagnostics.ts has the shapes, docs/reference/diagnostics.md what
// they mean). A window may hold a hundred million events, so its whole hours are counted already (rollup_received), up to some
// load: what later loads brought, and what was received before and behind these hours, is counted in one pass over as
// little as will do: time, name, key, position. So nobody waits until that rollup is up to date. Coverage, delays and
// settlement are looked at in at most `lookedMax` events or so, in slices spread over the time. Names that came are
// excluded from the look at all times, which the order of the table makes cheap. Lists are cut (limits.ts): the known names
// and the largest stay. What operators sent again is in nothing of it.

import { isDeepStrictEqual } from 'node:util'
import { knownEventNames } from '@datapulse/contract'
import { limits } from '../../limits.ts'
import {
  type DiagnosticsFound,
  type DiagnosticsQuestion,
  type Looks,
  noLooks,
  type Repeated,
  type Stored,
} from '../../steps/diagnostics.ts'
import { replayPrefix } from '../../steps/replay-key.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import type { Connection, Params } from '../connection.ts'
import { type ReceivedUpTo, readReceivedUpTo, receivedUpToSql } from '../rollup-builds.ts'
import { keptHere, readMistakes } from './mistakes.ts'

const aheadMs = 5_000
const farAheadMs = 300_000
const hourMs = 3_600_000

/** The slices in which a large window is looked at: few, since the index is asked about each. */
const slices = 8
/** Names that are excluded from the look at all times: so many, so long. */
const excludedMax = 20
const excludedCharactersMax = 40

type Group = { of: 'name' | 'key' | 'all'; event_name: string; key_id: string }
type StoredRow = Group & Omit<Stored, 'looks'> & { firstMs: number } & Partial<ReceivedUpTo>
type LooksRow = Omit<Group, 'key_id'> & Omit<Looks, 'delayMs'> & { delays: number[] }
type RepeatedRow = Group & Repeated
type KeyRow = DiagnosticsFound['storedOf']['keys'][number]
type RestRow = { of: 'parked' | 'refused' | 'kept'; why: string } & Omit<DiagnosticsFound['parked'][number], 'reason'>
type LastSeen = DiagnosticsFound['lastSeen'][number]

export async function readDiagnostics(
  connection: Connection,
  question: DiagnosticsQuestion,
  /** `takesHours`: from what is counted already; without it all is counted anew. */
  { takesHours = true, lookedMax = limits.diagnosticsLookedMax }: { takesHours?: boolean; lookedMax?: number } = {},
): Promise<DiagnosticsFound> {
  const { keys, ...asked } = question
  const { sinceMs, untilMs } = asked
  // Parameters travel in a URL, which is no place for a long list.
  const params: Params = { ...asked, hourMs: Math.max(sinceMs, untilMs - hourMs), names: knownEventNames }
  params.rowsMax = limits.diagnosticsRowsMax
  const ask = <Row>(sql: string, more: Params = {}) => connection.select<Row>('ask', sql, { ...params, ...more })
  const known = new Set(keys)
  const readStored = async () => {
    const hours = takesHours ? wholeHours(sinceMs, untilMs - hourMs) : null
    const rows = await ask<StoredRow>(storedSql(hours))
    const all = rows.find(({ of }) => of === 'all')
    const seen = rows.flatMap(({ of, event_name, lastMs }) => (of === 'name' ? [{ event_name, lastMs }] : []))
    const [looks, others, upToNow] = await Promise.all([
      all === undefined ? [] : ask<LooksRow>(looksSql(all, lookedMax)),
      ask<LastSeen>(lastSeenSql, { seen: largestNames(rows) }),
      hours === null ? null : readReceivedUpTo(connection),
    ])
    const isStill = upToNow === null || (all !== undefined && isDeepStrictEqual(upToOf(all), upToNow))
    return { rows, all, looks, lastSeen: latest([...seen, ...others]), isStill }
  }
  const readRest = async () => {
    const repeated = await ask<RepeatedRow>(repeatedSql)
    const rows = await ask<RestRow>(restSql)
    const mistakes = await readMistakes(connection, question, rows.find(({ of }) => of === 'kept')?.requests ?? 0)
    return { repeated, mistakes, ...restOf(rows, known) }
  }
  // Two or three statements at a time, so that somebody else's question finds its place between them.
  const [{ rows, all, looks, lastSeen, isStill }, { repeated, ...rest }] = await Promise.all([readStored(), readRest()])
  // A step was added meanwhile, or all was emptied, or nothing is there that says what was counted.
  if (!isStill) return readDiagnostics(connection, question, { takesHours: false, lookedMax })
  const again = (group: Group['of']) => repeated.flatMap(({ of, ...row }) => (of === group ? [row] : []))
  return {
    ...rest,
    lastSeen,
    stored: all === undefined ? null : withLooks(all, looks),
    storedOf: {
      names: rows.flatMap(row => (row.of === 'name' ? [{ event_name: row.event_name, ...withLooks(row, looks) }] : [])),
      keys: rows.flatMap(row => (row.of === 'key' && known.has(row.key_id) ? [keyRowOf(row)] : [])),
    },
    repeated: again('all').map(({ event_name: _, key_id: __, ...row }) => row)[0] ?? null,
    repeatedOf: {
      names: again('name').map(({ key_id: _, ...row }) => row),
      keys: again('key').map(({ event_name: _, ...row }) => row),
    },
  }
}

function upToOf({ build = '', load = 0 }: StoredRow): ReceivedUpTo {
  return { build, load }
}

function restOf(rows: RestRow[], known: ReadonlySet<string>): Pick<DiagnosticsFound, 'parked' | 'refused'> {
  const of = (what: RestRow['of']) => rows.filter(row => row.of === what).map(({ of: _, ...row }) => row)
  return {
    parked: of('parked').map(({ why, ...row }) => ({ ...row, reason: why })),
    refused: of('refused').flatMap(({ why, ...row }) => (known.has(row.key_id) ? [{ ...row, code: why }] : [])),
  }
}

function withLooks({ of, event_name, events, requests, lastHour, lastMs }: StoredRow, looks: LooksRow[]): Stored {
  const found = looks.find(row => row.of === of && row.event_name === event_name)
  return { events, requests, lastHour, lastMs, looks: found === undefined ? noLooks : looksOf(found) }
}

function looksOf({ of: _, event_name: __, delays, ...row }: LooksRow): Looks {
  const [least = 0, median = 0, most = 0] = delays
  return { ...row, delayMs: { least, median, most } }
}

function keyRowOf({ key_id, events, requests, lastMs }: StoredRow): KeyRow {
  return { key_id, events, requests, lastMs }
}

/** Few and short enough for a URL; the larger a name, the more is left unread by naming it. */
function largestNames(rows: readonly StoredRow[]): string[] {
  const short = rows.filter(({ of, event_name: name }) => of === 'name' && name.length <= excludedCharactersMax)
  return short
    .toSorted((a, b) => b.events - a.events)
    .slice(0, excludedMax)
    .map(({ event_name: name }) => name)
}

/** Each name once, the known ones first, then the latest. */
function latest(rows: readonly LastSeen[]): LastSeen[] {
  const last = new Map<string, number>()
  for (const { event_name: name, lastMs } of rows) last.set(name, Math.max(lastMs, last.get(name) ?? 0))
  const rankOf = (name: string) => (knownEventNames.includes(name) ? 0 : 1)
  return [...last]
    .map(([event_name, lastMs]) => ({ event_name, lastMs }))
    .toSorted((a, b) => rankOf(a.event_name) - rankOf(b.event_name) || b.lastMs - a.lastMs)
    .slice(0, limits.diagnosticsRowsMax)
}

const whose = `product = {product:String} AND mode = {mode:String} AND NOT startsWith(key_id, '${replayPrefix}')`
const inTime = `received_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`
const millis = (column: string) => `toUnixTimestamp64Milli(${column})`
const largest = 'event_name IN {names:Array(String)} DESC, events DESC'
const summed = (...names: string[]) => names.map(name => `sum(i_${name}) AS ${name}`).join(', ')

/** The whole hours between two moments; null without any. */
function wholeHours(sinceMs: number, untilMs: number): Hours | null {
  const hours = { fromMs: Math.ceil(sinceMs / hourMs) * hourMs, toMs: Math.floor(untilMs / hourMs) * hourMs }
  return hours.toMs > hours.fromMs ? hours : null
}

type Hours = { fromMs: number; toMs: number }

/**
 * All that must be exact, by name, by key, and in all. The last hour is never among those that are counted already; up to
 * where they are is told with it.
 */
function storedSql(hours: Hours | null): string {
  const upTo = hours === null ? ['', ''] : [`WITH ${receivedUpToSql} AS up_to`, 'up_to.1 AS build, up_to.2 AS load,']
  return `${upTo[0]} SELECT multiIf(grouping(event_name) = 0, 'name', grouping(key_id) = 0, 'key', 'all') AS of,
      event_name, key_id, ${upTo[1]}
      ${summed('events', 'requests', 'lastHour')}, ${millis('min(i_first)')} AS firstMs, ${millis('max(i_last)')} AS lastMs
    FROM (${hours === null ? countsSql('true') : partlyCountedSql(hours)})
    GROUP BY GROUPING SETS ((event_name), (key_id), ()) HAVING events > 0
    ORDER BY of, ${largest}, event_name, key_id LIMIT {rowsMax:UInt32} BY of`
}

function countsSql(condition: string): string {
  return `SELECT event_name, key_id, count() AS i_events, countIf(position = 0) AS i_requests,
      min(received_at) AS i_first, max(received_at) AS i_last,
      countIf(received_at >= fromUnixTimestamp64Milli({hourMs:Int64}, 'UTC')) AS i_lastHour
    FROM events WHERE ${whose} AND ${inTime} AND ${condition} GROUP BY event_name, key_id`
}

/** Three ranges, so that each leaves unread what an index knows of it. Where nothing is counted already, that has no load. */
function partlyCountedSql({ fromMs, toMs }: Hours): string {
  const moment = (ms: number) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`
  const within = (column: string) => `${column} >= ${moment(fromMs)} AND ${column} < ${moment(toMs)}`
  return [
    countsSql(`received_at < ${moment(fromMs)}`),
    countsSql(`received_at >= ${moment(toMs)}`),
    countsSql(`${within('received_at')} AND load_seq > up_to.2`),
    `SELECT event_name, key_id, sum(r.events), sum(r.requests), min(r.first_received), max(r.last_received), 0
      FROM rollup_received AS r WHERE ${whose} AND r.build = '' AND up_to.2 > 0 AND ${within('at')}
      GROUP BY event_name, key_id`,
  ].join(' UNION ALL ')
}

/** `.size` is a column of its own on the disk: the texts are not read. */
function looksSql({ events, firstMs, lastMs }: StoredRow, lookedMax: number): string {
  return `SELECT if(grouping(event_name) = 0, 'name', 'all') AS of, event_name,
      ${summed('looked', 'withClick', 'withAgent', 'ahead', 'farAhead')},
      ${summed('bets', 'betsWithResult', 'results', 'resultsWithParent')},
      quantilesBFloat16Merge(0.01, 0.5, 0.95)(i_delays) AS delays
    FROM (
      WITH ${millis('received_at')} - ${millis('timestamp')} AS delay
      SELECT event_name, count() AS i_looked,
        countIf(click_id.size > 0) AS i_withClick, countIf(user_agent.size > 0) AS i_withAgent,
        quantilesBFloat16State(0.01, 0.5, 0.95)(delay) AS i_delays,
        countIf(delay < -${aheadMs}) AS i_ahead, countIf(delay < -${farAheadMs}) AS i_farAhead,
        countIf(event_name = 'bet') AS i_bets,
        countIf(event_name = 'bet' AND bet_result_amount IS NOT NULL) AS i_betsWithResult,
        countIf(event_name IN ('win', 'loss')) AS i_results,
        countIf(event_name IN ('win', 'loss') AND parent_transaction_id.size > 0) AS i_resultsWithParent
      FROM events WHERE ${whose} AND ${inTime} ${inSlices(firstMs, lastMs, lookedMax / events)} GROUP BY event_name
    )
    GROUP BY GROUPING SETS ((event_name), ())
    ORDER BY of, event_name IN {names:Array(String)} DESC, looked DESC, event_name LIMIT {rowsMax:UInt32} BY of`
}

/**
 * The same share of each of so many slices of the time, the first of which begins with the first event. Rows are told by
 * one division; the ranges are for the index alone, which leaves unread what is between them.
 */
function inSlices(firstMs: number, lastMs: number, share: number): string {
  if (share >= 1) return ''
  const sliceMs = Math.ceil((lastMs + 1 - firstMs) / slices)
  const lookedMs = Math.ceil(share * sliceMs)
  const moment = (ms: number) => `fromUnixTimestamp64Milli(${ms}, 'UTC')`
  const ranges = Array.from({ length: slices }, (_, i) => {
    const fromMs = firstMs + i * sliceMs
    return `(received_at >= ${moment(fromMs)} AND received_at < ${moment(fromMs + lookedMs)})`
  })
  return `AND indexHint(${ranges.join(' OR ')}) AND (${millis('received_at')} - ${firstMs}) % ${sliceMs} < ${lookedMs}`
}

/** Of names that did not come in the time (and small ones that did), before its end. */
const lastSeenSql = `SELECT event_name, ${millis('max(received_at)')} AS lastMs
  FROM events WHERE ${whose} AND event_name NOT IN {seen:Array(String)}
    AND received_at < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')
  GROUP BY event_name
  ORDER BY event_name IN {names:Array(String)} DESC, lastMs DESC, event_name LIMIT {rowsMax:UInt32}`

const repeatedSql = `SELECT multiIf(grouping(event_name) = 0, 'name', grouping(key_id) = 0, 'key', 'all') AS of,
    event_name, key_id, ${summed('events', 'conflicts', 'requests')}, ${millis('max(i_last)')} AS lastMs
  FROM (
    SELECT event_name, key_id, count() AS i_events, countIf(conflict) AS i_conflicts,
      countIf(position = 0) AS i_requests, max(received_at) AS i_last
    FROM duplicates WHERE ${whose} AND ${inTime} GROUP BY event_name, key_id
  )
  GROUP BY GROUPING SETS ((event_name), (key_id), ()) HAVING events > 0
  ORDER BY of, ${largest}, event_name, key_id LIMIT {rowsMax:UInt32} BY of`

/** What was parked, what was refused, and how many of the refused are kept. */
const restSql = `SELECT 'parked' AS of, key_id, reason AS why, sum(parked.events) AS events, countIf(position <= 0) AS requests,
    ${millis('max(received_at)')} AS lastMs
  FROM parked WHERE ${whose} AND reason != '${rejectedReason}' AND ${inTime}
  GROUP BY key_id, reason ORDER BY events DESC, key_id, reason LIMIT {rowsMax:UInt32}
  UNION ALL
  SELECT 'refused' AS of, key_id, code AS why, sum(rejected.events) AS events, sum(rejected.requests) AS requests,
    ${millis('max(received_at)')} AS lastMs
  FROM rejected WHERE product = {product:String} AND ${inTime}
  GROUP BY key_id, code ORDER BY requests DESC, key_id, code
  UNION ALL
  SELECT 'kept', '', '', 0, count(), 0 FROM parked WHERE ${keptHere}`
