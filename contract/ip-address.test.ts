// What is one IP address and nothing else, and all that merely looks like one.

import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isIpAddress } from './ip-address.ts'

test('addresses of both kinds', () => {
  const good = [
    '203.0.113.1',
    '0.0.0.0',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    '2001:db8::1',
    '2001:0db8:0:0:0:0:0:1',
    '::ffff:203.0.113.1',
  ]
  for (const text of [
    ...good,
    'FE80::1',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3:4:5:6:1.2.3.4',
  ]) {
    assert.ok(isIpAddress(text), text)
  }
})

test('no port, brackets, zone, list, prefix, leading zeros or anything else', () => {
  const bad = [
    '',
    '1',
    '203.0.113.1:80',
    '[::1]',
    '[::1]:80',
    'fe80::1%eth0',
    '1.2.3.4, 5.6.7.8',
    '1.2.3.4,::1',
    '203.0.113.01',
    '010.0.0.1',
  ]
  const odd = [
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '1..2.3',
    '.1.2.3.4',
    '1.2.3.4.',
    '1.2.3.a',
    '0x1.2.3.4',
    '1.2.3.4/24',
    '::1/128',
    ' 1.2.3.4',
    '１.2.3.4',
  ]
  const six = [
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '1:',
    ':1',
    '::1.2.3',
    '::1.2.3.256',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '1:2:3:4:5:6:7::8',
  ]
  for (const text of [...bad, ...odd, ...six, 'localhost', 'unknown', '-']) assert.ok(!isIpAddress(text), text)
})

test('agrees with the runtime, which also knows zones', () => {
  const piece = fc.constantFrom(
    '0',
    '1',
    '255',
    '256',
    '01',
    '.',
    ':',
    '::',
    'ffff',
    'db8',
    'a',
    '12345',
    '1.2.3.4',
    '203.0.113.9',
  )
  const groups = fc.array(fc.constantFrom('0', '1', 'ffff', 'db8', ''), { maxLength: 9 }).map(parts => parts.join(':'))
  const octets = fc
    .array(fc.integer({ min: 0, max: 300 }), { minLength: 3, maxLength: 5 })
    .map(parts => parts.join('.'))
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    groups,
    octets,
    fc.tuple(groups, octets).map(parts => parts.join(':')),
    fc.array(piece, { maxLength: 9 }).map(parts => parts.join('')),
    fc.string(),
  )
  fc.assert(
    fc.property(text, value => assert.equal(isIpAddress(value), !value.includes('%') && isIP(value) !== 0, value)),
    { numRuns: 20_000 },
  )
})
