// Where to go on, asked anew at every start and after every fault that is not simply waited for. Three witnesses are
// compared: the warehouse's last note (the truth about what is loaded), the index's checkpoint and pending load, and the
// log's id, bounds and fingerprint.
//
//   index and warehouse agree                          go on at the note's end
//   … and a load was pending                           the same load again, from the same range of the log
//   the pending load's note is in the warehouse        the index learns what it brought
//   anything else: none, damaged, another warehouse's,
//   older or newer, pending and not repeatable, amid
//   the parts of a refused chunk, or the warehouse has
//   events after the note that are not of the pending  what a load left half-done is undone, the index is rebuilt from
//                                                      the warehouse, go on at the note's end
//   … and another process, of which nobody knows   the index is rebuilt up to the note, and that load is done again to the
//   whether it still sends, was about to load      letter: whichever of the two comes later adds nothing. When that is not
//                                                  possible, as long is waited as something of its may still arrive
//   the log is another one, or was rolled back         reported; read from a place that it is sure of, else from its oldest
//                                                      record. What was loaded before is recognised and counted once;
//                                                      nothing that is new is missed
//   the log begins after the note's end                reported; the stretch in between is parked with its events
//
// The note that a move to a cluster leaves (migration/migration.ts) names the new log at its beginning: the log fits, and nothing
// of it is loaded.
//
// Totals live in the notes, so they are those of the warehouse: across logs, restores and rebuilds they say what this
// warehouse has decided, each event once. (One thing they cannot know: what a load brought that was cut off before its
// note, when its log was lost in the same moment: there in the warehouse, in no total.)
//
// The last of these costs one question at each start. It finds copies of two moments put together, both after the same
// note, of which the warehouse's holds events of a load that the index's has not begun; and a `begin` that a power cut
// took along. What it does not find: deleting and deciding about conflicts leave no note, so an index or a warehouse that
// is put back alone, from a copy that is older than such a change and not than the last load, looks as if it fitted.
// Whoever puts back one alone removes the index.

import { AssertionError } from 'node:assert'
import type { DamagedRange, LogHead, LogReader } from '../log/record.ts'
import type { IdentityRow, LoadingWarehouse, LoadNote } from '../warehouse/load.ts'
import { type Chunk, emptyChunk, type LogPlace, openCourse } from './chunk.ts'
import { decide } from './decisions.ts'
import { type DeliveryParts, digestOfPart, itemsOfPart, type Progress, reckon, tryPart } from './delivery.ts'
import {
  type IdentityIndex,
  IndexFault,
  type IndexPlace,
  type IndexState,
  type Pending,
} from './index/identity-index.ts'
import { rebuildIndex } from './index/rebuild.ts'
import { isRolledBack, type Logger, type Pace } from './pace.ts'
import { lastWhole, readToken } from './token.ts'

export type RecoveryParts = {
  log: LogReader
  warehouse: LoadingWarehouse
  place: IndexPlace
  pace: Pace
  now: () => number
  derive: DeliveryParts['derive']
  suppression: DeliveryParts['suppression']
  salt: () => string
  roomProblem: () => string | null
  logger: Logger
  onLoad: DeliveryParts['onLoad']
  /** For how long something that another process sent may still arrive; absent where there is never another. */
  foreignMsMax?: number
  /** Told while rebuilding, with the identities so far; null when done. */
  onRebuild: (identities: number | null) => void
}

export type Recovered = {
  index: IdentityIndex
  progress: Progress
  logId: string
  /** Where the next chunk begins; where to read when nothing is missing. */
  from: LogPlace
  missing: DamagedRange | null
}

