// What the schemas of events accept and what the check accepts is the same, for any event: but for space around values, which
// only the check takes off, and numbers in text, whose range only the check can see. (JSON Schema cannot say the one or the
// other; here both are done for it.)

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { schemaOf } from '../../test/harness/described.ts'
import { checkBody } from '../check.ts'
import { fields } from '../fields.ts'
import { limits } from '../limits.ts'
import { isNumberText } from '../values.ts'
import { eventExamples } from './sent-examples.ts'

type Sent = Record<string, unknown>

const isEvent = schemaOf('Event')
const isBatch = schemaOf('Batch')
/** Then no timestamp is ahead of it: schemas have no clock. */
const nowMs = limits.timestampMillisecondsBelow

const texts = fc.oneof(
  fc.constantFrom(
    '',
    'true',
    'false',
    '0',
    '1',
    '50.00',
    '+5',
    '.5',
    '5.',
    '0x10',
    '1e5',
    '1e400',
    '-0',
    '1,000',
    'NaN',
  ),
  fc.constantFrom(
    '203.0.113.1',
    '203.0.113.01',
    '203.0.113.1:80',
    '[::1]',
    '::1',
    'fe80::1%eth0',
    '1::2::3',
    '256.1.1.1',
  ),
  fc.constantFrom('deposit', 'withdraw', 'bet', 'win', 'loss', 'login', 'Deposit', 'level_up', 'USD', '__proto__'),
  fc.constantFrom(...[64, 65, 128, 129, 512, 513, 4096, 4097].map(length => 'x'.repeat(length))),
  fc.constantFrom('字'.repeat(170), '字'.repeat(171), '😀'.repeat(128), '😀'.repeat(129), '字'.repeat(1366)),
)
const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, 1.5, -12.5, 2, 1e20, -1e20, 1e19, 1e14, 99_999_999_999_999, 1702963200, 1702963200.5),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 1, -Number.MAX_SAFE_INTEGER, Number.MIN_VALUE),
)
const values = fc.oneof(texts, numbers, fc.constantFrom(null, true, false, [], {}, ['x'], { x: 1 }), fc.ipV6())
const names = fc.constantFrom(...fields.map(({ name }) => name), 'custom')
const changes = fc.array(fc.tuple(names, fc.option(values, { nil: undefined })), { maxLength: 3 })
const events = fc
  .tuple(fc.constantFrom(...Object.values(eventExamples).map(({ value }) => value as Sent)), changes)
  .map(([event, changed]) => JSON.parse(JSON.stringify({ ...event, ...Object.fromEntries(changed) })) as Sent)

test('an event is accepted by both or by neither', () => {
  const seen = { accepted: 0, refused: 0 }
  fc.assert(
    fc.property(events, event => {
      const { ok } = checkBody(Buffer.from(JSON.stringify(event)), 'event', nowMs)
      seen[ok ? 'accepted' : 'refused']++
      assert.equal(isEvent(event) && isEvent(withNumbers(event)), ok, JSON.stringify(isEvent.errors))
    }),
    { numRuns: 3_000 },
  )
  assert.ok(seen.accepted > 300 && seen.refused > 300, JSON.stringify(seen))
})

test('a batch is accepted when it has as many events as it may have', () => {
  const event = eventExamples.login.value
  for (const count of [0, 1, limits.batchEventsMax, limits.batchEventsMax + 1]) {
    const batch = Array.from({ length: count }, () => event)
    const { ok } = checkBody(Buffer.from(JSON.stringify(batch)), 'batch', nowMs)
    assert.equal(isBatch(batch), ok, String(count))
  }
})

/** Numbers in text as numbers, where a number is wanted. */
function withNumbers(event: Sent): Sent {
  const wanted = new Set(fields.filter(({ kind }) => kind === 'number' || kind === 'timestamp').map(({ name }) => name))
  return Object.fromEntries(
    Object.entries(event).map(([key, value]) => [
      key,
      wanted.has(key) && typeof value === 'string' && isNumberText(value) ? Number(value) : value,
    ]),
  )
}
