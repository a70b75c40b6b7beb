// A violation: one thing that is wrong with a request, in words for the person who has to repair it. Messages say what
// was wrong and what would be right. They repeat no value longer than 64 characters, and no control character raw.

import { fields } from './fields.ts'
import { limits } from './limits.ts'
import { isMoneyEvent } from './names.ts'
import type { Rule } from './rules.ts'

export type Violation = {
  /** Position in the batch; absent on a single event and where the batch as a whole is meant. */
  index?: number
  /** The event's key; `$` is the event as a whole, or the body where there is no index. */
  field: string
  rule: Rule
  message: string
}

/** What violations of one request are gathered into: all are counted, the first `listedMax` are kept. */
export type Findings = {
  violations: Violation[]
  total: number
  listedMax: number
  eventsBad: number
  /** The positions of the bad events, in order; null where nobody wants to know. */
  bad: number[] | null
}

export function newFindings(listedMax: number = limits.violationsListedMax, bad: number[] | null = null): Findings {
  return { violations: [], total: 0, listedMax, eventsBad: 0, bad }
}

const idNames: ReadonlySet<string> = new Set(fields.filter(({ kind }) => kind === 'id').map(({ name }) => name))

/** The field that stands for the event, or the body, as a whole. */
export const whole = '$'

/** What is wrong with the value of a known field. */
export function valueMessage(field: string, rule: Rule, value: unknown, eventName: string): string {
  switch (rule) {
    case 'required':
      return requiredMessage(field, eventName)
    case 'encoding':
      return typeof value === 'string' && value.includes('\0')
        ? `${field} must not contain a NUL character (\\u0000)`
        : `${visible(field)} must be valid Unicode: it holds half of a surrogate pair (\\ud800 to \\udfff)`
    case 'length':
      return `${field} must be ${lengthWanted(field)}: this one is longer`
    case 'future':
      return `timestamp must not be more than 48 hours ahead of the server: got ${shown(value)}`
    default:
      return `${field} must be ${wanted(field, rule)}: ${got(field, rule, value)}`
  }
}

/** A number whose digits the parser may have lost is not repeated: it would not be the one that was sent. */
function got(field: string, rule: Rule, value: unknown): string {
  const rounded = typeof value === 'number' && (rule === 'range' ? field !== 'timestamp' : idNames.has(field))
  if (!rounded) return `got ${shown(value)}`
  return rule === 'range' ? 'this number is beyond' : 'this number has a fraction'
}

/** A value for a message: short ones as they are, others described. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'a number beyond 1e308'
  if (typeof value !== 'string') return typeof value
  if (value.length > limits.echoedCharactersMax) return `a text of ${value.length} characters`
  return `"${visible(value)}"`
}

/** A text with nothing in it that could act on a terminal or a log line, cut at 64 characters. */
export function visible(text: string): string {
  const cut = text.length > limits.echoedCharactersMax ? `${text.slice(0, limits.echoedCharactersMax - 1)}…` : text
  return cut
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, c => `\\u${c.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}

function requiredMessage(field: string, eventName: string): string {
  if (isMoneyEvent(eventName)) return `${field} is required for a ${eventName}`
  if (field === 'ip_address') return 'ip_address is required: only bet, win and loss may leave it out'
  return `${field} is required`
}

function lengthWanted(field: string): string {
  switch (field) {
    case 'event_name':
      return `at most ${limits.eventNameCharactersMax} characters`
    case 'currency':
      return `at most ${limits.currencyCharactersMax} characters`
    case 'user_agent':
      return `at most ${limits.userAgentBytesMax} bytes`
    default:
      return `at most ${limits.idBytesMax} bytes`
  }
}

function wanted(field: string, rule: Rule): string {
  switch (field) {
    case 'timestamp':
      return rule === 'range'
        ? 'Unix time in seconds (above 0, below 1e11) or milliseconds (1e11 to 1e14)'
        : 'Unix time as a number, in seconds or milliseconds, such as 1702963200'
    case 'ip_address':
      return rule === 'format' ? 'one IPv4 or IPv6 address and nothing else, such as 203.0.113.1' : 'a string'
    case 'amount':
    case 'bet_result_amount':
      return rule === 'range'
        ? 'between -1e20 and 1e20 (read as a double, at most 20 digits before the point)'
        : 'a number, or a text that is one, such as 50.00'
    case 'is_crypto':
      return 'true or false'
    case 'bet_result':
      return 'a string, "win" or "loss"'
    case 'event_name':
    case 'currency':
    case 'user_agent':
    case 'game_type':
    case 'game_provider':
      return 'a string'
    default:
      return rule === 'range' ? 'a string, as an integer beyond 2^53 loses digits' : 'a string or an integer'
  }
}
