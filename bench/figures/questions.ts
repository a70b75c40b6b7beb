// How long questions take with much in the warehouse: every report, and finding one request or transaction, through the
// admin API as an operator asks them, and a partner's reconciliation, one at a time. The same questions are asked of a
// tenth of the events before, so that it is told what a tenfold costs. The events are put into the warehouse by ClickHouse
// itself (rig/store-events.ts).

import { makePlace, removePlace } from '../rig/place.ts'
import { product, type Server, startServer } from '../rig/server.ts'
import { percentile } from '../rig/statistics.ts'
import { compare, type Figure, type Run } from './figure.ts'
import { loadOne, rebuildMsMax, storeEvents } from './stored-events.ts'

const asks = 20
const dayMs = 86_400_000

type Times = Map<string, number[]>

export const questions: Figure = {
  name: 'questions',
  sizes: ['full'],
  title: 'Questions with many events stored',
  isToldBySize: true,
  diskBytes: sizes => sizes.questionEvents * 400 + 2e9,
  async measure(run) {
    const place = run.keep ?? makePlace()
    try {
      const few = await askAll(run, await storeEvents(place, run.sizes.questionEvents / 10))
      const many = await askAll(run, await storeEvents(place, run.sizes.questionEvents))
      const secondsMax = run.sizes.questionEvents > 10_000_000 ? 1 : 0.2
      const lines = [...many].map(([name, times]) => {
        const line = compare({
          what: `${name}, p95, of ${run.sizes.questionEvents.toLocaleString('en')} events`,
          unit: 's',
          ours: [percentile(times, 0.95)],
          baseline: [percentile(few.get(name) ?? [], 0.95)],
          baselineWhat: 'of a tenth',
          target: null,
        })
        const target = { kind: 'at most', value: secondsMax, unit: 's' } as const
        return { ...line, target, reached: line.ours <= secondsMax }
      })
      return { lines, notes: [`Each question was asked ${asks} times, one after the other, after once to warm up.`] }
    } finally {
      if (run.keep === null) removePlace(place)
    }
  },
}

async function askAll(run: Run, dataDir: string): Promise<Times> {
  const server = await startServer({ dataDir, role: 'all', core: null, readyWithinMs: rebuildMsMax })
  try {
    await loadOne(server)
    const times: Times = new Map()
    const paths = Object.entries(await pathsOf(server)).map(([name, path]) => [name, () => server.ask(path)] as const)
    for (const [name, ask] of [...paths, ['reconciliation', () => reconcile(server)] as const]) {
      await ask()
      const taken: number[] = []
      for (let i = 0; i < asks; i++) {
        const startedMs = performance.now()
        await ask()
        taken.push((performance.now() - startedMs) / 1000)
      }
      times.set(name, taken)
      run.say(`${name}: p50 ${percentile(taken, 0.5).toFixed(3)}, p95 ${percentile(taken, 0.95).toFixed(3)} s`)
    }
    return times
  } finally {
    await server.stop()
  }
}

/** What a partner's finance team asks for, with the key. */
async function reconcile(server: Server): Promise<void> {
  const url = `http://127.0.0.1:${server.port}/v2/s2s/reconciliation?from=${day(62 * dayMs)}&to=${day(-dayMs)}`
  const reply = await fetch(url, { headers: { 'x-api-key': server.apiKey } })
  const text = await reply.text()
  if (reply.status !== 200) throw new Error(`Reconciliation was answered ${reply.status}: ${text}`)
}

const day = (backMs: number) => new Date(Date.now() - backMs).toISOString().slice(0, 10)

async function pathsOf(server: Server): Promise<Record<string, string>> {
  const range = `product=${product}&from=${day(62 * dayMs)}&to=${day(-dayMs)}`
  const { events } = await server.ask<{ events: { request_id: string; transaction_id: string }[] }>(
    '/api/events?event=deposit&limit=1',
  )
  const [one] = events
  // Events are stored from sixty days ago on, a million in two thirds of a day.
  const busy = new Date(Date.now() - 59 * dayMs).toISOString()
  const names = ['daily', 'hourly', 'summary', 'clicks', 'games', 'providers', 'funnel', 'funnel-clicks', 'late']
  return {
    ...Object.fromEntries(names.map(name => [`report ${name}`, `/api/reports/${name}?${range}`])),
    'report late, effects': `/api/reports/late?${range}&effects=true`,
    'report daily, converted': `/api/reports/daily?${range}&converted=true`,
    'events of a user': `/api/events?product=${product}&user=user-000007&limit=50`,
    'latest events': `/api/events?product=${product}&limit=50`,
    'receipt of a request': `/api/receipts?request=${one?.request_id}`,
    'receipts of a transaction': `/api/receipts?transaction=${one?.transaction_id}`,
    'rejected rules': '/api/rejected/rules',
    'diagnostics of a day': `/api/diagnostics?product=${product}&window=24h&until=${busy}`,
    'diagnostics of everything': `/api/diagnostics?product=${product}&window=90d`,
  }
}
