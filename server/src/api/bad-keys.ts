// Counts 401s by address, exactly, over a rolling minute: an address with more than `perMinuteMax` of them is flooding,
// and its connections are closed after the reply. Nobody is refused because of it. The table is bounded: when it is
// full, the address that has been quiet for longest is forgotten.

const minuteMs = 60_000

export class BadKeys {
  #perMinuteMax: number
  #addressesMax: number
  /** In the order of their last 401. */
  #addresses = new Map<string, { times: Float64Array; next: number }>()

  constructor(perMinuteMax: number, addressesMax: number) {
    this.#perMinuteMax = perMinuteMax
    this.#addressesMax = addressesMax
  }

  /** Counts one more 401; true when the address has more than it may. */
  count(address: string, nowMs: number): boolean {
    let entry = this.#addresses.get(address)
    if (entry === undefined) {
      if (this.#addresses.size >= this.#addressesMax)
        this.#addresses.delete(this.#addresses.keys().next().value as string)
      entry = { times: new Float64Array(this.#perMinuteMax).fill(Number.NEGATIVE_INFINITY), next: 0 }
    } else {
      this.#addresses.delete(address)
    }
    this.#addresses.set(address, entry)
    const asManyAgo = entry.times[entry.next] as number
    entry.times[entry.next] = nowMs
    entry.next = (entry.next + 1) % this.#perMinuteMax
    return nowMs - asManyAgo < minuteMs
  }

  /** Forgets addresses that were quiet for a minute. */
  tick(nowMs: number): void {
    for (const [address, entry] of this.#addresses) {
      const last = entry.times[(entry.next + this.#perMinuteMax - 1) % this.#perMinuteMax] as number
      if (nowMs - last < minuteMs) return
      this.#addresses.delete(address)
    }
  }

  get size(): number {
    return this.#addresses.size
  }
}
