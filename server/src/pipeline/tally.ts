// Reads a `tally` record: what the API refused at the door within a second, as a JSON array of
// { product, keyId, code, events, requests }. Its rows are named by their place in that array.

import type { StoredRecord } from '../log/record.ts'
import type { RejectedRow } from '../warehouse/load.ts'

export function readTally(record: StoredRecord): RejectedRow[] {
  const body = Buffer.from(record.body.buffer, record.body.byteOffset, record.body.byteLength).toString('utf8')
  const rows: unknown = JSON.parse(body)
  if (!Array.isArray(rows)) throw new Error('a tally must be a JSON array')
  return rows.map((row: unknown, position) => {
    const { product, keyId, code, events, requests } = row as Record<string, unknown>
    return {
      product: text(product, 'product'),
      keyId: text(keyId, 'keyId'),
      code: text(code, 'code'),
      receivedMs: record.receivedMs,
      events: count(events, 'events'),
      requests: count(requests, 'requests'),
      logOffset: record.offset,
      position,
    }
  })
}

function text(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new Error(`${name} of a tally's row must be a string: got ${typeof value}`)
  return value
}

function count(value: unknown, name: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new Error(`${name} of a tally's row must be a whole number: got ${String(value)}`)
  }
  return value as number
}
