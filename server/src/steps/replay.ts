// What an operator sends again: the events of a rejected request or of what is parked, as they were sent or with some of
// their keys under other names (`userAgent` as `user_agent`). Values stay as they were, digit by digit. A key that would
// get a name which the event has already stays where it is.

import { readEvents } from '@datapulse/contract'
import { writeAsSent } from './as-sent.ts'

/** What is kept: see warehouse/asking/rejections.ts. */
export type ReplaySource = {
  kind: 'event' | 'batch'
  raw: string
  /** Of a batch: which of its events; null is all. */
  only: number[] | null
  /** Where the first event stood, where that is not 0. */
  firstPosition: number
}

/** `texts` are events, in order; `positions` where each stood in its request. */
export type ReplayEvents = { ok: true; texts: string[]; positions: number[] } | { ok: false; reason: string }

/** Takes what is kept apart. Never throws. */
export function eventsToReplay({ kind, raw, only, firstPosition }: ReplaySource): ReplayEvents {
  const read = readEvents(Buffer.from(raw), kind)
  if (!read.ok) return { ok: false, reason: read.reason }
  const wanted = only === null ? null : new Set(only)
  const texts: string[] = []
  const positions: number[] = []
  let position = firstPosition - 1
  for (const { text } of read.events) {
    position++
    if (wanted !== null && !wanted.has(position)) continue
    texts.push(text)
    positions.push(position)
  }
  return { ok: true, texts, positions }
}

/** The event with its top-level keys renamed; the very text where nothing is to be renamed, or it is no object. */
export function renameKeys(text: string, mapping: ReadonlyMap<string, string>): string {
  if (mapping.size === 0) return text
  return writeAsSent(text, event => {
    const taken = new Set(Object.keys(event))
    const named = Object.entries(event).map(([name, value]) => {
      const other = mapping.get(name)
      if (other === undefined || taken.has(other)) return [name, value] as const
      taken.add(other)
      return [other, value] as const
    })
    return Object.fromEntries(named)
  })
}
