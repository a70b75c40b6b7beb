// A whole installation for a test: the real server in its real processes on free ports and a temporary data directory.
// What it starts it ends, by process id. Tests kill its parts, start it again on the same data, and ask it questions
// over HTTP like anybody else.

import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Machine, thisMachine } from '../../server/src/testing/machine.ts'
import { freePorts as findPorts } from '../../server/src/testing/free-ports.ts'
import { bareEnvironment } from './bare-environment.ts'
import { sharedEnvironment } from './shared-parts.ts'

export type Role = 'engine' | 'api' | 'pipeline' | 'web'
export type Reply = { status: number; headers: Headers; body: Record<string, unknown> }
export type ListedEvent = Record<string, unknown> & { event_name: string; transaction_id: string; request_id: string }

export type InstallationOptions = { dataDir?: string; environment?: Record<string, string>; machine?: Machine }

const root = join(import.meta.dirname, '../..')
/** A deadline for what must happen, not a measure of how fast it does. */
const deadlineMs = 60_000

export class Installation {
  readonly dataDir: string
  readonly port: number
  readonly adminPort: number
  readonly output: string[] = []
  /** The program that the next start runs. */
  node = process.execPath
  #environment: Record<string, string>
  #machine: Machine
  #process: ChildProcess | null = null
  #launched: ChildProcess[] = []
  #temporary: boolean

  private constructor(options: InstallationOptions, port: number, adminPort: number) {
    const { dataDir, environment = {}, machine = thisMachine } = options
    this.dataDir = dataDir ?? mkdtempSync(join(tmpdir(), 'datapulse-'))
    this.#temporary = dataDir === undefined
    this.port = port
    this.adminPort = adminPort
    this.#machine = machine
    const hosts = { DATAPULSE_HOST: machine.address, DATAPULSE_ADMIN_HOST: machine.address }
    this.#environment = { ...(machine !== thisMachine && hosts), ...environment }
  }

  /** Starts a server and waits until every part is ready. */
  static async open(options: InstallationOptions = {}): Promise<Installation> {
    const made = new Installation(options, ...(await freePorts()))
    made.#environment = { ...(await sharedEnvironment(made.dataDir)), ...made.#environment }
    await made.start().catch(async cause => {
      await made.close()
      throw cause
    })
    return made
  }

  async start(environment: Record<string, string> = {}): Promise<void> {
    const isWelcomed = this.launch(environment)
    await this.ready()
    // With it comes the first key: whatever a test does is done after that.
    await until('the server says where it is', isWelcomed)
  }

