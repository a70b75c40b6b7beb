// A log in memory for tests: appends, running totals, fingerprints, damage, retention, a roll back, and another log in
// its place; what is appended is durable at once.

import { hash } from 'node:crypto'
import type { DamagedRange, LogReader, LogRecord, StoredRecord } from '../../log/record.ts'

export type MemoryLog = LogReader & {
  append(...records: LogRecord[]): void
  damage(from: number, to: number): void
  /** Everything before `offset` is dropped. */
  dropBefore(offset: number): void
  /** Everything from `offset` on never happened. */
  rollBackTo(offset: number): void
  /** An empty log with another id. */
  replace(id: string): void
  readonly consumedTo: () => number
}

export function openMemoryLog(firstId: string): MemoryLog {
  let id = firstId
  let records: StoredRecord[] = []
  let damaged: { from: number; to: number }[] = []
  let first = 0
  let consumed = 0
  const eventsBefore = (offset: number) => records.slice(0, offset).reduce((sum, { events }) => sum + events, 0)
  const place = (offset: number) => ({ offset, events: eventsBefore(offset) })
  const damageAt = (offset: number) => damaged.find(({ from, to }) => offset >= from && offset < to)
  return {
    append(...more) {
      for (const record of more) records.push({ ...record, offset: records.length })
    },
    damage: (from, to) => void damaged.push({ from, to }),
    dropBefore(offset) {
      first = offset
    },
    rollBackTo(offset) {
      records = records.slice(0, offset)
      damaged = damaged.filter(({ to }) => to <= offset)
    },
    replace(other) {
      id = other
      records = []
      damaged = []
      first = 0
    },
    consumedTo: () => consumed,
    id: async () => id,
    head: async () => place(records.length),
    oldest: async () => place(first),
    async read(offset, limit) {
      const result = { records: [] as StoredRecord[], damage: [] as DamagedRange[] }
      let next = offset
      let bytes = 0
      while (next < records.length && result.records.length < limit.recordsMax && bytes < limit.bytesMax) {
        const gap = damageAt(next)
        if (gap !== undefined) {
          const events = eventsBefore(gap.to) - eventsBefore(gap.from)
          result.damage.push({ ...gap, events, reason: 'the test says so' })
          next = gap.to
          continue
        }
        const record = records[next]!
        result.records.push(record)
        bytes += record.body.length
        next++
      }
      return { ...result, next, nextEvents: eventsBefore(next) }
    },
    async fingerprintBefore(offset) {
      const record = records[offset - 1]
      if (record === undefined || offset <= first || damageAt(offset - 1) !== undefined) return null
      return hash('sha1', Buffer.concat([Buffer.from(record.requestId), record.body]))
    },
    async consumed(offset) {
      consumed = offset
    },
    close: async () => {},
  }
}
