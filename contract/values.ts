// How a JSON value is read as what a field wants: narrow, and without loss. One function per kind says what is wrong
// with a value (`null`: nothing), one reads it. Reading relies on nothing being wrong. Trimming is
// `String.prototype.trim`: Unicode whitespace, line ends and the byte order mark. Nothing here allocates for a good value.

import { isIpAddress } from './ip-address.ts'
import { limits } from './limits.ts'
import type { Rule } from './rules.ts'

/** Absent, null, or a text that is empty after trimming. */
export function isMissing(value: unknown): boolean {
  if (typeof value !== 'string') return value === undefined || value === null
  if (value.length === 0) return true
  const first = value.charCodeAt(0)
  return (first <= 32 || first >= 127) && value.trim() === ''
}

/** An id is a text, or a safe integer. `escaped`: the body has `\u` escapes, without which there is no NUL in it. */
export function idFault(value: unknown, escaped: boolean): Rule | null {
  if (typeof value === 'string') {
    if (value.length > idUnitsAlwaysFit && bytesOf(value.trim()) > limits.idBytesMax) return 'length'
    return escaped && value.includes('\0') ? 'encoding' : null
  }
  if (typeof value === 'number' && Number.isInteger(value)) return Number.isSafeInteger(value) ? null : 'range'
  return value === Infinity || value === -Infinity ? 'range' : 'type'
}

export function idText(value: unknown): string {
  if (typeof value === 'string') return value.trim()
  return typeof value === 'number' ? String(value) : ''
}

export function textFault(value: unknown, charactersMax: number): Rule | null {
  if (typeof value !== 'string') return 'type'
  return value.length > charactersMax && charactersOf(value.trim()) > charactersMax ? 'length' : null
}

export function userAgentFault(value: unknown): Rule | null {
  if (typeof value !== 'string') return 'type'
  return value.length * 3 > limits.userAgentBytesMax && bytesOf(value.trim()) > limits.userAgentBytesMax
    ? 'length'
    : null
}

export function ipFault(value: unknown): Rule | null {
  if (typeof value !== 'string') return 'type'
  return isIpAddress(value) || isIpAddress(value.trim()) ? null : 'format'
}

/** A number, or a text that is a JSON number after trimming; NaN for anything else. */
export function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value !== 'string') return NaN
  const text = value.trim()
  return isNumberText(text) ? Number(text) : NaN
}

export function amountFault(value: unknown): Rule | null {
  const number = numberOf(value)
  if (Math.abs(number) < limits.amountAbsoluteBelow) return null
  return Number.isNaN(number) ? 'type' : 'range'
}

export function timestampFault(value: unknown, nowMs: number): Rule | null {
  const number = numberOf(value)
  if (number > 0 && number < limits.timestampMillisecondsBelow) {
    return timestampMs(number) > nowMs + limits.futureRefusedMs ? 'future' : null
  }
  return Number.isNaN(number) ? 'type' : 'range'
}

/** Unix seconds or milliseconds as whole milliseconds, rounded to the nearest. */
export function timestampMs(number: number): number {
  return Math.round(number < limits.timestampSecondsBelow ? number * 1000 : number)
}

/** true, false, 0, 1, "true" or "false"; `null` for anything else. */
export function booleanOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value
  if (value === 0) return false
  if (value === 1) return true
  if (typeof value !== 'string') return null
  const text = value.trim()
  return text === 'true' ? true : text === 'false' ? false : null
}

/** JSON's own grammar of a number, nothing around it. */
export function isNumberText(text: string): boolean {
  return /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(text)
}

/** Bytes of UTF-8, for a well-formed text. */
export function bytesOf(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit >= 0x800) bytes += unit >= 0xd800 && unit <= 0xdfff ? 1 : 2
    else if (unit >= 0x80) bytes++
  }
  return bytes
}

/** Unicode code points. */
export function charactersOf(text: string): number {
  let characters = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const next = text.charCodeAt(i + 1)
    if (unit >= 0xd800 && unit <= 0xdbff && next >= 0xdc00 && next <= 0xdfff) i++
    characters++
  }
  return characters
}

/** A text of so many UTF-16 units has at most three times as many bytes, so it fits whatever it holds. */
const idUnitsAlwaysFit = Math.floor(limits.idBytesMax / 3)
