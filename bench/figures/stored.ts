// What it costs to have much: the API's rate, the pipeline's drain and the start-up, on a server with many events stored
// and a large log, against an empty one, by turns.
// How the large one is made: the log is filled through the API (batches, never looked at by retention) and the whole of
// it goes through the pipeline, so that log, index and warehouse belong together; what is missing to the wanted number
// of events is put into the warehouse by ClickHouse itself (rig/store-events.ts). The index is then removed, and the
// server rebuilds it from the warehouse on its next start, as it would after a loss: every stored event's identity is
// in it. How long that takes is told beside the figures.

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { generate, startGenerating } from '../load/load.ts'
import { startNode } from '../rig/child.ts'
import { makePlace, removePlace, root } from '../rig/place.ts'
import { type Server, startServer } from '../rig/server.ts'
import { fillBacklog } from './backlog.ts'
import { compare, type Figure, type Run } from './figure.ts'
import { closedJob } from './highest-rate.ts'
import { drainRate, watchDrain } from './watching.ts'

type Pair = { large: number[]; empty: number[] }
type Dirs = { large: string; empty: string }

const database = 'datapulse'
/** The index of all events is rebuilt in this time, or the figure fails. */
const rebuildMsMax = 60 * 60_000
/** What one event takes in the log, about. */
const logBytesPerEvent = 370

export const stored: Figure = {
  name: 'stored',
  sizes: ['full'],
  title: 'Rates and start-up with many events stored and a large log, against empty',
  diskBytes: sizes => sizes.logBytes * 1.5 + sizes.storedEvents * 400 + sizes.drainEvents * sizes.rounds * 2_000 + 2e9,
  async measure(run) {
    const place = makePlace()
    try {
      const dirs = { large: join(place, 'large'), empty: join(place, 'empty') }
      const notes = await makeLarge(run, dirs.large)
      await drainAll(dirs.empty)
      const startUps = await byTurns(run, dirs, 'start-up', startUp)
      const restarts = await byTurns(run, dirs, 'start-up after kill -9', startUpAfterKill)
      const api = await byTurns(run, dirs, 'API', dataDir => apiRate(run, dataDir))
      for (const dataDir of Object.values(dirs)) await drainAll(dataDir)
      const drains = await byTurns(run, dirs, 'drain', dataDir => drainMore(dataDir, run.sizes.drainEvents))
      const line = (what: string, unit: string, pair: Pair, kind: 'at least' | 'at most', value: number) =>
        compare({
          what: `${what}, with ${run.sizes.storedEvents.toLocaleString('en')} events stored`,
          unit,
          ours: pair.large,
          baseline: pair.empty,
          baselineWhat: 'empty',
          target: { kind, value, unit: '×' },
        })
      return {
        lines: [
          line('API, single events', 'events/s', api, 'at least', 0.85),
          line('drain', 'events/s', drains, 'at least', 0.6),
          line('start-up', 's', startUps, 'at most', 2),
          line('start-up after kill -9', 's', restarts, 'at most', 2),
        ],
        notes,
      }
    } finally {
      removePlace(place)
    }
  },
}

/** Gives what is to be said about it. */
async function makeLarge(run: Run, dataDir: string): Promise<string[]> {
  const logged = await fillBacklog(dataDir, Math.ceil(run.sizes.logBytes / logBytesPerEvent))
  const { logBytes, rate } = await drainAll(dataDir, logged)
  run.say(
    `${logged} events are through the log of ${(logBytes / 2 ** 30).toFixed(1)} GiB, ${Math.round(rate)} a second`,
  )
  const made = Math.max(0, run.sizes.storedEvents - logged)
  if (made > 0) {
    const args = [join(dataDir, 'warehouse'), database, String(made)]
    await startNode(join(root, 'bench/rig/store-events.ts'), args, null).result()
    rmSync(join(dataDir, 'index'), { recursive: true, force: true })
  }
  const rebuilding = await startServer({ dataDir, role: 'all', core: null, readyWithinMs: rebuildMsMax })
  await rebuilding.stop()
  const seconds = rebuilding.startSeconds.toFixed(0)
  run.say(`the index of ${logged + made} events was rebuilt in ${seconds} s`)
  return [
    `${logged.toLocaleString('en')} events went through the API and the pipeline, at ${Math.round(rate).toLocaleString('en')} ` +
      `events/s in the pipeline, and left a log of ${(logBytes / 2 ** 30).toFixed(1)} GiB; ${made.toLocaleString('en')} more were put ` +
      `into the warehouse directly. Rebuilding the index of all of them took ${seconds} s.`,
  ]
}

async function byTurns(
  run: Run,
  dirs: Dirs,
  what: string,
  measure: (dataDir: string) => Promise<number>,
): Promise<Pair> {
  const pair: Pair = { large: [], empty: [] }
  for (let round = 0; round < run.sizes.rounds; round++) {
    for (const kind of ['empty', 'large'] as const) pair[kind].push(await measure(dirs[kind]))
    run.say(`${what}: empty ${pair.empty.at(-1)?.toFixed(2)}, large ${pair.large.at(-1)?.toFixed(2)}`)
  }
  return pair
}

async function apiRate(run: Run, dataDir: string): Promise<number> {
  const server = await startServer({ dataDir, role: 'api', core: 0 })
  try {
    return (await generate(closedJob(run, 1, server.port, server.apiKey), 1)).eventsPerSecond
  } finally {
    await server.stop()
  }
}

async function startUp(dataDir: string): Promise<number> {
  const server = await startServer({ dataDir, role: 'all', core: null })
  await server.stop()
  return server.startSeconds
}

/** The kill comes while events are posted, so that there is something to recover. */
async function startUpAfterKill(dataDir: string): Promise<number> {
  const server = await startServer({ dataDir, role: 'all', core: null })
  const loop = { kind: 'open', requestsPerSecond: 2_000, pace: 'timer' } as const
  const { port, apiKey } = server
  const job = { port, apiKey, events: 1, connections: 32, warmSeconds: 0, seconds: 60, loop, requestsMax: 100_000 }
  const load = startGenerating(job, null)
  await sleep(3_000)
  await server.kill()
  await load.end()
  return startUp(dataDir)
}

/** Runs the whole server until nothing is in flight; `rate` is that of a backlog of so many events. */
async function drainAll(dataDir: string, backlog = 0): Promise<{ logBytes: number; rate: number }> {
  const server: Server = await startServer({ dataDir, role: 'all', core: null })
  try {
    const seen = await watchDrain(server)
    return { logBytes: (await server.standing()).log?.bytes ?? 0, rate: backlog === 0 ? 0 : drainRate(seen, backlog) }
  } finally {
    await server.stop()
  }
}

async function drainMore(dataDir: string, events: number): Promise<number> {
  return (await drainAll(dataDir, await fillBacklog(dataDir, events))).rate
}
