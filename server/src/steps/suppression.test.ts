// The list knows its users by keyed hashes, each in its product alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashUser, nobodySuppressed, suppressionOf } from './suppression.ts'

const keys = new Map([
  ['one', 'a'.repeat(64)],
  ['two', 'b'.repeat(64)],
])

test('a user is held in the product where it was erased', () => {
  const hash = hashUser(keys.get('one')!, 'demo', 'u1')
  const list = suppressionOf(keys, [{ product: 'demo', keyId: 'one', hash }])
  assert.equal(list.isEmpty, false)
  assert.equal(list.holds('demo', 'u1'), true)
  assert.equal(list.holds('demo', 'u2'), false)
  assert.equal(list.holds('other', 'u1'), false)
  assert.equal(hash.includes('u1'), false)
  assert.notEqual(hash, hashUser(keys.get('two')!, 'demo', 'u1'))
})

test('lists made with different keys hold together; one whose key is gone holds nobody', () => {
  const list = suppressionOf(keys, [
    { product: 'demo', keyId: 'one', hash: hashUser(keys.get('one')!, 'demo', 'u1') },
    { product: 'demo', keyId: 'two', hash: hashUser(keys.get('two')!, 'demo', 'u2') },
  ])
  assert.deepEqual([list.holds('demo', 'u1'), list.holds('demo', 'u2')], [true, true])
  const lost = suppressionOf(new Map(), [{ product: 'demo', keyId: 'one', hash: 'x' }])
  assert.deepEqual([lost.isEmpty, lost.holds('demo', 'u1')], [true, false])
  assert.equal(nobodySuppressed.holds('demo', 'u1'), false)
})
