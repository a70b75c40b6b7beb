// Records as the API would append them, for tests.

import { randomUUID } from 'node:crypto'
import type { LogRecord } from '../../log/record.ts'

export type SentFields = Record<string, unknown>

export const receivedMs = 1_767_225_600_000

/** A deposit that the door accepts, with what the test says otherwise. */
export function deposit(transactionId: string, more: SentFields = {}): SentFields {
  return {
    client_user_id: 'user-1',
    event_name: 'deposit',
    timestamp: 1_767_225_600,
    ip_address: '203.0.113.7',
    transaction_id: transactionId,
    amount: 50,
    currency: 'USD',
    ...more,
  }
}

export function singleRecord(event: SentFields | string, more: Partial<LogRecord> = {}): LogRecord {
  const text = typeof event === 'string' ? event : JSON.stringify(event)
  return recordOf('event', 1, text, more)
}

export function batchRecord(events: (SentFields | string)[], more: Partial<LogRecord> = {}): LogRecord {
  const texts = events.map(event => (typeof event === 'string' ? event : JSON.stringify(event)))
  return recordOf('batch', events.length, `[${texts.join(',')}]`, more)
}

export function tallyRecord(rows: SentFields[]): LogRecord {
  return recordOf('tally', 0, JSON.stringify(rows), { product: '', keyId: '' })
}

function recordOf(kind: LogRecord['kind'], events: number, text: string, more: Partial<LogRecord>): LogRecord {
  const body = Buffer.from(text)
  const requestId = randomUUID()
  return { kind, requestId, product: 'shop', keyId: 'key-1', mode: 'live', receivedMs, events, body, ...more }
}
