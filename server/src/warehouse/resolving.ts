// Lets another of two conflicting events stand. The one that came later takes the first one's place among the events, and
// the first one takes its place among the duplicates; the decision is written down before, and marked as done
// after. Each step finds what it did before, so that whoever dies amid it does it again from the beginning:
//
//   1. the first one is put among the duplicates    3. the first one is deleted from the events
//   2. the later one is put among the events        4. other duplicates point to it; it is deleted from them
//
// Between 2 and 3 both are among the events, for a moment.

import { erasedReason, expiredReason } from '../steps/erasure.ts'
import { type Connection, settledSettings } from './connection.ts'
import { insertWhole } from './insert-whole.ts'
import type { Conflict, Resolution, ResolvingWarehouse } from './load.ts'
import { copySettings } from './rebuilding.ts'
import { duplicates, events, resolutions } from './schema.ts'
import { eventLine, field, time, uuid } from './tab-rows.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export function resolvingOver(connection: Connection, ask: Ask): ResolvingWarehouse {
  return {
    findConflict: (requestId, position) => ask(() => findConflict(connection, requestId, position)),
    decide: resolution => ask(() => note(connection, resolution, 'decided')),
    swap: (resolution, later) => ask(() => swap(connection, resolution, later)),
    done: resolution => ask(() => note(connection, resolution, 'done')),
    unfinished: () =>
      ask(async () => {
        const sql = `SELECT ${resolutionSql} FROM resolutions WHERE state = 'decided'
          AND id NOT IN (SELECT id FROM resolutions WHERE state = 'done') ORDER BY decided_at`
        return connection.select<Resolution>('load', sql)
      }),
  }
}

const resolutionSql = `id, product, mode, request_id AS requestId, toInt64(position) AS position,
  first_request_id AS firstRequestId, toInt64(first_position) AS firstPosition,
  replaceAll(toString(identity), '-', '') AS identity, stands, reason,
  toUnixTimestamp64Milli(decided_at) AS decidedMs`

type Found = Omit<Conflict, 'origin'> & {
  product: string
  mode: 'live' | 'test'
  keyId: string
  requestId: string
  position: number
  receivedMs: number
  logOffset: number
  idempotencyKey: string
}

type Place = Pick<Found, 'requestId' | 'position' | 'receivedMs' | 'loadSeq'>

/** Also one that a swap has already moved to the events: it is looked for by whoever does it again. */
async function findConflict(connection: Connection, requestId: string, position: number): Promise<Conflict | null> {
  const columns = (
    first: string,
  ) => `product, mode, key_id AS keyId, request_id AS requestId, toInt64(position) AS position,
    toUnixTimestamp64Milli(received_at) AS receivedMs, log_offset AS logOffset, idempotency_key AS idempotencyKey,
    load_seq AS loadSeq, replaceAll(toString(identity), '-', '') AS identity, flags, raw, amount, currency,
    client_user_id AS userId, ${first}`
  const place = 'request_id = {request:UUID} AND position = {position:UInt32}'
  const sql = `SELECT ${columns('first_request_id AS firstRequestId, toInt64(first_position) AS firstPosition')}
    FROM duplicates WHERE ${place} AND conflict`
  const params = { request: requestId, position }
  const moved = `SELECT ${columns('NULL AS firstRequestId, 0 AS firstPosition')} FROM events WHERE ${place}`
  const row =
    (await connection.select<Found>('load', sql, params))[0] ??
    (await connection.select<Found>('load', moved, params))[0]
  if (row === undefined) return null
  if (!(await isOpen(connection, row))) row.firstRequestId = null
  const { product, mode, keyId, receivedMs, logOffset, idempotencyKey, ...rest } = row
  const origin = { product, mode, keyId, requestId, position, receivedMs, logOffset, idempotencyKey }
  return { ...rest, origin }
}

