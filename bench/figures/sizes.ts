// How much is measured: `smoke` tells only that everything runs (its numbers mean nothing), `canonical` is a few
// minutes, `full` adds what takes long.

export type Sizes = {
  name: 'smoke' | 'canonical' | 'full'
  /** Turns of baseline and ours; the median counts. */
  rounds: number
  /** One turn. */
  seconds: number
  warmSeconds: number
  /** Sustained: one try of a rate, how many there may be, and the run that counts. */
  probeSeconds: number
  triesMax: number
  sustainedSeconds: number
  /** Acknowledgement and listing. */
  latencySeconds: number
  /** Drain: events of the backlog. */
  drainEvents: number
  /** Memory: events of the backlog. */
  backlogEvents: number
  /** Stored: events in the warehouse, bytes of the log. */
  storedEvents: number
  logBytes: number
  /** Questions: events in the warehouse. */
  questionEvents: number
  /** First page: events in the warehouse, and times that it is opened. */
  firstPageEvents: number
  firstPageVisits: number
}

export const sizes: Record<Sizes['name'], Sizes> = {
  smoke: {
    name: 'smoke',
    rounds: 1,
    seconds: 0.4,
    warmSeconds: 0.2,
    probeSeconds: 1,
    triesMax: 1,
    sustainedSeconds: 1,
    latencySeconds: 0.5,
    drainEvents: 12_000,
    backlogEvents: 12_000,
    storedEvents: 20_000,
    logBytes: 4 * 2 ** 20,
    questionEvents: 20_000,
    firstPageEvents: 0,
    firstPageVisits: 1,
  },
  canonical: {
    name: 'canonical',
    rounds: 3,
    seconds: 4,
    warmSeconds: 2,
    probeSeconds: 10,
    triesMax: 4,
    sustainedSeconds: 30,
    latencySeconds: 10,
    drainEvents: 300_000,
    backlogEvents: 1_000_000,
    storedEvents: 5_000_000,
    logBytes: 512 * 2 ** 20,
    questionEvents: 10_000_000,
    firstPageEvents: 10_000_000,
    firstPageVisits: 20,
  },
  full: {
    name: 'full',
    rounds: 5,
    seconds: 5,
    warmSeconds: 3,
    probeSeconds: 20,
    triesMax: 7,
    sustainedSeconds: 180,
    latencySeconds: 20,
    drainEvents: 600_000,
    backlogEvents: 5_000_000,
    storedEvents: 50_000_000,
    logBytes: 5 * 2 ** 30,
    questionEvents: 100_000_000,
    firstPageEvents: 10_000_000,
    firstPageVisits: 40,
  },
}
