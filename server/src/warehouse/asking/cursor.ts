// Where a page ended: the place of its last row in the order newest first, as text that means nothing to others.
// Rows that arrive while somebody pages are newer than the place, so no row is shown twice and none is skipped.

import { warehouseFault } from '../fault.ts'

/** The place of a row: when it was received, its record of the log, its index in the request. */
export type Place = { receivedMs: number; logOffset: number; position: number }

/** The cursor behind a place. */
export function cursorOf(place: Place): string {
  return Buffer.from(`1 ${place.receivedMs} ${place.logOffset} ${place.position}`).toString('base64url')
}

/** The place of a cursor. Throws WAREHOUSE_REFUSED when it is none of ours. */
export function placeOf(cursor: string): Place {
  const match = /^1 (\d{1,14}) (\d{1,16}) (-?\d{1,10})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (match === null)
    throw warehouseFault(
      'WAREHOUSE_REFUSED',
      `Cannot read on because the cursor must be one that a page ended with: got ${cursor.slice(0, 64)}`,
      false,
    )
  const [receivedMs, logOffset, position] = match.slice(1).map(Number) as [number, number, number]
  return { receivedMs, logOffset, position }
}

/** The condition that a row comes after the place, newest first; its parameters are those of `placeParams`. */
export const afterPlaceSql =
  "(received_at, log_offset, position) < (fromUnixTimestamp64Milli({placeMs:Int64}, 'UTC'), {placeOffset:UInt64}, {placePosition:Int64})"

export function placeParams(place: Place): Record<string, number> {
  return { placeMs: place.receivedMs, placeOffset: place.logOffset, placePosition: place.position }
}
