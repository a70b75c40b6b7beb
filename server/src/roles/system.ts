// How the installation is as a system, put together from what every role and the supervisor tell on their sockets, what the
// warehouse and the log answer, and what the machine says. Who is away is named as such; nothing here waits for long or throws.

import { statfsSync, statSync } from 'node:fs'
import { availableParallelism, hostname, totalmem } from 'node:os'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import type { Config } from '../config.ts'
import { type DirectorySizes, openDirectorySizes } from '../directory-sizes.ts'
import { limits } from '../limits.ts'
import type { LogStatus } from '../log/record.ts'
import { segmentFormat } from '../log/sqlite-store.ts'
import { indexFormat } from '../pipeline/index/level-index.ts'
import { askRole, type RoleName, rolesOf } from '../role-socket.ts'
import type { SiteStatus } from '../site/site.ts'
import type { SupervisorTold } from '../supervisor.ts'
import type { WarehouseStatus } from '../warehouse/asking/status.ts'
import { warehouseVersion } from '../warehouse/migrations.ts'
import type { Part, SystemFound } from '../web/system-found.ts'
import type { PipelineShareStatus } from './pipeline-share.ts'
import type { WebShares } from './web-shares.ts'

type Told = { pid: number; startedMs: number; rssBytes: number; notReady?: string | null; standsBy?: boolean }
type ApiTold = Told & { api: { limitsHold: boolean }; log: LogStatus; site: SiteStatus | null }
type WebTold = Told & { web: { auditFaults: number } }

export function openSystem(config: Config, shares: WebShares): () => Promise<SystemFound> {
  const sizes = openDirectorySizes({ dir: config.dataDir, kindOf, now: Date.now, everyMs: limits.sizesCountMs })
  let last: { asked: Promise<SystemFound>; atMs: number } | null = null
  // However many look, the parts are asked once in a while.
  return () => {
    if (last === null || performance.now() - last.atMs >= limits.systemEveryMs)
      last = { asked: askSystem(config, shares, sizes), atMs: performance.now() }
    return last.asked
  }
}

async function askSystem(config: Config, shares: WebShares, sizes: DirectorySizes): Promise<SystemFound> {
  const { dataDir } = config
  const within = <T>(asked: Promise<T>) => inTime(limits.systemAskMs, asked)
  const [supervisor, engine, api, pipeline, web, pipelines, stored, times] = await Promise.all([
    askRole<SupervisorTold>(dataDir, 'supervisor', 'status'),
    askRole<Told>(dataDir, 'engine', 'status'),
    askRole<ApiTold>(dataDir, 'api', 'status'),
    askRole<Told>(dataDir, 'pipeline', 'status'),
    askRole<WebTold>(dataDir, 'web', 'status'),
    within(shares.pipelineStatuses()),
    within(shares.warehouse.status()),
    within(shares.logTimes()),
  ])
  const told = { engine, api, pipeline, web }
  const statuses = pipelines ?? []
  return {
    parts: [
      ...supervisorPart(supervisor),
      ...rolesOf(config).map(role => partOf(role, told[role], supervisor)),
      ...sitePart(api),
    ],
    settings: settingsOf(config),
    log: logOf(api, times),
    reader: readerOf(statuses),
    warehouse: warehouseOf(stored),
    rollups: rollupsOf(statuses, stored),
    index: indexOf(statuses),
    shares: config.shares > 1 ? Array.from({ length: config.shares }, (_, share) => shareOf(share, statuses)) : [],
    ...diskOf(config, sizes),
    memory: memoryOf(),
    machine: { name: hostname(), cores: availableParallelism() },
    versions: {
      server: manifest.version,
      node: process.versions.node,
      engine: stored?.engine ?? null,
      warehouse: warehouseVersion,
      log: config.log === 'embedded' ? segmentFormat : null,
      index: indexFormat,
    },
    limitsHold: api?.api.limitsHold ?? null,
    auditFaults: web?.web.auditFaults ?? null,
  }
}

/** Where each role is started by itself there is none. */
function supervisorPart(told: SupervisorTold | null): Part[] {
  if (told === null) return []
  const { pid, startedMs, rssBytes } = told
  const own = { name: 'supervisor', state: 'ready', why: null, ends: 0, lastEnd: null } as const
  return [{ ...own, sinceMs: startedMs, pid, memoryBytes: rssBytes }]
}

function partOf(name: RoleName, told: Told | null, supervisor: SupervisorTold | null): Part {
  const known = supervisor?.parts.find(({ role }) => role === name)
  const ends = { ends: known?.ends ?? 0, lastEnd: known?.lastEnd ?? null }
  if (told === null) {
    const starting = known !== undefined && !known.isReady
    const why = starting ? 'it ended, and is started again' : 'does not answer'
    const state = starting ? 'starting' : 'away'
    const sinceMs = starting ? (ends.lastEnd?.atMs ?? null) : null
    return { name, state, why, sinceMs, pid: known?.pid ?? null, memoryBytes: null, ...ends }
  }
  const { pid, startedMs: sinceMs, rssBytes: memoryBytes, notReady = null, standsBy } = told
  const state = notReady !== null ? 'not_ready' : standsBy === true ? 'resting' : 'ready'
  return { name, state, why: notReady, sinceMs, pid, memoryBytes, ...ends }
}

/** The process that makes the site ends when it has; where there are several threads nobody knows of each. */
function sitePart(api: ApiTold | null): Part[] {
  if (api?.site == null) return []
  const { state, sinceMs } = api.site
  const states = { resting: 'resting', making: 'starting', made: 'ready', failed: 'not_ready' } as const
  const why = state === 'failed' ? 'its pages could not be made: the next who asks has it tried again' : null
  return [{ name: 'site', state: states[state], why, sinceMs, pid: null, memoryBytes: null, ends: 0, lastEnd: null }]
}

