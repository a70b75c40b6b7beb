// Refusals that are made in more than one place of a request's path, or say more than a line.

import { limits as wire } from '@datapulse/contract'
import type { LogFault } from '../log/record.ts'
import type { DoorKey } from './keys-in-use.ts'
import type { Refusal } from './reply.ts'

export function noRoute(): Refusal {
  const message = 'There is nothing at this path: use /v2/s2s/event or /v2/s2s/batch'
  return { code: 'NOT_FOUND', message, events: 0 }
}

export function methodRefusal(method: string | undefined, allow: string): Refusal {
  const message = `This path takes ${allow}: got ${method}`
  return { code: 'METHOD_NOT_ALLOWED', message, events: 0, headers: ['Allow', allow] }
}

export function tooLarge(): Refusal {
  const message = `The body must be at most ${wire.bodyBytesMax} bytes after decompression: this one is larger`
  return { code: 'PAYLOAD_TOO_LARGE', message, events: 1 }
}

/** `what` it may not do: `send events`. */
export function scopeRefusal(what: string, scope: 'ingest' | 'read', { product, id }: DoorKey): Refusal {
  return {
    code: 'UNAUTHORIZED',
    message: `This key may not ${what}, as it is without the scope ${scope}`,
    events: 1,
    countedAs: { product, keyId: id, code: 'KEY_SCOPE' },
  }
}

/** Of what is asked for there is nothing that this key may know of. */
export function nothingFound(what: string): Refusal {
  return { code: 'NOT_FOUND', message: `There is no ${what} of this product and this kind of key`, events: 0 }
}

export function notAnswered(what: string): Refusal {
  const message = `The part of the server that answers a ${what} is away or busy: send again in a second`
  return { code: 'OVERLOADED', message, events: 0, headers: ['Retry-After', '1'] }
}

export function storageRefusal(fault: LogFault, events: number): Refusal {
  const seconds = Math.max(1, Math.ceil(fault.retryAfterSeconds))
  // A commit whose outcome is not known may be on the disk.
  const message =
    fault.code === 'LOG_IO'
      ? `The events may or may not have been stored: send them again in ${seconds} s, with the same transaction_id or message_id`
      : `The events could not be stored, so none was taken: send again in ${seconds} s`
  return { code: 'STORAGE_UNAVAILABLE', message, events, headers: ['Retry-After', String(seconds)] }
}

export function limitRefusal(rateLimit: number, waitMs: number): Refusal {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  const message = `This key may send ${rateLimit} requests in 60 seconds: wait ${seconds} s, then send again`
  return { code: 'RATE_LIMITED', message, events: 1, headers: ['Retry-After', String(seconds)] }
}

/** A key may have been revoked since. */
export function staleRefusal(): Refusal {
  const message = 'The server cannot tell which keys are good just now: send again in 5 s'
  return { code: 'OVERLOADED', message, events: 1, headers: ['Retry-After', '5'] }
}
