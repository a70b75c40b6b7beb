// The rate that the whole server keeps up on both cores, the load generator beside it, with a question every second, so
// that the lag stays flat. It is searched: tries of a rate, up while the lag is flat and down when it is not; then the
// long run that counts, at a lower rate again when the lag was not flat in it.
// Flat: over the run the lag's fitted line rises by less than one second's worth of events, the lag at the end is less
// than three seconds' worth, and the API kept up too: 99.9% of what was intended was acknowledged, 99% within a second.

import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Outcome } from '../load/job.ts'
import { startGenerating } from '../load/load.ts'
import { makePlace, removePlace } from '../rig/place.ts'
import { product, type Server, startServer } from '../rig/server.ts'
import { median, percentile, slope } from '../rig/statistics.ts'
import { compare, type Figure, type Line, type Run } from './figure.ts'
import { batchEvents, highestBatches, highestSingles } from './highest-rate.ts'
import { watchDrain } from './watching.ts'

type LagSample = { seconds: number; events: number; behindSeconds: number; questionMs: number }
type Trial = {
  /** Intended, and what came of it: arrivals are random. */
  rate: number
  acknowledgedPerSecond: number
  flat: boolean
  why: string
  lagSeconds: { median: number; max: number }
  questionMs: { median: number; max: number }
}

const riseSecondsMax = 1
const lagSecondsMax = 3
const failedShareMax = 0.001
const acknowledgedMsMax = 1_000
const longRunsMax = 3
const up = 1.2
const down = 0.8
/** The search ends when the highest flat rate and the lowest that is not flat are so near. */
const nearEnough = 1.1

export const sustained: Figure = {
  name: 'sustained',
  sizes: ['canonical', 'full'],
  title: 'Sustained rate of the whole server on both cores, lag flat, a question every second',
  diskBytes: sizes => (sizes.triesMax * sizes.probeSeconds + longRunsMax * sizes.sustainedSeconds) * 60e6 + 2e9,
  async measure(run) {
    const singles = await highestSingles(run)
    const singlesTrial = await findSustained(run, 1, singles * 0.5)
    const lines = [line(singles, singlesTrial, 'single events', 0.4)]
    const notes = [note(run, singlesTrial, 'Single events')]
    if (run.sizes.name === 'full') {
      const batches = await highestBatches(run)
      // What bounds it is the pipeline, which takes batches hardly faster than single events.
      const batchesTrial = await findSustained(run, batchEvents, singlesTrial.rate * 1.5)
      lines.push(line(batches, batchesTrial, `events in batches of ${batchEvents}`, null))
      notes.push(note(run, batchesTrial, `Batches of ${batchEvents}`))
    }
    return { lines, notes }
  },
}

function line(highest: number, trial: Trial, what: string, target: number | null): Line {
  return compare({
    what: `${what}, sustained${trial.flat ? '' : ' (the lag was not flat)'}`,
    unit: 'events/s',
    ours: [trial.flat ? trial.acknowledgedPerSecond : 0],
    baseline: [highest],
    baselineWhat: "the API's own highest rate",
    target: target === null ? null : { kind: 'at least', value: target, unit: '×' },
  })
}

function note(run: Run, trial: Trial, what: string): string {
  const { lagSeconds, questionMs } = trial
  return (
    `${what}: ${run.sizes.sustainedSeconds} s at ${Math.round(trial.rate).toLocaleString('en')} events/s, lag ` +
    `${lagSeconds.median.toFixed(2)} s (median), ${lagSeconds.max.toFixed(2)} s (most); the question took ` +
    `${questionMs.median.toFixed(0)} ms (median), ${questionMs.max.toFixed(0)} ms (most). ${trial.why}`
  )
}

/** One server for all tries: its tables grow as they would. */
async function findSustained(run: Run, events: number, firstRate: number): Promise<Trial> {
  const place = makePlace()
  const server = await startServer({ dataDir: join(place, 'data'), role: 'all', core: null })
  try {
    let rate = run.sizes.name === 'smoke' ? firstRate : await search(run, server, events, firstRate)
    for (let tries = 1; ; tries++) {
      const trial = await tryRate(run, server, events, rate, run.sizes.sustainedSeconds)
      if (trial.flat || tries === longRunsMax) return trial
      rate *= 0.9
    }
  } finally {
    await server.stop()
    removePlace(place)
  }
}

