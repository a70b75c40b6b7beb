// A world for tests in which time passes only when nobody has anything else to do: a wait of an hour takes no time at all,
// and every run is the same. Its timers fire in order, each once the work of the one before has come to rest.

import { gzipSync } from 'node:zlib'
import type { Fetch, World } from '../world.ts'

type Timer = { atMs: number; fire: () => void }

export class VirtualWorld implements World {
  fetch: Fetch
  /** Waits that were asked for, in order. */
  readonly waits: number[] = []
  #nowMs = 0
  #ids = 0
  #timers: Timer[] = []
  #isRunning = false

  constructor(fetch: Fetch) {
    this.fetch = fetch
  }

  nowMs = (): number => this.#nowMs
  /** As much as can be: every wait is its upper bound, almost. */
  random = (): number => 0.999_999
  newId = (): string => `made-${++this.#ids}`
  gzip = async (text: string): Promise<Uint8Array<ArrayBuffer>> => new Uint8Array(gzipSync(text))

  after = (ms: number, fire: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, fire }
    this.#timers.push(timer)
    this.waits.push(Math.round(ms))
    if (!this.#isRunning) void this.#run()
    return () => {
      this.#timers = this.#timers.filter(each => each !== timer)
    }
  }

  /** Timers that have neither fired nor been taken back. */
  get timers(): number {
    return this.#timers.length
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#timers.length > 0) {
      // Microtasks, and what they call, come to rest in between.
      for (let turns = 0; turns < 10; turns++) await new Promise(resolve => setImmediate(resolve))
      const next = this.#timers.toSorted((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter(timer => timer !== next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.fire()
    }
    this.#isRunning = false
  }
}
