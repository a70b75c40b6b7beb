// Brings one decided chunk to the warehouse, with exactly-once effect:
//
//   1. the index notes durably what is about to be loaded, and under which token (`begin`)
//   2. the warehouse loads it under that token, its note last
//   3. the index takes the identities, the new checkpoint and the end of 1, in one synced write (`commit`)
//   4. the log hears that everything before the chunk's end is processed
//
// Dying between any two: recovery.ts finds the pending load, makes the same again from the log, and goes on at 2, or at 3
// when the note is there; the warehouse ignores what it has. Until 3 the index answers as it did before, so the decisions come out the same.
//
// A warehouse that is away is asked again, for ever, ever more slowly; nothing is dropped. One that refuses the load for
// what is in it (WAREHOUSE_REFUSED) must not stall the rest, nor one that fails over the same load again and again and
// answers in between, as when a value ends the engine: what it may have written of it is undone or learnt,
// the chunk is cut in two, and so on until single items are refused, which are parked. Such parts are loads of their
// own, whose notes end where the chunk begins and count nothing, so that dying in between reads the chunk again and
// recognises what is there. A last load of the whole chunk has nothing left to bring, and counts it all.

import type { LogReader } from '../log/record.ts'
import type { Derive } from '../steps/derive.ts'
import type { Suppression } from '../steps/suppression.ts'
import type { Load, LoadingWarehouse, LoadNote, Totals } from '../warehouse/load.ts'
import type { Chunk, LogPlace } from './chunk.ts'
import { type Ahead, checkCounts, type Counts, type Decided, decide, type Reckoning } from './decisions.ts'
import type { Checkpoint, IdentityIndex, LoadPart, Staged } from './index/identity-index.ts'
import { entriesOfStored } from './index/entry-of-row.ts'
import { type Item, refusedItem } from './items.ts'
import type { Logger, Pace } from './pace.ts'
import { acceptedBefore, digestOf, lastWhole, makeToken } from './token.ts'

/** How far the warehouse and the index have got, together. */
export type Progress = Checkpoint

export type DeliveryParts = {
  log: LogReader
  warehouse: LoadingWarehouse
  index: IdentityIndex
  pace: Pace
  now: () => number
  derive: Derive
  /** Who is kept out just now. */
  suppression: () => Suppression
  /** Eight hex digits, never the same again. */
  salt: () => string
  /** Why nothing may be written just now; null while there is room. */
  roomProblem: () => string | null
  /** Told of every load that is committed. */
  onLoad: (note: LoadNote, to: LogPlace, loadMs: number) => void
  /** Told when what is loaded has left this process: see LoadingWarehouse. */
  onSent?: () => void
  logger: Logger
}

/** `changed`: the warehouse refused something, so what was decided ahead of this is to be decided again. */
export type Delivered = { progress: Progress; changed: boolean }

/** What became of one load: committed, or refused for what is in it. */
export type Tried = { progress: Progress; refused: null } | { progress: null; refused: string }

export async function deliver(
  parts: DeliveryParts,
  progress: Progress,
  chunk: Chunk,
  decided: Decided,
  onSent?: () => void,
): Promise<Delivered> {
  checkCounts(chunk, decided.counts)
  const tried = await tryPart({ ...parts, ...(onSent && { onSent }) }, progress, chunk, null, decided)
  const delivered =
    tried.progress !== null
      ? { progress: tried.progress, changed: false }
      : { progress: await deliverInParts(parts, progress, chunk, tried.refused), changed: true }
  await tellConsumed(parts, chunk.to.offset)
  return delivered
}

/** One load: begun, loaded, committed. With `begun`, one that was begun before, and perhaps is in the warehouse. */
export async function tryPart(
  parts: DeliveryParts,
  progress: Progress,
  chunk: Chunk,
  part: LoadPart | null,
  decided: Decided,
  begun: { token: string; isThere: boolean } | null = null,
): Promise<Tried> {
  const { index, now } = parts
  const to = part === null ? chunk.to : chunk.from
  await waitForRoom(parts)
  const note = await makeNote(parts, progress, chunk, part, decided, begun?.token ?? null)
  if (begun === null) {
    const { seq, token } = note
    const range = { from: chunk.from.offset, to: chunk.to.offset, fromEvents: chunk.from.events }
    await index.begin({ seq, logId: chunk.logId, ...range, part, token })
  }
  const { events, duplicates, parked, rejected, entries, lines } = decided
  const startedMs = now()
  let staged = null as Staged | null
  // While the warehouse works on the rows, the index makes ready for what follows.
  const onSent = () => {
    staged ??= index.stage(entries.values())
    parts.onSent?.()
  }
  const isThere = begun?.isThere === true
  const refused = isThere
    ? null
    : await load(
        { ...parts, onSent },
        progress,
        {
          note,
          events,
          duplicates,
          parked,
          rejected,
          ...(part === null && { usage: chunk.usage }),
          ...(lines && { lines }),
        },
        begun !== null,
      )
  if (refused !== null) {
    await staged?.discard()
    return { progress: null, refused }
  }
  const after: Progress = { warehouseId: progress.warehouseId, note, uncounted: uncountedAfter(progress, chunk, part) }
  await index.commit(staged ?? index.stage(entries.values()), after)
  parts.onLoad(note, to, now() - startedMs)
  return { progress: after, refused: null }
}

