// `datapulse restore`: a mode of the server program, because it puts files where only the server's own parts know what is
// right. Nothing else may be running on the data directory, which its lock sees to. The warehouse is put back through an
// engine in a process of its own, as ever. Exit codes and output are those of the command line.

import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type ErasureList, openAccounts } from '../accounts/accounts.ts'
import { openAuditLog } from '../accounts/audit-log.ts'
import { countAccounts } from '../accounts/accounts-copy.ts'
import { checkBackup } from '../backup/kept-backup.ts'
import { type Restored, restore } from '../backup/restore.ts'
import { type Config, readConfig } from '../config.ts'
import { takeExclusiveLock } from '../exclusive-lock.ts'
import { resumeLog } from '../log/log-copy.ts'
import type { Logger } from '../logger.ts'
import { warehouseVersion } from '../warehouse/migrations.ts'
import { readErasureList } from './erasure-list.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import { startLoneEngine } from './lone-engine.ts'
import { runMode, type Told } from './program-mode.ts'
import { sharedPlaces } from './restore-shared.ts'

const flags = {
  from: { type: 'string' },
  'data-dir': { type: 'string' },
  erasures: { type: 'string' },
  check: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export async function runRestore(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: flags, strict: true })
  await runMode('RESTORE_FAILED', values.json === true, async tell => {
    const from = resolve(values.from ?? '')
    const list = values.erasures === undefined ? null : resolve(values.erasures)
    const config = values.check === true ? null : configOf(values['data-dir'])
    return config === null ? check(from) : restoreTo(from, config, list, tell)
  })
}

async function check(from: string): Promise<Told> {
  const { program, taken_at, warehouse, log, accounts, files } = await checkBackup(from)
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const events = warehouse?.rows['events'] ?? 0
  const json = { from, program, taken_at, files: files.length, bytes, events, queued: log?.queued ?? 0, ...accounts }
  return {
    json,
    sentence: `The backup is whole: ${files.length} files, ${bytes} bytes, ${events} events stored and ${json.queued} waiting in the log, as of ${taken_at}.`,
  }
}

async function restoreTo(
  from: string,
  config: Config,
  listPath: string | null,
  tell: (sentence: string) => void,
): Promise<Told> {
  const { dataDir } = config
  // Read before anything is touched.
  const list = listPath === null ? null : readErasureList(listPath)
  const restored = await restore({
    from,
    dataDir,
    isEmbedded: config.warehouse === 'embedded',
    warehouseVersionMax: warehouseVersion,
    lock: () => takeExclusiveLock(join(dataDir, 'lock'), 0),
    openWarehouse: () => openRestoredWarehouse(config),
    resumeLog,
    countAccounts: async path => countAccounts(path),
    keepErased: path => keepErased(path, list, from),
    elsewhere: sharedPlaces(config, silent),
    tell,
  })
  return { json: restored, sentence: sentenceOf(restored, config) }
}

/** An erasure in the backup may be older than what was put back beside it, so each is done once more. */
async function keepErased(path: string, list: ErasureList | null, from: string): Promise<number> {
  const accounts = openAccounts({ path, now: Date.now, logger: silent })
  const audit = openAuditLog({ path, now: Date.now })
  try {
    if (list !== null) await accounts.adoptErasures(list)
    const erasures = accounts.listErasures()
    for (const { id } of erasures) await accounts.noteErasure(id, { state: 'requested' })
    const told = { target: from, values: { erasures: erasures.length } }
    audit.note('acts', { act: 'restore', way: 'local', actor: 'datapulse restore', outcome: 'done', ...told })
    return erasures.length
  } finally {
    audit.close()
    accounts.close()
  }
}

function sentenceOf(
  { data_dir, events, queued, compared, taken_at, products, keys, erasures }: Restored,
  config: Config,
): string {
  const warehouse =
    config.warehouse === 'embedded'
      ? `${events} events stored, ${compared.sums} groups of counts and sums in ${compared.tables} tables compared and equal`
      : 'the warehouse is a ClickHouse server, and is restored by its own RESTORE'
  return [
    `Restored into ${data_dir}, as of ${taken_at}: ${warehouse}; ${products} products, ${keys} keys.`,
    config.warehouse === 'embedded'
      ? `${queued} events wait in the log: they are stored when the server starts.`
      : `${queued} events are in the log: those that the warehouse does not have are stored when the server starts.`,
    ...(erasures === 0 ? [] : [`${erasures} users who were erased are erased again when the server starts.`]),
  ].join('\n')
}

function configOf(dataDir: string | undefined): Config {
  const result = readConfig(dataDir === undefined ? [] : ['--data-dir', dataDir])
  if ('config' in result) return result.config
  const problems = 'problems' in result ? result.problems : []
  throw new Error(`The configuration is wrong: ${problems.join(' ')}`)
}

async function openRestoredWarehouse(config: Config) {
  const engine = await startLoneEngine(config.dataDir, 'restore the warehouse')
  const warehouse = openConfiguredWarehouse(config, 0, silent)
  return {
    ...warehouse.empty,
    ready: warehouse.ready,
    async close() {
      await warehouse.close()
      await engine.end()
    },
  }
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
