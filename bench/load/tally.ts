// Counts what a run's requests came to, and from when on they count: those of the warm-up do not, an open loop's count by
// their intended time, so that one that was answered late is never left out. One that was not answered 200 at all counts
// in an open loop's latencies as the slowest there can be: leaving it out would flatter every percentile.

import { Histogram } from './histogram.ts'
import type { Job, Outcome } from './job.ts'

export class Tally {
  readonly #job: Job
  readonly #latency = new Histogram()
  readonly #failures: Record<string, number> = {}
  readonly #bySecond: number[] = []
  #startUs = 0
  #warmUs = 0
  /** When the last request may have its intended time. */
  endUs = 0
  #stoppedUs = Number.POSITIVE_INFINITY
  #acknowledged = 0
  #requests = 0
  #cpuAtWarm: NodeJS.CpuUsage | null = null
  #busyUs = 0

  constructor(job: Job) {
    this.#job = job
  }

  start(): void {
    this.#startUs = nowUs()
    this.#warmUs = this.#startUs + this.#job.warmSeconds * 1e6
    this.endUs = this.#warmUs + this.#job.seconds * 1e6
  }

  isOver(): boolean {
    const now = nowUs()
    if (this.#cpuAtWarm === null && now >= this.#warmUs) this.#cpuAtWarm = process.cpuUsage()
    return now >= this.endUs
  }

  stop(): void {
    this.#stoppedUs = nowUs()
    const used = this.#cpuAtWarm === null ? null : process.cpuUsage(this.#cpuAtWarm)
    this.#busyUs = used === null ? Number.NaN : used.user + used.system
  }

  answered(startedUs: number, status: number): void {
    if (status !== 200) {
      this.#failed(String(status))
      this.#neverAnswered(startedUs)
      return
    }
    const now = nowUs()
    this.#acknowledged += 1
    const second = Math.floor((now - this.#startUs) / 1e6)
    this.#bySecond[second] = (this.#bySecond[second] ?? 0) + 1
    const countsAtUs = this.#job.loop.kind === 'open' ? startedUs : now
    if (!this.#counts(countsAtUs)) return
    this.#requests += 1
    this.#latency.record(now - startedUs)
  }

  unsent(dueUs: number): void {
    this.#failed('unsent')
    this.#neverAnswered(dueUs)
  }

  /** A connection could not be opened again. */
  readonly lost = (): void => this.#failed('0')

  outcome(): Outcome {
    const seconds = (this.#stoppedUs - this.#warmUs) / 1e6
    const requests = this.#requests
    return {
      generator: 'own',
      seconds,
      requests,
      events: requests * this.#job.events,
      requestsPerSecond: requests / seconds,
      eventsPerSecond: (requests * this.#job.events) / seconds,
      failures: this.#failures,
      latency: this.#latency.percentiles(),
      eventsAcknowledged: this.#acknowledged * this.#job.events,
      busyShare: Number.isNaN(this.#busyUs) ? null : this.#busyUs / 1e6 / seconds,
      requestsBySecond: Array.from(this.#bySecond, count => count ?? 0),
    }
  }

  #failed(kind: string): void {
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1
  }

  #neverAnswered(dueUs: number): void {
    if (this.#job.loop.kind === 'open' && this.#counts(dueUs)) this.#latency.record(Number.POSITIVE_INFINITY)
  }

  #counts(us: number): boolean {
    return us >= this.#warmUs && us < this.#stoppedUs
  }
}

/** Microseconds on the steady clock. */
export function nowUs(): number {
  return performance.now() * 1000
}
