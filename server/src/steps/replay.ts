// What an operator sends again: the events of a rejected request or of what is parked, as they were sent or with some of
// their keys under other names (`userAgent` as `user_agent`). Values stay as they were, digit by digit. A key that would
// get a name which the event has already stays where it is.
// A list is a list and an object is an event, whichever endpoint it was sent to, and however many there are: so a request
// that was refused for its shape alone can be sent again.

import { checkBody, readEvents } from '@datapulse/contract'
import { writeAsSent } from './as-sent.ts'
import { elementsOf } from './json-parts.ts'
import { erasedElement } from './without-users.ts'

/** What is kept: see warehouse/asking/rejections.ts. */
export type ReplaySource = {
  /** What its endpoint took. */
  kind: 'event' | 'batch'
  raw: string
  /** Of a batch: which of its events; null is all. */
  only: number[] | null
  /** Where the first event stood, where that is not 0. */
  firstPosition: number
}

/**
 * `texts` are events, in order; `positions` where each stood in its request. `erased` counts those that were taken out
 * with their users.
 */
export type ReplayEvents =
  | { ok: true; texts: string[]; positions: number[]; erased: number }
  | { ok: false; reason: string }

/** Takes what is kept apart. Never throws. */
export function eventsToReplay({ kind, raw, only, firstPosition }: ReplaySource): ReplayEvents {
  const all = textsOf(raw, kind)
  if (typeof all === 'string') return { ok: false, reason: all }
  const wanted = only === null ? null : new Set(only)
  const texts: string[] = []
  const positions: number[] = []
  let erased = 0
  for (const [i, text] of all.entries()) {
    const position = firstPosition + i
    if (wanted !== null && !wanted.has(position)) continue
    if (text === erasedElement) {
      erased++
      continue
    }
    texts.push(text)
    positions.push(position)
  }
  return { ok: true, texts, positions, erased }
}

/** The texts of the events, or the sentence that the door has for what are none. */
function textsOf(raw: string, kind: 'event' | 'batch'): string[] | string {
  const sent = raw.trim()
  if (sent.startsWith('[') && isJson(sent)) return elementsOf(sent)
  const seems = sent.startsWith('[') ? 'batch' : sent.startsWith('{') ? 'event' : kind
  const bytes = Buffer.from(sent)
  const read = readEvents(bytes, seems)
  if (read.ok) return Array.from(read.events, event => event.text)
  const outcome = checkBody(bytes, seems, 0)
  return outcome.ok ? read.reason : outcome.message
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
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
