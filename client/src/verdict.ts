// What a reply means for the batch that it answers. Only a reply that is the server's own, and whole, decides about an
// event: half an answer, or a page of something in between, never does. That is then tried again, which doubles nothing,
// because every event has an identity.

import type { Violation } from '@datapulse/contract'

/** A reply that came whole. */
export type WholeReply = { status: number; headers: { get(name: string): string | null }; text: string }

export type EventFault = { code: string; message: string; violations: Violation[] }

export type Verdict = {
  requestId: string | null
} /** Every event has an outcome: it is in `faults` by its position, or is accepted. */ & (
  | { is: 'taken'; faults: Map<number, EventFault> }
  /** Nothing was taken. Those in `faults` are rejected, the others are to be sent without them. */
  | { is: 'faulty'; faults: Map<number, EventFault> }
  /** Nothing was taken, and no event is named: the halves will tell; a single event is rejected. */
  | { is: 'too much'; fault: EventFault }
  /** Something in between lets a single event through not even alone, and says nothing of it: others may pass. */
  | { is: 'blocked' }
  /** It may pass. `waitMs` where the server says how long. */
  | { is: 'passing'; reason: string; waitMs: number | null }
  /** The body did not come through as it was compressed. */
  | { is: 'garbled' }
  /** It will not pass until somebody changes something. */
  | { is: 'refused'; status: number; reason: string }
)

type Body = {
  status?: unknown
  request_id?: unknown
  code?: unknown
  message?: unknown
  accepted?: unknown
  rejected?: unknown
  errors?: unknown
  violations?: unknown
}

/** @param nowMs of the wall clock, for a Retry-After that is a date */
export function judge(reply: WholeReply, events: number, isZipped: boolean, nowMs: number): Verdict {
  const { status, headers } = reply
  const whole = parse(reply.text)
  const body = whole ?? {}
  const requestId = typeof body.request_id === 'string' ? plain(body.request_id).slice(0, 64) : null
  const waitMs = retryAfterMs(headers.get('retry-after'), nowMs)
  if (status === 200) {
    const faults = faultsOfPartial(body, events)
    if (faults !== null) return { is: 'taken', faults, requestId }
    return { is: 'passing', reason: notWhole, waitMs: null, requestId }
  }
  if (status === 400 && body.status === 'error') {
    if (body.code === 'VALIDATION_ERROR') return { ...faulty(body, events), requestId }
    // We sent JSON: something on the way changed it.
    if (body.code === 'BAD_REQUEST' || body.code === 'INVALID_JSON')
      return isZipped
        ? { is: 'garbled', requestId }
        : { is: 'passing', reason: 'the request did not arrive as it was sent', waitMs: null, requestId }
  }
  if (status === 413) {
    // The server takes any event that the client does. What stands between may want less of a batch, and says nothing of an event.
    const isOwn = body.status === 'error' && body.code === 'PAYLOAD_TOO_LARGE'
    if (events === 1 && !isOwn) return { is: 'blocked', requestId }
    const message = 'The server takes no request of this size, though it holds one event'
    return { is: 'too much', fault: { code: 'PAYLOAD_TOO_LARGE', message, violations: [] }, requestId }
  }
  if (status === 415 && isZipped) return { is: 'garbled', requestId }
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    return { is: 'passing', reason: `status ${status}`, waitMs, requestId }
  // Half of what may have been a verdict on events.
  if (whole === null && /^application\/json\b/i.test(headers.get('content-type') ?? ''))
    return { is: 'passing', reason: notWhole, waitMs: null, requestId }
  return { is: 'refused', status, reason: reasonOf(status, body), requestId }
}

/** Seconds, or a date. Null where there is none, or none that means anything. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null || header.trim() === '') return null
  const seconds = Number(header)
  const ms = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1_000
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), retryAfterMsMax)
}

/** Null where it is no JSON object. */
function parse(text: string): Body | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' ? value : null
  } catch {
    return null
  }
}

/** Null where the numbers do not fit what was sent: then it is no answer to it. */
function faultsOfPartial(body: Body, events: number): Map<number, EventFault> | null {
  const { accepted, rejected = 0, errors = [] } = body
  if (body.status !== 'success' || typeof accepted !== 'number' || typeof rejected !== 'number') return null
  if (accepted + rejected !== events || !Array.isArray(errors)) return null
  const faults = new Map<number, EventFault>()
  for (const error of errors as { index?: unknown; violations?: unknown }[]) {
    if (!isPosition(error?.index, events)) return null
    const violations = violationsIn(error.violations)
    faults.set(error.index, eventFault(violations))
  }
  return faults.size === rejected ? faults : null
}

function faulty(
  body: Body,
  events: number,
): { is: 'faulty'; faults: Map<number, EventFault> } | { is: 'too much'; fault: EventFault } {
  const violations = violationsIn(body.violations)
  const byIndex = new Map<number, Violation[]>()
  for (const { index, ...violation } of violations) {
    if (!isPosition(index, events)) continue
    byIndex.set(index, [...(byIndex.get(index) ?? []), violation])
  }
  if (byIndex.size > 0)
    return { is: 'faulty', faults: new Map([...byIndex].map(([index, of]) => [index, eventFault(of)])) }
  const message = typeof body.message === 'string' ? body.message : 'The server refuses the event'
  return { is: 'too much', fault: { code: 'VALIDATION_ERROR', message: plain(message), violations } }
}

function eventFault(violations: Violation[]): EventFault {
  const message = violations[0]?.message ?? 'The server refuses the event'
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : ''
  return { code: 'VALIDATION_ERROR', message: `${message}${more}`, violations }
}

function violationsIn(given: unknown): Violation[] {
  if (!Array.isArray(given)) return []
  return (given as ({ [Name in keyof Violation]?: unknown } | null)[]).map(each => ({
    ...(typeof each?.index === 'number' ? { index: each.index } : {}),
    field: plain(textOf(each?.field) || '$'),
    rule: plain(textOf(each?.rule)) as Violation['rule'],
    message: plain(textOf(each?.message)),
  }))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isPosition(index: unknown, events: number): index is number {
  return Number.isInteger(index) && (index as number) >= 0 && (index as number) < events
}

function reasonOf(status: number, body: Body): string {
  if (status === 401) return 'the key is unknown, revoked, expired, or may not send events'
  if (status === 404) return 'there is no such address: is url right?'
  if (status === 0 || (status >= 300 && status < 400))
    return "it points to another address: url must be the server's own"
  return typeof body.message === 'string' ? plain(body.message) : 'it gives no reason'
}

/** A text that came from outside, fit for a log line and a terminal. */
function plain(text: string): string {
  return text.slice(0, 500).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')
}

const notWhole = 'a reply that is not whole'
/** A server that says longer is asked again after this. */
const retryAfterMsMax = 60 * 60 * 1000
