// The door of backups: copies everything that cannot be made anew into a folder, while events go on being taken and loaded.
//
//   1  between two loads, the warehouse's tables are held still under another name (hard links): loads wait that long
//   2  the log from where that warehouse ends, so that everything acknowledged before the backup began is in one of both
//   3  accounts, after both: whose keys are in them is there
//   4  the files of what is held still; and its rows and sums, counted there
//   5  everything is synced; then the manifest, last
//
// Dying anywhere before 5 leaves a folder without a manifest, which is no backup. A failure removes what was written.
// The index of identities is not copied (it is made anew), nor admissions of the last minute, nor the admin token.
// restore.ts is the way back.

import { mkdir, rm, rmdir, stat } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { syncTree, writeFileDurably } from '../durable-file.ts'
import { copyFile, hashFile } from './copied-file.ts'
import { filesBelow, listFolder, makeFolder, realPlace, roomAt } from './folder.ts'
import { type FileCopied, manifestName, writeManifest } from './manifest.ts'
import type { AccountsCopied, LogBounds, LogCopied, SnapshotWarehouse } from './needs.ts'

export type BackupStatus = {
  state: 'copying' | 'done' | 'failed'
  to: string
  /** `server`: it is a ClickHouse server, which is not copied. */
  warehouse: 'copied' | 'server'
  startedMs: number
  endedMs: number | null
  /** To copy, as far as it is known, and copied. */
  bytes: number
  done: number
  /** How long loads waited. */
  heldMs: number
  /** Events in the copied warehouse, and those in the copied log that are not in it yet. */
  events: number
  queued: number
  /** Why it failed; empty otherwise. */
  problem: string
}

export type BackupParts = {
  dataDir: string
  /** Free space to leave on the disk of the data directory. */
  freeBytesMin: number
  program: string
  /** null where the warehouse is a server, which is backed up by its own means. */
  warehouse: SnapshotWarehouse | null
  log: {
    head(): Promise<LogBounds>
    bytes(): Promise<number>
    /** Copies what lies at `from` and behind it; everything that is kept without. */
    copy(to: string, from: number | null): Promise<LogCopied | null>
  }
  copyAccounts(to: string): Promise<AccountsCopied>
  /** Runs work while no load does. Rejects when its turn does not come. */
  betweenLoads<T>(work: () => Promise<T>): Promise<T>
  now: () => number
  logger: { info(fields: object, message: string): void; error(fields: object, message: string): void }
  isClosing: () => boolean
}

/** Why a folder cannot take a backup, in a sentence; null when it can. Nothing is written. */
export async function folderProblem(to: string, dataDir: string): Promise<string | null> {
  const cannot = `Cannot back up to ${to} because`
  try {
    const [place, own] = [await realPlace(to), await realPlace(dataDir)]
    if (place === own || place.startsWith(own + sep))
      return `${cannot} it must be outside of the data directory: a lost disk takes both`
    if ((await listFolder(dirname(to))) === null) return `${cannot} ${dirname(to)} must be there: it is not`
    const there = await listFolder(to)
    if (there === null || there.length === 0) return null
    const what = there.includes(manifestName) ? 'a backup' : there.slice(0, 3).join(', ')
    return `${cannot} it must be empty or not there: it holds ${what}`
  } catch (cause) {
    return `${cannot} ${(cause as Error).message}`
  }
}

/** Begins at once; `status` is kept up to date until it has ended. Never rejects. */
export function startBackup(parts: BackupParts, to: string): { status: BackupStatus; ended: Promise<void> } {
  const { now, logger } = parts
  const status: BackupStatus = {
    state: 'copying',
    to,
    warehouse: parts.warehouse === null ? 'server' : 'copied',
    startedMs: now(),
    endedMs: null,
    bytes: 0,
    done: 0,
    heldMs: 0,
    events: 0,
    queued: 0,
    problem: '',
  }
  const ended = intoFolder(parts, status).then(
    () => {
      Object.assign(status, { state: 'done', endedMs: now() })
      logger.info({ ...status }, 'a backup is complete')
    },
    (cause: unknown) => {
      const problem = cause instanceof Error ? cause.message : String(cause)
      Object.assign(status, { state: 'failed', endedMs: now(), problem })
      logger.error({ ...status }, 'a backup failed: what it wrote is removed')
    },
  )
  return { status, ended }
}

async function intoFolder(parts: BackupParts, status: BackupStatus): Promise<void> {
  const { to } = status
  const wasThere = (await listFolder(to)) !== null
  try {
    await makeFolder(to)
    await copyAll(parts, status)
  } catch (cause) {
    for (const name of written) await rm(join(to, name), { recursive: true, force: true }).catch(() => {})
    if (!wasThere) await rmdir(to).catch(() => {})
    throw cause
  } finally {
    await parts.warehouse?.drop().catch(fault => parts.logger.error({ fault: String(fault) }, notDropped))
  }
}

