// How long requests took, in fixed buckets: a few comparisons each, no memory but the counts.

/** Upper bounds, milliseconds; what is longer falls in the last, open bucket. */
const bucketsMs = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000] as const

export class Latency {
  #counts = new Float64Array(bucketsMs.length + 1)
  #sumMs = 0

  observe(ms: number): void {
    let bucket = 0
    while (bucket < bucketsMs.length && ms > (bucketsMs[bucket] as number)) bucket++
    this.#counts[bucket]!++
    this.#sumMs += ms
  }

  /** `counts` has one more than `bucketsMs`; each request is in one of them. */
  status(): { bucketsMs: readonly number[]; counts: number[]; sumMs: number; count: number } {
    const counts = [...this.#counts]
    return { bucketsMs, counts, sumMs: this.#sumMs, count: counts.reduce((sum, count) => sum + count, 0) }
  }
}
