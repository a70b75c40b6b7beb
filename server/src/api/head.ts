// What is wrong with the head of a request, apart from what it says of its body (media.ts): in words, or null.

import type { IncomingMessage } from 'node:http'
import { limits } from '@datapulse/contract'

type Head = Pick<IncomingMessage, 'headers' | 'rawHeaders' | 'httpVersionMinor'>

const printableAscii = /^[\x20-\x7e]*$/

export const transferEncodingMessage =
  'Transfer-Encoding must be chunked, or absent: compression is told by Content-Encoding'

/** Whether a key is unknown, revoked or expired is not told: only what of the headers was looked at. */
export function keyProblem({ headers, rawHeaders }: Head): string {
  const wanted = 'A valid API key is needed in the X-API-Key header'
  const times = countHeader(rawHeaders, 'x-api-key')
  if (times > 1) return `${wanted}: it was sent ${times} times`
  if (times === 1) return wanted
  return headers.authorization === undefined
    ? `${wanted}: it was not sent`
    : `${wanted}: it was not sent, and Authorization is not read`
}

export function hostProblem({ httpVersionMinor, rawHeaders }: Head): string | null {
  const hosts = countHeader(rawHeaders, 'host')
  if (hosts > 1) return `A request must have one Host header: this one has ${hosts}`
  return hosts === 0 && httpVersionMinor === 1 ? 'A request must have a Host header: this one has none' : null
}

export function transferEncodingProblem(value: string | undefined): string | null {
  return value === undefined || value.trim().toLowerCase() === 'chunked' ? null : transferEncodingMessage
}

/** `value` as Node gives it: bytes as Latin-1, several of them joined. */
export function idempotencyKeyProblem(value: string | string[] | undefined): string | null {
  if (value === undefined) return null
  const key = String(value)
  const max = limits.idempotencyKeyCharactersMax
  if (key.length > max) return `Idempotency-Key must be at most ${max} characters: this one has ${key.length}`
  return printableAscii.test(key) ? null : 'Idempotency-Key must be printable ASCII: this one has other characters'
}

/** How often a header was sent. `name` is in lower case. */
function countHeader(rawHeaders: readonly string[], name: string): number {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const sent = rawHeaders[i] as string
    if (sent.length === name.length && sent.toLowerCase() === name) count++
  }
  return count
}
