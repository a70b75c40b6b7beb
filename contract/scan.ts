// Takes a body's text apart before any parser sees it: finds where each event begins and ends, and how deeply it is
// nested, by following strings and brackets alone. It builds nothing and stops at the first event too many, so a body
// made to hurt a parser (millions of empty objects, millions of brackets) costs one pass over its text.
// It counts values too, each after a comma or an opening bracket: what a parser builds is bounded before it is run.
// It does not prove that the body is JSON: whoever parses the spans does. Brackets are counted, not matched, and that is
// enough: spans that are each valid JSON, with a comma between every two and the array's own brackets around them, are
// valid JSON together.
// Most bodies are a row of objects with nothing nested in them. `scanFlat` proposes their spans from the places of `{`
// alone, which is ten times as fast, and the parse proves the proposal right or has it thrown away (check.ts).

import { limits } from './limits.ts'

export type BodyKind = 'event' | 'batch'

/** Why a body cannot be taken apart. `empty`: nothing but whitespace; `other`: it begins like something else. */
export type ScanFault = 'empty' | 'other' | 'unfinished' | 'syntax' | 'count'

/** A fault and the character where it is; `events` as counted until then. */
export type Faulty = { fault: ScanFault; at: number; events: number }

/** A text's UTF-16 units; the bytes of an ASCII text are the same numbers. */
type Units = Uint8Array | Uint16Array

export type Scan = {
  fault: null
  events: number
  /** Event i is text.slice(spans[2i], spans[2i + 1]), without whitespace around it. */
  spans: Int32Array
  /** Events that are nested too deeply or are too large, by index; null when there are none. */
  unparsable: Map<number, 'depth' | 'size'> | null
  /** Values of the events that may be parsed, at any depth, the events included; not counted where only proposed. */
  values: number
  /** Only proposed: right if all of it is JSON, in as many objects as there are spans. */
  proposed: boolean
}

/** @param bytes the text's own bytes: an ASCII text is followed there, which is twice as fast */
export function scanBody(text: string, bytes: Uint8Array, kind: BodyKind): Scan | Faulty {
  const units = bytes.length === text.length ? bytes : unitsOf(text)
  const { length } = units
  unparsable = null
  values = 0
  let at = skipSpace(units, units[0] === BYTE_ORDER_MARK ? 1 : 0)
  if (at === length) return { fault: 'empty', at, events: 0 }
  const opening = units[at]
  if (opening !== (kind === 'event' ? OPEN_OBJECT : OPEN_ARRAY)) return { fault: 'other', at, events: 0 }
  if (kind === 'event') return scanSingle(units, at)

  let events = 0
  at = skipSpace(units, at + 1)
  if (units[at] !== CLOSE_ARRAY) {
    for (;;) {
      if (events === limits.batchEventsMax && at < length) return { fault: 'count', at, events: events + 1 }
      const end = scanElement(units, at)
      if (end === length) return { fault: 'unfinished', at: end, events }
      const closing = units[end]
      if (end === at || closing === CLOSE_OBJECT) return { fault: 'syntax', at: end, events }
      note(units, events++, at, end)
      at = end
      if (closing === CLOSE_ARRAY) break
      at = skipSpace(units, end + 1)
    }
  }
  at = skipSpace(units, at + 1)
  return at === length ? scanned(events, false) : { fault: 'syntax', at, events }
}

/** The spans of a body that seems to be flat objects and nothing else; null when it does not. */
export function scanFlat(text: string, kind: BodyKind): Scan | null {
  unparsable = null
  values = 0
  let tail = endBefore(text, text.length)
  if (kind === 'batch') {
    const open = text.indexOf('[')
    if (text.charCodeAt(tail - 1) !== CLOSE_ARRAY || !isHead(text, open) || text.indexOf('[', open + 1) >= 0)
      return null
    tail = endBefore(text, tail - 1)
  } else if (text.includes('[')) return null

  let events = 0
  let start = text.indexOf('{')
  if (kind === 'batch' ? start !== endOfSpace(text, text.indexOf('[') + 1) : !isHead(text, start)) return null
  for (;;) {
    const next = text.indexOf('{', start + 1)
    const end = next < 0 ? tail : endBeforeComma(text, next)
    if (text.charCodeAt(end - 1) !== CLOSE_OBJECT || (end - start) * 3 > limits.eventBytesMax) return null
    spansFound[2 * events] = start
    spansFound[2 * events + 1] = end
    events++
    if (next < 0) return scanned(events, true)
    if (kind === 'event' || events === limits.batchEventsMax) return null
    start = next
  }
}

