// When are two events the same event? An identity is a short text: events with equal texts are one, and the texts of
// different kinds are never equal. The pipeline hashes it. The text is a JSON array, so no two lists of parts share one.
// An event with nothing to tell it by is told by its place alone, which makes reading it again harmless and a resend new.

import type { Event } from './event.ts'
import { isMoneyEvent } from './names.ts'

/**
 * What an event is told by: `content` is a transaction_id with the event's text; `request` is the Idempotency-Key of its
 * request with its position there and its text; `none` is its place.
 */
export type IdentityKind = 'transaction' | 'message' | 'content' | 'request' | 'none'

export type Identity = { kind: IdentityKind; text: string }

/** Where the event was sent: the part of its origin that decides. */
export type IdentityOrigin = {
  product: string
  mode: 'live' | 'test'
  requestId: string
  position: number
  /** The request's header; absent when there was none. */
  idempotencyKey?: string
}

/**
 * @param text the event's text as sent
 * @param sha256Hex called at most once, and only for the kinds `content` and `request`
 */
export function identityOf(
  event: Event,
  origin: IdentityOrigin,
  text: string,
  sha256Hex: (text: string) => string,
): Identity {
  const { name, transactionId, messageId, userId } = event
  const { product, mode } = origin
  if (transactionId !== '' && isMoneyEvent(name)) return identity('transaction', [product, mode, name, transactionId])
  if (messageId !== '') return identity('message', [product, mode, name, userId, messageId])
  if (transactionId !== '') return identity('content', [product, mode, name, transactionId, sha256Hex(text)])
  const { idempotencyKey, position } = origin
  if (idempotencyKey !== undefined)
    return identity('request', [product, mode, idempotencyKey, String(position), sha256Hex(text)])
  return identity('none', [origin.requestId, String(origin.position)])
}

function identity(kind: IdentityKind, parts: string[]): Identity {
  return { kind, text: JSON.stringify([kind, ...parts]) }
}
