// Takes a body apart into its events: bytes to text (a byte order mark left out, invalid UTF-8 refused), the scan,
// then JSON.parse, of about half a megabyte at a time, so that the objects of a large body never exist all at once.
// The door's check and the pipeline both read bodies by this file, so that they cannot disagree.

import { type BodyKind, type Scan, scanBody } from './scan.ts'

/** Why a body is not a sequence of events. */
export type BodyFault = 'encoding' | Exclude<Scan['fault'], 'none'>

/** A body taken apart; `text` is the whole body, and events are `text.slice(...)` where it is ASCII. */
export type Body = { scan: Scan; bytes: Uint8Array; text: string; ascii: boolean }

export type Opened = { fault: BodyFault; at: number; events: number } | { fault: null; body: Body }

export function openBody(bytes: Uint8Array, kind: BodyKind): Opened {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return { fault: 'encoding', at: 0, events: 0 }
  }
  const scan = scanBody(bytes, kind)
  if (scan.fault !== 'none') return { fault: scan.fault, at: scan.faultAt, events: scan.events }
  return { fault: null, body: { scan, bytes, text, ascii: text.length === bytes.length } }
}

/** The text of event `index`, as sent. */
export function eventText(body: Body, index: number): string {
  return textBetween(body, index, index + 1)
}

/** The events from `first` on that are parsed in one go: at least one, together about half a megabyte. */
export function chunkEnd(scan: Scan, first: number): number {
  const { spans, unparsable, events } = scan
  const from = spans[2 * first]!
  let end = first
  while (end < events && spans[2 * end + 1]! - from <= chunkBytes && unparsable?.has(end) !== true) end++
  return Math.max(end, first + 1)
}

/** Parses events [first, end). Throws a SyntaxError when one of them is not JSON. */
export function parseChunk(body: Body, first: number, end: number): unknown[] {
  const text = textBetween(body, first, end)
  return end - first === 1 ? [JSON.parse(text)] : (JSON.parse(`[${text}]`) as unknown[])
}

function textBetween({ scan, bytes, text, ascii }: Body, first: number, end: number): string {
  const from = scan.spans[2 * first]!
  const to = scan.spans[2 * end - 1]!
  return ascii ? text.slice(from, to) : decoder.decode(bytes.subarray(from, to))
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const chunkBytes = 512 * 1024
