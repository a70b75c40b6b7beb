// The events' table, built a second time under another name and swapped in. Until the swap nothing reads what is built,
// and what an earlier attempt left under that name is dropped first.
//
//   beginRebuild   events_rebuilt is made like events; of the months that the range touches, rows outside of it are copied
//   addRebuilt     the rows of the range, made anew, page by page
//   catchUp        what was loaded since, some loads at a time
//   swapRebuilt    while no load runs: the last loads are copied, months that were not touched are shared (hard links),
//                  counts and sums are compared, and the two names change places in one step
//   lastRebuild    how the last one ended: its note is in the table's own comment, and so counts when the table does
//
// The months are those of receipt, the partitions of the table. Every statement is short: loads go through between.

import type { Connection } from './connection.ts'
import { warehouseFault } from './fault.ts'
import { readLastNote } from './last-note.ts'
import type { BegunRebuild, RebuildingWarehouse, RebuildNote, RebuiltRow, SentRow } from './load.ts'
import { events, quote } from './schema.ts'
import { eventLine } from './tab-rows.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>
type Range = { fromMs: number; toMs: number }

export const rebuilt = 'events_rebuilt'

export function rebuildingOver(connection: Connection, ask: Ask): RebuildingWarehouse {
  return {
    beginRebuild: (range, as) => ask(() => beginRebuild(connection, range, as)),
    async *sentEvents(range, begun) {
      await ask(async () => {})
      const sql = `${sentSql} WHERE ${inRange} AND load_seq <= {seq:UInt64}`
      for await (const rows of connection.stream<SentTuple>(sql, { ...range, ...begun })) yield rows.map(sentRowOf)
    },
    addRebuilt: (rows, begun, page) =>
      ask(async () => {
        if (rows.length === 0) return
        const columns = events.columns.map(column => column.name)
        await connection.insert(rebuilt, columns, linesOf(rows), `rebuild ${begun.note.id} ${page}`)
      }),
    catchUp: (range, begun) => ask(async () => catchUp(connection, range, begun, await lastSeq(connection))),
    swapRebuilt: (range, begun) => ask(() => swapRebuilt(connection, range, begun)),
    lastRebuild: () => ask(() => lastRebuild(connection)),
    dropRebuilt: () => ask(() => dropRebuilt(connection)),
  }
}

const inRange = `received_at >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
  AND received_at < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`
const month = 'toYYYYMM(received_at)'
const inMonths = `${month} BETWEEN toYYYYMM(fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC'))
  AND toYYYYMM(fromUnixTimestamp64Milli({lastMs:Int64}, 'UTC'))`

async function beginRebuild(
  connection: Connection,
  range: Range,
  as: Pick<RebuildNote, 'id' | 'startedMs'>,
): Promise<BegunRebuild> {
  const seq = await lastSeq(connection)
  const params = { ...range, lastMs: range.toMs - 1, seq }
  const sql = `SELECT count() AS events FROM events WHERE ${inRange} AND load_seq <= {seq:UInt64}`
  const counted = (await connection.select<{ events: number }>('load', sql, params))[0]?.events ?? 0
  const note = { ...as, ...range, endedMs: 0, events: counted, done: 0, changed: 0 }
  await dropRebuilt(connection)
  await connection.command(`CREATE TABLE IF NOT EXISTS ${rebuilt} AS events COMMENT ${commentOf(note)}`)
  const outside = `${inMonths} AND NOT (${inRange}) AND load_seq <= {seq:UInt64}`
  const hoursSql = `SELECT DISTINCT toUnixTimestamp(toStartOfHour(received_at)) AS hour FROM events WHERE ${outside} ORDER BY hour`
  for (const { hour } of await connection.select<{ hour: number }>('load', hoursSql, params)) {
    const where = `toStartOfHour(received_at) = toDateTime({hour:UInt32}, 'UTC') AND ${outside}`
    await connection.command(copySql(where), { ...params, hour }, copySettings)
  }
  return { seq, note }
}

