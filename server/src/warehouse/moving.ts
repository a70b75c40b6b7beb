// A warehouse on its way into others: what one share of it is, block by block, out of the one and into the other, and the
// sums by which both are compared. Notes, rates and what was decided about conflicts go along; rollups do not, since whoever
// has a share makes them anew, and the usage of keys does not, of which only days are kept.
//
// A block is rows of one table that one insert writes as one part: of one month of receipt, of some loads that follow each
// other. So a block is there as a whole or not at all, which its number of rows tells, and the warehouse that is moved from
// stays as it is meanwhile: whoever begins again finds the same blocks, asks which are there, and brings the others.

import type { Connection } from './connection.ts'
import { warehouseFault } from './fault.ts'
import { insertWhole } from './insert-whole.ts'
import { readLastNote } from './last-note.ts'
import type {
  LoadNote,
  MovedBlock as Block,
  MovedOutcomes as Outcomes,
  MovedShare as Whose,
  MovedSum,
  MovingWarehouse,
} from './load.ts'
import { versionOf } from './migrations.ts'
import { duplicates, events, loads, parked, rates, rejected, resolutions, type Table } from './schema.ts'
import { noteLine } from './tab-rows.ts'
import { erasedReason, expiredReason } from '../steps/erasure.ts'

/** Rows of one block, or so, and bytes of their texts: what is held in memory. */
const blockRowsMax = 100_000
const blockBytesMax = 24 * 1024 * 1024
/** Loads that one question is about. */
const window = 20_000

const byLoads = [events, duplicates, parked, rejected] as const
const whole = [rates, resolutions] as const
const tables = new Map<string, Table>([...byLoads, ...whole, loads].map(table => [table.name, table]))

export function movingOver(connection: Connection): MovingWarehouse {
  const one = async <Row>(sql: string, params = {}) => (await connection.select<Row>('load', sql, params))[0] as Row
  const count = async (sql: string, params = {}) => (await one<{ n: number } | undefined>(sql, params))?.n ?? 0
  return {
    version: async () => versionOf(connection),
    lastNote: () => readLastNote(connection),
    countUnfinished: () =>
      count(`SELECT count() AS n FROM resolutions WHERE state = 'decided'
        AND id NOT IN (SELECT id FROM resolutions WHERE state = 'done')`),
    async *blocks(whose) {
      for (const { name } of byLoads) yield* blocksByLoads(connection, name, whose)
      for (const { name } of whole) {
        const rows = await count(`SELECT count() AS n FROM ${name} WHERE ${ofShare(name, whose)}`, { ...whose })
        if (rows > 0) yield { table: name, month: null, from: 0, to: 0, rows }
      }
      if (whose.shares === 1) yield* blocksOfNotes(connection, whose)
    },
    read: (block, whose) =>
      connection.lines(
        `SELECT ${columnsOf(block.table)} FROM ${block.table} WHERE ${ofBlock(block)} AND ${ofShare(block.table, whose)}`,
        { ...block, ...whose },
      ),
    async outcomes(whose) {
      const sql = `SELECT ${totalled} FROM (${outcomesSql(whose, null)})`
      const row = await one<Outcomes | undefined>(sql, { ...whose })
      return row ?? { ...nothing }
    },
    notes: whose => notesOf(connection, whose),
    async sums(whose) {
      const found: MovedSum[] = []
      for (const table of [...byLoads, ...whole])
        for await (const page of connection.stream<SumTuple>(sumsSql(table, whose), { ...whose }))
          found.push(...page.map(sumOf(table.name)))
      return found
    },
    bytes: () =>
      count(`SELECT sum(bytes_on_disk) AS n FROM system.parts WHERE database = {database:String} AND active`, {
        database: connection.database,
      }),
    async isEmpty() {
      for (const name of tables.keys()) if ((await count(`SELECT count() AS n FROM ${name}`)) > 0) return false
      return true
    },
    async put(block, lines, token, isRepeated) {
      const there = await count(`SELECT count() AS n FROM ${block.table} WHERE ${ofBlock(block)}`, { ...block })
      if (there === block.rows) return true
      if (there > 0) throw differs(block, there)
      const bytes = await lines()
      const rows = {
        table: tables.get(block.table) as Table,
        count: block.rows,
        keys: () => ['whole'],
        lines: () => bytes,
        // Whatever is there by now and is not the block would be added to, again and again.
        sql: `SELECT 'whole' AS key FROM (SELECT count() AS n FROM ${block.table} WHERE ${ofBlock(block)})
          WHERE throwIf(n NOT IN (0, {rows:UInt64}), 'other rows are there') = 0 AND n > 0`,
        params: { ...block },
      }
      await insertWhole(connection, rows, token, isRepeated)
      return false
    },
  }
}

