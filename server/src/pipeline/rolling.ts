// Keeps the rollups of reports up to date, in steps: now and then by itself, so that little is left to do, and when
// somebody is about to ask, up to the last load. After many steps at a stretch (they were made anew, or there was much to
// catch up with) their parts are merged. One step goes at a time, and none while events are being deleted or exchanged:
// whoever does that does it here (`change`), after the rollups were emptied, and they are made anew afterwards.

import type { RollingWarehouse, RollupName } from '../warehouse/load.ts'
import type { LoadsSeen } from './loads-seen.ts'
import type { Logger } from './pace.ts'
import { openTurns } from './turns.ts'

export type Rolling = {
  /** The build that has everything up to the last load, or null when it is not there within the time. */
  upToDate(msMax: number): Promise<string | null>
  /** Deletes or exchanges events. */
  change<T>(work: () => Promise<T>): Promise<T>
  status(): RollingStatus
  close(): Promise<void>
}

/** `upToDateMs`: when they last had everything that was loaded; null when they have not yet since the start. */
export type RollingStatus = {
  build: string
  upTo: number
  steps: number
  stepMsLast: number
  upToDateMs: number | null
  /** Whether parts of many steps at a stretch are still to be merged. */
  isMerging: boolean
}

export type RollingParts = {
  warehouse: RollingWarehouse
  now: () => number
  logger: Logger
  /** Between two steps that nobody asked for, and events of one step. */
  intervalMs: number
  /** And while the pipeline is behind. */
  isBehind: () => boolean
  busyMs: number
  eventsMax: number
  /** Spares a question where nothing was loaded since the last; null where other processes load too. */
  loadsSeen: LoadsSeen | null
}

/** Those that are made of what stood before in another come before that other. */
export const rollOrder: readonly RollupName[] = [
  'numbers',
  'firsts',
  'clicks',
  'clickRanks',
  'clickUsers',
  'users',
  'late',
  'received',
  'books',
]
const retryMs = 2_000
/** Steps without a rest, beyond which a merge is worth it; traffic as it comes takes one or two. */
const stretchMin = 10

export function openRolling(parts: RollingParts): Rolling {
  const { warehouse, now, logger, intervalMs, isBehind, busyMs, eventsMax, loadsSeen } = parts
  const turns = openTurns()
  let build: string | null = null
  let stepped = {} as Record<RollupName, number>
  let upTo = 0
  /** As of when there was nothing left. */
  let seenThen: number | null = null
  let steps = 0
  let stretch = 0
  let isMerging = false
  let stepMsLast = 0
  let upToDateMs: number | null = null
  let closing = false
  let wake = () => {}

  /** Nobody waits for it: steps go on beside it, and what it leaves comes about by itself. */
  const merge = () => {
    isMerging = true
    void warehouse
      .merge()
      .catch((cause: unknown) => {
        if (!closing) logger.warn({ cause: String(cause) }, 'parts of the rollups were not merged: it is done later')
      })
      .finally(() => {
        isMerging = false
      })
  }

  /** One step; false when there is nothing left. What another process or an earlier life did is asked for once. */
  const step = async (): Promise<boolean> => {
    if (build === null) {
      build = (await warehouse.build()) ?? (await warehouse.beginBuild())
      stepped = await warehouse.stepped(build)
      upTo = Math.min(...Object.values(stepped))
    }
    const startedMs = now()
    const seen = loadsSeen?.() ?? null
    if (seen !== null && seen === seenThen) {
      upToDateMs = startedMs
      return false
    }
    // One that was cut off is done to its end: what stands in some of them must not be taken for what stood before.
    const begun = Math.max(...Object.values(stepped))
    const next = begun > upTo ? { to: begun } : await warehouse.nextStep(upTo, eventsMax)
    if (next === null) {
      seenThen = seen
      if (stretch >= stretchMin && !isMerging) merge()
      stretch = 0
      upToDateMs = now()
      return false
    }
    const one = { build, from: upTo, to: next.to }
    await warehouse.prepare(one)
    for (const name of rollOrder) if (stepped[name] < next.to) await warehouse.roll(name, one)
    stepped = await warehouse.stepped(build)
    if (Object.values(stepped).some(to => to < next.to)) throw new Error('the engine has lost a step while it was made')
    upTo = next.to
    steps += 1
    stretch += 1
    stepMsLast = now() - startedMs
    return true
  }
  const forget = () => {
    build = null
    seenThen = null
  }
  const once = () =>
    turns.run(async () => {
      try {
        return !closing && (await step())
      } catch (cause) {
        forget()
        throw cause
      }
    })

  /** Over at once when this closes, or closed before. */
  const pause = (ms: number) =>
    new Promise<void>(resolve => {
      if (closing) return resolve()
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const work = async () => {
    while (!closing) {
      try {
        // While the pipeline is behind, one step at a time, far apart: loads go first.
        if (isBehind()) await pause(busyMs)
        while ((await once()) && !isBehind());
        await pause(intervalMs)
      } catch (cause) {
        if (!closing)
          logger.warn({ cause: String(cause) }, 'the rollups of reports are not up to date: it is tried again')
        await pause(retryMs)
      }
    }
  }
  // Begun when whoever opens this has all of what it is asked about.
  const ended = Promise.resolve().then(work)

  return {
    async upToDate(msMax) {
      const endMs = now() + msMax
      try {
        while (await once()) if (now() >= endMs) return null
        return build
      } catch {
        return null
      }
    },
    change: work =>
      turns.run(async () => {
        forget()
        await warehouse.beginBuild()
        return work()
      }),
    status: () => ({
      build: build ?? '',
      upTo,
      steps,
      stepMsLast,
      upToDateMs,
      isMerging: isMerging || stretch >= stretchMin,
    }),
    async close() {
      closing = true
      wake()
      await ended
    },
  }
}