export async function recover(parts: RecoveryParts): Promise<Recovered> {
  const { log, warehouse, logger } = parts
  const warehouseId = await warehouse.id()
  const note = await warehouse.lastNote()
  const logId = await log.id()
  const opened = await openIndex(parts)
  let { index } = opened
  try {
    let progress = agreement(opened.state, warehouseId, note)
    const { pending } = opened.state
    if (progress !== null) {
      // What a load left half-done is undone first: it may be of another attempt, of a warehouse put back from a copy.
      if (pending === null || pending.token !== note?.token) await warehouse.forgetAfter(note)
      const left = await warehouse.identitiesAfter(note)
      if (pending !== null) progress = await repeat(parts, index, progress, pending, logId, note, left)
      else if (left.length > 0) progress = null
    }
    if (progress === null) {
      const isNew = opened.state.checkpoint === null && note === null
      if (!isNew)
        logger.warn({ warehouseId, note: note?.seq ?? null }, 'the index does not fit the warehouse: it is rebuilt')
      await index.close()
      const isForeign = parts.foreignMsMax !== undefined && pending !== null && pending.seq === (note?.seq ?? 0) + 1
      const taken = isForeign ? await takeOver(parts, warehouseId, note, logId, pending) : null
      const rebuilt = taken ?? (await rebuild(parts, warehouseId, note, logId))
      index = rebuilt.index
      progress = rebuilt.progress
    }
    const where = await locate(parts, progress.note, logId)
    return { index, progress, logId, from: where.from, missing: where.missing }
  } catch (cause) {
    await index.close().catch(() => {})
    throw cause
  }
}

/** Opens the index; one that cannot be read is wiped. */
async function openIndex(parts: RecoveryParts): Promise<{ index: IdentityIndex; state: IndexState }> {
  const { place, logger } = parts
  try {
    return await openAndRead(place)
  } catch (cause) {
    if (!(cause instanceof IndexFault && cause.code === 'INDEX_DAMAGED')) throw cause
    logger.error({ cause: cause.message }, 'the index is damaged: it is removed')
  }
  await place.wipe()
  return openAndRead(place)
}

async function openAndRead(place: IndexPlace): Promise<{ index: IdentityIndex; state: IndexState }> {
  const index = await place.open()
  try {
    return { index, state: await index.state() }
  } catch (cause) {
    await index.close().catch(() => {})
    throw cause
  }
}

/**
 * What the index knows, when it is about this warehouse and as old as it, or one begun load behind; else null. Between
 * the parts of a chunk no index is trusted: a rebuild undoes what parts brought without leaving a note of it, so an
 * older copy could look as if it fitted.
 */
function agreement(state: IndexState, warehouseId: string, note: LoadNote | null): Progress | null {
  const { checkpoint, pending } = state
  if (checkpoint === null || checkpoint.warehouseId !== warehouseId) return null
  if (note !== null && lastWhole(note) !== note.seq) return null
  if (isSameNote(checkpoint.note, note)) return checkpoint
  if (pending === null || note === null || pending.token !== note.token || pending.seq !== note.seq) return null
  // The pending load may be another process's, which did many since this index was written.
  return (checkpoint.note?.seq ?? 0) === pending.seq - 1 ? checkpoint : null
}

function isSameNote(a: LoadNote | null, b: LoadNote | null): boolean {
  return a === null || b === null ? a === b : a.seq === b.seq && a.token === b.token
}

/** Does the load that was begun once more, to the letter; null when that is not possible. */
async function repeat(
  parts: RecoveryParts,
  index: IdentityIndex,
  progress: Progress,
  pending: Pending,
  logId: string,
  note: LoadNote | null,
  left: IdentityRow[],
): Promise<Progress | null> {
  const { logger } = parts
  if (pending.logId !== logId) return null
  const chunk = await readAgain(parts, pending)
  if (chunk === null) return null
  const { part, token } = pending
  const decided = await decide(itemsOfPart(chunk, part), index, new Map(), reckon(parts, progress, chunk, part))
  if (readToken(token)?.digest !== digestOfPart(chunk, pending.seq, part, decided)) return null
  const isThere = note?.token === token
  const own = new Set(isThere ? [] : decided.events.map(({ identity, origin }) => placed({ identity, ...origin })))
  if (!left.every(row => own.has(placed(row)))) return null
  logger.info({ from: pending.from, to: pending.to, seq: pending.seq }, 'repeating the load that was begun')
  const tried = await tryPart({ ...parts, index }, progress, chunk, part, decided, { token, isThere })
  if (tried.progress !== null) return tried.progress
  // Refused, and met again as a chunk, which is cut in parts; if it left anything, an index is made that knows it.
  await parts.warehouse.forgetAfter(progress.note)
  return (await parts.warehouse.identitiesAfter(progress.note)).length > 0 ? null : progress
}

