// A body's bytes as text, and its events as values: invalid UTF-8 is refused, a byte order mark is left to the scan, and
// JSON.parse gets about half a million characters at a time, so that the objects of a large body never exist all at
// once. The door's check and the pipeline both read bodies by this file, so that they cannot disagree.

import type { Scan } from './scan.ts'

/** The text of a body; null when it is not valid UTF-8. */
export function decodeBody(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}

/** The text of event `index`, as sent. */
export function eventText(text: string, { spans }: Scan, index: number): string {
  return text.slice(spans[2 * index], spans[2 * index + 1])
}

/** The events from `first` on that are parsed in one go: one at least. */
export function chunkEnd({ spans, unparsable, events }: Scan, first: number): number {
  const from = spans[2 * first]!
  let end = first + 1
  while (end < events && spans[2 * end + 1]! - from <= chunkCharacters && unparsable?.has(end) !== true) end++
  return end
}

/** The values of events [first, end); null when one of them is not JSON. */
export function parseChunk(text: string, { spans }: Scan, first: number, end: number): unknown[] | null {
  const part = text.slice(spans[2 * first], spans[2 * end - 1])
  try {
    return end - first === 1 ? [JSON.parse(part)] : (JSON.parse(`[${part}]`) as unknown[])
  } catch {
    return null
  }
}

/**
 * Whether a proposed scan's values are so many objects: then no `{` was anything but the beginning of one of them, and
 * the proposal is right.
 */
export function areObjects(values: unknown[], count: number): boolean {
  if (values.length !== count) return false
  for (const value of values) if (typeof value !== 'object' || value === null) return false
  return true
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const chunkCharacters = 512 * 1024
