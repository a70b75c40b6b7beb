// How long a partner waits for the 200 at half the highest rate: open loop with Poisson arrivals, from the intended send
// time, the API on one core; beside a bare fdatasync of one event's bytes, one after the other, on the same core.

import { join } from 'node:path'
import type { Percentiles } from '../load/histogram.ts'
import { eventBytes } from '../load/events.ts'
import { generate } from '../load/load.ts'
import { startNode } from '../rig/child.ts'
import { makePlace, removePlace, root } from '../rig/place.ts'
import { startServer } from '../rig/server.ts'
import { compare, type Figure } from './figure.ts'
import { closedJob, highestSingles } from './highest-rate.ts'

const connections = 256

export const acknowledgement: Figure = {
  name: 'acknowledgement',
  sizes: ['smoke', 'canonical', 'full'],
  title: 'Acknowledgement of a single event at half the highest rate, p99',
  diskBytes: sizes => (sizes.rounds + 1) * sizes.latencySeconds * 30e6 + 1e9,
  async measure(run) {
    const requestsPerSecond = (await highestSingles(run)) / 2
    const place = makePlace()
    const server = await startServer({ dataDir: join(place, 'data'), role: 'api', core: 0 })
    try {
      const ours: Percentiles[] = []
      const bare: Percentiles[] = []
      let failures = 0
      // As a server is that has been at work: compiled, its memory grown.
      await generate(closedJob(run, 1, server.port, server.apiKey), 1)
      for (let round = 0; round < run.sizes.rounds; round++) {
        bare.push(await syncAlone(join(place, 'bare'), Math.max(0.3, run.sizes.latencySeconds / 4)))
        const loop = { kind: 'open', requestsPerSecond, pace: 'spin' } as const
        const { apiKey, port } = server
        const { warmSeconds, latencySeconds: seconds } = run.sizes
        const job = { port, apiKey, events: 1, connections, warmSeconds, seconds, loop, requestsMax: 10_000_000 }
        const outcome = await generate(job, 1)
        ours.push(outcome.latency)
        failures += Object.values(outcome.failures).reduce((sum, count) => sum + count, 0)
        run.say(
          `bare p99 ${bare.at(-1)?.p99Ms} ms, ours p99 ${outcome.latency.p99Ms} ms, p50 ${outcome.latency.p50Ms} ms`,
        )
      }
      const line = (what: 'p50Ms' | 'p99Ms') =>
        compare({
          what: `acknowledgement, ${what.slice(0, 3)}, at ${Math.round(requestsPerSecond).toLocaleString('en')} events/s`,
          unit: 'ms',
          ours: ours.map(each => each[what]),
          baseline: bare.map(each => each[what]),
          baselineWhat: `bare fdatasync of ${eventBytes} bytes`,
          target: what === 'p99Ms' ? { kind: 'at most', value: 10, unit: '×' } : null,
        })
      return {
        lines: [line('p99Ms'), line('p50Ms')],
        notes:
          failures === 0 ? [] : [`${failures} requests were not answered 200: each counts as the slowest there is.`],
      }
    } finally {
      await server.stop()
      removePlace(place)
    }
  },
}

async function syncAlone(path: string, seconds: number): Promise<Percentiles> {
  const args = [path, String(eventBytes), String(seconds)]
  return JSON.parse(await startNode(join(root, 'bench/baselines/fdatasync.ts'), args, 0).result()) as Percentiles
}
