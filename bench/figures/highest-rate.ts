// The highest rate that the API acknowledges on one core: closed loop, beside bare node:http by turns. Used by the
// figures for single events and for batches, and by those that need to know the rate.

import { join } from 'node:path'
import { generateWith } from '../load/load.ts'
import type { Job } from '../load/job.ts'
import { type Child, startNode } from '../rig/child.ts'
import { makePlace, removePlace, root } from '../rig/place.ts'
import { type Server, startServer } from '../rig/server.ts'
import { median } from '../rig/statistics.ts'
import type { Run } from './figure.ts'

export const batchEvents = 600
/** Connections of the closed loop: as many partners' servers that wait for each reply. */
const connections = { single: 64, batch: 16 }
/** Bounds one turn, whatever the rate. */
const eventsPerTurnMax = 20_000_000

export type Rates = { ours: number[]; bare: number[]; failures: number; busyShareMax: number }

/** Events per second, baseline and ours by turns; `events` of a request is 1 or more. Leaves the median in `run.highest`. */
export async function measureHighestRate(run: Run, events: number): Promise<Rates> {
  const place = makePlace()
  let server: Server | null = null
  let bare: Child | null = null
  try {
    bare = startNode(join(root, 'bench/baselines/bare-http.ts'), events > 1 ? ['--parse'] : [], 0)
    const barePort = Number(await bare.firstLine())
    server = await startServer({ dataDir: join(place, 'data'), role: 'api', core: 0 })
    const rates = await takeTurns(run, events, barePort, server, place)
    run.highest[events === 1 ? 'singles' : 'batches'] = median(rates.ours)
    return rates
  } finally {
    await bare?.end()
    await server?.stop()
    removePlace(place)
  }
}

/** The rate if it is known, or one measured now. */
export async function highestSingles(run: Run): Promise<number> {
  if (run.highest.singles === null) await measureHighestRate(run, 1)
  return run.highest.singles as number
}

export async function highestBatches(run: Run): Promise<number> {
  if (run.highest.batches === null) await measureHighestRate(run, batchEvents)
  return run.highest.batches as number
}

async function takeTurns(run: Run, events: number, barePort: number, server: Server, place: string): Promise<Rates> {
  const rates: Rates = { ours: [], bare: [], failures: 0, busyShareMax: 0 }
  for (let round = 0; round < run.sizes.rounds; round++) {
    for (const [kind, port] of [
      ['bare', barePort],
      ['ours', server.port],
    ] as const) {
      const outcome = await generateWith(run.generator, closedJob(run, events, port, server.apiKey), 1, place)
      rates[kind].push(outcome.eventsPerSecond)
      rates.failures += Object.values(outcome.failures).reduce((sum, count) => sum + count, 0)
      rates.busyShareMax = Math.max(rates.busyShareMax, outcome.busyShare ?? 0)
      run.say(`${kind} ${Math.round(outcome.eventsPerSecond).toLocaleString('en')} events/s`)
    }
  }
  return rates
}

export function closedJob(run: Run, events: number, port: number, apiKey: string): Job {
  return {
    port,
    events,
    apiKey,
    connections: events === 1 ? connections.single : connections.batch,
    warmSeconds: run.sizes.warmSeconds,
    seconds: run.sizes.seconds,
    loop: { kind: 'closed' },
    requestsMax: Math.ceil(eventsPerTurnMax / events),
  }
}
