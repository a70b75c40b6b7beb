// An example of the answer for each error code, and of VALIDATION_ERROR one for each rule. Those about a body are what the
// check says of a body like that; `refusedBodies` are those bodies.

import { checkBody } from '../check.ts'
import { type Code, codes } from '../codes.ts'
import { limits } from '../limits.ts'
import type { Rule } from '../rules.ts'
import type { BodyKind } from '../scan.ts'
import { batchExamples, deposit, type Example, login } from './sent-examples.ts'

export const requestIdExample = '019b1c7e-5c1e-7d3a-9a54-2f4c3b1d9e10'

/** When the examples are sent: 2026-01-01. */
const exampleNowMs = 1_767_225_600_000

/** Bodies that are refused, by the name of the example that answers them. */
export const refusedBodies: Record<Rule | 'several', { kind: BodyKind; body: () => string }> = {
  required: event({ amount: undefined }),
  type: event({ amount: 'abc' }),
  format: event({ ip_address: '203.0.113.1:8080' }),
  range: event({ timestamp: 1767225600123456 }),
  future: event({ timestamp: 4102444800 }),
  length: event({ event_name: 'x'.repeat(limits.eventNameCharactersMax + 1) }),
  encoding: event({ client_user_id: 'user\u0000001' }),
  depth: event({ deep: nested(limits.depthMax) }),
  properties: event(Object.fromEntries(Array.from({ length: limits.customPropertiesMax + 1 }, (_, i) => [`p${i}`, i]))),
  size: event({ note: 'x'.repeat(limits.eventBytesMax) }),
  count: batch(() => Array.from({ length: limits.batchEventsMax + 1 }, () => ({}))),
  values: batch(() =>
    Array.from({ length: 8 }, () => ({ ...deposit, list: Array<number>(limits.bodyValuesMax / 8).fill(0) })),
  ),
  empty: batch(() => []),
  syntax: { kind: 'event', body: () => '{"client_user_id": "user_001", "event_name": "login"' },
  shape: { kind: 'event', body: () => JSON.stringify(batchExamples.batch.value) },
  several: batch(() => [login, { ...deposit, ip_address: '' }, { ...deposit, amount: 'abc' }]),
}

/** By code; the names of the examples are unique among all. */
export const errorExamples: Record<Code, Record<string, Example>> = {
  VALIDATION_ERROR: ofBodies(name => name !== 'syntax'),
  INVALID_JSON: ofBodies(name => name === 'syntax'),
  BAD_REQUEST: told(
    'BAD_REQUEST',
    'A body that is not in its encoding',
    'The body does not decompress as gzip, which Content-Encoding says it is',
  ),
  UNAUTHORIZED: told('UNAUTHORIZED', 'No key', 'A valid API key is needed in the X-API-Key header: it was not sent'),
  NOT_FOUND: told(
    'NOT_FOUND',
    'Nothing that this key may know of',
    'There is no receipt of this product and this kind of key',
  ),
  METHOD_NOT_ALLOWED: told('METHOD_NOT_ALLOWED', 'Another method', 'This path takes POST: got PUT'),
  REQUEST_TIMEOUT: told('REQUEST_TIMEOUT', 'Too slow', 'The request did not arrive whole in time: send it again'),
  PAYLOAD_TOO_LARGE: told(
    'PAYLOAD_TOO_LARGE',
    'A body that is too large',
    `The body must be at most ${limits.bodyBytesMax} bytes after decompression: this one is larger`,
  ),
  UNSUPPORTED_MEDIA_TYPE: told(
    'UNSUPPORTED_MEDIA_TYPE',
    'Another type of body',
    'Content-Type must be application/json, or absent: got "text/plain"',
  ),
  RATE_LIMITED: told(
    'RATE_LIMITED',
    "Past the key's limit",
    `This key may send ${limits.requestsPerMinuteDefault} requests in ${limits.rateWindowMs / 1000} seconds: wait 7 s, then send again`,
  ),
  HEADERS_TOO_LARGE: told(
    'HEADERS_TOO_LARGE',
    'Too many headers',
    'The headers are larger than the server reads: send fewer or shorter ones',
  ),
  INTERNAL_ERROR: told(
    'INTERNAL_ERROR',
    'Something failed',
    'Something failed on our side: send again, waiting longer each time',
  ),
  OVERLOADED: told(
    'OVERLOADED',
    'Too much at once',
    'The server holds as many bodies as it can: send again in a second',
  ),
  STORAGE_UNAVAILABLE: told(
    'STORAGE_UNAVAILABLE',
    'The disk is full',
    'The events could not be stored, so none was taken: send again in 5 s',
  ),
}

function event(change: Record<string, unknown>): { kind: BodyKind; body: () => string } {
  return { kind: 'event', body: () => JSON.stringify({ ...deposit, ...change }) }
}

function batch(events: () => unknown[]): { kind: BodyKind; body: () => string } {
  return { kind: 'batch', body: () => JSON.stringify(events()) }
}

function nested(levels: number): unknown {
  return levels === 0 ? 0 : { deeper: nested(levels - 1) }
}

function ofBodies(wanted: (name: string) => boolean): Record<string, Example> {
  const names = Object.keys(refusedBodies).filter(wanted) as (keyof typeof refusedBodies)[]
  return Object.fromEntries(names.map(name => [name, refusedExample(name)]))
}

function refusedExample(name: keyof typeof refusedBodies): Example {
  const { kind, body } = refusedBodies[name]
  const outcome = checkBody(new TextEncoder().encode(body()), kind, exampleNowMs)
  if (outcome.ok) throw new Error(`The example ${name} must be refused.`)
  const { code, message, violations, violationsTotal } = outcome
  return {
    summary: name === 'several' ? 'A batch with several violations' : `Rule ${name}`,
    value: {
      status: 'error',
      error: codes[code].error,
      code,
      message,
      violations,
      violations_total: violationsTotal,
      request_id: requestIdExample,
    },
  }
}

function told(code: Code, summary: string, message: string): Record<string, Example> {
  const { error } = codes[code]
  return { [code]: { summary, value: { status: 'error', error, code, message, request_id: requestIdExample } } }
}
