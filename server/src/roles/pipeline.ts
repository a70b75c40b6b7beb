// The pipeline role: follows the log, which the api role writes, and loads the warehouse. It is the only one that opens
// the index of identities. When it ends, events wait in the log.

import { join } from 'node:path'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { limits } from '../limits.ts'
import { openLogReader } from '../log/log.ts'
import type { IndexPlace } from '../pipeline/index/identity-index.ts'
import { levelIndexPlace } from '../pipeline/index/level-index.ts'
import { openPipelineOver, type Pipeline } from '../pipeline/pipeline.ts'
import { runRole } from '../role.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'

export function runPipeline(config: Config): Promise<void> {
  return runRole('pipeline', config, async logger => {
    const warehouse = openConfiguredWarehouse(config, logger)
    const log = await openLogReader({ dir: join(config.dataDir, 'log'), logger })
    const pipeline = openPipelineOver({
      log: withCrashPoints('log', log, config),
      warehouse: withCrashPoints('warehouse', warehouse.loading, config),
      place: indexPlace(config),
      now: Date.now,
      logger,
      limits,
    })
    // A broken assertion: the next start takes the road of recovery.
    void pipeline.ended.then(bug => {
      if (bug !== null) throw bug
    })
    return {
      status: () => pipelineStatus(pipeline),
      async close() {
        await pipeline.close()
        await log.close()
        await warehouse.close()
      },
    }
  })
}

function indexPlace(config: Config): IndexPlace {
  const place = levelIndexPlace(join(config.dataDir, 'index'))
  return { open: async () => withCrashPoints('index', await place.open(), config), wipe: () => place.wipe() }
}

function pipelineStatus(pipeline: Pipeline) {
  const status = pipeline.status()
  const { state, reason, stored, duplicate, parked, checkpointEvents, headEvents, lagEvents } = status
  const isRunning = state === 'running'
  return {
    notReady: isRunning ? null : `${state}${reason === '' ? '' : `: ${reason}`}`,
    pipeline: {
      ...status,
      isRunning,
      loadSecondsLast: status.loadMsLast / 1000,
      difference: status.accepted - stored - duplicate - parked + (headEvents - checkpointEvents - lagEvents),
    },
  }
}
