// What is handed over becomes the text that is sent, once: what the caller does with the object afterwards changes nothing,
// and however often it is sent, it is the same event. It is checked by the contract's own code, so that it is refused here
// with the violations that the server would give. Only what depends on a clock (`future`) is left to the server, whose clock
// it is. An event that no transaction_id tells apart gets a message_id: that is its identity from here on.

import { checkBody, idText, isMissing, isMoneyEvent, type Violation } from '@datapulse/contract'

export type PreparedEvent = {
  text: string
  /** Of UTF-8. */
  bytes: number
  /** At least as many as the body's limit counts. */
  values: number
  name: string
  messageId: string | null
}

/** @returns the violations where it is not an event */
export function prepareEvent(given: unknown, newId: () => string): PreparedEvent | Violation[] {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    return [
      violation('$', 'shape', `an event must be an object: got ${Array.isArray(given) ? 'an array' : String(given)}`),
    ]
  const unspeakable = withoutJson(given)
  if (unspeakable.length > 0) return unspeakable
  let json: string | undefined
  try {
    json = JSON.stringify(given)
  } catch (cause) {
    return [violation('$', 'shape', `an event must be JSON: ${firstLine(cause)}`)]
  }
  const sent: unknown = json === undefined ? undefined : JSON.parse(json)
  if (typeof sent !== 'object' || sent === null || Array.isArray(sent))
    return [violation('$', 'shape', 'an event must be an object: its toJSON gives something else')]
  return checked(json as string, sent, newId)
}

function checked(
  json: string,
  sent: { event_name?: unknown; transaction_id?: unknown; message_id?: unknown },
  newId: () => string,
): PreparedEvent | Violation[] {
  const name = typeof sent.event_name === 'string' ? sent.event_name.trim() : ''
  const isTold = isMoneyEvent(name) || !isMissing(sent.message_id)
  const made = isTold ? null : newId()
  const text = made === null ? json : withMessageId(json, made)
  const bytes = encoder.encode(text)
  const outcome = checkBody(bytes, 'event', Number.POSITIVE_INFINITY)
  if (!outcome.ok) return outcome.violations
  const messageId = made ?? (isMissing(sent.message_id) ? null : idText(sent.message_id))
  return { text, bytes: bytes.length, values: valuesAtMost(bytes), name, messageId }
}

/** Of a repeated key the last counts: an empty `message_id` before it is no matter. */
function withMessageId(json: string, id: string): string {
  return json === '{}' ? `{"message_id":"${id}"}` : `${json.slice(0, -1)},"message_id":"${id}"}`
}

/** What JSON.stringify would drop or turn into null, so that it would be missing without a word. */
function withoutJson(event: object): Violation[] {
  const found: Violation[] = []
  for (const [key, value] of Object.entries(event) as [string, unknown][]) {
    if (key === 'toJSON') continue
    if (typeof value === 'number' && !Number.isFinite(value))
      found.push(
        violation(key, Number.isNaN(value) ? 'type' : 'range', `${shown(key)} must be a finite number: got ${value}`),
      )
    else if (typeof value === 'bigint')
      found.push(violation(key, 'type', `${shown(key)} must be JSON: got a bigint; send its text`))
    else if (typeof value === 'function' || typeof value === 'symbol')
      found.push(violation(key, 'type', `${shown(key)} must be JSON: got a ${typeof value}`))
  }
  return found
}

function violation(field: string, rule: Violation['rule'], message: string): Violation {
  return { field: shown(field), rule, message }
}

/** A key for a message: nothing in it that could move a terminal, and not longer than the contract repeats. */
function shown(key: string): string {
  return key.slice(0, 64).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '?')
}

function firstLine(cause: unknown): string {
  return shown((cause instanceof Error ? cause.message : String(cause)).split('\n')[0] ?? '')
}

/** Every value stands behind one of these bytes. */
function valuesAtMost(bytes: Uint8Array): number {
  let count = 1
  for (const byte of bytes) if (byte === COMMA || byte === OPEN_ARRAY || byte === OPEN_OBJECT) count++
  return count
}

const encoder = new TextEncoder()
const COMMA = 0x2c
const OPEN_ARRAY = 0x5b
const OPEN_OBJECT = 0x7b
