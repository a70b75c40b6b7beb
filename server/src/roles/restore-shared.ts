// Where a restored log and accounts go when they are kept in NATS: documents as they are, and of the log what waits behind
// the last load, in order. The note that is put last names the log there, at its beginning, as that of a move does
// (migration/migration.ts). Nothing may be there before, and until the end no machine starts on it.

import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { dropDocuments } from '../accounts/accounts-copy.ts'
import { putDocument, readAccounts, refuseStrangers } from '../accounts/accounts-move.ts'
import type { Elsewhere } from '../backup/restore.ts'
import type { Config } from '../config.ts'
import { appendAll } from '../log/append-all.ts'
import { openLogReader } from '../log/log.ts'
import type { LogHead, LogReader, LogRecord, LogWriter } from '../log/record.ts'
import type { Logger } from '../logger.ts'
import { moveQueue } from '../migration/queue.ts'
import { lastWhole } from '../pipeline/token.ts'
import type { LoadNote } from '../warehouse/load.ts'
import { notesBlock } from '../warehouse/moving.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { openPlaces, type Places } from './configured-log.ts'
import { openConfiguredWarehouse } from './configured-warehouse.ts'
import { startLoneEngine } from './lone-engine.ts'
import { claimedBy, claimMove, endMove } from './move-claim.ts'
import { tokenOfMove } from './move-token.ts'

/** Null where both are kept in the data directory. Throws a sentence where they cannot be put back. */
export function sharedPlaces(config: Config, logger: Logger): Elsewhere | null {
  const cannot = 'Cannot restore because'
  if (config.log === 'embedded' && config.accounts === 'embedded') return null
  if (config.log === 'embedded' || config.accounts === 'embedded')
    throw new Error(`${cannot} log and accounts must both be in the data directory, or both in NATS.`)
  if (config.shares > 1) throw new Error(`${cannot} the log must have one share: DATAPULSE_SHARES is ${config.shares}.`)
  return {
    refuseOthers: () => withPlaces(config, logger, (places, id) => refuseOthers(config, places, id)),
    move: () => withPlaces(config, logger, (places, id) => move(config, places, id, logger)),
  }
}

function withPlaces<T>(config: Config, logger: Logger, work: (places: Places, id: string) => Promise<T>): Promise<T> {
  const id = randomUUID()
  return closed(openPlaces(config, 'migrate', logger, id), places => work(places, id))
}

async function closed<T, C extends { close(): Promise<void> }>(opened: C, work: (opened: C) => Promise<T>): Promise<T> {
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}

async function withReader<T>(places: Places, work: (reader: LogReader) => Promise<T>): Promise<T> {
  return closed(await places.logReader(0, false), work)
}

async function refuseOthers(config: Config, places: Places, id: string): Promise<void> {
  await claimedBy(await places.marksBucket(), id, `Cannot restore into ${config.log}`)
  const { offset } = await withReader(places, reader => reader.head())
  if (offset > 0)
    throw new Error(
      `Cannot restore into ${config.log} because nothing may be there yet: the log has ${offset} records. Remove its streams and buckets first.`,
    )
  const documents = await places.documents()
  try {
    refuseStrangers(documents, { documents: [], uses: [] })
  } finally {
    documents.close()
  }
}

async function move(config: Config, places: Places, id: string, logger: Logger): Promise<LogHead> {
  const { dataDir } = config
  const [accountsPath, logDir] = [join(dataDir, 'accounts.db'), join(dataDir, 'log')]
  const bucket = await places.marksBucket()
  await claimMove(bucket, id)
  await moveAccounts(accountsPath, places)
  await withWarehouse(config, logger, async warehouse => {
    const note = await warehouse.moving.lastNote()
    // There is none in the backup of a server that had taken nothing yet.
    if (existsSync(logDir)) {
      await closed(await openLogReader({ dir: logDir, logger }), async log =>
        moveLog(log, note?.logId === (await log.id()) ? note.to : 0, places),
      )
    }
    // A warehouse of its own machine knows of another log by its last note: the pipeline reads this one from its beginning.
    if (note !== null && config.warehouse === 'embedded') await nameLog(warehouse, note, places, id)
  })
  await rm(logDir, { recursive: true, force: true })
  dropDocuments(accountsPath)
  await endMove(bucket, id)
  return withReader(places, reader => reader.head())
}

async function moveAccounts(path: string, places: Places): Promise<void> {
  const kept = readAccounts(path)
  const documents = await places.documents()
  try {
    for (const document of kept.documents) await putDocument(documents, document)
    await documents.noteUses(kept.uses)
  } finally {
    documents.close()
  }
}

async function withWarehouse(config: Config, logger: Logger, work: (warehouse: Warehouse) => Promise<void>) {
  const engine = config.warehouse === 'embedded' ? await startLoneEngine(config.dataDir, 'restore the log') : null
  const warehouse = openConfiguredWarehouse(config, 0, logger)
  try {
    await work(warehouse)
  } finally {
    await warehouse.close()
    await engine?.end()
  }
}

async function moveLog(log: LogReader, from: number, places: Places): Promise<void> {
  const begin = Math.max(from, (await log.oldest()).offset)
  const [writer] = (await places.logWriters(1)) as [LogWriter]
  const target = {
    logEnd: async () => ({ offset: 0, events: 0, lastRequest: null }),
    append: (_: number, records: readonly LogRecord[]) => appendAll(writer, records),
  }
  try {
    await moveQueue(
      log,
      begin,
      () => 0,
      1,
      target,
      () => {},
    )
  } finally {
    await writer.close()
  }
}

async function nameLog(warehouse: Warehouse, note: LoadNote, places: Places, id: string): Promise<void> {
  const logId = await withReader(places, reader => reader.id())
  const seq = lastWhole(note)
  // What parts of a chunk brought beside events is brought again.
  await warehouse.loading.forgetAfter({ ...note, seq })
  const token = tokenOfMove(`${id} 0`, note.totals.accepted)
  const named: LoadNote = { ...note, seq: note.seq + 1, logId, from: 0, to: 0, fingerprint: '', token }
  const { block, lines } = notesBlock([named])
  await warehouse.moving.put(block, async () => lines, `restored ${id}`, false)
}
