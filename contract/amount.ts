// Amounts as decimals. An amount is read from the number's text as sent, so that no digit is lost, and kept as plain
// decimal text: an optional minus, at most 20 digits, a point, at most 18 digits, no exponent, no zeros that say nothing.
// Two amounts are equal when these texts are. What the door accepts (|double| < 1e20) can never need more than 20
// digits before the point: the greatest double below 1e20 is 16384 away from it, and so is every text that reads as one.

import { limits } from './limits.ts'

/** `rounded`: digits beyond the 18th were not all zero. */
export type Decimal = { text: string; rounded: boolean }

/**
 * A JSON number's text as a decimal, rounded half-even to 18 digits after the point.
 * @example decimalOf('1.50e1') // { text: '15', rounded: false }
 * @throws RangeError when it is no JSON number, or needs more than 20 digits before the point
 */
export function decimalOf(source: string): Decimal {
  const match = numberParts.exec(source)
  if (match === null)
    throw new RangeError(`Cannot read an amount because it must be a JSON number: got ${source.slice(0, 64)}`)
  const [, sign, integer = '', fraction = '', exponent = '0'] = match
  const { digits, point } = significant(integer + fraction, integer.length + Number(exponent))
  if (digits === '') return { text: '0', rounded: false }
  const kept = roundHalfEven(digits, point)
  if (kept.digits === '') return { text: '0', rounded: true }
  if (kept.point > limits.amountIntegerDigitsMax) {
    throw new RangeError(`Cannot read an amount because it must be below 1e20: got ${source.slice(0, 64)}`)
  }
  return { text: sign + plain(kept.digits, kept.point), rounded: kept.rounded }
}

/** Whether two amounts, JSON numbers in text, have the same value: `50` and `50.00`. */
export function sameAmount(a: string | null, b: string | null): boolean {
  if (a === b) return true
  return a !== null && b !== null && decimalOf(a).text === decimalOf(b).text
}

/**
 * The number of a top-level key of an event as a decimal.
 * @param value what JSON.parse gave for the key: a finite number, or a text that is a number after trimming
 * @param text the event's text as sent
 */
export function amountOf(value: number | string, key: string, text: string): Decimal {
  if (typeof value === 'string') return decimalOf(value.trim())
  const source = onlySource(text, key) ?? numberSource(text, key)
  // Up to 15 digits survive a double, and its shortest text is plain decimal; -0 comes out as 0.
  return source.length <= 15 && !exponent.test(source) && Math.abs(value) >= 1e-6
    ? { text: String(value), rounded: false }
    : decimalOf(source)
}

/** The text, as sent, of the number that a top-level key holds; of a repeated key, the last. */
export function numberSource(text: string, key: string): string {
  const sources = new Map<object, string>()
  const root: unknown = JSON.parse(text, function (this: object, name, value: unknown, context?: { source: string }) {
    if (name === key && typeof value === 'number' && context !== undefined) sources.set(this, context.source)
    return value
  })
  const source = sources.get(root as object)
  if (source === undefined) throw new RangeError(`Cannot read an amount because ${key} must be a number in the event`)
  return source
}

/**
 * The same without a parse, for a text in which nothing is escaped, and no object is nested or the quoted key occurs once:
 * its last occurrence is then the key that the parse found, or a value, which no colon follows. Null for other texts.
 */
export function onlySource(text: string, key: string): string | null {
  const quoted = `"${key}"`
  // Searching backwards is several times as fast here: V8 prepares tables to search forwards for a text this long.
  const at = text.lastIndexOf(quoted)
  if (at <= 0 || text.includes('\\')) return null
  if (text.indexOf('{', 1) >= 0 && text.lastIndexOf(quoted, at - 1) >= 0) return null
  afterKey.lastIndex = at + quoted.length
  return afterKey.exec(text)?.[1] ?? null
}

/** Digits without zeros at either end; the value is 0.digits × 10^point. */
function significant(digits: string, point: number): { digits: string; point: number } {
  let start = 0
  let end = digits.length
  while (start < end && digits[start] === '0') start++
  while (end > start && digits[end - 1] === '0') end--
  return { digits: digits.slice(start, end), point: point - start }
}

function roundHalfEven(digits: string, point: number): { digits: string; point: number; rounded: boolean } {
  const kept = point + limits.amountFractionDigitsMax
  if (digits.length <= kept) return { digits, point, rounded: false }
  if (kept < 0) return { digits: '', point, rounded: true }
  const head = digits.slice(0, kept)
  // The digits end in one that is not zero, so anything after a 5 makes it more than half.
  const next = digits.charCodeAt(kept) - 48
  const up = next > 5 || (next === 5 && (digits.length > kept + 1 || (kept > 0 && head.charCodeAt(kept - 1) % 2 === 1)))
  if (!up) return { ...significant(head, point), rounded: true }
  const next38 = (BigInt(head === '' ? '0' : head) + 1n).toString()
  return { ...significant(next38, point + next38.length - head.length), rounded: true }
}

function plain(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`
  if (digits.length <= point) return digits + '0'.repeat(point - digits.length)
  return `${digits.slice(0, point)}.${digits.slice(point)}`
}

const numberParts = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/
const afterKey = /[ \t\r\n]*:[ \t\r\n]*(-?[0-9.eE+-]+)/y
const exponent = /[eE]/
