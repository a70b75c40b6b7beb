// Memory of the API, and of everything else together, while a backlog is worked off and events keep coming, against the
// same server without a backlog under the same load for the same time. The load is about what the whole server can keep
// up with, so that both are busy and only the backlog differs; what a server holds that has little to do is told in a
// note. Each process's own memory, twice a second: what no file backs. Pages of mapped files (programs, libraries, the
// index's tables) are the system's cache: it has them once for all processes and takes them back when it needs room;
// with them the sum is told in a note.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startGenerating } from '../load/load.ts'
import { makePlace, removePlace } from '../rig/place.ts'
import { type Server, startServer } from '../rig/server.ts'
import { slope } from '../rig/statistics.ts'
import { fillBacklog } from './backlog.ts'
import { alone, compare, type Figure, type Run } from './figure.ts'
import { lookEveryMs, type MemorySample, watchDrain, watchMemory } from './watching.ts'

type Load = { requestsPerSecond: number; events: number }
/** 25,000 events a second in small batches: with loads about as large as those of a backlog. */
const busy: Load = { requestsPerSecond: 500, events: 50 }
/** Single events, a quarter of what the API can take on one core. */
const quiet: Load = { requestsPerSecond: 5_000, events: 1 }
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
    const little = await runWith(run, 0, Math.min(quietSeconds.max, seconds) / 4, quiet)
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
        `Without a backlog and with ${quiet.requestsPerSecond.toLocaleString('en')} single events a second: ${most(little, 'apiBytes').toFixed(0)} MB in the API, ` +
          `${most(little, 'restBytes').toFixed(0)} MB in the rest.`,
        `Most by role with a backlog: ${byRole(withBacklog)}; without: ${byRole(without)}.`,
      ],
    }
  },
}

/** Without a backlog it runs for `seconds`; with one until it is worked off. */
async function runWith(run: Run, backlogEvents: number, seconds = 0, wish = busy): Promise<MemorySample[]> {
  const place = makePlace()
  const dataDir = join(place, 'data')
  try {
    if (backlogEvents > 0) await fillBacklog(dataDir, backlogEvents)
    const server = await startServer({ dataDir, role: 'all', core: null })
    try {
      const { port, apiKey } = server
      const loop = { kind: 'open', requestsPerSecond: wish.requestsPerSecond, pace: 'timer' } as const
      const { events } = wish
      const job = { port, apiKey, events, connections: 64, warmSeconds: 0, seconds: 3_600, loop, requestsMax: 18e6 }
      const load = startGenerating(job, null)
      const watch = watchMemory(server)
      if (backlogEvents > 0) await watchDrain(server, backlogEvents)
      else await askFor(server, seconds)
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

/** The server is asked as often as one whose backlog is watched. */
async function askFor(server: Server, seconds: number): Promise<void> {
  for (const endMs = Date.now() + seconds * 1000; Date.now() < endMs; ) {
    await server.standing()
    await sleep(lookEveryMs)
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
