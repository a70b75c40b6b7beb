// How much keys of a product were used: over a time, in buckets of it or as a whole. What each process counted in a slot is
// the largest that it told; what several counted is added up, but for the peak, which is the limit's own count of the
// rolling minute. What a sender asked for is told by minutes of the clock: what the limit refused is in no rolling minute.

import type { KeyUsageBucket, KeyUsageQuestion } from '../../steps/key-usage.ts'
import type { Connection } from '../connection.ts'
import { keyUsage } from '../schema.ts'

const dayMs = 86_400_000

/** Of keys and buckets in which something came, by key and time. */
export async function readKeyUsage(connection: Connection, question: KeyUsageQuestion): Promise<KeyUsageBucket[]> {
  const { product, keys, sinceMs, untilMs, bucketMs } = question
  const bucket = bucketMs === null ? '0' : 'intDiv(minute, {bucket:UInt32}) * {bucket:UInt32}'
  const sql = `
    SELECT key_id, toInt64(${bucket}) * 1000 AS atMs,
      sum(minute_requests) AS requests, sum(minute_over) AS overLimit, sum(minute_rejected) AS rejected,
      sum(minute_events) AS events, max(minute_requests + minute_over) AS askedMax,
      argMax(minute_peak, minute_share) AS peak, argMax(minute_limit, minute_share) AS peakLimit,
      toInt64(argMax(minute_peak_at, minute_share)) * 1000 AS peakMs,
      toInt64(maxIf(minute_over_at, minute_over > 0)) * 1000 AS overLimitMs
    FROM (
      SELECT key_id, intDiv(at_s, 60) * 60 AS minute,
        sum(slot_requests) AS minute_requests, sum(slot_over) AS minute_over, sum(slot_rejected) AS minute_rejected,
        sum(slot_events) AS minute_events, max(slot_share) AS minute_share,
        argMax(slot_peak, (slot_share, at_s)) AS minute_peak, argMax(slot_limit, (slot_share, at_s)) AS minute_limit,
        argMax(at_s, (slot_share, at_s)) AS minute_peak_at, maxIf(at_s, slot_over > 0) AS minute_over_at
      FROM (
        SELECT key_id, at_s, sum(own_requests) AS slot_requests, sum(own_over) AS slot_over,
          sum(own_rejected) AS slot_rejected, sum(own_events) AS slot_events, max(own_limit) AS slot_limit,
          max(own_peak) AS slot_peak, slot_peak / slot_limit AS slot_share
        FROM (
          SELECT toString(key_id) AS key_id, toUnixTimestamp(at) AS at_s, source, max(requests) AS own_requests,
            max(over_limit) AS own_over, max(rejected) AS own_rejected, max(events) AS own_events,
            max(rate_limit) AS own_limit, max(peak) AS own_peak
          FROM ${keyUsage.name}
          WHERE product = {product:String} AND at >= fromUnixTimestamp({since:Int64}) AND at < fromUnixTimestamp({until:Int64})
            ${keys === null ? '' : 'AND key_usage.key_id IN {keys:Array(String)}'}
          GROUP BY key_id, at_s, source)
        GROUP BY key_id, at_s)
      GROUP BY key_id, minute)
    GROUP BY key_id, atMs ORDER BY key_id, atMs LIMIT {limit:UInt32}`
  const params = {
    product,
    ...(keys !== null && { keys: [...keys] }),
    since: Math.floor(sinceMs / 1000),
    until: Math.ceil(untilMs / 1000),
    ...(bucketMs !== null && { bucket: bucketMs / 1000 }),
    limit: 100_000,
  }
  const rows = await connection.select<KeyUsageBucket>('ask', sql, params)
  return rows.map(row => ({ ...row, overLimitMs: row.overLimit > 0 ? row.overLimitMs : null }))
}

/** Deletes what is of days before the last `days`. Again without effect. */
export async function trimKeyUsage(connection: Connection, days: number, nowMs: number): Promise<void> {
  const first = new Date(nowMs - days * dayMs).toISOString().slice(0, 10).replaceAll('-', '')
  const sql = `SELECT DISTINCT partition_id AS id FROM system.parts
    WHERE database = {database:String} AND table = '${keyUsage.name}' AND active AND partition < {first:String}`
  const old = await connection.select<{ id: string }>('load', sql, { database: connection.database, first })
  for (const { id } of old) await connection.command(`ALTER TABLE ${keyUsage.name} DROP PARTITION ID '${id}'`)
}
