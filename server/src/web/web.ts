// The admin port: the admin API under /api (admin token), /metrics and the console, or a page that says what is here. It holds nothing:
// every answer comes from the functions it was given (needs.ts). One request at a time can go wrong without another
// noticing: what is refused is answered in one shape (problem.ts), what breaks is logged and answered 500.
// What changes something is recorded in the audit log before and after (act.ts), and so are wrong tokens (attempts.ts).
// Checks come in the order Host, path, token or session, role, method, body, parameters.

import { createAdaptorServer } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { limits } from '../limits.ts'
import { doRecorded, readActor, type Recording } from './act.ts'
import { Attempts } from './attempts.ts'
import { openConsoleFiles } from './console-files.ts'
import { withDeadline } from './deadline.ts'
import { addressOf, type Door, type Env, openDoor } from './door.ts'
import { EventStreams } from './event-streams.ts'
import { frontPage } from './front-page.ts'
import { allowedHosts, checkHost, type Guard, hashToken, openGuard } from './guard.ts'
import type { Caller, Known, WebLogger, WebNeeds } from './needs.ts'
import { label } from './parameters.ts'
import { badParameters, Refusal, refusalOf, refusalReply } from './problem.ts'
import { findRepeatedNames } from './repeated-names.ts'
import { adminRoutes, openTo, type Route } from './routes.ts'
import { giveSecret } from './session-cookie.ts'

export type WebOptions = {
  /** 0: a free one. */
  port: number
  host: string
  /** Further Host names to answer to on loopback. */
  hostNames?: readonly string[]
  needs: WebNeeds
  /** Where the built console is, if not where the build puts it. */
  consoleDir?: string
  /** How long a question to the warehouse may take here; a little longer than it may take there. */
  askMsMax?: number
  /** Those whom this port has, if not its own. */
  streams?: EventStreams
  now: () => number
  logger: WebLogger
} & ({ token: string } | { tokenHash: string })

export type Web = {
  port: number
  status(): { port: number; badTokens: number; auditEntries: number | null } & Counts
  /** Lets running requests end, for at most `graceMs`. */
  close(graceMs?: number): Promise<void>
}

type Counts = { requests: number; refused: number; faults: number; auditFaults: number }

/** Resolves when the port is listening; rejects when it cannot. */
export async function openWeb(options: WebOptions): Promise<Web> {
  const counts: Counts = { requests: 0, refused: 0, faults: 0, auditFaults: 0 }
  const tokenHash = 'token' in options ? hashToken(options.token) : options.tokenHash
  const guard = openGuard({
    tokenHash,
    access: options.needs.access,
    failuresPerMinuteMax: limits.adminBadTokensPerMinuteMax,
    addressesMax: limits.adminBadTokenAddressesMax,
    now: options.now,
  })
  const { needs, now, logger } = options
  const attempts = new Attempts({ audit: needs.audit, logger, now, perMinuteMax: limits.auditAttemptsPerMinuteMax })
  const streams = options.streams ?? new EventStreams()
  const app = buildApp(options, tokenHash, guard, attempts, counts, streams)
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
    },
  }) as Server
  server.maxConnections = limits.adminConnectionsMax
  server.listen(options.port, options.host)
  await once(server, 'listening')
  const port = (server.address() as AddressInfo).port

  return {
    port,
    status: () => ({ port, ...counts, badTokens: guard.failures(), auditEntries: entriesWritten(needs) }),
    async close(graceMs = 5_000) {
      const closed = new Promise(resolve => server.close(resolve))
      streams.close()
      server.closeIdleConnections()
      const cut = setTimeout(() => server.closeAllConnections(), graceMs)
      await closed
      clearTimeout(cut)
      attempts.close()
    },
  }
}

/** null when the audit log cannot be read. */
function entriesWritten({ audit }: WebNeeds): number | null {
  try {
    return audit.written()
  } catch {
    return null
  }
}

