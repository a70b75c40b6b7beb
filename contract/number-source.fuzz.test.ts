// The walk over an event's text finds the numbers that a reviver of JSON.parse is told of, and says rightly which are whole.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { numberSource } from './amount.ts'
import { isIntegerText, numberSources } from './number-source.ts'

const key = fc.constantFrom('"a"', '"\\u0061"', '"b"', '"a\\""', '"{"', '""', '"a,"')
const number = fc.constantFrom('0', '-1.50e+2', '12.0', '1e-400', '9007199254740990.9')
const value = fc.oneof(
  number,
  fc.json(),
  fc.constantFrom('"a"', '"\\\\"', '"\\",\\"a\\":1"', '{"a":7}', '[{"a":8},"}"]'),
)
const gap = fc.constantFrom('', ' ', '\n\t')
const object = fc
  .array(fc.tuple(gap, key, gap, value, gap), { maxLength: 6 })
  .map(members => `{${members.map(([a, name, b, sent, c]) => `${a}${name}${b}:${b}${sent}${c}`).join(',')}}`)

test('a top-level number is found as it was sent', () => {
  fc.assert(
    fc.property(object, text => {
      const found = numberSources(text, ['a', 'b'])
      const values = JSON.parse(text) as Record<string, unknown>
      for (const name of ['a', 'b']) {
        const wanted = typeof values[name] === 'number' ? numberSource(text, name) : undefined
        assert.equal(found.get(name), wanted, text)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('whole numbers are told from others, in every spelling', () => {
  const digits = fc.bigInt({ min: 0n, max: 10n ** 30n })
  fc.assert(
    fc.property(digits, fc.nat(12), fc.nat(12), fc.boolean(), (number, zeros, places, negative) => {
      const text = `${negative ? '-' : ''}${number}${'0'.repeat(zeros)}`
      const isWhole = number === 0n || (number * 10n ** BigInt(zeros)) % 10n ** BigInt(places) === 0n
      assert.equal(isIntegerText(`${text}e-${places}`), isWhole)
      assert.equal(isIntegerText(`${text}.${'0'.repeat(places)}0E-${places}`), isWhole)
      assert.ok(isIntegerText(`${text}e+${places}`))
    }),
  )
  assert.ok(!isIntegerText('1e-999999999999999999999'))
  assert.ok(isIntegerText('0.00e-999999999999999999999'))
})
