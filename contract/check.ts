// What the API asks of every body: is it what the endpoint takes, and is every event in it good? All violations are
// found, not the first; a whole body is refused for one bad event. Never throws, whatever the bytes.
//
// The work is bounded before it is done: bytes, events, depth and values are counted first. What an accepted body may
// still cost at most is a body of 200,000 values under names of which none occurs twice: about 300 ms on a core that checks
// a million ordinary events in a second, and 400 ms where its last event is broken. (Without that limit it was 900 ms.)

import { areObjects, chunkEnd, decodeBody, eventText, parseChunk } from './body.ts'
import { checkEvent, report } from './check-event.ts'
import type { Code } from './codes.ts'
import { limits } from './limits.ts'
import type { Rule } from './rules.ts'
import { type BodyKind, type Faulty, type Scan, scanBody, scanFlat } from './scan.ts'
import { syntaxFault } from './syntax.ts'
import { type Findings, newFindings, shown, type Violation, visible, whole } from './violation.ts'

/**
 * `events` counts the body's events for the books: one for a body that cannot be told apart, and for a batch that is
 * too long as many as were counted before the counting stopped. `violations` holds the first 100 of `violationsTotal`.
 */
export type BodyOutcome =
  | { ok: true; events: number }
  | {
      ok: false
      code: Code
      message: string
      events: number
      violations: Violation[]
      violationsTotal: number
      /** How many of the events are bad; all of them where the body as a whole is. */
      eventsBad: number
    }

/** What is wrong with one event of a batch of which others are taken. */
export type EventErrors = { index: number; violations: Omit<Violation, 'index'>[] }

/**
 * A batch whose good events are taken. `kept` is a batch of them alone, `positions` says where in the sent one each
 * stood; both are null when all are good.
 */
export type PartialOutcome =
  | { ok: true; events: number; errors: EventErrors[]; kept: Uint8Array | null; positions: number[] | null }
  | Refused

type Refused = Extract<BodyOutcome, { ok: false }>

/**
 * Checks a body after decompression.
 * @example checkBody(new TextEncoder().encode('[]'), 'batch', Date.now()) // { ok: false, code: 'VALIDATION_ERROR', … }
 */
export function checkBody(bytes: Uint8Array, kind: BodyKind, nowMs: number): BodyOutcome {
  const found = newFindings()
  const read = readBody(bytes, kind, nowMs, found)
  return 'ok' in read ? read : outcomeOf(read.scan.events, found)
}

/** Checks a batch of which the good events are wanted even where others are bad. Refused when none is good. */
export function checkPartial(bytes: Uint8Array, nowMs: number): PartialOutcome {
  const { partial, outcome } = checkEach(bytes, nowMs)
  if (outcome.ok || (partial.ok && partial.events > 0)) return partial
  return { ...outcome, violations: outcome.violations.slice(0, limits.violationsListedMax) }
}

/**
 * Checks what is to be echoed and not stored. A single event is refused as ever; of a batch that can be taken apart every
 * event is judged for itself, and `events` may be 0.
 */
export function checkDryRun(bytes: Uint8Array, kind: BodyKind, nowMs: number): PartialOutcome {
  if (kind === 'batch') return checkEach(bytes, nowMs).partial
  const outcome = checkBody(bytes, kind, nowMs)
  return outcome.ok ? { ...outcome, errors: [], kept: null, positions: null } : outcome
}

/** A batch judged event by event, and as a whole. */
function checkEach(bytes: Uint8Array, nowMs: number): { partial: PartialOutcome; outcome: BodyOutcome } {
  const bad: number[] = []
  const found = newFindings(limits.violationsPartialMax, bad)
  const read = readBody(bytes, 'batch', nowMs, found)
  if ('ok' in read) return { partial: read, outcome: read }
  const { text, scan } = read
  const outcome = outcomeOf(scan.events, found)
  if (outcome.ok) return { partial: { ...outcome, errors: [], kept: null, positions: null }, outcome }
  const positions = positionsBut(bad, scan.events)
  const kept = encoder.encode(`[${positions.map(position => eventText(text, scan, position)).join(',')}]`)
  return {
    partial: { ok: true, events: positions.length, errors: errorsByEvent(bad, found), kept, positions },
    outcome,
  }
}

