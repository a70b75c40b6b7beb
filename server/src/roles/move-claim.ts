// Whose move an installation in NATS is the end of: while it is under way no machine starts on what is there only in part.
//
//   bucket datapulse-marks   moved: {id, state}

import type { KV } from '@nats-io/kv'
import { entryJson } from './entry-json.ts'

type Claim = { id: string; state: 'under way' | 'done' }

/** Throws a sentence that begins with `Cannot` while a move is under way that is not `mover`'s. */
export async function refuseWhileMoved(bucket: KV, mover: string | null): Promise<void> {
  const claim = await readClaim(bucket)
  if (claim === null || claim.state === 'done' || claim.id === mover) return
  throw new Error(
    'Cannot use the log in NATS because an installation is being moved there: `datapulse migrate` must come to its end first.',
  )
}

/** Throws a sentence when it is another move's. */
export async function claimedBy(bucket: KV, id: string): Promise<'none' | Claim['state']> {
  const claim = await readClaim(bucket)
  if (claim === null) return 'none'
  if (claim.id === id) return claim.state
  throw new Error('Cannot move the installation because another one was moved to the same place: nothing may be there.')
}

/** Another one that claims at the same time makes it fail. */
export async function claimMove(bucket: KV, id: string): Promise<void> {
  await bucket.create(key, JSON.stringify({ id, state: 'under way' } satisfies Claim))
}

export async function endMove(bucket: KV, id: string): Promise<void> {
  await bucket.put(key, JSON.stringify({ id, state: 'done' } satisfies Claim))
}

async function readClaim(bucket: KV): Promise<Claim | null> {
  return entryJson(await bucket.get(key)) as Claim | null
}

const key = 'moved'
