// When a load counts as stuck, and when not.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { watchLoads } from './stuck-load.ts'

test('one statement that never ends is told; many that end, or none, are not', () => {
  const load = { running: 1, done: 0, failed: 0 }
  const isStuck = watchLoads(() => load)
  const looks = Math.ceil((limits.loadSecondsMax * 1_000) / limits.roleAskMs)
  for (let i = 0; i < 2 * looks; i++, load.done++) assert.equal(isStuck(), false)
  load.running = 0
  for (let i = 0; i < 2 * looks; i++) assert.equal(isStuck(), false)
  load.running = 1
  for (let i = 0; i < looks; i++) assert.equal(isStuck(), false)
  let more = 0
  while (!isStuck()) assert.ok(more++ < looks)
  load.failed++
  assert.equal(isStuck(), false)
})
