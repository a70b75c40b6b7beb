// What the contract suites talk to: a base URL and a way to make keys. By default a door of its own, in this process, on
// a free port and a temporary directory. With DATAPULSE_TEST_URL the suites run against a deployment instead:
//   DATAPULSE_TEST_URL=https://… DATAPULSE_TEST_KEY=dp_test_… node --test 'test/contract/**/*.test.ts'
// (a key with a high limit). With DATAPULSE_TEST_ADMIN_URL and DATAPULSE_TEST_ADMIN_TOKEN too, the suites that make keys
// run there as well. What needs more than that, such as a log that fails, is skipped by name.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Accounts, openAccounts, openSharedAccounts } from '../../server/src/accounts/accounts.ts'
import { type Api, openApi } from '../../server/src/api/api.ts'
import type { Answers } from '../../server/src/api/asking.ts'
import { openRedisWindows } from '../../server/src/api/redis-windows.ts'
import type { SharedWindows } from '../../server/src/api/shared-admission.ts'
import { limits } from '../../server/src/limits.ts'
import { connectNats } from '../../server/src/log/nats/connection.ts'
import { openNatsWriter } from '../../server/src/log/nats/nats-writer.ts'
import { openStream } from '../../server/src/log/nats/stream.ts'
import { untilWorks } from '../../server/src/log/nats/testing/nats-servers.ts'
import { type LogLogger, openLogWriter } from '../../server/src/log/log.ts'
import type { LogFault, LogRecord, LogWriter } from '../../server/src/log/record.ts'
import { openPlaceDatabases } from '../../server/src/place-database.ts'
import { openSite } from '../../server/src/site/site.ts'
import { type Derive, deriveWith } from '../../server/src/steps/derive.ts'
import { dryRun } from '../../server/src/steps/dry-run.ts'
import { isShared, sharedPartsOf } from './shared-parts.ts'

export type KeyWish = {
  product?: string
  mode?: 'live' | 'test'
  rateLimit?: number
  expiresMs?: number | null
  scopes?: ('ingest' | 'read')[]
}

export type TestServer = {
  url: string
  /** The secret of a key that no test exhausts. */
  key: string
  /** Absent where keys cannot be made: see `skipWithoutKeys`. */
  keys?: KeyMaker
  /** Absent on a deployment: see `skipOnDeployment`. */
  own?: OwnServer
  close(): Promise<void>
}

export type KeyMaker = {
  makeKey(wish?: KeyWish): Promise<{ id: string; secret: string }>
  revokeKey(id: string): Promise<void>
}

/** What only a server of our own can do. */
export type OwnServer = KeyMaker & {
  api(): Api
  /** What the log took, in order. */
  records: LogRecord[]
  /** Appends fail with this fault until it is null again; 'hold' keeps them waiting. */
  failLog(fault: LogFault | 'hold' | null): void
  /** Everything that was logged, as text. */
  logged: string[]
  /** Stops the door and opens another on the same disk and port. (limiter.test.ts does it without a goodbye.) */
  restart(): Promise<void>
}

export type ServerOptions = {
  limits?: Partial<{ -readonly [N in keyof typeof limits]: number }>
  trustedProxies?: string[]
  readiness?: () => Promise<Record<string, string | null>>
  /** Instead of asking in this process. */
  answers?: Answers
  /** Stands for a bug: called before each append, or before each look for a key. */
  breakLog?: () => void
  breakKeys?: () => void
}

const environment = process.env
const deploymentUrl = environment['DATAPULSE_TEST_URL']
const adminUrl = environment['DATAPULSE_TEST_ADMIN_URL']
const adminToken = environment['DATAPULSE_TEST_ADMIN_TOKEN']

/** Why a test that needs a server of our own is skipped, or false. */
export const skipOnDeployment = deploymentUrl === undefined ? false : 'needs a server of its own, not a deployment'

/** Why a test that makes keys is skipped, or false. */
export const skipWithoutKeys =
  deploymentUrl === undefined || (adminUrl !== undefined && adminToken !== undefined)
    ? false
    : 'needs DATAPULSE_TEST_ADMIN_URL and DATAPULSE_TEST_ADMIN_TOKEN to make keys'

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  if (deploymentUrl !== undefined) {
    const key = environment['DATAPULSE_TEST_KEY']
    if (key === undefined) throw new Error('DATAPULSE_TEST_URL needs DATAPULSE_TEST_KEY: the key to test with.')
    const keys = adminUrl === undefined || adminToken === undefined ? {} : { keys: remoteKeys(adminUrl, adminToken) }
    return { url: deploymentUrl.replace(/\/$/, ''), key, ...keys, close: async () => {} }
  }
  return startOwnServer(options)
}

