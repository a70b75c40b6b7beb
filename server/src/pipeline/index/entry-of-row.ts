// Entries of the index, made from what the warehouse tells: of stored events under their identities, of everything else
// under its place, as a mark of what became of it. What has a note by then is counted; of events it is not known, so
// they are uncounted as far as they lie in the uncounted stretch.
// A stretch of the log that is gone has no place, and no entry here: read again after a rebuild it is parked again.

import { conflictFingerprint } from '../../steps/conflict.ts'
import { claimOf, identityOfPlace } from '../../steps/identity.ts'
import type { IdentityRow, OutcomeRow } from '../../warehouse/load.ts'
import { identityOfRejected, nowhere } from '../items.ts'
import type { IdentityEntry } from './identity-index.ts'

/** In place of a fingerprint: what became of the thing that is remembered under its place. */
export const outcomeMarks = {
  duplicate: '0000000000000001',
  conflict: '0000000000000002',
  parked: '0000000000000003',
} as const

/** What a claim under an Idempotency-Key is compared by: 16 digits of the event's identity. */
export function claimFingerprint(identity: string): string {
  return identity.slice(0, 16)
}

export function entriesOfStored(row: IdentityRow): IdentityEntry[] {
  const { identity, requestId, position, claim } = row
  const own = { identity, requestId, position, fingerprint: conflictFingerprint(row), uncounted: true }
  if (claim === null) return [own]
  const { product, mode, idempotencyKey } = claim
  const claimed = claimOf(product, mode, idempotencyKey, position)
  const fingerprint = claimFingerprint(identity)
  return [own, { identity: claimed, requestId, position, fingerprint, uncounted: false }]
}

export function entriesOfOutcome(row: OutcomeRow): IdentityEntry[] {
  const fingerprint = row.outcome === 'rejected' ? outcomeMarks.parked : outcomeMarks[row.outcome]
  if (row.outcome === 'rejected') {
    const { position } = row.row
    return [{ identity: identityOfRejected(row.row), requestId: nowhere, position, fingerprint, uncounted: false }]
  }
  const { requestId, position } = row
  if (requestId === nowhere) return []
  return [{ identity: identityOfPlace(requestId, position), requestId, position, fingerprint, uncounted: false }]
}
