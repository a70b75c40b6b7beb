// Metrics in Prometheus' format. Each role turns its own status into metrics by the table below and gives them on its
// socket; the web role adds up what the roles give and shows it at /metrics. A role that is away is missing there, and
// datapulse_role_up says so. docs/reference/metrics.md is made from the same table.

import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { askRole, type RoleName } from './role-socket.ts'

export type RoleMetrics = { collect(): Promise<unknown> }

/** A number of a role's status under a path of keys; with `label`, every entry of the object, or pair of the list, found there. */
export type Metric = {
  name: string
  kind: 'counter' | 'gauge'
  role: RoleName
  path: string
  label?: string
  help: string
}

const metric = (
  role: RoleName,
  kind: Metric['kind'],
  name: string,
  path: string,
  help: string,
  label?: string,
): Metric => ({
  name,
  kind,
  role,
  path,
  help,
  ...(label === undefined ? {} : { label }),
})

export const metrics: Metric[] = [
  metric(
    'api',
    'counter',
    'datapulse_events_received_total',
    'api.eventsReceived',
    'Events that came in since the api role started; an unreadable body counts as one.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_events_accepted_total',
    'api.eventsAccepted',
    'Of these, the events answered 200.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_events_rejected_total',
    'api.eventsRejected',
    'Of these, the events answered otherwise.',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_events_waiting',
    'api.eventsWaiting',
    'Received, and not answered yet: received = accepted + rejected + waiting.',
  ),
  metric('api', 'counter', 'datapulse_requests_accepted_total', 'api.requestsAccepted', 'Requests answered 200.'),
  metric(
    'api',
    'counter',
    'datapulse_requests_refused_total',
    'api.requestsByCode',
    'Requests answered otherwise, by error code.',
    'code',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_requests_in_flight',
    'api.requestsInFlight',
    'Requests that are being read or answered.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_request_seconds_sum',
    'api.latency.seconds',
    'Time of all answered requests together.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_request_seconds_count',
    'api.latency.count',
    'How many requests that time is of.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_request_seconds_bucket',
    'api.latency.buckets',
    'How many of them took at most so many seconds.',
    'le',
  ),
  metric('api', 'gauge', 'datapulse_connections', 'api.connections', 'Open connections of the public port.'),
  metric(
    'api',
    'counter',
    'datapulse_connections_dropped_total',
    'api.connectionsDropped',
    'Connections closed at once because there were too many.',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_limits_hold',
    'api.limitsHold',
    'Whether limits of keys hold across all api processes: 0 while the place where they are shared is away.',
  ),
  metric(
    'api',
    'counter',
    'datapulse_requests_limited_alone_total',
    'api.limitedAlone',
    'Requests whose limit this process applied by itself meanwhile.',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_body_bytes_in_flight',
    'api.bodyBytesInFlight',
    'Bytes of request bodies that are held.',
  ),
  metric('api', 'gauge', 'datapulse_log_head_offset', 'log.head.offset', 'Records in the log since it began.'),
  metric(
    'api',
    'gauge',
    'datapulse_log_events',
    'log.head.events',
    'Events in the log since it began: accepted, exactly.',
  ),
  metric('api', 'gauge', 'datapulse_log_oldest_offset', 'log.oldestOffset', 'First record that is still kept.'),
  metric('api', 'gauge', 'datapulse_log_bytes', 'log.bytes', 'Bytes of the log on disk.'),
  metric('api', 'gauge', 'datapulse_log_budget_bytes', 'log.budgetBytes', 'How large the log may grow at all.'),
  metric('api', 'gauge', 'datapulse_log_segments', 'log.segments', 'Files of the log.'),
  metric(
    'api',
    'gauge',
    'datapulse_log_damaged',
    'log.damaged',
    'Places of the log that were found broken at the last start, or lost by its servers since.',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_log_refusing',
    'log.isRefusing',
    '1 while the log takes nothing: full, or its disk fails.',
  ),
  metric('api', 'counter', 'datapulse_log_commits_total', 'log.commits', 'Commits since the api role started.'),
  metric('api', 'counter', 'datapulse_log_records_total', 'log.records', 'Records in these commits.'),
  metric(
    'api',
    'gauge',
    'datapulse_disk_free_bytes',
    'disk.freeBytes',
    'Free space on the disk of the data directory.',
  ),
  metric(
    'api',
    'gauge',
    'datapulse_disk_free_min_bytes',
    'disk.freeMinBytes',
    'Free space below which no events are taken.',
  ),
  metric('api', 'gauge', 'datapulse_keys_active', 'accounts.keysActive', 'Keys that may be used.'),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_processed',
    'pipeline.books.accepted',
    'Events that have their outcome: accepted minus in flight.',
  ),
  metric('pipeline', 'gauge', 'datapulse_events_stored', 'pipeline.books.stored', 'Events in the warehouse.'),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_duplicate',
    'pipeline.books.duplicate',
    'Events that were there before, conflicts included.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_conflict',
    'pipeline.books.conflict',
    'Duplicates that had another amount, currency or user when they came.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_parked',
    'pipeline.books.parked',
    'Events that could not be processed and are kept with the reason.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_erased',
    'pipeline.books.erased',
    'Events that were deleted, of erased users or by retention, and events of erased users that were not taken in.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_rejected_recorded',
    'pipeline.books.rejected',
    'Rejected events that are recorded in the warehouse.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_events_in_flight',
    'pipeline.books.lagEvents',
    'Accepted, and without an outcome yet.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_lag_seconds',
    'pipeline.books.lagSeconds',
    'Age of the oldest record that is not loaded.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_accounting_difference',
    'pipeline.books.difference',
    'accepted - stored - duplicate - parked - erased - in flight, in events: anything but 0 is a fault.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_checkpoint_offset',
    'pipeline.books.checkpointOffset',
    'Everything before this record is loaded.',
  ),
  metric('pipeline', 'counter', 'datapulse_loads_total', 'pipeline.loads', 'Loads since the pipeline role started.'),
  metric('pipeline', 'gauge', 'datapulse_load_seconds_last', 'pipeline.loadSecondsLast', 'Duration of the last load.'),
  metric(
    'pipeline',
    'counter',
    'datapulse_index_rebuilds_total',
    'pipeline.rebuilds',
    'How often the index of identities was rebuilt since the pipeline role started.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_index_bytes',
    'pipeline.indexBytes',
    'Bytes of the index of identities on disk.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_pipeline_running',
    'pipeline.isRunning',
    '1 while the pipeline runs; 0 while it waits, rebuilds or has failed.',
  ),
  metric(
    'pipeline',
    'gauge',
    'datapulse_shares',
    'shares.length',
    'Shares of the log that this machine works on: over all machines as many as there are.',
  ),
  metric(
    'engine',
    'counter',
    'datapulse_engine_requests_total',
    'engine.requests',
    'Statements that the warehouse engine was sent since it started.',
  ),
  metric(
    'engine',
    'gauge',
    'datapulse_engine_asks_waiting',
    'engine.ask.waiting',
    'Questions that wait for a connection of the engine.',
  ),
  metric('engine', 'counter', 'datapulse_engine_asks_failed_total', 'engine.ask.failed', 'Questions that failed.'),
  metric(
    'engine',
    'counter',
    'datapulse_engine_loads_failed_total',
    'engine.load.failed',
    'Statements of loads that failed.',
  ),
  metric('web', 'counter', 'datapulse_admin_requests_total', 'web.requests', 'Requests on the admin port.'),
  metric('web', 'counter', 'datapulse_admin_refused_total', 'web.refused', 'Of these, refused ones.'),
  metric('web', 'counter', 'datapulse_admin_faults_total', 'web.faults', 'Of these, those that failed on our side.'),
  metric('web', 'counter', 'datapulse_admin_bad_tokens_total', 'web.badTokens', 'Attempts with a wrong admin token.'),
  metric(
    'web',
    'gauge',
    'datapulse_audit_entries',
    'web.auditEntries',
    'Entries of acts that the audit log ever had: it never falls, but by a restore or by tampering.',
  ),
  metric(
    'web',
    'counter',
    'datapulse_audit_faults_total',
    'web.auditFaults',
    'Times that an act, or how it ended, could not be recorded.',
  ),
  metric(
    'web',
    'gauge',
    'datapulse_warehouse_up',
    'warehouse.isUp',
    'Whether the warehouse answered the last time it was asked how it is, which is every 15 seconds.',
  ),
  metric(
    'web',
    'gauge',
    'datapulse_events_missing',
    'warehouse.eventsMissing',
    'Events that count as stored and that the warehouse does not have: anything but 0 is a loss.',
  ),
]

