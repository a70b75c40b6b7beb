// What works on a share of the log while this process has it: the pipeline itself, the rollups, erasures and backups, over a warehouse and
// accounts that outlive it. It loads nothing while less than half of the disk space is free at which the api stops taking
// events: down to there it goes on, because the log can only drop what is processed.

import { statfsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import type { Accounts } from '../accounts/accounts.ts'
import type { BackupStatus } from '../backup/backup.ts'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { limits } from '../limits.ts'
import type { IndexPlace } from '../pipeline/index/identity-index.ts'
import type { LogReader } from '../log/record.ts'
import { levelIndexPlace } from '../pipeline/index/level-index.ts'
import { seeLoads } from '../pipeline/loads-seen.ts'
import { ownedLoads, ownedPlace, type Ownership } from '../pipeline/ownership.ts'
import type { Logger } from '../pipeline/pace.ts'
import { openPipelineOver, type Pipeline, type PipelineStatus } from '../pipeline/pipeline.ts'
import { openRolling, type Rolling, type RollingStatus } from '../pipeline/rolling.ts'
import type { RoleQuestions } from '../role-socket.ts'
import { shareOfProduct } from '../shares.ts'
import type { Derive } from '../steps/derive.ts'
import { nothingErased, withErased } from '../steps/erasure.ts'
import type { Totals } from '../warehouse/load.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { answersOfPipeline } from './answers.ts'
import { openBackups } from './backups.ts'
import type { Places } from './configured-log.ts'
import { erasureListAt } from './erasure-list.ts'
import { type ErasuresAtWork, openErasures } from './erasures.ts'

export type PipelineShareParts = {
  config: Config
  /** Which of so many shares of the log it is. */
  share: number
  derive: Derive
  warehouse: Warehouse
  places: Places
  accounts: Accounts
  log: LogReader
  /** Where another process may take this one's place; null where there is never another. */
  ownership: Ownership | null
  logger: Logger
}

export type PipelineShareStatus = {
  /** The name of the machine that has the share. */
  machine: string
  /** null when it is ready. */
  notReady: string | null
  rollups: RollingStatus
  pipeline: PipelineStatus & {
    erased: number
    isRunning: boolean
    loadSecondsLast: number
    /** Of the equation of the outcomes: anything but 0 is a fault. */
    difference: number
    /** For the metrics, where a 0 that only means "not known yet" would look like a fall and a rise. */
    books: Books | null
  }
  backup: BackupStatus | null
}

type Books = Totals & {
  erased: number
  checkpointOffset: number
  lagEvents: number
  lagSeconds: number
  difference: number
}

export type PipelineShare = {
  status(): PipelineShareStatus
  answers: RoleQuestions
  close(): Promise<void>
}

export async function openPipelineShare(parts: PipelineShareParts): Promise<PipelineShare> {
  const { config, share, derive, warehouse, log, ownership, logger } = parts
  const accounts = accountsOfShare(parts.accounts, share, config.shares)
  const dir = config.shares === 1 ? config.dataDir : join(config.dataDir, 'shares', String(share))
  await mkdir(dir, { recursive: true })
  const { loading, seen } = seeLoads(withCrashPoints('warehouse', warehouse.loading, config))
  const rolling = openRolling({
    warehouse: withCrashPoints('rolling', warehouse.rolling, config),
    now: Date.now,
    logger,
    intervalMs: limits.rollMs,
    // Before the first load too: what waits in the log is not known yet.
    isBehind: () => {
      const { state, lagEvents } = pipeline.status()
      // While the index is made anew there are no loads to give way to.
      return state === 'running' ? lagEvents > limits.rollBehindEvents : state !== 'rebuilding'
    },
    busyMs: limits.rollBusyMs,
    eventsMax: limits.rollEventsMax,
    loadsSeen: ownership === null ? seen : null,
  })
  const pipeline = openPipelineOver({
    log: withCrashPoints('log', log, config),
    warehouse: ownership === null ? loading : ownedLoads(loading, ownership),
    resolving: withCrashPoints('resolving', warehouse.resolving, config),
    rebuilding: withCrashPoints('rebuild', warehouse.rebuilding, config),
    place: indexPlace(join(dir, 'index'), config, ownership),
    ...(ownership !== null && { foreignMsMax: limits.foreignLoadMsMax }),
    now: Date.now,
    derive,
    suppression: accounts.suppression,
    change: rolling.change,
    logger,
    limits,
    roomProblem: () => roomProblem(config),
  })
  const erasures = await openErasures({
    accounts,
    warehouse: withCrashPoints('erasing', warehouse.erasing, config),
    pipeline,
    change: rolling.change,
    logEnd: async () => (await log.head()).offset,
    logOldestMs: () => oldestMs(log),
    logKeepsMs: config.logRetention + limits.segmentMsMax,
    list: erasureListAt(join(dir, 'erasures.json')),
    now: Date.now,
    logger,
    checkMs: limits.erasureCheckMs,
  })
  const backups = openBackups({
    config,
    places: parts.places,
    warehouse: { snapshot: withCrashPoints('snapshot', warehouse.snapshot, config) },
    log,
    pipeline,
    logger,
  })
  const trimming = setInterval(() => void trim(warehouse, logger), limits.rejectionTrimMs)
  // A broken assertion: the next start takes the road of recovery.
  void pipeline.ended.then(bug => {
    if (bug !== null) throw bug
  })
  const questions = answersOfPipeline(
    {
      reprocess: range => !erasures.isBusy() && pipeline.reprocess(range),
      resolve: pipeline.resolve,
      upToDate: rolling.upToDate,
    },
    backups,
  )
  return {
    status: () => ({
      machine: hostname(),
      ...pipelineStatus(pipeline, erasures, rolling),
      backup: backups.status(),
    }),
    answers: questions,
    async close() {
      clearInterval(trimming)
      await backups.close()
      await erasures.close()
      await rolling.close()
      await pipeline.close()
      await log.close()
    },
  }
}

function roomProblem(config: Config): string | null {
  const { bavail, bsize } = statfsSync(config.dataDir)
  const bytesMin = config.diskFreeMin / 2
  return bavail * bsize >= bytesMin ? null : `at least ${bytesMin} bytes must be free: got ${bavail * bsize}`
}

/** Of who is erased, and of what outlives its retention, each share sees to its own products. */
function accountsOfShare(accounts: Accounts, share: number, shares: number): Accounts {
  if (shares === 1) return accounts
  const isOwn = (product: string) => shareOfProduct(product, shares) === share
  return {
    ...accounts,
    listErasures: () => accounts.listErasures().filter(({ product }) => isOwn(product)),
    listProducts: () => accounts.listProducts().filter(({ id }) => isOwn(id)),
  }
}

function indexPlace(dir: string, config: Config, ownership: Ownership | null): IndexPlace {
  const place = levelIndexPlace(dir)
  const own = ownership === null ? place : ownedPlace(place, ownership)
  return { open: async () => withCrashPoints('index', await own.open(), config), wipe: () => own.wipe() }
}

async function oldestMs(log: LogReader): Promise<number | null> {
  const { records } = await log.read((await log.oldest()).offset, { recordsMax: 1, bytesMax: 1 })
  return records[0]?.receivedMs ?? null
}

function pipelineStatus(
  pipeline: Pipeline,
  erasures: ErasuresAtWork,
  rolling: Rolling,
): Omit<PipelineShareStatus, 'backup' | 'machine'> {
  const status = pipeline.status()
  const { state, reason, stored, duplicate, parked, acceptedBefore } = status
  const { checkpointEvents, checkpointOffset, lagEvents, lagSeconds } = status
  // By the log's total against the outcomes; there is nothing to compare before the log was found.
  const difference = status.logId === '' ? 0 : acceptedBefore + checkpointEvents - stored - duplicate - parked
  const erased = erasures.counts()
  const shown = withErased(status, erased ?? nothingErased)
  const isRunning = state === 'running'
  const uncounted = erased === null ? 'what was erased is being counted' : null
  return {
    notReady: isRunning ? uncounted : `${state}${reason === '' ? '' : `: ${reason}`}`,
    rollups: rolling.status(),
    pipeline: {
      ...shown,
      isRunning,
      loadSecondsLast: status.loadMsLast / 1000,
      difference,
      books: status.logId === '' ? null : { ...booksOf(shown), checkpointOffset, lagEvents, lagSeconds, difference },
    },
  }
}

function booksOf({ accepted, stored, duplicate, conflict, parked, erased, rejected }: Totals & { erased: number }) {
  return { accepted, stored, duplicate, conflict, parked, erased, rejected }
}

/** What cannot be deleted now is deleted the next time. */
async function trim(warehouse: Warehouse, logger: Logger): Promise<void> {
  const { rejectionsPerKeyMax, rejectionBytesPerKeyMax, rejectionAgeMsMax } = limits
  const kept = { perKeyMax: rejectionsPerKeyMax, bytesPerKeyMax: rejectionBytesPerKeyMax, ageMsMax: rejectionAgeMsMax }
  try {
    const requests = await warehouse.trimRejections(kept)
    if (requests > 0) logger.info({ requests }, 'rejected requests beyond what is kept were deleted')
  } catch (cause) {
    logger.warn({ cause: String(cause) }, 'rejected requests could not be looked through')
  }
  try {
    await warehouse.trimKeyUsage(limits.keyUsageDaysMax)
  } catch (cause) {
    logger.warn({ cause: String(cause) }, 'what is old of the usage of keys could not be deleted')
  }
}
