// Reads a `tally` record: what the API refused at the door within a second, as a JSON array of
// { product, keyId, code, events, requests }, and how much keys were used, { product, keyId, usage } (api/key-usage.ts).
// What was refused is named by its place in that array.

import type { StoredRecord } from '../log/record.ts'
import type { RejectedRow, UsageRow } from '../warehouse/load.ts'

export function readTally(record: StoredRecord): { rejected: RejectedRow[]; usage: UsageRow[] } {
  const body = Buffer.from(record.body.buffer, record.body.byteOffset, record.body.byteLength).toString('utf8')
  const entries: unknown = JSON.parse(body)
  if (!Array.isArray(entries)) throw new Error('a tally must be a JSON array')
  const rejected: RejectedRow[] = []
  const usage: UsageRow[] = []
  for (const [position, entry] of (entries as Record<string, unknown>[]).entries()) {
    const whose = { product: text(entry['product'], 'product'), keyId: text(entry['keyId'], 'keyId') }
    if ('usage' in entry) {
      usage.push({ ...whose, ...usageOf(entry['usage'] as Record<string, unknown>) })
      continue
    }
    rejected.push({
      ...whose,
      code: text(entry['code'], 'code'),
      receivedMs: record.receivedMs,
      events: count(entry['events'], 'events'),
      requests: count(entry['requests'], 'requests'),
      logOffset: record.offset,
      position,
    })
  }
  return { rejected, usage }
}

function usageOf(usage: Record<string, unknown>): Omit<UsageRow, 'product' | 'keyId'> {
  return {
    slotMs: count(usage['slotMs'], 'slotMs'),
    source: count(usage['source'], 'source'),
    limit: count(usage['limit'], 'limit'),
    peak: count(usage['peak'], 'peak'),
    requests: count(usage['requests'], 'requests'),
    overLimit: count(usage['overLimit'], 'overLimit'),
    rejected: count(usage['rejected'], 'rejected'),
    events: count(usage['events'], 'events'),
  }
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
