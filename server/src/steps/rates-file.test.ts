// A rates file is right or refused with all that is wrong; conversion is exact.

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as fc from 'fast-check'
import { convert } from '@datapulse/contract/decimals'
import { readRatesFile } from './rates-file.ts'

const file = {
  month: '2026-06',
  baseCurrency: 'USD',
  generatedAt: '2026-07-01T00:00:00Z',
  rates: [
    { currency: 'EUR', rate: 0.92 },
    { currency: ' twd ', rate: '32.5' },
    { currency: 'BTC', rate: 1.05e-5 },
    { currency: 'USD', rate: 1 },
  ],
}

const problemsOf = (change: object) => {
  const read = readRatesFile({ ...file, ...change })
  return read.ok ? [] : read.problems.map(({ name }) => name)
}

describe('a rates file', () => {
  test('that is right is read, with rates as decimals', () => {
    assert.deepEqual(readRatesFile(file), {
      ok: true,
      rates: {
        month: '2026-06',
        generatedMs: Date.parse('2026-07-01T00:00:00Z'),
        rates: [
          { currency: 'EUR', rate: '0.92' },
          { currency: 'TWD', rate: '32.5' },
          { currency: 'BTC', rate: '0.0000105' },
          { currency: 'USD', rate: '1' },
        ],
      },
    })
  })

  test('is refused with everything that is wrong, each by its name', () => {
    const rate = (one: unknown) => ({ rates: [{ currency: 'EUR', rate: 1 }, one] })
    for (const month of ['2026-13', '2026-6', 202606, null, '2026-06-01', '1026-06'])
      assert.deepEqual(problemsOf({ month }), ['month'])
    for (const generatedAt of ['yesterday', 1_767_225_600, '2026-07-01', undefined, '2026-99-01T00:00:00Z'])
      assert.deepEqual(problemsOf({ generatedAt }), ['generatedAt'])
    assert.deepEqual(problemsOf({ baseCurrency: 'EUR' }), ['baseCurrency'])
    for (const rates of [[], {}, null, undefined]) assert.deepEqual(problemsOf({ rates }), ['rates'])
    assert.deepEqual(problemsOf({ note: 'x' }), ['note'])
    for (const bad of [0, -1, '0', '', 'x', null, true, [1], '1e40', '0.0000000000000000001', '1,5'])
      assert.deepEqual(problemsOf(rate({ currency: 'TWD', rate: bad })), ['rates[1].rate'], String(bad))
    for (const currency of ['', ' ', 7, null, 'eur', 'E\u0000', 'X'.repeat(65)])
      assert.deepEqual(problemsOf(rate({ currency, rate: 1 })), ['rates[1].currency'], String(currency))
    assert.deepEqual(problemsOf(rate({ currency: 'USD', rate: 1.1 })), ['rates[1].rate'])
    assert.deepEqual(problemsOf(rate({ currency: 'TWD', rate: 1, source: 'x' })), ['rates[1].source'])
    assert.deepEqual(problemsOf({ month: 1, baseCurrency: 2, rates: [3] }), ['month', 'baseCurrency', 'rates[0]'])
    const many = (count: number) => ({
      rates: Array.from({ length: count }, (_, n) => ({ currency: `C${n}`, rate: 1 })),
    })
    assert.deepEqual([problemsOf(many(5_000)), problemsOf(many(5_001))], [[], ['rates']])
    for (const other of [null, [], 7, 'text']) assert.equal(readRatesFile(other).ok, false)
  })

  test('of any content is read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (whole, rates) => {
        for (const sent of [whole, { ...file, rates }, { ...file, rates: [rates] }]) {
          const read = readRatesFile(sent)
          if (!read.ok) assert.ok(read.problems.length > 0)
        }
      }),
    )
  })
})

describe('conversion', () => {
  test('is exact to 18 digits, and cut off behind them', () => {
    assert.equal(convert('46', '0.92'), '50')
    assert.equal(convert('-100', '3'), '-33.333333333333333333')
    assert.equal(convert('0', '32.5'), '0')
    assert.equal(convert('0.000000000000000001', '2'), '0')
    assert.equal(convert('99999999999999999999.999999999999999999', '1'), '99999999999999999999.999999999999999999')
    assert.equal(convert('99999999999999999999', '0.000000000000000001'), `99999999999999999999${'0'.repeat(18)}`)
  })

  test('by a rate and back is what it was, but for the digits cut off', () => {
    const amount = fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(999))
      .map(([a, b]) => `${a}.${b}1`)
    fc.assert(
      fc.property(amount, fc.integer({ min: 1, max: 1_000_000 }), (sent, rate) => {
        const back = convert(convert(sent, String(rate)), '1')
        const product = Number(back) * rate
        assert.ok(Math.abs(product - Number(sent)) <= Math.abs(Number(sent)) * 1e-9 + 1e-9, `${sent} ${rate} ${back}`)
      }),
    )
  })
})
