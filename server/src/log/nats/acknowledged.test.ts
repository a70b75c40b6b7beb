// What a writer was acknowledged counts before its follower has come to it, and once.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Acknowledged } from './acknowledged.ts'

test('the log ends behind what was acknowledged, once, however far it was followed', () => {
  const ahead = new Acknowledged()
  assert.deepEqual(ahead.endAfter({ seq: 5, offset: 40, events: 90 }), { offset: 40, events: 90 })
  // Lanes are acknowledged in any order.
  ahead.add({ seq: 7, records: 2, events: 3 })
  ahead.add({ seq: 5, records: 1, events: 10 })
  assert.deepEqual(ahead.endAfter({ seq: 5, offset: 40, events: 90 }), { offset: 43, events: 103 })
  // Followed: the message 5, and 6 of somebody else.
  assert.deepEqual(ahead.endAfter({ seq: 7, offset: 45, events: 120 }), { offset: 47, events: 123 })
  assert.deepEqual(ahead.endAfter({ seq: 8, offset: 47, events: 123 }), { offset: 47, events: 123 })
})

test('all of very many are counted until all were followed', () => {
  const ahead = new Acknowledged()
  for (let seq = 1; seq <= 5_000; seq++) ahead.add({ seq, records: 1, events: 2 })
  assert.deepEqual(ahead.endAfter({ seq: 1, offset: 0, events: 0 }), { offset: 5_000, events: 10_000 })
  assert.deepEqual(ahead.endAfter({ seq: 5_001, offset: 5_000, events: 10_000 }), { offset: 5_000, events: 10_000 })
})
