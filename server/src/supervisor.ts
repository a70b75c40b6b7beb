// Runs every role in a process of its own and restarts what ends. It holds the lock on the data directory, gives the
// first key when the first start has succeeded, and takes no part in the path of an event: when it is killed, the roles
// notice that their line to it is cut, and end; when a role is killed, the others go on.
//
// Start: engine and api at once (the api needs nobody), then pipeline and web; a role that cannot open at the first
// start stops everything with its reason, unless the same role of an earlier server is still there: that one may hold
// the files or the port, and the role is tried again. Later a role that ends, or cannot be spawned, is started again
// after 100 ms, doubling to 5 s. One that does not answer on its socket for a minute is killed, and so started again.
// Stop: api, pipeline, web, engine, one after the other, each killed when the time for it is up.

import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { isBeingRestored } from './backup/restore.ts'
import { type Config, environmentWith, options } from './config.ts'
import { takeExclusiveLock } from './exclusive-lock.ts'
import { welcome } from './first-start.ts'
import { limits } from './limits.ts'
import { movedProblem } from './migration/migrated-file.ts'
import { type FlushedLogger, openLogger } from './logger.ts'
import type { RoleMessage } from './role.ts'
import { askRole, isRoleListening, openRoleSocket, type RoleName, rolesOf, socketPath } from './role-socket.ts'
import { Silence } from './silence.ts'
import { engineEnvironment } from './warehouse/engine/environment.ts'

type Child = {
  role: RoleName
  process: ChildProcess | null
  ready: boolean
  startedMs: number
  /** Waits before the next start. */
  pauseMs: number
  failure: string
  /** The same role of an earlier server was there at the start. */
  hasPredecessor: boolean
  silence: Silence
  /** When it ended by itself, of late, and how the last time. */
  endsMs: number[]
  lastEnd: { atMs: number; code: number | null; signal: string | null } | null
}

/** What the supervisor tells on its socket; nothing in the way of an event needs it. */
export type SupervisorTold = {
  pid: number
  startedMs: number
  rssBytes: number
  parts: {
    role: RoleName
    pid: number | null
    isReady: boolean
    ends: number
    lastEnd: Child['lastEnd']
  }[]
}

/** Ends are counted so far back. */
const endsMsMax = 30 * 60_000

const pauseMsMin = 100
const pauseMsMax = 5_000
/** A role that ran so long starts again at the shortest pause. */
const healthyMs = 30_000
/** The welcome does not wait longer than this for parts that the api does not need. */
const welcomeWaitMs = 15_000

export async function supervise(config: Config): Promise<void> {
  const logger = openLogger({ role: 'supervisor', level: config.logLevel, format: config.logFormat })
  let release: () => void
  try {
    release = await lockDataDir(config)
  } catch (cause) {
    process.stderr.write(`${(cause as Error).message}\n`)
    process.exitCode = 1
    return
  }
  const family = new Family(config, logger)
  let stopping = false
  const stop = async (why: string, code: number) => {
    if (stopping) return family.kill()
    stopping = true
    logger.info({ why }, 'stopping')
    await family.stop()
    release()
    logger.end(code)
  }
  process.on('SIGTERM', () => void stop('SIGTERM', 0))
  process.on('SIGINT', () => void stop('SIGINT', 0))
  process.on('SIGHUP', () => void stop('SIGHUP', 0))
  await tellStatus(config, family, logger)
  const failure = await family.start()
  if (failure !== null) {
    process.stderr.write(`${failure}\n`)
    await stop('a part cannot start', 1)
  } else if (!stopping) await welcome({ ...config, ...family.ports() }, family.missing(), logger)
}

async function tellStatus(config: Config, family: Family, logger: FlushedLogger): Promise<void> {
  const startedMs = Date.now()
  const status = (): SupervisorTold => ({
    pid: process.pid,
    startedMs,
    rssBytes: process.memoryUsage.rss(),
    parts: family.told(),
  })
  await openRoleSocket(socketPath(config.dataDir, 'supervisor'), { status, metrics: async () => [] }).catch(cause =>
    logger.warn({ cause: String(cause) }, 'the supervisor cannot tell how it is'),
  )
}

