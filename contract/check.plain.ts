// The rules of the wire contract read plainly: slow, declarative, and written from the contract's pages without a look
// at the checker. Only tests use it: what it finds in a body and what `checkBody` finds must be the same.
// It shares with the checker the list of limits and nothing else.

import { isUtf8 } from 'node:buffer'
import { isIP } from 'node:net'
import { limits } from './limits.ts'
import type { Rule } from './rules.ts'

export type PlainViolation = { index: number | null; field: string; rule: Rule }

type Sent = Record<string, unknown>
/** A rule that a present value breaks, or null. */
type Reading = (value: unknown, nowMs: number) => Rule | null

export function plainViolations(bytes: Uint8Array, kind: 'event' | 'batch', nowMs: number): PlainViolation[] {
  const body = (rule: Rule): PlainViolation[] => [{ index: null, field: '$', rule }]
  if (!isUtf8(bytes)) return body('encoding')
  const text = trimJson(new TextDecoder('utf-8', { ignoreBOM: false }).decode(bytes))
  if (text === '') return body('syntax')
  if (!text.startsWith(kind === 'event' ? '{' : '[')) {
    return body(text.startsWith('{') || text.startsWith('[') || parse(text) !== undefined ? 'shape' : 'syntax')
  }
  const elements = elementsOf(kind === 'event' ? `[${text}]` : text)
  if (elements === null || (kind === 'event' && elements.length !== 1)) return body('syntax')
  if (elements.length === 0) return body('empty')
  if (elements.length > limits.batchEventsMax) return body('count')

  const parsed = elements.filter(element => elementRefusal(element) === null)
  if (parsed.reduce((sum, element) => sum + valuesOf(element), 0) > 200_000) return body('values')

  const violations: PlainViolation[] = []
  for (const [index, element] of elements.entries()) {
    const found = elementViolations(element, nowMs)
    if (found === null) return body('syntax')
    for (const [field, rule] of found) violations.push({ index: kind === 'event' ? null : index, field, rule })
  }
  return violations
}

/** The violations of one event's text, as pairs of field and rule; null when it is not JSON. */
function elementViolations(text: string, nowMs: number): [string, Rule][] | null {
  const refusal = elementRefusal(text)
  if (refusal !== null) return [['$', refusal]]
  const value = parse(text)
  if (value === undefined) return null
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [['$', 'shape']]
  return eventViolations(value as Sent, sourcesOf(text), nowMs)
}

/** What is wrong with an event before it is parsed. */
function elementRefusal(text: string): Rule | null {
  if (Buffer.byteLength(text) > limits.eventBytesMax) return 'size'
  return depthOf(text) > limits.depthMax ? 'depth' : null
}

/** The values in an element, itself included: one after each comma, and one after each bracket that is not closed at once. */
function valuesOf(text: string): number {
  const marks = tokensOf(text).filter(token => trimJson(token) !== '')
  const opens = (token: string | undefined) => token === '{' || token === '['
  const closes = (token: string | undefined) => token === '}' || token === ']'
  return 1 + marks.filter((token, i) => token === ',' || (opens(token) && !closes(marks[i + 1]))).length
}

/** The texts of an event's own numbers as they were sent. */
function sourcesOf(text: string): Map<string, string> {
  const sources = new Map<object, Map<string, string>>()
  const root: unknown = JSON.parse(text, function (this: object, key, value: unknown, context?: { source?: string }) {
    const own = sources.get(this) ?? new Map<string, string>()
    if (typeof value === 'number' && context?.source !== undefined) own.set(key, context.source)
    sources.set(this, own)
    return value
  })
  return sources.get(root as object) ?? new Map()
}

/** Whether a number's text has no fraction: 100, 100.0 and 1e2 have none, and all three are the integer 100. */
function isWhole(source: string): boolean {
  const [digits = '', exponent = '0'] = source.replace(/^-/, '').toLowerCase().split('e')
  const [integer = '', fraction = ''] = digits.split('.')
  const places = fraction.length - Number(exponent)
  if (places <= 0 || /^0*$/.test(integer + fraction)) return true
  return places <= 10_000 && /^0*$/.test((integer + fraction).padStart(places, '0').slice(-places))
}

function eventViolations(event: Sent, sources: Map<string, string>, nowMs: number): [string, Rule][] {
  const own = new Map(Object.entries(event))
  const name = typeof own.get('event_name') === 'string' ? String(own.get('event_name')).trim() : ''
  const money = ['deposit', 'withdraw', 'bet', 'win', 'loss'].includes(name)
  const required = new Set(['client_user_id', 'event_name', 'timestamp'])
  if (!['bet', 'win', 'loss'].includes(name)) required.add('ip_address')
  if (money) for (const field of ['transaction_id', 'amount', 'currency']) required.add(field)

  const found: [string, Rule][] = []
  let custom = 0
  for (const [key, value] of own) {
    const onBetOnly = key === 'bet_result' || key === 'bet_result_amount'
    const read = onBetOnly && name !== 'bet' ? undefined : readings.get(key)
    if (read === undefined) custom++
    if (!stringsOf([key, value]).every(part => part.isWellFormed())) found.push([key, 'encoding'])
    else if (read !== undefined && !missing(value)) {
      const source = sources.get(key)
      const rounded = read === id && typeof value === 'number' && source !== undefined && !isWhole(source)
      const rule = read(value, nowMs) ?? (rounded ? 'type' : null)
      if (rule !== null) found.push([key, rule])
    }
  }
  const reported = new Set(found.map(([field]) => field))
  for (const field of required) {
    if (missing(own.get(field)) && !reported.has(field)) found.push([field, 'required'])
  }
  if (custom > 255) found.push(['$', 'properties'])
  return found
}

