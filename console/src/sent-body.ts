// A body as it was sent, laid out to be looked at: one event after the other, each of its keys by itself, every number as it
// was spelled. And how text from outside is shown so that it does nothing: what would be invisible, or would turn the
// direction of what follows, is told by its number.

import { fold } from '@datapulse/contract/names'
import type { Violation } from './rejections.ts'

// Not in TypeScript's library yet: https://github.com/tc39/proposal-json-parse-with-source
const exactJson = JSON as unknown as {
  rawJSON?(text: string): unknown
  isRawJSON?(value: unknown): boolean
  parse(text: string, reviver: (key: string, value: unknown, context?: { source?: string }) => unknown): unknown
}

export type SentLine = { key: string; text: string }
/** `index` is null of what was no list; `lines` is null of what is no object: then there is `text`. */
export type SentEvent = { index: number | null; lines: SentLine[] | null; text: string }

/** null of what is not JSON. */
export function eventsIn(raw: string): SentEvent[] | null {
  let value: unknown
  try {
    value = parseExactly(raw)
  } catch {
    return null
  }
  return Array.isArray(value) ? value.map((one: unknown, index) => eventOf(one, index)) : [eventOf(value, null)]
}

/** A number is kept as it was spelled, where the browser can; JSON.stringify writes it so again. */
export function parseExactly(json: string): unknown {
  return exactJson.parse(json, (_key, one, context) =>
    typeof one === 'number' && context?.source !== undefined && exactJson.rawJSON !== undefined
      ? exactJson.rawJSON(context.source)
      : one,
  )
}

export function isExactNumber(value: unknown): boolean {
  return typeof value === 'number' || exactJson.isRawJSON?.(value) === true
}

function eventOf(value: unknown, index: number | null): SentEvent {
  const text = JSON.stringify(value, null, 2)
  if (!text.startsWith('{')) return { index, lines: null, text }
  const lines = Object.entries(value as object).map(([key, one]) => ({
    key,
    text: JSON.stringify(one, null, 2).replaceAll('\n', '\n  '),
  }))
  return { index, lines, text }
}

/** Those that something is wrong with, the first events where nothing names any. */
export function eventsToShow(events: SentEvent[], violations: Violation[], most: number): SentEvent[] {
  const wrong = new Set(violations.map(({ index }) => index))
  const named = events.filter(({ index }) => index !== null && wrong.has(index))
  return (named.length > 0 ? named : events).slice(0, most)
}

/** Names that events lack, and have in another spelling: `ipAddress` for `ip_address`. */
export function likelyMapping(events: SentEvent[], violations: Violation[]): [sent: string, name: string][] {
  const found = new Map<string, string>()
  for (const { index, field, rule } of violations) {
    if (rule !== 'required') continue
    const event = events.find(one => one.index === (index ?? null)) ?? events[0]
    const meant = event?.lines?.find(({ key }) => key !== field && fold(key) === fold(field))
    if (meant !== undefined) found.set(meant.key, field)
  }
  return [...found]
}

// Controls but tab and new line, what has no width, and what turns the direction of writing.
const unseen = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu

export function inert(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replaceAll(unseen, one => `\\u${one.codePointAt(0)!.toString(16).padStart(4, '0')}`)
}

export function keysOf(events: SentEvent[]): string[] {
  return [...new Set(events.flatMap(({ lines }) => lines?.map(({ key }) => key) ?? []))].slice(0, 500)
}
