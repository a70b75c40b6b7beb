// Latencies in microseconds, counted in buckets whose width grows with the value (64 buckets for each doubling), so
// that any percentile is right to 1.6% from 1 µs to an hour, in 16 KB, however many values were recorded.

export type Percentiles = { p50Ms: number; p95Ms: number; p99Ms: number; p999Ms: number; maxMs: number; meanMs: number }

const subBits = 6
const valueMax = 2 ** 32 - 1
const bucketCount = (32 - subBits + 1) << subBits

export class Histogram {
  readonly #counts = new Float64Array(bucketCount)
  #total = 0
  #sum = 0
  #max = 0

  record(microseconds: number): void {
    const value = Math.min(valueMax, Math.max(0, Math.round(microseconds)))
    const bucket = bucketOf(value)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total += 1
    this.#sum += value
    if (value > this.#max) this.#max = value
  }

  get count(): number {
    return this.#total
  }

  /** The value that `fraction` of the records do not exceed: the upper edge of its bucket, at most the largest value. */
  percentile(fraction: number): number {
    const rank = Math.max(1, Math.ceil(fraction * this.#total))
    let seen = 0
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#counts[bucket] ?? 0
      if (seen >= rank) return Math.min(this.#max, upperEdge(bucket))
    }
    return this.#max
  }

  percentiles(): Percentiles {
    const ms = (microseconds: number) => Math.round(microseconds) / 1000
    return {
      p50Ms: ms(this.percentile(0.5)),
      p95Ms: ms(this.percentile(0.95)),
      p99Ms: ms(this.percentile(0.99)),
      p999Ms: ms(this.percentile(0.999)),
      maxMs: ms(this.#max),
      meanMs: ms(this.#total === 0 ? 0 : this.#sum / this.#total),
    }
  }
}

function bucketOf(value: number): number {
  const doubling = Math.max(0, 31 - Math.clz32(value) - subBits)
  return (doubling << subBits) + (value >>> doubling)
}

function upperEdge(bucket: number): number {
  const doubling = Math.max(0, (bucket >>> subBits) - 1)
  const first = bucket - (doubling << subBits)
  return (first + 1) * 2 ** doubling - 1
}
