// The API in front of NATS JetStream against the API in front of its own disk, by turns in one run: single events
// acknowledged per second, and how long a partner waits at half of the lower of both rates. Then two threads, and two
// processes, against one. Three servers of NATS, the API and the load share two cores here: what a machine for each would
// do is more (docs/guides/cluster.md has the sum).

import { join } from 'node:path'
import { type NatsServers, startNats } from '../../server/src/log/nats/testing/nats-servers.ts'
import type { Percentiles } from '../load/histogram.ts'
import { generate, generateWith } from '../load/load.ts'
import { makePlace, removePlace } from '../rig/place.ts'
import { type Server, startServer } from '../rig/server.ts'
import { median } from '../rig/statistics.ts'
import { compare, type Figure, type Line, type Run } from './figure.ts'
import { closedJob } from './highest-rate.ts'

const latencyConnections = 128
/** The servers of the bench have 4 GB. */
const room = { 'log-budget': '2GiB', 'log-retention-bytes': '1GiB' }

export const cluster: Figure = {
  name: 'cluster',
  sizes: [],
  title: 'The log in NATS JetStream against the embedded one, and more API processes than one',
  diskBytes: sizes => (sizes.rounds + 1) * sizes.seconds * 6 * 40e6 + 4e9,
  async measure(run) {
    const place = makePlace()
    const opened: { end(): Promise<void> }[] = []
    const open = async (name: string, more: Record<string, string>) => {
      const server = await startServer({ dataDir: join(place, name), role: 'api', core: null, more })
      opened.push({ end: () => server.stop() })
      return server
    }
    const natsOf = async (count: number): Promise<NatsServers> => {
      const nats = await startNats({ count })
      opened.push({ end: () => nats.remove() })
      return nats
    }
    try {
      const embedded = await open('embedded', {})
      const one = await natsOf(1)
      const three = await natsOf(3)
      const single = await open('one', { log: one.url, 'nats-replicas': '1', ...room })
      const replicated = await open('three', { log: three.url, 'nats-replicas': '3', ...room })
      const threads = await open('threads', { 'api-workers': '2' })
      const beside = await open('beside', { log: three.url, 'nats-replicas': '3', ...room })
      const rates = {
        embedded: [] as number[],
        one: [] as number[],
        three: [] as number[],
        threads: [] as number[],
        two: [] as number[],
      }
      for (let round = 0; round < run.sizes.rounds; round++) {
        rates.embedded.push(await rateOf(run, place, [embedded]))
        rates.one.push(await rateOf(run, place, [single]))
        rates.three.push(await rateOf(run, place, [replicated]))
        rates.threads.push(await rateOf(run, place, [threads]))
        rates.two.push(await rateOf(run, place, [replicated, beside]))
        run.say(
          Object.entries(rates)
            .map(([name, found]) => `${name} ${Math.round(found.at(-1) ?? 0)}`)
            .join(', '),
        )
      }
      const half = Math.min(median(rates.embedded), median(rates.three)) / 2
      const [own, theirs] = [await waitsOf(run, embedded, half), await waitsOf(run, replicated, half)]
      const rate = (what: string, ours: number[], baseline: number[], baselineWhat: string): Line =>
        compare({ what, unit: 'events/s', ours, baseline, baselineWhat, target: null })
      const wait = (what: 'p50Ms' | 'p99Ms'): Line =>
        compare({
          what: `acknowledgement, ${what.slice(0, 3)}, three servers, at ${Math.round(half).toLocaleString('en')} events/s`,
          unit: 'ms',
          ours: theirs.map(each => each[what]),
          baseline: own.map(each => each[what]),
          baselineWhat: 'embedded log',
          target: null,
        })
      return {
        lines: [
          rate('single events, JetStream on one server', rates.one, rates.embedded, 'embedded log'),
          rate('single events, JetStream on three servers', rates.three, rates.embedded, 'embedded log'),
          rate('single events, two API threads, embedded log', rates.threads, rates.embedded, 'one thread'),
          rate('single events, two API processes, JetStream on three', rates.two, rates.three, 'one process'),
          wait('p50Ms'),
          wait('p99Ms'),
        ],
        notes: ['The NATS servers sync before they acknowledge (sync_interval: always). Nothing is pinned to a core.'],
      }
    } finally {
      for (const one of opened.toReversed()) await one.end()
      removePlace(place)
    }
  },
}

/** Events per second that all of them acknowledge, asked at once. */
async function rateOf(run: Run, place: string, servers: Server[]): Promise<number> {
  const outcomes = await Promise.all(
    servers.map(({ port, apiKey }) => generateWith(run.generator, closedJob(run, 1, port, apiKey), null, place)),
  )
  return outcomes.reduce((sum, outcome) => sum + outcome.eventsPerSecond, 0)
}

async function waitsOf(run: Run, { port, apiKey }: Server, requestsPerSecond: number): Promise<Percentiles[]> {
  const { warmSeconds, latencySeconds: seconds, rounds } = run.sizes
  const loop = { kind: 'open', requestsPerSecond, pace: 'timer' } as const
  const job = {
    port,
    apiKey,
    events: 1,
    connections: latencyConnections,
    warmSeconds,
    seconds,
    loop,
    requestsMax: 10_000_000,
  }
  const found: Percentiles[] = []
  for (let round = 0; round < rounds; round++) found.push((await generate(job, null)).latency)
  return found
}
