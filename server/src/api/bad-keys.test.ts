// Counting 401s by address: exactly, rolling, in a bounded table.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadKeys } from './bad-keys.ts'

test('the 61st within a minute is one too many, exactly and rolling', () => {
  const badKeys = new BadKeys(60, 100)
  for (let i = 0; i < 60; i++) assert.equal(badKeys.count('a', i * 900), false)
  assert.equal(badKeys.count('a', 59_999), true)
  assert.equal(badKeys.count('b', 59_999), false)
  // The first two have left the window, but one more has come.
  assert.equal(badKeys.count('a', 60_901), false)
  assert.equal(badKeys.count('a', 60_902), true)
})

test('the table is bounded: who was quiet for longest is forgotten', () => {
  const badKeys = new BadKeys(1, 3)
  for (const address of ['a', 'b', 'c']) badKeys.count(address, 0)
  assert.equal(badKeys.count('a', 1), true)
  badKeys.count('d', 2)
  assert.equal(badKeys.size, 3)
  assert.equal(badKeys.count('a', 3), true)
  assert.equal(badKeys.count('b', 4), false)
})

test('quiet addresses leave after a minute', () => {
  const badKeys = new BadKeys(60, 100)
  badKeys.count('a', 0)
  badKeys.count('b', 30_000)
  badKeys.tick(60_000)
  assert.equal(badKeys.size, 1)
})
