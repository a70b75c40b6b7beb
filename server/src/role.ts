// The life of one role's process: open the part, tell the supervisor, answer on the role's socket, and on the word
// `stop` (from the supervisor), SIGTERM, SIGINT (when nobody supervises), or the supervisor's death close the part and
// end. A part that cannot open ends the process with the reason; whether that is for good is the supervisor's to judge.
// What escapes as an exception is a bug: the process ends, and its next start takes the road of recovery.

import { setPriority } from 'node:os'
import { lowerBackgroundThreads, merging } from './background-threads.ts'
import type { Config } from './config.ts'
import { type FlushedLogger, openLogger } from './logger.ts'
import { type RoleMetrics, openRoleMetrics } from './metrics.ts'
import { type RoleName, type RoleQuestions, openRoleSocket, socketPath } from './role-socket.ts'
import { StartProblem } from './start-problem.ts'

/** What a role's opening gives. */
export type Part = { status(): Told; close(): Promise<void>; answers?: RoleQuestions }

/** `port`: the one that was bound. */
type Told = Record<string, unknown> & { port?: number }

/** From a role to the supervisor. */
export type RoleMessage = { kind: 'ready'; detail: Told } | { kind: 'failed'; message: string }

/**
 * Niceness. Where everybody wants a core at once, acknowledging comes first, then answering; what follows the log can
 * wait a moment: it is in the log. Set before a role starts its threads, which inherit it.
 */
const priorities: Record<RoleName, number> = { api: 0, web: 2, pipeline: 5, engine: 5 }

/** So much lower do threads run that work in the background: V8's own, and ClickHouse's that merge. */
const backgroundNiceness = 10

/** Lowers ClickHouse's threads that merge, in the engine's process. They are made when they are needed. */
export function lowerMerging(): void {
  lowerBackgroundThreads(priorities.engine + backgroundNiceness, merging)
}

/** Ends the process with this code when the part could not open: the same again would not help at once. */
export const couldNotOpen = 69

export async function runRole(
  name: RoleName,
  config: Config,
  open: (logger: FlushedLogger) => Promise<Part>,
): Promise<void> {
  const logger = openLogger({ role: name, level: config.logLevel, format: config.logFormat })
  const startedMs = Date.now()
  setPriority(priorities[name])
  lowerBackgroundThreads(priorities[name] + backgroundNiceness)
  escapesAreBugs(logger)
  let part: Part | null = null
  let stopping = false
  const stop = (why: string) => {
    if (stopping) return
    stopping = true
    logger.info({ why }, 'stopping')
    setTimeout(() => end(1), config.stopTimeout).unref()
    Promise.resolve(part?.close()).then(
      () => end(0),
      cause => {
        logger.error({ cause: String(cause) }, 'could not close cleanly')
        end(1)
      },
    )
  }
  const end = (code: number) => logger.end(code)
  hearStops(stop)
  try {
    part = await open(logger)
    const metrics: RoleMetrics = openRoleMetrics(name, () => part?.status() ?? {})
    const status = (): Told => ({
      role: name,
      pid: process.pid,
      startedMs,
      rssBytes: process.memoryUsage.rss(),
      ...part?.status(),
    })
    await openRoleSocket(socketPath(config.dataDir, name), {
      status,
      metrics: metrics.collect,
      answers: part.answers ?? {},
    })
    process.send?.({ kind: 'ready', detail: status() } satisfies RoleMessage)
    logger.info({ pid: process.pid }, 'ready')
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const stack = cause instanceof StartProblem ? {} : { stack: (cause as Error).stack }
    logger.error({ code: (cause as { code?: string }).code, ...stack }, message)
    process.send?.({ kind: 'failed', message } satisfies RoleMessage)
    setTimeout(() => logger.end(couldNotOpen), 50)
  }
}

/** A terminal's Ctrl-C reaches every process of the group; supervised roles leave it to the supervisor. */
function hearStops(stop: (why: string) => void): void {
  const supervised = process.send !== undefined
  process.on('SIGTERM', () => stop('SIGTERM'))
  process.on('SIGINT', () => {
    if (!supervised) stop('SIGINT')
  })
  process.on('SIGHUP', () => {
    if (!supervised) stop('SIGHUP')
  })
  if (!supervised) return
  process.on('message', message => {
    if (message === 'stop') stop('the supervisor says so')
  })
  process.on('disconnect', () => stop('the supervisor is gone'))
}

function escapesAreBugs(logger: FlushedLogger): void {
  const die = (kind: string) => (cause: unknown) => {
    logger.error({ stack: cause instanceof Error ? cause.stack : String(cause) }, `${kind}: this process ends`)
    logger.end(70)
  }
  process.on('uncaughtException', die('an exception escaped'))
  process.on('unhandledRejection', die('a rejection escaped'))
}
