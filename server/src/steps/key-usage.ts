// How much keys are used, as the warehouse tells it to the admin port.

/** `keys`: of these only; null of all. `bucketMs`: whole minutes; null: all of the time is one. */
export type KeyUsageQuestion = {
  product: string
  keys: readonly string[] | null
  sinceMs: number
  untilMs: number
  bucketMs: number | null
}

export type KeyUsageBucket = {
  key_id: string
  /** When it begins; 0 when all of the time is one. */
  atMs: number
  /** Admitted by the limit, refused by it, and admitted and refused for another reason. */
  requests: number
  overLimit: number
  rejected: number
  /** Accepted. */
  events: number
  /** Requests in its busiest minute of the clock, whatever became of them. */
  askedMax: number
  /** The most that a rolling minute held in proportion to the limit of then, that limit, and when. */
  peak: number
  peakLimit: number
  peakMs: number
  /** When the limit refused last; null: never. */
  overLimitMs: number | null
}
