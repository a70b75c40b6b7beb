// What an entry of a bucket in NATS says.

import type { KvEntry } from '@nats-io/kv'

/** Null where there is none, or where it was taken away. */
export function entryJson(entry: KvEntry | null): unknown {
  return entry === null || entry.operation !== 'PUT' ? null : entry.json()
}
