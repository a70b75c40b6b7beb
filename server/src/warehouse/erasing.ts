// Deletes events for good: those of a person, or those that outlived their product's retention. For each, or for many
// alike, a row stays among what is parked that says nothing but where something was (steps/erasure.ts), and it is
// there before anything goes: dying in between leaves both, and whoever does it again finds what is left. What expired is
// known by its row alone, so it is deleted as that row says before anything is counted once more.
//
// A deletion hides rows at once and takes them from the disk when ClickHouse rewrites their parts, which is asked for
// right after; the parts that were replaced stay for `old_parts_lifetime`, ten minutes.

import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { erasedReason, type ErasedCounts, expiredReason, nothingErased } from '../steps/erasure.ts'
import { rejectedReason } from '../steps/rejection.ts'
import { type Connection, settledSettings } from './connection.ts'
import type { ErasingWarehouse, ExpiredCounts, KeptText, Origin } from './load.ts'
import { identitiesOver } from './loading.ts'
import { readLastNote } from './last-note.ts'
import { copySettings, dropRebuilt } from './rebuilding.ts'
import { parked } from './schema.ts'
import { insertWhole } from './insert-whole.ts'
import { parkedLines } from './tab-rows.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export function erasingOver(connection: Connection, ask: Ask): ErasingWarehouse {
  return {
    async *users(product) {
      await ask(async () => {})
      const sql = `SELECT DISTINCT client_user_id FROM (
        SELECT client_user_id FROM events WHERE product = {product:String}
        UNION ALL SELECT client_user_id FROM duplicates WHERE product = {product:String})`
      for await (const rows of connection.stream<[string]>(sql, { product })) yield rows.map(([user]) => user)
    },
    identitiesOfUser: (product, user) => identities(connection, ask, ofUser, { product, user }),
    async *identitiesExpired(product) {
      for (const mode of modes) {
        const last = await ask(() => lastExpired(connection, { product, mode, was: 'stored' }))
        if (last !== null) yield* identities(connection, ask, ofExpired, { product, mode, ...last })
      }
    },
    async *keptTexts(product) {
      await ask(async () => {})
      const sql = `SELECT request_id, position, reason, detail, raw FROM parked
        WHERE product = {product:String} AND raw != '' ORDER BY request_id, position`
      for await (const rows of connection.stream<[string, number, string, string, string]>(sql, { product }))
        yield rows.map(([requestId, position, reason, detail, raw]) => ({ requestId, position, reason, detail, raw }))
    },
    eraseUser: (product, user) => ask(() => eraseUser(connection, { product, user })),
    blankTexts: texts => ask(() => blankTexts(connection, texts)),
    replaceText: (text, other) => ask(() => replaceText(connection, text, other)),
    countExpired: (product, beforeMs, id) => ask(() => countExpired(connection, { product, beforeMs }, id)),
    deleteExpired: product => ask(() => deleteExpired(connection, product)),
    dropRebuilt: () => ask(() => dropRebuilt(connection)),
    countErased: () => ask(() => countErased(connection)),
  }
}

/** How many events each kind of row that stands for what was deleted stands for. */
export async function countErased(connection: Connection, workload: 'load' | 'status' = 'load'): Promise<ErasedCounts> {
  const sql = `SELECT detail, sum(parked.events) AS events FROM parked
    WHERE reason IN ('${erasedReason}', '${expiredReason}') GROUP BY detail`
  const rows = await connection.select<{ detail: keyof ErasedCounts; events: number }>(workload, sql)
  return { ...nothingErased, ...Object.fromEntries(rows.map(({ detail, events }) => [detail, events])) }
}

const ofUser = 'product = {product:String} AND client_user_id = {user:String}'
const ofOld = "product = {product:String} AND received_at < fromUnixTimestamp64Milli({beforeMs:Int64}, 'UTC')"

const ofExpired = `product = {product:String} AND mode = {mode:String}
  AND received_at <= fromUnixTimestamp64Milli({lastMs:Int64}, 'UTC') AND load_seq <= {seq:UInt64}`

