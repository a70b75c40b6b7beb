// The token of a load: what the warehouse recognises its repetition by.
//
//   <events>.<32 hex digits>.<8 hex digits>[.<seq>]
//
// The first part is the log's running total of events before the load's end, so that a warehouse whose index is gone
// still tells how many events a gap in the log swallowed. The second is a hash of the log's id, the range, and every
// outcome in order: the same token means the same rows. The third is drawn anew for every load that is begun, and kept
// when one is repeated: a load that was undone in part must not be taken for the one that comes after it. The fourth
// is there on parts of a chunk (delivery.ts): the last load before the chunk, whose totals are the last that count.

import { createHash } from 'node:crypto'
import type { Decided } from './decisions.ts'
import type { LogPlace } from './chunk.ts'
import type { LoadNote } from '../warehouse/load.ts'
import type { LoadPart } from './index/identity-index.ts'

export type LoadRange = {
  seq: number
  logId: string
  from: number
  to: number
  part: LoadPart | null
}

export function digestOf(range: LoadRange, decided: Decided): string {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([range.seq, range.logId, range.from, range.to, range.part]))
  let text = ''
  for (const row of decided.events) text += row.identity
  text += '|'
  for (const { origin, conflict } of decided.duplicates)
    text += `${origin.requestId}${origin.position}${conflict ? '!' : '='}`
  text += '|'
  for (const { origin, reason } of decided.parked) text += `${origin.requestId}${origin.position}${reason}`
  text += '|'
  for (const row of decided.rejected) text += `${row.logOffset} ${row.position} `
  return hash.update(text).digest('hex').slice(0, 32)
}

export function makeToken(to: LogPlace, digest: string, salt: string, before: number | null): string {
  return `${to.events}.${digest}.${salt}${before === null ? '' : `.${before}`}`
}

/** Null when this is no token of ours. */
export function readToken(token: string): { events: number; digest: string; before: number | null } | null {
  const found = /^(\d{1,16})\.([0-9a-f]{32})\.[0-9a-f]{8}(?:\.(\d{1,16}))?$/.exec(token)
  if (found === null) return null
  return { events: Number(found[1]), digest: found[2]!, before: found[3] === undefined ? null : Number(found[3]) }
}

/** The last load that is not a part of a chunk, as far as `note` knows; 0 when there is none. */
export function lastWhole(note: LoadNote | null): number {
  return note === null ? 0 : (readToken(note.token)?.before ?? note.seq)
}
