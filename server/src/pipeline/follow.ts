// Follows the log from where recovery says: fills a chunk while the one before it is being loaded, looks it up, decides
// about it and makes its lines, and hands it over when its turn comes, so that the warehouse waits for none of these. Returns
// when the pipeline closes, after the load that is running; throws what cannot be waited for.

import { type Chunk, emptyChunk, openCourse } from './chunk.ts'
import { type Ahead, type Decided, decide } from './decisions.ts'
import { type Delivered, type DeliveryParts, deliver, type Progress, reckon } from './delivery.ts'
import { openLookup } from './lookup.ts'
import type { Recovered } from './recovery.ts'
import type { Turns } from './turns.ts'

export type FollowLimits = {
  loadEventsMax: number
  loadBytesMax: number
  /** Between the beginnings of two loads, unless a chunk is full. */
  loadIntervalMs: number
  /** Between two looks at a log that has nothing new. */
  pollMs: number
}

export type FollowParts = Omit<DeliveryParts, 'index'> & {
  limits: FollowLimits
  turns: Turns
  /** Grows when what stands is changed otherwise than by a load. Throws when that was begun and is to be finished first. */
  changes: () => number
  /** Told what is not loaded yet: when the API received its oldest record; null when there is nothing. */
  onOldest: (receivedMs: number | null) => void
}

/** A load in the background; its failure is kept until somebody asks. */
type Running = { readonly done: Promise<Delivered | { failed: unknown }>; settled: boolean; oldestMs: number | null }

export async function follow(parts: FollowParts, start: Recovered): Promise<void> {
  const { pace, log, warehouse, now, derive, turns, logger, limits, onOldest, changes } = parts
  const { index, logId, missing } = start
  const onGap = (gap: object) => logger.error({ logId, ...gap }, 'a stretch of the log is lost: it is parked')
  const readFrom = missing === null ? start.from : { offset: missing.to, events: start.from.events + missing.events }
  const course = openCourse({ log, logId, from: readFrom, missing, now, derive, onGap })
  const limit = { eventsMax: limits.loadEventsMax, bytesMax: limits.loadBytesMax }

  let progress: Progress = start.progress
  let chunk = emptyChunk(logId, start.from)
  let lookup = openLookup(index)
  /** As the chunk's first item was looked up. */
  let seen = changes()
  /** What was looked up for the chunk counted on a load that went otherwise. */
  let isStale = false
  let ahead: Ahead = nothingAhead
  let running = null as Running | null
  let begunMs = Number.NEGATIVE_INFINITY
  let lookedMs = now()

  /** Waits for the running load. */
  const finish = async (): Promise<void> => {
    if (running === null) return
    const result = await running.done
    running = null
    if ('failed' in result) throw result.failed
    progress = result.progress
    if (result.changed) isStale = true
  }
  /** While the load before is still running: it is thrown away should that one go otherwise. */
  const decideAhead = async (): Promise<Decided> => {
    const reckoning = reckon(parts, progress, chunk, null)
    const decided = await decide(chunk.items, index, ahead, reckoning, await lookup.answers())
    if (running === null || warehouse.linesOf === undefined) return decided
    const seqAfterRunning = (progress.note?.seq ?? 0) + 2
    return { ...decided, lines: await warehouse.linesOf(decided.events, seqAfterRunning) }
  }
  const begin = async (): Promise<void> => {
    let decided = isStale ? null : await decideAhead()
    await finish()
    begunMs = now()
    const sent = Promise.withResolvers<void>()
    if (isStale) decided = null
    const [from, taken, seenBefore] = [progress, chunk, seen]
    const delivered = turns.run(async () => {
      // Something else may have had its turn since it was decided.
      if (decided === null || changes() !== seenBefore) {
        decided = await decide(taken.items, index, nothingAhead, reckon(parts, from, taken, null))
      }
      ahead = decided.entries
      return deliver({ ...parts, index }, from, taken, decided, sent.resolve)
    })
    running = inBackground(delivered, chunk)
    chunk = emptyChunk(logId, chunk.to)
    lookup = openLookup(index)
    isStale = false
    onOldest(running.oldestMs)
    // Reading on would only hold up the load: the warehouse gets its rows first, and works on them meanwhile.
    await Promise.race([sent.promise, running.done])
  }

  try {
    while (!pace.closing()) {
      const changed = changes()
      if (chunk.items.length === 0) seen = changed
      const taken = await pace.untilDone('cannot read the log', () => course.fill(chunk, limit))
      lookup.goOn(chunk.items)
      if (running?.settled === true) await finish()
      onOldest(running?.oldestMs ?? chunk.firstReceivedMs)
      const isDue = running === null && now() - begunMs >= limits.loadIntervalMs
      if (chunk.to.offset > chunk.from.offset && (course.full() || isDue)) {
        await begin()
      } else if (taken === 0) {
        await pace.pause(limits.pollMs)
        if (now() - lookedMs < lookMs) continue
        lookedMs = now()
        await checkLog(parts, chunk)
      }
    }
  } finally {
    await running?.done
    await lookup.answers().catch(() => {})
  }
}

/** How often an idle pipeline asks whether the log is still the one it read. */
const lookMs = 1_000
const nothingAhead: Ahead = new Map()

function inBackground(work: Promise<Delivered>, chunk: Chunk): Running {
  const running: Running = {
    done: work.then(
      delivered => {
        running.settled = true
        return delivered
      },
      failed => {
        running.settled = true
        return { failed }
      },
    ),
    settled: false,
    oldestMs: chunk.firstReceivedMs,
  }
  return running
}

async function checkLog({ log }: FollowParts, chunk: Chunk): Promise<void> {
  const [id, head] = [await log.id(), await log.head()]
  if (id !== chunk.logId) throw new Error(`the log was replaced while it was read: ${id}, was ${chunk.logId}`)
  if (head.offset < chunk.to.offset) {
    throw new Error(`the log was rolled back while it was read: it ends at ${head.offset}, read to ${chunk.to.offset}`)
  }
}
