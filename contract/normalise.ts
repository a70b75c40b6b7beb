// From what was sent to the one stored shape (event.ts). Done by the pipeline, once the event is durable. It depends on
// the sent text and the time of receipt alone, so doing it again gives the same. Whatever the door accepts, it takes.

import { amountOf } from './amount.ts'
import { areObjects, chunkEnd, decodeBody, eventText, parseChunk } from './body.ts'
import type { SentFields } from './check-event.ts'
import type { Event } from './event.ts'
import type { Flag } from './flags.ts'
import { limits } from './limits.ts'
import { isNearMiss } from './names.ts'
import { type BodyKind, type Scan, scanBody, scanFlat } from './scan.ts'
import { booleanOf, idText, isMissing, numberOf, timestampMs } from './values.ts'

/** An event of a body: its text as sent, without whitespace around it, and its value; `error` when it is not JSON. */
export type SentEvent = { text: string; value: unknown; error: string | null }

/** A body's events, in order. Those of a large body are parsed as they are asked for, and never exist all at once. */
export type SentBody = { ok: true; count: number; events: Iterable<SentEvent> } | { ok: false; reason: string }

/** Takes a durable body apart. Never throws, whatever the bytes. */
export function readEvents(bytes: Uint8Array, kind: BodyKind): SentBody {
  const text = decodeBody(bytes)
  if (text === null) return { ok: false, reason: 'the body is not valid UTF-8' }
  const flat = readFlat(text, kind)
  if (flat !== null) return flat
  const scan = scanBody(text, bytes, kind)
  if (scan.fault !== null) return { ok: false, reason: `the body is not events: ${scan.fault} at character ${scan.at}` }
  return { ok: true, count: scan.events, events: { [Symbol.iterator]: () => eachEvent(text, scan) } }
}

/**
 * The stored shape of an event that the door has accepted.
 * @param text the event's text as sent: amounts are read from it
 * @throws TypeError or RangeError when the door would not have accepted it
 */
export function normalise(value: unknown, text: string, receivedMs: number): Event {
  if (typeof value !== 'object' || value === null)
    throw new TypeError('Cannot normalise an event because it must be an object')
  const sent: SentFields = value
  const name = nameOf(sent)
  const isBet = name === 'bet'
  const currencySent = textOf(sent.currency)
  const flags: Flag[] = []
  const event: Event = {
    name,
    userId: idText(sent.client_user_id),
    clickId: idText(sent.click_id),
    eventMs: eventMsOf(sent),
    ipAddress: textOf(sent.ip_address),
    userAgent: textOf(sent.user_agent),
    gameType: textOf(sent.game_type),
    gameProvider: textOf(sent.game_provider),
    transactionId: idText(sent.transaction_id),
    parentTransactionId: idText(sent.parent_transaction_id),
    messageId: idText(sent.message_id),
    amount: amountText(sent.amount, 'amount', text, flags),
    currency: currencySent.toUpperCase(),
    currencySent,
    isCrypto: booleanOf(sent.is_crypto) === true,
    betResult: isBet ? betResultOf(sent.bet_result) : '',
    betResultAmount: isBet ? amountText(sent.bet_result_amount, 'bet_result_amount', text, flags) : null,
    flags,
  }
  if (event.userId === '') throw new TypeError('Cannot normalise an event because client_user_id must be an id')
  addFlags(event, receivedMs)
  return event
}

/** A small body of flat objects, parsed in one go; null for another, which the scan takes apart. */
function readFlat(text: string, kind: BodyKind): SentBody | null {
  const scan = scanFlat(text, kind)
  if (scan === null || chunkEnd(scan, 0) < scan.events) return null
  const values = parseChunk(text, scan, 0, scan.events)
  if (values === null || !areObjects(values, scan.events)) return null
  const events = values.map((value, i) => ({ text: eventText(text, scan, i), value, error: null }))
  return { ok: true, count: scan.events, events }
}

function* eachEvent(body: string, scan: Scan): Generator<SentEvent> {
  let first = 0
  while (first < scan.events) {
    const end = chunkEnd(scan, first)
    const values = parseChunk(body, scan, first, end)
    for (let i = first; i < end; i++) {
      // No JSON text parses to undefined.
      const value = values === null ? parseChunk(body, scan, i, i + 1)?.[0] : values[i - first]
      yield { text: eventText(body, scan, i), value, error: value === undefined ? 'the event is not JSON' : null }
    }
    first = end
  }
}

function nameOf(sent: SentFields): string {
  const name = textOf(sent.event_name)
  if (name === '') throw new TypeError('Cannot normalise an event because event_name must be a text')
  return name
}

function eventMsOf(sent: SentFields): number {
  const number = numberOf(sent.timestamp)
  if (number > 0 && number < limits.timestampMillisecondsBelow) return timestampMs(number)
  throw new RangeError('Cannot normalise an event because timestamp must be a Unix time')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value.trim() : ''
}

function amountText(value: unknown, key: string, text: string, flags: Flag[]): string | null {
  if (isMissing(value)) return null
  if (typeof value !== 'number' && typeof value !== 'string')
    throw new TypeError(`Cannot normalise an event because ${key} must be a number`)
  const decimal = amountOf(value, key, text)
  if (decimal.rounded && !flags.includes('rounded_amount')) flags.push('rounded_amount')
  return decimal.text
}

function betResultOf(value: unknown): Event['betResult'] {
  if (isMissing(value)) return ''
  const result = textOf(value).toLowerCase()
  return result === 'win' || result === 'loss' ? result : 'unknown'
}

function addFlags(event: Event, receivedMs: number): void {
  const { name, amount, betResult, betResultAmount, flags } = event
  const isBet = name === 'bet'
  if (event.eventMs > receivedMs + limits.futureFlaggedMs) flags.push('future_skew')
  if (isNearMiss(name)) flags.push('near_miss_name')
  if (isNegative(amount) && (isBet || name === 'deposit' || name === 'withdraw')) flags.push('negative_amount')
  if (isBet ? signDiffers(betResult, betResultAmount) : signDiffers(name, amount)) flags.push('sign_mismatch')
  if (event.currency !== '' && !event.isCrypto && !threeLetters.test(event.currencySent)) flags.push('unknown_currency')
  if (betResult === 'unknown') flags.push('bet_result_unknown')
}

function signDiffers(result: string, amount: string | null): boolean {
  if (amount === null || amount === '0') return false
  return (result === 'win' && isNegative(amount)) || (result === 'loss' && !isNegative(amount))
}

function isNegative(amount: string | null): boolean {
  return amount !== null && amount.startsWith('-')
}

const threeLetters = /^[A-Za-z]{3}$/
