// Where everything stands just now, put together from what every role tells on its socket. A role that is away is
// named as such; nothing here waits for long or throws.

import type { Config } from '../config.ts'
import type { LogStatus } from '../log/record.ts'
import { askRole } from '../role-socket.ts'
import type { WarehouseStatus } from '../warehouse/asking/status.ts'
import type { StageHealth, Standing } from '../web/needs.ts'
import type { PipelineShareStatus } from './pipeline-share.ts'

type ApiTold = {
  pid: number
  port: number
  rssBytes: number
  api: {
    eventsReceived: number
    eventsAccepted: number
    eventsRejected: number
    requestsInFlight: number
    connections: number
  }
  log: LogStatus
  disk: { freeBytes: number; usedBytes: number }
  accounts: { products: number; keys: number; keysActive: number }
}
/** Of the process, where it is on this machine. */
type PipelineTold = PipelineShareStatus & { pid?: number; rssBytes?: number }
type EngineTold = { pid: number; rssBytes: number; engine: { version: string } }
type WebTold = { pid: number; rssBytes: number }

const away: StageHealth = { ready: false, why: 'does not answer' }

export async function askStanding(
  config: Config,
  askPipeline: () => Promise<PipelineTold | null>,
  warehouse: { status(): Promise<WarehouseStatus> },
): Promise<Standing> {
  const [api, pipeline, engine, web, stored] = await Promise.all([
    askRole<ApiTold>(config.dataDir, 'api', 'status'),
    askPipeline(),
    askRole<EngineTold>(config.dataDir, 'engine', 'status'),
    askRole<WebTold>(config.dataDir, 'web', 'status'),
    within(2_000, warehouse.status()),
  ])
  const totals = pipeline?.pipeline ?? null
  return {
    stages: {
      api:
        api === null
          ? away
          : {
              ready: true,
              why: null,
              ...process(api),
              host: config.host,
              port: api.port,
              ...api.api,
            },
      log: logHealth(api),
      pipeline: pipeline === null ? away : pipelineHealth(pipeline),
      warehouse: warehouseHealth(stored, engine),
      accounts: api === null ? away : { ready: true, why: null, ...api.accounts },
      web: web === null ? away : { ready: true, why: null, ...process(web) },
    },
    log: api && {
      offset: api.log.head.offset,
      events: api.log.head.events,
      oldestOffset: api.log.oldestOffset,
      bytes: api.log.bytes,
      segments: api.log.segments,
    },
    checkpoint: totals && { offset: totals.checkpointOffset, events: totals.checkpointEvents },
    lag: totals && { events: totals.lagEvents, seconds: totals.lagSeconds },
    disk: api?.disk ?? null,
    totals: totals && pick(totals),
    acceptedBefore: totals?.acceptedBefore ?? 0,
    eventsMissing: stored?.eventsMissing ?? null,
  }
}

function process({ pid, rssBytes }: { pid?: number; rssBytes?: number }) {
  return { ...(pid !== undefined && { pid }), ...(rssBytes !== undefined && { rssBytes }) }
}

function logHealth(api: ApiTold | null): StageHealth {
  if (api === null) return away
  const { refusing, damage } = api.log
  return { ready: refusing === null, why: refusing?.message ?? null, damaged: damage.length, commits: api.log.commits }
}

function pipelineHealth(told: PipelineTold): StageHealth {
  const { loads, loadMsLast, rebuilds, indexBytes } = told.pipeline
  return {
    ready: told.notReady === null,
    why: told.notReady,
    ...process(told),
    loads,
    loadMsLast,
    rebuilds,
    indexBytes,
    rolledUpTo: told.rollups.upTo,
    isMergingRollups: told.rollups.isMerging,
    rollSteps: told.rollups.steps,
    rollMsLast: told.rollups.stepMsLast,
  }
}

function warehouseHealth(stored: WarehouseStatus | null, engine: EngineTold | null): StageHealth {
  const own = engine === null ? {} : { ...process(engine), version: engine.engine.version }
  if (stored === null) return { ...away, ...own }
  return {
    ready: true,
    why: null,
    ...own,
    events: stored.events.rows,
    bytes: stored.events.bytes,
    parts: stored.events.parts,
    lastLoad: stored.lastLoad?.seq ?? 0,
  }
}

function pick({ accepted, stored, duplicate, conflict, parked, erased, rejected }: PipelineTold['pipeline']) {
  return { accepted, stored, duplicate, conflict, parked, erased, rejected }
}

async function within<T>(ms: number, asked: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), ms)
  })
  return Promise.race([asked.catch(() => null), late]).finally(() => clearTimeout(timer))
}
