// Starting and ending processes: pinned to a core where `taskset` is there, ended by process id, and ended too when the
// bench itself ends for whatever reason.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { descendants } from './proc.ts'

/** A core, or null for all of them. */
export type Core = 0 | 1 | null

export type Child = {
  pid: number
  /** The first line on stdout. */
  firstLine(): Promise<string>
  /** All of stdout, once the process ended with code 0; throws with what it said otherwise. */
  result(): Promise<string>
  /** Whether it has not ended. */
  isAlive(): boolean
  /** What it said on stderr and stdout last. */
  lastWords(): string
  /** SIGTERM, and SIGKILL when that was not enough in time. */
  end(withinMs?: number): Promise<void>
}

const keptBytesMax = 64 * 1024 * 1024
const firstLineMs = 30_000
const living = new Set<ChildProcess>()

/** Whether processes can be pinned on this machine. */
export const canPin = spawnSync('taskset', ['-p', String(process.pid)], { stdio: 'ignore' }).status === 0

process.on('exit', () => {
  for (const child of living) {
    // A supervisor's children would outlive it for a moment, and write into folders that are being removed.
    for (const pid of descendants(child.pid ?? 0)) kill(pid)
    child.kill('SIGKILL')
  }
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

/** Starts `node script …args`. */
export function startNode(script: string, args: string[], core: Core): Child {
  return start(process.execPath, [script, ...args], core)
}

export function start(command: string, args: string[], core: Core): Child {
  const pinned = core !== null && canPin
  const child = pinned
    ? spawn('taskset', ['-c', String(core), command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    : spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  living.add(child)
  let out = ''
  let words = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    if (out.length < keptBytesMax) out += text
    words = (words + text).slice(-4000)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-4000)
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => {
      living.delete(child)
      resolve(code)
    })
  })
  ended.catch(() => living.delete(child))
  const isAlive = () => child.exitCode === null && child.signalCode === null
  return {
    pid: child.pid ?? 0,
    isAlive,
    lastWords: () => words,
    async firstLine() {
      const endMs = Date.now() + firstLineMs
      while (!out.includes('\n')) {
        if (!isAlive() || Date.now() > endMs) throw new Error(`${command} ${args[0]} said nothing useful:\n${words}`)
        await sleep(10)
      }
      return out.slice(0, out.indexOf('\n'))
    },
    async result() {
      const code = await ended
      if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}:\n${words}`)
      return out
    },
    async end(withinMs = 30_000) {
      if (!isAlive()) return
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await ended
      clearTimeout(timer)
    },
  }
}

/** Pins a process that runs already, with all its threads. */
export function pin(pid: number, core: 0 | 1): void {
  if (canPin) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)], { stdio: 'ignore' })
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended.
  }
}