/**
 * An id: a string of at most 512 bytes without NUL, or an integer that a double holds exactly. The integer is what was
 * sent, not what it is rounded to; how it is spelled does not matter: `100.0` is the integer 100.
 */
const id: Reading = value => {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) return null
    return value % 1 === 0 || Math.abs(value) === Infinity ? 'range' : 'type'
  }
  if (typeof value !== 'string') return 'type'
  if (Buffer.byteLength(value.trim()) > 512) return 'length'
  return value.indexOf('\u0000') >= 0 ? 'encoding' : null
}

const string: Reading = value => (typeof value === 'string' ? null : 'type')

const stringOf =
  (charactersMax: number): Reading =>
  value => {
    if (typeof value !== 'string') return 'type'
    return Array.from(value.trim()).length > charactersMax ? 'length' : null
  }

const amount: Reading = value => {
  const number = jsonNumber(value)
  if (number === null) return 'type'
  return number >= 1e20 || number <= -1e20 ? 'range' : null
}

const timestamp: Reading = (value, nowMs) => {
  const number = jsonNumber(value)
  if (number === null) return 'type'
  if (number <= 0 || number >= 1e14) return 'range'
  const ms = Math.round(number >= 1e11 ? number : number * 1000)
  return ms - nowMs > 48 * 3_600_000 ? 'future' : null
}

const ip: Reading = value => {
  if (typeof value !== 'string') return 'type'
  const text = value.trim()
  return isIP(text) !== 0 && !text.includes('%') ? null : 'format'
}

const boolean: Reading = value => {
  if (typeof value === 'string') return ['true', 'false'].includes(value.trim()) ? null : 'type'
  return value === true || value === false || value === 0 || value === 1 ? null : 'type'
}

const userAgent: Reading = value => {
  if (typeof value !== 'string') return 'type'
  return Buffer.byteLength(value.trim()) > 4096 ? 'length' : null
}

const readings = new Map<string, Reading>([
  ['client_user_id', id],
  ['click_id', id],
  ['transaction_id', id],
  ['parent_transaction_id', id],
  ['message_id', id],
  ['event_name', stringOf(128)],
  ['currency', stringOf(64)],
  ['timestamp', timestamp],
  ['ip_address', ip],
  ['user_agent', userAgent],
  ['game_type', string],
  ['game_provider', string],
  ['amount', amount],
  ['bet_result_amount', amount],
  ['bet_result', string],
  ['is_crypto', boolean],
])

function missing(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

/** The number that a value is, or that its text spells in JSON after trimming. */
function jsonNumber(value: unknown): number | null {
  const parsed = typeof value === 'string' ? parse(value.trim()) : value
  return typeof parsed === 'number' ? parsed : null
}

/** Every string in a value, keys included. */
function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)])
}

/** The texts between an array's brackets and its own commas; null when it is no array from beginning to end. */
function elementsOf(text: string): string[] | null {
  const elements: string[] = []
  let depth = 0
  let element = ''
  for (const [index, token] of tokensOf(text).entries()) {
    if (index === 0) continue
    if (depth < 0) return null
    if (depth === 0 && (token === ',' || token === ']' || token === '}')) {
      if (token === '}') return null
      const last = trimJson(element)
      if (last === '' && (token === ',' || elements.length > 0)) return null
      if (last !== '') elements.push(last)
      element = ''
      if (token === ']') depth = -1
      if (elements.length > limits.batchEventsMax) return elements
      continue
    }
    if (token === '{' || token === '[') depth++
    if (token === '}' || token === ']') depth--
    element += token
  }
  return depth === -1 ? elements : null
}

/** How deeply brackets nest. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const token of tokensOf(text)) {
    if (token === '{' || token === '[') deepest = Math.max(deepest, ++depth)
    if (token === '}' || token === ']') depth--
  }
  return deepest
}

/** Strings, brackets, commas and what lies between, without whitespace at the end. */
function tokensOf(text: string): string[] {
  return trimJson(text).match(/"(?:[^"\\]|\\[^])*"?|[{}[\],]|[^"{}[\],]+/g) ?? []
}

function trimJson(text: string): string {
  return text.replace(/^[ \t\r\n]+/, '').replace(/[ \t\r\n]+$/, '')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