/** What another process was about to load is loaded, by an index that knows what it knew; null when that is not possible. */
async function takeOver(
  parts: RecoveryParts,
  warehouseId: string,
  note: LoadNote | null,
  logId: string,
  pending: Pending,
): Promise<{ index: IdentityIndex; progress: Progress } | null> {
  const { warehouse, pace, logger, foreignMsMax = 0 } = parts
  logger.info({ seq: pending.seq }, 'another process was about to load: that load is done first')
  await warehouse.forgetAfter(note)
  const progress: Progress = { warehouseId, note, uncounted: null }
  const index = await rebuiltIndex(parts, progress, note?.seq ?? 0)
  try {
    const left = await warehouse.identitiesAfter(note)
    const repeated = await repeat(parts, index, progress, pending, logId, note, left)
    if (repeated !== null) return { index, progress: repeated }
    logger.warn(
      { seq: pending.seq, ms: foreignMsMax },
      'that load cannot be done again: what is under way is waited for',
    )
  } catch (cause) {
    await index.close().catch(() => {})
    throw cause
  }
  await index.close()
  await pace.pause(foreignMsMax)
  return null
}

function placed({ identity, requestId, position }: Pick<IdentityRow, 'identity' | 'requestId' | 'position'>): string {
  return `${identity} ${requestId} ${position}`
}

/** The pending range as a chunk; null when the log does not hold it any more. */
async function readAgain(parts: RecoveryParts, pending: Pending): Promise<Chunk | null> {
  const { log, now, derive } = parts
  const head = await log.head()
  if (head.offset < pending.to) return null
  const from = { offset: pending.from, events: pending.fromEvents }
  const missing = missingBefore(await log.oldest(), from)
  const start = missing === null ? from : { offset: missing.to, events: from.events + missing.events }
  if (missing === null && ((await eventsBefore(log, from.offset)) ?? from.events) !== from.events) return null
  const course = openCourse({
    log,
    logId: pending.logId,
    from: start,
    missing,
    now,
    derive,
    onGap: () => {},
    until: pending.to,
  })
  const chunk = emptyChunk(pending.logId, from)
  try {
    while (chunk.to.offset < pending.to) {
      const everything = { eventsMax: Number.MAX_SAFE_INTEGER, bytesMax: Number.MAX_SAFE_INTEGER }
      if ((await course.fill(chunk, everything)) === 0) return null
    }
  } catch (cause) {
    // Totals that do not add up: it is not the log that it was.
    if (cause instanceof AssertionError || isRolledBack(cause)) return null
    throw cause
  }
  return chunk.to.offset === pending.to ? chunk : null
}

async function rebuild(
  parts: RecoveryParts,
  warehouseId: string,
  note: LoadNote | null,
  logId: string,
): Promise<{ index: IdentityIndex; progress: Progress }> {
  const { warehouse, log, pace } = parts
  if (note !== null) await pace.pause(settleMs)
  // What parts of a chunk brought beside events is undone with it: no note has counted it.
  await warehouse.forgetAfter(note === null ? null : { ...note, seq: lastWhole(note) })
  const fits = note === null || (await howLogFits(log, note, logId)) === 'fits'
  const uncounted = fits ? { logId, from: note?.to ?? 0, to: (await log.head()).offset } : null
  const progress: Progress = { warehouseId, note, uncounted }
  return { index: await rebuiltIndex(parts, progress), progress }
}

