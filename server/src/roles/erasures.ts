// Erasures and retention, at work in the pipeline role. What was asked for is read from accounts, which every process
// watches; the list of those who are kept out is written beside (erasure-list.ts), so that it can be carried to where a
// backup is restored: a list found there at the start is taken over.
// An erasure is done when nothing is found any more, and complete when the raw log has nothing older left. It is looked
// again then, and once an hour until then.

import { setTimeout as sleepMs } from 'node:timers/promises'
import type { Erasure, ErasureList, Product } from '../accounts/accounts.ts'
import { type Logger, openPace, type Pace } from '../pipeline/pace.ts'
import { type Erased, eraseUsers, expire } from '../pipeline/erase.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { ErasedCounts } from '../steps/erasure.ts'
import { hashUser } from '../steps/suppression.ts'
import type { ErasingWarehouse } from '../warehouse/load.ts'
import type { KeptErasureList } from './erasure-list.ts'

export type ErasuresParts = {
  accounts: {
    listErasures(): Erasure[]
    noteErasure(id: string, change: Partial<Erasure>): Promise<void>
    erasureList(): ErasureList
    adoptErasures(list: ErasureList): Promise<number>
    listProducts(): Product[]
  }
  warehouse: ErasingWarehouse
  pipeline: Pick<Pipeline, 'status' | 'deleting'>
  change<T>(work: () => Promise<T>): Promise<T>
  /** Where the log ends, and when the oldest record that it still holds was received; null when it holds none. */
  logEnd(): Promise<number>
  logOldestMs(): Promise<number | null>
  /** Of the raw log: retention and what a segment may wait for its end. */
  logKeepsMs: number
  list: KeptErasureList
  now: () => number
  logger: Logger
  checkMs: number
  sleep?: (ms: number) => Promise<void>
}

export type ErasuresAtWork = {
  /** While this is so nothing may be processed again. */
  isBusy(): boolean
  /** Null until it was counted for the first time. */
  counts(): ErasedCounts | null
  close(): Promise<void>
}

const lookMs = 200
const retryMs = 5_000
const countMs = 1_000
const dayMs = 86_400_000

export async function openErasures(parts: ErasuresParts): Promise<ErasuresAtWork> {
  const { accounts, logger, now } = parts
  const pace = openPace(parts.sleep ?? ((ms: number) => sleepMs(ms)), logger)
  let busy = false
  let counts: ErasedCounts | null = null
  const known = parts.list.read()
  const adopted = known === null ? 0 : await accounts.adoptErasures(known)
  if (adopted > 0) logger.info({ adopted }, 'erasures were taken over from a list beside the data')

  const work = async () => {
    let checkedMs = Number.NEGATIVE_INFINITY
    let countedMs = Number.NEGATIVE_INFINITY
    while (!pace.closing()) {
      try {
        // Before anything that may take its time: nobody can tell how the books stand until then.
        counts ??= await parts.warehouse.countErased()
        const list = accounts.listErasures()
        const isDue = now() - checkedMs >= parts.checkMs
        if (list.some(one => one.state === 'requested') || isDue) {
          busy = true
          await parts.list.write(accounts.erasureList())
          await eraseRequested(parts, pace)
          if (isDue) {
            if (parts.pipeline.status().state !== 'running') throw new Waits()
            await checkErased(parts)
            await expireAll(parts)
            checkedMs = now()
          }
          countedMs = Number.NEGATIVE_INFINITY
        }
        busy = false
        // Where nobody is erased and nothing expires the number cannot change: the warehouse is asked once.
        const canChange = list.length > 0 || accounts.listProducts().some(product => product.retentionDays != null)
        if (canChange ? now() - countedMs >= countMs : countedMs === Number.NEGATIVE_INFINITY) {
          counts = await parts.warehouse.countErased()
          countedMs = now()
        }
        await pace.pause(lookMs)
      } catch (cause) {
        if (!(cause instanceof Waits) && !pace.closing())
          logger.warn({ cause: String(cause) }, 'what is to be deleted is not deleted yet: it is tried again')
        await pace.pause(cause instanceof Waits ? lookMs : retryMs)
      }
    }
  }
  const ended = work()
  return {
    isBusy: () => busy,
    counts: () => counts,
    async close() {
      pace.close()
      await ended
    },
  }
}

