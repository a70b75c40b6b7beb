// Which build of the rollups counts, how far each of them got, and what the next step is. A build begins with empty tables and a
// name that no build before it had; see rollups.ts.

import type { Connection } from './connection.ts'
import { insertWhole } from './insert-whole.ts'
import type { RollupName } from './load.ts'
import { madeForReports, rollups } from './rollup-tables.ts'
import { factsTable } from './schema.ts'
import { time } from './tab-rows.ts'

/** The name of the build that was begun last; null before the first. */
export async function readBuild(connection: Connection, workload: 'roll' | 'ask' = 'roll'): Promise<string | null> {
  const sql = `SELECT argMax(value, written_at) AS build FROM warehouse WHERE name = '${buildFact}' HAVING count() > 0`
  return (await connection.select<{ build: string }>(workload, sql))[0]?.build ?? null
}

/** The last load that rollup_received has, and of which build: nothing of another is in it unless that is 0. */
export type ReceivedUpTo = { build: string; load: number }

export async function readReceivedUpTo(connection: Connection): Promise<ReceivedUpTo> {
  const sql = `WITH ${receivedUpToSql} AS up_to SELECT up_to.1 AS build, up_to.2 AS load`
  const [found] = await connection.select<ReceivedUpTo>('ask', sql)
  return found ?? { build: '', load: 0 }
}

const buildFact = 'rollup build'
const emptiedFact = 'rollup build emptied'

/** The same as one value: build and load. */
export const receivedUpToSql = `(
    WITH (SELECT argMax(value, written_at) FROM warehouse WHERE name = '${buildFact}') AS last
    SELECT (last, max(step)) FROM ${rollups.received.name} AS r WHERE product = '' AND r.build = last)`

export async function beginBuild(connection: Connection, nowMs: number): Promise<string> {
  const build = crypto.randomUUID()
  await writeFact(connection, buildFact, build, nowMs)
  await empty(connection, build, nowMs)
  return build
}

/** The build that counts. Whoever began it may have died before all was emptied: then that is done first. */
export async function readyBuild(connection: Connection, nowMs: number): Promise<string | null> {
  const build = await readBuild(connection)
  if (build === null) return null
  const sql = `SELECT count() AS facts FROM warehouse WHERE name = '${emptiedFact}' AND value = {build:String}`
  const [found] = await connection.select<{ facts: number }>('roll', sql, { build })
  if (found?.facts !== 1) await empty(connection, build, nowMs)
  return build
}

async function empty(connection: Connection, build: string, nowMs: number): Promise<void> {
  for (const { name } of madeForReports) await connection.command(`TRUNCATE TABLE ${name}`, {}, { workload: 'roll' })
  await writeFact(connection, emptiedFact, build, nowMs)
}

/** Behind the last one of its name, whatever the clock says: the latest counts. */
async function writeFact(connection: Connection, name: string, value: string, nowMs: number): Promise<void> {
  const sql = 'SELECT toUnixTimestamp64Milli(max(written_at)) AS ms FROM warehouse WHERE name = {name:String}'
  const [last] = await connection.select<{ ms: number }>('roll', sql, { name })
  const writtenMs = Math.max(nowMs, (last?.ms ?? 0) + 1)
  const rows = {
    table: factsTable,
    count: 1,
    keys: () => [value],
    lines: () => Buffer.from(`${name}\t${value}\t${time(writtenMs)}\n`),
    sql: 'SELECT value AS key FROM warehouse WHERE name = {name:String} AND value = {value:String}',
    params: { name, value },
  }
  await insertWhole(connection, rows, `${name} ${value}`, false)
}

/** The last load that each rollup has; what is of another build counts as nothing. */
export async function readStepped(connection: Connection, build: string): Promise<Record<RollupName, number>> {
  const questions = Object.entries(rollups).map(
    ([name, table]) =>
      `SELECT '${name}' AS name, max(step) AS step FROM ${table.name} WHERE product = '' AND build = {build:String}`,
  )
  const rows = await connection.select<{ name: string; step: number }>('roll', questions.join(' UNION ALL '), { build })
  return Object.fromEntries(rows.map(({ name, step }) => [name, step])) as Record<RollupName, number>
}

/** The loads after `from` that make a step, up to the last that has a note; null when there are none. */
export async function nextStep(
  connection: Connection,
  from: number,
  eventsMax: number,
): Promise<{ to: number } | null> {
  const sql = `SELECT seq, stored - first_value(stored) OVER (ORDER BY seq ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS events
    FROM loads WHERE seq >= {from:UInt64} ORDER BY seq LIMIT 10000`
  const rows = (await connection.select<{ seq: number; events: number }>('roll', sql, { from })).filter(
    row => row.seq > from,
  )
  const [first] = rows
  if (first === undefined) return null
  const last = rows.findLast(row => row.events <= eventsMax)
  return { to: last?.seq ?? first.seq }
}
