// What a duplicate is compared by: amount (by value), currency (upper case) and user. The contract's normal form makes
// equal values equal text (`50` and `50.00` are both `50`), so comparing is comparing text; what is kept of each event
// is 64 bits of a hash of that text, because every stored event has one.

import { hash } from 'node:crypto'

export type Compared = { amount: string | null; currency: string; userId: string }

/** 16 lower-case hex digits; two events with the same identity and another fingerprint are in conflict. */
export function conflictFingerprint(event: Compared): string {
  return hash('sha256', `${event.amount ?? ''} ${event.currency.length} ${event.currency}${event.userId}`, 'hex').slice(
    0,
    16,
  )
}
