// Any entry comes back as it went in, and bytes of another length are no entry.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeValue, encodeKey, encodeValue, valueBytes } from './entry.ts'

const hexDigits = (digits: number) => fc.stringMatching(new RegExp(`^[0-9a-f]{${digits}}$`))

test('decode(encode(entry)) = entry', () => {
  const entries = fc.record(
    {
      requestId: fc.uuid(),
      position: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
      fingerprint: hexDigits(16),
      uncounted: fc.boolean(),
    },
    { noNullPrototype: true },
  )
  fc.assert(fc.property(entries, entry => assert.deepEqual(decodeValue(encodeValue(entry)), entry)))
})

test('a key is the identity, and nothing else is taken for one', () => {
  fc.assert(fc.property(hexDigits(32), identity => assert.equal(encodeKey(identity).toString('hex'), identity)))
  assert.throws(() => encodeKey('abc'))
})

test('bytes of another length are no entry', () => {
  const bytes = fc.uint8Array({ maxLength: 64 }).filter(({ length }) => length !== valueBytes)
  fc.assert(fc.property(bytes, value => assert.equal(decodeValue(value), null)))
})
