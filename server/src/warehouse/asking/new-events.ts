// Events as they are stored, oldest first, for somebody who watches: everything behind a place, once. The order is that of
// the loads. A load may be seen in parts while it is made, so only what its note stands behind is shown: then nothing can
// come before a place that was given out.

import type { Connection } from '../connection.ts'
import { warehouseFault } from '../fault.ts'
import { readLastNote } from '../last-note.ts'
import { conditionsOf, type Filter, where } from './conditions.ts'
import { eventColumnsSql, type StoredEvent, type StoredRow } from './event-columns.ts'
import { type EventsQuestion, listEvents, type Page, showRows } from './list-events.ts'

export type NewEventsQuestion = Filter & {
  /** At most so many behind a place. */
  limit: number
  /** The place; without one it is where the last load ended. */
  after?: string
  /** Without a place: so many that came before are shown, the latest. */
  last?: number
  raw?: boolean
  /** With a place: where there are more than `limit`, the first of them stand for all, and the place behind is the end. */
  sample?: boolean
}

/** `more`: there are more already. `after` is the place behind these, and `count` says how many are before it. */
export type NewEvents = { rows: StoredEvent[]; after: string; more: boolean; count: number }

/** Of an event: its load, its record of the log, its index in the request. */
type Place = { seq: number; logOffset: number; position: number }

export async function newEvents(connection: Connection, question: NewEventsQuestion): Promise<NewEvents> {
  const { limit, after, last = 0, raw = false, sample = false, ...filter } = question
  const seq = (await readLastNote(connection, 'ask'))?.seq ?? 0
  const end = cursorOf({ seq, logOffset: Number.MAX_SAFE_INTEGER, position: 0 })
  const place = after === undefined ? null : placeOf(after)
  // A place behind the end is one of another warehouse, in whose stead this one came.
  if (place === null || place.seq > seq) {
    const rows = place === null && last > 0 ? await latest(connection, { ...filter, raw, limit: last }, seq) : []
    return { rows, after: end, more: false, count: 0 }
  }
  const { sql, params } = conditionsOf(filter)
  const behind = '(load_seq, log_offset, position) > ({placeSeq:UInt64}, {placeOffset:UInt64}, {placePosition:UInt32})'
  const range = ['load_seq >= {placeSeq:UInt64}', 'load_seq <= {seq:UInt64}', behind]
  const wanted = where([...range, ...sql])
  const statement = `SELECT ${eventColumnsSql(raw)} FROM events ${wanted}
    ORDER BY load_seq, log_offset, position LIMIT {limit:UInt32}`
  const places = { placeSeq: place.seq, placeOffset: place.logOffset, placePosition: place.position, seq }
  const asked = { ...params, ...places }
  const found = await connection.select<StoredRow>('ask', statement, { ...asked, limit: limit + 1 })
  const rows = found.slice(0, limit)
  if (sample && found.length > limit) {
    const counting = `SELECT toUInt32(count()) AS events FROM events ${wanted}`
    const [counted] = await connection.select<{ events: number }>('ask', counting, asked)
    return { rows: await showRows(connection, rows), after: end, more: false, count: counted?.events ?? found.length }
  }
  const more = found.length > limit
  const { load_seq, log_offset, position } = rows.at(-1) ?? { load_seq: 0, log_offset: 0, position: 0 }
  const next = more ? cursorOf({ seq: load_seq, logOffset: log_offset, position }) : end
  return { rows: await showRows(connection, rows), after: next, more, count: rows.length }
}

/** The latest of what was loaded up to a load, oldest first. */
async function latest(connection: Connection, question: EventsQuestion, seq: number): Promise<StoredEvent[]> {
  const { rows }: Page<StoredEvent> = await listEvents(connection, question)
  return rows.filter(row => row.load_seq <= seq).toReversed()
}

function cursorOf({ seq, logOffset, position }: Place): string {
  return Buffer.from(`n ${seq} ${logOffset} ${position}`).toString('base64url')
}

/** Throws WAREHOUSE_REFUSED when it is none of ours. */
function placeOf(cursor: string): Place {
  const match = /^n (\d{1,16}) (\d{1,16}) (\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match === null)
    throw warehouseFault(
      'WAREHOUSE_REFUSED',
      `Cannot read on because the place must be one that an answer gave: got ${cursor.slice(0, 64)}`,
      false,
    )
  const [seq, logOffset, position] = match.slice(1).map(Number) as [number, number, number]
  return { seq, logOffset, position }
}
