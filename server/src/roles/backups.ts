// Backups as the pipeline role makes them, one at a time: it alone can hold loads for a moment. And what the web role asks
// of it.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { copyAccounts } from '../accounts/accounts-copy.ts'
import { type BackupStatus, folderProblem, startBackup } from '../backup/backup.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import { copyLog, logBytes } from '../log/log-copy.ts'
import type { LogReader } from '../log/record.ts'
import type { Logger } from '../pipeline/pace.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'

export type Backups = {
  /** Begins one, or says why not. */
  start(to: string): Promise<string | null>
  /** The last one since start. */
  status(): BackupStatus | null
  close(): Promise<void>
}

export type BackupsParts = {
  config: Config
  warehouse: Pick<Warehouse, 'snapshot'>
  log: Pick<LogReader, 'head'>
  pipeline: Pick<Pipeline, 'betweenLoads' | 'status'>
  logger: Logger
}

export function openBackups({ config, warehouse, log, pipeline, logger }: BackupsParts): Backups {
  const { dataDir, diskFreeMin: freeBytesMin } = config
  const isEmbedded = config.warehouse === 'embedded'
  const logDir = join(dataDir, 'log')
  let last: ReturnType<typeof startBackup> | null = null
  let closing = false
  // What one that was cut off holds still costs space.
  if (isEmbedded)
    warehouse.snapshot.drop().catch(cause => logger.warn({ cause: String(cause) }, 'an old backup was not let go'))
  return {
    async start(to) {
      if (config.log !== 'embedded' || config.accounts !== 'embedded')
        return 'Cannot back up because the log and the accounts must be in the data directory: here they are in NATS, which has backups of its own'
      const problem = await folderProblem(to, dataDir)
      if (problem !== null) return problem
      if (last?.status.state === 'copying')
        return `Cannot back up because one at a time may be made: one goes to ${last.status.to}`
      last = startBackup(
        {
          dataDir,
          freeBytesMin,
          program: manifest.version,
          warehouse: isEmbedded ? warehouse.snapshot : null,
          log: {
            head: () => log.head(),
            bytes: async () => logBytes(logDir, isEmbedded ? pipeline.status().checkpointOffset : null),
            copy: (copyTo, from) => copyLog(logDir, copyTo, from),
          },
          copyAccounts: copyTo => copyAccounts(join(dataDir, 'accounts.db'), copyTo),
          betweenLoads: work => inTurn(pipeline, work),
          now: Date.now,
          logger,
          isClosing: () => closing,
        },
        to,
      )
      return null
    },
    status: () => last?.status ?? null,
    async close() {
      closing = true
      await Promise.race([last?.ended, sleep(closeMsMax, undefined, { ref: false })])
    },
  }
}

/** What one that is given up has to remove. */
const closeMsMax = 5_000

/** A turn that comes too late is not used: a load may be waiting for the warehouse, or an index being made anew. */
async function inTurn<T>(pipeline: BackupsParts['pipeline'], work: () => Promise<T>): Promise<T> {
  const { backupTurnMsMax } = limits
  let state: 'waiting' | 'begun' | 'late' = 'waiting'
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      if (state === 'begun') return
      state = 'late'
      const { reason } = pipeline.status()
      reject(
        new Error(
          `Cannot back up because no load may run for a moment: none ended in ${backupTurnMsMax / 1000} s. ${reason}`,
        ),
      )
    }, backupTurnMsMax)
  })
  const turn = pipeline.betweenLoads(async () => {
    if (state === 'late') throw new Error('The turn came too late.')
    state = 'begun'
    return work()
  })
  try {
    return await Promise.race([turn, late])
  } finally {
    clearTimeout(timer)
  }
}
