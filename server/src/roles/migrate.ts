// `datapulse migrate`: a mode of the server program, like `restore`, which moves the installation of one machine to where the
// configuration says that a cluster keeps its log, accounts and warehouse. Nothing else may be running on the data directory,
// which its lock sees to; its warehouse is read through an engine in a process of its own. Exit codes and output are those
// of the command line.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { putDocument, readAccounts, refuseStrangers } from '../accounts/accounts-move.ts'
import { type Config, options, readConfig } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { limits } from '../limits.ts'
import { openLogReader } from '../log/log.ts'
import { appendAll } from '../log/append-all.ts'
import type { LogReader, LogWriter } from '../log/record.ts'
import type { Logger } from '../logger.ts'
import { readMigrated, writeMigrated } from '../migration/migrated-file.ts'
import { type Moved, migrate } from '../migration/migration.ts'
import type { LogFits, MoveSource, MoveTarget } from '../migration/needs.ts'
import { howLogFits } from '../pipeline/recovery.ts'
import { lastWhole } from '../pipeline/token.ts'
import { engineSocket } from '../role-socket.ts'
import { shareOfProduct } from '../shares.ts'
import type { LoadNote, MovedShare } from '../warehouse/load.ts'
import { warehouseVersion } from '../warehouse/migrations.ts'
import { notesBlock } from '../warehouse/moving.ts'
import { openWarehouse, type Warehouse } from '../warehouse/warehouse.ts'
import { openPlaces, type Places } from './configured-log.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import { startLoneEngine } from './lone-engine.ts'
import { claimedBy, claimMove, endMove } from './move-claim.ts'
import { tokenOfMove } from './move-token.ts'
import { runMode } from './program-mode.ts'

const flags = { from: { type: 'string' }, 'dry-run': { type: 'boolean' }, json: { type: 'boolean' } } as const

export async function runMigrate(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: flags, strict: true })
  await runMode('MIGRATE_FAILED', values.json === true, async tell => {
    const moved = await migrateFrom(configOf(values.from ?? ''), values['dry-run'] === true, tell)
    return { json: moved, sentence: sentenceOf(moved) }
  })
}

/** The configuration of the machines to come, but for the data directory: that is the one to be left. */
function configOf(from: string): Config {
  const result = readConfig(['--data-dir', from])
  if (!('config' in result))
    throw new Error(`The configuration is wrong: ${'problems' in result ? result.problems.join(' ') : ''}`)
  const { config } = result
  const own = (['log', 'accounts', 'warehouse'] as const).filter(name => config[name] === 'embedded')
  if (own.length > 0)
    throw new Error(
      `Cannot move the installation because ${own.map(name => options[name].variable).join(', ')} must name what the machines of the cluster will use: got embedded.`,
    )
  for (const name of ['accounts.db', 'warehouse'])
    if (!existsSync(join(config.dataDir, name)))
      throw new Error(
        `Cannot move the installation because ${config.dataDir} must be the data directory of a server with an embedded log, accounts and warehouse: it has no ${name}.`,
      )
  return config
}

async function migrateFrom(config: Config, isDry: boolean, tell: (sentence: string) => void): Promise<Moved> {
  const { dataDir } = config
  const release = await takeExclusiveLock(join(dataDir, 'lock'), 0)
  if (release === null)
    throw new Error(`Cannot move the installation because a server uses the data directory ${dataDir}: stop it first.`)
  const closing: (() => unknown)[] = [release]
  try {
    // Parts of a server that was killed may live for a moment, and go on acknowledging and loading.
    for (const part of [join('log', 'writer.lock'), join('run', 'pipeline.lock')])
      closing.push(await takeFrom(join(dataDir, part), config))
    const engine = await startLoneEngine(dataDir, 'read the warehouse')
    closing.push(() => engine.end())
    const source = await openSource(config, closing)
    const id = source.migrated()?.id ?? randomUUID()
    const { log, accounts, warehouse, warehouseDatabase: database, shares } = config
    return await migrate({
      source,
      target: isDry ? null : openTarget(config, id, closing),
      to: { log, accounts, warehouse, database, shares },
      shareOf: product => shareOfProduct(product, shares),
      warehouseVersion,
      lastWhole,
      makeToken: tokenOfMove,
      now: Date.now,
      id,
      tell,
    })
  } finally {
    for (const close of closing.toReversed()) await close()
  }
}

async function takeFrom(path: string, { stopTimeout }: Config): Promise<() => void> {
  const release = await takeExclusiveLock(path, stopTimeout + limits.predecessorGraceMs)
  if (release !== null) return release
  throw new Error(`Cannot move the installation because a part of a server still has ${path}: end it first.`)
}

async function openSource(config: Config, closing: (() => unknown)[]): Promise<MoveSource> {
  const { dataDir } = config
  const log = await openLogReader({ dir: join(dataDir, 'log'), logger: quiet })
  closing.push(() => log.close())
  const warehouse = await openSourceWarehouse(config, closing)
  return {
    accounts: () => readAccounts(join(dataDir, 'accounts.db')),
    warehouse: warehouse.moving,
    log,
    fits: note => fitsOf(log, note),
    migrated: () => readMigrated(dataDir),
  }
}

