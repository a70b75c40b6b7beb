// The door of the warehouse: ClickHouse, embedded behind a unix socket (engine/engine.ts) or a server by URL, the same
// statements either way. It takes loads from the pipeline, each once whatever crashes (loading.ts), and answers
// questions (asking/). Opening it sends nothing: the first thing asked brings the warehouse to this version, and a
// warehouse that is away is a fault of that one call, not of the program.

import type { ConnectionOptions } from './connection.ts'
import { connect } from './connection.ts'
import {
  type CountBy,
  type CountByDefault,
  type CountQuestion,
  type CountRow,
  countEvents,
} from './asking/count-events.ts'
import {
  countRejected,
  type RejectedBy,
  type RejectedByDefault,
  type RejectedCount,
  type RejectedQuestion,
} from './asking/count-rejected.ts'
import { readDiagnostics } from './asking/diagnostics.ts'
import { readKeyUsage, trimKeyUsage } from './asking/key-usage.ts'
import type { StoredEvent } from './asking/event-columns.ts'
import { type DuplicatesQuestion, listDuplicates, type StoredDuplicate } from './asking/list-duplicates.ts'
import { type EventsQuestion, listEvents, type Page } from './asking/list-events.ts'
import { type NewEvents, newEvents, type NewEventsQuestion } from './asking/new-events.ts'
import { listParked, type ParkedQuestion, type StoredParked } from './asking/list-parked.ts'
import { type Receipts, type ReceiptsQuestion, readReceipts } from './asking/receipts.ts'
import {
  groupRejections,
  type Kept,
  listRejections,
  readKept,
  type Rejection,
  type RejectionGroup,
  type RejectionsQuestion,
  type TrimLimits,
  trimRejections,
} from './asking/rejections.ts'
import { type Reconciliation, type ReconciliationQuestion, readReconciliation } from './asking/reconciliation.ts'
import {
  type FunnelQuestion,
  type FunnelRow,
  type LateQuestion,
  type LateRow,
  readFunnel,
  readLate,
} from './asking/report-more.ts'
import { type LateEffect, readLateEffects } from './asking/late-effects.ts'
import { type ReportQuestion, type ReportRow, readReport } from './asking/report.ts'
import { readRolledFunnel, readRolledLate, readRolledReport } from './asking/rolled-report.ts'
import type { DiagnosticsFound, DiagnosticsQuestion } from '../steps/diagnostics.ts'
import type { KeyUsageBucket, KeyUsageQuestion } from '../steps/key-usage.ts'
import type { MonthRates } from '../steps/rates-file.ts'
import { type WarehouseStatus, warehouseStatus } from './asking/status.ts'
import { erasingOver } from './erasing.ts'
import { faultOf } from './fault.ts'
import type {
  ErasingWarehouse,
  LoadingWarehouse,
  MovingWarehouse,
  RebuildingWarehouse,
  ResolvingWarehouse,
  RollingWarehouse,
} from './load.ts'
import { loadingOver } from './loading.ts'
import { migrate } from './migrations.ts'
import { movingOver } from './moving.ts'
import { rebuildingOver } from './rebuilding.ts'
import { resolvingOver } from './resolving.ts'
import { rollingOver } from './rollups.ts'
import { type EmptyWarehouse, emptyWarehouseOver, type Snapshot, snapshotOver } from './snapshot.ts'
import { importRates, listRates, type RatesMonth, readRates } from './rates.ts'

export type WarehouseOptions = Omit<ConnectionOptions, 'database'> & {
  /** `[A-Za-z_][A-Za-z0-9_]*`; `datapulse` by default. */
  database?: string
  /** Unix milliseconds. */
  now: () => number
}

