// The key under which an operator sends again what a partner sent once: the id of the partner's key, marked. It is no
// traffic of the partner's, and whatever tells that by key leaves it out (warehouse/asking/diagnostics.ts).

/** No id of a key begins so. */
export const replayPrefix = 'replay:'

/** The same however often it is sent again. */
export function replayKeyId(keyId: string): string {
  return keyId.startsWith(replayPrefix) ? keyId : `${replayPrefix}${keyId}`
}