function settingsOf(config: Config): SystemFound['settings'] {
  return {
    log: config.log === 'embedded' ? 'embedded' : 'nats',
    accounts: config.accounts === 'embedded' ? 'embedded' : 'nats',
    warehouse: config.warehouse === 'embedded' ? 'embedded' : 'server',
    limits: config.limits === 'memory' ? 'memory' : 'redis',
    backup: config.shares > 1 ? 'elsewhere' : 'here',
    dataDir: config.dataDir,
    logRetentionMs: config.logRetention,
    logRetentionBytes: config.logRetentionBytes,
    logBudgetBytes: config.logBudget,
    diskFreeMinBytes: config.diskFreeMin,
  }
}

function logOf(api: ApiTold | null, times: Awaited<ReturnType<WebShares['logTimes']>> | null): SystemFound['log'] {
  if (api === null) return null
  const { head, oldestOffset, bytes, segments, commitMsLast, damage, refusing, weaker } = api.log
  return {
    ...{ offset: head.offset, events: head.events, oldestOffset, bytes, segments, commitMsLast, damage },
    refusing: refusing?.message ?? null,
    sharesRefusing: api.log.partsRefusing ?? 0,
    weaker: weaker ?? null,
    oldestMs: times?.oldestMs ?? null,
    newestMs: times?.newestMs ?? null,
  }
}

type Statuses = readonly (PipelineShareStatus | null)[]

/** Of all shares together; null while one of them cannot be asked, or has not found its place yet. */
function readerOf(statuses: Statuses): SystemFound['reader'] {
  const found = statuses.filter(status => status !== null && status.pipeline.logId !== '')
  if (found.length === 0 || found.length < statuses.length) return null
  const reader = { offset: 0, events: 0, lagEvents: 0, lagSeconds: 0 }
  for (const { pipeline } of found as PipelineShareStatus[]) {
    reader.offset += pipeline.checkpointOffset
    reader.events += pipeline.checkpointEvents
    reader.lagEvents += pipeline.lagEvents
    reader.lagSeconds = Math.max(reader.lagSeconds, pipeline.lagSeconds)
  }
  return reader
}

function warehouseOf(stored: WarehouseStatus | null): SystemFound['warehouse'] {
  if (stored === null) return null
  const { rows: events, bytes, parts } = stored.events
  const lastLoad = stored.lastLoad && { seq: stored.lastLoad.seq, loadedMs: stored.lastLoad.loadedMs }
  return { events, bytes, parts, lastLoad }
}

function rollupsOf(statuses: Statuses, stored: WarehouseStatus | null): SystemFound['rollups'] {
  const found = statuses.filter(status => status !== null)
  const [only] = found
  if (only === undefined || found.length < statuses.length) return null
  const times = found.map(({ rollups }) => rollups.upToDateMs)
  const known = times.filter(time => time !== null)
  return {
    behindLoads:
      found.length > 1 || stored === null ? null : Math.max(0, (stored.lastLoad?.seq ?? 0) - only.rollups.upTo),
    upToDateMs: known.length < times.length ? null : Math.min(...known),
  }
}

function indexOf(statuses: Statuses): SystemFound['index'] {
  const found = statuses.filter(status => status !== null)
  if (found.length === 0 || found.length < statuses.length) return null
  const sum = (of: (status: PipelineShareStatus['pipeline']) => number) =>
    found.reduce((total, { pipeline }) => total + of(pipeline), 0)
  return { bytes: sum(status => status.indexBytes), rebuilds: sum(status => status.rebuilds) }
}

function shareOf(share: number, statuses: Statuses): SystemFound['shares'][number] {
  const status = statuses[share] ?? null
  if (status === null)
    return { share, machine: null, ready: false, why: 'nobody answers for it', lagEvents: null, lagSeconds: null }
  const { machine, notReady: why, pipeline } = status
  return { share, machine, ready: why === null, why, lagEvents: pipeline.lagEvents, lagSeconds: pipeline.lagSeconds }
}

const kinds = ['log', 'warehouse', 'index'] as const

function kindOf(name: string): string {
  if (name === 'log' || name === 'warehouse' || name === 'index') return name
  if (name === 'shares') return 'index'
  return name.startsWith('accounts.db') ? 'accounts' : 'rest'
}

/** One for each disk on which something of the data directory lies. */
function diskOf({ dataDir }: Config, sizes: DirectorySizes): Pick<SystemFound, 'disks' | 'directories'> {
  const byDevice = new Map<number, SystemFound['disks'][number]>()
  for (const [kind, path] of [['data', dataDir], ...kinds.map(name => [name, join(dataDir, name)])] as const) {
    const found = statSync(path!, { throwIfNoEntry: false })
    if (found === undefined) continue
    const { blocks, bavail, bsize } = statfsSync(path!)
    const disk = byDevice.get(found.dev) ?? { kinds: [], totalBytes: blocks * bsize, freeBytes: bavail * bsize }
    disk.kinds.push(kind!)
    byDevice.set(found.dev, disk)
  }
  return { disks: [...byDevice.values()], directories: sizes.read() }
}

/** What this process may use at most, where something holds it to less than the machine has. */
function memoryOf(): SystemFound['memory'] {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return {
    totalBytes: constrained > 0 && constrained < total ? constrained : total,
    availableBytes: process.availableMemory(),
  }
}

async function inTime<T>(ms: number, asked: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms)
  })
  return Promise.race([asked.catch(() => null), late]).finally(() => clearTimeout(timer))
}
