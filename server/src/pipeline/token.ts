// The token of a load: what the warehouse recognises its repetition by.
//
//   <events>[+<before>].<32 hex digits>.<8 hex digits>[.<seq>]
//
// The first part is the log's running total of events before the load's end, so that a warehouse whose index is gone
// still tells how many events a gap in the log swallowed; `before` is what was accepted and is not in that total: in logs
// before this one, or in what a roll back of it took away (`-`: it holds more than ever got an outcome here). The second is a hash of the log's id, the range, and every
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

export function makeToken(to: LogPlace, digest: string, salt: string, whole: number | null, before: number): string {
  const sign = before === 0 ? '' : before > 0 ? `+${before}` : String(before)
  return `${to.events}${sign}.${digest}.${salt}${whole === null ? '' : `.${whole}`}`
}

/** Null when this is no token of ours. `whole`: see the header's fourth. */
export function readToken(
  token: string,
): { events: number; before: number; digest: string; whole: number | null } | null {
  const found = /^(\d{1,16})([+-]\d{1,16})?\.([0-9a-f]{32})\.[0-9a-f]{8}(?:\.(\d{1,16}))?$/.exec(token)
  if (found === null) return null
  const [, events, before = '0', digest = '', whole] = found
  return { events: Number(events), before: Number(before), digest, whole: whole === undefined ? null : Number(whole) }
}

/**
 * Events accepted that are not in the log's running total, for what begins at `from`: the last note tells while the log
 * goes on where it ends, and that total and what was accepted tell when another log begins, or the same one again.
 */
export function acceptedBefore(note: LoadNote | null, logId: string, from: LogPlace): number {
  const told = note === null ? null : readToken(note.token)
  const goesOn = note?.logId === logId && note.to === from.offset && told?.events === from.events
  return goesOn ? told.before : (note?.totals.accepted ?? 0) - from.events
}

/** The last load that is not a part of a chunk, as far as `note` knows; 0 when there is none. */
export function lastWhole(note: LoadNote | null): number {
  return note === null ? 0 : (readToken(note.token)?.whole ?? note.seq)
}
