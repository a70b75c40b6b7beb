// Decimal text against exact arithmetic on integers, and the quick way to a number's source against the parser's.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { amountOf, decimalOf, numberSource, sameAmount } from './amount.ts'

const digits = (max: number) =>
  fc.string({ unit: fc.constantFrom(...Array.from('00123456789')), minLength: 1, maxLength: max })
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(
      fc.constant('0'),
      digits(19).map(text => text.replace(/^0+(?=.)/, '')),
    ),
    fc.option(digits(30), { nil: '' }),
    fc.option(fc.integer({ min: -40, max: 3 }), { nil: null }),
  )
  .map(([sign, integer, fraction, exponent]) => {
    return `${sign}${integer}${fraction === '' ? '' : `.${fraction}`}${exponent === null ? '' : `e${exponent}`}`
  })
  .filter(text => Math.abs(Number(text)) < 1e20)

test('decimalOf is the exact value, rounded half-even', () => {
  fc.assert(
    fc.property(number, source => assert.deepEqual(decimalOf(source), exactly(source))),
    { numRuns: 5_000 },
  )
})

test('decimal text is its own decimal text, and reads as the same double where nothing is lost', () => {
  fc.assert(
    fc.property(number, source => {
      const { text, rounded } = decimalOf(source)
      assert.deepEqual(decimalOf(text), { text, rounded: false })
      assert.ok(sameAmount(text, `${text}${text.includes('.') ? '0' : '.0'}`))
      if (!rounded) assert.equal(Number(text), Number(source) + 0)
    }),
    { numRuns: 2_000 },
  )
})

test('any double that the door accepts is read', () => {
  fc.assert(
    fc.property(fc.double({ min: -1e20, max: 1e20, minExcluded: true, maxExcluded: true, noNaN: true }), value => {
      const text = JSON.stringify({ amount: value })
      assert.deepEqual(amountOf(value, 'amount', text), decimalOf(numberSource(text, 'amount')))
    }),
    { numRuns: 2_000 },
  )
})

test('amountOf takes the quick way only where it gives what the parser gives', () => {
  const gap = fc.constantFrom('', ' ', '\n')
  const key = fc.constantFrom('"amount"', '"\\u0061mount"', '"x"', '"Amount"', '"amount\\\\"')
  const value = fc.oneof(
    number,
    fc.constantFrom('"amount"', '"\\"amount\\":5"', '{"amount":7.70}', '[{"amount":8.80}]', 'null', '"a"'),
  )
  const members = fc.array(
    fc.tuple(gap, key, gap, gap, value).map(parts => `${parts.slice(0, 3).join('')}:${parts.slice(3).join('')}`),
  )
  fc.assert(
    fc.property(members, parts => {
      const text = `{${parts.join(',')}}`
      const { amount } = JSON.parse(text) as { amount?: unknown }
      if (typeof amount !== 'number') return
      assert.deepEqual(amountOf(amount, 'amount', text), decimalOf(numberSource(text, 'amount')))
      assert.equal(Number(numberSource(text, 'amount')), amount)
    }),
    { numRuns: 5_000 },
  )
})

/** By integers: the value times 10^18, divided with the rest looked at. */
function exactly(source: string): { text: string; rounded: boolean } {
  const [, sign, integer, fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:e(.+))?$/.exec(source)!
  const scale = 18 + Number(exponent) - fraction.length
  const mantissa = BigInt(`${integer}${fraction}`)
  const divisor = 10n ** BigInt(Math.max(0, -scale))
  const scaled = mantissa * 10n ** BigInt(Math.max(0, scale))
  const rest = scaled % divisor
  let units = scaled / divisor
  if (rest * 2n > divisor || (rest * 2n === divisor && units % 2n === 1n)) units++
  const all = units.toString().padStart(19, '0')
  const text = `${all.slice(0, -18)}.${all.slice(-18)}`.replace(/\.?0+$/, '')
  return { text: units === 0n ? '0' : sign + text, rounded: rest !== 0n }
}