/** The items that a part holds: what is refused, parked. */
export function itemsOfPart(chunk: Chunk, part: LoadPart | null): Item[] {
  if (part === null) return chunk.items
  const { first, last, refused, bare } = part
  const items = chunk.items.slice(first, last)
  return refused === null ? items : items.map(item => refusedItem(item, refused, bare))
}

/** What a load with these outcomes is recognised by, but for its salt. */
export function digestOfPart(chunk: Chunk, seq: number, part: LoadPart | null, decided: Decided): string {
  return digestOf({ seq, logId: chunk.logId, from: chunk.from.offset, to: chunk.to.offset, part }, decided)
}

async function deliverInParts(
  parts: DeliveryParts,
  start: Progress,
  chunk: Chunk,
  firstRefusal: string,
): Promise<Progress> {
  const { logger } = parts
  logger.error({ from: chunk.from.offset, to: chunk.to.offset, refused: firstRefusal }, 'the warehouse refuses a load')
  let progress = await undoRefused(parts, start, chunk)
  let refused = firstRefusal
  const isTaken = async (part: LoadPart): Promise<boolean> => {
    const decided = await decide(
      itemsOfPart(chunk, part),
      parts.index,
      nothingAhead,
      reckon(parts, progress, chunk, part),
    )
    const tried = await tryPart(parts, progress, chunk, part, decided)
    if (tried.progress === null) {
      refused = tried.refused
      progress = await undoRefused(parts, progress, chunk)
      return false
    }
    progress = tried.progress
    return true
  }
  const stack = halvesOf(0, chunk.items.length)
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    if (await isTaken({ ...at, refused: null, bare: false })) continue
    if (at.last - at.first > 1) {
      stack.push(...halvesOf(at.first, at.last))
      continue
    }
    if (await isThere(parts.index, chunk.items[at.first]!)) continue
    logger.error({ origin: chunk.items[at.first]?.origin, refused }, 'the warehouse refuses an event: it is parked')
    if (await isTaken({ ...at, refused, bare: false })) continue
    if (await isTaken({ ...at, refused, bare: true })) continue
    throw new Error(`the warehouse refuses to park what it refuses to store: ${refused}`)
  }
  const decided = await decide(chunk.items, parts.index, nothingAhead, reckon(parts, progress, chunk, null))
  checkCounts(chunk, decided.counts)
  const whole = await tryPart(parts, progress, chunk, null, decided)
  if (whole.progress === null) throw new Error(`the warehouse refuses a load that brings nothing: ${whole.refused}`)
  return whole.progress
}

/** What failed may have been what came after it: then it is there, and was learnt. */
async function isThere(index: IdentityIndex, item: Item): Promise<boolean> {
  const [entry] = await index.find([item.identity])
  return entry?.requestId === item.origin.requestId && entry.position === item.origin.position
}

/** Two halves, the first on top of the stack; one when there is no more than one item. */
function halvesOf(first: number, last: number): { first: number; last: number }[] {
  const middle = (first + last) >>> 1
  return [
    { first: middle, last },
    { first, last: middle },
  ].filter(half => half.last > half.first)
}

/** How to decide about a chunk, or about a part of one, whose note counts nothing. */
export function reckon(
  { suppression }: Pick<DeliveryParts, 'suppression'>,
  progress: Progress,
  chunk: Chunk,
  part: LoadPart | null,
): Reckoning {
  return {
    uncounted: progress.uncounted,
    logId: chunk.logId,
    counting: part === null,
    suppression: suppression(),
  }
}

function uncountedAfter({ uncounted }: Progress, chunk: Chunk, part: LoadPart | null): Progress['uncounted'] {
  const known = uncounted?.logId === chunk.logId ? uncounted : null
  if (part === null) return known !== null && chunk.to.offset >= known.to ? null : uncounted
  const [from, to] = [chunk.from.offset, chunk.to.offset]
  return { logId: chunk.logId, from: Math.min(known?.from ?? from, from), to: Math.max(known?.to ?? to, to) }
}

/** Deletes what a load left beside the events, and learns the events that it left, for a later note to count. */
async function undoRefused(parts: DeliveryParts, progress: Progress, chunk: Chunk): Promise<Progress> {
  const { pace, warehouse, index } = parts
  await pace.untilDone('cannot undo a refused load', () => warehouse.forgetAfter(progress.note))
  const left = await pace.untilDone('cannot ask what a refused load left', () =>
    warehouse.identitiesAfter(progress.note),
  )
  if (left.length === 0) return progress
  const uncounted = uncountedAfter(progress, chunk, { first: 0, last: 0, refused: null, bare: false })
  const learnt: Progress = { ...progress, uncounted }
  await index.commit(index.stage(left.flatMap(entriesOfStored)), learnt)
  return learnt
}

