// Into how many shares the log is divided, as noted at the first start: a product's events would be in two of them after a
// change, and each would know half of what it must compare with.
//
//   bucket datapulse-marks   shares: {count}

import type { KV } from '@nats-io/kv'
import { isOvertaken } from '../jetstream-faults.ts'
import { entryJson } from './entry-json.ts'

/** Throws a sentence that begins with `Cannot` when it is another number. */
export async function holdToShares(bucket: KV, shares: number): Promise<void> {
  const noted = (await readShares(bucket)) ?? (await noteShares(bucket, shares))
  if (noted === shares) return
  throw new Error(
    `Cannot use the log in NATS because DATAPULSE_SHARES must be ${noted}, as at the first start: got ${shares}.`,
  )
}

async function readShares(bucket: KV): Promise<number | null> {
  const noted = entryJson(await bucket.get(key)) as { count: number } | null
  return noted?.count ?? null
}

async function noteShares(bucket: KV, count: number): Promise<number> {
  try {
    await bucket.create(key, JSON.stringify({ count }))
    return count
  } catch (cause) {
    if (!isOvertaken((cause as { code?: number }).code)) throw cause
    return (await readShares(bucket)) ?? count
  }
}

const key = 'shares'
