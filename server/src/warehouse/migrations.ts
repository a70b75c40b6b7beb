// The warehouse's versions, forward only. Each step may be run again from its beginning (a crash in between), and two
// processes may run the same step at once. A step that was released is never changed; a new one follows it.

import type { Connection } from './connection.ts'
import { faultOf, warehouseFault } from './fault.ts'
import { insertWhole } from './insert-whole.ts'
import { madeForReports, mergedInTheEnd, rollups } from './rollup-tables.ts'
import { beginBuild } from './rollup-builds.ts'
import {
  addColumn,
  addIndex,
  changeSettings,
  createTable,
  derivedColumns,
  duplicates,
  events,
  factsTable,
  keyUsage,
  loads,
  mutationsKept,
  parked,
  rates,
  rejected,
  resolutions,
  type Table,
} from './schema.ts'

type Step = { name: string; run: (connection: Connection, now: number) => Promise<void> }

/** What brings a warehouse to version 2, to version 3, … */
const steps: Step[] = [
  {
    name: 'Idempotency-Key',
    run: async connection => {
      for (const table of [events, duplicates, parked]) await connection.command(addColumn(table, 'idempotency_key'))
    },
  },
  {
    name: 'what is derived from an event, and exchange rates',
    run: async connection => {
      for (const { name } of derivedColumns) await connection.command(addColumn(events, name))
      await connection.command(addIndex(events, 'by_load_seq'))
      await connection.command(addIndex(parked, 'by_request'))
      await connection.command(createTable(rates))
    },
  },
  {
    name: 'decisions about conflicts',
    run: connection => connection.command(createTable(resolutions)),
  },
  {
    name: 'rollups',
    run: async connection => {
      for (const table of madeForReports) await connection.command(createTable(table))
    },
  },
  {
    name: 'first deposits and clicks that move with their users',
    run: remake('rollup_clicked', 'rollup_unclicked'),
  },
  {
    name: 'clicks as numbers',
    run: remake('rollup_clicks', 'rollup_click_users', 'rollup_unclicked'),
  },
  {
    name: 'clicks in parts that are merged sooner',
    run: remake('rollup_firsts', 'rollup_clicks', 'rollup_click_ranks', 'rollup_click_users'),
  },
  {
    name: 'clicks with their first deposits, in one place',
    run: remake('rollup_firsts', 'rollup_clicks', 'rollup_click_users'),
  },
  {
    name: 'usage of keys',
    run: connection => connection.command(createTable(keyUsage)),
  },
  {
    name: 'each value of a click in a row of its own',
    run: remake('rollup_clicks'),
  },
  {
    name: 'clicks in one part in the end',
    run: connection => connection.command(changeSettings(rollups.clicks, mergedInTheEnd)),
  },
  {
    name: 'all of a click and a time in one row, and ranks quickly unpacked',
    run: remake('rollup_clicks', 'rollup_click_ranks'),
  },
  {
    name: 'no text of deletions but the last',
    run: async connection => {
      for (const table of [events, duplicates, parked, rejected, keyUsage])
        await connection.command(changeSettings(table, mutationsKept))
    },
  },
]

/** Where there is nothing yet, all tables are made as they are now. */
async function makeNew(connection: Connection, now: number): Promise<void> {
  const tables = [
    factsTable,
    loads,
    events,
    duplicates,
    parked,
    rejected,
    keyUsage,
    rates,
    resolutions,
    ...madeForReports,
  ]
  for (const table of tables) await connection.command(createTable(table))
  const line = Buffer.from(`id\t${crypto.randomUUID()}\t${seconds(now)}\n`)
  const sql = "SELECT name AS key FROM warehouse WHERE name = 'id'"
  await insertOnce(connection, factsTable, 'id', line, sql, 'the id')
}

/** Rollups of another shape: all are made anew, since what these begin with is in none of the others. */
function remake(...dropped: string[]): Step['run'] {
  return async (connection, now) => {
    for (const name of dropped) await connection.command(`DROP TABLE IF EXISTS ${name}`)
    for (const table of madeForReports) await connection.command(createTable(table))
    await beginBuild(connection, now)
  }
}

/** The version that this program writes. */
export const warehouseVersion = 1 + steps.length

/** Brings the warehouse to this version. Throws WAREHOUSE_NEWER when it is ahead. */
export async function migrate(connection: Connection, now: number): Promise<void> {
  const version = (await versionFound(connection)) ?? (await makeRoom(connection))
  if (version === 0) {
    await makeNew(connection, now)
    return noteVersion(connection, warehouseVersion, 'made new', now)
  }
  if (version > warehouseVersion)
    throw warehouseFault(
      'WAREHOUSE_NEWER',
      `Cannot use the warehouse because its version must be at most ${warehouseVersion}: got ${version}. ` +
        'It was written by a newer version of this program; start that one.',
      false,
    )
  for (const [index, step] of steps.entries()) {
    const brought = index + 2
    if (brought <= version) continue
    await step.run(connection, now)
    await noteVersion(connection, brought, step.name, now)
  }
}

async function noteVersion(connection: Connection, version: number, name: string, now: number): Promise<void> {
  const line = Buffer.from(`${version}\t${name}\t${seconds(now)}\n`)
  const sql = `SELECT toString(version) AS key FROM migrations WHERE version = ${version}`
  await insertOnce(connection, migrationsTable, String(version), line, sql, `version ${version}`)
}

/** The version of a warehouse that has one; null where there is not even the table. */
async function versionFound(connection: Connection): Promise<number | null> {
  try {
    return await versionOf(connection)
  } catch (fault) {
    if (faultOf(fault).code === 'WAREHOUSE_EMPTY') return null
    throw fault
  }
}

async function makeRoom(connection: Connection): Promise<number> {
  await connection.command(`CREATE DATABASE IF NOT EXISTS \`${connection.database}\``, {}, {}, 'default')
  await connection.command(createTable(migrationsTable))
  return versionOf(connection)
}

/** The version that is there; 0 for an empty warehouse. */
export async function versionOf(connection: Connection): Promise<number> {
  const rows = await connection.select<{ version: number }>('load', 'SELECT max(version) AS version FROM migrations')
  return rows[0]?.version ?? 0
}

/** One row, unless it is there: a step that is run again adds none. */
async function insertOnce(
  connection: Connection,
  table: Table,
  key: string,
  line: Buffer,
  sql: string,
  token: string,
): Promise<void> {
  await insertWhole(connection, { table, count: 1, keys: () => [key], lines: () => line, sql, params: {} }, token, true)
}

const migrationsTable: Table = {
  name: 'migrations',
  about: 'Versions of this warehouse, one row each.',
  columns: [
    { name: 'version', type: 'UInt32', about: '1, 2, 3 …' },
    { name: 'name', type: 'String', about: 'what it brought' },
    { name: 'written_at', type: "DateTime64(3, 'UTC')", about: 'when' },
  ],
  orderBy: 'version',
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3)
}
