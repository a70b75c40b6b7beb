// What is handed over, as it will be sent: with the violations that the server would give, whatever it is, and never a throw.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkBody } from '@datapulse/contract'
import fc from 'fast-check'
import { type PreparedEvent, prepareEvent } from './prepared-event.ts'

const good = { event_name: 'login', client_user_id: 'u1', timestamp: 1_702_963_200, ip_address: '203.0.113.1' }
const prepare = (event: unknown) => prepareEvent(event, () => 'made')
const faults = (event: unknown) => {
  const prepared = prepare(event)
  return Array.isArray(prepared) ? prepared.map(({ field, rule }) => `${field} ${rule}`) : []
}
const text = (event: unknown) => (prepare(event) as PreparedEvent).text

const known = [
  'event_name',
  'client_user_id',
  'timestamp',
  'ip_address',
  'transaction_id',
  'amount',
  'currency',
  'message_id',
]
const values = fc.oneof(
  fc.constantFrom(...Object.values(good), 'bet', 'deposit', '', null, '5', -1, 1e300, 2 ** 60),
  fc.jsonValue(),
)
const events = fc.oneof(
  fc.dictionary(fc.oneof(fc.constantFrom(...known), fc.string({ unit: 'binary' })), values),
  fc
    .record(Object.fromEntries(known.map(name => [name, values])), { requiredKeys: [] })
    .map(event => ({ ...good, ...event })),
)

describe('preparing an event', () => {
  it('finds what the server finds, and what it lets through is good as it will be sent', () => {
    fc.assert(
      fc.property(events, event => {
        const prepared = prepare(event)
        const asGiven = checkBody(new TextEncoder().encode(JSON.stringify(event)), 'event', Number.POSITIVE_INFINITY)
        if (Array.isArray(prepared)) assert.deepEqual(prepared, asGiven.ok ? [] : asGiven.violations)
        else {
          const asSent = checkBody(new TextEncoder().encode(prepared.text), 'event', Number.POSITIVE_INFINITY)
          assert.ok(asGiven.ok && asSent.ok)
          const { message_id: id, ...sent } = JSON.parse(prepared.text)
          const { message_id: _, ...meant } = JSON.parse(JSON.stringify(event))
          assert.deepEqual(sent, meant)
          assert.ok(prepared.messageId === null || String(id).trim() === prepared.messageId)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('never throws', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }), event => {
        const prepared = prepare(event)
        assert.ok(!Array.isArray(prepared) || prepared.length > 0)
      }),
    )
    const cycle: Record<string, unknown> = { ...good }
    cycle['self'] = cycle
    assert.deepEqual(faults(cycle), ['$ shape'])
    const throws = {
      toJSON() {
        throw new Error('no')
      },
    }
    assert.deepEqual(faults(throws), ['$ shape'])
    assert.deepEqual(faults({ ...good, toJSON: () => undefined }), ['$ shape'])
  })

  it('refuses what JSON would drop or make null without a word', () => {
    const event = { ...good, amount: Number.NaN, a: Number.POSITIVE_INFINITY, b: 1n, c: () => 1, d: undefined }
    assert.deepEqual(faults(event), ['amount type', 'a range', 'b type', 'c type'])
  })

  it('does not refuse for a clock: that is the server to decide', () => {
    assert.deepEqual(faults({ ...good, timestamp: Date.now() + 100 * 24 * 60 * 60 * 1000 }), [])
  })

  it('gives the id a place where it counts, also behind an empty one', () => {
    assert.equal(JSON.parse(text({ ...good, message_id: null })).message_id, 'made')
    assert.equal(
      JSON.parse(text({ ...good, event_name: 'deposit ', transaction_id: 1, amount: 1, currency: 'X' })).message_id,
      undefined,
    )
    assert.deepEqual(faults({}).length, 4)
  })

  it('counts the id into the size of an event', () => {
    const most = { ...good, text: '' }
    most.text = 'x'.repeat(64 * 1024 - JSON.stringify(most).length)
    assert.deepEqual(faults({ ...most, message_id: undefined }), ['$ size'])
    assert.deepEqual(faults({ ...good, text: most.text.slice(21) }), [])
  })

  it('counts its bytes in UTF-8', () => {
    const { bytes, text } = prepare({ ...good, text: '老虎機' }) as PreparedEvent
    assert.equal(bytes, Buffer.byteLength(text))
  })
})
