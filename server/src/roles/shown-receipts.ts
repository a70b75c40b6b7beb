// How receipts are told, to partners and operators alike: names of the wire, times as ISO 8601, absent is null.

import { type Outcome, outcomes } from '@datapulse/contract'
import type { Receipt } from '../warehouse/asking/receipts.ts'
import { iso } from '../web/when.ts'

type Shown = Record<string, unknown>

/** What is told of receipts: of a request, it with all its events; of an id, each event with its request. */
export function showFound(asked: { request?: string }, receipts: readonly Receipt[]): Shown {
  return asked.request === undefined ? showReceipts(receipts) : showRequest(receipts)
}

function showRequest(receipts: readonly Receipt[]): Shown {
  const first = receipts[0] as Receipt
  const counts = Object.fromEntries(Object.keys(outcomes).map(name => [name, 0])) as Record<Outcome, number>
  for (const { outcome, events } of receipts) counts[outcome] += events
  return {
    ...showOrigin(first),
    accepted: receipts.reduce((sum, { events }) => sum + events, 0),
    outcomes: counts,
    events: receipts.map(showEvent),
  }
}

function showReceipts(receipts: readonly Receipt[]): Shown {
  return { events: receipts.map(receipt => ({ ...showOrigin(receipt), ...showEvent(receipt) })) }
}

function showOrigin({ requestId, product, mode, receivedMs, idempotencyKey }: Receipt): Shown {
  return {
    request_id: requestId,
    product,
    mode,
    received_at: iso(receivedMs),
    idempotency_key: idempotencyKey || null,
  }
}

function showEvent(receipt: Receipt): Shown {
  const { position, events, outcome, processedMs, eventName, userId, transactionId, messageId } = receipt
  const shown: Shown = {
    index: position < 0 ? null : position,
    outcome,
    processed_at: iso(processedMs),
    event_name: eventName || null,
    client_user_id: userId || null,
    transaction_id: transactionId || null,
    message_id: messageId || null,
  }
  if (position < 0) shown['events'] = events
  if (receipt.outcome === 'parked') Object.assign(shown, { reason: receipt.reason, detail: receipt.detail })
  if (receipt.outcome === 'duplicate' || receipt.outcome === 'conflict') {
    const { requestId, position: index, receivedMs } = receipt.first
    shown['first'] = { request_id: requestId, index, received_at: iso(receivedMs) }
  }
  if (receipt.outcome === 'conflict') shown['differs'] = receipt.differs
  return shown
}