/** Gives the last load that is in the copy now. */
async function catchUp(
  connection: Connection,
  range: Range,
  begun: BegunRebuild,
  toSeq: number,
): Promise<BegunRebuild> {
  let { seq } = begun
  while (seq < toSeq) {
    const next = Math.min(toSeq, seq + loadsAtOnce)
    const where = `${inMonths} AND load_seq > {seq:UInt64} AND load_seq <= {next:UInt64}`
    await connection.command(copySql(where), { ...range, lastMs: range.toMs - 1, seq, next }, copySettings)
    seq = next
  }
  return { ...begun, seq }
}

async function swapRebuilt(connection: Connection, range: Range, begun: BegunRebuild): Promise<void> {
  const params = { ...range, lastMs: range.toMs - 1, seq: begun.seq }
  const { seq } = await catchUp(connection, range, begun, await lastSeq(connection))
  // And what a load left that has no note yet: its repetition asks what is there.
  await connection.command(copySql(`${inMonths} AND load_seq > {seq:UInt64}`), { ...params, seq }, copySettings)
  await compare(connection, params)
  for (const partition of await partitionsElsewhere(connection, params))
    await connection.command(`ALTER TABLE ${rebuilt} REPLACE PARTITION ID '${partition}' FROM events`)
  await compareCounts(connection)
  await connection.command(`ALTER TABLE ${rebuilt} MODIFY COMMENT ${commentOf(begun.note)}`)
  await exchange(connection, begun.note)
  await dropRebuilt(connection)
}

/** Twice would be back again: where no answer came, the note says whether it was done. */
async function exchange(connection: Connection, { id }: RebuildNote): Promise<void> {
  for (let left = exchangesMax; ; left--) {
    try {
      return await connection.commandOnce(`EXCHANGE TABLES events AND ${rebuilt}`)
    } catch (cause) {
      const last = await lastRebuild(connection)
      if (last?.isSwapped === true && last.note.id === id) return
      if (left === 0) throw cause
    }
  }
}

const exchangesMax = 5

export async function dropRebuilt(connection: Connection): Promise<void> {
  await connection.command(`DROP TABLE IF EXISTS ${rebuilt} SYNC`)
}

/** After a swap that was cut off, the one that stands in the wings is the older. */
async function lastRebuild(connection: Connection): Promise<{ note: RebuildNote; isSwapped: boolean } | null> {
  const sql = `SELECT name, comment FROM system.tables
    WHERE database = currentDatabase() AND name IN ('events', '${rebuilt}')`
  const tables = await connection.select<{ name: string; comment: string }>('load', sql)
  const noteOf = (table: string) => noteIn(tables.find(({ name }) => name === table)?.comment ?? '')
  const [swapped, begun] = [noteOf('events'), noteOf(rebuilt)]
  if (begun !== null && begun.startedMs > (swapped?.startedMs ?? 0)) return { note: begun, isSwapped: false }
  return swapped && { note: swapped, isSwapped: true }
}

const noteMark = '; processed again: '

function commentOf(note: RebuildNote): string {
  return quote(`${events.about}${noteMark}${JSON.stringify(note)}`)
}

function noteIn(comment: string): RebuildNote | null {
  const [, json] = comment.split(noteMark)
  return json === undefined ? null : (JSON.parse(json) as RebuildNote)
}

/** A load has some ten thousand events at most. */
const loadsAtOnce = 20

async function lastSeq(connection: Connection): Promise<number> {
  return (await readLastNote(connection))?.seq ?? 0
}

/** Durable before the names change places, as a load is (see the settings of the table). */
export const copySettings = {
  insert_deduplicate: 0,
  max_insert_threads: '1',
  max_partitions_per_insert_block: '1000',
} as const

function copySql(where: string): string {
  const columns = events.columns.map(({ name }) => `\`${name}\``).join(', ')
  return `INSERT INTO ${rebuilt} (${columns}) SELECT ${columns} FROM events WHERE ${where}`
}