/** All that is ever written there; what somebody else put there meanwhile is not ours to remove. */
const written = [manifestName, `new-${manifestName}.tmp`, 'warehouse', 'log', 'accounts.db', 'accounts.db-journal']

const notDropped = 'what a backup held still is not let go yet: the next backup or start does that'

async function copyAll(parts: BackupParts, status: BackupStatus): Promise<void> {
  const { warehouse, log, now } = parts
  const { to } = status
  const before = await log.head()
  await checkRoom(parts, status)
  await warehouse?.prepare()
  const held = warehouse === null ? null : await hold(parts, warehouse, status)
  const takenMs = now()
  goOn(parts)
  const logCopied = await log.copy(join(to, 'log'), held?.taken.note?.to ?? (warehouse === null ? null : 0))
  if (logCopied !== null && logCopied.head.offset < before.offset)
    throw new Error(
      `Cannot back up the log because its copy must end at ${before.offset} or later: got ${logCopied.head.offset}`,
    )
  const accounts = await parts.copyAccounts(join(to, 'accounts.db'))
  const files: FileCopied[] = []
  for (const path of await filesBelow(to)) files.push({ path, ...(await hashFile(join(to, path))) })
  for (const { bytes } of files) status.done += bytes
  const warehouseTold =
    held === null || warehouse === null ? null : await copyWarehouse(parts, warehouse, held.taken, status, files)
  status.queued = logCopied?.queued ?? 0
  await syncTree(to)
  const manifest = writeManifest({
    program: parts.program,
    began_at: iso(status.startedMs),
    taken_at: iso(takenMs),
    ended_at: iso(now()),
    loads_held_ms: status.heldMs,
    warehouse: warehouseTold,
    log: logCopied,
    accounts,
    files,
  })
  goOn(parts)
  writeFileDurably(to, manifestName, manifest)
}

async function hold(parts: BackupParts, warehouse: SnapshotWarehouse, status: BackupStatus) {
  const taken = await parts.betweenLoads(async () => {
    const began = performance.now()
    try {
      return await warehouse.take()
    } finally {
      status.heldMs = Math.round(performance.now() - began)
    }
  })
  return { taken }
}

async function copyWarehouse(
  parts: BackupParts,
  warehouse: SnapshotWarehouse,
  taken: Awaited<ReturnType<SnapshotWarehouse['take']>>,
  status: BackupStatus,
  files: FileCopied[],
) {
  const tables = await warehouse.tables()
  for (const table of tables)
    for (const part of table.parts)
      for (const file of await filesBelow(part.dir).catch(throwGone)) {
        goOn(parts)
        const path = join('warehouse', table.name, part.name, file)
        await mkdir(dirname(join(status.to, path)), { recursive: true })
        const copied = copyFile(join(part.dir, file), join(status.to, path), bytes => {
          status.done += bytes
        })
        files.push({ path, ...(await copied.catch(throwGone)) })
      }
  const measured = await warehouse.measure()
  status.events = measured.rows['events'] ?? 0
  return {
    id: taken.warehouseId,
    version: taken.version,
    load_seq: taken.note?.seq ?? 0,
    log_offset: taken.note?.to ?? 0,
    totals: taken.note?.totals ?? null,
    tables: tables.map(({ name, create, parts: own }) => ({ name, create, parts: own.map(part => part.name) })),
    ...measured,
  }
}

/** Only an engine that starts anew merges what is held still. */
function throwGone(cause: unknown): never {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause
  throw new Error('Cannot back up the warehouse because its files must stay: the engine was started again, try again', {
    cause,
  })
}

async function checkRoom(parts: BackupParts, status: BackupStatus): Promise<void> {
  const { warehouse, log, dataDir, freeBytesMin } = parts
  const accountsBytes = (await stat(join(dataDir, 'accounts.db'))).size
  status.bytes = ((await warehouse?.bytes()) ?? 0) + (await log.bytes()) + accountsBytes
  const { freeBytes, device } = await roomAt(status.to)
  const isSameDisk = device === (await roomAt(dataDir)).device
  const bytesMin = Math.ceil(status.bytes * spare) + (isSameDisk ? freeBytesMin : 0)
  if (freeBytes < bytesMin)
    throw new Error(`Cannot back up to ${status.to} because ${bytesMin} bytes must be free there: got ${freeBytes}`)
}

/** What is loaded while it is copied, and what the file system needs for itself. */
const spare = 1.05

function goOn({ isClosing }: BackupParts): void {
  if (isClosing()) throw new Error('the pipeline closes')
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
