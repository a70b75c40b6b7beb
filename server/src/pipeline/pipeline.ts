// The door of the pipeline: reads the log in order, normalises, finds duplicates and conflicts, and loads the warehouse,
// so that every acknowledged event is there once (exactly-once effect), whatever dies when. The road of an event:
//
//   chunk.ts      a stretch of the log becomes items, in order            items.ts: what must have an outcome
//   decisions.ts  each item gets its outcome, against the index           index/:   which identities are stored
//   delivery.ts   the chunk is loaded under a token, then committed       token.ts: what a repetition is recognised by
//   follow.ts     reads on while it is loaded, at most one chunk ahead   lookup.ts: asks the index meanwhile
//   recovery.ts   where to go on after a start or a fault
//
// Memory does not depend on the backlog: there are never more than two chunks. With nothing to catch up, a load begins
// when none is running and the last one began `loadIntervalMs` ago: seldom enough that parts stay few, often enough
// that an event is listed well within a second. A backlog is loaded in full chunks, one right after the other.
//
// What fails is waited for and tried again, for ever; what cannot be processed is parked; a broken assertion is a bug
// and ends the pipeline (`ended`), for the next start to take the road of recovery.

import { AssertionError } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { setTimeout as sleepMs } from 'node:timers/promises'
import type { LogHead, LogReader } from '../log/record.ts'
import type { Derive } from '../steps/derive.ts'
import { nobodySuppressed, type Suppression } from '../steps/suppression.ts'
import type {
  IdentityRow,
  LoadingWarehouse,
  LoadNote,
  RebuildingWarehouse,
  ResolvingWarehouse,
  Totals,
} from '../warehouse/load.ts'
import type { LogPlace } from './chunk.ts'
import { type FollowLimits, follow } from './follow.ts'
import { identityOfPlace } from '../steps/identity.ts'
import { entriesOfStored, outcomeMarks } from './index/entry-of-row.ts'
import {
  type IdentityEntry,
  type IdentityIndex,
  IndexFault,
  type IndexPlace,
  type IndexState,
} from './index/identity-index.ts'
import { levelIndexPlace } from './index/level-index.ts'
import { type Logger, openPace, PipelineClosing } from './pace.ts'
import { type Recovered, recover } from './recovery.ts'
import { finishResolutions, type Resolved, type ResolveWish, resolveConflict } from './resolve.ts'
import { type ReprocessRange, type ReprocessStatus, readLast, startReprocess } from './reprocess.ts'
import { acceptedBefore, readToken } from './token.ts'
import { openTurns } from './turns.ts'

export type PipelineOptions = {
  log: LogReader
  warehouse: LoadingWarehouse
  /** Absent where nothing is ever processed again. */
  rebuilding?: RebuildingWarehouse
  /** Absent where nobody decides about conflicts. */
  resolving?: ResolvingWarehouse
  /** A directory of its own; made when it is not there. */
  indexDir: string
  /** Unix milliseconds. */
  now: () => number
  /** What is derived from an event beside its stored shape. */
  derive: Derive
  /** Events that are there are deleted or exchanged in here, should anybody have to know. */
  change?: <T>(work: () => Promise<T>) => Promise<T>
  /** Who is kept out just now; nobody by default. What was decided before it changed may still be loaded. */
  suppression?: () => Suppression
  logger: Logger
  limits: Pick<FollowLimits, 'loadEventsMax' | 'loadBytesMax'> & Partial<FollowLimits>
  sleep?: (ms: number) => Promise<void>
  /** Where another process may take this one's place: see recovery.ts. */
  foreignMsMax?: number
  /** Why nothing may be written just now, a disk that is nearly full; null while there is room. */
  roomProblem?: () => string | null
}

