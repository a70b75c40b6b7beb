// The warehouse held still for a backup. Every table gets a second one like it, in a database of its own, and the parts of
// the first are attached to it: hard links, so that it takes a moment and no space. Nothing is merged there, so that
// its files stay as they are while they are copied; loads and merges of the originals go on. ClickHouse's own BACKUP would
// need a place that is configured before the engine starts, and would hold the only loading connection until it has copied
// everything.
//
//   prepare   tables without parts, under DATABASE_backup; what an earlier one left goes first
//   take      between two loads: parts are attached (by a statement that may be repeated), and the last note is read
//   tables    where the files of their parts are
//   drop      the second database goes; files are on disk as long as one of both has them
//
// And the way back: tables as they were are made in an empty database, the files of their parts are put where ClickHouse
// looks for parts to attach, and attached.

import { join } from 'node:path'
import type { Connection } from './connection.ts'
import { warehouseFault } from './fault.ts'
import { readLastNote } from './last-note.ts'
import type { LoadNote } from './load.ts'
import { readId } from './loading.ts'
import { type Measured, measure } from './measuring.ts'
import { versionOf } from './migrations.ts'
import { rebuilt } from './rebuilding.ts'
import { madeForReports } from './rollup-tables.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export type SnapshotTable = { name: string; create: string; parts: { name: string; dir: string }[] }
export type Taken = { warehouseId: string; version: number; note: LoadNote | null }

export type Snapshot = {
  bytes(): Promise<number>
  prepare(): Promise<void>
  take(): Promise<Taken>
  tables(): Promise<SnapshotTable[]>
  measure(): Promise<Measured>
  drop(): Promise<void>
}

export type EmptyWarehouse = {
  create(tables: readonly Pick<SnapshotTable, 'name' | 'create'>[]): Promise<void>
  landing(table: string): Promise<string>
  attach(table: string, parts: readonly string[]): Promise<void>
  measure(tables: readonly string[]): Promise<Measured>
}

export function snapshotOver(connection: Connection, ask: Ask): Snapshot {
  const copy = `${connection.database}_backup`
  const drop = () => connection.command(`DROP DATABASE IF EXISTS \`${copy}\` SYNC`, {}, {}, 'default')
  return {
    bytes: () =>
      ask(async () => {
        const sql = `SELECT sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = {database:String} AND active`
        const params = { database: connection.database }
        return (await connection.select<{ bytes: number }>('load', sql, params))[0]?.bytes ?? 0
      }),
    prepare: () =>
      ask(async () => {
        await drop()
        await connection.command(`CREATE DATABASE IF NOT EXISTS \`${copy}\``, {}, {}, 'default')
        for (const { name } of await listTables(connection)) {
          const [second, first] = [copy, connection.database].map(database => `\`${database}\`.\`${name}\``)
          await connection.command(`CREATE TABLE IF NOT EXISTS ${second} AS ${first}`)
          await connection.command(`SYSTEM STOP MERGES \`${copy}\`.\`${name}\``)
        }
      }),
    take: () => ask(() => take(connection, copy)),
    tables: () => ask(() => listCopied(connection, copy)),
    measure: () =>
      ask(async () =>
        measure(
          connection,
          copy,
          (await listTables(connection, copy)).map(({ name }) => name),
        ),
      ),
    drop,
  }
}

/** Over a connection to an engine without our database. */
export function emptyWarehouseOver(connection: Connection): EmptyWarehouse {
  return {
    async create(tables) {
      await connection.command(`CREATE DATABASE \`${connection.database}\``, {}, {}, 'default')
      for (const { create } of tables) await connection.command(create)
    },
    async landing(table) {
      const sql = `SELECT arrayJoin(data_paths) AS path FROM system.tables WHERE database = {database:String} AND name = {table:String}`
      const params = { database: connection.database, table }
      const path = (await connection.select<{ path: string }>('load', sql, params))[0]?.path
      if (path === undefined) throw absent(table)
      return join(path, 'detached')
    },
    async attach(table, parts) {
      for (const part of parts) await connection.command(`ALTER TABLE \`${table}\` ATTACH PART '${part}'`)
    },
    measure: tables => measure(connection, connection.database, tables),
  }
}

/** Made anew from the events by whoever starts: they are put back empty. */
const madeAnew = madeForReports.map(({ name }) => `'${name}'`).join(', ')

async function listTables(connection: Connection, database = connection.database): Promise<SnapshotTable[]> {
  const sql = `SELECT name, create_table_query AS query FROM system.tables
    WHERE database = {database:String} AND engine LIKE '%MergeTree' AND name != '${rebuilt}' ORDER BY name`
  const rows = await connection.select<{ name: string; query: string }>('load', sql, { database })
  return rows.map(({ name, query }) => ({ name, create: withoutDatabase(query, database, name), parts: [] }))
}

/** As it can be run in a database of another name. */
function withoutDatabase(query: string, database: string, name: string): string {
  const begin = `CREATE TABLE ${database}.${name} `
  if (query.startsWith(begin)) return `CREATE TABLE ${name} ${query.slice(begin.length)}`
  throw warehouseFault('WAREHOUSE_FAILED', `Cannot tell how ${name} was made: got ${query.slice(0, 80)}`, false)
}

async function take(connection: Connection, copy: string): Promise<Taken> {
  const { database } = connection
  const sql = `SELECT DISTINCT table, partition_id AS id FROM system.parts
    WHERE database = {database:String} AND active AND table NOT IN ('${rebuilt}', ${madeAnew}) ORDER BY table, id`
  for (const { table, id } of await connection.select<{ table: string; id: string }>('load', sql, { database }))
    await connection.command(
      `ALTER TABLE \`${copy}\`.\`${table}\` REPLACE PARTITION ID '${id}' FROM \`${database}\`.\`${table}\``,
    )
  const note = await readLastNote(connection)
  return { warehouseId: await readId(connection), version: await versionOf(connection), note }
}

async function listCopied(connection: Connection, copy: string): Promise<SnapshotTable[]> {
  const tables = await listTables(connection)
  const sql = `SELECT table, name, path FROM system.parts WHERE database = {copy:String} AND active
    ORDER BY table, partition_id, min_block_number`
  const parts = await connection.select<{ table: string; name: string; path: string }>('load', sql, { copy })
  return tables.map(({ name, create }) => ({
    name,
    create,
    parts: parts.filter(({ table }) => table === name).map(part => ({ name: part.name, dir: part.path })),
  }))
}

function absent(table: string): Error {
  return warehouseFault('WAREHOUSE_FAILED', `Cannot put back ${table} because it must be there: it is not`, false)
}
