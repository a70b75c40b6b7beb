// The loading side of the warehouse. A load goes in as one block per partition and table, each under a token made from
// the load's own, so that a repetition after a crash adds what is missing and nothing else. The events go in behind
// everything that may be undone, and the note last. Everything is on disk when `load` resolves (see the table settings
// in schema.ts). A load that is refused for what is in it has left no events behind.
//
// What if a load must be undone and done again otherwise? `forgetAfter` deletes what a load without a note left in
// duplicates, parked and rejected. ClickHouse would still recognise the tokens of what was deleted, so the tokens of
// these tables carry how often that happened. Events stay: whoever loads again recognises them by their identities.

import type { Connection } from './connection.ts'
import { warehouseFault } from './fault.ts'
import { readLastNote } from './last-note.ts'
import type { IdentityRow, Load, LoadingWarehouse } from './load.ts'
import { duplicates, events, loads, parked, rejected, type Table } from './schema.ts'
import { duplicateLines, eventLines, noteLine, parkedLines, rejectedLines, time } from './tab-rows.ts'

/** Runs a question once the tables are there. */
type Ask = <T>(question: () => Promise<T>) => Promise<T>

/** The loading side over a connection. */
export function loadingOver(connection: Connection, ask: Ask, now: () => number): LoadingWarehouse {
  /** How often something was undone; null until known. */
  let undoings: number | null = null
  return {
    id: () => ask(() => readId(connection)),
    lastNote: () => ask(() => readLastNote(connection)),
    load: load =>
      ask(async () => {
        const { token, seq } = load.note
        undoings ??= await readUndoings(connection)
        for (const [table, lines] of besideEvents(load))
          await insertRows(connection, table, lines, `${token} ${undoings}`)
        await insertRows(connection, events, eventLines(load.events, seq), token)
        await insertRows(connection, loads, noteLine(load.note), token)
      }),
    forgetAfter: note =>
      ask(async () => {
        undoings = null
        await forgetAfter(connection, note?.seq ?? 0, now())
      }),
    async *identities() {
      await ask(async () => {})
      for await (const rows of connection.stream<IdentityTuple>(identitiesSql)) yield rows.map(identityOf)
    },
  }
}

type IdentityTuple = [string, string, number, string | null, string, string]

const identitiesSql = 'SELECT identity, request_id, position, amount, currency, client_user_id FROM events'

async function readId(connection: Connection): Promise<string> {
  const sql = "SELECT argMin(value, written_at) AS id FROM warehouse WHERE name = 'id' HAVING count() > 0"
  const id = (await connection.select<{ id: string }>('load', sql))[0]?.id
  if (id === undefined)
    throw warehouseFault('WAREHOUSE_EMPTY', 'Cannot name the warehouse because it must have an id: got none', false)
  return id
}

async function readUndoings(connection: Connection): Promise<number> {
  const sql = "SELECT count() AS times FROM warehouse WHERE name = 'undone'"
  return (await connection.select<{ times: number }>('load', sql))[0]?.times ?? 0
}

async function forgetAfter(connection: Connection, seq: number, nowMs: number): Promise<void> {
  const leftovers: Table[] = []
  for (const table of [duplicates, parked, rejected]) {
    const sql = `SELECT count() AS rows FROM ${table.name} WHERE load_seq > {seq:UInt64}`
    const rows = (await connection.select<{ rows: number }>('load', sql, { seq }))[0]?.rows ?? 0
    if (rows > 0) leftovers.push(table)
  }
  if (leftovers.length === 0) return
  const row = Buffer.from(`undone\t${seq}\t${time(nowMs)}\n`)
  const token = `undone ${(await readUndoings(connection)) + 1}`
  await connection.insert('warehouse', ['name', 'value', 'written_at'], row, token)
  for (const table of leftovers) {
    const sql = `DELETE FROM ${table.name} WHERE load_seq > {seq:UInt64}`
    await connection.command(sql, { seq }, { lightweight_deletes_sync: '2', mutations_sync: '2' })
  }
}

function identityOf([identity, requestId, position, amount, currency, userId]: IdentityTuple): IdentityRow {
  return { identity: identity.replaceAll('-', ''), requestId, position, amount, currency, userId }
}

function besideEvents(load: Load): [Table, Buffer][] {
  const { seq } = load.note
  return [
    [duplicates, duplicateLines(load.duplicates, seq)],
    [parked, parkedLines(load.parked, seq)],
    [rejected, rejectedLines(load.rejected, seq)],
  ]
}

async function insertRows(connection: Connection, table: Table, lines: Buffer, token: string): Promise<void> {
  if (lines.length === 0) return
  const columns = table.columns.map(column => column.name)
  await connection.insert(table.name, columns, lines, `${token} ${table.name}`)
}
