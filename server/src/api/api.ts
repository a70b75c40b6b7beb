// The HTTP door: takes events from partners' servers and replies 200 once they are durable.
//   api.ts        opens the server and its parts, ticks them once a second, closes them in order
//   ingest.ts     the path of one request; the place to begin reading
//   admission.ts, bad-keys.ts, body-budget.ts, connections.ts   what protects the door
//   tally.ts, key-usage.ts, unknown-keys.ts      what is counted
// Promises: a 200 is sent only after the log's word; a refused request leaves nothing behind but its count; memory is
// bounded by limits.ts and the contract's limits; a valid key is never held back by what others do wrong.

import { createServer, type Server, type ServerOptions } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { limits as wire } from '@datapulse/contract'
import { limits as fixed } from '../limits.ts'
import type { LogFault, LogRecord, LogWriter } from '../log/record.ts'
import { type AdmissionStatus, openLocalAdmission } from './admission.ts'
import { type Answers, Asking } from './asking.ts'
import { BadKeys } from './bad-keys.ts'
import { BodyBudget } from './body-budget.ts'
import { Connections } from './connections.ts'
import { Decompressor } from './decompress.ts'
import type { Connection } from './exchange.ts'
import { Health, type Readiness } from './health.ts'
import { Ingest } from './ingest.ts'
import { KeyUsage } from './key-usage.ts'
import { type DoorKey, type EndedKey, KeysInUse } from './keys-in-use.ts'
import { Latency } from './latency.ts'
import { Limiter } from './limiter.ts'
import type { Pages } from './pages.ts'
import { openProxies } from './proxies.ts'
import { type RejectionLimits, Rejections } from './rejections.ts'
import { openSharedAdmission, type SharedWindows } from './shared-admission.ts'
import { Tally } from './tally.ts'
import { UnknownKeys } from './unknown-keys.ts'

/** What the door needs of accounts. */
type DoorAccounts = {
  /** The key whose secret this is, if it may be used now. */
  findKey(presentedSecret: string, nowMs: number): DoorKey | null
  /** Of a secret that was just refused: the key that it was, once. */
  findEnded(presentedSecret: string): EndedKey | null
  /** For how long nothing was heard of changes. */
  unseenMs(): number
  touch(uses: Iterable<readonly [keyId: string, usedMs: number]>): void
}

/** Named and explained in limits.ts. */
type DoorLimits = {
  bodiesInFlightBytesMax: number
  bodiesInFlightBytesPerKeyMax: number
  headerBytesMax: number
  headersTimeoutMs: number
  requestTimeoutMs: number
  keepAliveTimeoutMs: number
  connectionsMax: number
  badKeysPerMinuteMax: number
  badKeyAddressesMax: number
  tallyIntervalMs: number
  askingMax: number
} & RejectionLimits

export type ApiOptions = {
  accounts: DoorAccounts
  log: Pick<LogWriter, 'append' | 'status' | 'partOf'>
  host: string
  /** 0 takes a free one. */
  port: number
  now: () => number
  logger: {
    info(fields: object, message: string): void
    warn(fields: object, message: string): void
    error(fields: object, message: string): void
  }
  limits: DoorLimits
  /** Addresses and networks from which X-Forwarded-For is believed. */
  trustedProxies: readonly string[]
  /** Where the list of unknown keys outlives the process; several may use it at once. */
  unknownKeysDir: string
  /** Where windows do; one process or thread at a time uses it. */
  windowsDir: string
  /** Others listen on the same port. */
  reusePort?: boolean
  /** Where several processes share the limits of keys; null where this one is alone. */
  sharedWindows: SharedWindows | null
  readiness: Readiness
  answers: Answers
  pages: Pages
}

export type Api = {
  port: number
  status(): ApiStatus
  /** Events that an operator sends again, as a request of their own; counted like any other. */
  append(record: LogRecord): Promise<LogFault | null>
  /** Takes no more connections, answers what is in flight, writes the last tally; resolves within `limits.closeMs` or so. */
  close(): Promise<void>
}

export type ApiStatus = ReturnType<Tally['status']> &
  AdmissionStatus &
  ReturnType<Rejections['status']> & {
    requestsInFlight: number
    connections: number
    connectionsDropped: number
    bodyBytesInFlight: number
    decompressing: number
    badKeyAddresses: number
    latency: ReturnType<Latency['status']>
  }