async function* identities(connection: Connection, ask: Ask, where: string, params: Record<string, unknown>) {
  await ask(async () => {})
  yield* identitiesOver(connection, where, params)
}

/** Of the events for which no row stands yet: what a cut load left of a user who is kept out by now has one already. */
const unplaced = `(request_id, position) NOT IN (
  SELECT request_id, position FROM parked WHERE product = {product:String} AND reason = '${erasedReason}')`

const originNames = 'product, mode, key_id, request_id, position, received_at, log_offset, load_seq, idempotency_key'

async function eraseUser(connection: Connection, params: { product: string; user: string }) {
  const place = (from: string, was: string) => `INSERT INTO parked (${originNames}, events, reason, detail, raw)
    SELECT ${originNames}, 1, '${erasedReason}', ${was}, '' FROM ${from} WHERE ${ofUser} AND ${unplaced}`
  const counts = {
    stored: await count(connection, 'events', ofUser, params),
    duplicate: await count(connection, 'duplicates', ofUser, params),
  }
  if (counts.stored > 0) await connection.command(place('events', "'stored'"), params, copySettings)
  if (counts.duplicate > 0)
    await connection.command(place('duplicates', "if(conflict, 'conflict', 'duplicate')"), params, copySettings)
  if (counts.stored > 0) await deleteFrom(connection, 'events', ofUser, params)
  if (counts.duplicate > 0) await deleteFrom(connection, 'duplicates', ofUser, params)
  return counts
}

/** What is parked and wholly of a person becomes a row that says only where it was. */
async function blankTexts(connection: Connection, texts: readonly KeptText[]): Promise<void> {
  for (let at = 0; at < texts.length; at += placesMax) {
    const places = texts.slice(at, at + placesMax).map(({ requestId, position }) => `('${requestId}', ${position})`)
    const sql = `ALTER TABLE parked UPDATE reason = '${erasedReason}', detail = 'parked', raw = ''
      WHERE (request_id, position) IN (${places.join(', ')}) AND reason != '${rejectedReason}'`
    await connection.command(sql, {}, settledSettings)
  }
}

/** The row once more with another text, and then the old one deleted: a text may be longer than an update can hold. */
async function replaceText(
  connection: Connection,
  { requestId, position, raw }: KeptText,
  other: Pick<KeptText, 'detail' | 'raw'>,
) {
  const params = { request: requestId, position }
  const where = 'request_id = {request:UUID} AND position = {position:Int32}'
  const [row] = await connection.select<KeptRow>('load', `${keptSql} WHERE ${where} LIMIT 1`, params)
  if (row === undefined) return
  const { loadSeq, events, reason, ...origin } = row
  // Both rows have one place and perhaps one length: their texts tell them apart.
  const [was, is] = [raw, other.raw].map(text => hash('sha256', text, 'hex')) as [string, string]
  assert(was !== is, `A text of ${requestId} would be replaced by itself`)
  const rows = {
    table: parked,
    count: 1,
    keys: () => [is],
    lines: () => parkedLines([{ origin, events, reason, ...other }], loadSeq),
    sql: `SELECT ${textHash} AS key FROM parked WHERE ${where}`,
    params,
  }
  await insertWhole(connection, rows, `without ${requestId} ${position} ${is}`, true)
  await deleteFrom(connection, 'parked', `${where} AND ${textHash} = {was:String}`, { ...params, was })
}

type KeptRow = Origin & { loadSeq: number; events: number; reason: string }

const textHash = 'lower(hex(SHA256(raw)))'

const keptSql = `SELECT product, mode, key_id AS keyId, request_id AS requestId, position,
  toUnixTimestamp64Milli(received_at) AS receivedMs, log_offset AS logOffset, load_seq AS loadSeq,
  idempotency_key AS idempotencyKey, events, reason FROM parked`

/**
 * Of each mode and kind one row for all events that are loaded by now. It says by its own time and load which they are:
 * whatever the last such row covers is to be deleted.
 */