export type PipelineStatus = {
  /** `waiting`: for what `reason` says; `failed`: a bug, for good. */
  state: 'running' | 'rebuilding' | 'waiting' | 'failed' | 'closed'
  reason: string
  logId: string
  /** Everything before this place of the log is in the warehouse. */
  checkpointOffset: number
  checkpointEvents: number
  /** Accepted, and not in the log's running total: in logs before this one, or taken away by a roll back. */
  acceptedBefore: number
  headOffset: number
  headEvents: number
  lagEvents: number
  /** Age of the oldest record that is not loaded; 0 when there is none. */
  lagSeconds: number
  /** Since start. */
  loads: number
  loadMsLast: number
  loadedAtMs: number
  rebuilds: number
  identitiesRebuilt: number
  indexBytes: number
  /** The last one, also of an earlier life; null when there was none, and `unknown` until the warehouse was asked. */
  reprocess: ReprocessStatus | null | 'unknown'
} & Totals

export type Pipeline = {
  status(): PipelineStatus
  /** When it stopped: null after `close`, else the bug that stopped it. */
  ended: Promise<Error | null>
  /** Makes anew what is derived from events of a range; false while another one is being made. */
  reprocess(range: ReprocessRange): boolean
  /**
   * Decides about a conflict. `none`: there is no such conflict; `busy`: events are being processed again. Throws while the
   * pipeline is not running, or something is in the warehouse that no note has counted yet.
   */
  resolve(wish: ResolveWish): Promise<Resolved | 'busy'>
  /**
   * Deletes while no load runs and no decision is half done. Throws while the pipeline is not running, or something is in
   * the warehouse that no note has counted yet.
   */
  deleting<T>(work: (forget: Forget) => Promise<T>): Promise<T>
  /** Runs work while no load does. */
  betweenLoads<T>(work: () => Promise<T>): Promise<T>
  /** Finishes the load that is running, or abandons it (the next start repeats it) after `closeMsMax`. */
  close(): Promise<void>
}

/** Forgets stored events that are about to be deleted: their places stay known, what they were does not. */
export type Forget = (rows: readonly IdentityRow[]) => Promise<void>

/** Starts at once and never throws: what is away is waited for. */
export function openPipeline(options: PipelineOptions): Pipeline {
  return openPipelineOver({ ...options, place: levelIndexPlace(options.indexDir) })
}

