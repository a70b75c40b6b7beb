// The door of the load generator: runs a job in a process of its own, pinned where that is possible, and says which of
// the two generators is the stronger one here and how far it reaches.

import { join } from 'node:path'
import { type Core, startNode } from '../rig/child.ts'
import type { Job, Outcome } from './job.ts'
import { hasWrk, runWrk } from './wrk.ts'

export type Generator = 'own' | 'wrk'

/** `ceiling`: requests per second that this generator's core is good for, from the processor time that it took. */
export type Reach = { generator: Generator; ceiling: number; rate: number }

export async function generate(job: Job, core: Core): Promise<Outcome> {
  return JSON.parse(await startGenerating(job, core).result()) as Outcome
}

/** The job under way, for figures that do something else meanwhile; its result is the outcome as JSON. */
export function startGenerating(job: Job, core: Core) {
  return startNode(join(import.meta.dirname, 'generator.ts'), [JSON.stringify(job)], core)
}

/** Closed loop of single events by the given generator; anything else is the own generator's. */
export function generateWith(generator: Generator, job: Job, core: Core, folder: string): Promise<Outcome> {
  const wrkCan = job.events === 1 && job.loop.kind === 'closed'
  return generator === 'wrk' && wrkCan ? runWrk(job, core, folder) : generate(job, core)
}

/** Tries both generators on a server and tells how far each could go, the one that goes further first. */
export async function measureReach(
  job: Job,
  options: { core: Core; folder: string; ownOnly: boolean },
): Promise<Reach[]> {
  const names: Generator[] = !options.ownOnly && hasWrk() ? ['own', 'wrk'] : ['own']
  const found: Reach[] = []
  for (const generator of names) {
    const outcome = await generateWith(generator, job, options.core, options.folder)
    const rate = outcome.requestsPerSecond
    found.push({ generator, rate, ceiling: rate / Math.max(0.05, outcome.busyShare ?? 1) })
  }
  return found.sort((a, b) => b.ceiling - a.ceiling)
}
