// Lets another of two conflicting events stand. The one that came later takes the first one's place among the events, and
// the first one takes its place among the duplicates; the decision is written down before, and marked as done
// after. Each step finds what it did before, so that whoever dies amid it does it again from the beginning:
//
//   1. the first one is put among the duplicates    3. the first one is deleted from the events
//   2. the later one is put among the events        4. other duplicates point to it; it is deleted from them
//
// Between 2 and 3 both are among the events, for a moment.

import { field } from './tab-rows.ts'
import type { Connection } from './connection.ts'
import { insertWhole } from './insert-whole.ts'
import type { Conflict, Resolution, ResolvingWarehouse } from './load.ts'
import { duplicates, events, resolutions } from './schema.ts'
import { eventLine, time } from './tab-rows.ts'

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

export const resolutionSql = `id, product, mode, request_id AS requestId, toInt64(position) AS position,
  first_request_id AS firstRequestId, toInt64(first_position) AS firstPosition, identity, stands, reason,
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
  const nowhere = "toUUID('00000000-0000-0000-0000-000000000000') AS firstRequestId, toInt64(0) AS firstPosition"
  const moved = `SELECT ${columns(nowhere)} FROM events WHERE ${place}`
  const row =
    (await connection.select<Found>('load', sql, params))[0] ??
    (await connection.select<Found>('load', moved, params))[0]
  if (row === undefined) return null
  const { product, mode, keyId, receivedMs, logOffset, idempotencyKey, ...rest } = row
  const origin = { product, mode, keyId, requestId, position, receivedMs, logOffset, idempotencyKey }
  return { ...rest, origin }
}

async function swap(connection: Connection, resolution: Resolution, later: Parameters<ResolvingWarehouse['swap']>[1]) {
  const { product, mode, requestId, position, firstRequestId, firstPosition, identity } = resolution
  const params = { product, mode, requestId, position, firstRequestId, firstPosition, identity: uuidOf(identity) }
  const whose = 'product = {product:String} AND mode = {mode:String} AND identity = {identity:UUID}'
  const first = `${whose} AND request_id = {firstRequestId:UUID} AND position = {firstPosition:UInt32}`
  const second = `${whose} AND request_id = {requestId:UUID} AND position = {position:UInt32}`

  const shared = duplicates.columns.map(({ name }) => name).filter(name => !own.has(name))
  const copied = `INSERT INTO duplicates (${shared.join(', ')}, first_request_id, first_position, conflict)
    SELECT ${shared.join(', ')}, {requestId:UUID}, {position:UInt32}, true FROM events WHERE ${first}
      AND (SELECT count() FROM duplicates WHERE ${first}) = 0`
  await connection.command(copied, params, { insert_deduplicate: 0, max_insert_threads: '1' })

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

  const settled = { lightweight_deletes_sync: '2', mutations_sync: '2' } as const
  await connection.command(`DELETE FROM events WHERE ${first}`, params, settled)
  await connection.command(
    `ALTER TABLE duplicates UPDATE first_request_id = {requestId:UUID}, first_position = {position:UInt32}
      WHERE ${whose} AND first_request_id = {firstRequestId:UUID}`,
    params,
    settled,
  )
  await connection.command(`DELETE FROM duplicates WHERE ${second}`, params, settled)
}

/** Columns that the two tables do not share. */
const own = new Set(['first_request_id', 'first_position', 'conflict'])

async function note(connection: Connection, resolution: Resolution, state: 'decided' | 'done'): Promise<void> {
  const { id, product, mode, requestId, position, firstRequestId, firstPosition, identity, stands, reason } = resolution
  const fields = [
    ...[id, field(product), mode, requestId, position, firstRequestId, firstPosition],
    ...[uuidOf(identity), stands, field(reason), state, time(resolution.decidedMs)],
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

function uuidOf(hex: string): string {
  const digits = hex.replaceAll('-', '')
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)]
  return parts.join('-')
}