/** Refuses a body as a whole, or takes it apart with what is wrong with its events in `found`. */
function readBody(
  bytes: Uint8Array,
  kind: BodyKind,
  nowMs: number,
  found: Findings,
): Refused | { text: string; scan: Scan } {
  if (bytes.length > limits.bodyBytesMax) {
    const message = `The body must be at most ${limits.bodyBytesMax} bytes after decompression: this one has ${bytes.length}`
    return {
      ok: false,
      code: 'PAYLOAD_TOO_LARGE',
      message,
      events: 1,
      violations: [],
      violationsTotal: 0,
      eventsBad: 1,
    }
  }
  const text = decodeBody(bytes)
  if (text === null) return refuse('encoding', encodingMessage(bytes), 1)
  const flat = mayBeCrowded(bytes) ? null : scanFlat(text, kind)
  let checked = 0
  if (flat !== null) {
    const unproven = checkEvents(text, flat, kind, nowMs, found)
    if (unproven === null) return { text, scan: flat }
    // What came before is proven, and need not be parsed again.
    checked = unproven
  }
  const scan = scanBody(text, bytes, kind)
  if (scan.fault !== null) return refuseBody(scan, text, kind)
  if (scan.events === 0) return refuse('empty', 'A batch must hold at least one event: this one is empty', 0)
  if (scan.values > limits.bodyValuesMax) {
    return refuse(
      'values',
      `A body must hold at most ${limits.bodyValuesMax} values: this one has ${scan.values}`,
      scan.events,
    )
  }
  const unparsed = checkEvents(text, scan, kind, nowMs, found, checked)
  if (unparsed !== null) return refuse('syntax', unparsedMessage(text, scan, kind, unparsed), 1)
  return { text, scan }
}

function positionsBut(bad: number[], events: number): number[] {
  const positions: number[] = []
  let next = 0
  for (let position = 0; position < events; position++) {
    if (bad[next] === position) next++
    else positions.push(position)
  }
  return positions
}

function errorsByEvent(bad: number[], { violations }: Findings): EventErrors[] {
  const byEvent = new Map<number, EventErrors>(bad.map(index => [index, { index, violations: [] }]))
  for (const { index, ...violation } of violations) byEvent.get(index ?? -1)?.violations.push(violation)
  return [...byEvent.values()]
}

/**
 * Checks every event from `from` on into `found`. Returns null, or else the index of an event from which on the body is not JSON, or,
 * of a proposed scan, not what was proposed.
 */
export function checkEvents(
  text: string,
  scan: Scan,
  kind: BodyKind,
  nowMs: number,
  found: Findings,
  from = 0,
): number | null {
  const { spans, unparsable, proposed } = scan
  // One for all events: nothing is allocated for a good one.
  const sent = { body: text, start: 0, end: 0, escaped: text.includes('\\u') }
  let first = from
  while (first < scan.events) {
    const refused = unparsable?.get(first)
    if (refused !== undefined) {
      found.eventsBad++
      found.bad?.push(first)
      report(found, kind === 'event' ? -1 : first, whole, refused, unparsableMessages[refused])
      first++
      continue
    }
    const end = chunkEnd(scan, first)
    const values = parseChunk(text, scan, first, end)
    if (values === null || (proposed && !areObjects(values, end - first))) return first
    for (let i = 0; i < values.length; i++) {
      const at = first + i
      sent.start = spans[2 * at]!
      sent.end = spans[2 * at + 1]!
      checkEvent(values[i], kind === 'event' ? -1 : at, sent, nowMs, found)
    }
    first = end
  }
  return null
}

/**
 * Whether a body of flat objects could hold too many values: then the whole scan counts them. The shortest property is
 * `"":0,`, and commas in texts are counted with the others, so that what is not crowded is known quickly.
 */
function mayBeCrowded(bytes: Uint8Array): boolean {
  if (bytes.length <= 5 * limits.bodyValuesMax) return false
  let commas = 0
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x2c) commas++
  return commas + limits.batchEventsMax > limits.bodyValuesMax
}

