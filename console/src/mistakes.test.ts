// Every example to begin with is right by the contract's own check, and each mistake is the one that it is called by.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { checkBody } from '@datapulse/contract/check'
import { misspelledFields } from '@datapulse/contract/misspelled'
import { knownEventNames } from '@datapulse/contract/names'
import { normalise } from '@datapulse/contract/normalise'
import { exampleText, type Mistake, mistakeOf, mistakes } from './mistakes.ts'

const nowMs = 1_772_366_400_000
const bytesOf = (text: string) => new TextEncoder().encode(text)

it('the examples are right, and no two have the same id', () => {
  const texts = [...knownEventNames, 'level_up'].flatMap(name => [exampleText(name, nowMs), exampleText(name, nowMs)])
  for (const text of texts) assert.deepEqual(checkBody(bytesOf(text), 'event', nowMs), { ok: true, events: 1 }, text)
  assert.equal(new Set(texts).size, texts.length)
})

it('each mistake is what it says', () => {
  const wrong: Partial<Record<Mistake, string[]>> = {
    noAddress: ['ip_address required'],
    noTransaction: ['transaction_id required'],
    amountText: ['amount type'],
    isoTime: ['timestamp type'],
    badAddress: ['ip_address format'],
    brokenJson: ['$ syntax'],
    badInBatch: ['currency required'],
  }
  for (const mistake of mistakes) {
    const { kind, text } = mistakeOf(mistake, nowMs)
    const outcome = checkBody(bytesOf(text), kind, nowMs)
    const found = outcome.ok ? [] : outcome.violations.map(({ field, rule }) => `${field} ${rule}`)
    assert.deepEqual(found, wrong[mistake] ?? [], mistake)
  }
})

it('those that are taken are told of by a dry run', () => {
  const eventOf = (mistake: Mistake) => JSON.parse(mistakeOf(mistake, nowMs).text) as Record<string, unknown>
  assert.deepEqual(misspelledFields(eventOf('misspelled')), [{ sent: 'userAgent', expected: 'user_agent' }])
  const flagsOf = (mistake: Mistake) => normalise(eventOf(mistake), mistakeOf(mistake, nowMs).text, nowMs).flags
  assert.deepEqual(flagsOf('nearName'), ['near_miss_name'])
  assert.deepEqual(flagsOf('wrongSign'), ['sign_mismatch'])
})
