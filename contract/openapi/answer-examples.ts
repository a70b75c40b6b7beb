// Examples of the answers that say yes. Tests send what they answer, and compare.

import { misspelledFields } from '../misspelled.ts'
import { requestIdExample as requestId } from './error-examples.ts'
import { deposit, type Example, login, misspelledExample } from './sent-examples.ts'

const amountIsMissing = { field: 'amount', rule: 'required', message: 'amount is required for a deposit' }
const errors = [{ index: 1, violations: [amountIsMissing] }]
const receivedMs = 1767225600123
const agent = {
  device_class: 'Mobile',
  device_name: 'Samsung SM-G991B',
  operating_system_name: 'Android',
  operating_system_version: '13',
  agent_name: 'Android',
  agent_class: 'Browser',
}

export const acceptedExample: Example = {
  summary: 'Durable',
  value: { status: 'success', request_id: requestId, accepted: 1 },
}

export const batchAcceptedExample: Example = {
  summary: 'All of it is durable',
  value: { status: 'success', request_id: requestId, accepted: 2 },
}

export const partlyExample: Example = {
  summary: 'With `partial`: one of two',
  value: { status: 'success', request_id: requestId, accepted: 1, rejected: 1, errors },
}

export const dryRunExample: Example = {
  summary: 'With `dryrun`',
  value: {
    requestId: `s2s.event-${requestId}`,
    apiKey: 'dp_live_3kQ9…',
    ...echo(misspelledExample.value as object, `s2s.event-${requestId}`, null),
    misspelledFields: misspelledFields(misspelledExample.value as object),
  },
}

export const dryRunBatchExample: Example = {
  summary: 'With `dryrun`: one of two would be taken',
  value: {
    requestId: `s2s.batch-${requestId}`,
    mode: 'dryrun',
    total: 2,
    successCount: 1,
    failureCount: 1,
    successEvents: [{ index: 0, ...echo(login, `s2s.batch-${requestId}`, agent) }],
    errors,
  },
}

const origin = {
  request_id: requestId,
  product: 'casino',
  mode: 'live',
  received_at: '2026-01-01T00:00:00.123Z',
  idempotency_key: null,
}
const stored = {
  index: 0,
  outcome: 'stored',
  processed_at: '2026-01-01T00:00:00.341Z',
  event_name: 'login',
  client_user_id: 'user_001',
  transaction_id: null,
  message_id: login.message_id,
}
const conflict = {
  index: 1,
  outcome: 'conflict',
  processed_at: '2026-01-01T00:00:00.341Z',
  event_name: 'deposit',
  client_user_id: 'user_001',
  transaction_id: deposit.transaction_id,
  message_id: null,
  first: { request_id: '019b1c7d-0a4e-7b11-8c3f-6d2e9f40a1b2', index: 0, received_at: '2025-12-31T23:00:00.000Z' },
  differs: [{ field: 'amount', sent: '50.25', stands: '50' }],
}

export const requestReceiptExample: Example = {
  summary: 'A batch of two',
  value: {
    ...origin,
    accepted: 2,
    outcomes: { queued: 0, stored: 1, duplicate: 0, conflict: 1, parked: 0, erased: 0 },
    events: [stored, conflict],
  },
}

export const foundReceiptsExample: Example = {
  summary: 'By `transaction_id`',
  value: { events: [{ ...origin, ...conflict }] },
}

export const reconciliationExample: Example = {
  summary: 'A month of deposits',
  value: {
    product: 'casino',
    mode: 'live',
    from: '2026-06-01',
    to: '2026-07-01',
    by: 'event',
    rows: [
      {
        day: '2026-06-01',
        event_name: 'deposit',
        currency: 'USD',
        received: 812,
        stored: 810,
        duplicate: 2,
        conflict: 1,
        amount: '40123.5',
        bet_result_amount: null,
      },
    ],
    parked: [],
    rejected: [{ day: '2026-06-01', code: 'VALIDATION_ERROR', events: 3, requests: 1 }],
  },
}

export const aliveExample: Example = { summary: 'Always', value: { status: 'ok' } }

export const readyExample: Example = {
  summary: 'Every part is ready',
  value: { status: 'ready', parts: { api: 'ready', log: 'ready', pipeline: 'ready', engine: 'ready', web: 'ready' } },
}

export const unavailableExample: Example = {
  summary: 'The server is stopping',
  value: {
    status: 'unavailable',
    parts: { api: 'the server is stopping', log: 'ready', pipeline: 'ready', engine: 'ready', web: 'ready' },
  },
}

function echo(event: object, id: string, userAgentInfo: object | null): object {
  return {
    clickId: 'clk_998877',
    // So the registries say of this address, which is set aside for documentation.
    country: 'AU',
    city: null,
    userAgentInfo,
    eventData: { ...event, recv_timestamp: receivedMs, request_id: id },
    flags: [],
  }
}
