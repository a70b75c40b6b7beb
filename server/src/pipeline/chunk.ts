// One stretch of the log taken apart, ready to be decided about; and the reading that fills it, a piece at a time, up
// to a limit of events and bytes. What a read gave beyond the limit is carried over to the next chunk, so nothing is
// read twice and memory holds at most one piece more than a chunk.
// The log's running totals are compared with what was found after every read: a difference is a bug, here or there.

import assert from 'node:assert/strict'
import type { DamagedRange, LogReader, ReadResult, StoredRecord } from '../log/record.ts'
import type { Derive } from '../steps/derive.ts'
import type { UsageRow } from '../warehouse/load.ts'
import { type Item, itemOfGap, itemsOfRecord } from './items.ts'

/** A place in the log: an offset, and the log's running total of events before it. */
export type LogPlace = { offset: number; events: number }

export type Chunk = {
  logId: string
  from: LogPlace
  to: LogPlace
  items: Item[]
  /** Taken along, whatever becomes of the items. */
  usage: UsageRow[]
  /** Bytes of bodies. */
  bytes: number
  /** When the API received the first record; null while there is none. */
  firstReceivedMs: number | null
}

export type ChunkLimit = { eventsMax: number; bytesMax: number }

export function emptyChunk(logId: string, from: LogPlace): Chunk {
  return { logId, from, to: from, items: [], usage: [], bytes: 0, firstReceivedMs: null }
}

/** What was read, in the order of the log. */
type Entry = { record: StoredRecord } | { gap: DamagedRange; reason: 'log_damaged' | 'log_missing' }

/** Reads on from one place of the log, in order, without a hole. */
export type Course = {
  readonly logId: string
  /** Takes what is there into the chunk, at most one read; tells how many entries it took. */
  fill(chunk: Chunk, limit: ChunkLimit): Promise<number>
  /** Whether something was read that did not fit any more. */
  full(): boolean
}

export function openCourse(parts: {
  log: LogReader
  logId: string
  from: LogPlace
  /** A stretch before `from` that was dropped unprocessed; it becomes the first item. */
  missing: DamagedRange | null
  now: () => number
  derive: Derive
  onGap: (gap: DamagedRange) => void
  /** Nothing from this offset on is taken. */
  until?: number
}): Course {
  const { log, logId, now, derive, onGap } = parts
  const until = parts.until ?? Number.MAX_SAFE_INTEGER
  let carried: Entry[] = parts.missing === null ? [] : [{ gap: parts.missing, reason: 'log_missing' }]
  const next: LogPlace = { ...parts.from }

  async function read(limit: ChunkLimit): Promise<void> {
    const result = await log.read(next.offset, {
      recordsMax: Math.min(limit.eventsMax, pieceRecordsMax),
      bytesMax: Math.min(limit.bytesMax, pieceBytesMax),
    })
    const entries = inOrder(result, next)
    if (entries.length === 0) return
    const events = entries.reduce((sum, entry) => sum + eventsOf(entry), 0)
    assert.equal(
      next.events + events,
      result.nextEvents,
      `events before offset ${result.next} of log ${logId}: found and the log's own total`,
    )
    next.offset = result.next
    next.events = result.nextEvents
    carried.push(...entries)
  }

  function take(chunk: Chunk, limit: ChunkLimit): number {
    let taken = 0
    for (const entry of carried) {
      if (startOf(entry) >= until || (taken + chunk.items.length > 0 && !fits(chunk, entry, limit))) break
      taken++
      if ('gap' in entry) {
        onGap(entry.gap)
        chunk.items.push(itemOfGap(entry.gap, logId, entry.reason, now()))
        chunk.to = { offset: entry.gap.to, events: chunk.to.events + entry.gap.events }
        continue
      }
      const { record } = entry
      itemsOfRecord(record, derive, chunk.items, chunk.usage)
      chunk.bytes += record.body.byteLength
      chunk.firstReceivedMs ??= record.receivedMs
      chunk.to = { offset: record.offset + 1, events: chunk.to.events + record.events }
    }
    carried = carried.slice(taken)
    return taken
  }

  return {
    logId,
    async fill(chunk, limit) {
      if (carried.length === 0) await read(limit)
      return take(chunk, limit)
    },
    full: () => carried.length > 0,
  }
}

/** Small enough that one read does not hold the event loop for long, large enough that reading costs little. */
const pieceRecordsMax = 2_000
const pieceBytesMax = 1024 * 1024

function fits(chunk: Chunk, entry: Entry, limit: ChunkLimit): boolean {
  if ('gap' in entry) return chunk.items.length < limit.eventsMax
  return (
    chunk.items.length + Math.max(1, entry.record.events) <= limit.eventsMax &&
    chunk.bytes + entry.record.body.byteLength <= limit.bytesMax
  )
}

function eventsOf(entry: Entry): number {
  return 'gap' in entry ? entry.gap.events : entry.record.events
}

/**
 * Records and damage by offset; each begins where the one before it ended. How much lay in damage that comes first is
 * told by the running totals alone: it may have begun before `from` (and been read while it was whole), or the log may
 * not know where it began.
 */
function inOrder(result: ReadResult, from: LogPlace): Entry[] {
  const entries: Entry[] = [
    ...result.records.map(record => ({ record })),
    ...result.damage.map(gap => ({ gap, reason: 'log_damaged' as const })),
  ]
  if (result.damage.length > 0) entries.sort((a, b) => startOf(a) - startOf(b))
  const [first, ...rest] = entries
  if (first !== undefined && 'gap' in first) {
    const events = rest.reduce((left, entry) => left - eventsOf(entry), result.nextEvents - from.events)
    assert(events >= 0, `damage before offset ${first.gap.to} holds ${events} events`)
    entries[0] = { ...first, gap: { ...first.gap, from: from.offset, events } }
  }
  let at = from.offset
  for (const entry of entries) {
    assert.equal(startOf(entry), at, 'a read of the log must be without a hole')
    at = 'gap' in entry ? entry.gap.to : at + 1
  }
  assert.equal(at, result.next, 'a read of the log must end where it says')
  return entries
}

function startOf(entry: Entry): number {
  return 'gap' in entry ? entry.gap.from : entry.record.offset
}
