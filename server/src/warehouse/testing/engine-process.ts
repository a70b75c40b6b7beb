// Starts, kills and stops an engine in a process of its own on a temporary directory, for tests and benchmarks.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineStatus } from '../engine/engine.ts'
import { engineEnvironment } from '../engine/environment.ts'
import { openWarehouse, type Warehouse } from '../warehouse.ts'

export type EngineProcess = {
  dir: string
  socketPath: string
  pid(): number
  /** Starts it (again). */
  start(): Promise<void>
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>
  status(): Promise<EngineStatus>
  /** Ends it gently. */
  stop(): Promise<void>
  /** Ends it and removes its directory. */
  remove(): Promise<void>
  /** A warehouse on it. */
  warehouse(now?: () => number, database?: string): Warehouse
}

export const silentLogger = { info: () => {}, warn: () => {}, error: () => {} }

/** Starts an engine on a new directory. Few questions may wait there, unless it is said otherwise. */
export async function startEngine({ askQueueMax = 4 } = {}): Promise<EngineProcess> {
  const root = await mkdtemp(join(tmpdir(), 'warehouse-'))
  const dir = join(root, 'warehouse')
  const socketPath = join(root, 'engine.sock')
  let child: ChildProcess | null = null
  const start = async () => {
    const file = join(import.meta.dirname, 'engine-child.ts')
    child = fork(file, [dir, socketPath, String(askQueueMax)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: engineEnvironment,
    })
    const [message] = await Promise.race([once(child, 'message'), once(child, 'exit')])
    if (message !== 'open') throw new Error(`Cannot start the engine: it ended with ${message}`)
  }
  const end = async (signal: 'SIGKILL' | 'SIGTERM') => {
    const ending = child
    child = null
    if (ending === null || ending.exitCode !== null || ending.signalCode !== null) return
    ending.kill(signal)
    await once(ending, 'exit')
  }
  await start()
  return {
    dir,
    socketPath,
    pid: () => child?.pid ?? 0,
    start,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    status: async () => {
      const asked = child as ChildProcess
      asked.send('status')
      return (await once(asked, 'message'))[0]
    },
    remove: async () => {
      await end('SIGTERM')
      await rm(root, { recursive: true, force: true })
    },
    warehouse: (now = Date.now, database = 'datapulse') =>
      openWarehouse({ socketPath, database, logger: silentLogger, now }),
  }
}
