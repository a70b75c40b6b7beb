// Limits of the door that nobody needs to change and no partner can tell from the network's own; the others come from
// limits.ts. What happens at each is said beside it.

export const bounds = {
  /** A refused request's body is read and thrown away up to here before the reply; a larger one costs its connection. */
  discardBytesMax: 64 * 1024,
  /** After a reply that closes the connection: what is still read, so that a reset does not swallow the reply. */
  lingerBytesMax: 64 * 1024 * 1024,
  lingerMs: 5_000,
  /** The same after bytes that were no HTTP, or did not come in time: there is less to wait for. */
  lingerBrokenMs: 1_000,
  /** A client that reads nothing of its replies for so long is cut off. */
  stalledMs: 30_000,
  /** Bytes that are no HTTP, after the reply that says so; beyond it the connection is cut off. */
  faultsMax: 64,
  /** `close()` waits so long for requests in progress, then cuts them off. */
  closeMs: 10_000,
  /** `/readyz` waits so long for the later stages' answer. */
  readinessMs: 2_000,
  /** Last-used times are written down this often. */
  touchMs: 2_000,
} as const