async function makeNote(
  parts: DeliveryParts,
  progress: Progress,
  chunk: Chunk,
  part: LoadPart | null,
  decided: Decided,
  token: string | null,
): Promise<LoadNote> {
  const seq = (progress.note?.seq ?? 0) + 1
  const totals = progress.note?.totals ?? nothing
  const whole = part === null ? null : lastWhole(progress.note)
  // What is read again is in the log's total once more, and was accepted once.
  const again = part === null ? decided.counts.again : 0
  const before = acceptedBefore(progress.note, chunk.logId, chunk.from) - again
  const to = part === null ? chunk.to : chunk.from
  const fingerprint = await parts.pace.untilDone('cannot read the log', () => parts.log.fingerprintBefore(to.offset))
  return {
    seq,
    logId: chunk.logId,
    from: chunk.from.offset,
    to: to.offset,
    fingerprint: fingerprint ?? '',
    token: token ?? makeToken(to, digestOfPart(chunk, seq, part, decided), parts.salt(), whole, before),
    loadedMs: parts.now(),
    totals: part === null ? totalsAfter(totals, decided.counts) : totals,
  }
}

/** Loads until it is loaded; the warehouse's sentence when it refuses what is in the load, or seems to. */
async function load(parts: DeliveryParts, progress: Progress, load: Load, isRepeated: boolean): Promise<string | null> {
  const { warehouse, pace } = parts
  let suspicions = 0
  for (let attempt = 0; ; attempt++) {
    let said = ''
    try {
      await warehouse.load(load, isRepeated || attempt > 0, parts.onSent)
      pace.going(notLoading)
      return null
    } catch (cause) {
      said = (cause instanceof Error ? cause.message : String(cause)).slice(0, 500)
      if (isRefusal(cause)) return said
      if (isSuspicious(cause)) suspicions++
      await pace.hold(attempt, notLoading, cause)
    }
    const { id, last } = await pace.untilDone('the warehouse does not answer', () => askWhere(warehouse))
    if (id !== progress.warehouseId) throw new Error(`the warehouse is another one: ${id}, was ${progress.warehouseId}`)
    if (last?.token === load.note.token) {
      pace.going(notLoading)
      return null
    }
    if (last?.token !== progress.note?.token) throw new Error('the warehouse has another last load than it had')
    if (suspicions >= suspicionsMax && hasRows(load)) return said
  }
}

/** A load that begins on a disk without room would only fail half-way, and take what others need. */
async function waitForRoom({ pace, roomProblem }: DeliveryParts): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const problem = roomProblem()
    if (problem === null) {
      if (attempt > 0) pace.going(noRoom)
      return
    }
    await pace.hold(attempt, noRoom, problem)
  }
}

async function askWhere(warehouse: LoadingWarehouse): Promise<{ id: string; last: LoadNote | null }> {
  return { id: await warehouse.id(), last: await warehouse.lastNote() }
}

async function tellConsumed(parts: DeliveryParts, offset: number): Promise<void> {
  try {
    await parts.log.consumed(offset)
  } catch (cause) {
    parts.logger.warn({ offset, cause: String(cause) }, 'cannot tell the log what is processed')
  }
}

/** Refused for what is in it. What else is said not to pass by itself (a wiped directory, say) is waited for all the same. */
function isRefusal(cause: unknown): cause is Error {
  const fault = cause as { code?: unknown; retry?: unknown } | null
  return cause instanceof Error && fault?.code === 'WAREHOUSE_REFUSED' && fault.retry === false
}

const notLoading = 'the warehouse does not load'
const noRoom = 'the pipeline waits for room'

/** So many failures over one load, of a warehouse that answers in between, and what is in the load is to blame. */
const suspicionsMax = 5

/** Whether what is in the load may be to blame: not for a full disk, too much to do, or tables that are not there. */
function isSuspicious(cause: unknown): boolean {
  const code = (cause as { code?: unknown } | null)?.code
  return !['WAREHOUSE_BUSY', 'WAREHOUSE_DISK_FULL', 'WAREHOUSE_EMPTY', 'WAREHOUSE_NEWER'].includes(String(code))
}

/** Without any, only the note can fail, and nothing is gained by cutting. */
function hasRows({ events, duplicates, parked, rejected }: Load): boolean {
  return events.length + duplicates.length + parked.length + rejected.length > 0
}

/** Accepted grows by what was decided for the first time, so that the equation of the totals holds for ever. */
function totalsAfter(before: Totals, counts: Counts): Totals {
  const { stored, duplicate, conflict, parked, rejected } = counts
  return {
    accepted: before.accepted + stored + duplicate + parked,
    stored: before.stored + stored,
    duplicate: before.duplicate + duplicate,
    conflict: before.conflict + conflict,
    parked: before.parked + parked,
    rejected: before.rejected + rejected,
  }
}

const nothing: Totals = { accepted: 0, stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0 }
const nothingAhead: Ahead = new Map()