export type Warehouse = {
  loading: LoadingWarehouse
  rebuilding: RebuildingWarehouse
  erasing: ErasingWarehouse
  resolving: ResolvingWarehouse
  rolling: RollingWarehouse
  snapshot: Snapshot
  /** What an engine without our database can be asked: alone nothing of this brings it to this version. */
  empty: EmptyWarehouse
  /** Out of this one, or into it once it is `ready`: nothing of this brings it to this version. */
  moving: MovingWarehouse
  /** Brings the warehouse to this version; everything else does so by itself. */
  ready(): Promise<void>
  /** Whether it can be reached just now. */
  ping(): Promise<boolean>
  listEvents(question: EventsQuestion): Promise<Page<StoredEvent>>
  newEvents(question: NewEventsQuestion): Promise<NewEvents>
  listDuplicates(question: DuplicatesQuestion): Promise<Page<StoredDuplicate>>
  listParked(question: ParkedQuestion): Promise<Page<StoredParked>>
  countEvents<By extends CountBy = CountByDefault>(question: CountQuestion<By>): Promise<CountRow<By>[]>
  countRejected<By extends RejectedBy = RejectedByDefault>(question: RejectedQuestion<By>): Promise<RejectedCount<By>[]>
  readFunnel(question: FunnelQuestion): Promise<FunnelRow[]>
  readLate(question: LateQuestion): Promise<LateRow[]>
  readReport(question: ReportQuestion): Promise<ReportRow[]>
  /** The same from the rollups of a build; null when they cannot answer it. */
  readRolledReport(build: string, question: ReportQuestion): Promise<ReportRow[] | null>
  readRolledFunnel(build: string, question: FunnelQuestion): Promise<FunnelRow[] | null>
  readRolledLate(build: string, question: LateQuestion): Promise<LateRow[] | null>
  /** `build`, here and below: of the rollups that are up to date; without it, from the events alone. */
  readLateEffects(question: LateQuestion, build?: string | null): Promise<LateEffect[]>
  readReconciliation(question: ReconciliationQuestion, build?: string | null): Promise<Reconciliation>
  listRejections(question: RejectionsQuestion & { limit: number; cursor?: string }): Promise<Page<Rejection>>
  groupRejections(question: RejectionsQuestion & { limit: number }): Promise<RejectionGroup[]>
  readKept(request: string, position?: number): Promise<Kept[]>
  trimRejections(limits: TrimLimits): Promise<number>
  importRates(rates: MonthRates): Promise<void>
  listRates(): Promise<RatesMonth[]>
  readRates(month: string): Promise<MonthRates['rates']>
  readReceipts(question: ReceiptsQuestion): Promise<Receipts>
  readDiagnostics(question: DiagnosticsQuestion): Promise<DiagnosticsFound>
  readKeyUsage(question: KeyUsageQuestion): Promise<KeyUsageBucket[]>
  /** `days`: before today, that are kept. */
  trimKeyUsage(days: number): Promise<void>
  status(): Promise<WarehouseStatus>
  close(): Promise<void>
}

/** Opens a warehouse. Throws only when what it is given makes no sense. */
export function openWarehouse(options: WarehouseOptions): Warehouse {
  const database = options.database ?? 'datapulse'
  if (!/^[A-Za-z_]\w{0,62}$/.test(database))
    throw new Error(`Cannot open the warehouse because its database must be a plain name: got ${database}`)
  const connection = connect({ ...options, database })
  let readying: Promise<void> | null = null
  const ready = (): Promise<void> => {
    readying ??= migrate(connection, options.now()).catch(error => {
      readying = null
      throw faultOf(error)
    })
    return readying
  }
  /** A directory wiped while we run has no tables: the next call makes them again. */
  const ask = async <T>(question: () => Promise<T>): Promise<T> => {
    await ready()
    try {
      return await question()
    } catch (error) {
      const fault = faultOf(error)
      if (fault.code === 'WAREHOUSE_EMPTY') readying = null
      throw fault
    }
  }
  return {
    loading: loadingOver(connection, ask),
    rebuilding: rebuildingOver(connection, ask),
    erasing: erasingOver(connection, ask),
    resolving: resolvingOver(connection, ask),
    rolling: rollingOver(connection, ask, options.now),
    snapshot: snapshotOver(connection, ask),
    empty: emptyWarehouseOver(connection),
    moving: movingOver(connection),
    ready,
    ping: () => connection.ping(),
    listEvents: question => ask(() => listEvents(connection, question)),
    newEvents: question => ask(() => newEvents(connection, question)),
    listDuplicates: question => ask(() => listDuplicates(connection, question)),
    listParked: question => ask(() => listParked(connection, question)),
    countEvents: question => ask(() => countEvents(connection, question)),
    countRejected: question => ask(() => countRejected(connection, question)),
    readFunnel: question => ask(() => readFunnel(connection, question)),
    readLate: question => ask(() => readLate(connection, question)),
    readLateEffects: (question, build) => ask(() => readLateEffects(connection, question, build)),
    readReport: question => ask(() => readReport(connection, question)),
    readRolledReport: (build, question) => ask(() => readRolledReport(connection, build, question)),
    readRolledFunnel: (build, question) => ask(() => readRolledFunnel(connection, build, question)),
    readRolledLate: (build, question) => ask(() => readRolledLate(connection, build, question)),
    readReconciliation: (question, build) => ask(() => readReconciliation(connection, question, build)),
    listRejections: question => ask(() => listRejections(connection, question)),
    groupRejections: question => ask(() => groupRejections(connection, question)),
    readKept: (request, position) => ask(() => readKept(connection, request, position)),
    trimRejections: limits => ask(() => trimRejections(connection, limits, options.now())),
    importRates: rates => ask(() => importRates(connection, rates, options.now())),
    listRates: () => ask(() => listRates(connection)),
    readRates: month => ask(() => readRates(connection, month)),
    readReceipts: question => ask(() => readReceipts(connection, question)),
    readDiagnostics: question => ask(() => readDiagnostics(connection, question)),
    readKeyUsage: question => ask(() => readKeyUsage(connection, question)),
    trimKeyUsage: days => ask(() => trimKeyUsage(connection, days, options.now())),
    status: () => ask(() => warehouseStatus(connection)),
    close: () => connection.close(),
  }
}