/** The same over any index: for simulations. `salt`: eight hex digits, never the same again. */
export function openPipelineOver(
  options: Omit<PipelineOptions, 'indexDir'> & { place: IndexPlace; salt?: () => string },
): Pipeline {
  const { log, warehouse, place, now, derive, logger } = options
  const sleep = options.sleep ?? ((ms: number) => sleepMs(ms))
  const salt = options.salt ?? (() => randomBytes(4).toString('hex'))
  const limits: FollowLimits = { loadIntervalMs: 200, pollMs: 5, ...options.limits }
  const pace = openPace(sleep, logger)
  let bug: Error | null = null
  let stopped = false
  let rebuilding = false
  let rebuilds = 0
  let identitiesRebuilt = 0
  let checkpoint: LogPlace = { offset: 0, events: 0 }
  let head: LogHead = { offset: 0, events: 0 }
  let logId = ''
  let before = 0
  let oldestMs: number | null = null
  let loads = 0
  let loadMsLast = 0
  let loadedAtMs = 0
  let totals: Totals = { accepted: 0, stored: 0, duplicate: 0, conflict: 0, parked: 0, rejected: 0 }
  let index: IdentityIndex | null = null
  let changes = 0
  /** A decision about a conflict failed amid being carried out: it is finished before anything else is done. */
  let isHalfDone = false
  let indexBytes = 0
  let reprocessing: ReturnType<typeof startReprocess> | null = null
  let reprocessedBefore: PipelineStatus['reprocess'] = options.rebuilding === undefined ? null : 'unknown'

  const onLoad = (note: LoadNote, to: LogPlace, loadMs: number) => {
    loads++
    loadMsLast = loadMs
    loadedAtMs = note.loadedMs
    totals = note.totals
    checkpoint = to
    logId = note.logId
    before = readToken(note.token)?.before ?? 0
  }
  const onRebuild = (identities: number | null) => {
    if (identities === 0) rebuilds++
    rebuilding = identities !== null
    identitiesRebuilt = identities ?? identitiesRebuilt
  }
  const onOldest = (receivedMs: number | null) => {
    oldestMs = receivedMs
  }
  const roomProblem = options.roomProblem ?? (() => null)
  const told = { logger, onLoad, onRebuild, onOldest }
  const changesOf = () => {
    if (isHalfDone) throw new Error('a decision about a conflict was not carried out: it is finished first')
    return changes
  }
  const turns = openTurns()
  const suppression = options.suppression ?? (() => nobodySuppressed)
  const { foreignMsMax } = options
  const foreign = foreignMsMax === undefined ? {} : { foreignMsMax }
  const world = { log, warehouse, place, now, derive, suppression, salt, roomProblem, ...foreign }
  const parts = { ...world, ...told, pace, turns, limits, changes: changesOf }

  const change = options.change ?? (<T>(work: () => Promise<T>) => work())
  const replaceIn = (over: IdentityIndex) => async (identities: string[], entries: IdentityEntry[]) => {
    try {
      await over.replace(identities, entries)
    } finally {
      changes++
    }
  }
  const resolveNeeds = (over: IdentityIndex) =>
    options.resolving === undefined
      ? null
      : { warehouse: options.resolving, index: { replace: replaceIn(over) }, derive, change, now }
  /** The index, when what is there may be changed otherwise than by a load. */
  const settled = async (): Promise<IdentityIndex> => {
    if (index === null || isHalfDone) throw new Error('the pipeline is not running just now')
    const over = index
    if (isUncounted(await over.state(), logId)) throw new Error('not everything that is there is counted yet')
    return over
  }

  /** What was decided about conflicts and not done is done before anything else has its turn. */
  async function begin(): Promise<Recovered> {
    const recovered = await recover(parts)
    try {
      const needs = resolveNeeds(recovered.index)
      if (needs !== null) await finishResolutions(needs)
      await endReprocess()
    } catch (cause) {
      await recovered.index.close().catch(() => {})
      throw cause
    }
    isHalfDone = false
    index = recovered.index
    return recovered
  }

  /** What an earlier life began is told as it ended, and what is left of it is dropped. */
  async function endReprocess(): Promise<void> {
    if (options.rebuilding === undefined || reprocessedBefore !== 'unknown' || reprocessing !== null) return
    const last = await readLast(options.rebuilding)
    await options.rebuilding.dropRebuilt()
    reprocessedBefore = last
  }

  async function run(): Promise<void> {
    for (let failures = 0; !pace.closing(); ) {
      const loadsBefore = loads
      let recovered: Recovered | null = null
      try {
        recovered = await turns.run(begin)
        logId = recovered.logId
        checkpoint = recovered.from
        before = acceptedBefore(recovered.progress.note, logId, checkpoint)
        totals = recovered.progress.note?.totals ?? totals
        logger.info({ logId, ...checkpoint, seq: recovered.progress.note?.seq ?? 0 }, 'following the log')
        pace.going()
        await follow(parts, recovered)
      } catch (cause) {
        if (cause instanceof AssertionError) throw cause
        if (cause instanceof PipelineClosing) return
        failures = loads > loadsBefore ? 0 : failures + 1
        await index?.close().catch(() => {})
        index = null
        if (isDamage(cause, failures)) await place.wipe().catch(() => {})
        await pace.hold(failures, 'the pipeline starts over', cause)
      } finally {
        index = null
        await recovered?.index.close().catch(() => {})
      }
    }
  }

  /** Keeps the status fresh while everything else waits. */
  async function watch(): Promise<void> {
    for (let round = 0; !stopped && !pace.closing(); round++) {
      try {
        head = await log.head()
        if (round % indexBytesRounds === 0) indexBytes = (await index?.bytes()) ?? indexBytes
      } catch {
        // Whoever needs the log or the index says so.
      }
      await pace.pause(watchMs)
    }
  }

  const ended = run()
    .catch(cause => {
      if (cause instanceof PipelineClosing) return
      bug = cause instanceof Error ? cause : new Error(String(cause))
      logger.error({ stack: bug.stack }, 'the pipeline met a bug and stops')
    })
    .then(() => {
      stopped = true
      return bug
    })
  const watched = watch()

  return {
    ended,
    status() {
      const waiting = pace.waiting()
      const lagEvents = Math.max(0, head.events - checkpoint.events)
      const started = loads > 0 || logId !== ''
      const state = bug
        ? 'failed'
        : stopped
          ? 'closed'
          : rebuilding
            ? 'rebuilding'
            : waiting || !started
              ? 'waiting'
              : 'running'
      return {
        state,
        reason: bug?.message ?? waiting ?? (started ? '' : 'starting'),
        logId,
        checkpointOffset: checkpoint.offset,
        checkpointEvents: checkpoint.events,
        acceptedBefore: before,
        headOffset: head.offset,
        headEvents: head.events,
        lagEvents,
        lagSeconds: oldestMs === null ? 0 : Math.max(0, (now() - oldestMs) / 1000),
        loads,
        loadMsLast,
        loadedAtMs,
        rebuilds,
        identitiesRebuilt,
        indexBytes,
        reprocess: reprocessing?.status ?? reprocessedBefore,
        ...totals,
      }
    },
    reprocess(range) {
      const { rebuilding } = options
      if (rebuilding === undefined || reprocessing?.status.state === 'building') return false
      const needs = { warehouse: rebuilding, derive, turns, change, now, logger, isClosing: pace.closing, sleep }
      reprocessing = startReprocess(needs, range)
      return true
    },
    resolve: wish =>
      turns.run(async () => {
        const needs = resolveNeeds(await settled())
        if (needs === null) return 'none'
        if (reprocessing?.status.state === 'building') return 'busy'
        try {
          return await resolveConflict(needs, wish)
        } catch (cause) {
          isHalfDone = true
          throw cause
        }
      }),
    deleting: work =>
      turns.run(async () => {
        const over = await settled()
        const replace = replaceIn(over)
        return work(rows => forget(over, replace, rows))
      }),
    betweenLoads: turns.run,
    async close() {
      pace.close()
      const patience = options.sleep?.(closeMsMax) ?? sleepMs(closeMsMax, undefined, { ref: false })
      await Promise.race([Promise.all([ended, watched, reprocessing?.ended]), patience])
    },
  }
}