/** The block of notes that follow each other. */
export function notesBlock(notes: readonly LoadNote[]): { block: Block; lines: Buffer } {
  const [first, last] = [notes[0] as LoadNote, notes.at(-1) as LoadNote]
  const block = { table: loads.name, month: null, from: first.seq, to: last.seq + 1, rows: notes.length }
  return { block, lines: Buffer.concat(notes.map(noteLine)) }
}

/** Which share a product belongs to, as shares.ts says it. */
const shareSql = `if(product = '', 0, reinterpretAsUInt32(reverse(substring(SHA256(toString(product)), 1, 4))) % {shares:UInt32})`

function ofShare(table: string, { shares }: Whose): string {
  if (table === loads.name) return 'seq <= {upTo:UInt64}'
  const own = shares === 1 || table === rates.name ? 'true' : `${shareSql} = {share:UInt32}`
  return whole.some(({ name }) => name === table) ? own : `${own} AND load_seq <= {upTo:UInt64}`
}

function ofBlock({ table, month }: Block): string {
  if (whole.some(({ name }) => name === table)) return 'true'
  const seq = table === loads.name ? 'seq' : 'load_seq'
  const range = `${seq} >= {from:UInt64} AND ${seq} < {to:UInt64}`
  return month === null ? range : `toYYYYMM(received_at) = {month:UInt32} AND ${range}`
}

const columnsOf = (table: string) => (tables.get(table) as Table).columns.map(({ name }) => name).join(', ')

/** About so many bytes a row has as text. */
const bytesSql: Record<string, string> = {
  events: 'sum(length(raw)) + 600 * count()',
  duplicates: 'sum(length(raw)) + 600 * count()',
  parked: 'sum(length(raw) + length(detail)) + 300 * count()',
  rejected: '150 * count()',
}

async function* blocksByLoads(connection: Connection, table: string, whose: Whose): AsyncIterable<Block> {
  const where = ofShare(table, whose)
  type Month = { month: number; first: number; last: number }
  const months = `SELECT toYYYYMM(received_at) AS month, min(load_seq) AS first, max(load_seq) AS last
    FROM ${table} WHERE ${where} GROUP BY month ORDER BY month`
  for (const { month, first, last } of await connection.select<Month>('load', months, { ...whose })) {
    for (let from = first; from <= last; from += window) {
      const loadsThere = `SELECT load_seq AS seq, count() AS rows, ${bytesSql[table]} AS bytes FROM ${table}
        WHERE ${where} AND toYYYYMM(received_at) = {month:UInt32} AND load_seq >= {from:UInt64} AND load_seq < {to:UInt64}
        GROUP BY seq ORDER BY seq`
      const params = { ...whose, month, from, to: from + window }
      const found = await connection.select<{ seq: number; rows: number; bytes: number }>('load', loadsThere, params)
      for (const block of together(found)) yield { table, month, ...block }
    }
  }
}

/** As many loads as there is room for, one at least. */
function* together(found: readonly { seq: number; rows: number; bytes: number }[]) {
  let block = null as Pick<Block, 'from' | 'to' | 'rows'> | null
  let held = 0
  for (const { seq, rows, bytes } of found) {
    if (block !== null && (block.rows + rows > blockRowsMax || held + bytes > blockBytesMax)) {
      yield block
      block = null
    }
    held = block === null ? bytes : held + bytes
    block = { from: block?.from ?? seq, to: seq + 1, rows: (block?.rows ?? 0) + rows }
  }
  if (block !== null) yield block
}

async function* blocksOfNotes(connection: Connection, whose: Whose): AsyncIterable<Block> {
  for (let from = 0; from <= whose.upTo; from += window) {
    const sql =
      'SELECT count() AS rows FROM loads WHERE seq >= {from:UInt64} AND seq < {to:UInt64} AND seq <= {upTo:UInt64}'
    const params = { from, to: from + window, upTo: whose.upTo }
    const rows = (await connection.select<{ rows: number }>('load', sql, params))[0]?.rows ?? 0
    if (rows > 0) yield { table: loads.name, month: null, from, to: from + window, rows }
  }
}

const nothing: Outcomes = { stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0 }
const totalled = Object.keys(nothing)
  .map(name => `sum(of_${name}) AS ${name}`)
  .join(', ')

