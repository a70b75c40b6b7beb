// Memory of the API, and of everything else together, while a backlog is worked off and events keep coming, against the
// same server without a backlog under the same load for the same time. Each process's own memory, twice a second: what no
// file backs. Pages of mapped files (programs, libraries, the index's tables) are the system's cache: it has them once
// for all processes and takes them back when it needs room; with them the sum is told in a note.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGenerating } from '../load/load.ts'
import { makePlace, removePlace } from '../rig/place.ts'
import { startServer } from '../rig/server.ts'
import { slope } from '../rig/statistics.ts'
import { fillBacklog } from './backlog.ts'
import { alone, compare, type Figure, type Run } from './figure.ts'
import { type MemorySample, watchDrain, watchMemory } from './watching.ts'

/** Single events that keep coming, in both cases: a server that is at work, so that only the backlog differs. */
const requestsPerSecond = 5_000
/** The case without a backlog runs as long as the other, within these bounds. */
const quietSeconds = { min: 2, max: 240 }
const megabyte = 1e6

export const memory: Figure = {
  name: 'memory',
  sizes: ['full'],
  title: 'Memory with a backlog against none',
  diskBytes: sizes => sizes.backlogEvents * 1_500 + 2e9,
  async measure(run) {
    const withBacklog = await runWith(run, run.sizes.backlogEvents)
    const seconds = Math.min(quietSeconds.max, Math.max(quietSeconds.min, withBacklog.at(-1)?.seconds ?? 0))
    const without = await runWith(run, 0, seconds)
    const most = (samples: MemorySample[], what: 'apiBytes' | 'restBytes' | 'residentBytes') =>
      Math.max(...samples.map(sample => sample[what])) / megabyte
    const backlog = `with a backlog of ${run.sizes.backlogEvents.toLocaleString('en')} events`
    const flat = (what: 'apiBytes' | 'restBytes', name: string) =>
      compare({
        what: `${name}, ${backlog}, most`,
        unit: 'MB',
        ours: [most(withBacklog, what)],
        baseline: [most(without, what)],
        baselineWhat: 'without a backlog',
        target: { kind: 'at most', value: 1.3, unit: '×' },
      })
    return {
      lines: [
        alone(`API, ${backlog}`, most(withBacklog, 'apiBytes'), 'MB', { kind: 'at most', value: 200, unit: 'MB' }),
        alone(`the rest, ${backlog}`, most(withBacklog, 'restBytes'), 'MB', {
          kind: 'at most',
          value: 1_200,
          unit: 'MB',
        }),
        flat('apiBytes', 'API'),
        flat('restBytes', 'the rest'),
      ],
      notes: [
        `In the second half of the drain memory rose by ${rise(withBacklog, 'apiBytes')} MB a minute in the API and ` +
          `${rise(withBacklog, 'restBytes')} MB in the rest.`,
        `With the pages of files, counted in each process that has them: ${most(withBacklog, 'residentBytes').toFixed(0)} MB with a backlog, ` +
          `${most(without, 'residentBytes').toFixed(0)} MB without, the API's among them.`,
        `Most by role with a backlog: ${byRole(withBacklog)}; without: ${byRole(without)}.`,
      ],
    }
  },
}

/** Without a backlog it runs for `seconds`; with one until it is worked off. */
async function runWith(run: Run, backlogEvents: number, seconds = 0): Promise<MemorySample[]> {
  const place = makePlace()
  const dataDir = join(place, 'data')
  try {
    if (backlogEvents > 0) await fillBacklog(dataDir, backlogEvents)
    const server = await startServer({ dataDir, role: 'all', core: null })
    try {
      const { port, apiKey } = server
      const loop = { kind: 'open', requestsPerSecond, pace: 'timer' } as const
      const job = { port, apiKey, events: 1, connections: 64, warmSeconds: 0, seconds: 3_600, loop, requestsMax: 18e6 }
      const load = startGenerating(job, null)
      const watch = watchMemory(server)
      if (backlogEvents > 0) await watchDrain(server, backlogEvents)
      else await sleep(seconds * 1000)
      watch.stop()
      await load.end()
      run.say(`${backlogEvents} events of backlog: ${byRole(watch.samples)}`)
      return watch.samples
    } finally {
      await server.stop()
    }
  } finally {
    removePlace(place)
  }
}

/** MB a minute over the second half. */
function rise(samples: MemorySample[], what: 'apiBytes' | 'restBytes'): string {
  const half = samples
    .slice(samples.length >> 1)
    .map(sample => ({ x: sample.seconds / 60, y: sample[what] / megabyte }))
  return slope(half).toFixed(1)
}

function byRole(samples: MemorySample[]): string {
  const roles = Object.keys(samples[0]?.roles ?? {})
  return roles
    .map(role => `${role} ${(Math.max(...samples.map(sample => sample.roles[role] ?? 0)) / megabyte).toFixed(0)} MB`)
    .join(', ')
}
