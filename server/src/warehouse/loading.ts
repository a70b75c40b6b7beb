// The loading side of the warehouse. A load goes in as one block per partition and table, each under a token made from
// the load's own, so that a repetition after a crash adds what is missing and nothing else (insert-whole.ts). The events
// go in behind everything that may be undone, and the note last, when all the rest is known to be there. Everything is
// on disk when `load` resolves (see the table settings in schema.ts). A load that is refused for what is in it has left
// no events behind.
//
// What if a load must be undone and done again otherwise? `forgetAfter` deletes what a load without a note left in
// duplicates, parked and rejected. Usage of keys stays as it is (schema.ts), and so do events: whoever loads again recognises them by their identities.

import { type Connection, settledSettings } from './connection.ts'
import { warehouseFault } from './fault.ts'
import { insertWhole, type Rows } from './insert-whole.ts'
import { readLastNote } from './last-note.ts'
import type { IdentityRow, Load, LoadingWarehouse, LoadNote, Origin, OutcomeRow } from './load.ts'
import { duplicates, events, keyUsage, loads, parked, rejected, type Table } from './schema.ts'
import {
  duplicateLines,
  eventLines,
  eventLinesInTurns,
  noteLine,
  parkedLines,
  rejectedLines,
  usageLines,
} from './tab-rows.ts'

/** Runs a question once the tables are there. */
type Ask = <T>(question: () => Promise<T>) => Promise<T>

/** The loading side over a connection. */
export function loadingOver(connection: Connection, ask: Ask): LoadingWarehouse {
  return {
    id: () => ask(() => readId(connection)),
    lastNote: () => ask(() => readLastNote(connection)),
    load: (load, isRepeated = false, onSent = undefined) =>
      ask(async () => {
        const insert = (rows: Rows, sent?: () => void) =>
          insertWhole(connection, rows, `${load.note.token} ${rows.table.name}`, isRepeated, sent)
        for (const rows of besideEvents(load)) await insert(rows)
        await insertUsage(connection, load)
        await insert(eventsOf(load), onSent)
        await insert(noteOf(load.note))
      }),
    linesOf: async (rows, seq) => ({ seq, bytes: await eventLinesInTurns(rows, seq) }),
    forgetAfter: note => ask(() => forgetAfter(connection, note?.seq ?? 0)),
    async *identities(seq) {
      await ask(async () => {})
      if (seq === undefined) yield* identitiesOver(connection)
      else yield* identitiesOver(connection, 'load_seq <= {seq:UInt64}', { seq })
    },
    identitiesAfter: note => ask(() => identitiesAfter(connection, note?.seq ?? 0)),
    async *outcomes() {
      await ask(async () => {})
      for await (const rows of connection.stream<OutcomeTuple>(outcomesSql)) yield rows.map(outcomeOf)
      for await (const rows of connection.stream<RejectedTuple>(rejectedSql)) yield rows.map(rejectedOf)
    },
  }
}

type IdentityTuple = [string, string, number, string | null, string, string, Claim]
/** Product, mode and key; empty without a claim. */
type Claim = [string, string, string] | []
type IdentityColumns = {
  identity: string
  request_id: string
  position: number
  amount: string | null
  currency: string
  client_user_id: string
  claim: Claim
}

const identitiesSql = `
  SELECT identity, request_id, position, amount, currency, client_user_id,
    if(idempotency_key != '' AND transaction_id = '' AND message_id = '',
      [toString(product), toString(mode), idempotency_key], []) AS claim
  FROM events`

/** Identities of stored events, in pages; of those that a condition picks. */
export async function* identitiesOver(
  connection: Connection,
  where = 'true',
  params: Record<string, unknown> = {},
): AsyncIterable<IdentityRow[]> {
  const sql = `${identitiesSql} WHERE ${where}`
  for await (const rows of connection.stream<IdentityTuple>(sql, params)) yield rows.map(identityOf)
}

export async function readId(connection: Connection): Promise<string> {
  const sql = "SELECT argMin(value, written_at) AS id FROM warehouse WHERE name = 'id' HAVING count() > 0"
  const id = (await connection.select<{ id: string }>('load', sql))[0]?.id
  if (id === undefined)
    throw warehouseFault('WAREHOUSE_EMPTY', 'Cannot name the warehouse because it must have an id: got none', false)
  return id
}

