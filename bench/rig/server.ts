// The server under test, as an operator runs it: `node server/src/main.ts` with flags, in a data directory of its own.
// Either whole (`all`: a supervisor and its roles) or only the API, which needs nobody. A key without a limit that would
// matter is made before it starts. Ended by process id.

import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openAccounts } from '../../server/src/accounts/accounts.ts'
import { type Child, type Core, pin, startNode } from './child.ts'
import { root } from './place.ts'
import { argumentsOf, descendants } from './proc.ts'

/** What the bench reads of `GET /api/status`. */
type Standing = {
  log: { offset: number; events: number; bytes: number } | null
  checkpoint: { offset: number; events: number } | null
  lag: { events: number; seconds: number } | null
  accounting: { accepted: number | null; in_flight?: number; stored?: number; holds: boolean | null }
}

export type Server = {
  port: number
  /** Of the admin port, without a path at its end. */
  adminUrl: string
  adminToken: string
  dataDir: string
  /** The secret of its key. */
  apiKey: string
  /** From spawning it until it said that it is ready. */
  startSeconds: number
  /** Process ids of the roles, and of the supervisor; of the API alone when only that runs. */
  pids(): Record<string, number>
  pinApi(core: 0 | 1): void
  standing(): Promise<Standing>
  /** GET on the admin port; throws unless it is a 200. */
  ask<T>(path: string): Promise<T>
  stop(): Promise<void>
  /** kill -9 of every process at once. */
  kill(): Promise<void>
}

export const product = 'bench'
const rateLimitPerMinute = 6_000_000
const readyMsMax = 120_000
const readyEveryMs = 20
/** The server bounds its own stop to 20 s. */
const stopMsMax = 40_000

/** `more`: flags by name. */
type Options = {
  dataDir: string
  role: 'all' | 'api'
  core: Core
  readyWithinMs?: number
  more?: Record<string, string>
}

export async function startServer(options: Options): Promise<Server> {
  const { dataDir, role, core, more = {} } = options
  const [port, adminPort] = [await freePort(), await freePort()]
  const apiKey = await makeKey(dataDir)
  const startedMs = performance.now()
  const child = startNode(join(root, 'server/src/main.ts'), flags({ dataDir, role, port, adminPort, more }), core)
  await ready(child, port, role, options.readyWithinMs ?? readyMsMax)
  const startSeconds = (performance.now() - startedMs) / 1000
  const ask = async <T>(path: string) => {
    try {
      return await get<T>(adminPort, path, adminToken(dataDir))
    } catch (cause) {
      throw new Error(`${(cause as Error).message}\nThe server's last words:\n${child.lastWords()}`, { cause })
    }
  }
  const pids = () => pidsOf(child.pid, role)
  return {
    port,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    adminToken: adminToken(dataDir),
    dataDir,
    apiKey,
    startSeconds,
    pids,
    pinApi: core => pin(pids()['api'] ?? 0, core),
    standing: () => ask<Standing>('/api/status'),
    ask,
    stop: () => child.end(stopMsMax),
    async kill() {
      for (const pid of Object.values(pids())) process.kill(pid, 'SIGKILL')
      await child.end()
    },
  }
}

function flags(
  options: Required<Pick<Options, 'dataDir' | 'role' | 'more'>> & { port: number; adminPort: number },
): string[] {
  const values: Record<string, string> = {
    'data-dir': options.dataDir,
    role: options.role,
    port: String(options.port),
    'admin-port': String(options.adminPort),
    'log-level': 'warn',
    'log-format': 'json',
    ...options.more,
  }
  return Object.entries(values).flatMap(([flag, value]) => [`--${flag}`, value])
}

const apiKeys = new Map<string, string>()

/** The same key when the server is started again on the same folder. */
async function makeKey(dataDir: string): Promise<string> {
  const known = apiKeys.get(dataDir)
  if (known !== undefined) return known
  mkdirSync(dataDir, { recursive: true })
  const accounts = openAccounts({
    path: join(dataDir, 'accounts.db'),
    now: () => Date.now(),
    logger: { warn: (fields, message) => console.error(message, fields) },
  })
  const made = await accounts.createKey({
    product,
    name: 'bench',
    scopes: ['ingest', 'read'],
    rateLimit: rateLimitPerMinute,
  })
  accounts.close()
  if (!made.ok) throw new Error(`Cannot make the bench's key because: ${made.problem}`)
  apiKeys.set(dataDir, made.secret)
  return made.secret
}

async function ready(child: Child, port: number, role: 'all' | 'api', withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs
  for (;;) {
    const told = await get<{ status: string }>(port, role === 'api' ? '/healthz' : '/readyz', '').catch(() => null)
    if (told !== null && (role === 'api' || told.status === 'ready')) return
    const wrong = child.isAlive() ? '' : 'ended while it was starting'
    const late = Date.now() > endMs ? `was not ready in ${withinMs / 1000} s: ${JSON.stringify(told)}` : ''
    if (wrong !== '' || late !== '') {
      await child.end()
      throw new Error(`The server ${wrong}${late}\n${child.lastWords()}`)
    }
    await sleep(readyEveryMs)
  }
}

function pidsOf(pid: number, role: 'all' | 'api'): Record<string, number> {
  if (role === 'api') return { api: pid }
  const found: Record<string, number> = { supervisor: pid }
  for (const child of descendants(pid)) {
    const args = argumentsOf(child)
    const at = args.lastIndexOf('--role')
    if (at >= 0) found[args[at + 1] ?? ''] = child
  }
  return found
}

function adminToken(dataDir: string): string {
  const path = join(dataDir, 'admin-token')
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
}

function get<T>(port: number, path: string, token: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const headers = token === '' ? {} : { authorization: `Bearer ${token}` }
    const asked = request({ host: '127.0.0.1', port, path, headers, timeout: 60_000 }, reply => {
      const chunks: Buffer[] = []
      reply.on('data', (chunk: Buffer) => chunks.push(chunk))
      reply.on('end', () => {
        const text = Buffer.concat(chunks).toString()
        if (reply.statusCode !== 200) reject(new Error(`GET ${path} was answered ${reply.statusCode}: ${text}`))
        else resolve(JSON.parse(text) as T)
      })
      reply.on('error', reject)
    })
    asked.on('timeout', () => asked.destroy(new Error(`GET ${path} was not answered in 60 s`)))
    asked.on('error', reject)
    asked.end()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(address !== null && typeof address === 'object' ? address.port : 0))
    })
  })
}
