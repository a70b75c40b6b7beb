// How the warehouse is: its tables, its last load, its version. Goes through the queue of loading, which no question
// can hold up.

import type { Connection } from '../connection.ts'
import { countErased } from '../erasing.ts'
import type { LoadNote } from '../load.ts'
import { readLastNote } from '../last-note.ts'
import { versionOf } from '../migrations.ts'
import { duplicates, events, parked, rejected } from '../schema.ts'

type TableStatus = { name: string; rows: number; bytes: number; parts: number }

export type WarehouseStatus = {
  /** Of ClickHouse. */
  engine: string
  /** Of the tables. */
  version: number
  tables: TableStatus[]
  rows: number
  bytes: number
  parts: number
  lastLoad: LoadNote | null
  /** Events that the notes count as stored and that are not there: anything but 0 is a loss. */
  eventsMissing: number
  /** Unix milliseconds; null without events. */
  firstReceivedMs: number | null
  lastReceivedMs: number | null
}

export async function warehouseStatus(connection: Connection): Promise<WarehouseStatus> {
  // Before the counts: a load that is running brings its events before its note.
  const lastLoad = await readLastNote(connection)
  const tables = await connection.select<TableStatus>('load', tablesSql, { database: connection.database })
  const erased = await countErased(connection)
  const counts = await connection.select<{ name: string; rows: number }>('load', countsSql)
  for (const { name, rows } of counts) for (const table of tables) if (table.name === name) table.rows = rows
  const there = counts.find(({ name }) => name === events.name)?.rows ?? 0
  const about = (await connection.select<About>('load', aboutSql))[0]
  const total = (name: 'rows' | 'bytes' | 'parts') => tables.reduce((sum, table) => sum + table[name], 0)
  return {
    engine: about?.engine ?? '',
    version: await versionOf(connection),
    tables,
    rows: total('rows'),
    bytes: total('bytes'),
    parts: total('parts'),
    lastLoad,
    eventsMissing: Math.max(0, (lastLoad?.totals.stored ?? 0) - erased.stored - there),
    firstReceivedMs: about?.firstReceivedMs ?? null,
    lastReceivedMs: about?.lastReceivedMs ?? null,
  }
}

type About = { engine: string; firstReceivedMs: number | null; lastReceivedMs: number | null }

const tablesSql = `
  SELECT table AS name, sum(parts.rows) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts
  FROM system.parts AS parts WHERE database = {database:String} AND active GROUP BY table ORDER BY table`

/** Exact: what was deleted and not yet merged away is still counted in the parts. Known without reading rows. */
const countsSql = [events, duplicates, parked, rejected]
  .map(({ name }) => `SELECT '${name}' AS name, count() AS rows FROM ${name}`)
  .join(' UNION ALL ')

const aboutSql = `
  SELECT version() AS engine,
    if(count() = 0, NULL, toUnixTimestamp64Milli(min(received_at))) AS firstReceivedMs,
    if(count() = 0, NULL, toUnixTimestamp64Milli(max(received_at))) AS lastReceivedMs
  FROM events`
