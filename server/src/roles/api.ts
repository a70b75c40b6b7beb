// The api role: the public port, the log's only writer, and the keys. It loads no large library and needs no other role:
// with everything else away it goes on taking events.

import { statfsSync } from 'node:fs'
import { join } from 'node:path'
import { codes } from '@datapulse/contract'
import { openAccounts } from '../accounts/accounts.ts'
import { type Api, openApi } from '../api/api.ts'
import type { SharedWindows } from '../api/shared-admission.ts'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import { limits } from '../limits.ts'
import type { Logger } from '../logger.ts'
import { openLogWriter } from '../log/log.ts'
import type { LogWriter } from '../log/record.ts'
import { runRole } from '../role.ts'
import { askRole, type RoleName } from '../role-socket.ts'
import { openPort } from '../start-problem.ts'
import { answersOfApi, askWeb } from './answers.ts'

export function runApi(config: Config): Promise<void> {
  return runRole('api', config, async logger => {
    const now = Date.now
    const accounts = openAccounts({ path: join(config.dataDir, 'accounts.db'), now, logger })
    const log = await openLogWriter({
      dir: join(config.dataDir, 'log'),
      limits: {
        segmentBytesMax: limits.segmentBytesMax,
        segmentMsMax: limits.segmentMsMax,
        commitBytesMax: limits.commitBytesMax,
        commitRecordsMax: limits.commitRecordsMax,
        pendingBytesMax: limits.pendingBytesMax,
      },
      retentionMs: config.logRetention,
      retentionBytes: config.logRetentionBytes,
      budgetBytes: config.logBudget,
      freeBytesMin: config.diskFreeMin,
      lockWaitMs: config.stopTimeout + limits.predecessorGraceMs,
      now,
      logger,
    })
    const door: Parameters<typeof openApi>[0] = {
      accounts,
      log: mortalLog(log, config),
      host: config.host,
      port: config.port,
      now,
      logger,
      limits,
      trustedProxies: config.trustedProxies,
      windowsDir: join(config.dataDir, 'api'),
      sharedWindows: await sharedWindows(config, logger),
      readiness: () => readiness(config),
      answers: askWeb(config),
    }
    const api = await openPort(config, ['host', 'port'], () => openApi(door))
    return {
      answers: answersOfApi(api, now),
      status: () => ({
        port: api.port,
        api: apiStatus(api),
        log: logStatus(log, config),
        accounts: accounts.status(),
        disk: disk(config),
      }),
      async close() {
        await api.close()
        await log.close()
        accounts.close()
      },
    }
  })
}

/** Where several api processes share the limits of keys; its library is loaded where it is wanted. */
async function sharedWindows({ limits: url }: Config, logger: Logger): Promise<SharedWindows | null> {
  if (url === 'memory') return null
  const { openRedisWindows } = await import('../api/redis-windows.ts')
  return openRedisWindows({ url, logger })
}

/** The log with its points of death: before a record is appended, and between its sync and the reply. */
function mortalLog(log: LogWriter, config: Config): Pick<LogWriter, 'append' | 'status'> {
  if (config.crashAt === '') return log
  const reply = withCrashPoints('reply', { send: (done: () => void) => done() }, config)
  const door: Pick<LogWriter, 'append' | 'status'> = {
    append: (record, done) => log.append(record, fault => reply.send(() => done(fault))),
    status: () => log.status(),
  }
  return withCrashPoints('log', door, config)
}

/** null for a part that is ready, else why it is not. */
async function readiness(config: Config): Promise<Record<string, string | null>> {
  const others: RoleName[] = config.warehouse === 'embedded' ? ['pipeline', 'engine', 'web'] : ['pipeline', 'web']
  const found = await Promise.all(
    others.map(role => askRole<{ notReady?: string | null }>(config.dataDir, role, 'status', 300)),
  )
  return Object.fromEntries(
    others.map((role, i) => [role, found[i] === null ? 'does not answer' : (found[i]?.notReady ?? null)]),
  )
}

function apiStatus(api: Api) {
  const status = api.status()
  // Every code from the start: a counter that appears with its first number has never risen, and wakes nobody.
  const requestsByCode = { ...noRequests, ...status.requestsByCode }
  return { ...status, requestsByCode }
}

const noRequests = Object.fromEntries(Object.keys(codes).map(code => [code, 0]))

function logStatus(log: LogWriter, config: Config) {
  const status = log.status()
  const { refusing, damage } = status
  return { ...status, isRefusing: refusing !== null, damaged: damage.length, budgetBytes: config.logBudget }
}

function disk(config: Config): { freeBytes: number; usedBytes: number; freeMinBytes: number } {
  const found = statfsSync(config.dataDir)
  const freeBytes = found.bavail * found.bsize
  return { freeBytes, usedBytes: (found.blocks - found.bfree) * found.bsize, freeMinBytes: config.diskFreeMin }
}
