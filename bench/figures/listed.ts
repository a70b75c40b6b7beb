// How long it takes from the 200 until the event is listed by the admin API, while the whole server runs on both cores
// under load. A probe of its own posts an event every 100 ms or so, under a user of its own, and asks for that user's
// latest 100 events every 100 ms; so each time is up to 100 ms too long.

import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { runTag, transactionId } from '../load/events.ts'
import type { Outcome } from '../load/job.ts'
import { startGenerating } from '../load/load.ts'
import type { Child } from '../rig/child.ts'
import { makePlace, removePlace } from '../rig/place.ts'
import { product, type Server, startServer } from '../rig/server.ts'
import { percentile } from '../rig/statistics.ts'
import { alone, type Figure } from './figure.ts'
import { highestSingles } from './highest-rate.ts'

const user = 'bench-probe'
const postEveryMs = 100
const askEveryMs = 100
/** What is not listed by then counts with this time. */
const listedMsMax = 30_000

export const listed: Figure = {
  name: 'listed',
  sizes: ['canonical', 'full'],
  title: 'Time from 200 to listed at half the highest rate, p95',
  diskBytes: sizes => (sizes.latencySeconds + sizes.warmSeconds) * 60e6 + 1e9,
  async measure(run) {
    const requestsPerSecond = (await highestSingles(run)) / 2
    const place = makePlace()
    const server = await startServer({ dataDir: join(place, 'data'), role: 'all', core: null })
    let load: Child | null = null
    try {
      const seconds = run.sizes.latencySeconds * 2
      const loop = { kind: 'open', requestsPerSecond, pace: 'timer' } as const
      const { port, apiKey } = server
      const { warmSeconds } = run.sizes
      const job = { port, apiKey, events: 1, connections: 256, warmSeconds, seconds, loop, requestsMax: 20_000_000 }
      load = startGenerating(job, null)
      await sleep(warmSeconds * 1000)
      const times = await probe(server, seconds)
      const { requests, failures } = JSON.parse(await load.result()) as Outcome
      const failed = Object.values(failures).reduce((sum, count) => sum + count, 0)
      const at = `${Math.round(requestsPerSecond).toLocaleString('en')} events/s`
      run.say(`${times.length} probes at ${at}: p50 ${percentile(times, 0.5).toFixed(2)} s`)
      return {
        lines: [
          alone(`from 200 to listed, p95, at ${at}`, percentile(times, 0.95), 's', {
            kind: 'at most',
            value: 1,
            unit: 's',
          }),
          alone(`from 200 to listed, p50, at ${at}`, percentile(times, 0.5), 's', null),
        ],
        notes: [
          `${times.length} events were followed; the whole server and the generator shared both cores, and ` +
            `${((requests / (requests + failed)) * 100).toFixed(1)}% of the load was acknowledged.`,
        ],
      }
    } finally {
      await load?.end()
      await server.stop()
      removePlace(place)
    }
  },
}

/** Seconds from 200 to listed of each probe. */
async function probe(server: Server, seconds: number): Promise<number[]> {
  const waiting = new Map<string, number>()
  const times: number[] = []
  const endMs = performance.now() + seconds * 1000
  await Promise.all([postUntil(endMs, server, waiting), seeUntil(endMs, server, waiting, times)])
  for (const ackedMs of waiting.values()) times.push((performance.now() - ackedMs) / 1000)
  return times
}

async function postUntil(endMs: number, server: Server, waiting: Map<string, number>): Promise<void> {
  const tag = runTag()
  for (let n = 0; performance.now() < endMs; n++) {
    const id = transactionId(tag, n)
    if (await post(server, id)) waiting.set(id, performance.now())
    await sleep(postEveryMs * (0.5 + Math.random()))
  }
}

async function seeUntil(endMs: number, server: Server, waiting: Map<string, number>, times: number[]): Promise<void> {
  while (performance.now() < endMs || (waiting.size > 0 && performance.now() < endMs + listedMsMax)) {
    const page = await server.ask<{ events: { transaction_id: string }[] }>(
      `/api/events?product=${product}&user=${user}&limit=100`,
    )
    const nowMs = performance.now()
    for (const { transaction_id } of page.events) {
      const ackedMs = waiting.get(transaction_id)
      if (ackedMs === undefined) continue
      waiting.delete(transaction_id)
      times.push((nowMs - ackedMs) / 1000)
    }
    await sleep(askEveryMs)
  }
}

function post(server: Server, id: string): Promise<boolean> {
  const body = JSON.stringify({
    client_user_id: user,
    event_name: 'bet',
    timestamp: Math.floor(Date.now() / 1000),
    transaction_id: id,
    amount: 1,
    currency: 'USD',
  })
  const headers = { 'content-type': 'application/json', 'x-api-key': server.apiKey }
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: server.port, path: '/v2/s2s/event', method: 'POST', headers }
    const sent = request(options, reply => {
      reply.resume()
      reply.on('end', () => resolve(reply.statusCode === 200))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
