// The token of a load that brings nothing, by which an installation goes on in another log.

import { createHash } from 'node:crypto'
import { makeToken } from '../pipeline/token.ts'

/** Where the new log begins, all that was accepted was so before it. */
export function tokenOfMove(text: string, accepted: number): string {
  const digest = createHash('sha256').update(text).digest('hex')
  return makeToken({ offset: 0, events: 0 }, digest.slice(0, 32), digest.slice(32, 40), null, accepted)
}
