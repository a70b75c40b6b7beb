// The bodies of replies, as the contract has them. Everything an error says besides its violations comes from the
// contract's list of codes.

import { type Code, codes, type EventErrors, type Violation } from '@datapulse/contract'
import type { CountedAs } from './tally.ts'

export type Refusal = {
  code: Code
  message: string
  /** Events that the request held, as far as can be told. */
  events: number
  /** Further headers, names and values in turn. */
  headers?: readonly string[]
  violations?: Violation[]
  violationsTotal?: number
  /** Where the reply does not tell all that is known. */
  countedAs?: CountedAs
}

export function acceptedBody(requestId: string, events: number): string {
  return `{"status":"success","request_id":"${requestId}","accepted":${events}}`
}

/** To a batch of which the good events were taken. */
export function partialBody(requestId: string, events: number, errors: EventErrors[]): Buffer {
  const counts = { status: 'success', request_id: requestId, accepted: events, rejected: errors.length }
  return Buffer.from(JSON.stringify({ ...counts, errors }))
}

export function refusalBody(refusal: Refusal, requestId: string): string {
  const { error } = codes[refusal.code]
  const { code, message, violations } = refusal
  if (violations === undefined || violations.length === 0) {
    return JSON.stringify({ status: 'error', error, code, message, request_id: requestId })
  }
  const more = { violations, violations_total: refusal.violationsTotal ?? violations.length }
  return JSON.stringify({ status: 'error', error, code, message, ...more, request_id: requestId })
}

export function statusOf(code: Code): number {
  return codes[code].status
}

/** A whole reply for a connection on which no request can be told. */
export function bareReply(refusal: Refusal, requestId: string): string {
  const body = refusalBody(refusal, requestId)
  const { status, error } = codes[refusal.code]
  return [
    `HTTP/1.1 ${status} ${error}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