/** Something must come first that takes its own time; nothing is wrong. */
class Waits extends Error {}

/** Everything that was asked for, product by product. */
async function eraseRequested(parts: ErasuresParts, pace: Pace): Promise<void> {
  const { accounts, pipeline, logger, now } = parts
  const requested = accounts.listErasures().filter(one => one.state === 'requested')
  if (requested.length === 0) return
  // Whatever was decided before the list was known here is loaded by then.
  const end = await parts.logEnd()
  while (pipeline.status().checkpointOffset < end) {
    if (pace.closing()) throw new Waits()
    await pace.pause(lookMs)
  }
  if (isReprocessing(pipeline)) throw new Waits()
  await parts.warehouse.dropRebuilt()
  for (const product of new Set(requested.map(one => one.product))) {
    const own = requested.filter(one => one.product === product)
    const total = new Map<string, Erased>()
    for (let found = await erase(parts, product, own); found.size > 0; found = await erase(parts, product, own))
      for (const [id, some] of found) total.set(id, sumOf(total.get(id), some))
    for (const { id } of own) {
      const counted = sumOf(total.get(id), undefined)
      const erasedMs = now()
      const logUntilMs = erasedMs + parts.logKeepsMs
      await accounts.noteErasure(id, { ...counted, state: 'erased', erasedMs, checkedMs: erasedMs, logUntilMs })
      logger.info({ id, product, ...counted }, 'a user was erased')
    }
  }
}

function erase(parts: ErasuresParts, product: string, erasures: readonly Erasure[]): Promise<Map<string, Erased>> {
  const keys = new Map(parts.accounts.erasureList().keys.map(({ id, key }) => [id, key]))
  const keyIds = [...new Set(erasures.map(one => one.keyId))]
  const byHash = new Map(erasures.map(one => [one.hash, one.id]))
  const markOf = (userId: string): string | null => {
    for (const keyId of keyIds) {
      const key = keys.get(keyId)
      const id = key === undefined ? undefined : byHash.get(hashUser(key, product, userId))
      if (id !== undefined) return id
    }
    return null
  }
  return eraseUsers(parts, product, markOf)
}

/** What was erased is looked for again, until the raw log holds nothing that is older. */
async function checkErased(parts: ErasuresParts): Promise<void> {
  const { accounts, now, logger } = parts
  const open = accounts.listErasures().filter(one => one.state === 'erased')
  const oldestMs = await parts.logOldestMs()
  for (const erasure of open) {
    const isGone = erasure.erasedMs !== null && (oldestMs === null || oldestMs > erasure.erasedMs)
    const found = isGone ? await erase(parts, erasure.product, [erasure]) : new Map<string, Erased>()
    const counted = sumOf(erasure, found.get(erasure.id))
    const state = isGone && found.size === 0 ? 'complete' : 'erased'
    await accounts.noteErasure(erasure.id, { ...counted, state, checkedMs: now() })
    if (state === 'complete')
      logger.info({ id: erasure.id }, 'nothing of an erased user is left, in the raw log neither')
  }
}

async function expireAll(parts: ErasuresParts): Promise<void> {
  const { accounts, pipeline, logger, now } = parts
  for (const { id: product, retentionDays } of accounts.listProducts()) {
    if (retentionDays == null) continue
    if (isReprocessing(pipeline)) throw new Waits()
    await parts.warehouse.dropRebuilt()
    const beforeMs = Math.floor(now() / dayMs) * dayMs - retentionDays * dayMs
    const expired = await expire(parts, product, beforeMs)
    if (expired.events > 0 || expired.rejectedRequests > 0)
      logger.info({ product, retentionDays, ...expired }, 'what outlived the retention of its product was deleted')
  }
}

function isReprocessing(pipeline: Pick<Pipeline, 'status'>): boolean {
  const { reprocess } = pipeline.status()
  return reprocess !== null && reprocess !== 'unknown' && reprocess.state === 'building'
}

function sumOf(a: Erased | undefined, b: Erased | undefined): Erased {
  return {
    stored: (a?.stored ?? 0) + (b?.stored ?? 0),
    duplicate: (a?.duplicate ?? 0) + (b?.duplicate ?? 0),
    parked: (a?.parked ?? 0) + (b?.parked ?? 0),
    rejectedRequests: (a?.rejectedRequests ?? 0) + (b?.rejectedRequests ?? 0),
  }
}
