// What makes two events the same one, as 128 bits: SHA-256 of the contract's identity text, cut. A cryptographic hash,
// because senders choose what goes into it and may be hostile: with 128 bits nobody finds two that meet.
// Whatever has no identity of its own (a duplicate, something parked) is told by its place, so that reading any stretch
// of the log again recognises it.

import { hash } from 'node:crypto'
import { type Event, identityOf, type IdentityOrigin } from '@datapulse/contract'

/**
 * `identity` is 32 lower-case hex digits, `claim` too: what an event that is told by its request's Idempotency-Key
 * shares with others at the same position under the same key, whatever they hold. `text` is the event's text as sent.
 */
export function identityOfEvent(
  event: Event,
  origin: IdentityOrigin,
  text: string,
): { identity: string; claim: string | null } {
  const { kind, text: told } = identityOf(event, origin, text, sha256Hex)
  const { product, mode, idempotencyKey = '', position } = origin
  const claim = kind === 'request' ? claimOf(product, mode, idempotencyKey, position) : null
  return { identity: identityOfText(told), claim }
}

export function claimOf(product: string, mode: string, idempotencyKey: string, position: number): string {
  return identityOfText(JSON.stringify(['claim', product, mode, idempotencyKey, position]))
}

/** The identity of what stands at one position of one request; position -1 is the request as a whole. */
export function identityOfPlace(requestId: string, position: number): string {
  return identityOfText(`place ${requestId} ${position}`)
}

/** 32 lower-case hex digits. */
export function identityOfText(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}

function sha256Hex(text: string): string {
  return hash('sha256', text, 'hex')
}
