// The way back: a backup becomes the data directory of an installation. Nothing is touched before every file of the backup
// is checked against its checksum, and nothing is said to be done before what was put back was counted and compared.
//
//   check       the manifest, and every file by size and checksum
//   begin       the directory is empty, there is room, nobody else is at it; it is marked as being restored
//   files       log and accounts are copied, and hashed once more
//   warehouse   tables are made as they were, parts are attached, rows and sums are compared
//   erasures    who was erased, until then or since by a newer list, is erased again by the first start
//   elsewhere   where log and accounts are not kept in the data directory, they go to where they are
//   end         everything is synced, and the mark removed, last
//
// While the mark is there, no server starts on the directory: dying anywhere leaves one that is refused, and that another
// restore refuses too, until it is emptied. A restore that fails empties it itself.

import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncFolder, syncTree, writeFileDurably } from '../durable-file.ts'
import { copyFile } from './copied-file.ts'
import { emptyFolder, listFolder, makeFolder, roomAt } from './folder.ts'
import { checkBackup } from './kept-backup.ts'
import type { FileCopied, Manifest } from './manifest.ts'
import type { AccountsCopied, EmptyWarehouse, EventSum, LogBounds, Measured } from './needs.ts'

export type RestoreParts = {
  from: string
  dataDir: string
  /** Whether the warehouse is one of our own, in the data directory. */
  isEmbedded: boolean
  /** The newest version of a warehouse that this program knows. */
  warehouseVersionMax: number
  /** Gives the function that lets go; null when another process has the directory. */
  lock(): Promise<(() => void) | null>
  /** Starts an engine on the data directory; `close` ends it. */
  openWarehouse(): Promise<EmptyWarehouse & { close(): Promise<void> }>
  /** Makes a copied log one that is gone on with, and says where it ends. */
  resumeLog(dir: string): Promise<{ id: string; head: LogBounds } | null>
  countAccounts(path: string): Promise<AccountsCopied>
  /** Has everybody who was erased erased again by the first start; gives how many. Notes what was done. */
  keepErased(accountsPath: string): Promise<number>
  /** Where log and accounts are to be kept elsewhere; null where they stay in the data directory. */
  elsewhere: Elsewhere | null
  /** What is going on, in a sentence. */
  tell(sentence: string): void
}

export type Elsewhere = {
  /** Throws a sentence when something is there already. */
  refuseOthers(): Promise<void>
  /** Takes the restored log and accounts there, and says where the log ends there; nothing of them stays. */
  move(): Promise<LogBounds>
}

export type Restored = {
  from: string
  data_dir: string
  program: string
  taken_at: string
  /** Everything that is in the warehouse, and what waits in the log for the first start. */
  events: number
  queued: number
  log_offset: number | null
  products: number
  keys: number
  /** Tables and groups of events whose counts and sums were compared: all of them are equal. */
  compared: { tables: number; sums: number }
  /** Users who are erased again when the server starts. */
  erasures: number
}

/** What a server looks for before it starts. */
export const restoringMark = 'restoring'

/** Whether a restore into the directory has not come to its end. */
export function isBeingRestored(dataDir: string): boolean {
  return existsSync(join(dataDir, restoringMark))
}

/** Resolves when everything is there, compared and synced; throws one sentence otherwise. */
export async function restore(parts: RestoreParts): Promise<Restored> {
  const { from, dataDir, tell } = parts
  tell('Every file of the backup is read and compared with its checksum.')
  const manifest = await checkBackup(from)
  const release = await begin(parts, manifest)
  try {
    await copyFiles(parts, manifest)
    const compared = manifest.warehouse === null ? { tables: 0, sums: 0 } : await restoreWarehouse(parts, manifest)
    await checkAccounts(parts, manifest)
    await checkLog(parts, manifest)
    const erasures = await parts.keepErased(join(dataDir, 'accounts.db'))
    const moved = await parts.elsewhere?.move()
    await rm(join(dataDir, 'run'), { recursive: true, force: true })
    tell('Everything is synced.')
    await syncTree(dataDir)
    await rm(join(dataDir, restoringMark))
    syncFolder(dataDir)
    return { ...restoredAs(parts, manifest, compared), erasures, ...(moved && { log_offset: moved.offset }) }
  } catch (cause) {
    await emptyFolder(dataDir, restoringMark).catch(() => {})
    throw cause
  } finally {
    release()
  }
}

function restoredAs(
  { from, dataDir }: RestoreParts,
  manifest: Manifest,
  compared: Restored['compared'],
): Omit<Restored, 'erasures'> {
  return {
    from,
    data_dir: dataDir,
    program: manifest.program,
    taken_at: manifest.taken_at,
    events: manifest.warehouse?.rows['events'] ?? 0,
    queued: manifest.log?.queued ?? 0,
    log_offset: manifest.log?.head.offset ?? null,
    ...manifest.accounts,
    compared,
  }
}

