// Reads a body's bytes before any parser sees them: finds where each event begins and ends, and how deeply it is nested,
// by following strings and brackets alone. It builds nothing and stops at the first event too many, so a body made to
// hurt a parser (millions of empty objects, millions of brackets) costs one pass over bytes. It does not prove that the
// body is JSON: whatever parses the spans does. Brackets are counted, not matched, and that is enough: spans that are
// each valid JSON, with a comma between every two and the array's own brackets around them, are valid JSON together.

import { limits } from './limits.ts'

export type BodyKind = 'event' | 'batch'

/** Why a body cannot be taken apart. `empty`: no bytes but whitespace; `other`: it begins like something else. */
export type ScanFault = 'none' | 'empty' | 'other' | 'unfinished' | 'syntax' | 'count'

export type Scan = {
  fault: ScanFault
  /** Where the fault is: a byte of the body. */
  faultAt: number
  /** Events found; with the fault `count`, as many as were counted before stopping. */
  events: number
  /** For event i, spans[2i] is its first byte and spans[2i + 1] the byte after its last; no whitespace around it. */
  spans: Int32Array
  /** Events that are nested too deeply or are too large, by index; null when there are none. */
  unparsable: Map<number, 'depth' | 'size'> | null
  /** Whether there is any `\u` escape in the strings. */
  escaped: boolean
}

export function scanBody(bytes: Uint8Array, kind: BodyKind): Scan {
  escapedSeen = false
  unparsable = null
  let at = skipSpace(bytes, bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0)
  if (at === bytes.length) return faulty('empty', at, 0)
  if (kind === 'event') return bytes[at] === OPEN_OBJECT ? scanSingle(bytes, at) : faulty('other', at, 0)
  if (bytes[at] !== OPEN_ARRAY) return faulty('other', at, 0)

  let events = 0
  at = skipSpace(bytes, at + 1)
  if (bytes[at] !== CLOSE_ARRAY) {
    for (;;) {
      if (events === limits.batchEventsMax)
        return at < bytes.length ? faulty('count', at, events + 1) : faulty('unfinished', at, events)
      const end = scanElement(bytes, at)
      if (end >= bytes.length) return faulty('unfinished', bytes.length, events)
      if (end === at || bytes[end] === CLOSE_OBJECT) return faulty('syntax', end, events)
      note(bytes, events++, at, end)
      if (bytes[end] === CLOSE_ARRAY) {
        at = end
        break
      }
      at = skipSpace(bytes, end + 1)
    }
  }
  at = skipSpace(bytes, at + 1)
  return at === bytes.length ? scanned(events) : faulty('syntax', at, events)
}

function scanSingle(bytes: Uint8Array, at: number): Scan {
  const end = scanElement(bytes, at)
  if (end < bytes.length) return faulty('syntax', end, 0)
  if (depthReached > 0) return faulty('unfinished', end, 0)
  note(bytes, 0, at, end)
  return scanned(1)
}

/** The byte that ends the element at `at`: a comma or closing bracket outside of it, or the body's end. */
function scanElement(bytes: Uint8Array, at: number): number {
  const length = bytes.length
  let depth = 0
  let deepest = 0
  let i = at
  scan: while (i < length) {
    const c = bytes[i]!
    if (c === QUOTE) {
      i++
      for (;;) {
        if (i >= length) break scan
        const s = bytes[i]!
        if (s === QUOTE) break
        if (s === BACKSLASH) {
          i++
          if (bytes[i] === LETTER_U) escapedSeen = true
        }
        i++
      }
    } else if (c === OPEN_OBJECT || c === OPEN_ARRAY) {
      if (++depth > deepest) deepest = depth
    } else if (c === CLOSE_OBJECT || c === CLOSE_ARRAY) {
      if (--depth < 0) break
    } else if (c === COMMA && depth === 0) break
    i++
  }
  depthReached = depth
  deepestSeen = deepest
  return Math.min(i, length)
}

/** Writes down where an event lies, and whether it may be parsed at all. */
function note(bytes: Uint8Array, index: number, start: number, terminator: number): void {
  let end = terminator
  while (isSpace(bytes[end - 1])) end--
  spansFound[2 * index] = start
  spansFound[2 * index + 1] = end
  if (end - start <= limits.eventBytesMax && deepestSeen <= limits.depthMax) return
  unparsable ??= new Map()
  unparsable.set(index, end - start > limits.eventBytesMax ? 'size' : 'depth')
}

function skipSpace(bytes: Uint8Array, at: number): number {
  while (isSpace(bytes[at])) at++
  return at
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function scanned(events: number): Scan {
  const spans = spansFound.slice(0, 2 * events)
  return { fault: 'none', faultAt: 0, events, spans, unparsable, escaped: escapedSeen }
}

function faulty(fault: ScanFault, faultAt: number, events: number): Scan {
  return { fault, faultAt, events, spans: noSpans, unparsable: null, escaped: escapedSeen }
}

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c
const LETTER_U = 0x75
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

const noSpans = new Int32Array(0)

// What one scan writes down as it goes. A scan runs to its end without giving way, so no two share these.
const spansFound = new Int32Array(2 * limits.batchEventsMax)
let unparsable: Scan['unparsable'] = null
let escapedSeen = false
let depthReached = 0
let deepestSeen = 0
