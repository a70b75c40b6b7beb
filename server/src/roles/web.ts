// The web role: the admin port. It holds nothing of its own: keys and products come from accounts, answers about events
// from the warehouse, health and metrics from what every role tells on its socket.

import { join } from 'node:path'
import { limits as wire } from '@datapulse/contract'
import type { Accounts } from '../accounts/accounts.ts'
import { type AuditLog, openAuditLog } from '../accounts/audit-log.ts'
import { listUnknownKeys } from '../api/unknown-keys.ts'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { limits } from '../limits.ts'
import { collectMetrics } from '../metrics.ts'
import { runRole } from '../role.ts'
import { rolesOf } from '../role-socket.ts'
import { openPort } from '../start-problem.ts'
import { rejectedPosition } from '../steps/rejection.ts'
import { readRatesFile } from '../steps/rates-file.ts'
import type { ReconciliationRow } from '../warehouse/asking/reconciliation.ts'
import type { AllShares } from '../warehouse/all-shares.ts'
import type { Warehouse } from '../warehouse/warehouse.ts'
import { readOrMakeAdminToken } from '../web/admin-token.ts'
import type { CountRow, CountsQuestion, DuplicatesQuestion, Page, RejectionShown } from '../web/needs.ts'
import { openWeb, type WebOptions } from '../web/web.ts'
import {
  answersOfWeb,
  askBackup,
  askBackups,
  askPipelineStatus,
  askReplay,
  askRollups,
  type Reconcile,
  type ReplayHead,
} from './answers.ts'
import { openPlaces } from './configured-log.ts'
import { openDerive } from './configured-steps.ts'
import { gathered } from './gathered.ts'
import type { PipelineShareStatus } from './pipeline-share.ts'
import type { AskPipeline } from './remote-questions.ts'
import { type ReplayReport, replay } from './replay.ts'
import { showFound } from './shown-receipts.ts'
import { askStanding } from './standing.ts'
import { tryRequest } from './trying.ts'
import { openSystem } from './system.ts'
import { watchWarehouse } from './warehouse-watch.ts'
import { openWebShares, type WebShares } from './web-shares.ts'

export function runWeb(config: Config): Promise<void> {
  return runRole('web', config, async logger => {
    const derive = await openDerive(config)
    const path = join(config.dataDir, 'accounts.db')
    const places = openPlaces(config, 'web', logger)
    const accounts = await places.accounts()
    const audit = openAuditLog({ path, now: Date.now })
    const shares = await openWebShares(config, places, logger)
    const { warehouse, readReceipts } = shares
    const token = config.adminToken || (await ownAdminToken(config, audit))
    const port: WebOptions = {
      host: config.adminHost,
      port: config.adminPort,
      hostNames: config.adminNames,
      token,
      needs: {
        accounts: withCrashPoints('accounts', accounts, config),
        access: accounts,
        audit,
        listEvents: warehouse.listEvents,
        newEvents: warehouse.newEvents,
        countEvents: question => countEvents(warehouse, question),
        listDuplicates: question => listDuplicates(warehouse, question),
        listParked: warehouse.listParked,
        readReport: rolledOr(shares, own => [own.readRolledReport, own.readReport]),
        readFunnel: rolledOr(shares, own => [own.readRolledFunnel, own.readFunnel]),
        readLate: rolledOr(shares, own => [own.readRolledLate, own.readLate]),
        readLateEffects: async question => {
          const own = shares.of(question.product)
          return own.warehouse.readLateEffects(question, await rollupsFor(own.ask, question))
        },
        listRejections: warehouse.listRejections,
        groupRejections: warehouse.groupRejections,
        readRejection: request => readRejection(warehouse, request),
        replay: async wish => {
          const send = (head: ReplayHead, batch: Uint8Array) => askReplay(config, head, batch)
          const report = await replay({ readKept: warehouse.readKept, send, derive, now: Date.now }, wish)
          return report !== null && typeof report === 'object' ? showReplay(report) : report
        },
        tryRequest: wish => tryRequest(config, wish),
        resolveConflict: shares.resolve,
        startReprocess: shares.reprocess,
        readReprocess: async () => {
          const told = await shares.pipelineStatus()
          return told === null || told.pipeline.reprocess === 'unknown' ? 'away' : told.pipeline.reprocess
        },
        // Where there are several, a backup is refused by the first.
        startBackup: wish => askBackup(shares.first.ask, 'backup', wish),
        checkBackup: wish => askBackup(shares.first.ask, 'backup-check', wish),
        listBackups: async () => (await askBackups(shares.first.ask)) ?? 'away',
        readBackup: async () => {
          const told = await askPipelineStatus<PipelineShareStatus>(shares.first.ask)
          return told === null ? 'away' : told.backup
        },
        importRates: async file => {
          const read = readRatesFile(file)
          if (!read.ok) return read
          await warehouse.importRates(read.rates)
          return { ok: true, month: read.rates.month, currencies: read.rates.rates.length }
        },
        listRates: () => warehouse.listRates(),
        readRates: month => warehouse.readRates(month),
        receipts: async question => {
          const receipts = await readReceipts(question)
          return receipts && showFound(question, receipts)
        },
        countRejected: warehouse.countRejected,
        readDiagnostics: question => shares.of(question.product).warehouse.readDiagnostics(question),
        readKeyUsage: question => shares.of(question.product).warehouse.readKeyUsage(question),
        listUnknownKeys: async ({ sinceMs, untilMs }) => {
          try {
            return listUnknownKeys(join(config.dataDir, 'api'), sinceMs, untilMs, limits.diagnosticsRowsMax)
          } catch (fault) {
            logger.warn({ fault: String(fault) }, 'the list of unknown keys cannot be read')
            return null
          }
        },
        // The first page asks for it twice at once, by itself and for the diagnostics.
        standing: gathered(5, () => askStanding(config, shares.pipelineStatus, warehouse)),
        system: openSystem(config, shares),
        metrics: () => collectMetrics(config.dataDir, rolesOf(config)),
      },
      now: Date.now,
      logger,
    }
    const web = await openPort(config, ['adminHost', 'adminPort'], () => openWeb(port))
    const watch = watchWarehouse(warehouse, limits.warehouseAskMs)
    return {
      status: () => ({ port: web.port, web: web.status(), warehouse: watch.status() }),
      answers: answersOfWeb(derive, readReceipts, reconcileWith(shares, accounts)),
      async close() {
        watch.close()
        await web.close()
        await shares.close()
        accounts.close()
        await places.close()
        audit.close()
      },
    }
  })
}

