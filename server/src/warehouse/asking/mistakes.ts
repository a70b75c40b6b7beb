// What was wrong with a product's rejected requests, and of which event names they were: read from the newest of those that
// are kept with their bodies, a bounded number of them and of bytes.

import { knownEventNames } from '@datapulse/contract'
import { limits } from '../../limits.ts'
import type { DiagnosticsFound, DiagnosticsQuestion } from '../../steps/diagnostics.ts'
import { rejectedReason } from '../../steps/rejection.ts'
import type { Connection, Params } from '../connection.ts'

type Mistakes = DiagnosticsFound['mistakes']

/** `keptAll`: rejected requests that are kept of that time (`keptHere`). */
export async function readMistakes(
  connection: Connection,
  question: DiagnosticsQuestion,
  keptAll: number,
): Promise<Mistakes> {
  const { product, mode, sinceMs, untilMs } = question
  const params: Params = {
    ...{ product, mode, sinceMs, untilMs },
    names: knownEventNames,
    rowsMax: limits.diagnosticsRowsMax,
    keptMax: limits.diagnosticsRejectionsMax,
    bytesMax: limits.diagnosticsBodyBytesMax,
  }
  const ask = <Row>(sql: string) => connection.select<Row>('ask', sql, params)
  const kept = Math.min(keptAll, limits.diagnosticsRejectionsMax)
  if (kept === 0) return { kept: 0, rules: [], names: [] }
  return { kept, rules: await ask(rulesSql), names: await ask(namesSql) }
}

export const keptHere = `product = {product:String} AND mode = {mode:String} AND reason = '${rejectedReason}'
    AND received_at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
    AND received_at < fromUnixTimestamp64Milli({untilMs:Int64}, 'UTC')`

/** The newest of the rejected requests that are kept. */
function keptSql(columns: string): string {
  return `SELECT ${columns} FROM parked WHERE ${keptHere} ORDER BY received_at DESC, request_id LIMIT {keptMax:UInt32}`
}

const violations = "JSONExtractArrayRaw(detail, 'violations')"

/** A request without a violation (no JSON, no HTTP) is told by its code. */
const rulesSql = `SELECT rule, field, uniqExact(request_id) AS requests, count() AS violations
  FROM (
    SELECT request_id, arrayJoin(if(empty(${violations}), [detail], ${violations})) AS one,
      if(JSONHas(one, 'rule'), JSONExtractString(one, 'rule'), JSONExtractString(one, 'code')) AS rule,
      JSONExtractString(one, 'field') AS field
    FROM (${keptSql('request_id, detail')})
  ) GROUP BY rule, field ORDER BY requests DESC, violations DESC, rule, field LIMIT {rowsMax:UInt32}`

/**
 * Of a batch those events count that a violation names. The sizes of bodies are looked at first, and only as many of the
 * newest are read as fit: all of them could be larger than the memory of a question.
 */
const places = `arrayDistinct(arrayFilter(at -> at > 0, arrayMap(
    one -> if(JSONHas(one, 'index'), JSONExtractUInt(one, 'index') + 1, 0), ${violations})))`
const namesSql = `SELECT event_name, uniqExact(request_id) AS requests
  FROM (
    SELECT request_id, if(startsWith(trimLeft(raw), '['), JSONExtractArrayRaw(raw), []) AS elements,
      arrayJoin(if(empty(elements), [raw], arrayMap(at -> elements[at], ${places}))) AS event,
      substringUTF8(trimBoth(JSONExtractString(event, 'event_name')), 1, 128) AS event_name
    FROM parked WHERE ${keptHere} AND isValidJSON(raw) AND request_id IN (
      SELECT request_id FROM (
        SELECT request_id, sum(size) OVER (ORDER BY received_at DESC, request_id) AS bytes
        FROM (${keptSql('request_id, received_at, raw.size AS size')})
      ) WHERE bytes <= {bytesMax:UInt64})
  ) GROUP BY event_name
  ORDER BY event_name IN {names:Array(String)} DESC, requests DESC, event_name LIMIT {rowsMax:UInt32}`