/** Of another log nothing is counted any more. */
function isUncounted({ checkpoint, pending }: IndexState, logId: string): boolean {
  const uncounted = checkpoint?.uncounted ?? null
  return pending !== null || (uncounted?.logId === logId && uncounted.from < uncounted.to)
}

/** A claim is taken away only with the event that has it. */
async function forget(
  index: Pick<IdentityIndex, 'find'>,
  replace: IdentityIndex['replace'],
  rows: readonly IdentityRow[],
): Promise<void> {
  const entries = rows.flatMap(entriesOfStored)
  const found = await index.find(entries.map(entry => entry.identity))
  const own = entries.filter(({ requestId, position }, i) => {
    const held = found[i]
    return held?.requestId === requestId && held.position === position
  })
  await replace(
    own.map(entry => entry.identity),
    rows.map(placeOfGone),
  )
}

/** What is known of a place whose event was deleted: read again, it has its outcome already. */
function placeOfGone({ requestId, position }: IdentityRow): IdentityEntry {
  const identity = identityOfPlace(requestId, position)
  return { identity, requestId, position, fingerprint: outcomeMarks.parked, uncounted: false }
}

/** How long `close` waits for the load that is running. */
const closeMsMax = 10_000
const watchMs = 250
const indexBytesRounds = 40
/** After so many failures in a row the index is rebuilt even if what failed does not look like damage. */
const indexFailuresMax = 8

function isDamage(cause: unknown, failures: number): boolean {
  if (!(cause instanceof IndexFault)) return false
  if (cause.code === 'INDEX_DAMAGED') return true
  if (cause.code === 'INDEX_HELD') return false
  return failures % indexFailuresMax === 0 && failures > 0 && !/no space/i.test(cause.message)
}
