// Checks one parsed event by every rule that can be asked of it, and reports all that is wrong, one violation per
// field. Written by hand for speed: nothing is allocated for a good event. `check.plain.ts` says the same rules slowly,
// and the property tests hold the two together.

import { limits } from './limits.ts'
import { fold, isMoneyEvent } from './names.ts'
import { isIntegerText, numberSources } from './number-source.ts'
import type { Rule } from './rules.ts'
import {
  amountFault,
  booleanOf,
  idFault,
  ipFault,
  isMissing,
  textFault,
  timestampFault,
  userAgentFault,
} from './values.ts'
import { type Findings, shown, valueMessage, visible, whole } from './violation.ts'

/** An event as `JSON.parse` gives it. Every key may hold anything. */
export type SentFields = {
  client_user_id?: unknown
  event_name?: unknown
  timestamp?: unknown
  ip_address?: unknown
  click_id?: unknown
  user_agent?: unknown
  game_type?: unknown
  game_provider?: unknown
  transaction_id?: unknown
  parent_transaction_id?: unknown
  amount?: unknown
  currency?: unknown
  is_crypto?: unknown
  bet_result?: unknown
  bet_result_amount?: unknown
  message_id?: unknown
}

/**
 * Where an event was sent: from `start` to `end` in the text of the body. `escaped`: the body has a `\u` escape; without
 * one, no text in it can be ill-formed or hold a NUL.
 */
export type Sent = { body: string; start: number; end: number; escaped: boolean }

/** @param index position in the batch, -1 for a single event */
export function checkEvent(value: unknown, index: number, sent: Sent, nowMs: number, found: Findings): void {
  const before = found.total
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    report(found, index, whole, 'shape', `an event must be a JSON object: got ${shown(value)}`)
  } else {
    const illFormed = sent.escaped ? illFormedKeys(value) : null
    if (illFormed !== null) reportIllFormed(illFormed, index, found)
    checkFields(value, illFormed, index, sent, nowMs, found)
    // A short text cannot have too many properties.
    if (sent.end - sent.start > lengthOfMostProperties) checkProperties(value as SentFields, index, found)
  }
  if (found.total !== before) {
    found.eventsBad++
    found.bad?.push(index)
  }
}

/** Adds a violation: counted always, kept while there is room. */
export function report(found: Findings, index: number, field: string, rule: Rule, message: string): void {
  found.total++
  if (found.violations.length >= found.listedMax) return
  found.violations.push(index < 0 ? { field, rule, message } : { index, field, rule, message })
}

function checkFields(
  event: SentFields,
  illFormed: Set<string> | null,
  index: number,
  sent: Sent,
  nowMs: number,
  found: Findings,
): void {
  const { escaped } = sent
  let name = ''
  const wrong = (field: keyof SentFields, rule: Rule): void => {
    if (illFormed?.has(field)) return
    const listed = found.violations.length < found.listedMax
    const message = listed ? valueMessage(field, rule, event[field], name) : ''
    report(found, index, field, rule, listed && rule === 'required' ? message + twinHint(event, field) : message)
  }
  let fault: Rule | null = null

  if (isMissing(event.event_name)) wrong('event_name', 'required')
  else if ((fault = textFault(event.event_name, limits.eventNameCharactersMax)) !== null) wrong('event_name', fault)
  if (typeof event.event_name === 'string') name = event.event_name.trim()
  const money = isMoneyEvent(name)

  if (isMissing(event.client_user_id)) wrong('client_user_id', 'required')
  else if ((fault = idFault(event.client_user_id, escaped)) !== null) wrong('client_user_id', fault)

  if (isMissing(event.timestamp)) wrong('timestamp', 'required')
  else if ((fault = timestampFault(event.timestamp, nowMs)) !== null) wrong('timestamp', fault)

  if (isMissing(event.ip_address)) {
    if (name !== 'bet' && name !== 'win' && name !== 'loss') wrong('ip_address', 'required')
  } else if ((fault = ipFault(event.ip_address)) !== null) wrong('ip_address', fault)

  if (isMissing(event.transaction_id)) {
    if (money) wrong('transaction_id', 'required')
  } else if ((fault = idFault(event.transaction_id, escaped)) !== null) wrong('transaction_id', fault)

  if (isMissing(event.amount)) {
    if (money) wrong('amount', 'required')
  } else if ((fault = amountFault(event.amount)) !== null) wrong('amount', fault)

  if (isMissing(event.currency)) {
    if (money) wrong('currency', 'required')
  } else if ((fault = textFault(event.currency, limits.currencyCharactersMax)) !== null) wrong('currency', fault)

  if (!isMissing(event.click_id) && (fault = idFault(event.click_id, escaped)) !== null) wrong('click_id', fault)
  if (!isMissing(event.user_agent) && (fault = userAgentFault(event.user_agent)) !== null) wrong('user_agent', fault)
  if (!isMissing(event.game_type) && typeof event.game_type !== 'string') wrong('game_type', 'type')
  if (!isMissing(event.game_provider) && typeof event.game_provider !== 'string') wrong('game_provider', 'type')
  if (!isMissing(event.parent_transaction_id) && (fault = idFault(event.parent_transaction_id, escaped)) !== null) {
    wrong('parent_transaction_id', fault)
  }
  if (!isMissing(event.message_id) && (fault = idFault(event.message_id, escaped)) !== null) wrong('message_id', fault)
  if (!isMissing(event.is_crypto) && booleanOf(event.is_crypto) === null) wrong('is_crypto', 'type')

  if (hasNumberId(event)) checkNumberIds(event, sent, wrong)

  if (name === 'bet') {
    if (!isMissing(event.bet_result) && typeof event.bet_result !== 'string') wrong('bet_result', 'type')
    if (!isMissing(event.bet_result_amount) && (fault = amountFault(event.bet_result_amount)) !== null) {
      wrong('bet_result_amount', fault)
    }
  }
}

