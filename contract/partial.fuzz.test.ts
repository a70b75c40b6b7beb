// A batch of which the good events are kept, held to what is said of each of its events alone.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { checkBody, checkPartial, type PartialOutcome } from './check.ts'
import { limits } from './limits.ts'
import { readEvents } from './normalise.ts'

const nowMs = 1_767_225_600_000

const good = fc.record({
  client_user_id: fc.constantFrom('u', 'ü', '用戶'),
  event_name: fc.constantFrom('login', 'register', 'level_up'),
  timestamp: fc.constant(1_767_225_600),
  ip_address: fc.constant('203.0.113.7'),
  note: fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant({ a: [1, { b: null }] })),
})
const bad = fc.oneof(
  fc.record({ event_name: fc.constantFrom('deposit', 'login'), timestamp: fc.constantFrom(0, 'x', 1_767_225_600) }),
  fc.constantFrom<unknown>(1, null, 'text', [], [[]], {}),
  fc.constant({ deep: nest(limits.depthMax + 1) }),
)
const text = fc.oneof(good, bad).map(event => JSON.stringify(event))
const space = fc.constantFrom('', ' ', '\n\t')

describe('a partial batch', () => {
  test('keeps each good event as it was sent, and says of each bad one what is said of it alone', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), space, (texts, gap) => {
        const outcome = partial(`[${gap}${texts.join(`${gap},${gap}`)}${gap}]`)
        const alone = texts.map(one => checkBody(Buffer.from(`[${one}]`), 'batch', nowMs))
        const isGood = alone.map(one => one.ok)
        if (!isGood.includes(true)) {
          assert.equal(outcome.ok, false)
          return
        }
        assert(outcome.ok)
        const kept = outcome.kept === null ? texts : textsOf(outcome.kept)
        const positions = outcome.positions ?? texts.map((_, i) => i)
        assert.deepEqual(
          positions,
          texts.map((_, i) => i).filter(i => isGood[i]),
        )
        assert.deepEqual(
          kept,
          positions.map(i => texts[i]),
        )
        assert.equal(outcome.events, kept.length)
        assert.equal(outcome.kept === null, !isGood.includes(false))
        assert.deepEqual(
          outcome.errors,
          texts.flatMap((_, index) => {
            const one = alone[index]!
            return one.ok ? [] : [{ index, violations: one.violations.map(({ index: _, ...rest }) => rest) }]
          }),
        )
      }),
    )
  })

  test('that is wrong as a whole, or has no good event, is refused as any batch is', () => {
    const many = `[${Array.from({ length: limits.batchEventsMax + 1 }, () => '{}').join(',')}]`
    for (const body of ['', '[]', '{}', '[{}', '[{},]', '[{"a":1}, x]', many, '[1]', `[${'{},'.repeat(150)}{}]`]) {
      assert.deepEqual(partial(body), checkBody(Buffer.from(body), 'batch', nowMs), body.slice(0, 40))
    }
    assert.deepEqual(
      checkPartial(Buffer.from([0x5b, 0xff]), nowMs),
      checkBody(Buffer.from([0x5b, 0xff]), 'batch', nowMs),
    )
  })

  test('lists every bad event, the violations of the first of them', () => {
    const event = { client_user_id: 'u', event_name: 'login', timestamp: 1, ip_address: '203.0.113.7' }
    const outcome = partial(JSON.stringify([event, ...Array.from({ length: limits.batchEventsMax - 1 }, () => ({}))]))
    assert(outcome.ok)
    assert.equal(outcome.errors.length, limits.batchEventsMax - 1)
    const listed = outcome.errors.reduce((sum, { violations }) => sum + violations.length, 0)
    assert.equal(listed, limits.violationsPartialMax)
    assert.equal(outcome.errors.at(-1)?.index, limits.batchEventsMax - 1)
    assert.deepEqual(outcome.errors.at(-1)?.violations, [])
  })
})

function partial(body: string): PartialOutcome {
  return checkPartial(Buffer.from(body), nowMs)
}

function textsOf(batch: Uint8Array): string[] {
  const read = readEvents(batch, 'batch')
  assert(read.ok)
  return Array.from(read.events, event => event.text)
}

function nest(levels: number): unknown {
  return levels === 0 ? 1 : { in: nest(levels - 1) }
}
