// What a sender's code must have for a check of the diagnostics to be good: an event that is right, which of its lines are what
// matters, what was sent in its place, and how it is sent. Made from what was counted, with the product's own names, keys by
// their first characters, and limits. Each event passes the contract's check, and a test says so.

import { fold, isNearMiss } from '@datapulse/contract/names'
import type { Check, Diagnosis, EventState } from './questions.ts'

type Value = string | number | boolean
export type SentEvent = Record<string, Value>

/** A key by what may be shown of it. */
export type ShownKey = { name: string; prefix: string }

/** One thing that is sent otherwise; `sent` is null where nothing was sent. */
export type Change = { field: string; sent: string | null; right: string }

export type Fix = {
  /** Which sentence says what to change. */
  note: Note
  event: SentEvent
  /** Fields of the event whose lines matter. */
  marks: string[]
  changes: Change[]
  /** The request tells which key it must be. */
  key: ShownKey | null
  /** The timestamp is taken when it is sent. */
  clock: boolean
  /** It is sent again while that helps, no more often than `limit` a minute. */
  again: { limit: number | null } | null
}

export type Note =
  | 'example'
  | 'key'
  | 'keyCut'
  | 'limit'
  | 'missing'
  | 'wrong'
  | 'request'
  | 'again'
  | 'once'
  | 'oneId'
  | 'click'
  | 'agent'
  | 'soon'
  | 'clock'
  | 'name'
  | 'parent'
  | 'result'
  | 'oneWay'

/** What is known beside the check. `keys`: of the product, newest first; `sentNames`: of the fields of a refused request. */
export type Known = { diagnosis: Diagnosis; keys: readonly ShownKey[]; sentNames: readonly string[]; nowMs: number }

const money = new Set(['deposit', 'withdraw', 'bet', 'win', 'loss'])
const agent = 'Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36'

/** Everything that an event of this name must have, and what makes it worth more. */
export function exampleOf(eventName: string, nowMs: number): SentEvent {
  return {
    event_name: eventName,
    client_user_id: 'user_789',
    timestamp: Math.floor(nowMs / 1_000),
    ip_address: '203.0.113.7',
    ...(money.has(eventName) && {
      transaction_id: 'tx_1001',
      amount: eventName === 'loss' ? -50 : 50,
      currency: 'USD',
    }),
    ...((eventName === 'win' || eventName === 'loss') && { parent_transaction_id: 'tx_1000' }),
    ...(eventName === 'bet' && { game_type: 'slot', bet_result: 'win', bet_result_amount: 20 }),
    ...(!money.has(eventName) && { click_id: 'click_42', user_agent: agent }),
  }
}

/** Null where nothing in a sender's code would help. */
export function fixOf(check: Check, known: Known): Fix | null {
  return fixes[check.check]?.(check, known) ?? null
}

const fixes: Record<string, (check: Check, known: Known) => Fix | null> = {
  keys: fixOfKeys,
  rate_limit: (check, known) => fix('limit', known, { again: { limit: numberOf(check, 'rate_limit') } }),
  schema: fixOfSchema,
  server_errors: (_, known) => fix('again', known, { again: { limit: null } }),
  activity: (_, known) => fix('example', known),
  duplicates: (_, known) => withOwnId('once', most(known, 'duplicates'), known, { again: { limit: null } }),
  conflicts: (_, known) => withOwnId('oneId', most(known, 'conflicts'), known, {}),
  click_id: (_, known) => fix('click', known, { name: entryOf(known), marks: ['click_id'] }),
  user_agent: (_, known) => fix('agent', known, { name: entryOf(known), marks: ['user_agent'] }),
  delay: (_, known) => fix('soon', known, { clock: true, marks: ['timestamp'], again: { limit: null } }),
  clock: (_, known) => fix('clock', known, { clock: true, marks: ['timestamp'] }),
  names: fixOfNames,
  settlement: fixOfSettlement,
}

function fixOfKeys({ numbers }: Check, known: Known): Fix {
  const isCut = Number(numbers['resembling_requests'] ?? 0) > 0 && Number(numbers['revoked_requests'] ?? 0) === 0
  return fix(isCut ? 'keyCut' : 'key', known, { key: known.keys[0] ?? null })
}

