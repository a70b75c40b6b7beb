// The loading side of the warehouse. A load goes in as one block per partition and table, each under a token made from
// the load's own, events first and the note last, so that a repetition after a crash adds what is missing and nothing
// else. Everything is on disk when `load` resolves (see the table settings in schema.ts).
//
// What if the same load must be undone and done again otherwise? `forgetAfter` deletes what a load without a note left
// in duplicates, parked and rejected. ClickHouse would still recognise the tokens of what was deleted, so the tokens
// of these tables carry how often that happened. The events stay: the index recognises them.

import type { Connection } from './connection.ts'
import type { IdentityRow, Load, LoadingWarehouse, LoadNote } from './load.ts'
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
    lastNote: () => ask(async () => (await connection.select<NoteRow>('load', lastNoteSql)).map(noteOf)[0] ?? null),
    load: load =>
      ask(async () => {
        const { token, seq } = load.note
        undoings ??= await readUndoings(connection)
        await insertRows(connection, events, eventLines(load.events, seq), token)
        for (const [table, lines] of besideEvents(load))
          await insertRows(connection, table, lines, `${token} ${undoings}`)
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

type NoteRow = Omit<LoadNote, 'totals'> & LoadNote['totals']
type IdentityTuple = [string, string, number, string | null, string, string]

const lastNoteSql = `
  SELECT seq, log_id AS logId, log_from AS from, log_to AS to, fingerprint, token,
    toUnixTimestamp64Milli(loaded_at) AS loadedMs, accepted, stored, duplicate, conflict, parked, rejected
  FROM loads ORDER BY seq DESC LIMIT 1`

const identitiesSql = 'SELECT identity, request_id, position, amount, currency, client_user_id FROM events'

async function readId(connection: Connection): Promise<string> {
  const sql = "SELECT argMin(value, written_at) AS id FROM warehouse WHERE name = 'id' HAVING count() > 0"
  const id = (await connection.select<{ id: string }>('load', sql))[0]?.id
  if (id === undefined) throw new Error('Cannot name the warehouse because it must have an id: got none')
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

function noteOf(row: NoteRow): LoadNote {
  const { accepted, stored, duplicate, conflict, parked, rejected, ...note } = row
  return { ...note, totals: { accepted, stored, duplicate, conflict, parked, rejected } }
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