async function search(run: Run, server: Server, events: number, firstRate: number): Promise<number> {
  let flat = 0
  let steep = Number.POSITIVE_INFINITY
  let rate = firstRate
  for (let tries = 0; tries < run.sizes.triesMax && steep / Math.max(1, flat) > nearEnough; tries++) {
    const trial = await tryRate(run, server, events, rate, run.sizes.probeSeconds)
    if (trial.flat) flat = rate
    else steep = rate
    if (flat === 0) rate *= down
    else rate = steep === Number.POSITIVE_INFINITY ? rate * up : (flat + steep) / 2
  }
  return flat === 0 ? rate : flat
}

async function tryRate(run: Run, server: Server, events: number, rate: number, seconds: number): Promise<Trial> {
  const loop = { kind: 'open', requestsPerSecond: rate / events, pace: 'timer' } as const
  const warmSeconds = Math.min(5, seconds / 4)
  const connections = events === 1 ? 256 : 32
  const { port, apiKey } = server
  const requestsMax = Math.ceil(((rate / events) * (seconds + warmSeconds) + 100) * 1.5)
  const load = startGenerating({ port, apiKey, events, connections, warmSeconds, seconds, loop, requestsMax }, null)
  await sleep(warmSeconds * 1000)
  const samples = await watchLag(server, seconds - 0.5)
  const outcome = JSON.parse(await load.result()) as Outcome
  const trial = judge(rate, seconds, samples, outcome)
  run.say(`${Math.round(rate).toLocaleString('en')} events/s for ${seconds} s: ${trial.flat ? 'flat' : trial.why}`)
  await watchDrain(server)
  return trial
}

/** Each second: where the pipeline is, and a question about what is stored, as a person at a console would ask. */
async function watchLag(server: Server, seconds: number): Promise<LagSample[]> {
  const samples: LagSample[] = []
  const startMs = performance.now()
  for (let second = 0; second < seconds; second++) {
    const dueMs = startMs + second * 1000
    if (performance.now() < dueMs) await sleep(dueMs - performance.now())
    const askedMs = performance.now()
    await server.ask(`/api/counts?product=${product}`)
    const questionMs = performance.now() - askedMs
    const { log, checkpoint, lag } = await server.standing()
    const lagEvents = (log?.events ?? 0) - (checkpoint?.events ?? 0)
    const at = (performance.now() - startMs) / 1000
    samples.push({ seconds: at, events: lagEvents, behindSeconds: lag?.seconds ?? 0, questionMs })
  }
  return samples
}

function judge(rate: number, seconds: number, samples: LagSample[], outcome: Outcome): Trial {
  const inSeconds = samples.map(sample => sample.events / rate)
  const rise = (slope(samples.map(sample => ({ x: sample.seconds, y: sample.events }))) * seconds) / rate
  const last = percentile(inSeconds.slice(-Math.max(2, Math.ceil(inSeconds.length / 5))), 0.5)
  const failures = Object.values(outcome.failures).reduce((sum, count) => sum + count, 0)
  const failedShare = failures / Math.max(1, outcome.requests + failures)
  const { p99Ms } = outcome.latency
  const faults = [
    rise > riseSecondsMax ? `the lag rose by ${rise.toFixed(1)} s` : '',
    last > lagSecondsMax ? `the lag was ${last.toFixed(1)} s at the end` : '',
    p99Ms > acknowledgedMsMax ? `the acknowledgement's p99 was ${(p99Ms / 1000).toFixed(1)} s` : '',
    failedShare > failedShareMax ? `${failures} requests failed: ${JSON.stringify(outcome.failures)}` : '',
  ].filter(fault => fault !== '')
  const questions = samples.map(sample => sample.questionMs)
  return {
    rate,
    acknowledgedPerSecond: outcome.eventsPerSecond,
    flat: faults.length === 0,
    why: faults.length === 0 ? 'The lag was flat.' : `${faults.join('; ')}.`,
    lagSeconds: { median: median(inSeconds), max: Math.max(...inSeconds) },
    questionMs: { median: median(questions), max: Math.max(...questions) },
  }
}
