// What the load generator is asked to do, and what it answers. The job travels as JSON in the process's argument, the
// outcome as one line of JSON on its stdout.

import type { Percentiles } from './histogram.ts'

export type Job = {
  port: number
  /** Events of one request: 1 goes to /v2/s2s/event, more go to /v2/s2s/batch as an array. */
  events: number
  apiKey: string
  connections: number
  /** Requests answered in the first `warmSeconds` are sent, and not counted. */
  warmSeconds: number
  seconds: number
  /** Closed: each connection sends its next request when it has its reply. Open: requests have intended times. */
  loop: Closed | Open
  /** The run ends early once so many requests are sent. */
  requestsMax: number
}

type Closed = { kind: 'closed' }

/** `spin` keeps the core busy so that nothing is sent late; `timer` sends each millisecond what is due, and leaves the core. */
export type Open = { kind: 'open'; requestsPerSecond: number; pace: 'spin' | 'timer' }

export type Outcome = {
  generator: 'own' | 'wrk'
  /** The counted stretch. */
  seconds: number
  requests: number
  events: number
  requestsPerSecond: number
  eventsPerSecond: number
  /** Requests that did not get a 200, by status; `0` is a lost connection, `unsent` found no free connection in time. */
  failures: Record<string, number>
  /** From sending (closed loop) or from the intended time (open loop) to the reply's last byte. */
  latency: Percentiles
  /** 200s in the whole run, warm-up included, in events. */
  eventsAcknowledged: number
  /** The generator's processor time over the counted stretch's time: 1 means it used its whole core. Null where not known. */
  busyShare: number | null
  /** 200s in each second of the whole run, in requests. Empty where not known. */
  requestsBySecond: number[]
}
