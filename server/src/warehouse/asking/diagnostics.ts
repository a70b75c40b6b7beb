// What is counted of a product for its diagnostics (steps/diagnostics.ts has the shapes, docs/reference/diagnostics.md what
// they mean): one pass over narrow columns of the events received in the time, one over the names of all times, and small
// questions to the other tables, side by side. Lists are cut (`limits`): the known names and the largest stay.

import { knownEventNames } from '@datapulse/contract'
import { limits } from '../../limits.ts'
import type {
  DiagnosticsFound,
  DiagnosticsQuestion,
  Mistake,
  OfKey,
  OfName,
  Refused,
  Repeated,
  Stored,
} from '../../steps/diagnostics.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import type { Connection, Params } from '../connection.ts'

const aheadMs = 5_000
const farAheadMs = 300_000
const hourMs = 3_600_000

export async function readDiagnostics(
  connection: Connection,
  question: DiagnosticsQuestion,
): Promise<DiagnosticsFound> {
  const params: Params = {
    ...question,
    hourMs: Math.max(question.sinceMs, question.untilMs - hourMs),
    names: knownEventNames,
    rowsMax: limits.diagnosticsRowsMax,
    keptMax: limits.diagnosticsRejectionsMax,
    bytesMax: limits.diagnosticsBodyBytesMax,
  }
  const ask = <Row>(sql: string) => connection.select<Row>('ask', sql, params)
  // Two at a time: another question of somebody else finds its place between them.
  const [[stored, rules, names], [lastSeen, repeated, parked, refused]] = await Promise.all([
    (async () =>
      [await ask<StoredRow>(storedSql), await ask<RulesRow>(rulesSql), await ask<NamesRow>(namesSql)] as const)(),
    (async () =>
      [
        await ask<LastSeenRow>(lastSeenSql),
        await ask<RepeatedRow>(repeatedSql),
        await ask<ParkedRow>(parkedSql),
        await ask<OfKey<Refused>>(refusedSql),
      ] as const)(),
  ])
  const found = apart(stored, storedOf)
  const again = apart(repeated, ({ events, conflicts, requests, lastMs }) => ({ events, conflicts, requests, lastMs }))
  const all = stored.find(({ of }) => of === 'all')
  return {
    stored: found.all,
    storedOf: found,
    repeated: again.all,
    repeatedOf: again,
    parked,
    refused,
    mistakes: {
      kept: rules[0]?.kept ?? 0,
      looked: names[0]?.looked ?? 0,
      rules: rules.flatMap(({ kept: _, ...row }) => (row.requests === 0 ? [] : [row])),
      names: names.flatMap(({ looked: _, ...row }) => (row.requests === 0 ? [] : [row])),
    },
    settlement: {
      bets: all?.bets ?? 0,
      betsWithResult: all?.betsWithResult ?? 0,
      results: all?.results ?? 0,
      resultsWithParent: all?.resultsWithParent ?? 0,
    },
    lastSeen,
  }
}

/** Of one name, of one key, or of all. */
type Grouped = { of: 'name' | 'key' | 'all'; event_name: string; key_id: string }
type StoredRow = Grouped & Omit<Stored, 'delayMs'> & { delays: number[] } & DiagnosticsFound['settlement']

type RepeatedRow = Grouped & Repeated
type RulesRow = Mistake & { kept: number }
type NamesRow = OfName<{ requests: number }> & { looked: number }
type LastSeenRow = DiagnosticsFound['lastSeen'][number]
type ParkedRow = DiagnosticsFound['parked'][number]

function apart<Row extends Grouped, T>(rows: Row[], shown: (row: Row) => T) {
  const [all] = rows.filter(({ of }) => of === 'all')
  return {
    all: all === undefined ? null : shown(all),
    names: rows.filter(({ of }) => of === 'name').map(row => ({ ...shown(row), event_name: row.event_name })),
    keys: rows.filter(({ of }) => of === 'key').map(row => ({ ...shown(row), key_id: row.key_id })),
  }
}

function storedOf({
  events,
  requests,
  lastHour,
  lastMs,
  withClick,
  withAgent,
  ahead,
  farAhead,
  delays,
}: StoredRow): Stored {
  const [least = 0, median = 0, most = 0] = delays
  return { events, requests, lastHour, lastMs, withClick, withAgent, ahead, farAhead, delayMs: { least, median, most } }
}

const whose = 'product = {product:String} AND mode = {mode:String}'
const inTime = `received_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`
const millis = (column: string) => `toUnixTimestamp64Milli(${column})`

/** The groups of an inner question by name and key, put together by name, by key, and all. */
function setsOf(columns: string, inner: string): string {
  return `SELECT multiIf(grouping(event_name) = 0, 'name', grouping(key_id) = 0, 'key', 'all') AS of,
      event_name, key_id, ${columns}
    FROM (${inner}) GROUP BY GROUPING SETS ((event_name), (key_id), ())
    HAVING events > 0
    ORDER BY of, event_name IN {names:Array(String)} DESC, events DESC, event_name, key_id LIMIT {rowsMax:UInt32} BY of`
}

const summed = (names: readonly string[]) => names.map(name => `sum(i_${name}) AS ${name}`).join(', ')

