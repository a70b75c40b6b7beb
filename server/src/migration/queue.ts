// What waits in the log behind the last load, on its way into the logs of the shares: each record as it is, to its product's
// share, in order. Nobody else appends there and nothing is put before its predecessor is there, so what a share's log holds
// is always the beginning of what it will hold: whoever begins again goes on behind that, and proves by the last request
// that it is this queue.
//
// A tally tells of several products: it is divided as the api divides it (api/tally.ts). A stretch that cannot be read is
// no queue that could be moved: the server that is left must park it first.

import type { LogHead, LogReader, LogRecord, StoredRecord } from '../log/record.ts'
import type { MoveTarget } from './needs.ts'

export type Queued = { records: number; events: number; bytes: number }

const readAtOnce = { recordsMax: 2_000, bytesMax: 4 * 1024 * 1024 }
/** What goes in one append, unless it is one record: so little that it is one message, which is there as a whole or not. */
const appendBytesMax = 2 * 1024 * 1024
const appendRecordsMax = 1_000

/** Reads it through; throws a sentence when a stretch cannot be read. */
export async function measureQueue(log: LogReader, from: number): Promise<Queued> {
  const queued = { records: 0, events: 0, bytes: 0 }
  for await (const records of queueOf(log, from))
    for (const { events, body } of records) {
      queued.records += 1
      queued.events += events
      queued.bytes += body.length
    }
  return queued
}

/** Gives how much each share's log holds of it. */
export async function moveQueue(
  log: LogReader,
  from: number,
  shareOf: (product: string) => number,
  shares: number,
  target: Pick<MoveTarget, 'logEnd' | 'append'>,
  onAppend: (records: number) => void,
): Promise<LogHead[]> {
  const there = await Promise.all(Array.from({ length: shares }, (_, share) => target.logEnd(share)))
  const held = there.map(() => ({ offset: 0, events: 0 }))
  const waiting: LogRecord[][] = there.map(() => [])
  const bytes = there.map(() => 0)
  const flush = async (share: number) => {
    const records = waiting[share] as LogRecord[]
    waiting[share] = []
    bytes[share] = 0
    if (records.length === 0) return
    await target.append(share, records)
    onAppend(records.length)
  }
  for await (const records of queueOf(log, from)) {
    for (const record of records)
      for (const [share, part] of partsOf(record, shareOf, shares)) {
        const place = held[share] as LogHead
        const end = there[share] as (typeof there)[0]
        place.offset += 1
        place.events += part.events
        if (place.offset === end.offset && part.requestId !== end.lastRequest) throw isAnothers(share)
        if (place.offset <= end.offset) continue
        const size = part.body.length
        const own = waiting[share] as LogRecord[]
        if (own.length >= appendRecordsMax || (own.length > 0 && (bytes[share] ?? 0) + size > appendBytesMax))
          await flush(share)
          // A copy: what it lies in would be held as long.
        ;(waiting[share] as LogRecord[]).push({ ...part, body: Buffer.from(part.body) })
        bytes[share] = (bytes[share] ?? 0) + size
      }
  }
  for (const share of there.keys()) {
    if ((held[share] as LogHead).offset < (there[share] as LogHead).offset) throw isAnothers(share)
    await flush(share)
  }
  return held
}

async function* queueOf(log: LogReader, from: number): AsyncIterable<StoredRecord[]> {
  const { offset: end } = await log.head()
  for (let at = from; at < end; ) {
    const { records, damage, next } = await log.read(at, readAtOnce)
    const [gap] = damage
    if (gap !== undefined || next === at) throw unreadable(gap?.from ?? at, gap?.reason ?? 'it cannot be read')
    yield records
    at = next
  }
}

function* partsOf(
  { offset: _, ...record }: StoredRecord,
  shareOf: (product: string) => number,
  shares: number,
): Iterable<[share: number, LogRecord]> {
  const entries = record.kind === 'tally' && shares > 1 ? entriesOf(record) : null
  if (entries === null) return yield [shareOf(record.product), record]
  const parts = Map.groupBy(entries, ({ product }) => shareOf(product))
  for (const [share, own] of [...parts].toSorted(([a], [b]) => a - b))
    yield [share, { ...record, product: own[0]?.product ?? '', body: Buffer.from(JSON.stringify(own)) }]
}

/** Null when it is none that could be divided: the first share's pipeline parks it. */
function entriesOf({ body }: LogRecord): { product: string }[] | null {
  try {
    const rows: unknown = JSON.parse(Buffer.from(body).toString('utf8'))
    const isTally =
      Array.isArray(rows) && rows.every(row => typeof (row as { product?: unknown })?.product === 'string')
    return isTally ? (rows as { product: string }[]) : null
  } catch {
    return null
  }
}

function unreadable(offset: number, reason: string): Error {
  return new Error(
    `Cannot move the log because all of it that is not loaded must be readable: at ${offset}, ${reason}. Start the server on it once: it parks what cannot be read, with its events.`,
  )
}

function isAnothers(share: number): Error {
  return new Error(
    `Cannot move the log because what is in stream datapulse-log-${share} must be of this move: it holds something else.`,
  )
}