/** A first one that is gone has no place that another could take; and for what is about to be deleted a row stands already. */
async function isOpen(connection: Connection, later: Found): Promise<boolean> {
  const { product, mode, firstRequestId: request, firstPosition: position } = later
  if (request === null) return false
  const sql = `SELECT request_id AS requestId, toInt64(position) AS position,
    toUnixTimestamp64Milli(received_at) AS receivedMs, load_seq AS loadSeq FROM events
    WHERE request_id = {request:UUID} AND position = {position:UInt32}`
  const [first] = await connection.select<Place>('load', sql, { request, position })
  if (first === undefined) return false
  const covering = `SELECT count() AS rows FROM parked
    WHERE product = {product:String} AND mode = {mode:String} AND (reason = '${erasedReason}'
        AND request_id = {request:UUID} AND position = {position:Int32}
      OR reason = '${expiredReason}' AND load_seq >= {loadSeq:UInt64}
        AND received_at >= fromUnixTimestamp64Milli({receivedMs:Int64}, 'UTC'))`
  for (const { requestId, position, receivedMs, loadSeq } of [first, later]) {
    const params = { product, mode, request: requestId, position, receivedMs, loadSeq }
    if ((await connection.select<{ rows: number }>('load', covering, params))[0]?.rows !== 0) return false
  }
  return true
}

async function swap(connection: Connection, resolution: Resolution, later: Parameters<ResolvingWarehouse['swap']>[1]) {
  const { product, mode, requestId, position, firstRequestId, firstPosition, identity } = resolution
  const params = { product, mode, requestId, position, firstRequestId, firstPosition, identity: uuid(identity) }
  const whose = 'product = {product:String} AND mode = {mode:String} AND identity = {identity:UUID}'
  const first = `${whose} AND request_id = {firstRequestId:UUID} AND position = {firstPosition:UInt32}`
  const second = `${whose} AND request_id = {requestId:UUID} AND position = {position:UInt32}`

  const shared = duplicates.columns.map(({ name }) => name).filter(name => !own.has(name))
  const copied = `INSERT INTO duplicates (${shared.join(', ')}, first_request_id, first_position, conflict)
    SELECT ${shared.join(', ')}, {requestId:UUID}, {position:UInt32}, true FROM events WHERE ${first}
      AND (SELECT count() FROM duplicates WHERE ${first}) = 0`
  await connection.command(copied, params, copySettings)

  const key = `${requestId} ${position}`
  const rows = {
    table: events,
    count: 1,
    keys: () => [key],
    lines: () => Buffer.from(eventLine(later, later.loadSeq)),
    sql: `SELECT concat(toString(request_id), ' ', toString(position)) AS key FROM events WHERE ${second}`,
    params,
  }
  await insertWhole(connection, rows, `resolution ${resolution.id}`, true)

  await connection.command(`DELETE FROM events WHERE ${first}`, params, settledSettings)
  await connection.command(
    `ALTER TABLE duplicates UPDATE first_request_id = {requestId:UUID}, first_position = {position:UInt32}
      WHERE ${whose} AND first_request_id = {firstRequestId:UUID}`,
    params,
    settledSettings,
  )
  await connection.command(`DELETE FROM duplicates WHERE ${second}`, params, settledSettings)
}

/** Columns that the two tables do not share. */
const own = new Set(['first_request_id', 'first_position', 'conflict'])

async function note(connection: Connection, resolution: Resolution, state: 'decided' | 'done'): Promise<void> {
  const { id, product, mode, requestId, position, firstRequestId, firstPosition, identity, stands, reason } = resolution
  const fields = [
    ...[id, field(product), mode, requestId, position, firstRequestId, firstPosition],
    ...[uuid(identity), stands, field(reason), state, time(resolution.decidedMs)],
  ]
  const rows = {
    table: resolutions,
    count: 1,
    keys: () => [`${id} ${state}`],
    lines: () => Buffer.from(`${fields.join('\t')}\n`),
    sql: "SELECT concat(toString(id), ' ', toString(state)) AS key FROM resolutions WHERE id = {id:UUID}",
    params: { id },
  }
  await insertWhole(connection, rows, `resolution ${id} ${state}`, true)
}