export async function startOwnServer(options: ServerOptions = {}): Promise<TestServer & { own: OwnServer }> {
  const directory = mkdtempSync(join(tmpdir(), 'datapulse-door-'))
  const logged: string[] = []
  const line = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const logger = { info: line, warn: line, error: line }
  const parts = await (isShared ? openSharedParts(directory, logger) : openOwnParts(directory, logger))
  const { accounts } = parts
  const derive = deriveWith(await openPlaceDatabases({ country: '', city: '' }))
  const log = withHand(parts.log)
  const site = openSite()
  const open = async (port: number) =>
    openApi({
      accounts: {
        findKey(presented, nowMs) {
          options.breakKeys?.()
          return accounts.findKey(presented, nowMs)
        },
        findEnded: presented => accounts.findEnded(presented),
        unseenMs: () => accounts.unseenMs(),
        touch: uses => accounts.touch(uses),
      },
      log: {
        append(record, done) {
          options.breakLog?.()
          log.append(record, done)
        },
        status: log.status,
      },
      host: '127.0.0.1',
      port,
      now: Date.now,
      logger,
      limits: { ...limits, ...options.limits },
      trustedProxies: options.trustedProxies ?? [],
      unknownKeysDir: join(directory, 'api'),
      windowsDir: join(directory, 'api'),
      sharedWindows: await parts.windows(),
      readiness: options.readiness ?? (async () => ({})),
      answers: options.answers ?? answersHere(derive),
      pages: site,
    })
  let api = await open(0)
  const makeKey = async (wish: KeyWish = {}) => {
    const made = await accounts.createKey({ product: 'casino', rateLimit: 6_000_000, ...wish })
    if (!made.ok) throw new Error(made.problem)
    return { id: made.key.id, secret: made.secret }
  }
  const revokeKey = async (id: string) => {
    const revoked = await accounts.revokeKey(id)
    if (!revoked.ok) throw new Error(revoked.problem)
  }
  const { secret } = await makeKey()
  return {
    url: `http://127.0.0.1:${api.port}`,
    key: secret,
    keys: { makeKey, revokeKey },
    own: {
      api: () => api,
      makeKey,
      revokeKey,
      records: log.records,
      failLog: log.fail,
      logged,
      async restart() {
        const { port } = api
        await api.close()
        api = await open(port)
      },
    },
    async close() {
      log.fail(null)
      await api.close()
      await parts.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Keys made and revoked through the admin API of a deployment. */
function remoteKeys(url: string, token: string): KeyMaker {
  const ask = async (method: string, path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const response = await fetch(url.replace(/\/$/, '') + path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    const reply = (await response.json()) as { id: string; key: string }
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${JSON.stringify(reply)}`)
    return reply
  }
  return {
    async makeKey(wish = {}) {
      const made = await ask('POST', '/api/keys', {
        product: wish.product ?? 'contract-test',
        mode: wish.mode ?? 'test',
        rate_limit: wish.rateLimit ?? 6_000_000,
        ...(wish.scopes === undefined ? {} : { scopes: wish.scopes }),
        ...(typeof wish.expiresMs === 'number' ? { expires_at: new Date(wish.expiresMs).toISOString() } : {}),
      })
      // A new key may take a second to be known at the door.
      await sleep(1_000)
      return { id: made.id, secret: made.key }
    },
    async revokeKey(id) {
      await ask('DELETE', `/api/keys/${id}`)
    },
  }
}

/** What the door writes to and reads keys from. */
type Parts = {
  accounts: Accounts
  log: LogWriter
  windows(): Promise<SharedWindows | null>
  close(): Promise<void>
}

async function openOwnParts(directory: string, logger: LogLogger): Promise<Parts> {
  const now = Date.now
  const accounts = openAccounts({ path: join(directory, 'accounts.db'), now, logger, pollMs: 50 })
  const log = await openLogWriter({
    dir: join(directory, 'log'),
    limits,
    retentionMs: 3_600_000,
    retentionBytes: 1e9,
    budgetBytes: 1e9,
    freeBytesMin: 0,
    lockWaitMs: 0,
    now,
    logger,
  })
  return {
    accounts,
    log,
    windows: async () => null,
    async close() {
      await log.close()
      accounts.close()
    },
  }
}

async function openSharedParts(directory: string, logger: LogLogger): Promise<Parts> {
  const now = Date.now
  const { nats, redis } = await sharedPartsOf(directory)
  const connection = await connectNats({ url: nats, name: 'door', acceptWeaker: false, logger })
  const accounts = await untilWorks(() => openSharedAccounts({ connection, replicas: 1, now, logger }))
  const stream = await untilWorks(() => openStream(connection, { share: 0, replicas: 1, budgetBytes: 2 ** 30 }))
  const log = await openNatsWriter({ connection, stream, limits, now, logger })
  return {
    accounts,
    log,
    async windows() {
      const windows = openRedisWindows({ url: redis, logger })
      while (!windows.isThere()) await sleep(5)
      return windows
    },
    async close() {
      await log.close()
      accounts.close()
      await connection.close()
    },
  }
}

/** The real log, with a hand on it: what it took is kept for the test to see, and it can be made to fail or to wait. */
function withHand(log: LogWriter) {
  const records: LogRecord[] = []
  let fault: LogFault | 'hold' | null = null
  let held: (() => void)[] = []
  const append: LogWriter['append'] = (record, done) => {
    const settle = () =>
      log.append(record, failed => {
        if (failed === null) records.push(record)
        done(failed)
      })
    const failing = fault
    if (failing === 'hold') held.push(settle)
    else if (failing === null) settle()
    else setImmediate(() => done(failing))
  }
  const status = () => ({ ...log.status(), ...(fault === null || fault === 'hold' ? {} : { refusing: fault }) })
  const fail = (next: LogFault | 'hold' | null) => {
    fault = next
    const waiting = held
    held = []
    for (const settle of waiting) settle()
  }
  return { records, append, status, fail }
}

/** In this process; there is no warehouse to ask for receipts. */
function answersHere(derive: Derive): Answers {
  return {
    dryRun: async (question, body) => ({ answer: Buffer.from(dryRun(question, body, derive)) }),
    receipts: async () => ({ answer: Buffer.from('null') }),
    reconciliation: async () => ({ answer: Buffer.from('{}') }),
  }
}
