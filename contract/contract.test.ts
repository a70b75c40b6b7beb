// The contract's manners: it imports nothing but itself, and its parts agree with each other.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { measureCheck } from '../bench/micro/check.bench.ts'
import { checkBody } from './check.ts'
import { fields } from './fields.ts'
import { fold, isMoneyEvent, isNearMiss, knownEventNames, moneyEventNames } from './names.ts'

const openapi = new URL('openapi/', import.meta.url)

test('the contract is pure: what it ships imports its own files alone, and reads no clock, chance or setting', () => {
  const shipped = [...readdirSync(import.meta.dirname), ...readdirSync(openapi).map(name => `openapi/${name}`)].filter(
    name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.plain.ts'),
  )
  assert.ok(shipped.length > 10)
  for (const name of shipped) {
    const text = readFileSync(new URL(name, import.meta.url), 'utf8')
    for (const [, from] of text.matchAll(/ from '([^']+)'/g))
      assert.match(from!, name.includes('/') ? /^\.{1,2}\/[a-z-]+\.ts$/ : /^\.\/[a-z-]+\.ts$/, name)
    assert.ok(
      !/Date\.now\(|new Date|Math\.random|process\.|Buffer\.|import\(/.test(text.replaceAll(/^ \*.*$/gm, '')),
      name,
    )
  }
})

test('the checker reads every field of the table by its type', () => {
  const good = { client_user_id: 'u', event_name: 'bet', timestamp: 1, transaction_id: 't', amount: 1, currency: 'USD' }
  for (const { name } of fields) {
    const outcome = checkBody(Buffer.from(JSON.stringify({ ...good, [name]: { not: 'this' } })), 'event', 0)
    assert.ok(!outcome.ok && outcome.violations.some(({ field, rule }) => field === name && rule === 'type'), name)
  }
})

test('every field has its own folded name, and so has every known event', () => {
  assert.equal(new Set(fields.map(({ name }) => fold(name))).size, fields.length)
  for (const name of knownEventNames) {
    assert.equal(fold(name), name)
    assert.equal(
      isMoneyEvent(name),
      moneyEventNames.some(money => money === name),
    )
    assert.ok(!isNearMiss(name) && isNearMiss(name.toUpperCase()))
  }
})

test('the bench still runs, and computes what it did', () => {
  const [, checked, read] = measureCheck({ batchEvents: 20, rounds: 1, passes: 1 })
  assert.deepEqual([checked?.hash, read?.hash], ['fc77c72840c6', '0a99fe9b1d19'])
})
