// With DATAPULSE_TEST_SHARED=1 the suites run against the same program on what several machines share: the log and the accounts
// in NATS, the limits in Redis. Each data directory has a NATS server of its own, which outlives the programs that use it, as
// the directory does; they all use one Redis, where keys of different servers never meet. What is started here ends with the
// process of the test.

import { startRedis } from '../../server/src/api/testing/redis-server.ts'
import { startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import { freePorts } from '../../server/src/testing/free-ports.ts'
import { natsEnvironment } from './nats-environment.ts'

export const isShared = process.env['DATAPULSE_TEST_SHARED'] === '1'

export type SharedParts = { nats: string; redis: string }

const parts = new Map<string, Promise<SharedParts>>()
let redis: Promise<string> | null = null

/** Those of one data directory. */
export function sharedPartsOf(dataDir: string): Promise<SharedParts> {
  const found = parts.get(dataDir)
  if (found !== undefined) return found
  const opened = open()
  parts.set(dataDir, opened)
  return opened
}

/** By which a server uses them. */
export async function sharedEnvironment(dataDir: string): Promise<Record<string, string>> {
  if (!isShared) return {}
  const found = await sharedPartsOf(dataDir)
  return { ...natsEnvironment(found.nats, 1), DATAPULSE_LIMITS: found.redis }
}

async function open(): Promise<SharedParts> {
  const nats = await startNats()
  nats.endWithProcess()
  redis ??= openRedis()
  return { nats: nats.url, redis: await redis }
}

async function openRedis(): Promise<string> {
  const [port = 0] = await freePorts(1)
  const child = await startRedis(port)
  child.unref()
  process.once('exit', () => child.kill('SIGKILL'))
  return `redis://127.0.0.1:${port}`
}