/** Made anew, of loads up to `seq` where it is given. */
async function rebuiltIndex(parts: RecoveryParts, progress: Progress, seq?: number): Promise<IdentityIndex> {
  const { place, warehouse, logger, onRebuild } = parts
  let identities = 0
  onRebuild(identities)
  try {
    const index = await rebuildIndex(place, warehouse, progress, more => onRebuild((identities += more)), seq)
    logger.info({ identities }, 'the index is rebuilt')
    return index
  } finally {
    onRebuild(null)
  }
}

/** A load of a process that died may still be running: it has so long to come to its end before the warehouse is read. */
const settleMs = 2_000

/** Where the log is to be read on after `note`, and what is missing before that. */
async function locate(
  parts: RecoveryParts,
  note: LoadNote | null,
  logId: string,
): Promise<{ from: LogPlace; missing: DamagedRange | null }> {
  const { log, logger } = parts
  const oldest = await log.oldest()
  const start: LogPlace = { offset: 0, events: 0 }
  if (note === null) return { from: start, missing: missingBefore(oldest, start) }
  const fits = await howLogFits(log, note, logId)
  if (fits === 'another') {
    logger.error({ logId, before: note.logId }, 'the log was replaced by another one: it is read from its beginning')
    return { from: start, missing: missingBefore(oldest, start) }
  }
  if (fits === 'rolled back') {
    const sure = (await log.sure?.()) ?? oldest
    const from = sure.offset > oldest.offset && sure.offset <= note.to ? sure : oldest
    logger.error(
      { logId, to: note.to, oldest, from },
      'the log was rolled back: it is read again from a place before that',
    )
    return { from, missing: null }
  }
  const events = readToken(note.token)?.events ?? null
  if (oldest.offset > note.to) {
    const from = { offset: note.to, events: events ?? oldest.events }
    return { from, missing: missingBefore(oldest, from) }
  }
  return { from: { offset: note.to, events: events ?? (await eventsBefore(log, note.to)) ?? 0 }, missing: null }
}

/** Whether the log goes on where the warehouse ends. */
export async function howLogFits(
  log: LogReader,
  note: LoadNote,
  logId: string,
): Promise<'fits' | 'another' | 'rolled back'> {
  if (note.logId !== logId) return 'another'
  const [head, oldest] = [await log.head(), await log.oldest()]
  if (head.offset < note.to) return 'rolled back'
  if (oldest.offset > note.to) return 'fits'
  const fingerprint = await log.fingerprintBefore(note.to)
  if (fingerprint !== null && note.fingerprint !== '' && fingerprint !== note.fingerprint) return 'rolled back'
  const events = readToken(note.token)?.events ?? null
  const inLog = await eventsBefore(log, note.to).catch((cause: unknown) => {
    if (isRolledBack(cause)) return 'rolled back' as const
    throw cause
  })
  return events === null || inLog === null || events === inLog ? 'fits' : 'rolled back'
}

function missingBefore(oldest: LogHead, from: LogPlace): DamagedRange | null {
  if (oldest.offset <= from.offset) return null
  const reason = 'dropped before it was processed'
  return { from: from.offset, to: oldest.offset, events: Math.max(0, oldest.events - from.events), reason }
}

/** The log's running total before `offset`, which is within its bounds; null when it cannot tell, for damage there. */
async function eventsBefore(log: LogReader, offset: number): Promise<number | null> {
  const { records, damage, nextEvents } = await log.read(offset, { recordsMax: 1, bytesMax: 1 })
  if (damage.some(({ from }) => from <= offset)) return null
  if (records.length === 0 && damage.length === 0 && nextEvents === 0) return offset === 0 ? 0 : null
  return [...records, ...damage].reduce((left, { events }) => left - events, nextEvents)
}
