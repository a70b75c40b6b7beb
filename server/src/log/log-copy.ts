// A log in a backup. Copied are the segments from one place on, the live one as it is at that moment; what was copied is
// read once, so that a copy without damage is what is told. What is kept elsewhere is written as such a log. A copied log
// is gone on with in a new segment: what is in a file that has its final form is never written beside.

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turnOfOthers } from 'node:timers/promises'
import { makeFolderDurably } from '../durable-file.ts'
import { limits } from '../limits.ts'
import { appendAll } from './append-all.ts'
import { openLogWriter } from './log.ts'
import { StoreLogReader } from './log-reader.ts'
import type { LogHead, LogReader } from './record.ts'
import { copySegment, openSqliteStore } from './sqlite-store.ts'
import { beginOfSegment, type SegmentName } from './store.ts'

/** `queued`: events at `from` and behind it. */
export type LogCopied = { id: string; oldest: LogHead; head: LogHead; queued: number }

const readAtOnce = { recordsMax: 4_096, bytesMax: 4 * 1024 * 1024 }

/**
 * Copies the log in `dir` from the segment with the record before `from` on; all of it without `from`. null when there
 * is no log yet. Throws when a stretch of it cannot be read, or is dropped meanwhile.
 */
export async function copyLog(dir: string, to: string, from: number | null): Promise<LogCopied | null> {
  const names = openSqliteStore(dir).list()
  const wanted = names.slice(firstWanted(names, from))
  const [oldest] = wanted
  if (oldest === undefined) return null
  makeFolderDurably(to)
  for (const name of wanted) await copySegment(dir, name, to)
  const begin = Math.max(from ?? 0, oldest.firstOffset)
  const read = await readThrough(to, begin)
  const store = openSqliteStore(to)
  for (const name of wanted) store.seal(name)
  return { oldest: beginOfSegment(oldest), ...read }
}

/**
 * Writes what a reader of another kind of log gives from `from` on (all that is kept without) as a log of this kind, of the
 * same id and with the same offsets.
 */
export async function copyLogThrough(log: LogReader, to: string, from: number | null): Promise<LogCopied> {
  const [id, head, kept] = [await log.id(), await log.head(), await log.oldest()]
  const begin = Math.max(from ?? 0, kept.offset)
  const oldest = { offset: begin, events: await eventsBefore(log, begin, head) }
  makeFolderDurably(to)
  const store = openSqliteStore(to)
  store.create({ number: 1, firstOffset: begin, eventsBefore: oldest.events }, id).close()
  const writer = await openLogWriter({
    dir: to,
    limits: { ...limits, segmentMsMax: Number.MAX_SAFE_INTEGER },
    budgetBytes: Number.MAX_SAFE_INTEGER,
    freeBytesMin: 0,
    now: Date.now,
    logger: { info() {}, warn() {}, error() {} },
  })
  try {
    for (let at = begin; at < head.offset; ) {
      const { records, damage, next } = await log.read(at, readAtOnce)
      if (damage[0] !== undefined || next === at) throw damaged(damage[0]?.from ?? at, damage[0]?.reason)
      await appendAll(
        writer,
        records.map(({ offset: _, ...record }) => record),
      )
      at = next
    }
  } finally {
    await writer.close()
  }
  for (const name of ['writer.lock', 'consumed.json']) await rm(join(to, name), { force: true })
  const read = await readThrough(to, begin)
  for (const name of store.list()) store.seal(name)
  return { oldest, ...read }
}

async function eventsBefore(log: LogReader, offset: number, head: LogHead): Promise<number> {
  if (offset >= head.offset) return head.events
  const { records, damage, nextEvents } = await log.read(offset, { recordsMax: 1, bytesMax: 1 })
  if (damage[0] !== undefined) throw damaged(damage[0].from, damage[0].reason)
  return records.reduce((left, { events }) => left - events, nextEvents)
}

/** How many bytes `copyLog` would copy. */
export function logBytes(dir: string, from: number | null): number {
  const store = openSqliteStore(dir)
  const names = store.list()
  return names.slice(firstWanted(names, from)).reduce((sum, name) => sum + store.stat(name).bytes, 0)
}

/** Begins the segment in which a copied log goes on, and says where that is; null when there is no log. */
export async function resumeLog(dir: string): Promise<{ id: string; head: LogHead } | null> {
  const store = openSqliteStore(dir)
  const newest = store.list().at(-1)
  if (newest === undefined) return null
  const reader = new StoreLogReader(store, () => {})
  const [id, head] = [await reader.id(), await reader.head()]
  await reader.close()
  store.seal(newest)
  const next = { number: newest.number + 1, firstOffset: head.offset, eventsBefore: head.events }
  store.create(next, id).close()
  return { id, head }
}

function firstWanted(names: readonly SegmentName[], from: number | null): number {
  if (from === null) return 0
  return Math.max(
    0,
    names.findLastIndex(({ firstOffset }) => firstOffset < from),
  )
}

async function readThrough(dir: string, begin: number): Promise<Pick<LogCopied, 'id' | 'head' | 'queued'>> {
  const reader = new StoreLogReader(openSqliteStore(dir), () => {})
  try {
    const [id, head] = [await reader.id(), await reader.head()]
    let queued = 0
    for (let at = begin; at < head.offset; ) {
      const { records, damage, next } = await reader.read(at, readAtOnce)
      if (damage[0] !== undefined || next === at) throw damaged(damage[0]?.from ?? at, damage[0]?.reason)
      for (const { events } of records) queued += events
      at = next
      // Reading is synchronous, and others have work in this process.
      await turnOfOthers()
    }
    return { id, head, queued }
  } finally {
    await reader.close()
  }
}

function damaged(offset: number, reason = 'it cannot be read'): Error {
  return new Error(`Cannot copy the log because all of it must be readable: at ${offset}, ${reason}`)
}