function fixOfSchema({ numbers }: Check, known: Known): Fix {
  const [missing] = rowsOf(numbers['missing'])
  const [other] = rowsOf(numbers['others'])
  const isMissing = missing !== undefined && !(Number(other?.['requests'] ?? 0) > Number(missing['requests']))
  const field = String((isMissing ? missing : other)?.['field'] ?? '')
  const name = nameWith(field, known)
  const event = exampleOf(name, known.nowMs)
  if (field === 'parent_transaction_id' && event[field] === undefined) event[field] = 'tx_1000'
  if (field === 'message_id') event[field] = 'msg_1001'
  if (event[field] === undefined) return fix('request', known, { name })
  const spelled = known.sentNames.find(sent => sent !== field && fold(sent) === fold(field))
  const changes = [{ field, sent: spelled === undefined ? null : `"${spelled}"`, right: `"${field}"` }]
  return {
    ...fix(isMissing ? 'missing' : 'wrong', known, { name, marks: [field] }),
    event,
    changes: spelled === undefined ? [] : changes,
  }
}

function fixOfNames({ numbers }: Check, known: Known): Fix {
  const near = rowsOf(numbers['near_misses'])
  const changes = near.map(({ event_name: sent, expected }) => {
    return { field: 'event_name', sent: JSON.stringify(sent), right: JSON.stringify(expected) }
  })
  const name = String(near[0]?.['expected'] ?? 'deposit')
  return { ...fix('name', known, { name, marks: ['event_name'] }), changes }
}

function fixOfSettlement({ numbers }: Check, known: Known): Fix {
  const of = (name: string) => Number(numbers[name] ?? 0)
  if (of('results') > of('results_with_parent'))
    return fix('parent', known, { name: 'win', marks: ['parent_transaction_id'] })
  const note = of('results') > 0 ? 'oneWay' : 'result'
  return fix(note, known, { name: 'bet', marks: ['bet_result', 'bet_result_amount'] })
}

type Wish = Partial<Pick<Fix, 'marks' | 'key' | 'clock' | 'again'>> & { name?: string }

function fix(note: Note, known: Known, { name = exampleNameOf(known.diagnosis), ...wish }: Wish = {}): Fix {
  const event = exampleOf(name, known.nowMs)
  return { note, event, marks: [], changes: [], key: null, clock: false, again: null, ...wish }
}

/** What makes it the same event however often it is sent. */
function withOwnId(note: Note, name: string, known: Known, wish: Wish): Fix {
  const id = money.has(name) ? 'transaction_id' : 'message_id'
  const made = fix(note, known, { ...wish, name, marks: [id] })
  return money.has(name) ? made : { ...made, event: { ...made.event, message_id: 'msg_1001' } }
}

/** The known name with the most refusals, or what is nearly named, or the first that everybody sends. */
function exampleNameOf({ events }: Diagnosis): string {
  const near = events.find(event => event.near_miss_of !== null)?.near_miss_of
  const refused = events.filter(event => event.expected && event.errors > 0).toSorted((a, b) => b.errors - a.errors)[0]
  return refused?.event_name ?? near ?? 'deposit'
}

/** Of what is refused most, if its events have that field; else of any that has. */
function nameWith(field: string, { diagnosis, nowMs }: Known): string {
  const name = exampleNameOf(diagnosis)
  const others = ['deposit', 'bet', 'win', 'register']
  return [name, ...others].find(one => exampleOf(one, nowMs)[field] !== undefined) ?? name
}

function most({ diagnosis: { events } }: Known, column: 'duplicates' | 'conflicts'): string {
  const first = events.toSorted((a: EventState, b: EventState) => b[column] - a[column])[0]
  return first?.event_name == null || first[column] === 0 ? 'deposit' : nameOf(first.event_name)
}

/** Of registrations and logins, which must have it, what comes most. */
function entryOf({ diagnosis: { events } }: Known): string {
  const came = (name: string) => events.find(({ event_name }) => event_name === name)?.events ?? 0
  return came('register') >= came('login') ? 'register' : 'login'
}

/** As it should be. */
function nameOf(sent: string): string {
  return isNearMiss(sent) ? fold(sent) : sent
}

function rowsOf(value: Check['numbers'][string] | undefined) {
  return Array.isArray(value) ? value : []
}

function numberOf({ numbers }: Check, name: string): number | null {
  const value = numbers[name]
  return typeof value === 'number' ? value : null
}
