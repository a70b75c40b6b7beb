// Lets another of two conflicting events stand. The one that came later takes the first one's place among the events, and
// the first one takes its place among the duplicates; the decision is written down before, and marked as done
// after. Each step finds what it did before, so that whoever dies amid it does it again from the beginning:
//
//   1. the first one is put among the duplicates    3. the first one is deleted from the events
//   2. the later one is put among the events        4. it is deleted from the duplicates; the others point to it
//
// Between 2 and 3 both are among the events, for a moment. In 4 each of the others is a conflict, or none any more, by what
// stands now. The mark is in the order of that table, where ClickHouse changes nothing: such a row goes in anew, and then
// the old one is deleted. (Notes of loads go on counting what was a conflict when it came.)

import { erasedReason, expiredReason } from '../steps/erasure.ts'
import { type Connection, type Params, settledSettings } from './connection.ts'
import { insertWhole } from './insert-whole.ts'
import type { Conflict, Resolution, ResolvingWarehouse } from './load.ts'
import { copySettings } from './rebuilding.ts'
import { duplicates, events, resolutions } from './schema.ts'
import { eventLine, field, time, uuid } from './tab-rows.ts'

type Ask = <T>(question: () => Promise<T>) => Promise<T>

export function resolvingOver(connection: Connection, ask: Ask): ResolvingWarehouse {
  return {
    findConflict: (requestId, position) => ask(() => findConflict(connection, requestId, position)),
    lastResolution: (requestId, position) =>
      ask(async () => {
        const sql = `SELECT ${resolutionSql} FROM resolutions WHERE state = 'done'
          AND request_id = {requestId:UUID} AND position = {position:UInt32} ORDER BY decided_at DESC LIMIT 1`
        return (await connection.select<Resolution>('load', sql, { requestId, position }))[0] ?? null
      }),
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
  const { amount, currency, userId } = later.event
  const places = { requestId, position, firstRequestId, firstPosition }
  const params = { product, mode, identity: uuid(identity), ...places, amount, currency, userId }

  const copied = `${duplicateSql('true', 'events')} WHERE ${firstSql}
    AND (SELECT count() FROM duplicates WHERE ${firstSql}) = 0`
  await connection.command(copied, params, copySettings)
  await putAmongEvents(connection, resolution, later, params)
  await connection.command(`DELETE FROM events WHERE ${firstSql}`, params, settledSettings)

  const marked = `${duplicateSql('NOT conflict', 'duplicates')} WHERE ${othersSql} AND ${isMarkedWrongSql}
    AND (request_id, position) NOT IN (SELECT request_id, position FROM duplicates WHERE ${atLaterSql})`
  await connection.command(marked, params, copySettings)
  const old = `(${laterSql}) OR (${othersSql} AND ${isMarkedWrongSql})`
  await connection.command(`DELETE FROM duplicates WHERE ${old}`, params, settledSettings)
  const moved = `ALTER TABLE duplicates UPDATE first_request_id = {requestId:UUID}, first_position = {position:UInt32}
    WHERE ${othersSql}`
  await connection.command(moved, params, settledSettings)
}

const whoseSql = 'product = {product:String} AND mode = {mode:String} AND identity = {identity:UUID}'
const firstSql = `${whoseSql} AND request_id = {firstRequestId:UUID} AND position = {firstPosition:UInt32}`
const laterSql = `${whoseSql} AND request_id = {requestId:UUID} AND position = {position:UInt32}`
const atLaterSql = `${whoseSql} AND first_request_id = {requestId:UUID} AND first_position = {position:UInt32}`
/** Those that still point to the first one. */
const othersSql = `${whoseSql} AND first_request_id = {firstRequestId:UUID} AND first_position = {firstPosition:UInt32}
    AND NOT (request_id = {requestId:UUID} AND position = {position:UInt32})`
/** Whether it differs from the later one is not what its mark says. */
const isMarkedWrongSql = `conflict != (client_user_id != {userId:String} OR currency != {currency:String}
    OR isNull(amount) != isNull({amount:Nullable(Decimal(38, 18))})
    OR ifNull(amount != {amount:Nullable(Decimal(38, 18))}, false))`

/** Puts rows of a table among the duplicates, as such of the later one. */
function duplicateSql(conflict: string, table: string): string {
  const shared = duplicates.columns.map(({ name }) => name).filter(name => !own.has(name))
  return `INSERT INTO duplicates (${shared.join(', ')}, first_request_id, first_position, conflict)
    SELECT ${shared.join(', ')}, {requestId:UUID}, {position:UInt32}, ${conflict} FROM ${table}`
}

/** Columns that the two tables do not share. */
const own = new Set(['first_request_id', 'first_position', 'conflict'])

async function putAmongEvents(
  connection: Connection,
  { id, requestId, position }: Resolution,
  later: Parameters<ResolvingWarehouse['swap']>[1],
  params: Params,
): Promise<void> {
  const key = `${requestId} ${position}`
  const rows = {
    table: events,
    count: 1,
    keys: () => [key],
    lines: () => Buffer.from(eventLine(later, later.loadSeq)),
    sql: `SELECT concat(toString(request_id), ' ', toString(position)) AS key FROM events WHERE ${laterSql}`,
    params,
  }
  await insertWhole(connection, rows, `resolution ${id}`, true)
}

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