async function countExpired(
  connection: Connection,
  params: { product: string; beforeMs: number },
  id: (kind: string) => string,
): Promise<ExpiredCounts> {
  const seq = (await readLastNote(connection))?.seq ?? 0
  const total: ExpiredCounts = { events: 0, rejectedRequests: 0 }
  for (const { table, where, was, events } of expiring) {
    for (const mode of modes) {
      const covered = { product: params.product, mode, seq, lastMs: params.beforeMs - 1 }
      const sql = `SELECT ${events} AS events FROM ${table} AS t WHERE ${ofExpired} AND ${where} AND ${unplaced}`
      const [row] = await connection.select<{ events: number }>('load', sql, covered)
      if (row === undefined || row.events === 0) continue
      const requestId = id(`${table} ${was} ${mode} ${seq}`)
      const origin = { product: params.product, mode, keyId: '', requestId, position: -1, logOffset: 0 }
      const place = { ...origin, receivedMs: covered.lastMs }
      const expired = { origin: place, events: row.events, reason: expiredReason, detail: was, raw: '' }
      const rows = {
        table: parked,
        count: 1,
        keys: () => [requestId],
        lines: () => parkedLines([expired], seq),
        sql: 'SELECT toString(request_id) AS key FROM parked WHERE request_id = {request:UUID}',
        params: { request: requestId },
      }
      await insertWhole(connection, rows, `expired ${requestId}`, true)
      total.events += row.events
    }
  }
  const old = `${ofOld} AND reason = '${rejectedReason}'`
  total.rejectedRequests = await count(connection, 'parked', old, params)
  if (total.rejectedRequests > 0) await deleteFrom(connection, 'parked', old, params)
  const usedBefore = 'product = {product:String} AND at < fromUnixTimestamp64Milli({beforeMs:Int64})'
  if ((await count(connection, 'key_usage', usedBefore, params)) > 0)
    await deleteFrom(connection, 'key_usage', usedBefore, params)
  return total
}

async function deleteExpired(connection: Connection, product: string): Promise<void> {
  for (const { table, where, was } of expiring) {
    for (const mode of modes) {
      const last = await lastExpired(connection, { product, mode, was })
      if (last === null) continue
      const [condition, covered] = [`${ofExpired} AND ${where}`, { product, mode, ...last }]
      if ((await count(connection, table, condition, covered)) > 0)
        await deleteFrom(connection, table, condition, covered)
    }
  }
}

/** What the last row that was written for a kind covers. */
async function lastExpired(
  connection: Connection,
  params: { product: string; mode: string; was: string },
): Promise<{ seq: number; lastMs: number } | null> {
  const sql = `SELECT load_seq AS seq, toUnixTimestamp64Milli(received_at) AS lastMs FROM parked
    WHERE product = {product:String} AND mode = {mode:String} AND reason = '${expiredReason}' AND detail = {was:String}
    ORDER BY load_seq DESC, received_at DESC LIMIT 1`
  return (await connection.select<{ seq: number; lastMs: number }>('load', sql, params))[0] ?? null
}

const modes = ['live', 'test'] as const

const expiring = [
  { table: 'events', where: 'true', was: 'stored', events: 'count()' },
  { table: 'duplicates', where: 'NOT conflict', was: 'duplicate', events: 'count()' },
  { table: 'duplicates', where: 'conflict', was: 'conflict', events: 'count()' },
  {
    table: 'parked',
    where: `reason NOT IN ('${rejectedReason}', '${erasedReason}', '${expiredReason}')`,
    was: 'parked',
    events: 'sum(t.events)',
  },
] as const

async function count(connection: Connection, table: string, where: string, params: Record<string, unknown>) {
  const sql = `SELECT count() AS rows FROM ${table} WHERE ${where}`
  return (await connection.select<{ rows: number }>('load', sql, params))[0]?.rows ?? 0
}

/** The second statement names nobody; of the first, the tables keep no text behind it (mutationsKept). */
async function deleteFrom(connection: Connection, table: string, where: string, params: Record<string, unknown>) {
  await connection.command(`DELETE FROM ${table} WHERE ${where}`, params, settledSettings)
  await connection.command(`ALTER TABLE ${table} APPLY DELETED MASK`, {}, settledSettings)
}

/** Places that one statement names. */
const placesMax = 500
