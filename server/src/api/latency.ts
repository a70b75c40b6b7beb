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

  /** `buckets`: how many took at most so many seconds, in order; pairs, since an object puts whole numbers first. */
  status(): { buckets: [le: string, count: number][]; seconds: number; count: number } {
    let count = 0
    const buckets = Array.from(this.#counts, (own, i): [string, number] => {
      const boundMs = bucketsMs[i]
      return [boundMs === undefined ? '+Inf' : String(boundMs / 1_000), (count += own)]
    })
    return { buckets, seconds: this.#sumMs / 1_000, count }
  }
}
