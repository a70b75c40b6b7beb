// On what a result was measured: it says nothing without that. Names no host and no path.

import { execFileSync } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { canPin } from './child.ts'
import { root } from './place.ts'

export type Machine = {
  processor: string
  cores: number
  memoryGiB: number
  system: string
  node: string
  chdb: string
  commit: string
  /** Whether the checkout had changes that are not in the commit. */
  changed: boolean
  pinned: boolean
}

export function describeMachine(): Machine {
  return {
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().split('-')[0]} ${arch()}`,
    node: process.version,
    chdb: chdbVersion(),
    commit: git('rev-parse', '--short=12', 'HEAD'),
    changed: git('status', '--porcelain', '--', 'server', 'contract', 'cli', 'bench/load', 'bench/figures') !== '',
    pinned: canPin,
  }
}

/** Throws when the disk under `path` has less than `bytesMin` free. */
export function needRoom(path: string, bytesMin: number, what: string): void {
  const { bavail, bsize } = statfsSync(path)
  if (bavail * bsize >= bytesMin) return
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`
  throw new Error(`Cannot run ${what} because it needs ${gib(bytesMin)} of free disk: got ${gib(bavail * bsize)}.`)
}

/** Of the package, without loading the engine. */
function chdbVersion(): string {
  const requireAsServer = createRequire(join(root, 'server/package.json'))
  return (requireAsServer('chdb/package.json') as { version: string }).version
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}