  /** Starts it and waits for nothing; gives whether it has said where it is. */
  launch(environment: Record<string, string> = {}): () => boolean {
    const [program = '', ...args] = this.#machine.command([this.node, join(root, 'server/src/main.ts')])
    const child = spawn(program, args, {
      env: {
        ...bareEnvironment,
        DATAPULSE_DATA_DIR: this.dataDir,
        DATAPULSE_PORT: String(this.port),
        DATAPULSE_ADMIN_PORT: String(this.adminPort),
        DATAPULSE_DISK_FREE_MIN: '1MiB',
        ...this.#environment,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    this.#launched.push(child)
    let welcomed = false
    child.stdout.on('data', chunk => {
      this.output.push(String(chunk))
      welcomed ||= String(chunk).includes('DataPulse takes events at')
    })
    child.stderr.on('data', chunk => this.output.push(String(chunk)))
    return () => welcomed
  }

  /** Waits until every part says that it is ready. */
  async ready(): Promise<void> {
    await until('every part is ready', async () => {
      if (this.#process?.exitCode !== null && this.#process?.exitCode !== undefined)
        throw new Error(`The server ended with code ${this.#process.exitCode}:\n${this.output.join('')}`)
      const reply = await this.get('/readyz').catch(() => null)
      return reply?.status === 200 && reply.body['status'] === 'ready'
    }).catch(cause => {
      throw new Error(`${(cause as Error).message}\n${this.output.join('').slice(-4000)}`)
    })
  }

  get url(): string {
    return `http://${this.#machine.address}:${this.port}`
  }

  get adminUrl(): string {
    return `http://${this.#machine.address}:${this.adminPort}`
  }

  get adminToken(): string {
    return readFileSync(join(this.dataDir, 'admin-token'), 'utf8').trim()
  }

  async get(path: string): Promise<Reply> {
    return reply(await fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(10_000) }))
  }

  async post(path: string, key: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
    const sent = { 'content-type': 'application/json', 'x-api-key': key, ...headers }
    return reply(
      await fetch(`${this.url}${path}`, { method: 'POST', headers: sent, body, signal: AbortSignal.timeout(20_000) }),
    )
  }

  async admin(path: string, init: { method?: string; json?: unknown } = {}): Promise<Reply> {
    const headers = { authorization: `Bearer ${this.adminToken}`, 'content-type': 'application/json' }
    const body = init.json === undefined ? {} : { body: JSON.stringify(init.json) }
    const method = init.method ?? (init.json === undefined ? 'GET' : 'POST')
    return reply(
      await fetch(`${this.adminUrl}${path}`, { method, headers, ...body, signal: AbortSignal.timeout(60_000) }),
    )
  }

  /** Makes a key and gives its secret. */
  async key(product: string, more: Record<string, unknown> = {}): Promise<string> {
    const made = await this.admin('/api/keys', { json: { product, rate_limit: 1_000_000, ...more } })
    if (made.status !== 201) throw new Error(`A key was not made: ${made.status} ${JSON.stringify(made.body)}`)
    return String(made.body['key'])
  }

  /** Every stored event, page by page. */
  async events(query = ''): Promise<ListedEvent[]> {
    const found: ListedEvent[] = []
    let cursor = ''
    do {
      const page = await this.admin(`/api/events?limit=1000${query}${cursor}`)
      if (page.status !== 200) throw new Error(`Events were not listed: ${page.status} ${JSON.stringify(page.body)}`)
      found.push(...(page.body['events'] as ListedEvent[]))
      const next = page.body['next'] as string | null
      cursor = next === null ? '' : `&cursor=${encodeURIComponent(next)}`
    } while (cursor !== '')
    return found
  }

  async status(): Promise<Record<string, unknown>> {
    return (await this.admin('/api/status')).body
  }

  /** Waits until nothing is in flight: all that was acknowledged is stored, or is known as a duplicate, or is parked. */
  async drained(): Promise<void> {
    await until('nothing is in flight', async () => {
      const reply = await this.admin('/api/status').catch(() => null)
      const accounting = reply?.body['accounting'] as { in_flight?: number; accepted?: number } | undefined
      return accounting?.in_flight === 0
    }).catch(async cause => {
      throw new Error(
        `${(cause as Error).message}\n${JSON.stringify(await this.status().catch(String))}\n${this.output.join('').slice(-4000)}`,
      )
    })
  }

  /** Process ids of the parts, as the system knows them. */
  pids(): Partial<Record<Role, number>> {
    return childrenOf(this.#process?.pid ?? 0)
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** kill -9 of one part, or of everything at once. */
  kill(what: Role | 'supervisor' | 'everything'): void {
    const pids = this.pids()
    const doomed =
      what === 'everything'
        ? [this.pid, ...Object.values(pids)]
        : [what === 'supervisor' ? this.pid : (pids[what] ?? 0)]
    for (const pid of doomed) if (pid > 0) killed(pid)
  }

  /** Waits until the supervisor and all its parts are gone. */
  async gone(): Promise<void> {
    const child = this.#process
    if (child !== null && child.exitCode === null && child.signalCode === null)
      await new Promise(resolve => child.once('exit', resolve))
  }

  /** Stops gracefully; gives the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process
    if (child === null) return null
    child.kill('SIGTERM')
    await this.gone()
    this.#process = null
    return child.exitCode
  }

  /** Ends everything and removes the temporary data directory. */
  async close(): Promise<void> {
    const pids = Object.values(this.pids())
    await this.stop()
    for (const pid of pids) killed(pid)
    // A test that failed half-way may have started another before the first was stopped.
    for (const child of this.#launched) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      for (const pid of [child.pid ?? 0, ...Object.values(childrenOf(child.pid ?? 0))]) if (pid > 0) killed(pid)
      await new Promise(resolve => child.once('exit', resolve))
    }
    if (this.#temporary) rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** Asks again until it is so; a deadline ends a test that would wait for ever. */
export async function until(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  withinMs = deadlineMs,
): Promise<void> {
  const end = Date.now() + withinMs
  while (Date.now() < end) {
    if (await isSo()) return
    await sleep(25)
  }
  throw new Error(`Waited ${withinMs} ms in vain until ${what}.`)
}

/** Two ports that were free a moment ago. */
export async function freePorts(): Promise<[number, number]> {
  return (await findPorts(2)) as [number, number]
}

async function reply(response: Response): Promise<Reply> {
  const text = await response.text()
  let body: Record<string, unknown> = {}
  try {
    body = JSON.parse(text) as Record<string, unknown>
  } catch {
    body = { text }
  }
  return { status: response.status, headers: response.headers, body }
}

function killed(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

/** Reads /proc: which child runs which role. */
function childrenOf(parent: number): Partial<Record<Role, number>> {
  const found: Partial<Record<Role, number>> = {}
  let pids: string[] = []
  try {
    pids = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').filter(Boolean)
  } catch {
    return found
  }
  for (const pid of pids) {
    const role = roleOf(pid)
    if (role !== null) found[role] = Number(pid)
  }
  return found
}

function roleOf(pid: string): Role | null {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return args.includes('--role') ? (args[args.lastIndexOf('--role') + 1] as Role) : null
  } catch {
    return null
  }
}
