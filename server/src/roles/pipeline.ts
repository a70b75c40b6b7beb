// The pipeline role: follows the log, which api roles write, and loads the warehouse. It is the only one that opens the index
// of identities, and a lock of its own keeps a second one of this machine out until the first has ended. Where several machines
// share a log, one of them has it (share-lease.ts), and the others stand by. When it ends, events wait in the log.

import { join } from 'node:path'
import type { Config } from '../config.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import { runRole } from '../role.ts'
import type { RoleQuestions } from '../role-socket.ts'
import { openPlaces, type Places } from './configured-log.ts'
import { openDerive } from './configured-steps.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import { openPipelineShare, type PipelineShare, type PipelineShareParts } from './pipeline-share.ts'

export function runPipeline(config: Config): Promise<void> {
  return runRole('pipeline', config, async logger => {
    const derive = await openDerive(config)
    const release = await takeLock(config, logger)
    const warehouse = openConfiguredWarehouse(config, logger)
    const places = openPlaces(config, 'pipeline', logger)
    const accounts = await places.accounts()
    const lasting = { config, derive, warehouse, accounts, logger }
    const work = config.log === 'embedded' ? await openAlone(lasting, places) : openInTurn(lasting, places)
    return {
      status: work.status,
      answers: work.answers,
      async close() {
        await work.close()
        accounts.close()
        await places.close()
        await warehouse.close()
        release()
      },
    }
  })
}

type Lasting = Omit<PipelineShareParts, 'log' | 'ownership'>

async function openAlone(lasting: Lasting, places: Places): Promise<PipelineShare> {
  return openPipelineShare({ ...lasting, log: await places.logReader(true), ownership: null })
}

/** Has the log whenever it is this process's turn; stands by otherwise. */
function openInTurn(lasting: Lasting, places: Places): PipelineShare {
  const { logger } = lasting
  const closing = Promise.withResolvers<void>()
  let closed = false
  let share: PipelineShare | null = null

  const turn = async () => {
    const [{ takeShare }, { answerOverNats }] = await Promise.all([
      import('./share-lease.ts'),
      import('./remote-questions.ts'),
    ])
    const bucket = await places.marksBucket()
    const lease = await takeShare({ bucket, share: 0, logger, cancelled: closing.promise })
    if (lease === null) return
    try {
      const own = await openPipelineShare({ ...lasting, log: await places.logReader(true), ownership: lease })
      share = own
      const questions: RoleQuestions = { ...own.answers, status: async () => JSON.stringify(own.status()) }
      const stop = answerOverNats(await places.connection(), questions)
      const why = await Promise.race([lease.lost, closing.promise])
      if (why !== undefined) logger.warn({ why }, 'this process has the log no more')
      stop()
      share = null
      await own.close()
    } finally {
      await lease.release()
    }
  }
  const run = async () => {
    while (!closed) {
      try {
        await turn()
      } catch (cause) {
        logger.warn({ cause: String(cause) }, 'the log cannot be worked on: it is tried again')
        await Promise.race([closing.promise, new Promise(resolve => setTimeout(resolve, retryMs))])
      }
    }
  }
  const ended = run()

  return {
    status: () => share?.status() ?? { notReady: null, standsBy: true },
    answers: {},
    async close() {
      closed = true
      closing.resolve()
      await ended
    },
  }
}

const retryMs = 1_000

/** Waits for one before it that is still ending, however long that takes. */
async function takeLock(config: Config, logger: Logger): Promise<() => void> {
  const path = join(config.dataDir, 'run', 'pipeline.lock')
  for (;;) {
    const release = await takeExclusiveLock(path, config.stopTimeout + limits.predecessorGraceMs)
    if (release !== null) return release
    logger.warn({ path }, 'another pipeline still has this data directory: it is waited for')
  }
}
