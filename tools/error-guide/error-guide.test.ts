// The guides to the errors are what the lists make; each example breaks the rule that it stands for, and no other, and is
// taken once it is put right.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkBody, limits, type Rule, rules } from '../../contract/contract.ts'
import { readGuide } from '../../test/harness/guide.ts'
import { chinese } from './chinese.ts'
import { english } from './english.ts'
import { errorGuide } from './error-guide.ts'
import { ruleExamples } from './examples.ts'

const nowMs = Date.UTC(2026, 5, 1)

test('the pages are what the lists make', () => {
  assert.equal(readGuide('docs/guides/errors.md'), errorGuide(english))
  assert.equal(readGuide('docs/zh-Hant/guides/errors.md'), errorGuide(chinese))
})

test('each example breaks its rule alone, and is taken when it is right', () => {
  for (const [rule, { kind, sent, right }] of Object.entries(ruleExamples)) {
    const outcome = checkBody(Buffer.from(sent), kind, nowMs)
    assert.ok(!outcome.ok, rule)
    assert.deepEqual([...new Set(outcome.violations.map(violation => violation.rule))], [rule])
    if (right === null) continue
    assert.deepEqual(checkBody(Buffer.from(right), kind, nowMs), { ok: true, events: 1 }, rule)
  }
})

test('every text is there, and has the numbers of the English one', () => {
  for (const rule of Object.keys(rules) as Rule[]) {
    assert.ok(english.rules[rule].fix.length > 10, rule)
    assert.deepEqual(numbersIn(chinese.rules[rule].meaning), numbersIn(english.rules[rule].meaning), rule)
  }
  for (const [code, { meaning, causes }] of Object.entries(chinese.codes)) {
    assert.ok(causes.length > 0, code)
    assert.deepEqual(numbersIn(meaning), numbersIn(english.codes[code as keyof typeof chinese.codes].meaning), code)
  }
  assert.ok(english.codes.BAD_REQUEST.causes.join().includes(String(limits.idempotencyKeyCharactersMax)))
})

function numbersIn(text: string): string[] {
  return text.match(/\d+(,\d+)*/g) ?? []
}
