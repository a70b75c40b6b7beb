// How the warehouse is: what lies in it, its last load. Goes through a queue of its own, which no question can hold up,
// and which holds up no load: whoever watches a backlog being worked off asks this several times a second. In few
// statements, because each costs more than what it asks.

import type { Connection } from '../connection.ts'
import { countErased } from '../erasing.ts'
import type { LoadNote } from '../load.ts'
import { readLastNote } from '../last-note.ts'
import { events } from '../schema.ts'

export type WarehouseStatus = {
  /** Of stored events. */
  events: { rows: number; bytes: number; parts: number }
  lastLoad: LoadNote | null
  /** Events that the notes count as stored and that are not there: anything but 0 is a loss. */
  eventsMissing: number
  /** Version of ClickHouse. */
  engine: string
}

export async function warehouseStatus(connection: Connection): Promise<WarehouseStatus> {
  // Before the count: a load that is running brings its events before its note.
  const lastLoad = await readLastNote(connection, 'status')
  const whose = { database: connection.database, table: events.name }
  const [found] = await connection.select<WarehouseStatus['events'] & { engine: string }>('status', eventsSql, whose)
  // After it: what is to be deleted is counted here before it goes.
  const erased = await countErased(connection, 'status')
  const { engine = '', ...there } = found ?? { rows: 0, bytes: 0, parts: 0 }
  const eventsMissing = Math.max(0, (lastLoad?.totals.stored ?? 0) - erased.stored - there.rows)
  return { events: there, lastLoad, eventsMissing, engine }
}

/** The rows are exact: what was deleted and not yet merged away is still counted in the parts. Known without reading any. */
const eventsSql = `
  SELECT (SELECT count() FROM ${events.name}) AS rows, sum(bytes_on_disk) AS bytes, count() AS parts,
    version() AS engine
  FROM system.parts WHERE database = {database:String} AND table = {table:String} AND active`
