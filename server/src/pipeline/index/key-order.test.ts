// The order of keys: each once, by their first bits, and equal ones as they came.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityOfText } from '../../steps/identity.ts'
import { encodeKeys } from './entry.ts'
import { keyOrder } from './key-order.ts'

test('keys are arranged by their first 12 bits, equal ones as they came', () => {
  const identities = Array.from({ length: 9_000 }, (_, i) => identityOfText(`${i % 3_000}`))
  const order = [...keyOrder(encodeKeys(identities))]
  const expected = identities
    .map((identity, i) => ({ group: identity.slice(0, 3), i }))
    .toSorted((a, b) => (a.group < b.group ? -1 : a.group > b.group ? 1 : a.i - b.i))
  assert.deepEqual(
    order,
    expected.map(({ i }) => i),
  )
  assert.deepEqual([...keyOrder(encodeKeys([]))], [])
})
