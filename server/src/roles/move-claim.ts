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
    'Cannot use the log in NATS because an installation is being moved or restored there, or was and did not come to its end: run `datapulse migrate` again until it is done, or remove its streams and buckets and restore again.',
  )
}

/** Throws a sentence when it is another move's; `cannot` begins it. */
export async function claimedBy(bucket: KV, id: string, cannot: string): Promise<'none' | Claim['state']> {
  const claim = await readClaim(bucket)
  if (claim === null) return 'none'
  if (claim.id === id) return claim.state
  throw new Error(
    claim.state === 'done'
      ? `${cannot} because another installation was moved or restored there: nothing may be there yet.`
      : `${cannot} because another installation is being moved or restored there, or was and did not come to its end: then remove its streams and buckets first.`,
  )
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