function hasNumberId(event: SentFields): boolean {
  return (
    typeof event.client_user_id === 'number' ||
    typeof event.click_id === 'number' ||
    typeof event.transaction_id === 'number' ||
    typeof event.parent_transaction_id === 'number' ||
    typeof event.message_id === 'number'
  )
}

/** A number that was rounded to a safe integer as it was parsed is no id: what was sent must be that integer. */
function checkNumberIds(event: SentFields, sent: Sent, wrong: (field: keyof SentFields, rule: Rule) => void): void {
  const text = sent.body.slice(sent.start, sent.end)
  if (!fractionOrExponent.test(text)) return
  const sources = numberSources(text, idKeys)
  for (const key of idKeys) {
    const source = Number.isSafeInteger(event[key]) ? sources.get(key) : undefined
    if (source !== undefined && !isIntegerText(source)) wrong(key, 'type')
  }
}

/** A question to add to what is said of a missing field, when a key was sent that is spelled almost like it. */
function twinHint(event: SentFields, field: string): string {
  const wanted = fold(field)
  let looked = 0
  for (const key in event) {
    if (++looked > keysLookedAtMax) break
    if (key.length >= wanted.length && key.length <= 2 * field.length && key !== field && fold(key) === wanted)
      return `: was "${visible(key)}" meant to be it?`
  }
  return ''
}

function checkProperties(event: SentFields, index: number, found: Findings): void {
  const isBet = typeof event.event_name === 'string' && event.event_name.trim() === 'bet'
  let custom = 0
  for (const key in event) if (!knownKeys.has(key)) custom++
  if (!isBet) {
    if (event.bet_result !== undefined) custom++
    if (event.bet_result_amount !== undefined) custom++
  }
  if (custom <= limits.customPropertiesMax) return
  const message = `an event must have at most ${limits.customPropertiesMax} custom properties: this one has ${custom}`
  report(found, index, whole, 'properties', message)
}

/** The top-level keys that are ill-formed or hold an ill-formed text anywhere; null when there are none. */
function illFormedKeys(event: object): Set<string> | null {
  let keys: Set<string> | null = null
  for (const [key, value] of Object.entries(event)) {
    if (key.isWellFormed() && isWellFormedThroughout(value)) continue
    keys ??= new Set()
    keys.add(key)
  }
  return keys
}

/** Recursion is bounded: the scan has refused what is nested deeper than 16 levels. */
function isWellFormedThroughout(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed()
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value)) return value.every(isWellFormedThroughout)
  for (const [key, inner] of Object.entries(value)) {
    if (!key.isWellFormed() || !isWellFormedThroughout(inner)) return false
  }
  return true
}

function reportIllFormed(keys: Set<string>, index: number, found: Findings): void {
  for (const key of keys) report(found, index, visible(key), 'encoding', valueMessage(key, 'encoding', null, ''))
}

const knownKeys: ReadonlySet<string> = new Set<keyof SentFields>([
  'client_user_id',
  'event_name',
  'timestamp',
  'ip_address',
  'click_id',
  'user_agent',
  'game_type',
  'game_provider',
  'transaction_id',
  'parent_transaction_id',
  'amount',
  'currency',
  'is_crypto',
  'bet_result',
  'bet_result_amount',
  'message_id',
])

const idKeys = ['client_user_id', 'click_id', 'transaction_id', 'parent_transaction_id', 'message_id'] as const
/** A digit with a point or an exponent after it, not within an address or a text that is short of a quote. */
const fractionOrExponent = /[:\s][-]?[0-9]+[.eE]/
/** Enough for an event that is within the limit of properties. */
const keysLookedAtMax = limits.customPropertiesMax + 16

/** The shortest property is `"":0,`: a text this short cannot hold one more than the limit. */
const lengthOfMostProperties = limits.customPropertiesMax * 5