const storedSql = setsOf(
  `${summed(['events', 'requests', 'lastHour', 'withClick', 'withAgent', 'ahead', 'farAhead'])},
    ${summed(['bets', 'betsWithResult', 'results', 'resultsWithParent'])},
    ${millis('max(i_last)')} AS lastMs, quantilesBFloat16Merge(0.01, 0.5, 0.95)(i_delays) AS delays`,
  `WITH ${millis('received_at')} - ${millis('timestamp')} AS delay
    SELECT event_name, key_id, count() AS i_events, countIf(position = 0) AS i_requests, max(received_at) AS i_last,
      countIf(received_at >= fromUnixTimestamp64Milli({hourMs:Int64}, 'UTC')) AS i_lastHour,
      countIf(click_id != '') AS i_withClick, countIf(user_agent != '') AS i_withAgent,
      quantilesBFloat16State(0.01, 0.5, 0.95)(delay) AS i_delays,
      countIf(delay < -${aheadMs}) AS i_ahead, countIf(delay < -${farAheadMs}) AS i_farAhead,
      countIf(event_name = 'bet') AS i_bets,
      countIf(event_name = 'bet' AND bet_result_amount IS NOT NULL) AS i_betsWithResult,
      countIf(event_name IN ('win', 'loss')) AS i_results,
      countIf(event_name IN ('win', 'loss') AND parent_transaction_id != '') AS i_resultsWithParent
    FROM events WHERE ${whose} AND ${inTime} GROUP BY event_name, key_id`,
)

const lastSeenSql = `SELECT event_name, ${millis('max(received_at)')} AS lastMs
  FROM events WHERE ${whose} GROUP BY event_name
  ORDER BY event_name IN {names:Array(String)} DESC, lastMs DESC, event_name LIMIT {rowsMax:UInt32}`

const repeatedSql = setsOf(
  `${summed(['events', 'conflicts', 'requests'])}, ${millis('max(i_last)')} AS lastMs`,
  `SELECT event_name, key_id, count() AS i_events, countIf(conflict) AS i_conflicts, countIf(position = 0) AS i_requests,
      max(received_at) AS i_last
    FROM duplicates WHERE ${whose} AND ${inTime} GROUP BY event_name, key_id`,
)

const parkedSql = `SELECT key_id, reason, sum(parked.events) AS events, countIf(position <= 0) AS requests,
    ${millis('max(received_at)')} AS lastMs
  FROM parked WHERE ${whose} AND reason != '${rejectedReason}' AND ${inTime}
  GROUP BY key_id, reason ORDER BY events DESC, key_id, reason LIMIT {rowsMax:UInt32}`

const refusedSql = `SELECT key_id, code, sum(rejected.events) AS events, sum(rejected.requests) AS requests,
    ${millis('max(received_at)')} AS lastMs
  FROM rejected WHERE product = {product:String} AND key_id IN {keys:Array(String)} AND ${inTime}
  GROUP BY key_id, code ORDER BY requests DESC, key_id, code`

/** The newest of the rejected requests that are kept. */
const keptSql = (columns: string) => `SELECT ${columns} FROM parked
  WHERE ${whose} AND reason = '${rejectedReason}' AND ${inTime}
  ORDER BY received_at DESC, request_id LIMIT {keptMax:UInt32}`

const violations = "JSONExtractArrayRaw(detail, 'violations')"

/** A request without a violation (no JSON, no HTTP) is told by its code. */
const rulesSql = `SELECT rule, field, uniqExact(request_id) AS requests, count() AS violations,
    (SELECT count() FROM (${keptSql('request_id')})) AS kept
  FROM (
    SELECT request_id, arrayJoin(if(empty(${violations}), [detail], ${violations})) AS one,
      if(JSONHas(one, 'rule'), JSONExtractString(one, 'rule'), JSONExtractString(one, 'code')) AS rule,
      JSONExtractString(one, 'field') AS field
    FROM (${keptSql('request_id, detail')})
  ) GROUP BY rule, field ORDER BY requests DESC, violations DESC, rule, field LIMIT {rowsMax:UInt32}`

/**
 * The names of the events that were refused, read from the bodies: of a batch, of those events that a violation names. Only
 * as many bodies are read as fit, the newest.
 */
const namesSql = `WITH read AS (
    SELECT request_id, detail, raw FROM (
      SELECT request_id, detail, raw, sum(length(raw)) OVER (ORDER BY received_at DESC, request_id) AS bytes
      FROM (${keptSql('request_id, received_at, detail, raw')})
    ) WHERE bytes <= {bytesMax:UInt64} AND isValidJSON(raw)
  )
  SELECT event_name, uniqExact(request_id) AS requests, (SELECT count() FROM read) AS looked
  FROM (
    SELECT request_id, if(startsWith(trimLeft(raw), '['), JSONExtractArrayRaw(raw), []) AS elements,
      arrayDistinct(arrayFilter(at -> at > 0, arrayMap(one -> if(JSONHas(one, 'index'), JSONExtractUInt(one, 'index') + 1, 0), ${violations}))) AS places,
      arrayJoin(if(empty(elements), [raw], arrayMap(at -> elements[at], places))) AS event,
      substringUTF8(trimBoth(JSONExtractString(event, 'event_name')), 1, 128) AS event_name
    FROM read
  ) GROUP BY event_name
  ORDER BY event_name IN {names:Array(String)} DESC, requests DESC, event_name LIMIT {rowsMax:UInt32}`
