// What is counted of a product to say how well its integration works: the warehouse finds it, the admin API judges it
// (web/diagnosis.ts). Everything is of one product and one kind of key; times are Unix milliseconds, of receipt.

export type DiagnosticsQuestion = {
  product: string
  mode: 'live' | 'test'
  /** Ids of the product's keys of that kind: whose refused requests are counted. */
  keys: readonly string[]
  sinceMs: number
  untilMs: number
}

/** Stored events. `requests` are told by their first event. */
export type Stored = {
  events: number
  requests: number
  /** In the last hour of the time asked for. */
  lastHour: number
  lastMs: number
  looks: Looks
}

/** What events look like: of all, or of some that are spread over the time, when there are very many. */
export type Looks = {
  /** How many that is. */
  looked: number
  withClick: number
  withAgent: number
  /** By how much receipt is later than the event's own time: the first hundredth, the median, the 95th; within 1%. */
  delayMs: { least: number; median: number; most: number }
  /** Whose own time is more than 5 seconds, and more than 5 minutes, later than their receipt. */
  ahead: number
  farAhead: number
  /** Of these, with a result of their own; wins and losses, and of these, with their bet. */
  bets: number
  betsWithResult: number
  results: number
  resultsWithParent: number
}

export const noLooks: Looks = {
  looked: 0,
  withClick: 0,
  withAgent: 0,
  delayMs: { least: 0, median: 0, most: 0 },
  ahead: 0,
  farAhead: 0,
  bets: 0,
  betsWithResult: 0,
  results: 0,
  resultsWithParent: 0,
}

export type OfName<T> = T & { event_name: string }
export type OfKey<T> = T & { key_id: string }

export type Refused = { code: string; events: number; requests: number; lastMs: number }
export type Repeated = { events: number; conflicts: number; requests: number; lastMs: number }

/** Of kept rejected requests, the newest: how many hold such a violation. */
export type Mistake = { rule: string; field: string; requests: number; violations: number }

export type DiagnosticsFound = {
  /** null without any. */
  stored: Stored | null
  storedOf: { names: OfName<Stored>[]; keys: OfKey<{ events: number; requests: number; lastMs: number }>[] }
  repeated: Repeated | null
  repeatedOf: { names: OfName<Repeated>[]; keys: OfKey<Repeated>[] }
  /** Accepted, and could not be processed. */
  parked: OfKey<{ reason: string; events: number; requests: number; lastMs: number }>[]
  refused: OfKey<Refused>[]
  /** `kept`: requests that were looked into, the newest of those that are kept with their bodies. */
  mistakes: { kept: number; rules: Mistake[]; names: OfName<{ requests: number }>[] }
  /** Every name, whenever it came before the end of the time. */
  lastSeen: OfName<{ lastMs: number }>[]
}