async function begin(parts: RestoreParts, manifest: Manifest): Promise<() => void> {
  const { dataDir, isEmbedded, warehouseVersionMax, lock, elsewhere } = parts
  const cannot = `Cannot restore into ${dataDir} because`
  if (isEmbedded && manifest.warehouse === null)
    throw new Error(
      `${cannot} the backup is of an installation whose warehouse is a ClickHouse server: name it with DATAPULSE_WAREHOUSE`,
    )
  if (!isEmbedded && manifest.warehouse !== null)
    throw new Error(`${cannot} the backup holds the warehouse, and DATAPULSE_WAREHOUSE names another one`)
  const version = manifest.warehouse?.version ?? 0
  if (version > warehouseVersionMax)
    throw new Error(
      `${cannot} the warehouse of the backup must have version ${warehouseVersionMax} or older: got ${version}; a newer DataPulse wrote it`,
    )
  if ((await listFolder(dirname(dataDir))) === null)
    throw new Error(`${cannot} ${dirname(dataDir)} must be there: it is not`)
  const there = await listFolder(dataDir)
  if (there?.includes(restoringMark) === true)
    throw new Error(`${cannot} an earlier restore into it did not come to its end: empty it, and restore again`)
  if (there !== null && there.length > 0)
    throw new Error(`${cannot} it must be empty or not there: it holds ${there.slice(0, 3).join(', ')}`)
  const bytesMin = Math.ceil(manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) * spare)
  const { freeBytes } = await roomAt(dataDir)
  if (freeBytes < bytesMin) throw new Error(`${cannot} ${bytesMin} bytes must be free there: got ${freeBytes}`)
  await elsewhere?.refuseOthers()
  await makeFolder(dataDir)
  const release = await lock()
  if (release === null) throw new Error(`${cannot} another process uses it`)
  writeFileDurably(dataDir, restoringMark, `${new Date().toISOString()}\n`)
  return release
}

/** What the engine and the file system need beside the files. */
const spare = 1.1

async function copyFiles({ from, dataDir, tell }: RestoreParts, manifest: Manifest): Promise<void> {
  const files = manifest.files.filter(({ path }) => !path.startsWith('warehouse/'))
  tell(`The log and the accounts are copied: ${files.length} files.`)
  for (const file of files) await copyChecked(file, join(from, file.path), join(dataDir, file.path))
}

async function restoreWarehouse(
  parts: RestoreParts,
  { warehouse: told, files }: Manifest,
): Promise<Restored['compared']> {
  const { from, openWarehouse, tell } = parts
  if (told === null) throw new Error('Cannot restore the warehouse because the backup must hold one: it does not')
  const warehouse = await openWarehouse()
  try {
    tell(`The warehouse is put back: ${told.rows['events'] ?? 0} events in ${told.tables.length} tables.`)
    await warehouse.create(told.tables)
    for (const table of told.tables) {
      const landing = await warehouse.landing(table.name)
      const folder = `warehouse/${table.name}/`
      for (const file of files)
        if (file.path.startsWith(folder))
          await copyChecked(file, join(from, file.path), join(landing, file.path.slice(folder.length)))
      await warehouse.attach(table.name, table.parts)
    }
    tell('Its counts and sums are compared with those of the backup.')
    compare(told, await warehouse.measure(told.tables.map(({ name }) => name)))
    await warehouse.ready()
  } finally {
    await warehouse.close()
  }
  return { tables: told.tables.length, sums: told.sums.length }
}

async function copyChecked(file: FileCopied, from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  const { sha256 } = await copyFile(from, to, () => {})
  if (sha256 !== file.sha256)
    throw new Error(`Cannot restore ${file.path} because it must stay as it was: it changed meanwhile`)
}

/** Throws unless what was put back is what was copied, to the last row and digit. */
export function compare(told: Measured, found: Measured): void {
  for (const [table, rows] of Object.entries(told.rows))
    if (found.rows[table] !== rows) throw differs(`${table} must have ${rows} rows: got ${found.rows[table] ?? 0}`)
  const keyOf = ({ product, mode, event_name, currency }: EventSum) =>
    JSON.stringify([product, mode, event_name, currency])
  const sums = new Map(found.sums.map(sum => [keyOf(sum), sum]))
  for (const sum of told.sums) {
    const other = sums.get(keyOf(sum))
    const where = `${sum.event_name} ${sum.currency} of ${sum.product} (${sum.mode})`
    for (const name of ['events', 'amount', 'bet_result_amount', 'identities'] as const)
      if (other?.[name] !== sum[name])
        throw differs(`${name} of ${where} must be ${sum[name]}: got ${other?.[name] ?? 'none'}`)
  }
  if (found.sums.length !== told.sums.length)
    throw differs(`there must be ${told.sums.length} groups of events: got ${found.sums.length}`)
}

async function checkAccounts({ dataDir, countAccounts }: RestoreParts, { accounts }: Manifest): Promise<void> {
  const found = await countAccounts(join(dataDir, 'accounts.db'))
  for (const name of ['products', 'keys'] as const)
    if (found[name] !== accounts[name]) throw differs(`there must be ${accounts[name]} ${name}: got ${found[name]}`)
}

async function checkLog({ dataDir, resumeLog }: RestoreParts, { log }: Manifest): Promise<void> {
  if (log === null) return
  const found = await resumeLog(join(dataDir, 'log'))
  if (found?.id !== log.id) throw differs(`the log must be ${log.id}: got ${found?.id ?? 'none'}`)
  const { offset, events } = found.head
  if (offset !== log.head.offset || events !== log.head.events)
    throw differs(`the log must end at ${log.head.offset} (${log.head.events} events): got ${offset} (${events})`)
}

function differs(how: string): Error {
  return new Error(`What was put back is not what was copied, and is removed again: ${how}`)
}