async function monthsTouched(connection: Connection, params: Record<string, unknown>): Promise<number[]> {
  const sql = `SELECT DISTINCT ${month} AS month FROM events WHERE ${inMonths} ORDER BY month`
  return (await connection.select<{ month: number }>('load', sql, params)).map(row => row.month)
}

/** Partitions of the table that hold none of the touched months. */
async function partitionsElsewhere(connection: Connection, params: Record<string, unknown>): Promise<string[]> {
  const touched = new Set((await monthsTouched(connection, params)).map(String))
  const sql = `SELECT DISTINCT partition_id AS id FROM system.parts
    WHERE database = currentDatabase() AND table = 'events' AND active ORDER BY id`
  const all = await connection.select<{ id: string }>('load', sql)
  return all.map(({ id }) => id).filter(id => !touched.has(id))
}

type Sum = { product: string; mode: string; event_name: string; currency: string; events: number; sum: string }

/** Events and sums of the touched months, by everything that money is counted by; identities too. */
async function compare(connection: Connection, params: Record<string, unknown>): Promise<void> {
  const sumsOf = (table: string) =>
    connection.select<Sum>(
      'load',
      `SELECT product, mode, event_name, currency, count() AS events,
         toString(sum(toDecimal256(ifNull(${table}.amount, 0), 18))) AS sum,
         toString(sum(toDecimal256(ifNull(${table}.bet_result_amount, 0), 18))) AS results,
         toString(sum(cityHash64(identity, request_id, position))) AS identities
       FROM ${table} WHERE ${inMonths} GROUP BY product, mode, event_name, currency
       ORDER BY product, mode, event_name, currency`,
      params,
    )
  const [was, is] = [await sumsOf('events'), await sumsOf(rebuilt)]
  const lines = new Set(was.map(row => JSON.stringify(row)))
  const other = is.find(row => !lines.has(JSON.stringify(row)))
  if (other === undefined && was.length === is.length) return
  const { product, event_name, currency } = other ?? (was[0] as Sum)
  throw warehouseFault(
    'WAREHOUSE_FAILED',
    `Cannot swap in what was processed again because its counts and sums must be those of before: they differ for ${event_name} ${currency} of ${product}`,
    false,
  )
}

async function compareCounts(connection: Connection): Promise<void> {
  const sql = `SELECT (SELECT count() FROM events) AS was, (SELECT count() FROM ${rebuilt}) AS is`
  const row = (await connection.select<{ was: number; is: number }>('load', sql))[0]
  if (row !== undefined && row.was === row.is) return
  const got = `${row?.was} and ${row?.is}`
  throw warehouseFault(
    'WAREHOUSE_FAILED',
    `Cannot swap in what was processed again because both must hold as many events: got ${got}`,
    false,
  )
}

type SentTuple = [
  string,
  'live' | 'test',
  string,
  string,
  number,
  number,
  number,
  number,
  string,
  string,
  string[],
  string,
  string[],
]

const sentSql = `SELECT product, mode, key_id, request_id, position, toUnixTimestamp64Milli(received_at), log_offset,
  load_seq, idempotency_key, identity, flags, raw,
  [country, city, canonical_game_type, device_class, device_name, operating_system_name, operating_system_version,
   agent_name, agent_class] FROM events`

function sentRowOf(row: SentTuple): SentRow {
  const [product, mode, keyId, requestId, position, receivedMs, logOffset, loadSeq, idempotencyKey, ...rest] = row
  const [identity, flags, raw, derived] = rest
  const [country, city, gameType, ...agent] = derived
  const origin = { product, mode, keyId, requestId, position, receivedMs, logOffset, idempotencyKey }
  const told = JSON.stringify([country, city, gameType, agent[0] === '' ? [] : agent, flags])
  return { origin, identity: identity.replaceAll('-', ''), loadSeq, raw, flags, told }
}

function linesOf(rows: readonly RebuiltRow[]): Buffer {
  return Buffer.from(rows.map(row => eventLine(row, row.loadSeq)).join(''))
}
