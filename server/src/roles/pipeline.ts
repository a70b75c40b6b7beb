// The pipeline role: follows the log, which the api role writes, and loads the warehouse. It is the only one that opens
// the index of identities, and a lock of its own keeps a second one out until the first has ended. When it ends, events
// wait in the log. It loads nothing while less than half of the disk space is free at which the api stops taking events:
// down to there it goes on, because the log can only drop what is processed.

import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { openAccounts } from '../accounts/accounts.ts'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import { openLogReader } from '../log/log.ts'
import type { IndexPlace } from '../pipeline/index/identity-index.ts'
import type { LogReader } from '../log/record.ts'
import { levelIndexPlace } from '../pipeline/index/level-index.ts'
import type { Logger } from '../pipeline/pace.ts'
import { openPipelineOver, type Pipeline } from '../pipeline/pipeline.ts'
import { openRolling, type Rolling } from '../pipeline/rolling.ts'
import { runRole } from '../role.ts'
import { withErased } from '../steps/erasure.ts'
import type { Totals } from '../warehouse/load.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { answersOfPipeline } from './answers.ts'
import { openBackups } from './backups.ts'
import { openDerive } from './configured-steps.ts'
import { erasureListAt } from './erasure-list.ts'
import { type ErasuresAtWork, openErasures } from './erasures.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'

export function runPipeline(config: Config): Promise<void> {
  return runRole('pipeline', config, async logger => {
    const derive = await openDerive(config)
    const release = await takeLock(config, logger)
    const warehouse = openConfiguredWarehouse(config, logger)
    const log = await openLogReader({ dir: join(config.dataDir, 'log'), logger })
    const accounts = openAccounts({ path: join(config.dataDir, 'accounts.db'), now: Date.now, logger })
    const rolling = openRolling({
      warehouse: withCrashPoints('rolling', warehouse.rolling, config),
      now: Date.now,
      logger,
      intervalMs: limits.rollMs,
      // Before the first load too: what waits in the log is not known yet.
      isBehind: () => pipeline.status().state !== 'running' || pipeline.status().lagEvents > limits.rollBehindEvents,
      busyMs: limits.rollBusyMs,
      eventsMax: limits.rollEventsMax,
    })
    const pipeline = openPipelineOver({
      log: withCrashPoints('log', log, config),
      warehouse: withCrashPoints('warehouse', warehouse.loading, config),
      resolving: withCrashPoints('resolving', warehouse.resolving, config),
      rebuilding: withCrashPoints('rebuild', warehouse.rebuilding, config),
      place: indexPlace(config),
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
      list: erasureListAt(join(config.dataDir, 'erasures.json')),
      now: Date.now,
      logger,
      checkMs: limits.erasureCheckMs,
    })
    const backups = openBackups({
      config,
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
    return {
      status: () => ({ ...pipelineStatus(pipeline, erasures, rolling), backup: backups.status() }),
      answers: answersOfPipeline(
        {
          reprocess: range => !erasures.isBusy() && pipeline.reprocess(range),
          resolve: pipeline.resolve,
          upToDate: rolling.upToDate,
        },
        backups,
      ),
      async close() {
        clearInterval(trimming)
        await backups.close()
        await erasures.close()
        await rolling.close()
        await pipeline.close()
        accounts.close()
        await log.close()
        await warehouse.close()
        release()
      },
    }
  })
}

/** Waits for one before it that is still ending, however long that takes. */
async function takeLock(config: Config, logger: Logger): Promise<() => void> {
  const path = join(config.dataDir, 'run', 'pipeline.lock')
  for (;;) {
    const release = await takeExclusiveLock(path, config.stopTimeout + limits.predecessorGraceMs)
    if (release !== null) return release
    logger.warn({ path }, 'another pipeline still has this data directory: it is waited for')
  }
}

function roomProblem(config: Config): string | null {
  const { bavail, bsize } = statfsSync(config.dataDir)
  const bytesMin = config.diskFreeMin / 2
  return bavail * bsize >= bytesMin ? null : `at least ${bytesMin} bytes must be free: got ${bavail * bsize}`
}

function indexPlace(config: Config): IndexPlace {
  const place = levelIndexPlace(join(config.dataDir, 'index'))
  return { open: async () => withCrashPoints('index', await place.open(), config), wipe: () => place.wipe() }
}

async function oldestMs(log: LogReader): Promise<number | null> {
  const { records } = await log.read((await log.oldest()).offset, { recordsMax: 1, bytesMax: 1 })
  return records[0]?.receivedMs ?? null
}

function pipelineStatus(pipeline: Pipeline, erasures: ErasuresAtWork, rolling: Rolling) {
  const status = pipeline.status()
  const { state, reason, stored, duplicate, parked, acceptedBefore } = status
  const { checkpointEvents, checkpointOffset, lagEvents, lagSeconds } = status
  // By the log's total against the outcomes; there is nothing to compare before the log was found.
  const difference = status.logId === '' ? 0 : acceptedBefore + checkpointEvents - stored - duplicate - parked
  const shown = withErased(status, erasures.counts())
  const isRunning = state === 'running'
  return {
    notReady: isRunning ? null : `${state}${reason === '' ? '' : `: ${reason}`}`,
    rollups: rolling.status(),
    pipeline: {
      ...shown,
      isRunning,
      loadSecondsLast: status.loadMsLast / 1000,
      difference,
      // For the metrics, where a 0 that only means "not known yet" would look like a fall and a rise.
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
}