async function forgetAfter(connection: Connection, seq: number): Promise<void> {
  for (const table of [duplicates, parked, rejected]) {
    const sql = `SELECT count() AS rows FROM ${table.name} WHERE load_seq > {seq:UInt64}`
    const rows = (await connection.select<{ rows: number }>('load', sql, { seq }))[0]?.rows ?? 0
    if (rows === 0) continue
    const deletion = `DELETE FROM ${table.name} WHERE load_seq > {seq:UInt64}`
    await connection.command(deletion, { seq }, settledSettings)
  }
}

async function identitiesAfter(connection: Connection, seq: number): Promise<IdentityRow[]> {
  const sql = `${identitiesSql} WHERE load_seq > {seq:UInt64}`
  const rows = await connection.select<IdentityColumns>('load', sql, { seq })
  return rows.map(row =>
    identityOf([row.identity, row.request_id, row.position, row.amount, row.currency, row.client_user_id, row.claim]),
  )
}

function identityOf([identity, requestId, position, amount, currency, userId, told]: IdentityTuple): IdentityRow {
  const claim = told.length === 0 ? null : { product: told[0], mode: told[1], idempotencyKey: told[2] }
  return { identity: identity.replaceAll('-', ''), requestId, position, amount, currency, userId, claim }
}

type OutcomeTuple = ['duplicate' | 'conflict' | 'parked', string, number]

const outcomesSql = `
  SELECT if(conflict, 'conflict', 'duplicate') AS outcome, request_id, toInt64(position) AS position FROM duplicates
  UNION ALL SELECT 'parked' AS outcome, request_id, toInt64(position) AS position FROM parked`

function outcomeOf([outcome, requestId, position]: OutcomeTuple): OutcomeRow {
  return { outcome, requestId, position }
}

type RejectedTuple = [string, string, string, number, number, number, number, number]

const rejectedSql = `
  SELECT product, key_id, code, toUnixTimestamp64Milli(received_at), events, requests, log_offset, position FROM rejected`

function rejectedOf([
  product,
  keyId,
  code,
  receivedMs,
  events,
  requests,
  logOffset,
  position,
]: RejectedTuple): OutcomeRow {
  return { outcome: 'rejected', row: { product, keyId, code, receivedMs, events, requests, logOffset, position } }
}

function besideEvents({ note: { seq }, ...load }: Load): Rows[] {
  const keyOf = ({ origin }: { origin: Origin }) => placeKey(origin)
  return [
    rowsOf(duplicates, seq, load.duplicates, keyOf, placeKeySql, duplicateLines),
    rowsOf(parked, seq, load.parked, keyOf, placeKeySql, parkedLines),
    rowsOf(
      rejected,
      seq,
      load.rejected,
      row => `${row.logOffset} ${row.position}`,
      "concat(toString(log_offset), ' ', toString(position))",
      rejectedLines,
    ),
  ]
}

/** Each time anew, since a row more changes nothing there: the table knows no tokens. */
async function insertUsage(connection: Connection, { note, usage = [] }: Load): Promise<void> {
  if (usage.length === 0) return
  const columns = keyUsage.columns.map(({ name }) => name)
  await connection.insert(keyUsage.name, columns, usageLines(usage), `${note.token} ${keyUsage.name}`)
}

function eventsOf({ note: { seq }, ...load }: Load): Rows {
  const rows = rowsOf(events, seq, load.events, ({ origin }) => placeKey(origin), placeKeySql, eventLines)
  const made = load.lines?.seq === seq ? load.lines.bytes : null
  return made === null ? rows : { ...rows, lines: isWanted => (isWanted === undefined ? made : rows.lines(isWanted)) }
}

function noteOf(note: LoadNote): Rows {
  const sql = `SELECT token AS key FROM loads WHERE seq = {seq:UInt64} AND token = {token:String}`
  const params = { seq: note.seq, token: note.token }
  return { table: loads, count: 1, keys: () => [note.token], lines: () => noteLine(note), sql, params }
}

/** Rows of a table that knows the load they came with. */
function rowsOf<Row>(
  table: Table,
  seq: number,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
  keySql: string,
  linesOf: (rows: readonly Row[], seq: number) => Buffer,
): Rows {
  return {
    table,
    count: rows.length,
    keys: () => rows.map(keyOf),
    lines: isWanted => linesOf(isWanted === undefined ? rows : rows.filter(row => isWanted(keyOf(row))), seq),
    sql: `SELECT ${keySql} AS key FROM ${table.name} WHERE load_seq = {seq:UInt64}`,
    params: { seq },
  }
}

function placeKey({ requestId, position, logOffset }: Origin): string {
  return `${requestId.toLowerCase()} ${position} ${logOffset}`
}

const placeKeySql = "concat(toString(request_id), ' ', toString(position), ' ', toString(log_offset))"