/** Where a port is 0 the system chooses one, and a role that is started again goes on there: it was said where it is. */
const portNames: Partial<Record<RoleName, 'port' | 'adminPort'>> = { api: 'port', web: 'adminPort' }

/** Two arenas are enough for the few threads there are. */
function variablesOf(role: RoleName): Record<string, string> {
  return { MALLOC_ARENA_MAX: '2', ...(role === 'engine' ? engineEnvironment : {}) }
}

/**
 * Compiled code is kept in the data directory unless the environment says where: a role that finds it there is ready in a
 * third of the time and takes 38 MB less, because what compiles TypeScript is not loaded.
 */
function compiledIn({ dataDir }: Config): Record<string, string> {
  return { NODE_COMPILE_CACHE: join(dataDir, 'run', 'compiled') }
}

async function lockDataDir({ dataDir, log }: Config): Promise<() => void> {
  if (isBeingRestored(dataDir))
    throw new Error(
      `Cannot start because a backup is being restored into the data directory ${dataDir}, or was and did not come to its end: then empty it, and restore again.`,
    )
  const moved = log === 'embedded' ? movedProblem(dataDir) : null
  if (moved !== null) throw new Error(moved)
  const release = await takeExclusiveLock(join(dataDir, 'lock'), 0)
  if (release !== null) return release
  throw new Error(
    `Cannot start because the data directory ${dataDir} is used by another server: stop that one, or give this one another directory with --data-dir.`,
  )
}

class Family {
  #config: Config
  #logger: FlushedLogger
  #children: Child[]
  #stopping = false
  #settled: (() => void) | null = null
  #started = false
  #ports: Partial<Pick<Config, 'port' | 'adminPort'>> = {}