/** From the rollups where they are up to date and can answer, else from the events: the same, and slower. */
function rolledOr<Question extends { product: string; receivedBeforeMs?: number }, Row>(
  shares: WebShares,
  readersOf: (warehouse: Warehouse) => [Rolled<Question, Row>, Plain<Question, Row>],
): Plain<Question, Row> {
  return async question => {
    const { warehouse, ask } = shares.of(question.product)
    const [rolled, plain] = readersOf(warehouse)
    const build = await rollupsFor(ask, question)
    return (build === null ? null : await rolled(build, question)) ?? plain(question)
  }
}

type Plain<Question, Row> = (question: Question) => Promise<Row[]>
type Rolled<Question, Row> = (build: string, question: Question) => Promise<Row[] | null>

/** They are there for whatever is asked of all that was received. */
function rollupsFor(ask: AskPipeline, { receivedBeforeMs }: { receivedBeforeMs?: number }): Promise<string | null> {
  return receivedBeforeMs === undefined ? askRollups(ask) : Promise.resolve(null)
}

/** The one in the data directory; that it was made is recorded. */
async function ownAdminToken(config: Config, audit: AuditLog): Promise<string> {
  const { token, made } = await readOrMakeAdminToken(join(config.dataDir, 'admin-token'))
  if (made) audit.note('acts', { act: 'admin-token.make', way: 'local', actor: 'datapulse serve', outcome: 'done' })
  return token
}

/** The sum of a group is told by the word of the wire. */
async function countEvents(warehouse: AllShares, { by, ...question }: CountsQuestion): Promise<CountRow[]> {
  const rows = await warehouse.countEvents(by === undefined ? question : { ...question, by: [...by] })
  return rows.map(({ sum, amounts: _amounts, ...row }) => ({ ...row, amount: sum }))
}

/** A duplicate beside what stands, flat: `first_amount` and so on are what the first one had. */
async function listDuplicates(warehouse: AllShares, question: DuplicatesQuestion): Promise<Page> {
  const { rows, cursor } = await warehouse.listDuplicates(question)
  const flat = rows.map(({ first, resolution, ...row }) => ({
    ...row,
    first_client_user_id: first?.client_user_id ?? null,
    first_amount: first?.amount ?? null,
    first_currency: first?.currency ?? null,
    first_received_at: first?.received_at ?? null,
    resolved: resolution?.stands ?? null,
    resolved_at: resolution?.decided_at ?? null,
    resolved_reason: resolution?.reason ?? null,
  }))
  return { rows: flat, cursor }
}

async function readRejection(warehouse: AllShares, request: string): Promise<RejectionShown | null> {
  const [kept] = await warehouse.readKept(request, rejectedPosition)
  const { rows } = await warehouse.listRejections({ request, limit: 1 })
  if (kept?.head == null || rows[0] === undefined) return null
  const { violations, refused } = kept.head
  return { ...rows[0], idempotency_key: kept.idempotencyKey, refused, violations, exact: kept.exact, raw: kept.raw }
}

function showReplay(report: ReplayReport): object {
  const { replayOf, product, dryRun, events, accepted, errors, erased, withoutId, requestIds } = report
  return {
    replay_of: replayOf,
    product,
    dry_run: dryRun,
    events,
    accepted,
    rejected: errors.length,
    errors: errors.slice(0, wire.violationsPartialMax),
    erased,
    without_id: withoutId,
    request_id: requestIds[0] ?? null,
    request_ids: requestIds,
  }
}

function reconcileWith(shares: WebShares, accounts: Accounts): Reconcile {
  return async question => {
    const { product, mode, from, to, by } = question
    const { warehouse, ask } = shares.of(product)
    const keys = accounts.listKeys(product).flatMap(key => (key.mode === mode ? [key.id] : []))
    const { rows, parked, rejected } = await warehouse.readReconciliation({ ...question, keys }, await askRollups(ask))
    return { product, mode, from, to, by, rows: rows.map(toldRow), parked, rejected }
  }
}

/** What has no currency has none. */
function toldRow(row: ReconciliationRow): object {
  return { ...row, currency: row.currency || null }
}
