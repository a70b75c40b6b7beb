// Amounts as decimals: every digit that is sent is kept, half-even beyond the 18th, and equal values have equal texts.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amountOf, decimalOf, numberSource, onlySource, sameAmount } from './amount.ts'

test('decimalOf writes plain decimal text', () => {
  const texts: Record<string, string> = {
    '0': '0',
    '-0': '0',
    '0.00': '0',
    '-0.0e5': '0',
    '0e999999999999999999999999': '0',
    '50.00': '50',
    '-12.50': '-12.5',
    '1e2': '100',
    '1.50e1': '15',
    '1E+2': '100',
    '12e-1': '1.2',
    '1e-18': '0.000000000000000001',
    '99999999999999991807.999999999999999999': '99999999999999991807.999999999999999999',
    '0.1': '0.1',
    '100e-2': '1',
    '0.00001e5': '1',
  }
  for (const [source, text] of Object.entries(texts))
    assert.deepEqual(decimalOf(source), { text, rounded: false }, source)
})

test('decimalOf rounds half-even to 18 digits after the point, and says so', () => {
  const texts: Record<string, string> = {
    '0.0000000000000000005': '0',
    '0.0000000000000000015': '0.000000000000000002',
    '0.0000000000000000025': '0.000000000000000002',
    '0.00000000000000000250000001': '0.000000000000000003',
    '-0.0000000000000000005': '0',
    '-0.0000000000000000006': '-0.000000000000000001',
    '0.9999999999999999995': '1',
    '9.9999999999999999999': '10',
    '1e-19': '0',
    '6e-19': '0.000000000000000001',
    '1e-400': '0',
    '1e-99999999999999999999': '0',
    '1.1234567890123456785': '1.123456789012345678',
  }
  for (const [source, text] of Object.entries(texts))
    assert.deepEqual(decimalOf(source), { text, rounded: true }, source)
})

test('zeros beyond the 18th digit are not rounded away, as nothing is lost', () => {
  assert.deepEqual(decimalOf('1.500000000000000000000000'), { text: '1.5', rounded: false })
})

test('decimalOf takes every number below 1e20, and refuses what needs more digits before the point', () => {
  // The text nearest to 1e20 that a double still reads as less, and the first that it reads as 1e20.
  const last = '99999999999999991807.9999999999999999999'
  assert.ok(Number(last) < 1e20)
  assert.equal(decimalOf(last).text, '99999999999999991808')
  assert.equal(Number('99999999999999999999.9999999999999999999'), 1e20)
  assert.throws(() => decimalOf('100000000000000000000'), RangeError)
  assert.throws(() => decimalOf('99999999999999999999.9999999999999999999'), RangeError)
  for (const text of ['', 'abc', '+5', '.5', '5.', '01', ' 5', '0x10', '1,000', 'NaN', '--1', '1e', '1e1.5']) {
    assert.throws(() => decimalOf(text), RangeError, text)
  }
})

test('a number with a great many digits is read in one pass', () => {
  const zeros = '0'.repeat(60_000)
  assert.equal(decimalOf(`0.${zeros}1e60001`).text, '1')
  assert.equal(decimalOf(`1${zeros}e-60000`).text, '1')
  assert.equal(decimalOf(`1.${zeros}1`).text, '1')
})

test('sameAmount compares values', () => {
  assert.ok(sameAmount('50', '50.00'))
  assert.ok(sameAmount('5e1', '50'))
  assert.ok(sameAmount(null, null))
  assert.ok(sameAmount('0', '-0.0'))
  assert.ok(!sameAmount('50', '50.01'))
  assert.ok(!sameAmount('50', null))
  assert.ok(!sameAmount('5', '-5'))
})

test('amountOf loses no digit of the sent text', () => {
  const read = (text: string) => amountOf((JSON.parse(text) as { amount: number | string }).amount, 'amount', text).text
  assert.equal(read('{"amount":12345678901234567890.123456789012345678}'), '12345678901234567890.123456789012345678')
  assert.equal(read('{"amount":"12345678901234567890.123456789012345678"}'), '12345678901234567890.123456789012345678')
  assert.equal(read('{"amount" : 0.10000000000000001 }'), '0.10000000000000001')
  assert.equal(read('{"amount":50.00}'), '50')
  assert.equal(read('{"amount":-0}'), '0')
  assert.equal(read('{"amount":1e-7}'), '0.0000001')
  assert.equal(read('{"amount":" 50.00 "}'), '50')
})

test('the source of a number is the top-level key, and of repeated keys the last', () => {
  assert.equal(numberSource('{"x":{"amount":1.0},"amount":2.00,"y":[{"amount":3.000}]}', 'amount'), '2.00')
  assert.equal(numberSource('{"amount":1.0,"amount":2.00}', 'amount'), '2.00')
  assert.equal(numberSource('{"\\u0061mount":2.00,"x":{"amount":1.0}}', 'amount'), '2.00')
  assert.throws(() => numberSource('{"x":{"amount":1.0}}', 'amount'), RangeError)
  assert.equal(onlySource('{"x":"amount","y":1,"amount":\n2.00}', 'amount'), '2.00')
  assert.equal(onlySource('{"amount":1.0,"amount":2.00}', 'amount'), '2.00')
  assert.equal(onlySource('{"amount":2.00,"x":"amount"}', 'amount'), null)
  assert.equal(onlySource('{"amount":2.00,"x":{"amount":1.0}}', 'amount'), null)
  assert.equal(onlySource('{"x":"{","amount":2.00}', 'amount'), '2.00')
  assert.equal(onlySource('{"\\u0061mount":2.00,"x":{"amount":1.0}}', 'amount'), null)
  assert.equal(onlySource('{"y":1,"amount" :\n2.00}', 'amount'), '2.00')
})
