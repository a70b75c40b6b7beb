// Decimal text keeps every digit: sums, differences, order, shares and changes.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changeOf, compareDecimals, shareOf, subtractDecimals, sumDecimals } from './decimals.ts'

describe('decimals', () => {
  it('sums decimal text to its last digit, whatever the signs', () => {
    assert.equal(sumDecimals(['0.1', '0.2', '-0.000000000000000001']), '0.299999999999999999')
    assert.equal(sumDecimals([]), '0')
    assert.equal(sumDecimals(['-5', '4.5']), '-0.5')
    assert.equal(sumDecimals(['99999999999999999999.5', '0.5']), '100000000000000000000')
    const amount = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat({ max: 999 }))
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 20 }), amounts => {
        const whole = amounts.reduce((sum, [value]) => sum + value, 0n)
        assert.equal(sumDecimals(amounts.map(([value]) => `${value}`)), `${whole}`)
        const there = amounts.map(([value, part]) => `${value}.${String(part).padStart(3, '0')}`)
        const back = there.map(text => (text.startsWith('-') ? text.slice(1) : `-${text}`))
        assert.equal(sumDecimals([...there, ...back]), '0')
      }),
    )
  })

  it('adds and subtracts what a float cannot', () => {
    assert.equal(sumDecimals(['9007199254740993', '0.000000000000000001']), '9007199254740993.000000000000000001')
    assert.equal(subtractDecimals('1', '1.05'), '-0.05')
    assert.equal(subtractDecimals('-2.5', '-2.5'), '0')
  })

  it('takes what is no number for nothing', () => {
    assert.deepEqual(
      [sumDecimals(['1', 'null']), subtractDecimals('undefined', '2'), shareOf('x', '2')],
      ['1', '-2', '0'],
    )
    assert.deepEqual([compareDecimals('2026-11-27', '0'), shareOf('1', 'null')], [0, null])
  })

  it('orders by size, not by letters', () => {
    assert.deepEqual(['10', '-3', '9.5', '0'].toSorted(compareDecimals), ['-3', '0', '9.5', '10'])
    assert.ok(compareDecimals('9007199254740993', '9007199254740992') > 0)
  })

  it('rounds shares half up to six digits, and has none of nothing', () => {
    assert.equal(shareOf('1', '3'), '0.333333')
    assert.equal(shareOf('2', '3'), '0.666667')
    assert.equal(shareOf('-1', '2000000'), '-0.000001')
    assert.equal(shareOf('5', '0'), null)
  })

  it('tells a change against the size of what was before', () => {
    assert.equal(changeOf('150', '100'), '0.5')
    assert.equal(changeOf('-50', '-100'), '0.5')
    assert.equal(changeOf('-200', '-100'), '-1')
    assert.equal(changeOf('5', '0'), null)
  })
})