/** In the database that the configuration names, or in the usual one, where the cluster's is to have another name. */
async function openSourceWarehouse({ dataDir, warehouseDatabase }: Config, closing: (() => unknown)[]) {
  const open = (database: string): Warehouse => {
    const warehouse = openWarehouse({ socketPath: engineSocket(dataDir), database, logger: quiet, now: Date.now })
    closing.push(() => warehouse.close())
    return warehouse
  }
  const named = open(warehouseDatabase)
  try {
    await named.moving.version()
    return named
  } catch (cause) {
    if ((cause as { code?: string }).code === 'WAREHOUSE_EMPTY') return open(options.warehouseDatabase.default)
    throw cause
  }
}

async function fitsOf(log: LogReader, note: LoadNote | null): Promise<LogFits> {
  const oldest = await log.oldest()
  const from = note?.to ?? 0
  const isThere = oldest.offset <= from
  const fits = note === null ? 'fits' : await howLogFits(log, note, await log.id())
  if (isThere && fits === 'fits') return { from }
  const why = isThere
    ? { another: 'it is another log', 'rolled back': 'it was rolled back', fits: '' }[fits]
    : 'it begins later'
  return {
    problem: `Cannot move the log because it must go on where the warehouse ends (${from}): ${why}. Start the server on it once, which finds its way, and stop it when nothing is in flight.`,
  }
}

function openTarget(config: Config, id: string, closing: (() => unknown)[]): MoveTarget {
  const places = openPlaces(config, 'migrate', quiet, id)
  closing.push(() => places.close())
  const warehouses = new Map<number, Warehouse>()
  const warehouseOf = (share: number): Warehouse => {
    const found = warehouses.get(share) ?? openConfiguredWarehouse(config, share, quiet)
    if (!warehouses.has(share)) closing.push(() => found.close())
    warehouses.set(share, found)
    return found
  }
  const whole: MovedShare = { share: 0, shares: 1, upTo: Number.MAX_SAFE_INTEGER }
  const documents = once(() => openDocuments(places, closing))
  const writers = once(() => openWriters(places, closing))
  const readers = new Map<number, LogReader>()
  const readerOf = async (share: number): Promise<LogReader> => {
    const found = readers.get(share) ?? (await places.logReader(share, false))
    if (!readers.has(share)) closing.push(() => found.close())
    readers.set(share, found)
    return found
  }
  const target: MoveTarget = {
    claimed: async mover => claimedBy(await places.marksBucket(), mover, 'Cannot move the installation'),
    async refuseOthers(accounts) {
      const cannot = 'Cannot move the installation because nothing may be at the other place yet:'
      const bucket = await places.marksBucket()
      for (let share = 0; share < config.shares; share++) {
        const owner = await bucket.get(`owner.${share}`)
        if (owner !== null) throw new Error(`${cannot} a machine was started on it.`)
        const { offset } = await (await readerOf(share)).head()
        if (offset > 0) throw new Error(`${cannot} the log of share ${share} has ${offset} records.`)
        await warehouseOf(share).ready()
        if (!(await warehouseOf(share).moving.isEmpty()))
          throw new Error(`${cannot} the database of share ${share} has rows.`)
      }
      refuseStrangers(await documents(), accounts)
    },
    keep: async migrated => writeMigrated(config.dataDir, migrated),
    claim: async mover => claimMove(await places.marksBucket(), mover),
    putDocument: async document => putDocument(await documents(), document),
    noteUses: async uses => (await documents()).noteUses(uses),
    ready: share => warehouseOf(share).ready(),
    put: (share, block, lines, token, isRepeated) => warehouseOf(share).moving.put(block, lines, token, isRepeated),
    putNotes(share, notes, token, isRepeated) {
      const { block, lines } = notesBlock(notes)
      return warehouseOf(share).moving.put(block, async () => lines, token, isRepeated)
    },
    sums: share => warehouseOf(share).moving.sums(whole),
    lastNote: share => warehouseOf(share).moving.lastNote(),
    logId: async share => (await readerOf(share)).id(),
    async logEnd(share) {
      const head = await (await readerOf(share)).head()
      return { ...head, lastRequest: await places.lastRequest(share) }
    },
    async append(share, records) {
      await appendAll((await writers())[share] as LogWriter, records)
    },
    finish: async mover => endMove(await places.marksBucket(), mover),
  }
  return withCrashPoints('migrate', target, config)
}

async function openDocuments(places: Places, closing: (() => unknown)[]) {
  const documents = await places.documents()
  closing.push(() => documents.close())
  return documents
}

async function openWriters(places: Places, closing: (() => unknown)[]) {
  const writers = await places.logWriters(1)
  closing.push(() => Promise.all(writers.map(writer => writer.close())))
  return writers
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | null = null
  return () => (opened ??= open())
}

const quiet: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

function sentenceOf({
  state,
  to,
  events,
  duplicates,
  parked,
  products,
  keys,
  erasures,
  queued,
  ...more
}: Moved): string {
  const what = `${products} products, ${keys} keys, ${erasures} erased users; ${events} events, ${duplicates} duplicates and ${parked} parked events in ${more.warehouse_bytes} bytes; ${queued.events} queued events (${queued.bytes} bytes)`
  if (state === 'looked') return `Would be moved to ${to.log}, in ${to.shares} shares: ${what}. Nothing was changed.`
  const compared =
    more.compared === 0 ? 'compared before' : `${more.compared} groups of counts and sums compared and equal`
  return `Moved to ${to.log}, in ${to.shares} shares: ${what}; ${compared}.\nThe machines may be started there. No server with a log of its own starts on this data directory any more.`
}
