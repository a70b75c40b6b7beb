// The pipeline role: follows the log, which the api role writes, and loads the warehouse. It is the only one that opens
// the index of identities, and a lock of its own keeps a second one out until the first has ended. When it ends, events
// wait in the log. It loads nothing while less than half of the disk space is free at which the api stops taking events:
// down to there it goes on, because the log can only drop what is processed.

import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import { openLogReader } from '../log/log.ts'
import type { IndexPlace } from '../pipeline/index/identity-index.ts'
import { levelIndexPlace } from '../pipeline/index/level-index.ts'
import type { Logger } from '../pipeline/pace.ts'
import { openPipelineOver, type Pipeline } from '../pipeline/pipeline.ts'
import { runRole } from '../role.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { answersOfPipeline } from './answers.ts'
import { openBackups } from './backups.ts'
import { openDerive } from './configured-steps.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'

export function runPipeline(config: Config): Promise<void> {
  return runRole('pipeline', config, async logger => {
    const derive = await openDerive(config)
    const release = await takeLock(config, logger)
    const warehouse = openConfiguredWarehouse(config, logger)
    const log = await openLogReader({ dir: join(config.dataDir, 'log'), logger })
    const pipeline = openPipelineOver({
      log: withCrashPoints('log', log, config),
      warehouse: withCrashPoints('warehouse', warehouse.loading, config),
      rebuilding: withCrashPoints('rebuild', warehouse.rebuilding, config),
      place: indexPlace(config),
      now: Date.now,
      derive,
      logger,
      limits,
      roomProblem: () => roomProblem(config),
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
      status: () => ({ ...pipelineStatus(pipeline), backup: backups.status() }),
      answers: answersOfPipeline(pipeline, backups),
      async close() {
        clearInterval(trimming)
        await backups.close()
        await pipeline.close()
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

function pipelineStatus(pipeline: Pipeline) {
  const status = pipeline.status()
  const { state, reason, stored, duplicate, parked, checkpointEvents, acceptedBefore } = status
  const isRunning = state === 'running'
  return {
    notReady: isRunning ? null : `${state}${reason === '' ? '' : `: ${reason}`}`,
    pipeline: {
      ...status,
      isRunning,
      loadSecondsLast: status.loadMsLast / 1000,
      // By the log's total against the outcomes; there is nothing to compare before the log was found.
      difference: status.logId === '' ? 0 : acceptedBefore + checkpointEvents - stored - duplicate - parked,
    },
  }
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