/** Resolves when the port is open; rejects when it cannot be. */
export async function openApi(options: ApiOptions): Promise<Api> {
  const { accounts, limits, log, logger, now } = options
  const proxies = openProxies(options.trustedProxies)
  const limiter = new Limiter(options.windowsDir, now(), logger)
  const local = openLocalAdmission(limiter, now)
  const { sharedWindows } = options
  const admission = sharedWindows === null ? local : openSharedAdmission(sharedWindows, local, limiter, now)
  const keys = new KeysInUse(admission)
  const badKeys = new BadKeys(limits.badKeysPerMinuteMax, limits.badKeyAddressesMax)
  const unknownKeys = new UnknownKeys(options.unknownKeysDir, logger)
  const budget = new BodyBudget(limits.bodiesInFlightBytesMax, limits.bodiesInFlightBytesPerKeyMax)
  const decompressor = new Decompressor(budget, wire.bodyBytesMax)
  const tally = new Tally(log, now)
  const usage = new KeyUsage(log, now)
  const latency = new Latency()
  const rejections = new Rejections(log, limits)
  const connections: Connections = new Connections({
    giveUp: (exchange, refusal) => ingest.giveUp(exchange, refusal),
    abandon: exchange => ingest.abandon(exchange),
    countCode: code => tally.countCode(code),
  })
  const ingest = new Ingest({
    accounts,
    log,
    now,
    logger,
    admission,
    keys,
    badKeys,
    unknownKeys,
    proxies,
    budget,
    decompressor,
    connections,
    tally,
    usage,
    latency,
    rejections,
    asking: new Asking(options.answers, limits.askingMax),
    health: new Health(log, options.readiness),
    pages: options.pages,
  })

  // A client that ends its side once its request is whole still gets its reply. (The types do not know the property.)
  const server: Server & { httpAllowHalfOpen?: boolean } = createServer(serverOptions(limits), (req, res) =>
    ingest.take(req, res, false),
  )
  server.httpAllowHalfOpen = true
  let connectionsDropped = 0
  server.maxConnections = limits.connectionsMax
  server.on('checkContinue', (req, res) => ingest.take(req, res, true))
  // An expectation that nobody knows is none.
  server.on('checkExpectation', (req, res) => ingest.take(req, res, false))
  server.on('connection', (socket: Socket) => connections.track(socket))
  server.on('clientError', (fault, socket) => connections.fail(fault, socket as Connection))
  server.on('connect', (_req, socket) => connections.fail(new Error('CONNECT is not for us'), socket as Connection))
  server.on('drop', () => connectionsDropped++)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const { port, host, reusePort = false } = options
    server.listen({ port, host, reusePort, backlog: 4_096 }, () => {
      server.off('error', reject)
      resolve()
    })
  }).catch((fault: unknown) => {
    admission.close()
    unknownKeys.close()
    throw fault
  })
  server.on('error', fault => logger.error({ fault: String(fault) }, 'the public port failed'))
  const timers = [setInterval(tick, limits.tallyIntervalMs), setInterval(touch, fixed.touchMs)]
  for (const timer of timers) timer.unref()

  let closed: Promise<void> | null = null
  return {
    port: (server.address() as AddressInfo).port,
    status: () => ({
      ...tally.status(),
      ...rejections.status(),
      requestsInFlight: ingest.inFlight,
      connections: connections.count,
      connectionsDropped,
      bodyBytesInFlight: budget.bytes,
      decompressing: decompressor.running,
      badKeyAddresses: badKeys.size,
      ...admission.status(),
      latency: latency.status(),
    }),
    append: record =>
      new Promise(resolve => {
        tally.receive(record.events)
        log.append(record, fault => {
          if (fault === null) tally.accept(record.events)
          else tally.reject(record.product, record.keyId, 'STORAGE_UNAVAILABLE', record.events)
          resolve(fault)
        })
      }),
    close() {
      closed ??= close()
      return closed
    },
  }

  function tick(): void {
    connections.tick()
    badKeys.tick(now())
    keys.tick()
    admission.tick()
    unknownKeys.flush()
    void tally.flush()
    void usage.flush()
  }

  function touch(): void {
    accounts.touch(keys.usedSince(now()))
  }

  async function close(): Promise<void> {
    const stopped = new Promise<void>(resolve => server.close(() => resolve()))
    const drained = ingest.drain()
    connections.closeIdle()
    await withinMs(drained, fixed.closeMs)
    connections.closeIdle()
    await withinMs(stopped, 1_000)
    connections.destroyAll()
    await stopped
    for (const timer of timers) clearInterval(timer)
    touch()
    await withinMs(Promise.all([tally.flush(), usage.flush(true)]), 2_000)
    admission.close()
    unknownKeys.close()
  }
}

function serverOptions(limits: DoorLimits): ServerOptions {
  return {
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs / 4),
    noDelay: true,
    // Finds peers that vanished without a word.
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    // Ours to answer, in JSON.
    requireHostHeader: false,
  }
}

async function withinMs(promise: Promise<unknown>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    promise,
    new Promise(resolve => {
      timer = setTimeout(resolve, ms)
    }),
  ])
  clearTimeout(timer)
}
