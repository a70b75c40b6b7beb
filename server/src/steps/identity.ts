// What makes two events the same one, as 128 bits: SHA-256 of the contract's identity text, cut. A cryptographic hash,
// because senders choose what goes into it and may be hostile: with 128 bits nobody finds two that meet.
// Whatever has no identity of its own (a duplicate, something parked) is told by its place, so that reading any stretch
// of the log again recognises it.

import { hash } from 'node:crypto'
import { type Event, identityOf, type IdentityOrigin } from '@datapulse/contract'

/** 32 lower-case hex digits; `text` is the event's text as sent. */
export function identityOfEvent(event: Event, origin: IdentityOrigin, text: string): string {
  return identityOfText(identityOf(event, origin, text, sha256Hex).text)
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
