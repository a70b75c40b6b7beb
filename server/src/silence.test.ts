// A role that does not answer is told of once and ended later; any answer in between begins the count anew.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from './limits.ts'
import { Silence } from './silence.ts'

test('a role that does not answer is told once, then ends; an answer in between begins anew', () => {
  const silence = new Silence()
  const before = limits.roleSilentWarnMs / limits.roleAskMs - 1
  const verdicts = (count: number, answered: boolean) =>
    Array.from({ length: count }, () => silence.hear(answered)).filter(verdict => verdict !== 'fine')
  assert.deepEqual(verdicts(100, true), [])
  assert.deepEqual(verdicts(before, false), [])
  assert.deepEqual(verdicts(1, true), [])
  assert.deepEqual(verdicts(before, false), [])
  assert.deepEqual(verdicts(1, false), ['warn'])
  const after = (limits.roleSilentMsMax - limits.roleSilentWarnMs) / limits.roleAskMs
  assert.ok(Number.isInteger(before) && Number.isInteger(after))
  assert.deepEqual(verdicts(after, false), ['kill'])
})