function encodingMessage(bytes: Uint8Array): string {
  const compressed = bytes[0] === 0x1f && bytes[1] === 0x8b ? 'gzip' : isZstd(bytes) ? 'zstd' : null
  const seen =
    compressed === null ? 'has bytes that are not' : `begins like ${compressed}; is Content-Encoding missing?`
  return `The body must be valid UTF-8: this one ${seen}`
}

function isZstd(bytes: Uint8Array): boolean {
  return bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
}

function outcomeOf(events: number, found: Findings): BodyOutcome {
  if (found.total === 0) return { ok: true, events }
  const { violations, total: violationsTotal, eventsBad } = found
  return {
    ok: false,
    code: 'VALIDATION_ERROR',
    message: summary(found),
    events,
    violations,
    violationsTotal,
    eventsBad,
  }
}

function unparsedMessage(text: string, scan: Scan, kind: BodyKind, chunk: number): string {
  let index = chunk
  while (parseChunk(text, scan, index, index + 1) !== null) index++
  const { at, reason } = syntaxFault(eventText(text, scan, index))
  if (kind === 'event') return `The body is not JSON: ${reason}, at character ${scan.spans[0]! + at}`
  return `The body is not JSON: ${reason}, at character ${at} of event ${index}`
}

function refuseBody({ fault, at, events }: Faulty, text: string, kind: BodyKind): Refused {
  const wanted = kind === 'event' ? 'one event, a JSON object' : 'a JSON array of events'
  switch (fault) {
    case 'empty':
      return refuse('syntax', `The body is empty: it must be ${wanted}`, 1)
    case 'unfinished':
      return refuse('syntax', 'The body is not JSON: it ends before it is complete', 1)
    case 'syntax':
      return refuse('syntax', `The body is not JSON: unexpected ${characterAt(text, at)} at character ${at}`, 1)
    case 'count':
      return refuse('count', `A batch must hold at most ${limits.batchEventsMax} events: this one has more`, events)
    default:
      return refuseOther(text, at, wanted)
  }
}

/** A body that begins like something else than what the endpoint takes. */
function refuseOther(text: string, at: number, wanted: string): Refused {
  if (text[at] === '[') {
    return refuse('shape', 'This endpoint takes one event, a JSON object: send an array of events to /v2/s2s/batch', 1)
  }
  if (text[at] === '{') {
    return refuse('shape', objectMessage(text), 1)
  }
  try {
    const value: unknown = JSON.parse(text.slice(at))
    return refuse('shape', `The body must be ${wanted}: got ${shown(value)}`, 1)
  } catch {
    return refuse('syntax', `The body is not JSON: it must be ${wanted}, and begins with ${characterAt(text, at)}`, 1)
  }
}

/** An object where an array of events is wanted: one event, events in a wrapping, or one to a line. */
function objectMessage(text: string): string {
  const takes = 'This endpoint takes a JSON array of events'
  if (wrapped.test(text)) return `${takes}: send the array itself, without an object around it`
  if (lines.test(text))
    return `${takes}: send the array itself, with commas between the events, not one event to a line`
  return `${takes}: send one event, an object, to /v2/s2s/event`
}

function characterAt(text: string, at: number): string {
  return `"${visible(String.fromCodePoint(text.codePointAt(at)!))}"`
}

function refuse(rule: Rule, message: string, events: number): Refused {
  const code = rule === 'syntax' ? 'INVALID_JSON' : 'VALIDATION_ERROR'
  const violations = [{ field: whole, rule, message }]
  return { ok: false, code, message, events, violations, violationsTotal: 1, eventsBad: events }
}

function summary(found: Findings): string {
  if (found.total === 1) return found.violations[0]!.message
  const ofFields = found.violations.every(violation => violation.field !== whole)
  return ofFields ? `${found.total} fields are missing or wrong` : `${found.total} violations`
}

const encoder = new TextEncoder()
const wrapped = /^\ufeff?[ \t\r\n]*\{[ \t\r\n]*"[^"\\]{0,64}"[ \t\r\n]*:[ \t\r\n]*\[[ \t\r\n]*[{\]]/
const lines = /\}[ \t]*\r?\n[ \t]*\{/
const unparsableMessages = {
  size: `an event must be at most ${limits.eventBytesMax} bytes: this one is larger`,
  depth: `an event must be nested at most ${limits.depthMax} levels deep: this one is deeper`,
}