  constructor(config: Config, logger: FlushedLogger) {
    this.#config = config
    this.#logger = logger
    this.#children = rolesOf(config).map(role => ({
      role,
      process: null,
      ready: false,
      startedMs: 0,
      pauseMs: pauseMsMin,
      failure: '',
      hasPredecessor: false,
      silence: new Silence(),
      endsMs: [],
      lastEnd: null,
    }))
  }

  told(): SupervisorTold['parts'] {
    const sinceMs = Date.now() - endsMsMax
    return this.#children.map(({ role, process: own, ready, endsMs, lastEnd }) => {
      const ends = endsMs.filter(ms => ms >= sinceMs).length
      return { role, pid: own?.pid ?? null, isReady: ready, ends, lastEnd }
    })
  }

  /** Resolves when every role is ready or has had its time; gives the reason when one cannot open. */
  async start(): Promise<string | null> {
    const settled = new Promise<void>(resolve => {
      this.#settled = resolve
      setTimeout(resolve, welcomeWaitMs).unref()
    })
    await Promise.all(
      this.#children.map(async child => {
        child.hasPredecessor = await isRoleListening(this.#config.dataDir, child.role)
      }),
    )
    for (const child of this.#children) this.#spawn(child)
    setInterval(() => this.#lookAfterAll(), limits.roleAskMs).unref()
    await settled
    this.#started = true
    const failed = this.#children.find(child => child.failure !== '')
    return failed === undefined ? null : `The ${failed.role} cannot start: ${failed.failure}`
  }

  missing(): RoleName[] {
    return this.#children.filter(child => !child.ready).map(child => child.role)
  }

  /** Those that were bound. */
  ports(): Partial<Pick<Config, 'port' | 'adminPort'>> {
    return this.#ports
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const order: RoleName[] = ['api', 'pipeline', 'web', 'engine']
    const deadlineMs = Date.now() + this.#config.stopTimeout
    for (const role of order) {
      const child = this.#children.find(c => c.role === role)
      if (child?.process) await ended(child.process, Math.max(500, deadlineMs - Date.now()))
    }
  }

  kill(): void {
    for (const child of this.#children) child.process?.kill('SIGKILL')
  }

  #spawn(child: Child): void {
    if (this.#stopping) return
    const args = [...process.argv.slice(2), '--role', child.role, ...this.#portFlag(child.role)]
    child.startedMs = Date.now()
    let spawned: ChildProcess
    try {
      spawned = fork(process.argv[1] as string, args, {
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
        env: environmentWith(variablesOf(child.role), compiledIn(this.#config)),
      })
    } catch (cause) {
      return this.#notSpawned(child, cause)
    }
    child.process = spawned
    child.ready = false
    child.silence = new Silence()
    spawned.on('message', message => this.#heard(child, message as RoleMessage))
    spawned.on('error', cause => {
      // Without a process no exit follows.
      if (spawned.pid === undefined) return this.#notSpawned(child, cause)
      this.#logger.warn({ part: child.role, cause: String(cause) }, 'a part could not be spoken to')
    })
    spawned.on('exit', (code, signal) => this.#ended(child, code, signal))
  }

  #portFlag(role: RoleName): string[] {
    const name = portNames[role]
    const port = name === undefined ? undefined : this.#ports[name]
    return name === undefined || port === undefined ? [] : [`--${options[name].flag}`, `${port}`]
  }

  #heard(child: Child, message: RoleMessage): void {
    if (message.kind === 'ready') {
      child.ready = true
      child.failure = ''
      const name = portNames[child.role]
      if (name !== undefined && message.detail.port !== undefined) this.#ports[name] = message.detail.port
      if (this.#children.every(c => c.ready)) this.#settled?.()
    } else if (!this.#started && !child.hasPredecessor) {
      child.failure = message.message
      this.#settled?.()
    }
  }

  #notSpawned(child: Child, cause: unknown): void {
    this.#logger.error({ part: child.role, cause: String(cause) }, 'a part could not be spawned')
    this.#ended(child, null, null)
  }

  #lookAfterAll(): void {
    for (const child of this.#children) {
      this.#lookAfter(child).catch(cause => this.#logger.error({ cause: String(cause) }, 'a part was not looked after'))
    }
  }

  /** Asks a role whether it still answers; one that hangs for long is killed. */
  async #lookAfter(child: Child): Promise<void> {
    const { process: asked, silence } = child
    if (asked === null || !child.ready) return
    const verdict = silence.hear((await askRole(this.#config.dataDir, child.role, 'status', limits.roleAskMs)) !== null)
    if (verdict === 'fine' || child.process !== asked || this.#stopping) return
    const fields = { part: child.role, silentMs: silence.asks * limits.roleAskMs }
    if (verdict === 'warn') return this.#logger.warn(fields, 'a part does not answer')
    this.#logger.error(fields, 'a part does not answer for too long: it is killed and started again')
    asked.kill('SIGKILL')
  }

  #ended(child: Child, code: number | null, signal: string | null): void {
    child.process = null
    child.ready = false
    if (this.#stopping) return
    child.lastEnd = { atMs: Date.now(), code, signal }
    child.endsMs = [...child.endsMs.filter(ms => ms >= Date.now() - endsMsMax), child.lastEnd.atMs]
    if (Date.now() - child.startedMs > healthyMs) child.pauseMs = pauseMsMin
    this.#logger.warn({ part: child.role, code, signal, pauseMs: child.pauseMs }, 'a part ended and is started again')
    setTimeout(() => this.#spawn(child), child.pauseMs)
    child.pauseMs = Math.min(child.pauseMs * 2, pauseMsMax)
  }
}

async function ended(child: ChildProcess, withinMs: number): Promise<void> {
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
  if (child.connected) child.send('stop')
  else child.kill('SIGTERM')
  await gone
  clearTimeout(timer)
}
