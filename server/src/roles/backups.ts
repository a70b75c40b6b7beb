// Backups as the pipeline role makes them, one at a time: it alone can hold loads for a moment. And what the web role asks
// of it.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { copyAccounts, copySharedAccounts } from '../accounts/accounts-copy.ts'
import { type BackupParts, type BackupStatus, folderProblem, startBackup } from '../backup/backup.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import { copyLog, copyLogThrough, logBytes } from '../log/log-copy.ts'
import type { LogReader } from '../log/record.ts'
import type { Logger } from '../pipeline/pace.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { Places } from './configured-log.ts'

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
  places: Places
  log: Pick<LogReader, 'head' | 'oldest'>
  pipeline: Pick<Pipeline, 'betweenLoads' | 'status'>
  logger: Logger
}

export function openBackups(parts: BackupsParts): Backups {
  const { config, warehouse, log, pipeline, logger } = parts
  const { dataDir, diskFreeMin: freeBytesMin } = config
  const isEmbedded = config.warehouse === 'embedded'
  let last: ReturnType<typeof startBackup> | null = null
  let closing = false
  // What one that was cut off holds still costs space.
  if (isEmbedded)
    warehouse.snapshot.drop().catch(cause => logger.warn({ cause: String(cause) }, 'an old backup was not let go'))
  return {
    async start(to) {
      if (config.shares > 1)
        return `Cannot back up because the log must have one share: it has ${config.shares}, of which each has a warehouse; ClickHouse and NATS have backups of their own`
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
          log: { head: () => log.head(), ...copiedLog(parts) },
          copyAccounts: copyTo => copyAllAccounts(parts, copyTo),
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

function copiedLog({ config, places, log, pipeline }: BackupsParts): Pick<BackupParts['log'], 'bytes' | 'copy'> {
  const logDir = join(config.dataDir, 'log')
  const from = () => (config.warehouse === 'embedded' ? pipeline.status().checkpointOffset : null)
  if (config.log === 'embedded')
    return { bytes: async () => logBytes(logDir, from()), copy: (to, at) => copyLog(logDir, to, at) }
  return {
    async bytes() {
      const [all, head, oldest] = [await places.logBytes(0), await log.head(), await log.oldest()]
      const wanted = head.offset - Math.max(from() ?? 0, oldest.offset)
      return Math.ceil((all * wanted) / Math.max(1, head.offset - oldest.offset))
    },
    // Of its own: one that is read back and forth would hold up the pipeline.
    async copy(to, at) {
      const reader = await places.logReader(0, false)
      try {
        return await copyLogThrough(reader, to, at)
      } finally {
        await reader.close()
      }
    },
  }
}

async function copyAllAccounts({ config, places }: BackupsParts, to: string) {
  const own = join(config.dataDir, 'accounts.db')
  if (config.accounts === 'embedded') return copyAccounts(own, to)
  const shared = await places.documents()
  return copySharedAccounts(shared, own, to).finally(() => shared.close())
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
