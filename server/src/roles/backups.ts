// Backups as the pipeline role makes them, one at a time: it alone can hold loads for a moment. And what the web role asks
// of it.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import manifest from '../../package.json' with { type: 'json' }
import { copyAccounts, copySharedAccounts } from '../accounts/accounts-copy.ts'
import { type BackupParts, type BackupStatus, folderProblem, startBackup } from '../backup/backup.ts'
import { checkBackup } from '../backup/kept-backup.ts'
import { type KnownBackup, type KnownBackups, openKnownBackups } from '../backup/known-backups.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import { copyLog, copyLogThrough, logBytes } from '../log/log-copy.ts'
import type { LogReader } from '../log/record.ts'
import type { Logger } from '../pipeline/pace.ts'
import type { Pipeline } from '../pipeline/pipeline.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import type { BackupCheck } from '../web/needs.ts'
import type { Places } from './configured-log.ts'

export type Backups = {
  /** Begins one, or says why not. `thenCheck`: when it is complete, it is read again. */
  start(to: string, thenCheck: boolean): Promise<string | null>
  /** The last one since start. */
  status(): BackupStatus | null
  /** Begins to compare every file of one with its checksum, or says why not. */
  check(from: string): Promise<string | null>
  list(): Promise<BackupsTold>
  close(): Promise<void>
}

/** What is there, and the last check since start. */
export type BackupsTold = { backups: KnownBackup[]; check: BackupCheck | null }

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
  const known = openKnownBackups(dataDir, logger)
  const checks = openChecks(known, () => closing)
  // What one that was cut off holds still costs space.
  if (isEmbedded)
    warehouse.snapshot.drop().catch(cause => logger.warn({ cause: String(cause) }, 'an old backup was not let go'))
  return {
    check: from => checks.start(from),
    async list() {
      const made = last?.status.state === 'copying' ? last.status.to : null
      return { backups: (await known.list()).filter(({ to }) => to !== made), check: checks.status() }
    },
    async start(to, thenCheck) {
      if (config.shares > 1)
        return `Cannot back up because the log must have one share: it has ${config.shares}, of which each has a warehouse; ClickHouse and NATS have backups of their own`
      const problem = await folderProblem(to, dataDir)
      if (problem !== null) return problem
      if (last?.status.state === 'copying')
        return `Cannot back up because one at a time may be made: one goes to ${last.status.to}`
      known.note(to, Date.now(), cutOff)
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
      void last.ended.then(async () => {
        if (last === null) return
        const { state, endedMs, problem } = last.status
        known.note(to, endedMs ?? Date.now(), problem)
        if (state === 'done' && thenCheck) await checks.start(to)
      })
      return null
    },
    status: () => last?.status ?? null,
    async close() {
      closing = true
      await Promise.race([last?.ended, sleep(closeMsMax, undefined, { ref: false })])
    },
  }
}

/** One at a time: it reads everything. */
function openChecks(known: KnownBackups, isClosing: () => boolean) {
  let last: BackupCheck | null = null
  const run = async (check: BackupCheck) => {
    try {
      await checkBackup(check.from, bytes => {
        if (isClosing()) throw new Error('the pipeline closes')
        check.done += bytes
      })
      check.state = 'whole'
    } catch (cause) {
      if (isClosing()) return
      Object.assign(check, { state: 'damaged', problem: cause instanceof Error ? cause.message : String(cause) })
    }
    check.endedMs = Date.now()
    await known.noteCheck(check.from, check.endedMs, check.problem)
  }
  return {
    status: () => last,
    async start(from: string): Promise<string | null> {
      if (last?.state === 'checking')
        return `Cannot check the backup because one at a time may be read: that in ${last.from} is`
      const found = (await known.list()).find(({ to, state }) => to === from && state !== 'failed')
      if (found === undefined) return `Cannot check ${from} because it must be a backup that is listed: it is not`
      const nothing = { endedMs: null, bytes: found.bytes, done: 0, problem: '' }
      last = { state: 'checking', from, startedMs: Date.now(), ...nothing }
      void run(last)
      return null
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

/** Noted before it begins, and true until it has ended; a manifest that is there by then says otherwise. */
const cutOff = 'The pipeline ended before it was complete: what is left there is no backup, remove it'

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
