// When the next request may go. A server that says when (`Retry-After`) or that nothing is left of the limit (`RateLimit`)
// holds back every request of this client, not only the one it answered. Once half of a limit is used, requests go no
// faster than the limit gives them back, and so that what is left lasts until it does; of its last tenth slower still, so that
// several senders with one key share it, and few 429 are earned. What is handed over meanwhile makes larger batches.

import { sleep, type World } from './world.ts'

export class Pace {
  #world: Pick<World, 'nowMs' | 'after'>
  #nextMs = 0
  #spacingMs = 0

  constructor(world: Pick<World, 'nowMs' | 'after'>) {
    this.#world = world
  }

  /** Resolves when a request may go, or once `signal` is aborted. */
  async turn(signal: AbortSignal): Promise<void> {
    for (;;) {
      const nowMs = this.#world.nowMs()
      if (nowMs >= this.#nextMs || signal.aborted) {
        this.#nextMs = Math.max(this.#nextMs, nowMs + this.#spacingMs)
        return
      }
      await sleep(this.#world, this.#nextMs - nowMs, signal)
    }
  }

  pause(ms: number): void {
    this.#nextMs = Math.max(this.#nextMs, this.#world.nowMs() + ms)
  }

  /** Reads the headers of draft-ietf-httpapi-ratelimit-headers. */
  heed(headers: { get(name: string): string | null }): void {
    const left = parameter(headers.get('ratelimit'), 'r')
    if (left === null) return
    const backMs = (parameter(headers.get('ratelimit'), 't') ?? 1) * 1_000
    if (left === 0) this.pause(Math.min(backMs, pauseMsMax))
    const quota = parameter(headers.get('ratelimit-policy'), 'q')
    const windowMs = (parameter(headers.get('ratelimit-policy'), 'w') ?? 0) * 1_000
    if (quota === null || quota < 1 || left * 2 > quota) this.#spacingMs = 0
    else {
      const share = Math.max(1, quota / 10 / Math.max(left, 1))
      this.#spacingMs = Math.min(Math.max((windowMs / quota) * share, backMs / Math.max(left, 1)), pauseMsMax)
    }
  }
}

function parameter(header: string | null, name: 'q' | 'r' | 't' | 'w'): number | null {
  const digits = new RegExp(`;\\s*${name}=(\\d{1,9})(?:[;,\\s]|$)`).exec(header ?? '')?.[1]
  return digits === undefined ? null : Number(digits)
}

const pauseMsMax = 60_000
