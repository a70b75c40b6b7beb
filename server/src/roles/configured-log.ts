// The log and the accounts that the configuration names, for the roles that use them: in the data directory, or in NATS,
// whose library is loaded only then. A role has one connection to NATS for both.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { KV } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { type Accounts, openAccounts, openSharedAccounts } from '../accounts/accounts.ts'
import type { NatsDocuments } from '../accounts/nats-documents.ts'
import type { Config } from '../config.ts'
import { limits } from '../limits.ts'
import { type LogLogger, openLogReader, openLogWriter } from '../log/log.ts'
import type { LogStream } from '../log/nats/stream.ts'
import type { LogReader, LogWriter } from '../log/record.ts'
import type { RoleName } from '../role-socket.ts'
import { StartProblem } from '../start-problem.ts'
import { type AskPipeline, askOverNats, askOverSocket } from './remote-questions.ts'

export type Places = {
  accounts(): Promise<Accounts>
  /** The documents of accounts in NATS, for who copies or moves them. */
  documents(): Promise<NatsDocuments>
  /** Of every share. With one lane, all is there in the order in which it was appended. */
  logWriters(lanes?: number): Promise<LogWriter[]>
  /** `letsGo`: of what is processed and old. */
  logReader(share: number, letsGo: boolean): Promise<LogReader>
  /** The request that a share's log in NATS ends with; null without any. */
  lastRequest(share: number): Promise<string | null>
  /** What a share's log in NATS holds. */
  logBytes(share: number): Promise<number>
  /** Of the servers of NATS, where they are used. */
  connection(): Promise<NatsConnection>
  /** Where it is noted who has which share. */
  marksBucket(): Promise<KV>
  /** Of the pipeline that has a share. */
  askPipeline(share: number): Promise<AskPipeline>
  close(): Promise<void>
}

/** `mover`: of a move that is carried out by who opens them; nobody else may while it is under way. */
export function openPlaces(
  config: Config,
  role: RoleName | 'migrate',
  logger: LogLogger,
  mover: string | null = null,
): Places {
  const now = Date.now
  let connecting: Promise<NatsConnection> | null = null
  const connected = () => (connecting ??= connectTo(config, role, logger))
  const { shares, natsReplicas: replicas } = config
  const streams = new Map<number, Promise<LogStream>>()
  const openShare = async (share: number): Promise<LogStream> => {
    const { openStream } = await import('../log/nats/stream.ts')
    const { holdToShares } = await import('./fixed-shares.ts')
    const { refuseWhileMoved } = await import('./move-claim.ts')
    const connection = await connected()
    const allow = async (bucket: KV) => {
      await holdToShares(bucket, shares)
      await refuseWhileMoved(bucket, mover)
    }
    const wish = { share, replicas, budgetBytes: Math.floor(config.logBudget / shares), allow }
    return patiently(() => openStream(connection, wish), logger)
  }
  const stream = (share: number): Promise<LogStream> => {
    const found = streams.get(share) ?? openShare(share)
    streams.set(share, found)
    return found
  }
  return {
    async accounts() {
      if (config.accounts === 'embedded')
        return openAccounts({ path: join(config.dataDir, 'accounts.db'), now, logger })
      const connection = await connected()
      return patiently(() => openSharedAccounts({ connection, replicas, now, logger }), logger)
    },
    async documents() {
      const { openNatsDocuments } = await import('../accounts/nats-documents.ts')
      const onFault = (fault: unknown) => logger.warn({ cause: String(fault) }, 'accounts cannot be read')
      return openNatsDocuments({ connection: await connected(), replicas, now, onFault })
    },
    async logWriters(lanes) {
      if (config.log === 'embedded') return [await embeddedWriter(config, logger)]
      const { openNatsWriter } = await import('../log/nats/nats-writer.ts')
      const connection = await connected()
      // What a message may hold: one body may be larger than what is gathered.
      const commitBytesMax = Math.min(limits.commitBytesMax, (connection.info?.max_payload ?? 0) - headBytesMax)
      const own = { ...limits, commitBytesMax }
      const open = async (_: unknown, share: number) => {
        const found = await stream(share)
        return patiently(
          () =>
            openNatsWriter({
              connection,
              stream: found,
              limits: own,
              now,
              logger,
              ...(lanes !== undefined && { lanes }),
            }),
          logger,
        )
      }
      return Promise.all(Array.from({ length: shares }, open))
    },
    async logReader(share, letsGo) {
      if (config.log === 'embedded') return openLogReader({ dir: join(config.dataDir, 'log'), logger })
      const { openNatsReader } = await import('../log/nats/nats-reader.ts')
      const bytes = Math.floor(config.logRetentionBytes / shares)
      const retention = letsGo ? { ms: config.logRetention, bytes } : null
      const found = await stream(share)
      return patiently(() => openNatsReader({ stream: found, retention, now, logger }), logger)
    },
    lastRequest: async share => (await stream(share)).lastRequest(),
    logBytes: async share => (await (await stream(share)).info()).state.bytes,
    connection: connected,
    marksBucket: async () => (await stream(0)).bucket,
    askPipeline: async share =>
      config.log === 'embedded' ? askOverSocket(config.dataDir) : askOverNats(await connected(), share),
    async close() {
      const connection = await connecting?.catch(() => null)
      await connection?.close()
    },
  }
}

/** Headers of a message. */
const headBytesMax = 4096

function embeddedWriter(config: Config, logger: LogLogger): Promise<LogWriter> {
  return openLogWriter({
    dir: join(config.dataDir, 'log'),
    limits,
    retentionMs: config.logRetention,
    retentionBytes: config.logRetentionBytes,
    budgetBytes: config.logBudget,
    freeBytesMin: config.diskFreeMin,
    lockWaitMs: config.stopTimeout + limits.predecessorGraceMs,
    now: Date.now,
    logger,
  })
}

async function connectTo(config: Config, role: RoleName | 'migrate', logger: LogLogger): Promise<NatsConnection> {
  const { connectNats } = await import('../log/nats/connection.ts')
  const url = config.log === 'embedded' ? config.accounts : config.log
  const { natsUser: user, natsPassword: password, acceptWeakerDurability: acceptWeaker } = config
  return connectNats({ url, user, password, name: `datapulse ${role}`, acceptWeaker, logger }).catch(problem)
}

/** Servers that have just started take a while to agree on who leads. */
async function patiently<T>(work: () => Promise<T>, logger: LogLogger): Promise<T> {
  const endMs = performance.now() + startMsMax
  for (;;) {
    try {
      return await work()
    } catch (cause) {
      if (isForGood(cause) || performance.now() >= endMs) return problem(cause)
      logger.info({ cause: String(cause) }, 'the servers of NATS are not ready yet: they are waited for')
      await sleep(startRetryMs)
    }
  }
}

const startMsMax = 30_000
const startRetryMs = 500
const isForGood = (cause: unknown) => (cause as Error).message.startsWith('Cannot')

/** The servers are away, or are not what they must be: a sentence, and no stack. */
function problem(cause: unknown): never {
  const { message } = cause as Error
  const room = /insufficient storage/.test(message)
    ? ' The stream of the log reserves DATAPULSE_LOG_BUDGET bytes on each of them: lower it, or give them more (max_file).'
    : ''
  const text = isForGood(cause) ? message : `Cannot use NATS because its servers must answer: ${message}.${room}`
  throw new StartProblem('NATS', text, cause)
}
