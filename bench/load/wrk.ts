// The same closed loop of single events by `wrk`, where it is installed: a second generator, written in C, that tells
// whether the first one is the limit. It sends one kind of event (a deposit) with its own transaction_id each time.

import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Core, start } from '../rig/child.ts'
import { cpuSeconds } from '../rig/proc.ts'
import { buildEvents, runTag } from './events.ts'
import type { Job, Outcome } from './job.ts'
import { requestHead } from './request.ts'

type Summary = {
  requests: number
  microseconds: number
  status: number
  lost: number
  p50: number
  p95: number
  p99: number
  p999: number
  max: number
  mean: number
}

let present: boolean | null = null

/** Whether `wrk` can be run here. */
export function hasWrk(): boolean {
  present ??= spawnSync('wrk', ['--version'], { stdio: 'ignore' }).error === undefined
  return present
}

/** Only for single events in a closed loop. The warm-up is a run of its own. Keeps its request in `folder`. */
export async function runWrk(job: Job, core: Core, folder: string): Promise<Outcome> {
  const path = join(folder, `wrk-request-${runTag()}.txt`)
  writeFileSync(path, requestFormat(job))
  try {
    if (job.warmSeconds > 0) await once(job, job.warmSeconds, core, path)
    return await once(job, job.seconds, core, path)
  } finally {
    rmSync(path, { force: true })
  }
}

async function once(job: Job, seconds: number, core: Core, path: string): Promise<Outcome> {
  const wholeSeconds = Math.max(1, Math.round(seconds))
  const url = `http://127.0.0.1:${job.port}/`
  const script = join(import.meta.dirname, 'wrk.lua')
  const args = ['-t1', `-c${job.connections}`, `-d${wholeSeconds}`, '--latency', '-s', script, url, '--', path]
  const child = start('wrk', args, core)
  const usage = watchCpu(child.pid, () => child.isAlive())
  const text = await child.result()
  const line = /^SUMMARY (.*)$/m.exec(text)?.[1]
  if (line === undefined) throw new Error(`wrk gave no summary:\n${text}`)
  return outcome(JSON.parse(line) as Summary, await usage)
}

function outcome(summary: Summary, busyShare: number | null): Outcome {
  const ms = (microseconds: number) => microseconds / 1000
  const seconds = summary.microseconds / 1e6
  const good = summary.requests - summary.status
  const failures: Record<string, number> = {}
  if (summary.status > 0) failures['not 200'] = summary.status
  if (summary.lost > 0) failures['0'] = summary.lost
  return {
    generator: 'wrk',
    seconds,
    requests: good,
    events: good,
    requestsPerSecond: good / seconds,
    eventsPerSecond: good / seconds,
    failures,
    latency: {
      p50Ms: ms(summary.p50),
      p95Ms: ms(summary.p95),
      p99Ms: ms(summary.p99),
      p999Ms: ms(summary.p999),
      maxMs: ms(summary.max),
      meanMs: ms(summary.mean),
    },
    eventsAcknowledged: good,
    busyShare,
    requestsBySecond: [],
  }
}

/** Processor time over time between the first and the last look, ten looks a second. */
async function watchCpu(pid: number, isAlive: () => boolean): Promise<number | null> {
  await sleep(200)
  const first = { cpu: cpuSeconds(pid), ms: performance.now() }
  let last = first
  while (isAlive()) {
    const cpu = cpuSeconds(pid)
    if (cpu !== null && isAlive()) last = { cpu, ms: performance.now() }
    await sleep(100)
  }
  if (first.cpu === null || last.cpu === null || last.ms - first.ms < 300) return null
  return ((last.cpu - first.cpu) * 1000) / (last.ms - first.ms)
}

function requestFormat(job: Job): string {
  const text = buildEvents({ events: 1, asArray: false, tag: runTag(), variant: 0 })
  const body = text.bytes
    .toString('latin1')
    .replace(/"client_user_id":"user-(\d+)"/, (_, digits: string) => `"client_user_id":"user-%0${digits.length}d"`)
    .replace(/(tx-[a-z0-9]+-)(\d+)"/, (_, tag: string, digits: string) => `${tag}%0${digits.length}d"`)
  return requestHead(job, text.bytes.length).replaceAll('%', '%%') + body
}