function scanSingle(units: Units, at: number): Scan | Faulty {
  const end = scanElement(units, at)
  if (end < units.length) return { fault: 'syntax', at: end, events: 0 }
  if (!closed) return { fault: 'unfinished', at: end, events: 0 }
  note(units, 0, at, end)
  return scanned(1, false)
}

/** The character that ends the element at `at`: a comma or closing bracket outside of it, or the units' end. */
function scanElement(units: Units, at: number): number {
  const length = units.length
  let depth = 0
  let deepest = 0
  let held = 1
  let i = at
  for (; i < length; i++) {
    const c = units[i]
    if (c === QUOTE) {
      i = endOfString(units, i + 1)
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (++depth > deepest) deepest = depth
      held++
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
      if (--depth < 0) break
      if (isOpening(lastBefore(units, i))) held--
    } else if (c === COMMA) {
      if (depth === 0) break
      held++
    }
  }
  // A string that is not closed has taken i beyond the end.
  closed = depth === 0 && i <= length
  deepestSeen = deepest
  valuesSeen = held
  return Math.min(i, length)
}

/** The unit before `at` that is no whitespace. */
function lastBefore(units: Units, at: number): number | undefined {
  let i = at - 1
  while (isSpace(units[i])) i--
  return units[i]
}

function isOpening(unit: number | undefined): boolean {
  return unit === OPEN_OBJECT || unit === OPEN_ARRAY
}

/** The quote that closes the string whose first character is at `from`; the units' end when there is none. */
function endOfString(units: Units, from: number): number {
  const length = units.length
  for (let i = from; i < length; i++) {
    const c = units[i]
    if (c === QUOTE) return i
    if (c === BACKSLASH) i++
  }
  return length
}

/** Writes down where an event lies, and whether it may be parsed at all. */
function note(units: Units, index: number, start: number, terminator: number): void {
  let end = terminator
  while (isSpace(units[end - 1])) end--
  spansFound[2 * index] = start
  spansFound[2 * index + 1] = end
  const large = (end - start) * 3 > limits.eventBytesMax && bytesOf(units, start, end) > limits.eventBytesMax
  if (!large && deepestSeen <= limits.depthMax) {
    values += valuesSeen
    return
  }
  unparsable ??= new Map()
  unparsable.set(index, large ? 'size' : 'depth')
}

function bytesOf(units: Units, start: number, end: number): number {
  let bytes = end - start
  for (let i = start; i < end && bytes <= limits.eventBytesMax; i++) {
    const unit = units[i]!
    if (unit >= 0x80) bytes += unit >= 0x800 && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}

/** Whether nothing but whitespace and a byte order mark is before `at`. */
function isHead(text: string, at: number): boolean {
  return at === endOfSpace(text, text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0)
}

function endOfSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at++
  return at
}

function endBefore(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at - 1))) at--
  return at
}

/** Where the text before the comma before `at` ends; 0 when there is no comma. */
function endBeforeComma(text: string, at: number): number {
  const comma = endBefore(text, at) - 1
  return text.charCodeAt(comma) === COMMA ? endBefore(text, comma) : 0
}

function skipSpace(units: Units, at: number): number {
  while (isSpace(units[at])) at++
  return at
}

function unitsOf(text: string): Uint16Array {
  const units = new Uint16Array(text.length)
  for (let i = 0; i < units.length; i++) units[i] = text.charCodeAt(i)
  return units
}

function isSpace(unit: number | undefined): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09
}

function scanned(events: number, proposed: boolean): Scan {
  return { fault: null, events, spans: spansFound.slice(0, 2 * events), unparsable, values, proposed }
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const BYTE_ORDER_MARK = 0xfeff

// What one scan writes down as it goes. A scan runs to its end without giving way, so no two share these.
const spansFound = new Int32Array(2 * limits.batchEventsMax)
let unparsable: Scan['unparsable'] = null
let closed = false
let deepestSeen = 0
let valuesSeen = 0
let values = 0