/** What was deleted counts as what it was (steps/erasure.ts). */
const isGone = `reason IN ('${erasedReason}', '${expiredReason}')`
const outcomeSql: [table: string, Record<keyof Outcomes, string>][] = [
  [events.name, { stored: 'count()', duplicate: '0', conflict: '0', parked: '0', rejected: '0' }],
  [
    duplicates.name,
    { stored: '0', duplicate: 'count()', conflict: 'countIf(duplicates.conflict)', parked: '0', rejected: '0' },
  ],
  [
    parked.name,
    {
      stored: `sumIf(parked.events, ${isGone} AND detail = 'stored')`,
      duplicate: `sumIf(parked.events, ${isGone} AND detail IN ('duplicate', 'conflict'))`,
      conflict: `sumIf(parked.events, ${isGone} AND detail = 'conflict')`,
      parked: `sumIf(parked.events, NOT (${isGone}) OR detail IN ('parked', 'load'))`,
      rejected: '0',
    },
  ],
  [rejected.name, { stored: '0', duplicate: '0', conflict: '0', parked: '0', rejected: 'sum(rejected.events)' }],
]

/** Of each load of a range; without one, of all together. */
function outcomesSql(whose: Whose, range: string | null): string {
  const [seq, and, group] = range === null ? ['', '', ''] : ['load_seq, ', ` AND ${range}`, ' GROUP BY load_seq']
  return outcomeSql
    .map(([table, sums]) => {
      const named = Object.entries(sums).map(([name, sql]) => `toUInt64(${sql}) AS of_${name}`)
      return `SELECT ${seq}${named.join(', ')} FROM ${table} WHERE ${ofShare(table, whose)}${and}${group}`
    })
    .join(' UNION ALL ')
}

async function* notesOf(connection: Connection, whose: Whose): AsyncIterable<LoadNote[]> {
  const running = { ...nothing }
  for (let from = 0; from <= whose.upTo; from += window) {
    const range = 'load_seq >= {from:UInt64} AND load_seq < {to:UInt64}'
    const sql = `SELECT load_seq AS seq, ${totalled} FROM (${outcomesSql(whose, range)}) GROUP BY seq ORDER BY seq`
    const params = { ...whose, from, to: from + window }
    const brought = await connection.select<Outcomes & { seq: number }>('load', sql, params)
    if (brought.length === 0) continue
    const heads = new Map(
      (await connection.select<Omit<LoadNote, 'totals'>>('load', headsSql, params)).map(head => [head.seq, head]),
    )
    const notes: LoadNote[] = []
    for (const { seq, ...outcomes } of brought) {
      for (const name of Object.keys(running) as (keyof Outcomes)[]) running[name] += outcomes[name]
      const head = heads.get(seq)
      const accepted = running.stored + running.duplicate + running.parked
      if (head !== undefined) notes.push({ ...head, totals: { accepted, ...running } })
    }
    if (notes.length > 0) yield notes
  }
}

const headsSql = `SELECT seq, log_id AS logId, log_from AS from, log_to AS to, fingerprint, token,
    toUnixTimestamp64Milli(loaded_at) AS loadedMs FROM loads
  WHERE seq >= {from:UInt64} AND seq < {to:UInt64} AND seq <= {upTo:UInt64}`

type SumTuple = [string, string, string, string, number, string, string, string]

function sumsSql({ name, columns }: Table, whose: Whose): string {
  const has = (column: string) => columns.some(one => one.name === column)
  const group = [
    has('product') ? 'toString(product)' : "''",
    has('mode') ? 'toString(mode)' : "''",
    name === events.name ? 'toString(event_name)' : "''",
    name === events.name ? 'toString(currency)' : "''",
  ]
  const sum = (column: string) => `toString(sum(toDecimal256(ifNull(t.${column}, 0), 18)))`
  const all = columns.map(column => `t.\`${column.name}\``).join(', ')
  return `SELECT ${group.map((sql, i) => `${sql} AS group_${i}`).join(', ')}, count(),
      ${has('amount') ? sum('amount') : "'0'"}, ${has('bet_result_amount') ? sum('bet_result_amount') : "'0'"},
      toString(sum(cityHash64(${all})))
    FROM ${name} AS t WHERE ${ofShare(name, whose)} GROUP BY group_0, group_1, group_2, group_3
    ORDER BY group_0, group_1, group_2, group_3`
}

const sumOf =
  (table: string) =>
  ([product, mode, name, currency, rows, amount, result, hash]: SumTuple): MovedSum => ({
    table,
    product,
    mode,
    name,
    currency,
    rows,
    amount,
    result,
    hash,
  })

function differs({ table, month, from, to, rows }: Block, there: number): Error {
  const which = month === null ? '' : ` of ${month}`
  return warehouseFault(
    'WAREHOUSE_FAILED',
    `Cannot move rows of ${table}${which} (loads ${from} to ${to - 1}) because ${rows} or none of them must be there: got ${there}`,
    false,
  )
}