function buildApp(
  { needs, askMsMax, now, host, hostNames = [], consoleDir, logger }: WebOptions,
  adminTokenHash: string,
  guard: Guard,
  attempts: Attempts,
  counts: Counts,
  streams: EventStreams,
): Hono<Env> {
  const app = new Hono<Env>()
  const names = allowedHosts(host, hostNames)
  const consoleFiles = openConsoleFiles(consoleDir ?? builtConsoles.find(path => existsSync(path)) ?? '')
  const asked = withDeadline(needs, askMsMax ?? (limits.askSecondsMax + 5) * 1_000)
  const routes = adminRoutes(asked, limits.pageRowsMax, streams)

  app.use(async (c, next) => {
    counts.requests += 1
    checkHost(c.req.header('host'), names)
    await next()
    for (const [name, value] of Object.entries(replyHeaders))
      if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  })
  const door = openDoor({ guard, attempts, host, hostNames })
  app.get('/', c => {
    const { html, policy } = consoleFiles.page(door.isSignedIn(c)) ?? { html: frontPage, policy: pagePolicy }
    return c.html(html, 200, { 'content-security-policy': policy })
  })
  app.get('/metrics', async c =>
    c.body(await needs.metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )
  const recording = { audit: needs.audit, logger, fault: () => void (counts.auditFaults += 1) }
  for (const path of new Set(routes.map(route => route.path))) {
    const ofPath = routes.filter(route => route.path === path)
    addPath(app, path, ofPath, { door, now, recording, adminTokenHash })
  }
  // An unknown path under /api tells nothing to who has no token.
  app.all('/api/*', c => {
    door.find(c, 'viewer')
    throw new Refusal('NOT_FOUND', 'There is nothing at this path of the admin API')
  })
  app.get('*', async (c, next) => {
    const file = await consoleFiles.read(c.req.path, c.req.header('accept-encoding') ?? '')
    return file === null ? next() : c.body(file.bytes, 200, file.headers)
  })
  app.notFound(() => {
    counts.refused += 1
    return refusalReply(
      new Refusal('NOT_FOUND', 'There is nothing at this path of the admin port; / says what is here'),
    )
  })
  app.onError((error, c) => {
    const refusal = refusalOf(error)
    if (refusal !== null) {
      counts.refused += 1
      return refusalReply(refusal)
    }
    counts.faults += 1
    logger.error(
      { path: c.req.path, method: c.req.method, cause: error.stack ?? String(error) },
      'an admin request failed',
    )
    return refusalReply(new Refusal('INTERNAL', 'Something failed on our side; the server log says what'))
  })
  return app
}

/** In a checkout, and where the server was packed. */
const builtConsoles = ['../../../console/dist', '../../console/dist'].map(path => join(import.meta.dirname, path))

const replyHeaders = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
}
/** A proxy hands each event on as it comes. */
const streamHeaders = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
  connection: 'close',
}
const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

type Around = { door: Door; now: () => number; recording: Recording; adminTokenHash: string }

/** All methods of one path: those of the table, and 405 for every other. */
function addPath(app: Hono<Env>, path: string, routes: Route[], around: Around): void {
  const { door, now, recording, adminTokenHash } = around
  const allow = routes.map(route => (route.method === 'GET' ? 'GET, HEAD' : route.method)).join(', ')
  const maxSize = Math.max(...routes.map(bodyBytesMaxOf))
  const limited = bodyLimit({ maxSize, onError: () => refuseSize(maxSize) })
  const routeOf = (c: Context<Env>) => {
    const method = c.req.method === 'HEAD' ? 'GET' : c.req.method
    return routes.find(one => one.method === method)
  }
  const withCaller = async (c: Context<Env>, next: () => Promise<void>) => {
    const route = routeOf(c)
    c.set('caller', door.find(c, route === undefined ? 'viewer' : openTo(route)))
    await next()
  }
  app.all(path, withCaller, limited, async c => {
    const route = routeOf(c)
    if (route === undefined) {
      throw new Refusal('METHOD_NOT_ALLOWED', `${path} takes ${allow}`, { headers: { allow } })
    }
    const body = route.method === 'POST' || route.method === 'PATCH' ? await readBody(c) : {}
    const query = new URL(c.req.url).searchParams
    const caller = route.open === 'token' ? door.signIn(c, (body as { token?: unknown }).token) : c.get('caller')
    const asked = { query, id: c.req.param('id') ?? '', body, now: now(), caller, adminTokenHash }
    const answer =
      route.method === 'GET' || route.act === null
        ? await route.answer(asked)
        : await doRecorded(
            { act: route.act, answer: route.answer },
            asked,
            callerOf(c, caller, route.open === 'token' ? body : {}),
            recording,
          )
    if (answer.stream !== undefined) {
      if (c.req.method === 'HEAD') return c.body(null, 200, streamHeaders)
      return c.body(
        answer.stream(() => c.env.outgoing.destroy()),
        200,
        streamHeaders,
      )
    }
    if (answer.cookie !== undefined) giveSecret(c, answer.cookie)
    return c.json(answer.body as object, answer.status ?? 200)
  })
}

/** A viewer's name is known; an admin is who they say they are, now or when the session begins. */
function callerOf(c: Context<Env>, known: Known | null, signIn: { name?: unknown }): Caller {
  const claimed = readActor(c.req.header('x-actor'))
  const said = label(100).read(signIn.name, 0)
  const actor = known?.name ?? claimed ?? ('value' in said ? said.value : null)
  return { way: known?.way ?? 'none', address: addressOf(c), actor }
}

function bodyBytesMaxOf(route: Route): number {
  return (route.method === 'GET' ? undefined : route.bodyBytesMax) ?? limits.adminBodyBytesMax
}

function refuseSize(bytesMax: number): never {
  throw new Refusal('TOO_LARGE', `A body may have at most ${bytesMax} bytes here`, {
    headers: { connection: 'close' },
  })
}

async function readBody(c: Context<Env>): Promise<object> {
  const type = (c.req.header('content-type') ?? 'application/json').split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json') throw new Refusal('UNSUPPORTED_TYPE', 'Content-Type must be application/json')
  const sent = await c.req.text()
  let body: unknown
  try {
    body = JSON.parse(sent)
  } catch {
    throw new Refusal('BAD_BODY', 'The body must be a JSON object: it is not JSON')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal('BAD_BODY', 'The body must be a JSON object')
  }
  const repeated = findRepeatedNames(sent)
  if (repeated.length > 0) throw badParameters(repeated)
  return body
}
