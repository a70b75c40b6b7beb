// What is composed on the page that tries the API out: a text, which is what is sent, and the events that the form shows of it.
// What the form changes is written into the text; a number that it does not touch keeps its spelling. A text that is not
// JSON, or not what its address takes, is left as it is, and the form has nothing to show.

import type { Field, FieldKind } from '@datapulse/contract/fields'
import { isMoneyEvent } from '@datapulse/contract/names'
import { isExactNumber, parseExactly } from './sent-body.ts'

export type Kind = 'event' | 'batch'
export type Fields = Record<string, unknown>
/** `wrong`: what the text is in place of what is wanted. */
export type Composed = { events: Fields[] } | { wrong: 'syntax' | 'list' | 'object' | 'value' }

export function eventsOf(text: string, kind: Kind): Composed {
  let value: unknown
  try {
    value = parseExactly(text)
  } catch {
    return { wrong: 'syntax' }
  }
  if (!Array.isArray(value)) {
    if (!isFields(value)) return { wrong: 'value' }
    return kind === 'event' ? { events: [value] } : { wrong: 'object' }
  }
  if (kind === 'event') return { wrong: 'list' }
  const events: unknown[] = value
  return events.every(isFields) ? { events } : { wrong: 'value' }
}

export function textOf(events: Fields[], kind: Kind): string {
  return JSON.stringify(kind === 'batch' ? events : (events[0] ?? {}), null, 2)
}

/** The same events with a field of one of them changed; without a value it goes. */
export function withField(events: Fields[], at: number, name: string, value: unknown): Fields[] {
  return events.map((event, index) => {
    if (index !== at) return event
    const entries = Object.entries(event).filter(([key]) => value !== undefined || key !== name)
    const isThere = entries.some(([key]) => key === name)
    return Object.fromEntries([
      ...entries.map(([key, one]): [string, unknown] => [key, key === name ? value : one]),
      ...(isThere || value === undefined ? [] : [[name, value] as [string, unknown]]),
    ])
  })
}

/** The same under another name, in its place; a field of that name gives way. */
export function withName(events: Fields[], at: number, from: string, to: string): Fields[] {
  return events.map((event, index) => {
    if (index !== at || !Object.hasOwn(event, from) || from === to) return event
    const others = Object.entries(event).filter(([key]) => key !== to)
    return Object.fromEntries(others.map(([key, one]) => [key === from ? to : key, one]))
  })
}

/** What an input shows of a value. */
export function shownIn(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What is meant by what was typed: a number where one is wanted and typed, else text; nothing is no value. */
export function valueOf(kind: FieldKind | 'custom', typed: string): unknown {
  if (typed === '') return undefined
  if (kind === 'boolean') return typed === 'true' ? true : typed === 'false' ? false : typed
  if (kind === 'number' || kind === 'timestamp') return exactNumber(typed.trim()) ?? typed
  if (kind !== 'custom') return typed
  try {
    const value = parseExactly(typed)
    return typeof value === 'string' ? typed : value
  } catch {
    return typed
  }
}

/** Whether an event of this name must have it. */
export function isRequired({ required }: Pick<Field, 'required'>, eventName: string): boolean {
  if (required === 'money') return isMoneyEvent(eventName)
  if (required === 'unless bet, win, loss') return !['bet', 'win', 'loss'].includes(eventName)
  return required === 'always'
}

/** Whether it makes an event of this name worth more. */
export function isRecommended(field: string, eventName: string): boolean {
  const isResult = eventName === 'win' || eventName === 'loss'
  if (field === 'click_id') return true
  if (field === 'user_agent') return !isMoneyEvent(eventName)
  if (field === 'message_id') return !isMoneyEvent(eventName)
  if (field === 'parent_transaction_id') return isResult
  if (field === 'game_type' || field === 'game_provider') return isResult || eventName === 'bet'
  return field.startsWith('bet_result') && eventName === 'bet'
}

function exactNumber(typed: string): unknown {
  try {
    const value = parseExactly(typed)
    return isExactNumber(value) ? value : null
  } catch {
    return null
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
}
