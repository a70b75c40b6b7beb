// What every door of the api role is given, be it in the main thread or in a worker.

import type { RedisWindowsOptions } from '../api/redis-windows.ts'
import type { SharedWindows } from '../api/shared-admission.ts'
import type { Config } from '../config.ts'
import { withCrashPoints } from '../crash-points.ts'
import type { LogWriter } from '../log/record.ts'
import { askRole, type RoleName } from '../role-socket.ts'

type DoorLog = Pick<LogWriter, 'append' | 'status' | 'partOf'>

/** Where several api processes share the limits of keys; its library is loaded where it is wanted. */
export async function sharedWindowsIn(
  { limits: url }: Config,
  logger: RedisWindowsOptions['logger'],
): Promise<SharedWindows | null> {
  if (url === 'memory') return null
  const { openRedisWindows } = await import('../api/redis-windows.ts')
  return openRedisWindows({ url, logger })
}

/** The log with its points of death: before a record is appended, and between its sync and the reply. */
export function mortalLog(log: DoorLog, config: Config): DoorLog {
  if (config.crashAt === '') return log
  const reply = withCrashPoints('reply', { send: (done: () => void) => done() }, config)
  const door: DoorLog = {
    append: (record, done) => log.append(record, fault => reply.send(() => done(fault))),
    status: () => log.status(),
    ...(log.partOf !== undefined && { partOf: log.partOf }),
  }
  return withCrashPoints('log', door, config)
}

/** null for a part that is ready, else why it is not. */
export async function readiness(config: Config): Promise<Record<string, string | null>> {
  const others: RoleName[] = config.warehouse === 'embedded' ? ['pipeline', 'engine', 'web'] : ['pipeline', 'web']
  const found = await Promise.all(
    others.map(role => askRole<{ notReady?: string | null }>(config.dataDir, role, 'status', 300)),
  )
  return Object.fromEntries(
    others.map((role, i) => [role, found[i] === null ? 'does not answer' : (found[i]?.notReady ?? null)]),
  )
}
