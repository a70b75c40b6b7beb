// What the client counts, from its beginning. tracked = invalid + unkept + accepted + rejected + undelivered + pending,
// where what a spool held at the beginning counts as tracked.

export type Totals = {
  /** Events handed over. */
  tracked: number
  /** Of these: broken, and told so. */
  invalid: number
  /** Not taken in, and told so: no room, the spool's disk full, the client closed. */
  unkept: number
  accepted: number
  rejected: number
  /** Given back to their callers without an outcome. */
  undelivered: number
  requests: number
  retries: number
  /** Of bodies, as they went. */
  bytes: number
}

export function newTotals(): Totals {
  return {
    tracked: 0,
    invalid: 0,
    unkept: 0,
    accepted: 0,
    rejected: 0,
    undelivered: 0,
    requests: 0,
    retries: 0,
    bytes: 0,
  }
}