/** What every role has beside the table. (Node's own start time is left out when roles are added up.) */
export const roleUp = { name: 'datapulse_role_up', help: 'Whether this role answers; 0 when it does not.' }
export const roleStarted = {
  name: 'datapulse_role_started_seconds',
  help: 'When the process of this role started, as Unix time: it changes with each restart.',
}

/** Node's own process metrics and this role's part of the table, labelled with the role. */
export function openRoleMetrics(role: RoleName, status: () => Record<string, unknown>): RoleMetrics {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: roleStarted.name, help: roleStarted.help, registers: [registry] }).set(Date.now() / 1000)
  const set = metrics.filter(one => one.role === role).map(one => ({ one, show: shower(one, registry) }))
  return {
    collect() {
      const found = status()
      for (const { one, show } of set) show(at(found, one.path))
      return registry.getMetricsAsJSON()
    },
  }
}

/** What all roles of this installation give, as text; asked anew each time. */
export async function collectMetrics(dataDir: string, roles: readonly RoleName[]): Promise<string> {
  const given = await Promise.all(roles.map(role => askRole<object[]>(dataDir, role, 'metrics')))
  const up = {
    ...roleUp,
    type: 'gauge',
    aggregator: 'sum',
    values: roles.map((role, i) => ({ labels: { role }, value: given[i] === null ? 0 : 1 })),
  }
  const aggregate = AggregatorRegistry.aggregate as unknown as (all: object[][]) => Registry
  return aggregate([[up], ...given.filter(metric => metric !== null)]).metrics()
}

function shower(one: Metric, registry: Registry): (found: unknown) => void {
  const made = {
    name: one.name,
    help: one.help,
    registers: [registry],
    labelNames: one.label === undefined ? [] : [one.label],
  }
  const shown = one.kind === 'counter' ? new Counter(made) : new Gauge(made)
  const put = (labels: Record<string, string>, value: unknown) => {
    if (typeof value === 'number' || typeof value === 'boolean') shown.inc(labels, Number(value))
  }
  return found => {
    shown.reset()
    if (one.label === undefined) {
      shown.remove({})
      put({}, found)
    } else for (const [name, value] of pairsOf(found)) put({ [one.label]: name }, value)
  }
}

function pairsOf(found: unknown): [string, unknown][] {
  return Array.isArray(found) ? (found as [string, unknown][]) : Object.entries(found ?? {})
}

function at(status: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((found, key) => (found as Record<string, unknown> | undefined | null)?.[key], status)
}
